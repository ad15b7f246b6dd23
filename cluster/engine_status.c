/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be seen of the engine. */
#include <stdlib.h>
#include <string.h>

#include "cluster/engine_internal.h"
#include "cluster/rivals.h"
#include "common/memory.h"

static const char *const counter_names[COUNTER_COUNT] = {
	[COUNTER_REQUESTS] = "requests",
	[COUNTER_MARKS] = "marks",
	[COUNTER_MARKS_RETAINED] = "marks_retained",
	[COUNTER_CLEARS] = "clears",
	[COUNTER_FLUSHES] = "flushes",
	[COUNTER_FLUSHES_AT_ONCE] = "flushes_at_once",
	[COUNTER_OPERATIONS] = "operations_sent",
	[COUNTER_DISK_WRITES] = "log_device_writes",
	[COUNTER_DISK_ERRORS] = "log_device_errors",
	[COUNTER_RECOVERED] = "regions_recovered",
	[COUNTER_HELD] = "requests_held",
};

void engine_status(const struct engine *engine, struct engine_status *status)
{
	static struct engine_counter counter;

	counter = (struct engine_counter){"malformed_messages", engine->malformed_messages};
	*status = (struct engine_status){
		.node = engine->settings.node,
		.protocol = membership_version(engine->membership),
		.quorate = engine->quorum == QUORUM_YES,
		.joined = membership_is_live(engine->membership),
		.rivals = rivals_list(engine),
		.counters = &counter,
		.counter_count = 1,
		.settings = &engine->settings,
	};
	status->members = membership_members(engine->membership, &status->member_count);
}

static const char *log_state(const struct engine *engine, const struct locallog *log,
			     const struct regionlog *state)
{
	if (log && log->active && log->active->state == INSTANCE_RESUMING)
		return "joining";
	if (!log || !log->active)
		return "suspended";
	if (!membership_is_live(engine->membership) && engine->quorum == QUORUM_YES)
		return "joining";
	if (engine_is_frozen(engine))
		return "frozen";
	return state && state->failed ? "failed" : "active";
}

static const char *frozen_reason(const struct engine *engine)
{
	size_t members;

	(void)membership_members(engine->membership, &members);
	if (members == 0)
		return "Corosync does not answer; writes wait until it does";
	if (engine->quorum == QUORUM_NO)
		return "the cluster has no quorum; writes wait until it has";
	if (engine->quorum != engine->quorum_said)
		return "others may have quorum as well; writes wait until they are fenced";
	if (engine->quorum == QUORUM_UNSURE)
		return "a node came or went; writes wait until quorum is known";
	return "this node is being taken into the cluster; requests wait";
}

static const char *state_reason(const struct engine *engine, const struct locallog *log,
				const struct regionlog *state)
{
	const char *name = log_state(engine, log, state);

	if (strcmp(name, "active") == 0)
		return "";
	if (strcmp(name, "failed") == 0)
		return "the log device cannot be written; reload the table with a good one";
	if (strcmp(name, "suspended") == 0)
		return log ? "the device is suspended on this node" : "not in use on this node";
	if (engine_is_frozen(engine))
		return frozen_reason(engine);
	return "the state of the regions is being read";
}

static const char *instance_state(const struct instance *instance)
{
	switch (instance->state) {
	case INSTANCE_OPENING:
	case INSTANCE_INACTIVE:
		return "inactive";
	case INSTANCE_RESUMING:
		return "resuming";
	case INSTANCE_ACTIVE:
		return "active";
	case INSTANCE_RELEASING:
	case INSTANCE_SUSPENDED:
		return "suspended";
	}
	return "?";
}

/* The lists of one log, for the time of one visit. */
struct lists {
	uint32_t attached[VIEW_NODES_MAX];
	uint32_t lost[VIEW_NODES_MAX];
	uint32_t unheard[VIEW_NODES_MAX];
	struct engine_marks marked[VIEW_NODES_MAX];
	struct engine_recovering recovering[VIEW_NODES_MAX];
	struct engine_instance_status instances[16];
	struct engine_counter counters[COUNTER_COUNT];
};

static void add_lost(struct lists *lists, struct engine_log_status *status, uint32_t node)
{
	size_t at = 0;

	while (at < status->lost_count && lists->lost[at] < node)
		at++;
	if ((at < status->lost_count && lists->lost[at] == node) ||
	    status->lost_count == VIEW_NODES_MAX)
		return;
	memmove(&lists->lost[at + 1], &lists->lost[at],
		(status->lost_count - at) * sizeof(lists->lost[0]));
	lists->lost[at] = node;
	status->lost_count++;
}

/* Beside the dead whose marks it has: those without whose fencing nothing goes on. */
static void list_rivals(const struct engine *engine, struct lists *lists,
			struct engine_log_status *status)
{
	const struct nodelist rivals = rivals_list(engine);

	for (uint32_t i = 0; i < rivals.count; i++)
		add_lost(lists, status, rivals.nodes[i]);
	status->waits_for_fencing = status->lost_count > 0;
	status->lost = lists->lost;
}

static void list_nodes(const struct regionlog *state, struct lists *lists,
		       struct engine_log_status *status)
{
	for (size_t i = 0; i < state->node_count && i < VIEW_NODES_MAX; i++) {
		const struct regionlog_node *node = &state->nodes[i];

		if (node->lost)
			lists->lost[status->lost_count++] = node->node;
		else if (node->opaque)
			lists->unheard[status->unheard_count++] = node->node;
		if (!regionset_is_empty(node->marked))
			lists->marked[status->marked_count++] =
				(struct engine_marks){node->node, regionset_count(node->marked)};
		if (!node->attached)
			continue;
		lists->attached[status->attached_count++] = node->node;
		if (regionset_is_empty(node->working))
			continue;
		lists->recovering[status->recovering_count++] =
			(struct engine_recovering){node->node, regionset_next(node->working, 0)};
	}
	status->attached = lists->attached;
	status->unheard = lists->unheard;
	status->marked = lists->marked;
	status->recovering = lists->recovering;
}

static void describe_state(const struct regionlog *state, struct lists *lists,
			   struct engine_log_status *status)
{
	status->type = state->type;
	status->region_size_sectors = state->region_size_sectors;
	status->regions = state->region_count;
	status->in_sync = regionlog_sync_count(state, state->region_count);
	status->dirty = regionlog_dirty_count(state);
	status->writer = state->type == LOG_TYPE_DISK ? state->writer : 0;
	status->generation = state->generation;
	status->health = state->failed ? 'D' : 'A';
	list_nodes(state, lists, status);
}

static void describe_local(const struct locallog *log, struct lists *lists,
			   struct engine_log_status *status)
{
	for (const struct instance *instance = log->instances;
	     instance && status->instance_count < 16; instance = instance->next) {
		lists->instances[status->instance_count++] =
			(struct engine_instance_status){instance->luid, instance_state(instance)};
		status->device = instance->args.device;
		if (status->regions == 0) {
			status->type = instance->args.type;
			status->region_size_sectors = instance->args.region_size_sectors;
			status->regions = instance->args.region_count;
		}
	}
	status->retained = window_count(log->window);
	status->resting = log->resting;
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		if (counter_names[i])
			lists->counters[status->counter_count++] =
				(struct engine_counter){counter_names[i], log->counters[i]};
	status->instances = lists->instances;
	status->counters = lists->counters;
	if (log->active)
		status->device = log->active->args.device;
}

static void visit_log(const struct engine *engine, const struct locallog *log,
		      const struct regionlog *state, void *context,
		      void (*visit)(void *context, const struct engine_log_status *log))
{
	struct lists *lists = memory_new(1, sizeof(*lists));
	struct engine_log_status status = {
		.uuid = log ? log->uuid : state->uuid,
		.state = log_state(engine, log, state),
		.reason = state_reason(engine, log, state),
		.device = "",
		.health = 'A',
	};

	if (state)
		describe_state(state, lists, &status);
	if (log)
		describe_local(log, lists, &status);
	list_rivals(engine, lists, &status);
	visit(context, &status);
	free(lists);
}

/* Both lists are ordered by uuid: they are walked side by side. */
void engine_status_logs(const struct engine *engine, void *context,
			void (*visit)(void *context, const struct engine_log_status *log))
{
	const struct locallog *log = engine->logs;
	size_t count = replica_log_count(engine->replica);
	size_t next = 0;

	while (log || next < count) {
		const struct regionlog *state =
			next < count ? replica_log(engine->replica, next) : NULL;
		int order = !log ? 1 : !state ? -1 : strcmp(log->uuid, state->uuid);

		/* Constructed here and attached nowhere yet; known to both; or to the others only. */
		visit_log(engine, order <= 0 ? log : NULL, order >= 0 ? state : NULL, context,
			  visit);
		if (order <= 0)
			log = log->next;
		if (order >= 0)
			next++;
	}
}

uint64_t engine_position(const struct engine *engine)
{
	return replica_position(engine->replica);
}

uint64_t engine_log_digest(const struct engine *engine, const char *uuid)
{
	const struct regionlog *state = replica_find(engine->replica, uuid);
	struct bytes_buffer buffer = {0};
	uint64_t digest;

	if (!state)
		return 0;
	regionlog_encode(state, &buffer);
	digest = bytes_hash(BYTES_HASH_START, buffer.data, buffer.size);
	bytes_free(&buffer);
	return digest;
}

uint64_t engine_digest(const struct engine *engine, uint64_t *position)
{
	*position = replica_position(engine->replica);
	return replica_digest(engine->replica);
}
