/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogctl/status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "daemons/clogctl/json_read.h"

static struct id_list parse_ids(struct json_object *array)
{
	struct id_list list = {NULL, json_length(array)};

	list.ids = memory_new(list.count + 1, sizeof(*list.ids));
	for (size_t i = 0; i < list.count; i++)
		list.ids[i] = json_object_get_uint64(json_at(array, i));
	return list;
}

static struct node_regions_list parse_regions(struct json_object *array, const char *key)
{
	struct node_regions_list list = {NULL, json_length(array)};

	list.entries = memory_new(list.count + 1, sizeof(*list.entries));
	for (size_t i = 0; i < list.count; i++) {
		struct json_object *entry = json_at(array, i);

		list.entries[i] =
			(struct node_regions){json_number(entry, "node"), json_number(entry, key)};
	}
	return list;
}

static struct counter_list parse_counters(struct json_object *object)
{
	struct counter_list list = {NULL, 0};

	if (!json_object_is_type(object, json_type_object))
		return list;
	list.entries =
		memory_new((size_t)json_object_object_length(object) + 1, sizeof(*list.entries));
	json_object_object_foreach(object, name, value)
	{
		list.entries[list.count++] = (struct counter){name, json_object_get_uint64(value)};
	}
	return list;
}

static void parse_node(struct json_object *object, struct node_status *node)
{
	struct json_object *settings = json_member(object, "settings");

	*node = (struct node_status){
		.id = json_number(object, "id"),
		.version = json_string(object, "version"),
		.protocol = json_number(object, "protocol"),
		.quorate = json_flag(object, "quorate"),
		.joined = json_flag(object, "joined"),
		.members = parse_ids(json_member(object, "members")),
		.rivals = parse_ids(json_member(object, "rivals")),
		.uptime_seconds = json_number(object, "uptime_s"),
		.log_level = json_string(object, "log_level"),
		.window_regions = json_number(settings, "window"),
		.hold_ms = json_number(settings, "hold_ms"),
		.fencing = json_flag(settings, "fencing"),
		.counters = parse_counters(json_member(object, "counters")),
	};
}

static void parse_log(struct json_object *object, struct log_status *log)
{
	struct json_object *device = json_member(object, "log_device");

	*log = (struct log_status){
		.uuid = json_string(object, "uuid"),
		.name = json_string(object, "name"),
		.type = json_string(object, "type"),
		.state = json_string(object, "state"),
		.reason = json_string(object, "reason"),
		.region_bytes = json_number(object, "region_size") * SECTOR_BYTES,
		.regions = json_number(object, "regions"),
		.in_sync = json_number(object, "in_sync"),
		.dirty = json_number(object, "dirty"),
		.retained = json_number(object, "retained"),
		.writer = json_number(object, "writer"),
		.attached = parse_ids(json_member(object, "attached")),
		.lost = parse_ids(json_member(object, "lost")),
		.unheard = parse_ids(json_member(object, "unheard")),
		.recovering = parse_regions(json_member(object, "recovering"), "region"),
		.marked = parse_regions(json_member(object, "marked"), "regions"),
		.device = json_string(device, "device"),
		.device_is_dead = strcmp(json_string(device, "health"), "D") == 0,
		.waits_for_fencing = json_flag(object, "waits_for_fencing"),
		.instances = json_length(json_member(object, "instances")),
		.counters = parse_counters(json_member(object, "counters")),
	};
}

int status_parse(const char *text, struct status *status)
{
	struct json_object *logs;

	*status = (struct status){.json = json_tokener_parse(text)};
	logs = json_member(status->json, "logs");
	if (!json_member(status->json, "node") || !json_object_is_type(logs, json_type_array)) {
		json_object_put(status->json);
		return -EBADMSG;
	}
	parse_node(json_member(status->json, "node"), &status->node);
	status->log_count = json_length(logs);
	status->logs = memory_new(status->log_count + 1, sizeof(*status->logs));
	for (size_t i = 0; i < status->log_count; i++)
		parse_log(json_at(logs, i), &status->logs[i]);
	return 0;
}

void status_free(struct status *status)
{
	for (size_t i = 0; i < status->log_count; i++) {
		struct log_status *log = &status->logs[i];

		free(log->attached.ids);
		free(log->lost.ids);
		free(log->unheard.ids);
		free(log->recovering.entries);
		free(log->marked.entries);
		free(log->counters.entries);
	}
	free(status->logs);
	free(status->node.members.ids);
	free(status->node.rivals.ids);
	free(status->node.counters.entries);
	json_object_put(status->json);
	*status = (struct status){NULL};
}

uint64_t log_unsynced_bytes(const struct log_status *log)
{
	return log->in_sync < log->regions ? (log->regions - log->in_sync) * log->region_bytes : 0;
}

const char *log_title(const struct log_status *log)
{
	return *log->name ? log->name : log->uuid;
}

struct node_regions log_most_marked(const struct log_status *log)
{
	struct node_regions most = {0, 0};

	for (size_t i = 0; i < log->marked.count; i++)
		if (log->marked.entries[i].regions > most.regions)
			most = log->marked.entries[i];
	return most;
}
