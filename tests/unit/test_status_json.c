/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon writes, read by what clogctl reads it with. */
#include "tests/unit/unit.h"

#include <json-c/json.h>
#include <string.h>

#include "daemons/clogctl/region_map.h"
#include "daemons/clogctl/status.h"
#include "daemons/clogd/map_json.h"
#include "daemons/clogd/status_json.h"
#include "tests/lib/engine_harness.h"

#define DISK "131072 clustered-disk " HARNESS_DEVICE " 1024 nosync"
#define CORE "131072 clustered-core 1024"
#define LUID 0xffff888012340000ULL

/* The names that device-mapper would have. */
const char *device_name(const struct devices *devices, const char *uuid)
{
	(void)devices;
	return strcmp(uuid, HARNESS_UUID) == 0 ? "mirror-1" : "";
}

const struct devices_counters *devices_counters(const struct devices *devices)
{
	static const struct devices_counters counters = {.cycled = 3};

	(void)devices;
	return &counters;
}

static char *write_status(const struct engine *engine, enum status_detail detail)
{
	struct status_sources sources = {
		.engine = engine,
		.version = "1.2.3",
		.log_level = "notice",
		.uptime_seconds = 77,
		.detail = detail,
	};

	return status_json(&sources);
}

static struct status read_status(const struct engine *engine)
{
	char *text = write_status(engine, STATUS_WHOLE);
	struct status status;

	assert_int_equal(status_parse(text, &status), 0);
	free(text);
	return status;
}

/* Where device-mapper has the mirror it is not said to be out of use. */
static void a_restarted_daemon_waits_for_its_kernel(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK);
	struct status status;

	(void)state;
	harness_kill(harness, 1);
	harness_start(harness, 1);
	harness_run(harness);
	status = read_status(harness_node(harness, 1)->engine);
	assert_int_equal(status.log_count, 1);
	assert_string_equal(status.logs[0].state, "joining");
	assert_non_null(strstr(status.logs[0].reason, "waiting for this node's kernel"));
	status_free(&status);
	harness_activate(harness, 1, LUID, DISK);
	status = read_status(harness_node(harness, 1)->engine);
	assert_string_equal(status.logs[0].state, "active");
	status_free(&status);
	harness_end(harness);
}

static void a_node_comes_back_as_written(void **state)
{
	struct harness *harness = harness_new(3, NULL);
	struct status status = read_status(harness_node(harness, 2)->engine);

	(void)state;
	assert_int_equal(status.node.id, 2);
	assert_string_equal(status.node.version, "1.2.3");
	assert_string_equal(status.node.log_level, "notice");
	assert_int_equal(status.node.uptime_seconds, 77);
	assert_true(status.node.quorate && status.node.joined);
	assert_int_equal(status.node.members.count, 3);
	assert_int_equal(status.node.members.ids[2], 3);
	assert_int_equal(status.node.window_regions, harness->settings.window_regions);
	assert_int_equal(status.node.hold_ms, harness->settings.hold_ms);
	assert_int_equal(status.log_count, 0);
	status_free(&status);
	/* Before Corosync answers there is no engine. */
	status = read_status(NULL);
	assert_int_equal(status.node.id, 0);
	assert_false(status.node.quorate);
	status_free(&status);
	harness_end(harness);
}

static void a_log_comes_back_as_written(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK);
	struct status status;
	const struct log_status *log;

	(void)state;
	harness_mark_flush(harness, 1, LUID, 3);
	harness_clear(harness, 1, LUID, 3);
	harness_mark_flush(harness, 2, LUID, 9);
	status = read_status(harness_node(harness, 1)->engine);
	assert_int_equal(status.log_count, 1);
	log = &status.logs[0];
	assert_string_equal(log->uuid, HARNESS_UUID);
	assert_string_equal(log->name, "mirror-1");
	assert_string_equal(log->type, "clustered-disk");
	assert_string_equal(log->state, "active");
	assert_string_equal(log->device, HARNESS_DEVICE);
	assert_false(log->device_is_dead);
	assert_int_equal(log->region_bytes, 1024 * 512);
	assert_int_equal(log->regions, 128);
	assert_int_equal(log->in_sync, 128);
	assert_int_equal(log->dirty, 2);
	assert_int_equal(log->retained, 1);
	assert_int_equal(log->attached.count, 2);
	assert_int_equal(log->marked.count, 2);
	assert_int_equal(log->marked.entries[1].node, 2);
	assert_int_equal(log->marked.entries[1].regions, 1);
	assert_int_equal(log->instances, 1);
	assert_true(log->counters.count > 5);
	status_free(&status);
	harness_end(harness);
}

static void logs_are_told_apart(void **state)
{
	struct harness *harness = harness_new_active(1, LUID, DISK);
	struct status status;

	(void)state;
	harness->uuid = "another \"log\"";
	harness_activate(harness, 1, LUID + 1, CORE);
	status = read_status(harness_node(harness, 1)->engine);
	assert_int_equal(status.log_count, 2);
	assert_string_equal(status.logs[0].uuid, HARNESS_UUID);
	assert_string_equal(status.logs[1].uuid, "another \"log\"");
	assert_string_equal(status.logs[1].name, "");
	assert_string_equal(status.logs[1].device, "");
	status_free(&status);
	harness_end(harness);
}

static void digests_are_given_when_they_are_wanted(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK);
	char *texts[2];

	(void)state;
	for (uint32_t node = 1; node <= 2; node++) {
		char *plain = write_status(harness_node(harness, node)->engine, STATUS_WHOLE);
		struct json_object *json;
		struct json_object *digest;

		assert_null(strstr(plain, "digest"));
		free(plain);
		plain = write_status(harness_node(harness, node)->engine, STATUS_DIGESTS);
		json = json_tokener_parse(plain);
		free(plain);
		assert_true(json_object_object_get_ex(json, "node", &digest));
		assert_true(json_object_object_get_ex(digest, "digest", &digest));
		texts[node - 1] = strdup(json_object_get_string(digest));
		json_object_put(json);
	}
	assert_int_equal(strlen(texts[0]), 16);
	assert_string_equal(texts[0], texts[1]);
	free(texts[0]);
	free(texts[1]);
	harness_end(harness);
}

static void a_brief_status_lacks_only_the_counters_of_logs(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK);
	char *text = write_status(harness_node(harness, 1)->engine, STATUS_BRIEF);
	struct status whole = read_status(harness_node(harness, 1)->engine);
	struct status brief;

	(void)state;
	assert_int_equal(status_parse(text, &brief), 0);
	free(text);
	assert_true(whole.logs[0].counters.count > 0);
	assert_int_equal(brief.logs[0].counters.count, 0);
	assert_true(brief.node.counters.count > 0);
	assert_int_equal(brief.log_count, whole.log_count);
	assert_string_equal(brief.logs[0].uuid, whole.logs[0].uuid);
	assert_int_equal(brief.logs[0].in_sync, whole.logs[0].in_sync);
	status_free(&brief);
	status_free(&whole);
	harness_end(harness);
}

static void a_map_comes_back_as_written(void **state)
{
	struct harness *harness = harness_new_active(1, LUID, CORE);
	uint64_t region = harness_get_work(harness, 1, LUID);
	const struct engine *engine = harness_node(harness, 1)->engine;
	char *text = map_json(engine, HARNESS_UUID, 4096);
	struct region_map map;

	(void)state;
	assert_null(map_json(engine, "another", 10));
	assert_int_equal(region_map_parse(text, &map), 0);
	free(text);
	assert_int_equal(map.cell_count, 128);
	assert_int_equal(map_cell_kind(&map.cells[region]), CELL_RECOVERING);
	assert_int_equal(map_cell_kind(&map.cells[127]), CELL_UNSYNCED);
	region_map_free(&map);
	text = map_json(engine, HARNESS_UUID, 3);
	assert_int_equal(region_map_parse(text, &map), 0);
	free(text);
	assert_int_equal(map.cell_count, 3);
	assert_int_equal(map.cells[2].regions, 128 - 2 * 43);
	region_map_free(&map);
	harness_free(harness);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_node_comes_back_as_written),
		cmocka_unit_test(a_restarted_daemon_waits_for_its_kernel),
		cmocka_unit_test(a_log_comes_back_as_written),
		cmocka_unit_test(logs_are_told_apart),
		cmocka_unit_test(digests_are_given_when_they_are_wanted),
		cmocka_unit_test(a_brief_status_lacks_only_the_counters_of_logs),
		cmocka_unit_test(a_map_comes_back_as_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
