/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log device: headers of all kinds. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "common/disklog.h"
#include "tests/lib/engine_harness.h"

#define DISK  "131072 clustered-disk " HARNESS_DEVICE " 1024"
#define GROWN "196608 clustered-disk " HARNESS_DEVICE " 1024"
#define LUID  0xffff888012340000ULL

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_means_what_it_means_to_the_kernel),
		cmocka_unit_test(a_log_of_a_version_we_do_not_know_is_refused_and_left_alone),
		cmocka_unit_test(devices_of_every_block_size_are_written_in_whole_blocks),
		cmocka_unit_test(resume_is_answered_when_the_device_says_what_the_log_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
