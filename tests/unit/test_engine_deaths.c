/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes and daemons that die, and daemons that join. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "common/regionset.h"
#include "tests/lib/engine_harness.h"

#define DISK "131072 clustered-disk " HARNESS_DEVICE " 1024 nosync"
#define LUID 0xffff888012340000ULL

static uint32_t send_mark(struct harness *harness, uint32_t node, uint64_t region)
{
	return harness_send_regions(harness, node, ULOG_MARK_REGION, LUID, &region, 1);
}

/* --- deaths --- */

static void the_regions_of_a_dead_node_are_copied_by_those_that_live(void **state)
{
	struct harness *harness = harness_new_active(3, LUID, DISK);
	const struct harness_device *device = harness_device(harness, HARNESS_DEVICE);

	(void)state;
	/* their kernels know that all is in sync, so they will never ask again */
	assert_int_equal(harness_sync_count(harness, 1, LUID), 128);
	assert_int_equal(harness_sync_count(harness, 2, LUID), 128);
	harness_mark_flush(harness, 3, LUID, 7);
	harness_node_down(harness, 3);
	harness_advance(harness, 1000);
	assert_int_equal(harness_sync_count(harness, 1, LUID), 127);
	assert_false(harness_device_is_clean(device, 7));
	for (uint32_t node = 1; node <= 2; node++)
		assert_int_equal(harness_node(harness, node)->cycles, 1);
	for (uint32_t node = 1; node <= 2; node++)
		harness_cycle(harness, node, LUID);
	assert_int_equal(harness_recover(harness, 2, LUID), 1);
	assert_int_equal(harness_sync_count(harness, 1, LUID), 128);
	harness_advance(harness, 3000);
	assert_true(harness_device_is_clean(device, 7));
	harness_end(harness);
}

static struct harness *new_with_fencing(void)
{
	struct engine_settings settings;

	engine_settings_init(&settings);
	settings.fencing = true;
	return harness_new(2, &settings);
}

static void with_fencing_a_dead_nodes_regions_wait_until_it_is_fenced(void **state)
{
	struct harness *harness = new_with_fencing();

	(void)state;
	for (uint32_t node = 1; node <= 2; node++)
		harness_activate(harness, node, LUID, DISK);
	harness_mark_flush(harness, 2, LUID, 7);
	harness_node_down(harness, 2);
	harness_advance(harness, 60000);
	assert_true(harness_log(harness, 1).waits_for_fencing);
	assert_int_equal(harness_log(harness, 1).in_sync, 127);
	assert_int_equal(harness_get_work(harness, 1, LUID), REGION_NONE);
	assert_int_equal(engine_fenced(harness_node(harness, 1)->engine, harness->now_ms, 3),
			 -ENOENT);
	assert_int_equal(engine_fenced(harness_node(harness, 1)->engine, harness->now_ms, 2), 0);
	harness_advance(harness, 1000);
	assert_false(harness_log(harness, 1).waits_for_fencing);
	assert_int_equal(engine_fenced(harness_node(harness, 1)->engine, harness->now_ms, 2),
			 -ENOENT);
	assert_int_equal(harness_get_work(harness, 1, LUID), 7);
	harness_end(harness);
}

/* Parted, either of two may be quorate (Corosync's two_node). */
static void with_fencing_half_a_cluster_waits_until_the_other_half_is_fenced(void **state)
{
	struct harness *harness = new_with_fencing();
	struct engine_status status;
	uint32_t mark;

	(void)state;
	for (uint32_t node = 1; node <= 2; node++)
		harness_activate(harness, node, LUID, DISK);
	harness_node_down(harness, 2);
	harness_run(harness);
	mark = send_mark(harness, 1, 7);
	harness_advance(harness, 60000);
	assert_false(harness_is_answered(harness, 1, mark));
	assert_true(harness_log(harness, 1).waits_for_fencing);
	engine_status(harness_node(harness, 1)->engine, &status);
	assert_false(status.quorate);
	assert_int_equal(status.rivals.count, 1);
	assert_int_equal(status.rivals.nodes[0], 2);
	assert_int_equal(engine_fenced(harness_node(harness, 1)->engine, harness->now_ms, 2), 0);
	harness_run(harness);
	assert_int_equal(harness_answer(harness, 1, mark)->error, 0);
	assert_false(harness_log(harness, 1).waits_for_fencing);
	engine_status(harness_node(harness, 1)->engine, &status);
	assert_int_equal(status.rivals.count, 0);
	harness_end(harness);
}

static void say_quorum(struct harness *harness, const uint32_t *nodes, size_t count)
{
	engine_quorum(harness_node(harness, 1)->engine, harness->now_ms, QUORUM_YES, 2, nodes,
		      count);
}

/* Of node 1, which waits for node 2. */
static void assert_writes_wait_until_fenced(struct harness *harness)
{
	uint32_t mark = send_mark(harness, 1, 7);

	harness_advance(harness, 60000);
	assert_false(harness_is_answered(harness, 1, mark));
	assert_int_equal(engine_fenced(harness_node(harness, 1)->engine, harness->now_ms, 2), 0);
	harness_run(harness);
	assert_int_equal(harness_answer(harness, 1, mark)->error, 0);
}

static void nobody_waits_for_a_node_that_is_switched_off_in_order(void **state)
{
	struct harness *harness = new_with_fencing();

	(void)state;
	harness_activate(harness, 1, LUID, DISK);
	harness_leave(harness, 2);
	harness_run(harness);
	say_quorum(harness, (const uint32_t[]){1}, 1);
	harness_mark_flush(harness, 1, LUID, 7);
	harness_end(harness);
}

/* A node that was there may have a daemon that was never met: parted at once, it may be quorate as well. */
static void with_fencing_it_waits_for_a_node_that_quorum_named_only(void **state)
{
	struct engine_settings settings = {.fencing = true};
	struct harness *harness = harness_new(1, &settings);

	(void)state;
	harness_activate(harness, 1, LUID, DISK);
	say_quorum(harness, (const uint32_t[]){1, 2}, 2);
	harness_mark_flush(harness, 1, LUID, 6);
	say_quorum(harness, (const uint32_t[]){1}, 1);
	assert_writes_wait_until_fenced(harness);
	harness_end(harness);
}

static void with_fencing_it_waits_for_a_node_that_came_again_without_its_daemon(void **state)
{
	struct harness *harness = new_with_fencing();

	(void)state;
	harness_activate(harness, 1, LUID, DISK);
	harness_leave(harness, 2);
	harness_run(harness);
	say_quorum(harness, (const uint32_t[]){1}, 1);
	harness_mark_flush(harness, 1, LUID, 6);
	say_quorum(harness, (const uint32_t[]){1, 2}, 2);
	say_quorum(harness, (const uint32_t[]){1}, 1);
	assert_writes_wait_until_fenced(harness);
	harness_end(harness);
}

static void a_device_that_cannot_be_cycled_is_tried_again(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK);

	(void)state;
	assert_int_equal(harness_sync_count(harness, 1, LUID), 128);
	harness_mark_flush(harness, 2, LUID, 7);
	harness_node_down(harness, 2);
	harness_advance(harness, 1000);
	assert_int_equal(harness_node(harness, 1)->cycles, 1);
	harness_advance(harness, 60000);
	assert_int_equal(harness_node(harness, 1)->cycles, 1);
	engine_device_cycled(harness_node(harness, 1)->engine, harness->now_ms, HARNESS_UUID,
			     -EBUSY);
	harness_advance(harness, 2000);
	assert_int_equal(harness_node(harness, 1)->cycles, 1);
	harness_advance(harness, 5000);
	assert_int_equal(harness_node(harness, 1)->cycles, 2);
	harness_cycle(harness, 1, LUID);
	assert_int_equal(harness_get_work(harness, 1, LUID), 7);
	harness_end(harness);
}

static void a_node_that_writes_nothing_dies_without_a_copy(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK);

	(void)state;
	harness_node_down(harness, 2);
	harness_advance(harness, 5000);
	assert_int_equal(harness_log(harness, 1).in_sync, 128);
	assert_int_equal(harness_log(harness, 1).attached_count, 1);
	assert_int_equal(harness_node(harness, 1)->cycles, 0);
	harness_end(harness);
}

/* --- joiners --- */

static void a_daemon_that_joins_has_the_state_of_all_logs(void **state)
{
	struct harness *harness = harness_new_stopped(3, NULL);

	(void)state;
	harness_start(harness, 1);
	harness_start(harness, 2);
	harness_run(harness);
	harness_activate(harness, 1, LUID, DISK);
	harness_mark_flush(harness, 1, LUID, 7);
	harness->uuid = "LVM-another-log";
	harness_activate(harness, 2, LUID, "131072 clustered-core 1024");
	harness_start(harness, 3);
	harness_run(harness);
	harness_assert_equal_digests(harness);
	assert_int_equal(harness_log(harness, 3).regions, 128);
	assert_int_equal(harness_log(harness, 3).in_sync, 0);
	harness->uuid = HARNESS_UUID;
	assert_int_equal(harness_log(harness, 3).dirty, 1);
	harness_activate(harness, 3, LUID, DISK);
	harness_end(harness);
}

static void what_is_ordered_while_a_daemon_joins_is_not_lost_on_it(void **state)
{
	struct harness *harness = harness_new_stopped(3, NULL);
	struct engine_status status;
	uint64_t region = 0;

	(void)state;
	harness_start(harness, 1);
	harness_start(harness, 2);
	harness_run(harness);
	for (uint32_t node = 1; node <= 2; node++)
		harness_activate(harness, node, LUID, DISK);
	harness_start(harness, 3);
	/* a mark of each node between any two steps of the join */
	do {
		region++;
		send_mark(harness, 1 + (uint32_t)region % 2, region);
		assert_true(harness_step_bus(harness));
		engine_status(harness_node(harness, 3)->engine, &status);
	} while (!status.joined);
	harness_run(harness);
	harness_assert_equal_digests(harness);
	assert_int_equal(harness_log(harness, 3).dirty, region);
	harness_end(harness);
}

static void a_request_to_a_daemon_that_joins_waits_for_the_state(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK);
	uint32_t ctr, resume;

	(void)state;
	harness_mark_flush(harness, 2, LUID, 7);
	harness_kill(harness, 2);
	harness_advance(harness, 100);
	harness->hold_bus = true;
	harness_start(harness, 2);
	ctr = harness_send_ctr(harness, 2, LUID, DISK, true);
	harness_run(harness);
	resume = harness_send(harness, 2, ULOG_RESUME, LUID);
	harness_advance(harness, 1000);
	assert_int_equal(harness_answer(harness, 2, ctr)->error, 0);
	assert_false(harness_is_answered(harness, 2, resume));
	harness->hold_bus = false;
	harness_run(harness);
	assert_int_equal(harness_answer(harness, 2, resume)->error, 0);
	assert_int_equal(harness_log(harness, 1).dirty, 1);
	harness_end(harness);
}

static void after_all_daemons_died_dirty_regions_are_out_of_sync(void **state)
{
	struct harness *harness =
		harness_new_active(2, LUID, "131072 clustered-disk " HARNESS_DEVICE " 1024");
	uint32_t ctr;

	(void)state;
	assert_int_equal(harness_recover(harness, 1, LUID), 128);
	harness_mark_flush(harness, 1, LUID, 7);
	harness_mark_flush(harness, 2, LUID, 9);
	harness_kill(harness, 1);
	harness_kill(harness, 2);
	harness_run(harness);
	harness_start(harness, 1);
	harness_run(harness);
	ctr = harness_send_ctr(harness, 1, LUID, "131072 clustered-disk " HARNESS_DEVICE " 1024",
			       true);
	harness_run(harness);
	assert_int_equal(harness_answer(harness, 1, ctr)->error, 0);
	harness_resume(harness, 1, LUID);
	assert_int_equal(harness_sync_count(harness, 1, LUID), 126);
	/* node 2's kernel lives, and writes region 9: nothing may be copied */
	harness_advance(harness, 2000);
	assert_int_equal(harness_get_work(harness, 1, LUID), REGION_NONE);
	harness_node_down(harness, 2);
	harness_advance(harness, 2000);
	harness_cycle(harness, 1, LUID);
	assert_int_equal(harness_recover(harness, 1, LUID), 2);
	harness_end(harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_regions_of_a_dead_node_are_copied_by_those_that_live),
		cmocka_unit_test(with_fencing_a_dead_nodes_regions_wait_until_it_is_fenced),
		cmocka_unit_test(with_fencing_half_a_cluster_waits_until_the_other_half_is_fenced),
		cmocka_unit_test(nobody_waits_for_a_node_that_is_switched_off_in_order),
		cmocka_unit_test(with_fencing_it_waits_for_a_node_that_quorum_named_only),
		cmocka_unit_test(
			with_fencing_it_waits_for_a_node_that_came_again_without_its_daemon),
		cmocka_unit_test(a_device_that_cannot_be_cycled_is_tried_again),
		cmocka_unit_test(a_node_that_writes_nothing_dies_without_a_copy),
		cmocka_unit_test(a_daemon_that_joins_has_the_state_of_all_logs),
		cmocka_unit_test(what_is_ordered_while_a_daemon_joins_is_not_lost_on_it),
		cmocka_unit_test(a_request_to_a_daemon_that_joins_waits_for_the_state),
		cmocka_unit_test(after_all_daemons_died_dirty_regions_are_out_of_sync),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
