/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a kernel was told decides what it may be told next: the rules at the top of recovery.c. */
#include "tests/unit/unit.h"

#include "common/disklog.h"
#include "common/regionset.h"
#include "tests/lib/engine_harness.h"

#define DISK "131072 clustered-disk " HARNESS_DEVICE " 1024"
#define LUID 0xffff888012340000ULL

/* A disk log of 128 regions whose device says that all are in sync but those below `unsynced` and the given one. */
static struct harness *start(size_t nodes, uint64_t unsynced, uint64_t one_more)
{
	struct harness *harness = harness_new(nodes, NULL);
	struct harness_device *device = harness_device(harness, HARNESS_DEVICE);

	harness_device_set_header(device, DISKLOG_MAGIC, 2, 128);
	harness_device_set_bits(device, unsynced, 128, true);
	if (one_more < 128)
		harness_device_set_bits(device, one_more, one_more + 1, false);
	for (uint32_t node = 1; node <= nodes; node++)
		harness_activate(harness, node, LUID, DISK);
	return harness;
}

static bool is_remote(struct harness *harness, uint32_t node, uint64_t region, uint64_t *hint)
{
	const struct ulog_reply *reply =
		harness_ask_region(harness, node, ULOG_IS_REMOTE_RECOVERING, LUID, region);

	*hint = harness_value(reply, 1);
	return harness_value(reply, 0);
}

static void the_hint_is_the_lowest_region_out_of_sync(void **state)
{
	struct harness *harness = start(2, 0, 50);
	uint64_t hint;

	(void)state;
	assert_false(is_remote(harness, 1, 100, &hint));
	assert_int_equal(hint, 50);
	assert_true(is_remote(harness, 1, 50, &hint));
	assert_int_equal(hint, 50);
	harness_end(harness);
}

static void the_hint_never_falls_before_a_resume(void **state)
{
	struct harness *harness = start(2, 0, 50);
	uint64_t hint;

	(void)state;
	assert_false(is_remote(harness, 1, 100, &hint));
	harness_set_sync(harness, 2, LUID, 10, false);
	assert_false(is_remote(harness, 1, 100, &hint));
	assert_int_equal(hint, 50);
	/* below it, IN_SYNC stays 1: that kernel would write to one leg without a question */
	assert_true(harness_in_sync(harness, 1, LUID, 10));
	harness_suspend(harness, 1, LUID);
	harness_resume(harness, 1, LUID);
	assert_false(harness_in_sync(harness, 1, LUID, 10));
	is_remote(harness, 1, 100, &hint);
	assert_int_equal(hint, 10);
	harness_end(harness);
}

/* The suspend is ordered late: a status thread asks while the RESUME behind it waits, after its kernel forgot. */
static void told_all_before_the_suspend_is_ordered_it_is_told_in_sync(void **state)
{
	struct harness *harness = start(2, 0, 128);
	uint32_t resume;

	(void)state;
	harness->hold_bus = true;
	harness_quorum_all(harness, QUORUM_NO);
	harness_suspend(harness, 1, LUID);
	resume = harness_send(harness, 1, ULOG_RESUME, LUID);
	assert_int_equal(harness_sync_count(harness, 1, LUID), 128);
	harness_quorum_all(harness, QUORUM_YES);
	harness->hold_bus = false;
	harness_advance(harness, 3000);
	assert_int_equal(harness_answer(harness, 1, resume)->error, 0);
	harness_set_sync(harness, 2, LUID, 9, false);
	assert_true(harness_in_sync(harness, 1, LUID, 9));
	harness_end(harness);
}

static void a_region_that_was_told_clear_stays_in_sync_until_it_is_written(void **state)
{
	struct harness *harness = start(2, 0, 5);
	uint64_t hint;

	(void)state;
	assert_false(is_remote(harness, 1, 100, &hint));
	harness_set_sync(harness, 2, LUID, 100, false);
	assert_true(harness_in_sync(harness, 1, LUID, 100));
	harness_mark_flush(harness, 1, LUID, 100);
	assert_true(harness_in_sync(harness, 1, LUID, 100));
	harness_clear(harness, 1, LUID, 100);
	assert_false(harness_in_sync(harness, 1, LUID, 100));
	/* and the next write of it is asked about again */
	assert_true(is_remote(harness, 1, 100, &hint));
	harness_end(harness);
}

static void a_kernel_that_was_told_all_is_told_in_sync_until_it_resumes(void **state)
{
	struct harness *harness = start(2, 0, 128);

	(void)state;
	assert_int_equal(harness_sync_count(harness, 2, LUID), 128);
	/* A's path to the primary fails: DESIGN 5, "lost write" */
	harness_set_sync(harness, 1, LUID, 7, false);
	assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 7));
	assert_int_equal(harness_sync_count(harness, 2, LUID), 127);
	assert_true(harness_in_sync(harness, 2, LUID, 7));
	harness_mark_flush(harness, 2, LUID, 7);
	harness_clear(harness, 2, LUID, 7);
	assert_true(harness_in_sync(harness, 2, LUID, 7));
	/* B must not be made to resume either: its table is about to be repaired */
	harness_advance(harness, 30000);
	assert_int_equal(harness_node(harness, 2)->cycles, 0);
	harness_suspend(harness, 2, LUID);
	harness_resume(harness, 2, LUID);
	assert_false(harness_in_sync(harness, 2, LUID, 7));
	harness_end(harness);
}

static void a_write_to_one_leg_is_answered_when_the_device_says_so(void **state)
{
	struct harness *harness = start(2, 0, 128);
	uint32_t seq;

	(void)state;
	harness->hold_disk = true;
	seq = harness_send_set_sync(harness, 2, LUID, 7, false);
	harness_run(harness);
	assert_false(harness_is_answered(harness, 2, seq));
	harness->hold_disk = false;
	harness_run(harness);
	assert_int_equal(harness_answer(harness, 2, seq)->error, 0);
	assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 7));
	harness_end(harness);
}

static void only_the_node_that_wrote_one_leg_may_copy_it(void **state)
{
	struct harness *harness = start(2, 0, 128);

	(void)state;
	harness_set_sync(harness, 1, LUID, 7, false);
	assert_int_equal(harness_get_work(harness, 2, LUID), REGION_NONE);
	/* nor after a suspend: the kernel's hash of that table still says so */
	harness_suspend(harness, 1, LUID);
	harness_resume(harness, 1, LUID);
	assert_int_equal(harness_get_work(harness, 2, LUID), REGION_NONE);
	assert_int_equal(harness_get_work(harness, 1, LUID), 7);
	harness_set_sync(harness, 1, LUID, 7, true);
	harness_advance(harness, 1000);
	assert_int_equal(harness_sync_count(harness, 2, LUID), 128);
	harness_end(harness);
}

static void a_write_during_a_suspend_does_not_wait_for_a_copy(void **state)
{
	struct harness *harness = start(2, 0, 7);
	uint64_t hint;

	(void)state;
	assert_true(is_remote(harness, 1, 7, &hint));
	assert_int_equal(harness_ask(harness, 1, ULOG_PRESUSPEND, LUID)->error, 0);
	assert_false(is_remote(harness, 1, 7, &hint));
	assert_true(harness_in_sync(harness, 1, LUID, 7));
	assert_int_equal(harness_ask(harness, 1, ULOG_POSTSUSPEND, LUID)->error, 0);
	harness_end(harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hint_is_the_lowest_region_out_of_sync),
		cmocka_unit_test(the_hint_never_falls_before_a_resume),
		cmocka_unit_test(told_all_before_the_suspend_is_ordered_it_is_told_in_sync),
		cmocka_unit_test(a_region_that_was_told_clear_stays_in_sync_until_it_is_written),
		cmocka_unit_test(a_kernel_that_was_told_all_is_told_in_sync_until_it_resumes),
		cmocka_unit_test(a_write_to_one_leg_is_answered_when_the_device_says_so),
		cmocka_unit_test(only_the_node_that_wrote_one_leg_may_copy_it),
		cmocka_unit_test(a_write_during_a_suspend_does_not_wait_for_a_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
