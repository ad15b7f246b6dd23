/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quorum, deaths, joiners, suspends and shutdowns of whole nodes. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "common/regionset.h"
#include "tests/lib/engine_harness.h"

#define CORE "131072 clustered-core 1024 nosync"
#define DISK "131072 clustered-disk " HARNESS_DEVICE " 1024 nosync"
#define LUID 0xffff888012340000ULL

static void end(struct harness *harness)
{
	harness_run(harness);
	for (uint32_t node = 1; node <= harness->node_count; node++)
		assert_int_equal(harness_unanswered(harness, node), 0);
	harness_assert_equal_digests(harness);
	harness_free(harness);
}

static struct harness *start(size_t nodes, const char *constructor)
{
	struct harness *harness = harness_new(nodes, NULL);

	for (uint32_t node = 1; node <= nodes; node++)
		harness_activate(harness, node, LUID, constructor);
	return harness;
}

static struct engine_log_status status_of(struct harness *harness, uint32_t node)
{
	struct engine_log_status status;

	assert_true(harness_status(harness, node, &status));
	return status;
}

static uint32_t send_mark(struct harness *harness, uint32_t node, uint64_t region)
{
	return harness_send_regions(harness, node, ULOG_MARK_REGION, LUID, &region, 1);
}

/* --- quorum --- */

static void without_quorum_marks_wait_and_reads_are_answered(void **state)
{
	static const enum quorum quorums[] = {QUORUM_NO, QUORUM_UNSURE};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(quorums); i++) {
		struct harness *harness = start(2, DISK);
		uint32_t mark, retained;

		harness_mark_flush(harness, 2, LUID, 9);
		harness_clear(harness, 2, LUID, 9);
		harness_quorum_all(harness, quorums[i]);
		mark = send_mark(harness, 2, 7);
		/* a claim may have been given away meanwhile */
		retained = send_mark(harness, 2, 9);
		harness_advance(harness, 10000);
		assert_false(harness_is_answered(harness, 2, mark));
		assert_false(harness_is_answered(harness, 2, retained));
		assert_true(harness_in_sync(harness, 2, LUID, 7));
		assert_int_equal(harness_sync_count(harness, 2, LUID), 128);
		assert_string_equal(status_of(harness, 2).state, "frozen");
		harness_quorum_all(harness, QUORUM_YES);
		harness_run(harness);
		assert_int_equal(harness_answer(harness, 2, mark)->error, 0);
		assert_int_equal(harness_answer(harness, 2, retained)->error, 0);
		assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 7));
		end(harness);
	}
}

static void without_quorum_a_flush_with_marks_waits_and_an_empty_one_does_not(void **state)
{
	struct harness *harness = start(2, CORE);
	uint64_t region = 7;
	uint32_t with, without;

	(void)state;
	harness_quorum_all(harness, QUORUM_NO);
	without = harness_send(harness, 2, ULOG_FLUSH, LUID);
	with = harness_send_regions(harness, 2, ULOG_FLUSH, LUID, &region, 1);
	harness_run(harness);
	assert_true(harness_is_answered(harness, 2, without));
	assert_false(harness_is_answered(harness, 2, with));
	harness_quorum_all(harness, QUORUM_YES);
	harness_run(harness);
	assert_true(harness_is_answered(harness, 2, with));
	end(harness);
}

static void without_quorum_nothing_is_let_go_or_resumed(void **state)
{
	struct harness *harness = start(2, CORE);
	uint32_t resume;

	(void)state;
	harness_mark_flush(harness, 2, LUID, 9);
	harness_clear(harness, 2, LUID, 9);
	harness_suspend(harness, 1, LUID);
	harness_quorum_all(harness, QUORUM_NO);
	resume = harness_send(harness, 1, ULOG_RESUME, LUID);
	harness_advance(harness, 20000);
	assert_int_equal(status_of(harness, 2).dirty, 1);
	assert_false(harness_is_answered(harness, 1, resume));
	harness_quorum_all(harness, QUORUM_YES);
	harness_advance(harness, 10000);
	assert_int_equal(harness_answer(harness, 1, resume)->error, 0);
	assert_int_equal(status_of(harness, 2).dirty, 0);
	end(harness);
}

static void a_node_that_is_cut_off_comes_back_with_its_marks(void **state)
{
	struct harness *harness = start(3, DISK);
	uint32_t held;

	(void)state;
	harness_mark_flush(harness, 3, LUID, 7);
	harness_cut_off(harness, 3);
	held = send_mark(harness, 3, 40);
	harness_advance(harness, 3000);
	assert_false(harness_is_answered(harness, 3, held));
	/* without fencing its region goes out of sync: it may be copied now */
	assert_false(harness_in_sync(harness, 1, LUID, 7) && status_of(harness, 1).in_sync == 128);
	harness_heal(harness);
	harness_advance(harness, 3000);
	harness_assert_equal_digests(harness);
	assert_int_equal(harness_answer(harness, 3, held)->error, 0);
	assert_int_equal(status_of(harness, 1).attached_count, 3);
	/* it is still writing region 7, and the legs may differ there */
	assert_int_equal(status_of(harness, 1).dirty, 2);
	assert_int_equal(status_of(harness, 1).in_sync, 127);
	assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 7));
	end(harness);
}

/* --- deaths --- */

static void the_regions_of_a_dead_node_are_copied_by_those_that_live(void **state)
{
	struct harness *harness = start(3, DISK);
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
	end(harness);
}

static void with_fencing_a_dead_nodes_regions_wait_until_it_is_fenced(void **state)
{
	struct engine_settings settings;
	struct harness *harness;

	(void)state;
	engine_settings_init(&settings);
	settings.fencing = true;
	harness = harness_new(2, &settings);
	for (uint32_t node = 1; node <= 2; node++)
		harness_activate(harness, node, LUID, DISK);
	harness_mark_flush(harness, 2, LUID, 7);
	harness_node_down(harness, 2);
	harness_advance(harness, 60000);
	assert_true(status_of(harness, 1).waits_for_fencing);
	assert_int_equal(status_of(harness, 1).in_sync, 127);
	assert_int_equal(harness_get_work(harness, 1, LUID), REGION_NONE);
	assert_int_equal(engine_fenced(harness_node(harness, 1)->engine, harness->now_ms, 3),
			 -ENOENT);
	assert_int_equal(engine_fenced(harness_node(harness, 1)->engine, harness->now_ms, 2), 0);
	harness_advance(harness, 1000);
	assert_false(status_of(harness, 1).waits_for_fencing);
	assert_int_equal(engine_fenced(harness_node(harness, 1)->engine, harness->now_ms, 2),
			 -ENOENT);
	assert_int_equal(harness_get_work(harness, 1, LUID), 7);
	end(harness);
}

static void a_device_that_cannot_be_cycled_is_tried_again(void **state)
{
	struct harness *harness = start(2, DISK);

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
	end(harness);
}

static void a_node_that_writes_nothing_dies_without_a_copy(void **state)
{
	struct harness *harness = start(2, DISK);

	(void)state;
	harness_node_down(harness, 2);
	harness_advance(harness, 5000);
	assert_int_equal(status_of(harness, 1).in_sync, 128);
	assert_int_equal(status_of(harness, 1).attached_count, 1);
	assert_int_equal(harness_node(harness, 1)->cycles, 0);
	end(harness);
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
	assert_int_equal(status_of(harness, 3).regions, 128);
	assert_int_equal(status_of(harness, 3).in_sync, 0);
	harness->uuid = HARNESS_UUID;
	assert_int_equal(status_of(harness, 3).dirty, 1);
	harness_activate(harness, 3, LUID, DISK);
	end(harness);
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
	assert_int_equal(status_of(harness, 3).dirty, region);
	end(harness);
}

static void a_request_to_a_daemon_that_joins_waits_for_the_state(void **state)
{
	struct harness *harness = start(2, DISK);
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
	assert_int_equal(status_of(harness, 1).dirty, 1);
	end(harness);
}

static void after_all_daemons_died_dirty_regions_are_out_of_sync(void **state)
{
	struct harness *harness = start(2, "131072 clustered-disk " HARNESS_DEVICE " 1024");
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
	end(harness);
}

/* --- suspends and shutdowns --- */

static void a_flush_in_flight_at_postsuspend_is_answered(void **state)
{
	struct harness *harness = start(2, DISK);
	uint64_t region = 7;
	uint32_t flush, postsuspend;

	(void)state;
	harness->hold_bus = true;
	flush = harness_send_regions(harness, 1, ULOG_FLUSH, LUID, &region, 1);
	harness_ask(harness, 1, ULOG_PRESUSPEND, LUID);
	postsuspend = harness_send(harness, 1, ULOG_POSTSUSPEND, LUID);
	harness->hold_bus = false;
	harness_run(harness);
	assert_int_equal(harness_answer(harness, 1, postsuspend)->error, 0);
	assert_int_equal(harness_answer(harness, 1, flush)->error, 0);
	end(harness);
}

static void a_request_that_is_sent_again_is_answered_under_its_newest_number(void **state)
{
	static const enum ulog_type types[] = {ULOG_MARK_REGION, ULOG_FLUSH};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct harness *harness = start(2, CORE);
		uint64_t region = 7;
		uint32_t seq;

		harness_quorum_all(harness, QUORUM_NO);
		seq = harness_send_regions(harness, 2, types[i], LUID, &region, 1);
		for (int resends = 0; resends < 3; resends++) {
			harness_advance(harness, 15000);
			assert_false(harness_is_answered(harness, 2, seq));
			seq = harness_send_again(harness, 2, seq);
		}
		harness_quorum_all(harness, QUORUM_YES);
		harness_run(harness);
		assert_int_equal(harness_answer(harness, 2, seq)->error, 0);
		end(harness);
	}
}

static void postsuspend_without_quorum_is_answered_and_ordered_later(void **state)
{
	struct harness *harness = start(2, DISK);

	(void)state;
	harness_mark_flush(harness, 2, LUID, 7);
	harness->hold_bus = true;
	harness_quorum_all(harness, QUORUM_NO);
	harness_suspend(harness, 2, LUID);
	harness_quorum_all(harness, QUORUM_YES);
	harness->hold_bus = false;
	harness_advance(harness, 3000);
	assert_int_equal(status_of(harness, 1).attached_count, 1);
	assert_int_equal(status_of(harness, 1).dirty, 0);
	end(harness);
}

static void a_core_log_keeps_its_state_over_suspend_and_resume(void **state)
{
	struct harness *harness = harness_new(2, NULL);

	(void)state;
	for (uint32_t node = 1; node <= 2; node++)
		harness_activate(harness, node, LUID, "131072 clustered-core 1024");
	assert_int_equal(harness_recover(harness, 1, LUID), 128);
	for (uint32_t node = 1; node <= 2; node++)
		harness_suspend(harness, node, LUID);
	for (uint32_t node = 1; node <= 2; node++)
		harness_resume(harness, node, LUID);
	assert_int_equal(harness_sync_count(harness, 1, LUID), 128);
	for (uint32_t node = 1; node <= 2; node++) {
		harness_suspend(harness, node, LUID);
		assert_int_equal(harness_ask(harness, node, ULOG_DTR, LUID)->error, 0);
	}
	/* destroyed everywhere: it is a new one */
	harness_activate(harness, 1, LUID, "131072 clustered-core 1024");
	assert_int_equal(harness_sync_count(harness, 1, LUID), 0);
	end(harness);
}

/* Marks of the kernel and retained ones, on all nodes. */
static struct harness *busy(void)
{
	struct harness *harness = start(3, DISK);

	for (uint32_t node = 1; node <= 3; node++) {
		for (uint64_t region = 0; region < 10; region++) {
			harness_mark_flush(harness, node, LUID, 30 * node + region);
			if (region > 0)
				harness_clear(harness, node, LUID, 30 * node + region);
		}
	}
	assert_true(harness_device_count_clean(harness_device(harness, HARNESS_DEVICE), 128) <= 98);
	return harness;
}

static void after_a_suspend_of_all_every_bit_is_clean(void **state)
{
	static const uint32_t orders[][3] = {{1, 2, 3}, {3, 2, 1}, {2, 1, 3}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		struct harness *harness = busy();

		for (size_t j = 0; j < 3; j++)
			harness_suspend(harness, orders[i][j], LUID);
		assert_int_equal(harness_device_count_clean(harness_device(harness, HARNESS_DEVICE),
							    128),
				 128);
		end(harness);
	}
}

static void a_daemon_that_ends_lets_go_of_what_the_kernel_does_not_hold(void **state)
{
	struct harness *harness = busy();
	const struct harness_device *device = harness_device(harness, HARNESS_DEVICE);

	(void)state;
	for (uint32_t node = 3; node >= 1; node--) {
		harness_quiesce(harness, node);
		harness_leave(harness, node);
		harness_run(harness);
	}
	/* one mark a node is the kernel's, which lives on */
	assert_int_equal(harness_device_count_clean(device, 128), 125);
	for (uint32_t node = 1; node <= 3; node++)
		assert_false(harness_device_is_clean(device, 30 * node));
	harness_free(harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_quorum_marks_wait_and_reads_are_answered),
		cmocka_unit_test(without_quorum_a_flush_with_marks_waits_and_an_empty_one_does_not),
		cmocka_unit_test(without_quorum_nothing_is_let_go_or_resumed),
		cmocka_unit_test(a_node_that_is_cut_off_comes_back_with_its_marks),
		cmocka_unit_test(the_regions_of_a_dead_node_are_copied_by_those_that_live),
		cmocka_unit_test(with_fencing_a_dead_nodes_regions_wait_until_it_is_fenced),
		cmocka_unit_test(a_device_that_cannot_be_cycled_is_tried_again),
		cmocka_unit_test(a_node_that_writes_nothing_dies_without_a_copy),
		cmocka_unit_test(a_daemon_that_joins_has_the_state_of_all_logs),
		cmocka_unit_test(what_is_ordered_while_a_daemon_joins_is_not_lost_on_it),
		cmocka_unit_test(a_request_to_a_daemon_that_joins_waits_for_the_state),
		cmocka_unit_test(after_all_daemons_died_dirty_regions_are_out_of_sync),
		cmocka_unit_test(a_flush_in_flight_at_postsuspend_is_answered),
		cmocka_unit_test(a_request_that_is_sent_again_is_answered_under_its_newest_number),
		cmocka_unit_test(postsuspend_without_quorum_is_answered_and_ordered_later),
		cmocka_unit_test(a_core_log_keeps_its_state_over_suspend_and_resume),
		cmocka_unit_test(after_a_suspend_of_all_every_bit_is_clean),
		cmocka_unit_test(a_daemon_that_ends_lets_go_of_what_the_kernel_does_not_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
