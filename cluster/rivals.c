/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cluster/rivals.h"

#include "cluster/engine_internal.h"
#include "cluster/operations.h"
#include "cluster/reports.h"

static void forget_departed(struct engine *engine, uint32_t node)
{
	size_t kept = 0;

	for (size_t i = 0; i < engine->departed_count; i++)
		if (engine->departed[i] != node)
			engine->departed[kept++] = engine->departed[i];
	engine->departed_count = kept;
}

/*
 * Whose daemon ended before its node was parted from us is no rival: the next one there knows nothing of that, and
 * waits. So nobody has to be fenced who is switched off in order.
 */
void rivals_view(struct engine *engine, const struct view *view)
{
	for (size_t i = 0; i < view->change_count; i++) {
		enum view_change change = view->changes[i].change;

		forget_departed(engine, view->changes[i].node);
		if ((change == VIEW_LEFT || change == VIEW_PROCDOWN) &&
		    engine->departed_count < VIEW_NODES_MAX)
			engine->departed[engine->departed_count++] = view->changes[i].node;
	}
}

static bool has_departed(const struct engine *engine, uint32_t node)
{
	for (size_t i = 0; i < engine->departed_count; i++)
		if (engine->departed[i] == node)
			return true;
	return false;
}

uint32_t rivals_list(const struct engine *engine, uint32_t nodes[VIEW_NODES_MAX])
{
	uint32_t count = 0;

	if (!engine->settings.fencing || engine->quorum_said != QUORUM_YES)
		return 0;
	for (size_t i = 0; i < engine->met_count; i++)
		if (!engine_sees(engine, engine->met[i]) && !has_departed(engine, engine->met[i]))
			nodes[count++] = engine->met[i];
	return count < engine->cluster_node_count ? 0 : count;
}

bool rivals_have(const struct engine *engine, uint32_t node)
{
	uint32_t nodes[VIEW_NODES_MAX];
	uint32_t count = rivals_list(engine, nodes);

	for (uint32_t i = 0; i < count; i++)
		if (nodes[i] == node)
			return true;
	return false;
}

static enum quorum certain(const struct engine *engine)
{
	uint32_t nodes[VIEW_NODES_MAX];

	return rivals_list(engine, nodes) > 0 ? QUORUM_UNSURE : engine->quorum_said;
}

static void take(struct engine *engine)
{
	bool was_frozen = engine_is_frozen(engine);

	engine->quorum = certain(engine);
	membership_quorum(engine->membership, engine->quorum, engine->quorum_ring,
			  engine->cluster_nodes, engine->cluster_node_count);
	if (!was_frozen || engine_is_frozen(engine))
		return;
	reports_thawed(engine);
	for (struct locallog *log = engine->logs; log; log = log->next)
		operations_follow(engine, log);
}

void rivals_quorum(struct engine *engine, enum quorum quorum, uint64_t ring)
{
	engine->quorum_said = quorum;
	engine->quorum_ring = ring;
	take(engine);
	if (engine->quorum != quorum)
		reports_rivals(engine);
}

void rivals_follow(struct engine *engine)
{
	if (engine->quorum != engine->quorum_said && certain(engine) == engine->quorum_said)
		take(engine);
}
