/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cluster/housekeeping.h"
#include "cluster/engine_internal.h"
#include "cluster/peers.h"
#include "common/memory.h"
#include "common/planted.h"

#define HOUSEKEEPING_MS 500
#define WAKE_KERNELS_MS 2000

bool housekeeping_is_due(const struct engine *engine)
{
	return engine->now_ms >= engine->housekeeping_ms;
}

uint64_t housekeeping_deadline(const struct engine *engine)
{
	bool needed = engine->logs || replica_log_count(engine->replica) > 0 ||
		      replica_is_unproven(engine->replica);

	return needed ? engine->housekeeping_ms : UINT64_MAX;
}

static void say_node(struct engine *engine, enum wire_op_kind kind, uint32_t node)
{
	struct wire_op op = {.kind = kind, .node = node};

	engine_send(engine, NULL, &op);
}

/* A node has at most one thing to be said of it at a time; the next run sees what came of it. */
static void check_node(struct engine *engine, const struct regionlog_node *entry)
{
	bool member = membership_is_member(engine->membership, entry->node);
	bool present = engine_sees(engine, entry->node);

	if (entry->lost) {
		if ((!engine->settings.fencing || PLANTED(IGNORE_FENCING)) && !present)
			say_node(engine, OP_FENCED, entry->node);
		return;
	}
	if (member || entry->node == engine->settings.node)
		return;
	if (!present)
		say_node(engine, OP_NODE_DOWN, entry->node);
	else if (entry->attached && !entry->absent)
		say_node(engine, OP_DAEMON_GONE, entry->node);
}

/* An earlier daemon's mirrors whose kernel has had no reason to speak yet: its marks must come to an end. */
static void wake_own_kernel(struct engine *engine)
{
	if (engine->now_ms < engine->wake_kernels_ms)
		return;
	engine->wake_kernels_ms = engine->now_ms + WAKE_KERNELS_MS;
	for (size_t i = 0; i < replica_log_count(engine->replica); i++) {
		const struct regionlog *state = replica_log(engine->replica, i);
		const struct regionlog_node *own =
			regionlog_find_node(state, engine->settings.node);
		const struct locallog *log = locallog_find(engine, state->uuid);

		if (own && (own->attached || own->opaque || own->lost) && !(log && log->instances))
			engine->ports.cycle_device(engine->ports.context, state->uuid);
	}
}

/*
 * A state founded by those that were cut off is the latest if each node of the
 * quorate cluster vouches for it: any quorum that went on without us would have
 * had one of these nodes in it.
 */
static void prove_state(struct engine *engine)
{
	struct wire_op op = {.kind = OP_FOUNDED};

	if (engine->quorum != QUORUM_YES || !membership_is_server(engine->membership) ||
	    !replica_is_unproven(engine->replica))
		return;
	op.regions = memory_new(VIEW_NODES_MAX, sizeof(uint32_t));
	op.region_count = peers_strangers(engine, op.regions);
	for (size_t i = 0; i < engine->cluster_node_count; i++)
		op.doubtful = op.doubtful ||
			      !membership_vouches(engine->membership, engine->cluster_nodes[i]);
	engine_send(engine, NULL, &op);
}

void housekeeping_run(struct engine *engine)
{
	uint32_t seen[VIEW_NODES_MAX];
	size_t seen_count = 0;

	engine->housekeeping_ms = engine->now_ms + HOUSEKEEPING_MS;
	prove_state(engine);
	if (engine_is_frozen(engine))
		return;
	wake_own_kernel(engine);
	if (!membership_is_server(engine->membership))
		return;
	for (size_t i = 0; i < replica_log_count(engine->replica); i++) {
		const struct regionlog *log = replica_log(engine->replica, i);

		for (size_t j = 0; j < log->node_count; j++) {
			size_t k = 0;

			while (k < seen_count && seen[k] != log->nodes[j].node)
				k++;
			if (k < seen_count || seen_count == VIEW_NODES_MAX)
				continue;
			seen[seen_count++] = log->nodes[j].node;
			check_node(engine, &log->nodes[j]);
		}
	}
}
