/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log device: headers of all kinds, and failures. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "common/disklog.h"
#include "tests/lib/engine_harness.h"

#define DISK  "131072 clustered-disk " HARNESS_DEVICE " 1024"
#define OTHER "131072 clustered-disk 254:9 1024" /* another device */
#define GROWN "196608 clustered-disk " HARNESS_DEVICE " 1024"
#define LUID  0xffff888012340000ULL

/* --- headers: drivers/md/dm-log.c --- */

static const struct header_case {
	const char *constructor;
	uint32_t magic, version;
	uint64_t region_count; /* in the header */
	uint64_t clean_end;    /* bits [0, clean_end) are set */
	uint64_t in_sync;      /* of the regions of the table */
} header_cases[] = {
	/* a new device: nothing is in sync, whatever its bits are */
	{DISK, 0, 0, 0, 0, 0},
	{DISK, 0, 0, 0, 128, 0},
	{DISK, 0xffffffff, 0xffffffff, UINT64_MAX, 128, 0},
	/* a device of ours, or of the kernel */
	{DISK, DISKLOG_MAGIC, 2, 128, 128, 128},
	{DISK, DISKLOG_MAGIC, 2, 128, 100, 100},
	{DISK, DISKLOG_MAGIC, 1, 128, 100, 100},
	/* as LVM makes it: all bits count */
	{DISK, DISKLOG_MAGIC, 2, UINT64_MAX, 128, 128},
	{DISK, DISKLOG_MAGIC, 2, UINT64_MAX, 0, 0},
	/* grown since: the new regions are not in sync, set or not; shrunk: the rest is gone */
	{GROWN, DISKLOG_MAGIC, 2, 128, 192, 128},
	{GROWN, DISKLOG_MAGIC, 2, 128, 100, 100},
	{DISK, DISKLOG_MAGIC, 2, 192, 192, 128},
	/* words that overrule the bits */
	{DISK " sync", DISKLOG_MAGIC, 2, 128, 128, 0},
	{DISK " nosync", DISKLOG_MAGIC, 2, 128, 0, 128},
	{DISK " nosync", 0, 0, 0, 0, 128},
	{GROWN " nosync", DISKLOG_MAGIC, 2, 128, 100, 192},
};

static void a_header_means_what_it_means_to_the_kernel(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(header_cases); i++) {
		const struct header_case *it = &header_cases[i];
		struct harness *harness = harness_new(2, NULL);
		struct harness_device *device = harness_device(harness, HARNESS_DEVICE);

		harness_device_set_header(device, it->magic, it->version, it->region_count);
		harness_device_set_bits(device, 0, it->clean_end, true);
		harness_activate(harness, 1, LUID, it->constructor);
		harness_activate(harness, 2, LUID, it->constructor);
		for (uint32_t node = 1; node <= 2; node++)
			assert_int_equal(harness_sync_count(harness, node, LUID), it->in_sync);
		/* and before anybody was answered the device said the same */
		assert_int_equal(harness_device_region_count(device),
				 harness_log(harness, 1).regions);
		assert_int_equal(harness_device_count_clean(device,
							    harness_log(harness, 1).regions),
				 it->in_sync);
		harness_end(harness);
	}
}

static void a_log_of_a_version_we_do_not_know_is_refused_and_left_alone(void **state)
{
	struct harness *harness = harness_new(1, NULL);
	struct harness_device *device = harness_device(harness, HARNESS_DEVICE);
	uint32_t seq;

	(void)state;
	harness_device_set_header(device, DISKLOG_MAGIC, 3, 128);
	seq = harness_send_ctr(harness, 1, LUID, DISK, false);
	harness_run(harness);
	assert_int_equal(harness_answer(harness, 1, seq)->error, -EINVAL);
	assert_int_equal(harness_node(harness, 1)->disk_writes, 0);
	assert_int_equal(device->opens, 0);
	harness_end(harness);
}

static void devices_of_every_block_size_are_written_in_whole_blocks(void **state)
{
	static const uint32_t sizes[] = {512, 1024, 2048, 4096};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct harness *harness = harness_new(1, NULL);
		struct harness_device *device = harness_device(harness, HARNESS_DEVICE);

		device->block_bytes = sizes[i];
		/* the smallest device that will do */
		device->size_bytes = disklog_size_bytes(200000, sizes[i]);
		harness_activate(harness, 1, LUID,
				 "1600000 clustered-disk " HARNESS_DEVICE " 8 nosync");
		assert_int_equal(harness_device_count_clean(device, 200000), 200000);
		harness_mark_flush(harness, 1, LUID, 199999);
		harness_mark_flush(harness, 1, LUID, 0);
		assert_int_equal(harness_device_count_clean(device, 200000), 199998);
		harness_suspend(harness, 1, LUID);
		assert_int_equal(harness_device_count_clean(device, 200000), 200000);
		harness_end(harness);
	}
}

static void resume_is_answered_when_the_device_says_what_the_log_says(void **state)
{
	struct harness *harness = harness_new(1, NULL);
	uint32_t resume;

	(void)state;
	harness_construct(harness, 1, LUID, DISK " nosync");
	harness->hold_disk = true;
	resume = harness_send(harness, 1, ULOG_RESUME, LUID);
	harness_run(harness);
	assert_true(harness_step_disk(harness)); /* it is read */
	harness_run(harness);
	assert_false(harness_is_answered(harness, 1, resume));
	harness->hold_disk = false;
	harness_run(harness);
	assert_int_equal(harness_answer(harness, 1, resume)->error, 0);
	harness_end(harness);
}

/* --- failures --- */

static void assert_health(struct harness *harness, uint32_t node, char health)
{
	const struct ulog_reply *reply = harness_ask(harness, node, ULOG_STATUS_INFO, LUID);

	assert_int_equal(reply->data[reply->data_size - 1], health);
	assert_int_equal(harness_log(harness, node).health, health);
	assert_string_equal(harness_log(harness, node).state, health == 'A' ? "active" : "failed");
}

static void a_device_that_fails_gives_flushes_an_error_and_shows_as_dead(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK " nosync");
	uint32_t seqs[2];

	(void)state;
	harness_device(harness, HARNESS_DEVICE)->fails = true;
	for (uint32_t node = 1; node <= 2; node++) {
		uint64_t region = 10 * node;

		seqs[node - 1] = harness_send_regions(harness, node, ULOG_FLUSH, LUID, &region, 1);
	}
	harness_run(harness);
	for (uint32_t node = 1; node <= 2; node++) {
		assert_int_equal(harness_answer(harness, node, seqs[node - 1])->error, -EIO);
		assert_health(harness, node, 'D');
		/* further ones fail at once; reads go on */
		assert_int_equal(
			harness_ask_region(harness, node, ULOG_FLUSH, LUID, 40 + node)->error,
			-EIO);
		assert_true(harness_in_sync(harness, node, LUID, 40));
	}
	harness_end(harness);
}

static void a_device_that_works_again_is_used_again(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK " nosync");
	struct harness_device *device = harness_device(harness, HARNESS_DEVICE);

	(void)state;
	device->fails = true;
	assert_int_equal(harness_ask_region(harness, 2, ULOG_FLUSH, LUID, 7)->error, -EIO);
	harness_advance(harness, 5000);
	assert_health(harness, 2, 'D');
	device->fails = false;
	harness_advance(harness, 3000);
	assert_health(harness, 1, 'A');
	assert_health(harness, 2, 'A');
	harness_mark_flush(harness, 2, LUID, 8);
	assert_false(harness_device_is_clean(device, 7));
	assert_false(harness_device_is_clean(device, 8));
	harness_end(harness);
}

static void with_block_on_error_a_flush_waits_for_the_device(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK " nosync block_on_error");
	struct harness_device *device = harness_device(harness, HARNESS_DEVICE);
	uint64_t region = 7;
	uint32_t seq;

	(void)state;
	device->fails = true;
	seq = harness_send_regions(harness, 2, ULOG_FLUSH, LUID, &region, 1);
	harness_advance(harness, 10000);
	assert_false(harness_is_answered(harness, 2, seq));
	assert_health(harness, 2, 'D');
	device->fails = false;
	harness_advance(harness, 3000);
	assert_int_equal(harness_answer(harness, 2, seq)->error, 0);
	assert_false(harness_device_is_clean(device, 7));
	harness_end(harness);
}

/* The table is replaced because the device will not come back. */
static void with_block_on_error_a_suspend_ends_what_waits(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK " nosync block_on_error");
	struct harness_device *device = harness_device(harness, HARNESS_DEVICE);
	uint64_t region = 7;
	uint32_t seq;

	(void)state;
	device->fails = true;
	seq = harness_send_regions(harness, 2, ULOG_FLUSH, LUID, &region, 1);
	harness_advance(harness, 3000);
	assert_false(harness_is_answered(harness, 2, seq));
	harness_construct(harness, 2, LUID + 1, OTHER " sync block_on_error");
	assert_false(harness_is_answered(harness, 2, seq));
	assert_int_equal(harness_ask(harness, 2, ULOG_PRESUSPEND, LUID)->error, 0);
	assert_int_equal(harness_answer(harness, 2, seq)->error, -EIO);
	assert_int_equal(harness_ask_region(harness, 2, ULOG_FLUSH, LUID, 8)->error, -EIO);
	assert_int_equal(harness_ask(harness, 2, ULOG_POSTSUSPEND, LUID)->error, 0);
	harness_end(harness);
}

/* Before it says PRESUSPEND, the kernel waits for its copy, and the thread that would tell its end is in the mark. */
static void with_block_on_error_a_new_table_ends_what_waits_beside_a_copy(void **state)
{
	struct harness *harness = harness_new(1, NULL);
	struct harness_device *device = harness_device(harness, HARNESS_DEVICE);
	uint64_t region = 7;
	uint32_t seq;

	(void)state;
	harness_device_set_header(device, DISKLOG_MAGIC, 2, 128);
	harness_device_set_bits(device, 0, 100, true);
	harness_construct(harness, 1, LUID, DISK " block_on_error");
	harness_resume(harness, 1, LUID);
	assert_int_equal(harness_get_work(harness, 1, LUID), 100);
	device->fails = true;
	seq = harness_send_regions(harness, 1, ULOG_FLUSH, LUID, &region, 1);
	harness_advance(harness, 3000);
	assert_false(harness_is_answered(harness, 1, seq));
	harness_construct(harness, 1, LUID + 1, OTHER " sync block_on_error");
	assert_int_equal(harness_answer(harness, 1, seq)->error, -EIO);
	harness_end(harness);
}

/* Its writes were covered by earlier marks, so this node's kernel has not been told of the failure. */
static void what_reached_one_leg_is_told_while_the_log_has_failed(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK " nosync");
	struct harness_device *device = harness_device(harness, HARNESS_DEVICE);
	uint32_t seq;

	(void)state;
	harness_mark_flush(harness, 2, LUID, 7);
	device->fails = true;
	assert_int_equal(harness_ask_region(harness, 1, ULOG_FLUSH, LUID, 9)->error, -EIO);
	seq = harness_send_set_sync(harness, 2, LUID, 7, false);
	harness_advance(harness, 3000);
	assert_true(harness_is_answered(harness, 2, seq));
	assert_int_equal(harness_log(harness, 1).in_sync, 127);
	harness_end(harness);
}

static void a_log_that_cannot_be_read_is_taken_as_out_of_sync(void **state)
{
	struct harness *harness = harness_new(1, NULL);
	struct harness_device *device = harness_device(harness, HARNESS_DEVICE);

	(void)state;
	harness_device_set_header(device, DISKLOG_MAGIC, 2, 128);
	harness_device_set_bits(device, 0, 128, true);
	harness_construct(harness, 1, LUID, DISK);
	device->fails = true;
	harness_resume(harness, 1, LUID);
	assert_int_equal(harness_sync_count(harness, 1, LUID), 0);
	assert_health(harness, 1, 'D');
	harness_end(harness);
}

static void a_suspend_does_not_wait_for_a_dead_device(void **state)
{
	struct harness *harness = harness_new_active(1, LUID, DISK " nosync");
	struct harness_device *device = harness_device(harness, HARNESS_DEVICE);

	(void)state;
	device->fails = true;
	assert_int_equal(harness_ask_region(harness, 1, ULOG_FLUSH, LUID, 7)->error, -EIO);
	harness_suspend(harness, 1, LUID);
	assert_int_equal(harness_ask(harness, 1, ULOG_DTR, LUID)->error, 0);
	harness_end(harness);
}

/* Its writes to region 7 are under way: they may miss a leg, and it does not say so any more. */
static void what_was_marked_when_the_log_failed_stays_so_until_a_suspend(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK " nosync");
	struct harness_device *device = harness_device(harness, HARNESS_DEVICE);
	uint64_t region = 8;
	unsigned int cycles;

	(void)state;
	harness_mark_flush(harness, 2, LUID, 7);
	device->fails = true;
	assert_int_equal(harness_ask_region(harness, 2, ULOG_FLUSH, LUID, region)->error, -EIO);
	device->fails = false;
	harness_advance(harness, 3000);
	assert_health(harness, 2, 'A');
	harness_clear(harness, 2, LUID, 7);
	/* It may have taken it for no failure: what it marks now, it can clear. */
	harness_mark_flush(harness, 2, LUID, 9);
	harness_clear(harness, 2, LUID, 9);
	cycles = harness_node(harness, 2)->cycles;
	harness_advance(harness, 20000);
	assert_int_equal(harness_log(harness, 1).dirty, 2);
	assert_int_equal(harness_node(harness, 2)->cycles, cycles + 1);
	harness_cycle(harness, 2, LUID);
	assert_int_equal(harness_log(harness, 1).dirty, 0);
	assert_int_equal(harness_log(harness, 1).in_sync, 126);
	assert_false(harness_device_is_clean(device, 7));
	assert_int_equal(harness_recover(harness, 2, LUID), 2);
	harness_advance(harness, 20000);
	assert_int_equal(harness_node(harness, 2)->cycles, cycles + 1);
	assert_int_equal(harness_device_count_clean(device, 128), 128);
	harness_end(harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_means_what_it_means_to_the_kernel),
		cmocka_unit_test(a_log_of_a_version_we_do_not_know_is_refused_and_left_alone),
		cmocka_unit_test(devices_of_every_block_size_are_written_in_whole_blocks),
		cmocka_unit_test(resume_is_answered_when_the_device_says_what_the_log_says),
		cmocka_unit_test(a_device_that_fails_gives_flushes_an_error_and_shows_as_dead),
		cmocka_unit_test(a_device_that_works_again_is_used_again),
		cmocka_unit_test(with_block_on_error_a_flush_waits_for_the_device),
		cmocka_unit_test(with_block_on_error_a_suspend_ends_what_waits),
		cmocka_unit_test(with_block_on_error_a_new_table_ends_what_waits_beside_a_copy),
		cmocka_unit_test(what_reached_one_leg_is_told_while_the_log_has_failed),
		cmocka_unit_test(a_log_that_cannot_be_read_is_taken_as_out_of_sync),
		cmocka_unit_test(a_suspend_does_not_wait_for_a_dead_device),
		cmocka_unit_test(what_was_marked_when_the_log_failed_stays_so_until_a_suspend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
