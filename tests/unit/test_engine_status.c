/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an operator is told: who would cost what, what is waited for, and the picture of the regions. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "tests/lib/engine_harness.h"

#define CORE "131072 clustered-core 1024"
#define LUID 0xffff888012340000ULL

/* The strings and lists of a status are borrowed for the visit: what a test wants is kept here. */
struct seen {
	char state[16];
	char reason[128];
	struct engine_marks marked[4];
	size_t marked_count;
	uint32_t lost[4];
	size_t lost_count;
	uint64_t generation;
};

static void keep(void *context, const struct engine_log_status *log)
{
	struct seen *seen = context;

	strcpy(seen->state, log->state);
	strcpy(seen->reason, log->reason);
	seen->generation = log->generation;
	seen->marked_count = log->marked_count;
	memcpy(seen->marked, log->marked, log->marked_count * sizeof(*log->marked));
	seen->lost_count = log->lost_count;
	memcpy(seen->lost, log->lost, log->lost_count * sizeof(*log->lost));
}

static struct seen look(struct harness *harness, uint32_t node)
{
	struct seen seen = {.marked_count = 0};

	engine_status_logs(harness_node(harness, node)->engine, &seen, keep);
	return seen;
}

static struct engine_map *map_of(struct harness *harness, size_t cells)
{
	struct engine_map *map = calloc(1, sizeof(*map));

	assert_int_equal(engine_map(harness_node(harness, 1)->engine, HARNESS_UUID, cells, map), 0);
	return map;
}

static void marks_are_told_by_node(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, CORE " nosync");
	struct seen seen;

	(void)state;
	assert_int_equal(look(harness, 1).marked_count, 0);
	harness_mark_flush(harness, 1, LUID, 7);
	harness_mark_flush(harness, 2, LUID, 7);
	harness_mark_flush(harness, 2, LUID, 99);
	seen = look(harness, 1);
	assert_int_equal(seen.marked_count, 2);
	assert_int_equal(seen.marked[0].node, 1);
	assert_int_equal(seen.marked[0].regions, 1);
	assert_int_equal(seen.marked[1].node, 2);
	assert_int_equal(seen.marked[1].regions, 2);
	harness_end(harness);
}

static void a_frozen_log_says_why(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, CORE " nosync");

	(void)state;
	assert_string_equal(look(harness, 1).state, "active");
	assert_string_equal(look(harness, 1).reason, "");
	harness_quorum(harness, 1, QUORUM_NO);
	assert_string_equal(look(harness, 1).state, "frozen");
	assert_non_null(strstr(look(harness, 1).reason, "no quorum"));
	harness_quorum(harness, 1, QUORUM_UNSURE);
	assert_non_null(strstr(look(harness, 1).reason, "until quorum is known"));
	engine_disconnected(harness_node(harness, 1)->engine, harness->now_ms);
	assert_non_null(strstr(look(harness, 1).reason, "Corosync does not answer"));
	harness_free(harness);
}

/* The last node had region 5 marked, and is not known to be fenced. */
static struct harness *with_a_dead_writer(uint32_t nodes)
{
	struct engine_settings settings;
	struct harness *harness;

	engine_settings_init(&settings);
	settings.fencing = true;
	harness = harness_new(nodes, &settings);
	for (uint32_t node = 1; node <= nodes; node++)
		harness_activate(harness, node, LUID, CORE " nosync");
	harness_mark_flush(harness, nodes, LUID, 5);
	harness_node_down(harness, nodes);
	harness_run(harness);
	return harness;
}

static void a_dead_node_is_named_until_it_is_fenced(void **state)
{
	struct harness *harness;
	struct seen seen;

	(void)state;
	harness = with_a_dead_writer(3);
	seen = look(harness, 1);
	assert_int_equal(seen.lost_count, 1);
	assert_int_equal(seen.lost[0], 3);
	assert_int_equal(engine_fenced(harness_node(harness, 1)->engine, harness->now_ms, 3), 0);
	harness_run(harness);
	assert_int_equal(look(harness, 1).lost_count, 0);
	harness_free(harness);
}

/* By it the nodes wait for each other when they change devices together. */
static void the_generation_tells_when_all_have_suspended(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, CORE " nosync");
	uint64_t before = look(harness, 1).generation;

	(void)state;
	harness_suspend(harness, 1, LUID);
	assert_int_equal(look(harness, 1).generation, before);
	harness_suspend(harness, 2, LUID);
	assert_int_not_equal(look(harness, 1).generation, before);
	harness_end(harness);
}

static void a_map_shows_each_region_where_they_are_few(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, CORE " nosync");
	struct engine_map *map;

	(void)state;
	harness_mark_flush(harness, 1, LUID, 3);
	harness_clear(harness, 1, LUID, 3);
	harness_mark_flush(harness, 2, LUID, 127);
	map = map_of(harness, ENGINE_MAP_CELLS_MAX);
	assert_int_equal(map->regions, 128);
	assert_int_equal(map->cell_regions, 1);
	assert_int_equal(map->cell_count, 128);
	assert_int_equal(map->region_size_sectors, 1024);
	for (size_t i = 0; i < map->cell_count; i++) {
		assert_int_equal(map->cells[i].dirty, i == 3 || i == 127);
		assert_int_equal(map->cells[i].retained, i == 3);
		assert_int_equal(map->cells[i].unsynced, 0);
		assert_int_equal(map->cells[i].recovering, 0);
	}
	free(map);
	harness_end(harness);
}

static void cells_add_up_to_the_log(void **state)
{
	static const size_t cells[] = {1, 5, 64, 127, 128, 4096};
	struct harness *harness = harness_new_active(1, LUID, CORE);
	uint64_t region = harness_get_work(harness, 1, LUID);

	(void)state;
	assert_int_not_equal(region, UINT64_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
		struct engine_map *map = map_of(harness, cells[i]);
		uint64_t unsynced = 0;
		uint64_t recovering = 0;

		assert_true(map->cell_count <= cells[i]);
		assert_true((map->cell_count - 1) * map->cell_regions < map->regions);
		assert_true(map->cell_count * map->cell_regions >= map->regions);
		for (size_t cell = 0; cell < map->cell_count; cell++) {
			assert_true(map->cells[cell].recovering <= map->cells[cell].unsynced);
			assert_true(map->cells[cell].unsynced <= map->cell_regions);
			unsynced += map->cells[cell].unsynced;
			recovering += map->cells[cell].recovering;
		}
		assert_int_equal(unsynced, 128);
		/* a quarter of what is left: others want their share */
		assert_int_equal(recovering, 128 / 4);
		free(map);
	}
	harness_free(harness);
}

static void what_a_lost_node_wrote_is_out_of_sync_on_the_map(void **state)
{
	struct harness *harness;
	struct engine_map *map;

	(void)state;
	harness = with_a_dead_writer(2);
	map = map_of(harness, 128);
	assert_int_equal(map->cells[5].unsynced, 1);
	assert_int_equal(map->cells[6].unsynced, 0);
	free(map);
	harness_free(harness);
}

static void a_log_that_nobody_uses_has_no_map(void **state)
{
	struct harness *harness = harness_new(1, NULL);
	struct engine_map *map = calloc(1, sizeof(*map));

	(void)state;
	assert_int_equal(engine_map(harness_node(harness, 1)->engine, "another", 10, map), -ENOENT);
	harness_construct(harness, 1, LUID, CORE);
	assert_int_equal(engine_map(harness_node(harness, 1)->engine, HARNESS_UUID, 10, map),
			 -ENOENT);
	free(map);
	harness_end(harness);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_are_told_by_node),
		cmocka_unit_test(a_frozen_log_says_why),
		cmocka_unit_test(a_dead_node_is_named_until_it_is_fenced),
		cmocka_unit_test(the_generation_tells_when_all_have_suspended),
		cmocka_unit_test(a_map_shows_each_region_where_they_are_few),
		cmocka_unit_test(cells_add_up_to_the_log),
		cmocka_unit_test(what_a_lost_node_wrote_is_out_of_sync_on_the_map),
		cmocka_unit_test(a_log_that_nobody_uses_has_no_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
