/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log device fails, is gone, comes back, or is replaced. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "common/disklog.h"
#include "tests/lib/engine_harness.h"

#define DISK  "131072 clustered-disk " HARNESS_DEVICE " 1024"
#define OTHER "131072 clustered-disk 254:9 1024" /* another device */
#define LUID  0xffff888012340000ULL

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

/* Its daemon was restarted meanwhile. The others have the state, so the kernel need not wait for the device. */
static void reconnect_while_the_device(bool is_gone)
{
	for (uint32_t node = 1; node <= 2; node++) { /* the first one writes the log */
		struct harness *harness = harness_new_active(2, LUID, DISK " nosync");
		struct harness_device *device = harness_device(harness, HARNESS_DEVICE);
		uint32_t ctr;

		harness_mark_flush(harness, 1, LUID, 7);
		device->fails = true;
		device->is_gone = is_gone;
		assert_int_equal(harness_ask_region(harness, 1, ULOG_FLUSH, LUID, 8)->error, -EIO);
		harness_kill(harness, node);
		harness_start(harness, node);
		harness_run(harness);
		ctr = harness_send_ctr(harness, node, LUID, DISK " nosync", true);
		harness_run(harness);
		assert_int_equal(harness_answer(harness, node, ctr)->error, 0);
		harness_resume(harness, node, LUID);
		assert_true(harness_in_sync(harness, node, LUID, 7));
		assert_int_equal(harness_ask_region(harness, node, ULOG_FLUSH, LUID, 9)->error,
				 -EIO);
		harness_advance(harness, 5000);
		assert_health(harness, node, 'D');
		device->fails = device->is_gone = false;
		harness_advance(harness, 5000);
		assert_health(harness, node, 'A');
		harness_mark_flush(harness, node, LUID, 10);
		assert_false(harness_device_is_clean(device, 7));
		assert_false(harness_device_is_clean(device, 10));
		harness_suspend(harness, node, LUID);
		harness_end(harness);
	}
}

static void a_kernel_reconnects_while_its_log_device_fails(void **state)
{
	(void)state;
	reconnect_while_the_device(false);
}

static void a_kernel_reconnects_while_its_log_device_is_gone(void **state)
{
	(void)state;
	reconnect_while_the_device(true);
}

/* Gone for a moment, and not missed: it is opened when it is needed. */
static void a_device_that_is_back_before_it_is_needed_has_not_failed(void **state)
{
	(void)state;
	for (uint32_t node = 1; node <= 2; node++) {
		struct harness *harness = harness_new_active(2, LUID, DISK " nosync");
		struct harness_device *device = harness_device(harness, HARNESS_DEVICE);

		harness_kill(harness, node);
		harness_start(harness, node);
		harness_run(harness);
		device->is_gone = true;
		harness_send_ctr(harness, node, LUID, DISK " nosync", true);
		harness_resume(harness, node, LUID);
		device->is_gone = false;
		harness_node_down(harness, 3 - node);
		harness_run(harness);
		harness_mark_flush(harness, node, LUID, 10);
		assert_false(harness_device_is_clean(device, 10));
		assert_null(strstr(harness_node(harness, node)->reports, "log device failed"));
		assert_null(strstr(harness_node(harness, node)->reports, "cannot read"));
		harness_suspend(harness, node, LUID);
		harness_end(harness);
	}
}

/* A suspend that waits for its mark may have said so while there was no daemon, or to one that did not know it yet. */
static void with_block_on_error_a_reconnected_kernel_is_not_held(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK " nosync block_on_error");
	struct harness_device *device = harness_device(harness, HARNESS_DEVICE);
	uint64_t region = 7;
	uint32_t seq;

	(void)state;
	device->fails = true;
	harness_send_regions(harness, 2, ULOG_FLUSH, LUID, &region, 1);
	harness_advance(harness, 3000);
	harness_kill(harness, 2);
	harness_start(harness, 2);
	harness_run(harness);
	harness_send_ctr(harness, 2, LUID, DISK " nosync block_on_error", true);
	harness_resume(harness, 2, LUID);
	assert_int_equal(harness_ask_region(harness, 2, ULOG_FLUSH, LUID, region)->error, -EIO);
	device->fails = false;
	harness_advance(harness, 61000);
	assert_health(harness, 2, 'A');
	device->fails = true;
	region = 9;
	seq = harness_send_regions(harness, 2, ULOG_FLUSH, LUID, &region, 1);
	harness_advance(harness, 3000);
	assert_false(harness_is_answered(harness, 2, seq));
	device->fails = false;
	harness_advance(harness, 3000);
	assert_int_equal(harness_answer(harness, 2, seq)->error, 0);
	harness_end(harness);
}

static void a_daemon_that_comes_makes_no_log_device_work(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK " nosync");

	(void)state;
	harness_device(harness, HARNESS_DEVICE)->fails = true;
	assert_int_equal(harness_ask_region(harness, 1, ULOG_FLUSH, LUID, 7)->error, -EIO);
	harness_kill(harness, 2);
	harness_start(harness, 2);
	harness_advance(harness, 3000);
	assert_non_null(strstr(harness_node(harness, 1)->reports, "log device failed"));
	assert_null(strstr(harness_node(harness, 1)->reports, "works again"));
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
		cmocka_unit_test(a_device_that_fails_gives_flushes_an_error_and_shows_as_dead),
		cmocka_unit_test(a_device_that_works_again_is_used_again),
		cmocka_unit_test(with_block_on_error_a_flush_waits_for_the_device),
		cmocka_unit_test(with_block_on_error_a_suspend_ends_what_waits),
		cmocka_unit_test(with_block_on_error_a_new_table_ends_what_waits_beside_a_copy),
		cmocka_unit_test(a_kernel_reconnects_while_its_log_device_fails),
		cmocka_unit_test(a_kernel_reconnects_while_its_log_device_is_gone),
		cmocka_unit_test(a_device_that_is_back_before_it_is_needed_has_not_failed),
		cmocka_unit_test(with_block_on_error_a_reconnected_kernel_is_not_held),
		cmocka_unit_test(a_daemon_that_comes_makes_no_log_device_work),
		cmocka_unit_test(what_reached_one_leg_is_told_while_the_log_has_failed),
		cmocka_unit_test(a_log_that_cannot_be_read_is_taken_as_out_of_sync),
		cmocka_unit_test(a_suspend_does_not_wait_for_a_dead_device),
		cmocka_unit_test(what_was_marked_when_the_log_failed_stays_so_until_a_suspend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
