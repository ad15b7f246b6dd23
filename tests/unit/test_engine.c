/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marks, flushes and questions: what is answered, and when. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "tests/lib/engine_harness.h"

#define CORE "131072 clustered-core 1024 nosync"
#define DISK "131072 clustered-disk " HARNESS_DEVICE " 1024 nosync"
#define LUID 0xffff888012340000ULL

static uint64_t dirty(struct harness *harness, uint32_t node)
{
	struct engine_log_status status;

	assert_true(harness_status(harness, node, &status));
	return status.dirty;
}

static void a_new_mirror_tells_its_kernel_what_it_is(void **state)
{
	struct harness *harness = harness_new(1, NULL);
	const struct ulog_reply *reply;

	(void)state;
	harness_construct(harness, 1, LUID, "131072 clustered-core 1024");
	reply = harness_ask(harness, 1, ULOG_GET_REGION_SIZE, LUID);
	assert_int_equal(harness_value(reply, 0), 1024);
	harness_resume(harness, 1, LUID);
	assert_int_equal(harness_sync_count(harness, 1, LUID), 0);
	assert_false(harness_in_sync(harness, 1, LUID, 5));
	reply = harness_ask_region(harness, 1, ULOG_IS_CLEAN, LUID, 5);
	assert_int_equal(harness_value(reply, 0), 0);
	harness_end(harness);
}

static void status_lines_are_those_of_the_contract(void **state)
{
	static const struct {
		const char *constructor, *info, *table;
	} cases[] = {
		{CORE, "1 clustered-core", "clustered-core 1024 nosync"},
		{DISK, "3 clustered-disk 254:3 A", "clustered-disk 254:3 1024 nosync"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct harness *harness = harness_new_active(1, LUID, cases[i].constructor);
		const struct ulog_reply *reply;

		reply = harness_ask(harness, 1, ULOG_STATUS_INFO, LUID);
		assert_int_equal(reply->data_size, strlen(cases[i].info));
		assert_memory_equal(reply->data, cases[i].info, reply->data_size);
		reply = harness_ask(harness, 1, ULOG_STATUS_TABLE, LUID);
		assert_int_equal(reply->data_size, strlen(cases[i].table));
		assert_memory_equal(reply->data, cases[i].table, reply->data_size);
		harness_end(harness);
	}
}

static void regions_outside_the_table_are_refused(void **state)
{
	static const enum ulog_type types[] = {ULOG_IS_CLEAN,    ULOG_IN_SYNC,
					       ULOG_MARK_REGION, ULOG_CLEAR_REGION,
					       ULOG_FLUSH,       ULOG_IS_REMOTE_RECOVERING};
	static const uint64_t regions[] = {128, 0x100000000ULL, UINT64_MAX};
	struct harness *harness = harness_new_active(1, LUID, CORE);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		assert_int_equal(harness_ask_region(harness, 1, types[i], LUID, 127)->error, 0);
		for (size_t j = 0; j < ARRAY_SIZE(regions); j++)
			assert_int_equal(
				harness_ask_region(harness, 1, types[i], LUID, regions[j])->error,
				-EINVAL);
	}
	assert_int_equal(harness_answer(harness, 1,
					harness_send_set_sync(harness, 1, LUID, 128, true))
				 ->error,
			 -EINVAL);
	assert_int_equal(harness_answer(harness, 1,
					harness_send_set_sync(harness, 1, LUID, 128, false))
				 ->error,
			 -EINVAL);
	harness_end(harness);
}

/* --- when a flush is answered --- */

/* A daemon that dies between MARK and FLUSH is asked again for the FLUSH only: so MARK is as good as FLUSH. */
static void a_mark_is_answered_when_it_is_ordered_and_its_flush_at_once(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, CORE);
	uint64_t region = 7;
	uint32_t mark, flush;

	(void)state;
	harness->hold_bus = true;
	mark = harness_send_regions(harness, 2, ULOG_MARK_REGION, LUID, &region, 1);
	assert_false(harness_is_answered(harness, 2, mark));
	assert_int_equal(harness_node(harness, 2)->messages, 1);
	assert_int_equal(dirty(harness, 1), 0);
	assert_true(harness_step_bus(harness));
	assert_true(harness_is_answered(harness, 2, mark));
	assert_int_equal(dirty(harness, 1), 1);
	flush = harness_send(harness, 2, ULOG_FLUSH, LUID);
	assert_true(harness_is_answered(harness, 2, flush));
	assert_int_equal(harness_node(harness, 2)->messages, 1);
	harness->hold_bus = false;
	harness_end(harness);
}

static void a_flush_of_a_disk_log_is_answered_when_the_device_has_it(void **state)
{
	struct harness *harness = harness_new_active(1, LUID, DISK);
	const struct harness_device *device = harness_device(harness, HARNESS_DEVICE);
	uint64_t region = 7;
	uint32_t flush;

	(void)state;
	assert_true(harness_device_is_clean(device, region));
	harness->hold_disk = true;
	harness_send_regions(harness, 1, ULOG_MARK_REGION, LUID, &region, 1);
	flush = harness_send(harness, 1, ULOG_FLUSH, LUID);
	harness_run(harness);
	assert_false(harness_is_answered(harness, 1, flush));
	assert_true(harness_device_is_clean(device, region));
	assert_true(harness_step_disk(harness));
	assert_false(harness_device_is_clean(device, region));
	assert_true(harness_is_answered(harness, 1, flush));
	harness->hold_disk = false;
	harness_end(harness);
}

static void another_node_flushes_when_the_writer_says_that_the_device_has_it(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK);
	const struct harness_device *device = harness_device(harness, HARNESS_DEVICE);
	uint64_t region = 7;
	uint32_t flush;

	(void)state;
	harness->hold_disk = true;
	harness_send_regions(harness, 2, ULOG_MARK_REGION, LUID, &region, 1);
	flush = harness_send(harness, 2, ULOG_FLUSH, LUID);
	harness_run(harness);
	assert_false(harness_is_answered(harness, 2, flush));
	assert_int_equal(harness_node(harness, 1)->disk_writes, 1);
	assert_int_equal(harness_node(harness, 2)->disk_writes, 0);
	harness->hold_disk = false;
	harness_run(harness);
	assert_true(harness_is_answered(harness, 2, flush));
	assert_false(harness_device_is_clean(device, region));
	/* one message for the mark, one to say that it is written */
	assert_int_equal(harness_node(harness, 2)->messages, 1);
	assert_int_equal(harness_node(harness, 1)->messages, 1);
	harness_end(harness);
}

static void a_mark_of_a_region_that_is_marked_elsewhere_needs_no_write(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK);

	(void)state;
	harness_mark_flush(harness, 1, LUID, 7);
	harness_count_from_here(harness);
	harness_mark_flush(harness, 2, LUID, 7);
	assert_int_equal(harness_node(harness, 1)->disk_writes, 0);
	harness_end(harness);
}

static void flushes_that_come_together_share_a_write(void **state)
{
	struct harness *harness = harness_new_active(3, LUID, DISK);
	uint32_t seq[3][8];

	(void)state;
	harness->hold_disk = true;
	for (uint64_t i = 0; i < 8; i++)
		for (uint32_t node = 1; node <= 3; node++) {
			uint64_t region = 40 * (node - 1) + 5 * i;

			harness_send_regions(harness, node, ULOG_MARK_REGION, LUID, &region, 1);
			seq[node - 1][i] = harness_send(harness, node, ULOG_FLUSH, LUID);
			harness_run(harness);
		}
	harness->hold_disk = false;
	harness_run(harness);
	for (uint64_t i = 0; i < 8; i++)
		for (uint32_t node = 1; node <= 3; node++)
			assert_true(harness_is_answered(harness, node, seq[node - 1][i]));
	/* the first goes alone, all others together */
	assert_int_equal(harness_node(harness, 1)->disk_writes, 2);
	harness_end(harness);
}

static void a_flush_may_carry_its_marks(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK);
	const uint64_t regions[] = {3, 60, 127};
	uint32_t flush = harness_send_regions(harness, 2, ULOG_FLUSH, LUID, regions, 3);

	(void)state;
	assert_false(harness_is_answered(harness, 2, flush));
	harness_run(harness);
	assert_int_equal(harness_answer(harness, 2, flush)->error, 0);
	for (size_t i = 0; i < ARRAY_SIZE(regions); i++)
		assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE),
						     regions[i]));
	assert_int_equal(dirty(harness, 1), 3);
	harness_end(harness);
}

static void a_flush_with_nothing_to_say_is_answered_at_once(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK);

	(void)state;
	harness->hold_bus = harness->hold_disk = true;
	assert_true(harness_is_answered(harness, 2, harness_send(harness, 2, ULOG_FLUSH, LUID)));
	assert_int_equal(harness_node(harness, 2)->messages, 0);
	harness->hold_bus = harness->hold_disk = false;
	harness_end(harness);
}

static void two_threads_that_mark_one_region_both_wait_for_it(void **state)
{
	struct harness *harness = harness_new_active(1, LUID, DISK);
	uint64_t region = 7;
	uint32_t first, second;

	(void)state;
	harness->hold_disk = true;
	harness_send_regions(harness, 1, ULOG_MARK_REGION, LUID, &region, 1);
	first = harness_send(harness, 1, ULOG_FLUSH, LUID);
	harness_run(harness);
	harness_send_regions(harness, 1, ULOG_MARK_REGION, LUID, &region, 1);
	second = harness_send(harness, 1, ULOG_FLUSH, LUID);
	harness_run(harness);
	assert_false(harness_is_answered(harness, 1, first));
	assert_false(harness_is_answered(harness, 1, second));
	harness->hold_disk = false;
	harness_run(harness);
	assert_true(harness_is_answered(harness, 1, first));
	assert_true(harness_is_answered(harness, 1, second));
	harness_end(harness);
}

static void what_flow_control_refuses_is_sent_at_a_tick(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, CORE);
	uint64_t region = 7;
	uint32_t flush;

	(void)state;
	harness_node(harness, 2)->refuses_sends = true;
	harness_send_regions(harness, 2, ULOG_MARK_REGION, LUID, &region, 1);
	flush = harness_send(harness, 2, ULOG_FLUSH, LUID);
	harness_advance(harness, 100);
	assert_false(harness_is_answered(harness, 2, flush));
	harness_node(harness, 2)->refuses_sends = false;
	harness_advance(harness, 10);
	assert_true(harness_is_answered(harness, 2, flush));
	harness_end(harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_mirror_tells_its_kernel_what_it_is),
		cmocka_unit_test(status_lines_are_those_of_the_contract),
		cmocka_unit_test(regions_outside_the_table_are_refused),
		cmocka_unit_test(a_mark_is_answered_when_it_is_ordered_and_its_flush_at_once),
		cmocka_unit_test(a_flush_of_a_disk_log_is_answered_when_the_device_has_it),
		cmocka_unit_test(another_node_flushes_when_the_writer_says_that_the_device_has_it),
		cmocka_unit_test(a_mark_of_a_region_that_is_marked_elsewhere_needs_no_write),
		cmocka_unit_test(flushes_that_come_together_share_a_write),
		cmocka_unit_test(a_flush_may_carry_its_marks),
		cmocka_unit_test(a_flush_with_nothing_to_say_is_answered_at_once),
		cmocka_unit_test(two_threads_that_mark_one_region_both_wait_for_it),
		cmocka_unit_test(what_flow_control_refuses_is_sent_at_a_tick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
