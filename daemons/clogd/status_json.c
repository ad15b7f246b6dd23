/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/status_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemons/clogd/json_add.h"

/* As a string: a JSON number would lose bits in most readers. */
static void add_digest(struct json_object *object, uint64_t digest)
{
	char text[17];

	(void)snprintf(text, sizeof(text), "%016" PRIx64, digest);
	json_add_string(object, "digest", text);
}

static struct json_object *make_counters(const struct engine_counter *counters, size_t count)
{
	struct json_object *object = json_object_new_object();

	for (size_t i = 0; i < count; i++)
		json_add_number(object, counters[i].name, counters[i].value);
	return object;
}

static void add_netlink(struct json_object *counters, const struct netlink_counters *netlink)
{
	json_add_number(counters, "kernel_requests", netlink->requests);
	json_add_number(counters, "kernel_constructors", netlink->constructors);
	json_add_number(counters, "kernel_replies", netlink->replies);
	json_add_number(counters, "kernel_malformed", netlink->malformed);
	json_add_number(counters, "kernel_foreign", netlink->foreign);
	json_add_number(counters, "kernel_overruns", netlink->overruns);
	json_add_number(counters, "kernel_replies_lost", netlink->replies_lost);
}

static void add_devices(struct json_object *counters, const struct devices_counters *devices)
{
	json_add_number(counters, "devices_cycled", devices->cycled);
	json_add_number(counters, "device_cycles_busy", devices->cycles_busy);
	json_add_number(counters, "device_cycles_failed", devices->cycles_failed);
	json_add_number(counters, "devices_woken", devices->woken);
}

static struct json_object *make_settings(const struct engine_settings *settings)
{
	struct json_object *object = json_object_new_object();

	json_add_number(object, "window", settings->window_regions);
	json_add_number(object, "hold_ms", settings->hold_ms);
	json_add_number(object, "mark_ahead", settings->mark_ahead_regions);
	json_add_number(object, "recovery_batch", settings->recovery_batch);
	json_add_bool(object, "fencing", settings->fencing);
	return object;
}

static struct json_object *make_node(const struct status_sources *sources)
{
	struct json_object *node = json_object_new_object();
	struct engine_status status = {0};
	struct json_object *counters;
	uint64_t position = 0;

	if (sources->engine) {
		engine_status(sources->engine, &status);
		position = engine_position(sources->engine);
	}
	json_add_number(node, "id", status.node);
	json_add_string(node, "version", sources->version);
	json_add_number(node, "protocol", status.protocol);
	json_add_bool(node, "quorate", status.quorate);
	json_add_bool(node, "joined", status.joined);
	json_add_ids(node, "members", status.members, status.member_count);
	json_add_ids(node, "rivals", status.rivals.nodes, status.rivals.count);
	json_add_number(node, "uptime_s", sources->uptime_seconds);
	json_add_number(node, "position", position);
	if (sources->engine && sources->detail == STATUS_DIGESTS)
		add_digest(node, engine_digest(sources->engine, &position));
	json_add_string(node, "log_level", sources->log_level);
	if (status.settings)
		json_add(node, "settings", make_settings(status.settings));
	counters = make_counters(status.counters, status.counter_count);
	if (sources->netlink)
		add_netlink(counters, sources->netlink);
	add_devices(counters, devices_counters(sources->devices));
	json_add(node, "counters", counters);
	return node;
}

static struct json_object *make_recovering(const struct engine_log_status *log)
{
	struct json_object *array = json_object_new_array_ext((int)log->recovering_count);

	for (size_t i = 0; i < log->recovering_count; i++) {
		struct json_object *entry = json_object_new_object();

		json_add_number(entry, "node", log->recovering[i].node);
		json_add_number(entry, "region", log->recovering[i].region);
		json_object_array_add(array, entry);
	}
	return array;
}

static struct json_object *make_marked(const struct engine_log_status *log)
{
	struct json_object *array = json_object_new_array_ext((int)log->marked_count);

	for (size_t i = 0; i < log->marked_count; i++) {
		struct json_object *entry = json_object_new_object();

		json_add_number(entry, "node", log->marked[i].node);
		json_add_number(entry, "regions", log->marked[i].regions);
		json_object_array_add(array, entry);
	}
	return array;
}

static struct json_object *make_instances(const struct engine_log_status *log)
{
	struct json_object *array = json_object_new_array_ext((int)log->instance_count);

	for (size_t i = 0; i < log->instance_count; i++) {
		struct json_object *entry = json_object_new_object();

		json_add_number(entry, "luid", log->instances[i].luid);
		json_add_string(entry, "state", log->instances[i].state);
		json_object_array_add(array, entry);
	}
	return array;
}

static struct json_object *make_log_device(const struct engine_log_status *log)
{
	const char health[] = {log->health, '\0'};
	struct json_object *device = json_object_new_object();

	json_add_string(device, "device", log->device);
	json_add_string(device, "health", health);
	return device;
}

struct visit {
	struct bytes_buffer text;
	const struct status_sources *sources;
	bool any;
};

/* Its kernel asks a restarted daemon only when it has something to ask; device-mapper knows of the mirror before. */
static void add_state(struct json_object *object, const struct engine_log_status *log,
		      const char *device)
{
	bool awaited = *device && log->instance_count == 0;

	json_add_string(object, "state", awaited ? "joining" : log->state);
	json_add_string(object, "reason",
			awaited ? "waiting for this node's kernel, which has not turned to the "
				  "restarted daemon yet"
				: log->reason);
}

static void add_log(void *context, const struct engine_log_status *log)
{
	struct visit *visit = context;
	struct json_object *object = json_object_new_object();
	const char *device = device_name(visit->sources->devices, log->uuid);

	json_add_string(object, "uuid", log->uuid);
	json_add_string(object, "name", device);
	/* Of a log that only an earlier daemon has met nothing but its users is known. */
	json_add_string(object, "type", log->regions ? log_type_name(log->type) : "");
	add_state(object, log, device);
	json_add_number(object, "region_size", log->region_size_sectors);
	json_add_number(object, "regions", log->regions);
	json_add_number(object, "in_sync", log->in_sync);
	json_add_number(object, "dirty", log->dirty);
	json_add_number(object, "retained", log->retained);
	json_add_ids(object, "attached", log->attached, log->attached_count);
	json_add_number(object, "writer", log->writer);
	json_add_number(object, "generation", log->generation);
	json_add(object, "recovering", make_recovering(log));
	json_add(object, "log_device", make_log_device(log));
	json_add(object, "instances", make_instances(log));
	json_add(object, "marked", make_marked(log));
	json_add_bool(object, "waits_for_fencing", log->waits_for_fencing);
	json_add_ids(object, "lost", log->lost, log->lost_count);
	json_add_ids(object, "unheard", log->unheard, log->unheard_count);
	if (visit->sources->detail == STATUS_DIGESTS)
		add_digest(object, engine_log_digest(visit->sources->engine, log->uuid));
	if (visit->sources->detail != STATUS_BRIEF)
		json_add(object, "counters", make_counters(log->counters, log->counter_count));
	if (visit->any)
		bytes_put_u8(&visit->text, ',');
	visit->any = true;
	json_append(&visit->text, object);
}

static void put_text(struct visit *visit, const char *text)
{
	bytes_put_raw(&visit->text, text, strlen(text));
}

/* Log by log: the objects of a thousand logs at once would cost more than what they say. */
char *status_json(const struct status_sources *sources)
{
	struct visit visit = {.sources = sources};

	put_text(&visit, "{\"node\":");
	json_append(&visit.text, make_node(sources));
	put_text(&visit, ",\"logs\":[");
	if (sources->engine)
		engine_status_logs(sources->engine, &visit, add_log);
	put_text(&visit, "]}");
	bytes_put_u8(&visit.text, 0);
	return (char *)visit.text.data;
}
