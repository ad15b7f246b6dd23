/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reloads: two tables of one log on a node, in the orders that LVM was seen to use. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/lib/engine_harness.h"

#define CORE  "131072 clustered-core 1024"
#define DISK  "131072 clustered-disk " HARNESS_DEVICE " 1024"
#define LUID  0xffff888012340000ULL
#define LUID2 0xffff888056780000ULL

enum reload_order { OLD_GOES_LAST, OLD_GOES_FIRST };

static void reload(struct harness *harness, uint32_t node, const char *constructor,
		   enum reload_order order)
{
	harness_construct(harness, node, LUID2, constructor);
	harness_suspend(harness, node, LUID);
	if (order == OLD_GOES_FIRST)
		assert_int_equal(harness_ask(harness, node, ULOG_DTR, LUID)->error, 0);
	harness_sync_count(harness, node, LUID2);
	harness_resume(harness, node, LUID2);
	if (order == OLD_GOES_LAST)
		assert_int_equal(harness_ask(harness, node, ULOG_DTR, LUID)->error, 0);
}

static void a_reload_keeps_what_is_in_sync(void **state)
{
	static const struct {
		const char *constructor;
		enum reload_order order;
	} cases[] = {
		{CORE, OLD_GOES_LAST},
		{CORE, OLD_GOES_FIRST},
		{DISK, OLD_GOES_LAST},
		{DISK, OLD_GOES_FIRST},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct harness *harness = harness_new(1, NULL);

		harness_activate(harness, 1, LUID, cases[i].constructor);
		assert_int_equal(harness_recover(harness, 1, LUID), 128);
		reload(harness, 1, cases[i].constructor, cases[i].order);
		assert_int_equal(harness_sync_count(harness, 1, LUID2), 128);
		assert_int_equal(harness_get_work(harness, 1, LUID2), UINT64_MAX);
		harness_end(harness);
	}
}

static void an_extended_mirror_has_its_new_regions_out_of_sync(void **state)
{
	static const char *const tables[][2] = {
		{CORE, "196608 clustered-core 1024"},
		{DISK, "196608 clustered-disk " HARNESS_DEVICE " 1024"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct harness *harness = harness_new(3, NULL);

		for (uint32_t node = 1; node <= 3; node++)
			harness_activate(harness, node, LUID, tables[i][0]);
		assert_int_equal(harness_recover(harness, 2, LUID), 128);
		for (uint32_t node = 1; node <= 3; node++)
			reload(harness, node, tables[i][1], OLD_GOES_LAST);
		for (uint32_t node = 1; node <= 3; node++)
			assert_int_equal(harness_sync_count(harness, node, LUID2), 128);
		assert_true(harness_in_sync(harness, 1, LUID2, 127));
		assert_false(harness_in_sync(harness, 1, LUID2, 128));
		assert_int_equal(harness_recover(harness, 3, LUID2), 64);
		if (i == 1) {
			const struct harness_device *device =
				harness_device(harness, HARNESS_DEVICE);

			assert_int_equal(harness_device_region_count(device), 192);
			assert_int_equal(harness_device_count_clean(device, 192), 192);
		}
		harness_end(harness);
	}
}

static void a_reduced_mirror_forgets_the_rest(void **state)
{
	struct harness *harness = harness_new(2, NULL);
	const struct harness_device *device = harness_device(harness, HARNESS_DEVICE);

	(void)state;
	for (uint32_t node = 1; node <= 2; node++)
		harness_activate(harness, node, LUID, DISK " nosync");
	harness_mark_flush(harness, 2, LUID, 100);
	for (uint32_t node = 1; node <= 2; node++)
		reload(harness, node, "65536 clustered-disk " HARNESS_DEVICE " 1024",
		       OLD_GOES_FIRST);
	assert_int_equal(harness_sync_count(harness, 1, LUID2), 64);
	assert_int_equal(harness_log(harness, 1).regions, 64);
	assert_int_equal(harness_log(harness, 1).dirty, 0);
	assert_int_equal(harness_device_region_count(device), 64);
	harness_end(harness);
}

/* A request whose answer was lost is sent again after 15 s, whatever has become of its table. */
static void a_late_clear_of_the_old_table_leaves_the_new_ones_marks_alone(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK " nosync");

	(void)state;
	harness_construct(harness, 1, LUID2, DISK);
	harness_suspend(harness, 1, LUID);
	harness_resume(harness, 1, LUID2);
	harness_mark_flush(harness, 1, LUID2, 9);
	harness_clear(harness, 1, LUID, 9);
	harness_advance(harness, 20000);
	assert_int_equal(harness_log(harness, 2).dirty, 1);
	assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 9));
	harness_end(harness);
}

/* A thread of the old table met an earlier daemon, which constructed its log and died. Its RESUME comes again. */
static void a_late_resume_of_the_old_table_leaves_the_new_one_attached(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, CORE " nosync");

	(void)state;
	harness_construct(harness, 1, LUID2, CORE);
	harness_suspend(harness, 1, LUID);
	harness_resume(harness, 1, LUID2);
	assert_int_equal(harness_ask(harness, 1, ULOG_RESUME, LUID)->error, 0);
	assert_int_equal(harness_ask(harness, 1, ULOG_DTR, LUID)->error, 0);
	harness_mark_flush(harness, 1, LUID2, 9);
	assert_int_equal(harness_log(harness, 2).attached_count, 2);
	assert_int_equal(harness_log(harness, 2).dirty, 1);
	harness_end(harness);
}

enum old_table { OLD_IS_SILENT, OLD_ENDS_LATE, OLD_RECONNECTS };

/* Its table with a write on one leg is suspended and gone; the next daemon meets the new one, which knows nothing of it. */
static void reload_while_no_daemon_runs(enum old_table old)
{
	struct harness *harness = harness_new_active(2, LUID, CORE " nosync");
	unsigned int cycles;

	harness_set_sync(harness, 1, LUID, 7, false);
	harness_kill(harness, 1);
	harness_run(harness);
	harness_start(harness, 1);
	harness_run(harness);
	if (old == OLD_ENDS_LATE)
		assert_int_equal(harness_ask(harness, 1, ULOG_DTR, LUID)->error, 0);
	harness_send_ctr(harness, 1, LUID2, CORE, true);
	harness_resume(harness, 1, LUID2);
	/* a thread of it, that only looked at its status */
	if (old == OLD_RECONNECTS) {
		harness_send_ctr(harness, 1, LUID, CORE, true);
		harness_resume(harness, 1, LUID);
		assert_int_equal(harness_ask(harness, 1, ULOG_DTR, LUID)->error, 0);
	}
	cycles = harness_node(harness, 1)->cycles;
	harness_advance(harness, 20000);
	assert_int_equal(harness_node(harness, 1)->cycles, cycles + 1);
	harness_cycle(harness, 1, LUID2);
	assert_int_equal(harness_node(harness, 1)->one_leg.count, 0);
	harness_suspend(harness, 2, LUID);
	harness_resume(harness, 2, LUID);
	assert_int_equal(harness_get_work(harness, 2, LUID), 7);
	harness_set_sync(harness, 2, LUID, 7, true);
	harness_end(harness);
}

static void a_table_that_is_reloaded_while_no_daemon_runs_has_nothing_on_one_leg(void **state)
{
	(void)state;
	reload_while_no_daemon_runs(OLD_IS_SILENT);
}

static void so_has_one_whose_forerunner_is_destroyed_under_the_next_daemon(void **state)
{
	(void)state;
	reload_while_no_daemon_runs(OLD_ENDS_LATE);
}

static void so_has_one_whose_forerunner_reconnects_as_well(void **state)
{
	(void)state;
	reload_while_no_daemon_runs(OLD_RECONNECTS);
}

/* The log device cannot be read when the kernel reconnects, and nobody else has the state; two seconds later it can. */
static void what_is_on_one_leg_outlives_a_reconnect_that_fails(void **state)
{
	struct harness *harness = harness_new_active(1, LUID, DISK " nosync");
	struct harness_device *device = harness_device(harness, HARNESS_DEVICE);
	uint32_t refused;

	(void)state;
	harness_set_sync(harness, 1, LUID, 7, false);
	harness_kill(harness, 1);
	harness_start(harness, 1);
	harness_run(harness);
	device->fails = true;
	refused = harness_send_ctr(harness, 1, LUID, DISK " nosync", true);
	harness_run(harness);
	assert_int_equal(harness_answer(harness, 1, refused)->error, -EIO);
	assert_int_equal(harness_node(harness, 1)->one_leg.count, 1);
	device->fails = false;
	harness_send_ctr(harness, 1, LUID, DISK " nosync", true);
	harness_resume(harness, 1, LUID);
	assert_int_equal(harness_node(harness, 1)->one_leg.count, 1);
	harness_end(harness);
}

/* A thread of the smaller table that was replaced meets the next daemon first. */
static void the_live_table_is_served_whole_that_reconnects_second(void **state)
{
	static const char *const tables[][2] = {
		{CORE " nosync", "196608 clustered-core 1024"},
		{DISK " nosync", "196608 clustered-disk " HARNESS_DEVICE " 1024"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct harness *harness = harness_new_active(2, LUID, tables[i][0]);

		reload(harness, 1, tables[i][1], OLD_GOES_LAST);
		harness_kill(harness, 1);
		harness_start(harness, 1);
		harness_run(harness);
		for (size_t j = 0; j < 2; j++) {
			uint64_t luid = j == 0 ? LUID : LUID2;

			harness_send_ctr(harness, 1, luid, tables[i][j], true);
			harness_run(harness);
			harness_resume(harness, 1, luid);
		}
		harness_mark_flush(harness, 1, LUID2, 150);
		assert_int_equal(harness_log(harness, 2).dirty, 1);
		harness_set_sync(harness, 1, LUID2, 7, false);
		assert_int_equal(harness_sync_count(harness, 2, LUID), 127);
		if (i == 1)
			assert_false(harness_device_is_clean(
				harness_device(harness, HARNESS_DEVICE), 150));
		harness_end(harness);
	}
}

static void resume_of_the_new_table_waits_until_the_old_one_is_out(void **state)
{
	struct harness *harness = harness_new(2, NULL);
	uint32_t postsuspend, resume;

	(void)state;
	harness_activate(harness, 1, LUID, DISK);
	harness_activate(harness, 2, LUID, DISK);
	harness_construct(harness, 1, LUID2, DISK);
	harness->hold_bus = true;
	harness_ask(harness, 1, ULOG_PRESUSPEND, LUID);
	postsuspend = harness_send(harness, 1, ULOG_POSTSUSPEND, LUID);
	resume = harness_send(harness, 1, ULOG_RESUME, LUID2);
	harness_run(harness);
	assert_false(harness_is_answered(harness, 1, postsuspend));
	assert_false(harness_is_answered(harness, 1, resume));
	harness->hold_bus = false;
	harness_run(harness);
	assert_int_equal(harness_answer(harness, 1, postsuspend)->error, 0);
	assert_int_equal(harness_answer(harness, 1, resume)->error, 0);
	harness_end(harness);
}

/* Its end is answered at once without quorum; what served both tables serves none of them any more. */
static void nor_is_it_resumed_before_that_where_both_met_this_daemon(void **state)
{
	static const uint64_t luids[] = {LUID, LUID2};
	struct harness *harness = harness_new_active(2, LUID, DISK " nosync");
	uint32_t resume;

	(void)state;
	harness_construct(harness, 2, LUID2, DISK);
	harness_kill(harness, 2);
	harness_start(harness, 2);
	harness_run(harness);
	for (size_t i = 0; i < ARRAY_SIZE(luids); i++) {
		harness_send_ctr(harness, 2, luids[i], DISK, true);
		harness_run(harness);
		harness_resume(harness, 2, luids[i]);
	}
	harness->hold_bus = true;
	harness_quorum_all(harness, QUORUM_NO);
	harness_suspend(harness, 2, LUID);
	resume = harness_send(harness, 2, ULOG_RESUME, LUID2);
	harness_advance(harness, 1000);
	assert_false(harness_is_answered(harness, 2, resume));
	harness_quorum_all(harness, QUORUM_YES);
	harness->hold_bus = false;
	harness_advance(harness, 3000);
	assert_int_equal(harness_answer(harness, 2, resume)->error, 0);
	assert_int_equal(harness_log(harness, 1).attached_count, 2);
	harness_end(harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reload_keeps_what_is_in_sync),
		cmocka_unit_test(an_extended_mirror_has_its_new_regions_out_of_sync),
		cmocka_unit_test(a_reduced_mirror_forgets_the_rest),
		cmocka_unit_test(a_late_clear_of_the_old_table_leaves_the_new_ones_marks_alone),
		cmocka_unit_test(a_late_resume_of_the_old_table_leaves_the_new_one_attached),
		cmocka_unit_test(
			a_table_that_is_reloaded_while_no_daemon_runs_has_nothing_on_one_leg),
		cmocka_unit_test(so_has_one_whose_forerunner_is_destroyed_under_the_next_daemon),
		cmocka_unit_test(so_has_one_whose_forerunner_reconnects_as_well),
		cmocka_unit_test(what_is_on_one_leg_outlives_a_reconnect_that_fails),
		cmocka_unit_test(the_live_table_is_served_whole_that_reconnects_second),
		cmocka_unit_test(resume_of_the_new_table_waits_until_the_old_one_is_out),
		cmocka_unit_test(nor_is_it_resumed_before_that_where_both_met_this_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
