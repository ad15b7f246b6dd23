/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The activity window: what a retained mark saves, and when it is let go. */
#include "tests/unit/unit.h"

#include "tests/lib/engine_harness.h"

#define CORE      "131072 clustered-core 1024 nosync"
#define DISK      "131072 clustered-disk " HARNESS_DEVICE " 1024 nosync"
#define LONG_DISK "8192000 clustered-disk " HARNESS_DEVICE " 1024 nosync"
#define LUID      0xffff888012340000ULL

static uint64_t retained(struct harness *harness, uint32_t node)
{
	struct engine_log_status status;

	assert_true(harness_status(harness, node, &status));
	return status.retained;
}

static uint64_t dirty(struct harness *harness, uint32_t node)
{
	struct engine_log_status status;

	assert_true(harness_status(harness, node, &status));
	return status.dirty;
}

static void a_retained_mark_costs_no_message_and_no_write(void **state)
{
	static const char *const constructors[] = {CORE, DISK};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(constructors); i++) {
		struct harness *harness = harness_new_active(2, LUID, constructors[i]);

		for (uint32_t node = 1; node <= 2; node++) {
			harness_mark_flush(harness, node, LUID, 7);
			harness_count_from_here(harness);
			harness->hold_bus = harness->hold_disk = true;
			for (int round = 0; round < 5; round++) {
				harness_clear(harness, node, LUID, 7);
				assert_int_equal(retained(harness, node), 1);
				harness_mark_flush(harness, node, LUID, 7);
				assert_int_equal(retained(harness, node), 0);
			}
			harness->hold_bus = harness->hold_disk = false;
			for (uint32_t other = 1; other <= 2; other++) {
				assert_int_equal(harness_node(harness, other)->messages, 0);
				assert_int_equal(harness_node(harness, other)->disk_writes, 0);
			}
		}
		harness_end(harness);
	}
}

static void a_retained_mark_stays_on_the_device_and_everywhere(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK);
	const struct ulog_reply *reply;

	(void)state;
	harness_mark_flush(harness, 2, LUID, 7);
	harness_clear(harness, 2, LUID, 7);
	harness_advance(harness, 4000);
	assert_int_equal(dirty(harness, 1), 1);
	assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 7));
	reply = harness_ask_region(harness, 1, ULOG_IS_CLEAN, LUID, 7);
	assert_int_equal(harness_value(reply, 0), 0);
	harness_end(harness);
}

static void a_retained_mark_is_let_go_after_its_time(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK);

	(void)state;
	harness_mark_flush(harness, 2, LUID, 7);
	harness_mark_flush(harness, 2, LUID, 9);
	harness_clear(harness, 2, LUID, 7);
	harness_advance(harness, 8000);
	assert_int_equal(dirty(harness, 1), 1);
	assert_true(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 7));
	/* still marked by the kernel, however long ago */
	assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 9));
	harness_mark_flush(harness, 2, LUID, 7);
	assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 7));
	harness_end(harness);
}

static void what_is_old_at_about_one_time_is_let_go_together(void **state)
{
	struct harness *harness = harness_new_active(1, LUID, CORE);

	(void)state;
	for (uint64_t region = 0; region < 64; region += 16) {
		harness_mark_flush(harness, 1, LUID, region);
		harness_clear(harness, 1, LUID, region);
		harness_advance(harness, 350);
	}
	harness_count_from_here(harness);
	harness_advance(harness, 8000);
	assert_int_equal(dirty(harness, 1), 0);
	assert_int_equal(harness_node(harness, 1)->messages, 1);
	harness_end(harness);
}

static void what_is_old_goes_with_the_marks_of_a_stream(void **state)
{
	struct harness *harness = harness_new_active(1, LUID, LONG_DISK);

	(void)state;
	harness_mark_flush(harness, 1, LUID, 4000);
	harness_clear(harness, 1, LUID, 4000);
	harness_advance(harness, 5100);
	assert_int_equal(retained(harness, 1), 1);
	for (uint64_t region = 0; region < 16; region++)
		harness_mark_flush(harness, 1, LUID, region);
	assert_true(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 4000));
	harness_end(harness);
}

static void a_full_window_lets_the_oldest_go(void **state)
{
	struct engine_settings settings;
	struct harness *harness;

	(void)state;
	engine_settings_init(&settings);
	settings.window_regions = 3;
	settings.mark_ahead_regions = 0;
	harness = harness_new(2, &settings);
	harness_activate(harness, 1, LUID, CORE);
	harness_activate(harness, 2, LUID, CORE);
	for (uint64_t region = 10; region < 15; region++) {
		harness_mark_flush(harness, 1, LUID, region);
		harness_clear(harness, 1, LUID, region);
		harness_advance(harness, 1);
	}
	assert_int_equal(retained(harness, 1), 3);
	assert_int_equal(dirty(harness, 2), 3);
	for (uint64_t region = 10; region < 15; region++) {
		const struct ulog_reply *reply =
			harness_ask_region(harness, 2, ULOG_IS_CLEAN, LUID, region);

		assert_int_equal(harness_value(reply, 0), region < 12);
	}
	harness_end(harness);
}

static void with_a_window_of_0_nothing_is_retained(void **state)
{
	struct engine_settings settings;
	struct harness *harness;

	(void)state;
	engine_settings_init(&settings);
	settings.window_regions = 0;
	harness = harness_new(1, &settings);
	harness_activate(harness, 1, LUID, CORE);
	for (uint64_t region = 10; region < 15; region++) {
		harness_mark_flush(harness, 1, LUID, region);
		harness_clear(harness, 1, LUID, region);
		assert_int_equal(dirty(harness, 1), 0);
		assert_int_equal(retained(harness, 1), 0);
	}
	harness_end(harness);
}

static void a_stream_marks_ahead(void **state)
{
	struct harness *harness = harness_new_active(1, LUID, DISK);

	(void)state;
	for (uint64_t region = 0; region < 100; region++) {
		harness_mark_flush(harness, 1, LUID, region);
		assert_false(
			harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), region));
		harness_clear(harness, 1, LUID, region);
	}
	assert_true(harness_node(harness, 1)->messages < 20);
	assert_true(harness_node(harness, 1)->disk_writes < 20);
	/* and none of it stays for good */
	harness_advance(harness, 10000);
	assert_int_equal(dirty(harness, 1), 0);
	assert_int_equal(harness_device_count_clean(harness_device(harness, HARNESS_DEVICE), 128),
			 128);
	harness_end(harness);
}

/* Streams that went through more than the window holds still wait for nothing. */
static void streams_with_a_full_window_wait_for_no_message(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, LONG_DISK);
	unsigned int waited = 0;

	(void)state;
	for (uint64_t step = 0; step < 3000; step++) {
		for (uint64_t stream = 0; stream < 2; stream++) {
			uint64_t region = stream * 4000 + step;
			uint32_t mark = harness_send_regions(harness, 2, ULOG_MARK_REGION, LUID,
							     &region, 1);

			waited += !harness_is_answered(harness, 2, mark);
			harness_run(harness);
			harness_clear(harness, 2, LUID, region);
		}
		if (step % 10 == 0)
			harness_advance(harness, 10);
	}
	assert_true(waited <= 8);
	/* One message for every 32 regions, and one for what the window lets go of. */
	assert_true(harness_node(harness, 2)->messages < 6000 / 32 + 6000 / 128 + 40);
	harness_end(harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_retained_mark_costs_no_message_and_no_write),
		cmocka_unit_test(a_retained_mark_stays_on_the_device_and_everywhere),
		cmocka_unit_test(a_retained_mark_is_let_go_after_its_time),
		cmocka_unit_test(what_is_old_at_about_one_time_is_let_go_together),
		cmocka_unit_test(what_is_old_goes_with_the_marks_of_a_stream),
		cmocka_unit_test(a_full_window_lets_the_oldest_go),
		cmocka_unit_test(with_a_window_of_0_nothing_is_retained),
		cmocka_unit_test(a_stream_marks_ahead),
		cmocka_unit_test(streams_with_a_full_window_wait_for_no_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
