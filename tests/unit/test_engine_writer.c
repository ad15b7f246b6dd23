/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who writes the log device when nodes come and go. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/lib/engine_harness.h"

#define DISK  "131072 clustered-disk " HARNESS_DEVICE " 1024"
#define LUID  0xffff888012340000ULL
#define LUID2 0xffff888056780000ULL

static void the_node_that_attached_first_goes_on_writing(void **state)
{
	struct harness *harness = harness_new(3, NULL);

	(void)state;
	harness_activate(harness, 3, LUID, DISK " nosync");
	harness_activate(harness, 2, LUID, DISK " nosync");
	harness_activate(harness, 1, LUID, DISK " nosync");
	assert_int_equal(harness_log(harness, 1).writer, 3);
	harness_count_from_here(harness);
	harness_mark_flush(harness, 2, LUID, 7);
	assert_int_equal(harness_node(harness, 3)->disk_writes, 1);
	assert_int_equal(harness_node(harness, 2)->disk_writes, 0);
	assert_int_equal(harness_node(harness, 1)->disk_writes, 0);
	harness_suspend(harness, 3, LUID);
	assert_int_equal(harness_log(harness, 1).writer, 1);
	harness_end(harness);
}

static void a_writer_that_leaves_has_written_everything(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK " nosync");
	const struct harness_device *device = harness_device(harness, HARNESS_DEVICE);

	(void)state;
	harness_mark_flush(harness, 1, LUID, 7);
	harness_mark_flush(harness, 2, LUID, 9);
	harness_mark_flush(harness, 2, LUID, 11);
	harness_suspend(harness, 1, LUID);
	assert_int_equal(harness_log(harness, 2).writer, 2);
	assert_true(harness_device_is_clean(device, 7));
	assert_false(harness_device_is_clean(device, 9));
	harness_mark_flush(harness, 2, LUID, 13);
	assert_false(harness_device_is_clean(device, 13));
	harness_suspend(harness, 2, LUID);
	assert_int_equal(harness_device_count_clean(device, 128), 128);
	harness_end(harness);
}

/* Corosync gives a node its own message first; with its power its marks are gone, but for the device. */
static void what_only_a_dead_writer_had_marked_is_copied_again(void **state)
{
	struct harness *harness = harness_new_active(3, LUID, DISK " nosync");
	struct harness_device *device = harness_device(harness, HARNESS_DEVICE);

	(void)state;
	harness_mark_flush(harness, 2, LUID, 9);
	harness_device_set_bits(device, 7, 8, false);
	harness_node_down(harness, 1);
	harness_advance(harness, 1000);
	assert_int_equal(harness_log(harness, 2).writer, 2);
	assert_int_equal(harness_log(harness, 2).in_sync, 127);
	assert_false(harness_device_is_clean(device, 7));
	assert_int_equal(harness_log(harness, 3).in_sync, 127);
	harness_end(harness);
}

static void a_writer_that_leaves_in_order_leaves_nothing_to_look_for(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK " nosync");
	struct harness_device *device = harness_device(harness, HARNESS_DEVICE);

	(void)state;
	harness_device_set_bits(device, 7, 8, false);
	harness_suspend(harness, 1, LUID);
	harness_advance(harness, 1000);
	assert_int_equal(harness_log(harness, 2).in_sync, 128);
	harness_end(harness);
}

static void a_writer_gives_the_device_up_only_with_no_write_under_way(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK " nosync");
	uint64_t region = 9;
	uint32_t postsuspend, flush;

	(void)state;
	harness->hold_disk = true;
	flush = harness_send_regions(harness, 2, ULOG_FLUSH, LUID, &region, 1);
	harness_run(harness);
	postsuspend = harness_send(harness, 1, ULOG_POSTSUSPEND, LUID);
	harness_run(harness);
	assert_int_equal(harness_log(harness, 2).writer, 1);
	assert_false(harness_is_answered(harness, 1, postsuspend));
	harness->hold_disk = false;
	harness_run(harness);
	assert_int_equal(harness_log(harness, 2).writer, 2);
	assert_int_equal(harness_answer(harness, 1, postsuspend)->error, 0);
	assert_int_equal(harness_answer(harness, 2, flush)->error, 0);
	assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 9));
	harness_end(harness);
}

/* The writer's daemon, or its node, dies while a flush of another node waits for it. */
static void lose_the_writer(void (*lose)(struct harness *harness, uint32_t node), bool mark_stays)
{
	struct harness *harness = harness_new_active(2, LUID, DISK " nosync");
	const struct harness_device *device = harness_device(harness, HARNESS_DEVICE);
	uint64_t region = 9;
	uint32_t flush;

	harness_mark_flush(harness, 1, LUID, 7);
	harness->hold_disk = true;
	flush = harness_send_regions(harness, 2, ULOG_FLUSH, LUID, &region, 1);
	harness_run(harness);
	assert_false(harness_is_answered(harness, 2, flush));
	lose(harness, 1);
	harness->hold_disk = false;
	harness_advance(harness, 2000);
	assert_int_equal(harness_log(harness, 2).writer, 2);
	assert_int_equal(harness_answer(harness, 2, flush)->error, 0);
	assert_false(harness_device_is_clean(device, 9));
	/* the dead one may have written region 7 */
	assert_false(harness_device_is_clean(device, 7));
	assert_int_equal(harness_log(harness, 2).dirty, mark_stays ? 2 : 1);
	assert_int_equal(harness_log(harness, 2).in_sync, mark_stays ? 128 : 127);
	assert_int_equal(harness_device_count_clean(device, 128), 126);
	harness_end(harness);
}

static void the_next_node_writes_when_the_writers_daemon_dies(void **state)
{
	(void)state;
	lose_the_writer(harness_kill, true);
}

static void the_next_node_writes_when_the_writer_dies(void **state)
{
	(void)state;
	lose_the_writer(harness_node_down, false);
}

/* A region that is dirty already is marked, and another let go, while the word that the device has it is on its way. */
static void a_mark_that_needs_no_write_is_not_forgotten_for_the_word_before_it(void **state)
{
	struct engine_settings settings;
	struct harness *harness;
	uint64_t region = 7, other = 9;
	uint32_t flush;

	(void)state;
	engine_settings_init(&settings);
	settings.window_regions = 0;
	harness = harness_new(3, &settings);
	for (uint32_t node = 1; node <= 3; node++)
		harness_activate(harness, node, LUID, DISK " nosync");
	assert_int_equal(harness_log(harness, 1).writer, 1);
	harness_mark_flush(harness, 1, LUID, other);
	harness->hold_bus = harness->hold_disk = true;
	harness_send_regions(harness, 2, ULOG_MARK_REGION, LUID, &region, 1);
	assert_true(harness_step_bus(harness));
	harness_send_regions(harness, 3, ULOG_MARK_REGION, LUID, &region, 1);
	flush = harness_send(harness, 3, ULOG_FLUSH, LUID);
	harness_send_regions(harness, 1, ULOG_CLEAR_REGION, LUID, &other, 1);
	assert_true(harness_step_disk(harness));
	harness->hold_bus = harness->hold_disk = false;
	harness_run(harness);
	assert_true(harness_is_answered(harness, 3, flush));
	harness_end(harness);
}

static void one_dead_device_delays_only_its_own_log(void **state)
{
	struct harness *harness = harness_new_active(1, LUID, DISK " nosync");
	uint64_t region = 7;
	uint32_t flush;

	(void)state;
	harness_device(harness, HARNESS_DEVICE)->fails = true;
	flush = harness_send_regions(harness, 1, ULOG_FLUSH, LUID, &region, 1);
	harness->uuid = "LVM-another-log";
	harness_activate(harness, 1, LUID2, "131072 clustered-disk 254:9 1024 nosync");
	harness_mark_flush(harness, 1, LUID2, 7);
	assert_int_equal(harness_answer(harness, 1, flush)->error, -EIO);
	harness_end(harness);
}

/* Positions of a state that is gone are no measure for what its successor's nodes have been told. */
static void a_writer_with_another_state_tells_those_who_wait_at_once(void **state)
{
	struct harness *harness = harness_new(3, NULL);

	(void)state;
	harness_activate(harness, 3, LUID, DISK " nosync");
	harness_activate(harness, 2, LUID, DISK " nosync");
	for (uint64_t region = 0; region < 60; region++)
		harness_mark_flush(harness, 2, LUID, region);
	harness_suspend(harness, 2, LUID);
	harness_cut_off(harness, 3);
	for (uint32_t node = 1; node <= 2; node++) {
		harness_kill(harness, node);
		harness_run(harness);
	}
	for (uint32_t node = 1; node <= 2; node++)
		harness_start(harness, node);
	harness_run(harness);
	harness_activate(harness, 1, LUID2, DISK " nosync");
	harness_heal(harness);
	harness_advance(harness, 3000);
	harness_suspend(harness, 1, LUID2);
	assert_int_equal(harness_log(harness, 3).writer, 3);
	harness_activate(harness, 1, LUID2 + 1, DISK " nosync");
	harness_advance(harness, 20000);
	harness_mark_flush(harness, 1, LUID2 + 1, 100);
	harness_end(harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_node_that_attached_first_goes_on_writing),
		cmocka_unit_test(a_writer_that_leaves_has_written_everything),
		cmocka_unit_test(what_only_a_dead_writer_had_marked_is_copied_again),
		cmocka_unit_test(a_writer_that_leaves_in_order_leaves_nothing_to_look_for),
		cmocka_unit_test(a_writer_gives_the_device_up_only_with_no_write_under_way),
		cmocka_unit_test(the_next_node_writes_when_the_writers_daemon_dies),
		cmocka_unit_test(the_next_node_writes_when_the_writer_dies),
		cmocka_unit_test(
			a_mark_that_needs_no_write_is_not_forgotten_for_the_word_before_it),
		cmocka_unit_test(one_dead_device_delays_only_its_own_log),
		cmocka_unit_test(a_writer_with_another_state_tells_those_who_wait_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
