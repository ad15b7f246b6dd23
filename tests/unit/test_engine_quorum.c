/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Freezing without quorum, and ending cleanly: suspends, resends, shutdowns. */
#include "tests/unit/unit.h"

#include <errno.h>

#include <string.h>

#include "tests/lib/engine_harness.h"

#define CORE "131072 clustered-core 1024 nosync"
#define DISK "131072 clustered-disk " HARNESS_DEVICE " 1024 nosync"
#define LUID 0xffff888012340000ULL

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
		struct harness *harness = harness_new_active(2, LUID, DISK);
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
		assert_string_equal(harness_log(harness, 2).state, "frozen");
		harness_quorum_all(harness, QUORUM_YES);
		harness_run(harness);
		assert_int_equal(harness_answer(harness, 2, mark)->error, 0);
		assert_int_equal(harness_answer(harness, 2, retained)->error, 0);
		assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 7));
		harness_end(harness);
	}
}

static void without_quorum_a_flush_with_marks_waits_and_an_empty_one_does_not(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, CORE);
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
	harness_end(harness);
}

static void without_quorum_writes_of_unsynced_regions_are_put_off_by_the_kernel(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, "131072 clustered-core 1024");
	const struct ulog_reply *reply;

	(void)state;
	harness_quorum_all(harness, QUORUM_UNSURE);
	/* put back and asked again by the kernel, so that reads go on beside it */
	reply = harness_ask_region(harness, 2, ULOG_IS_REMOTE_RECOVERING, LUID, 5);
	assert_int_equal(harness_value(reply, 0), 1);
	/* nor is there work, but nothing is held */
	assert_int_equal(harness_get_work(harness, 2, LUID), UINT64_MAX);
	harness_quorum_all(harness, QUORUM_YES);
	assert_int_equal(harness_get_work(harness, 2, LUID), 0);
	harness_end(harness);
}

static void without_quorum_nothing_is_let_go_or_resumed(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, CORE);
	uint32_t resume;

	(void)state;
	harness_mark_flush(harness, 2, LUID, 9);
	harness_clear(harness, 2, LUID, 9);
	harness_suspend(harness, 1, LUID);
	harness_quorum_all(harness, QUORUM_NO);
	resume = harness_send(harness, 1, ULOG_RESUME, LUID);
	harness_advance(harness, 20000);
	assert_int_equal(harness_log(harness, 2).dirty, 1);
	assert_false(harness_is_answered(harness, 1, resume));
	harness_quorum_all(harness, QUORUM_YES);
	harness_advance(harness, 10000);
	assert_int_equal(harness_answer(harness, 1, resume)->error, 0);
	assert_int_equal(harness_log(harness, 2).dirty, 0);
	harness_end(harness);
}

static void a_node_that_is_cut_off_comes_back_with_its_marks(void **state)
{
	struct harness *harness = harness_new_active(3, LUID, DISK);
	uint32_t held;

	(void)state;
	harness_mark_flush(harness, 3, LUID, 7);
	harness_cut_off(harness, 3);
	held = send_mark(harness, 3, 40);
	harness_advance(harness, 3000);
	assert_false(harness_is_answered(harness, 3, held));
	/* without fencing its region goes out of sync: it may be copied now */
	assert_false(harness_in_sync(harness, 1, LUID, 7) &&
		     harness_log(harness, 1).in_sync == 128);
	harness_heal(harness);
	harness_advance(harness, 3000);
	harness_assert_equal_digests(harness);
	assert_int_equal(harness_answer(harness, 3, held)->error, 0);
	assert_int_equal(harness_log(harness, 1).attached_count, 3);
	/* it is still writing region 7, and the legs may differ there */
	assert_int_equal(harness_log(harness, 1).dirty, 2);
	assert_int_equal(harness_log(harness, 1).in_sync, 127);
	assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 7));
	harness_end(harness);
}

static void a_node_that_is_cut_off_comes_back_with_what_it_writes_to_one_leg(void **state)
{
	struct harness *harness = harness_new_active(3, LUID, DISK);
	const struct harness_device *device = harness_device(harness, HARNESS_DEVICE);

	(void)state;
	harness_set_sync(harness, 3, LUID, 7, false);
	harness_cut_off(harness, 3);
	harness_suspend(harness, 1, LUID);
	harness_resume(harness, 1, LUID);
	assert_int_equal(harness_recover(harness, 1, LUID), 1);
	harness_advance(harness, 3000);
	assert_true(harness_device_is_clean(device, 7));
	harness_heal(harness);
	harness_advance(harness, 3000);
	harness_assert_equal_digests(harness);
	assert_int_equal(harness_log(harness, 1).in_sync, 127);
	assert_false(harness_device_is_clean(device, 7));
	harness_end(harness);
}

/* Before it hears of the cut it writes what it has marked, and lets that go: the others copy it at the same time. */
static void a_node_that_is_cut_off_tells_what_it_has_just_let_go(void **state)
{
	struct harness *harness = harness_new_active(3, LUID, DISK);

	(void)state;
	harness_mark_flush(harness, 3, LUID, 7);
	harness_clear(harness, 3, LUID, 7);
	harness_node(harness, 3)->refuses_sends = true;
	harness_advance(harness, 8000);
	assert_int_equal(harness_log(harness, 3).retained, 0);
	harness_cut_off(harness, 3);
	harness_advance(harness, 3000);
	assert_int_equal(harness_recover(harness, 1, LUID), 1);
	harness_node(harness, 3)->refuses_sends = false;
	harness_heal(harness);
	harness_advance(harness, 3000);
	assert_int_equal(harness_log(harness, 1).attached_count, 3);
	assert_int_equal(harness_log(harness, 1).in_sync, 127);
	assert_int_equal(harness_log(harness, 1).dirty, 0);
	assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 7));
	harness_end(harness);
}

/* Its report is ordered, but only where it is alone. */
static void a_node_that_is_cut_off_tells_what_it_has_copied_meanwhile(void **state)
{
	struct harness *harness = harness_new_active(3, LUID, "131072 clustered-core 1024");
	uint64_t region = harness_get_work(harness, 3, LUID);

	(void)state;
	assert_int_not_equal(region, UINT64_MAX);
	harness_ask_region(harness, 1, ULOG_IS_REMOTE_RECOVERING, LUID, region);
	harness_cut_off(harness, 3);
	harness_advance(harness, 3000);
	assert_int_equal(harness_recover(harness, 1, LUID), 128);
	harness_set_sync(harness, 3, LUID, region, true);
	harness_advance(harness, 3000);
	harness_heal(harness);
	harness_advance(harness, 3000);
	assert_int_equal(harness_log(harness, 1).in_sync, 127);
	assert_int_equal(harness_log(harness, 1).dirty, 0);
	harness_end(harness);
}

static void a_lost_connection_freezes_until_the_group_is_joined_again(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK);
	uint32_t mark;

	(void)state;
	harness_mark_flush(harness, 2, LUID, 7);
	harness_node(harness, 2)->member = false;
	engine_disconnected(harness_node(harness, 2)->engine, harness->now_ms);
	mark = send_mark(harness, 2, 40);
	harness_order_change(harness, 2, VIEW_NODEDOWN);
	harness_advance(harness, 3000);
	assert_false(harness_is_answered(harness, 2, mark));
	assert_int_equal(harness_log(harness, 1).in_sync, 127);
	harness_order_change(harness, 2, VIEW_JOINED);
	harness_advance(harness, 3000);
	assert_int_equal(harness_answer(harness, 2, mark)->error, 0);
	assert_int_equal(harness_log(harness, 1).dirty, 2);
	assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 7));
	assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 40));
	harness_end(harness);
}

/* Nothing else is written then: its mark changes no bit, for the region is out of sync. */
static void a_writer_that_was_cut_off_alone_writes_the_log_again(void **state)
{
	struct harness *harness =
		harness_new_active(1, LUID, "131072 clustered-disk " HARNESS_DEVICE " 1024");
	uint32_t mark;

	(void)state;
	/* The last of the writes that follow a take-over is over. */
	harness_advance(harness, 20000);
	harness_node(harness, 1)->member = false;
	engine_disconnected(harness_node(harness, 1)->engine, harness->now_ms);
	harness_order_change(harness, 1, VIEW_JOINED);
	harness_run(harness);
	harness_quorum_all(harness, QUORUM_YES);
	harness_advance(harness, 3000);
	mark = send_mark(harness, 1, 40);
	harness_advance(harness, 3000);
	assert_int_equal(harness_answer(harness, 1, mark)->error, 0);
	harness_end(harness);
}

/*
 * Those that were lost may have gone on meanwhile, and their daemons have died since: what the device calls dirty is
 * copied when the daemon of the node that is back says that nothing writes there.
 */
static void a_node_that_is_back_without_its_daemon_is_waited_for(void **state)
{
	struct harness *harness = harness_new_active(3, LUID, DISK);
	struct harness_node *back = harness_node(harness, 2);

	(void)state;
	harness_mark_flush(harness, 1, LUID, 7);
	harness_node_down(harness, 3);
	harness_run(harness);
	harness_node_down(harness, 2);
	harness_run(harness);
	harness_quorum(harness, 1, QUORUM_NO);
	back->up = true;
	harness_quorum(harness, 1, QUORUM_YES);
	harness_advance(harness, 3000);
	harness_cycle(harness, 1, LUID);
	assert_int_equal(harness_log(harness, 1).in_sync, 127);
	assert_int_equal(harness_get_work(harness, 1, LUID), UINT64_MAX);
	harness_start(harness, 2);
	harness_run(harness);
	assert_string_equal(back->cycle_uuid, HARNESS_UUID);
	engine_device_cycled(back->engine, harness->now_ms, HARNESS_UUID, -ENOENT);
	harness_run(harness);
	assert_int_equal(harness_get_work(harness, 1, LUID), 7);
	harness_set_sync(harness, 1, LUID, 7, true);
	harness_end(harness);
}

/* --- suspends and shutdowns --- */

static void a_flush_in_flight_at_postsuspend_is_answered(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK);
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
	harness_end(harness);
}

static void a_request_that_is_sent_again_is_answered_under_its_newest_number(void **state)
{
	static const enum ulog_type types[] = {ULOG_MARK_REGION, ULOG_FLUSH};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct harness *harness = harness_new_active(2, LUID, CORE);
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
		harness_end(harness);
	}
}

static void postsuspend_without_quorum_is_answered_and_ordered_later(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK);

	(void)state;
	harness_mark_flush(harness, 2, LUID, 7);
	harness->hold_bus = true;
	harness_quorum_all(harness, QUORUM_NO);
	harness_suspend(harness, 2, LUID);
	harness_quorum_all(harness, QUORUM_YES);
	harness->hold_bus = false;
	harness_advance(harness, 3000);
	assert_int_equal(harness_log(harness, 1).attached_count, 1);
	assert_int_equal(harness_log(harness, 1).dirty, 0);
	harness_end(harness);
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
	harness_end(harness);
}

/* Marks of the kernel and retained ones, on all nodes. */
static struct harness *busy(void)
{
	struct harness *harness = harness_new_active(3, LUID, DISK);

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
		harness_end(harness);
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

/* Cut off and unaware of it, its kernel wrote on, and suspended; the others copied under its last writes. */
static void what_was_written_until_an_end_without_quorum_is_told(void **state)
{
	struct harness *harness = harness_new_active(3, LUID, DISK);
	uint32_t suspended;

	(void)state;
	harness_mark_flush(harness, 3, LUID, 7);
	harness->hold_bus = true;
	harness_node(harness, 3)->side = 1;
	suspended = harness_send(harness, 3, ULOG_POSTSUSPEND, LUID);
	harness_quorum(harness, 3, QUORUM_UNSURE);
	harness->hold_bus = false;
	harness_run(harness);
	assert_int_equal(harness_answer(harness, 3, suspended)->error, 0);
	harness_node(harness, 3)->side = 0;
	harness_cut_off(harness, 3);
	harness_advance(harness, 1000);
	assert_int_equal(harness_log(harness, 1).in_sync, 127);
	assert_int_equal(harness_recover(harness, 1, LUID), 1);
	assert_int_equal(harness_log(harness, 1).in_sync, 128);
	harness_heal(harness);
	harness_advance(harness, 3000);
	assert_int_equal(harness_log(harness, 1).in_sync, 127);
	assert_int_equal(harness_log(harness, 1).attached_count, 2);
	harness_end(harness);
}

/* The same, but the few found a state of their own before they meet the others. */
static void an_end_without_quorum_outlives_a_state_without_quorum(void **state)
{
	struct harness *harness = harness_new_active(4, LUID, DISK);

	(void)state;
	harness_mark_flush(harness, 3, LUID, 7);
	harness->hold_bus = true;
	harness_node(harness, 3)->side = harness_node(harness, 4)->side = 1;
	(void)harness_send(harness, 3, ULOG_POSTSUSPEND, LUID);
	harness_quorum(harness, 3, QUORUM_UNSURE);
	harness->hold_bus = false;
	harness_run(harness);
	harness_node(harness, 3)->side = harness_node(harness, 4)->side = 0;
	harness_cut_off(harness, 3);
	harness_advance(harness, 1000);
	assert_int_equal(harness_recover(harness, 1, LUID), 1);
	harness_kill(harness, 4);
	harness_run(harness);
	harness_start(harness, 4);
	harness_advance(harness, 3000);
	harness_heal(harness);
	harness_advance(harness, 3000);
	assert_int_equal(harness_log(harness, 1).in_sync, 127);
	harness_end(harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_quorum_marks_wait_and_reads_are_answered),
		cmocka_unit_test(without_quorum_a_flush_with_marks_waits_and_an_empty_one_does_not),
		cmocka_unit_test(
			without_quorum_writes_of_unsynced_regions_are_put_off_by_the_kernel),
		cmocka_unit_test(without_quorum_nothing_is_let_go_or_resumed),
		cmocka_unit_test(a_node_that_is_cut_off_comes_back_with_its_marks),
		cmocka_unit_test(a_node_that_is_cut_off_comes_back_with_what_it_writes_to_one_leg),
		cmocka_unit_test(a_node_that_is_cut_off_tells_what_it_has_just_let_go),
		cmocka_unit_test(a_node_that_is_back_without_its_daemon_is_waited_for),
		cmocka_unit_test(a_writer_that_was_cut_off_alone_writes_the_log_again),
		cmocka_unit_test(a_node_that_is_cut_off_tells_what_it_has_copied_meanwhile),
		cmocka_unit_test(a_lost_connection_freezes_until_the_group_is_joined_again),
		cmocka_unit_test(a_flush_in_flight_at_postsuspend_is_answered),
		cmocka_unit_test(a_request_that_is_sent_again_is_answered_under_its_newest_number),
		cmocka_unit_test(postsuspend_without_quorum_is_answered_and_ordered_later),
		cmocka_unit_test(a_core_log_keeps_its_state_over_suspend_and_resume),
		cmocka_unit_test(after_a_suspend_of_all_every_bit_is_clean),
		cmocka_unit_test(a_daemon_that_ends_lets_go_of_what_the_kernel_does_not_hold),
		cmocka_unit_test(what_was_written_until_an_end_without_quorum_is_told),
		cmocka_unit_test(an_end_without_quorum_outlives_a_state_without_quorum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
