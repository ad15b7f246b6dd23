/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/status_json.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

#include "common/memory.h"

static void add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void add_string(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

static void add_bool(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

/* As a string: a JSON number would lose bits in most readers. */
static void add_digest(struct json_object *object, uint64_t digest)
{
	char text[17];

	(void)snprintf(text, sizeof(text), "%016" PRIx64, digest);
	add_string(object, "digest", text);
}

static void add_ids(struct json_object *object, const char *key, const uint32_t *ids, size_t count)
{
	struct json_object *array = json_object_new_array_ext((int)count);

	for (size_t i = 0; i < count; i++)
		json_object_array_add(array, json_object_new_uint64(ids[i]));
	json_object_object_add(object, key, array);
}

static struct json_object *make_counters(const struct engine_counter *counters, size_t count)
{
	struct json_object *object = json_object_new_object();

	for (size_t i = 0; i < count; i++)
		add_number(object, counters[i].name, counters[i].value);
	return object;
}

static void add_netlink(struct json_object *counters, const struct netlink_counters *netlink)
{
	add_number(counters, "kernel_requests", netlink->requests);
	add_number(counters, "kernel_replies", netlink->replies);
	add_number(counters, "kernel_malformed", netlink->malformed);
	add_number(counters, "kernel_foreign", netlink->foreign);
	add_number(counters, "kernel_overruns", netlink->overruns);
	add_number(counters, "kernel_replies_lost", netlink->replies_lost);
}

static void add_devices(struct json_object *counters, const struct devices_counters *devices)
{
	add_number(counters, "devices_cycled", devices->cycled);
	add_number(counters, "device_cycles_busy", devices->cycles_busy);
	add_number(counters, "device_cycles_failed", devices->cycles_failed);
	add_number(counters, "devices_woken", devices->woken);
}

static struct json_object *make_node(const struct status_sources *sources)
{
	struct json_object *node = json_object_new_object();
	struct engine_status status = {0};
	struct json_object *counters;
	uint64_t position = 0;
	uint64_t digest = 0;

	if (sources->engine) {
		engine_status(sources->engine, &status);
		digest = engine_digest(sources->engine, &position);
	}
	add_number(node, "id", status.node);
	add_string(node, "version", sources->version);
	add_number(node, "protocol", status.protocol);
	add_bool(node, "quorate", status.quorate);
	add_bool(node, "joined", status.joined);
	add_ids(node, "members", status.members, status.member_count);
	add_number(node, "uptime_s", sources->uptime_seconds);
	add_number(node, "position", position);
	add_digest(node, digest);
	counters = make_counters(status.counters, status.counter_count);
	if (sources->netlink)
		add_netlink(counters, sources->netlink);
	add_devices(counters, devices_counters(sources->devices));
	json_object_object_add(node, "counters", counters);
	return node;
}

static struct json_object *make_recovering(const struct engine_log_status *log)
{
	struct json_object *array = json_object_new_array_ext((int)log->recovering_count);

	for (size_t i = 0; i < log->recovering_count; i++) {
		struct json_object *entry = json_object_new_object();

		add_number(entry, "node", log->recovering[i].node);
		add_number(entry, "region", log->recovering[i].region);
		json_object_array_add(array, entry);
	}
	return array;
}

static struct json_object *make_instances(const struct engine_log_status *log)
{
	struct json_object *array = json_object_new_array_ext((int)log->instance_count);

	for (size_t i = 0; i < log->instance_count; i++) {
		struct json_object *entry = json_object_new_object();

		add_number(entry, "luid", log->instances[i].luid);
		add_string(entry, "state", log->instances[i].state);
		json_object_array_add(array, entry);
	}
	return array;
}

static struct json_object *make_log_device(const struct engine_log_status *log)
{
	const char health[] = {log->health, '\0'};
	struct json_object *device = json_object_new_object();

	add_string(device, "device", log->device);
	add_string(device, "health", health);
	return device;
}

struct visit {
	struct json_object *logs;
	const struct devices *devices;
};

static void add_log(void *context, const struct engine_log_status *log)
{
	const struct visit *visit = context;
	struct json_object *object = json_object_new_object();

	add_string(object, "uuid", log->uuid);
	add_string(object, "name", device_name(visit->devices, log->uuid));
	add_string(object, "type", log_type_name(log->type));
	add_string(object, "state", log->state);
	add_number(object, "region_size", log->region_size_sectors);
	add_number(object, "regions", log->regions);
	add_number(object, "in_sync", log->in_sync);
	add_number(object, "dirty", log->dirty);
	add_number(object, "retained", log->retained);
	add_ids(object, "attached", log->attached, log->attached_count);
	add_number(object, "writer", log->writer);
	json_object_object_add(object, "recovering", make_recovering(log));
	json_object_object_add(object, "log_device", make_log_device(log));
	json_object_object_add(object, "instances", make_instances(log));
	add_bool(object, "waits_for_fencing", log->waits_for_fencing);
	add_digest(object, log->digest);
	json_object_object_add(object, "counters",
			       make_counters(log->counters, log->counter_count));
	json_object_array_add(visit->logs, object);
}

char *status_json(const struct status_sources *sources)
{
	struct json_object *status = json_object_new_object();
	struct visit visit = {.logs = json_object_new_array(), .devices = sources->devices};
	char *text;

	json_object_object_add(status, "node", make_node(sources));
	if (sources->engine)
		engine_status_logs(sources->engine, &visit, add_log);
	json_object_object_add(status, "logs", visit.logs);
	text = memory_string(json_object_to_json_string_ext(
		status, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(status);
	return text;
}
