/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an operator is told: lines for events, none for requests. */
#include "tests/unit/unit.h"

#include <string.h>

#include "common/disklog.h"
#include "tests/lib/engine_harness.h"

#define DISK "131072 clustered-disk " HARNESS_DEVICE " 1024"
#define LUID 0xffff888012340000ULL

static struct harness *start(uint64_t unsynced, bool fencing)
{
	struct engine_settings settings;
	struct harness *harness;
	struct harness_device *device;

	engine_settings_init(&settings);
	settings.fencing = fencing;
	settings.mark_ahead_regions = 0;
	harness = harness_new(2, &settings);
	device = harness_device(harness, HARNESS_DEVICE);
	harness_device_set_header(device, DISKLOG_MAGIC, 2, 128);
	harness_device_set_bits(device, unsynced, 128, true);
	for (uint32_t node = 1; node <= 2; node++)
		harness_activate(harness, node, LUID, DISK);
	return harness;
}

static void assert_said(struct harness *harness, uint32_t node, const char *lines)
{
	assert_string_equal(harness_node(harness, node)->reports, lines);
	harness_count_from_here(harness);
}

static void copy(struct harness *harness, uint64_t count)
{
	for (; count; count--) {
		uint64_t region = harness_get_work(harness, 1, LUID);

		harness_set_sync(harness, 1, LUID, region, true);
	}
	harness_advance(harness, 1000);
}

static void a_death_is_told_with_what_it_costs(void **state)
{
	struct harness *harness = start(0, false);

	(void)state;
	harness_mark_flush(harness, 2, LUID, 7);
	harness_mark_flush(harness, 2, LUID, 8);
	harness_count_from_here(harness);
	harness_node_down(harness, 2);
	harness_run(harness);
	assert_said(harness, 1,
		    "node 2 is gone\n"
		    "LVM-harness-log: node 2 may have been writing 2 regions: they are copied "
		    "again\n"
		    "LVM-harness-log: recovery started, 2 regions out of sync\n");
	harness_end(harness);
}

static void with_fencing_the_line_says_that_it_is_waited_for(void **state)
{
	struct harness *harness = start(0, true);

	(void)state;
	harness_mark_flush(harness, 2, LUID, 7);
	harness_count_from_here(harness);
	harness_node_down(harness, 2);
	harness_run(harness);
	assert_said(harness, 1,
		    "node 2 is gone\n"
		    "LVM-harness-log: node 2 may have been writing 1 regions: they are copied "
		    "again once it is fenced\n"
		    "quorate, as others may be: writes are frozen until they are fenced\n");
	harness_end(harness);
}

static void a_recovery_is_told_once_a_minute(void **state)
{
	struct harness *harness = start(64, false);
	const char *line;

	(void)state;
	harness_count_from_here(harness);
	copy(harness, 16);
	assert_said(harness, 1, "");
	harness_advance(harness, 62000);
	copy(harness, 16);
	line = strstr(harness_node(harness, 1)->reports, "recovery goes on");
	assert_non_null(line);
	assert_null(strstr(line + 1, "recovery goes on"));
	harness_count_from_here(harness);
	copy(harness, 32);
	assert_non_null(strstr(harness_node(harness, 1)->reports, "recovery finished in 6"));
	assert_non_null(strstr(harness_node(harness, 2)->reports, "recovery finished in 6"));
	harness_end(harness);
}

static void requests_are_not_told(void **state)
{
	struct harness *harness = start(0, false);

	(void)state;
	harness_count_from_here(harness);
	for (uint64_t region = 0; region < 64; region++)
		harness_mark_flush(harness, 1, LUID, region);
	(void)harness_sync_count(harness, 1, LUID);
	harness_advance(harness, 10000);
	assert_said(harness, 1, "");
	harness_end(harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_death_is_told_with_what_it_costs),
		cmocka_unit_test(with_fencing_the_line_says_that_it_is_waited_for),
		cmocka_unit_test(a_recovery_is_told_once_a_minute),
		cmocka_unit_test(requests_are_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
