/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cluster/rivals.h"

#include "cluster/engine_internal.h"
#include "cluster/operations.h"
#include "cluster/reports.h"

/*
 * Whose daemon ended before its node was parted from us is no rival: the next one there knows nothing of that, and
 * waits. So nobody has to be fenced who is switched off in order.
 */
void rivals_view(struct engine *engine, const struct view *view)
{
	for (size_t i = 0; i < view->change_count; i++) {
		enum view_change change = view->changes[i].change;

		if (change == VIEW_LEFT || change == VIEW_PROCDOWN)
			nodelist_add(&engine->departed, view->changes[i].node);
		else
			nodelist_drop(&engine->departed, view->changes[i].node);
	}
}

/* A node that comes may start a daemon of which we never hear, when it is parted from us at once. */
void rivals_hear(struct engine *engine, const uint32_t *nodes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!engine_sees(engine, nodes[i]))
			nodelist_drop(&engine->departed, nodes[i]);
		if (nodes[i] != engine->settings.node)
			nodelist_add(&engine->heard, nodes[i]);
	}
}

void rivals_fenced(struct engine *engine, uint32_t node)
{
	nodelist_drop(&engine->heard, node);
}

static void add_rivals(const struct engine *engine, const struct nodelist *known,
		       struct nodelist *rivals)
{
	for (uint32_t i = 0; i < known->count; i++) {
		uint32_t node = known->nodes[i];

		if (!engine_sees(engine, node) && !nodelist_has(&engine->departed, node))
			nodelist_add(rivals, node);
	}
}

struct nodelist rivals_list(const struct engine *engine)
{
	struct nodelist rivals = {0};

	if (!engine->settings.fencing || engine->quorum_said != QUORUM_YES)
		return rivals;
	add_rivals(engine, &engine->met, &rivals);
	add_rivals(engine, &engine->heard, &rivals);
	if (rivals.count < engine->cluster_node_count)
		rivals.count = 0;
	return rivals;
}

static enum quorum certain(const struct engine *engine)
{
	return rivals_list(engine).count > 0 ? QUORUM_UNSURE : engine->quorum_said;
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
