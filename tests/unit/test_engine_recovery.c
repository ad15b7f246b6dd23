/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recovery: who copies what, and when a copy counts. */
#include "tests/unit/unit.h"

#include "common/disklog.h"
#include "common/regionset.h"
#include "tests/lib/engine_harness.h"

#define DISK  "131072 clustered-disk " HARNESS_DEVICE " 1024"
#define LUID  0xffff888012340000ULL
#define LUID2 0xffff888056780000ULL

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

/* --- who copies what --- */

static void two_nodes_copy_different_regions_and_finish_together(void **state)
{
	struct harness *harness = start(2, 128, 128);
	struct regionset *copied = regionset_new();
	uint64_t region[2];

	(void)state;
	do {
		for (uint32_t node = 1; node <= 2; node++) {
			region[node - 1] = harness_get_work(harness, node, LUID);
			if (region[node - 1] != REGION_NONE)
				assert_true(regionset_add(copied, (uint32_t)region[node - 1]));
		}
		for (uint32_t node = 1; node <= 2; node++)
			if (region[node - 1] != REGION_NONE)
				harness_set_sync(harness, node, LUID, region[node - 1], true);
		harness_advance(harness, 20);
	} while (region[0] != REGION_NONE || region[1] != REGION_NONE);
	assert_int_equal(regionset_count(copied), 128);
	for (uint32_t node = 1; node <= 2; node++)
		assert_int_equal(harness_sync_count(harness, node, LUID), 128);
	harness_advance(harness, 3000);
	assert_int_equal(harness_device_count_clean(harness_device(harness, HARNESS_DEVICE), 128),
			 128);
	regionset_free(copied);
	harness_end(harness);
}

static void an_idle_node_says_what_it_copied(void **state)
{
	struct harness *harness = start(2, 1, 128);

	(void)state;
	assert_int_equal(harness_get_work(harness, 1, LUID), 0);
	harness_set_sync(harness, 1, LUID, 0, true);
	harness_advance(harness, 1000);
	assert_int_equal(harness_sync_count(harness, 2, LUID), 128);
	harness_end(harness);
}

static void without_work_the_answer_is_none_and_comes_at_once(void **state)
{
	struct harness *harness = start(2, 0, 128);

	(void)state;
	harness_count_from_here(harness);
	assert_int_equal(harness_get_work(harness, 2, LUID), REGION_NONE);
	assert_int_equal(harness_node(harness, 2)->messages, 0);
	harness_end(harness);
}

static void a_region_that_another_node_writes_is_not_copied_until_it_is_clear(void **state)
{
	struct harness *harness = start(2, 0, 7);

	(void)state;
	harness_mark_flush(harness, 2, LUID, 7);
	assert_int_equal(harness_get_work(harness, 1, LUID), REGION_NONE);
	harness_advance(harness, 20000);
	assert_int_equal(harness_get_work(harness, 1, LUID), REGION_NONE);
	assert_int_equal(harness_node(harness, 1)->wakes, 0);
	/* not in sync, so the mark is not kept; the kernel of node 1 would not ask again by itself */
	harness_clear(harness, 2, LUID, 7);
	harness_advance(harness, 1000);
	assert_true(harness_node(harness, 1)->wakes > 0);
	assert_int_equal(harness_get_work(harness, 1, LUID), 7);
	harness_set_sync(harness, 1, LUID, 7, true);
	harness_end(harness);
}

static void a_retained_mark_is_let_go_for_a_copy(void **state)
{
	struct harness *harness = start(3, 0, 128);
	uint64_t hint;

	(void)state;
	assert_false(is_remote(harness, 1, 7, &hint));
	harness_mark_flush(harness, 2, LUID, 7);
	harness_mark_flush(harness, 3, LUID, 7);
	harness_clear(harness, 2, LUID, 7);
	/* node 3 dies while it writes region 7: node 2 still holds a mark of it, for nothing */
	harness_node_down(harness, 3);
	harness_advance(harness, 1500);
	assert_int_equal(harness_log(harness, 1).in_sync, 127);
	assert_int_equal(harness_log(harness, 1).dirty, 0);
	harness_cycle(harness, 1, LUID);
	assert_int_equal(harness_get_work(harness, 1, LUID), 7);
	harness_end(harness);
}

static void what_somebody_waits_to_write_is_copied_first(void **state)
{
	struct harness *harness = start(2, 128, 128);
	uint64_t copied = 0, hint = 0, region;

	(void)state;
	assert_int_equal(harness_get_work(harness, 1, LUID), 0);
	assert_true(is_remote(harness, 2, 100, &hint));
	assert_true(is_remote(harness, 2, 100, &hint));
	for (region = 0; region != 100; copied++) {
		harness_set_sync(harness, 1, LUID, region, true);
		region = harness_get_work(harness, 1, LUID);
		assert_true(region != REGION_NONE);
	}
	assert_true(copied < 64);
	harness_set_sync(harness, 1, LUID, 100, true);
	/* said at once: somebody waits */
	harness_run(harness);
	assert_false(is_remote(harness, 2, 100, &hint));
	assert_true(harness_in_sync(harness, 2, LUID, 100));
	harness_end(harness);
}

/* --- when a copy counts --- */

static void a_write_of_another_node_taints_a_copy(void **state)
{
	struct harness *harness = start(2, 0, 7);

	(void)state;
	assert_int_equal(harness_get_work(harness, 1, LUID), 7);
	harness_mark_flush(harness, 2, LUID, 7);
	harness_clear(harness, 2, LUID, 7);
	harness_advance(harness, 10000);
	harness_set_sync(harness, 1, LUID, 7, true);
	harness_advance(harness, 1000);
	assert_int_equal(harness_sync_count(harness, 2, LUID), 127);
	assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 7));
	/* it is copied again */
	assert_int_equal(harness_get_work(harness, 1, LUID), 7);
	harness_set_sync(harness, 1, LUID, 7, true);
	harness_advance(harness, 1000);
	assert_int_equal(harness_sync_count(harness, 2, LUID), 128);
	harness_end(harness);
}

static void a_nodes_own_writes_do_not_taint_its_copy(void **state)
{
	struct harness *harness = start(2, 0, 7);

	(void)state;
	assert_int_equal(harness_get_work(harness, 1, LUID), 7);
	harness_mark_flush(harness, 1, LUID, 7);
	harness_set_sync(harness, 1, LUID, 7, true);
	harness_advance(harness, 1000);
	assert_int_equal(harness_sync_count(harness, 2, LUID), 128);
	assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 7));
	harness_end(harness);
}

static void a_copy_of_a_region_that_was_not_handed_out_does_not_count(void **state)
{
	struct harness *harness = start(2, 0, 7);

	(void)state;
	harness_set_sync(harness, 2, LUID, 7, true);
	harness_advance(harness, 1000);
	assert_int_equal(harness_sync_count(harness, 1, LUID), 127);
	harness_end(harness);
}

static void a_suspend_gives_unfinished_copies_back(void **state)
{
	struct harness *harness = start(2, 0, 7);

	(void)state;
	assert_int_equal(harness_get_work(harness, 1, LUID), 7);
	assert_int_equal(harness_get_work(harness, 2, LUID), REGION_NONE);
	assert_int_equal(harness_ask(harness, 1, ULOG_PRESUSPEND, LUID)->error, 0);
	assert_int_equal(harness_get_work(harness, 2, LUID), 7);
	/* late, and nothing worth */
	harness_set_sync(harness, 1, LUID, 7, true);
	assert_int_equal(harness_ask(harness, 1, ULOG_POSTSUSPEND, LUID)->error, 0);
	assert_int_equal(harness_sync_count(harness, 2, LUID), 127);
	harness_end(harness);
}

/* Given back meanwhile, another node would copy it, and this copy land on what was written since. */
static void a_copy_that_outlives_its_daemon_is_not_given_away(void **state)
{
	struct harness *harness = start(2, 0, 7);
	uint32_t seq;

	(void)state;
	assert_int_equal(harness_get_work(harness, 2, LUID), 7);
	harness_kill(harness, 2);
	harness_run(harness);
	harness_start(harness, 2);
	harness_run(harness);
	seq = harness_send_ctr(harness, 2, LUID, DISK, true);
	harness_run(harness);
	assert_int_equal(harness_answer(harness, 2, seq)->error, 0);
	harness_resume(harness, 2, LUID);
	harness_advance(harness, 60000);
	assert_int_equal(harness_get_work(harness, 1, LUID), UINT64_MAX);
	harness_set_sync(harness, 2, LUID, 7, true);
	harness_advance(harness, 1000);
	assert_int_equal(harness_sync_count(harness, 1, LUID), 128);
	harness_end(harness);
}

static void a_copy_that_fails_stops_recovery_until_the_table_is_reloaded(void **state)
{
	struct harness *harness = start(2, 0, 7);

	(void)state;
	assert_int_equal(harness_get_work(harness, 1, LUID), 7);
	harness_set_sync(harness, 1, LUID, 7, false);
	harness_advance(harness, 5000);
	assert_int_equal(harness_get_work(harness, 1, LUID), REGION_NONE);
	/* the region is in its kernel's hash as "one leg only": nobody else may copy it */
	assert_int_equal(harness_get_work(harness, 2, LUID), REGION_NONE);
	harness_construct(harness, 1, LUID2, DISK);
	harness_suspend(harness, 1, LUID);
	harness_resume(harness, 1, LUID2);
	assert_int_equal(harness_ask(harness, 1, ULOG_DTR, LUID)->error, 0);
	assert_int_equal(harness_get_work(harness, 2, LUID), 7);
	harness_end(harness);
}

/* The kernel asks once in 250 ms for all logs of a node: one that always asks first would keep the other from its end. */
static void while_a_device_is_suspended_the_others_answers_come_late(void **state)
{
	static const uint64_t region = 5;
	struct harness *harness = harness_new_active(1, LUID, "131072 clustered-core 1024");
	uint32_t ask, other;

	(void)state;
	harness->uuid = "LVM-another-log";
	harness_activate(harness, 1, LUID2, "131072 clustered-core 1024");
	harness_ask(harness, 1, ULOG_PRESUSPEND, LUID2);
	harness->uuid = HARNESS_UUID;
	ask = harness_send_regions(harness, 1, ULOG_IS_REMOTE_RECOVERING, LUID, &region, 1);
	harness->uuid = "LVM-another-log";
	other = harness_send_regions(harness, 1, ULOG_IS_REMOTE_RECOVERING, LUID2, &region, 1);
	harness_advance(harness, 29);
	assert_int_equal(harness_value(harness_answer(harness, 1, other), 0), 0);
	assert_false(harness_is_answered(harness, 1, ask));
	harness_advance(harness, 1);
	assert_int_equal(harness_value(harness_answer(harness, 1, ask), 0), 1);
	harness_ask(harness, 1, ULOG_POSTSUSPEND, LUID2);
	harness->uuid = HARNESS_UUID;
	ask = harness_send_regions(harness, 1, ULOG_IS_REMOTE_RECOVERING, LUID, &region, 1);
	assert_true(harness_is_answered(harness, 1, ask));
	harness_end(harness);
}

/* Ordered on the smaller side of a parting: the other side copies that region itself, and writes it then. */
static void nothing_is_handed_to_a_kernel_while_quorum_is_not_sure(void **state)
{
	struct harness *harness = start(2, 0, 50);
	uint32_t ask;

	(void)state;
	harness->hold_bus = true;
	ask = harness_send(harness, 1, ULOG_GET_RESYNC_WORK, LUID);
	harness_quorum_all(harness, QUORUM_UNSURE);
	harness->hold_bus = false;
	harness_run(harness);
	assert_int_equal(harness_value(harness_answer(harness, 1, ask), 0), 0);
	harness_quorum_all(harness, QUORUM_YES);
	assert_int_equal(harness_get_work(harness, 1, LUID), 50);
	harness_end(harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_nodes_copy_different_regions_and_finish_together),
		cmocka_unit_test(an_idle_node_says_what_it_copied),
		cmocka_unit_test(without_work_the_answer_is_none_and_comes_at_once),
		cmocka_unit_test(a_region_that_another_node_writes_is_not_copied_until_it_is_clear),
		cmocka_unit_test(a_retained_mark_is_let_go_for_a_copy),
		cmocka_unit_test(what_somebody_waits_to_write_is_copied_first),
		cmocka_unit_test(a_write_of_another_node_taints_a_copy),
		cmocka_unit_test(a_nodes_own_writes_do_not_taint_its_copy),
		cmocka_unit_test(a_copy_of_a_region_that_was_not_handed_out_does_not_count),
		cmocka_unit_test(a_suspend_gives_unfinished_copies_back),
		cmocka_unit_test(a_copy_that_outlives_its_daemon_is_not_given_away),
		cmocka_unit_test(a_copy_that_fails_stops_recovery_until_the_table_is_reloaded),
		cmocka_unit_test(nothing_is_handed_to_a_kernel_while_quorum_is_not_sure),
		cmocka_unit_test(while_a_device_is_suspended_the_others_answers_come_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
