/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who was attached when all daemons died at once. Their kernels went on, with
 * marks that nobody else remembers; the first daemon that is back says so before
 * anybody attaches.
 */
#include <stdlib.h>
#include <string.h>

#include "cluster/engine_internal.h"
#include "common/memory.h"

void engine_recall(struct engine *engine, const char *uuid, const uint32_t *nodes, size_t count)
{
	struct recalled *recalled;

	if (strlen(uuid) >= ULOG_UUID_SIZE || count > VIEW_NODES_MAX)
		return;
	recalled = memory_new(1, sizeof(*recalled));
	ulog_uuid_copy(recalled->uuid, uuid);
	memcpy(recalled->nodes, nodes, count * sizeof(nodes[0]));
	recalled->node_count = (uint32_t)count;
	recalled->next = engine->recalled;
	engine->recalled = recalled;
}

static void expect(struct engine *engine, const struct recalled *recalled)
{
	struct wire_op op = {.kind = OP_EXPECT, .region_count = recalled->node_count};

	ulog_uuid_copy(op.uuid, recalled->uuid);
	op.regions =
		memory_copy(recalled->nodes, recalled->node_count * sizeof(recalled->nodes[0]));
	engine_send(engine, NULL, &op);
}

void peers_expect(struct engine *engine)
{
	for (const struct recalled *recalled = engine->recalled; recalled;
	     recalled = recalled->next) {
		const struct regionlog *state = replica_find(engine->replica, recalled->uuid);
		const struct regionlog_node *own =
			state ? regionlog_find_node(state, engine->settings.node) : NULL;

		if (!own)
			expect(engine, recalled);
	}
}

/* From here on the log speaks for itself. */
static void forget(struct engine *engine, const char *uuid)
{
	for (struct recalled **at = &engine->recalled; *at; at = &(*at)->next) {
		struct recalled *recalled = *at;

		if (strcmp(recalled->uuid, uuid) != 0)
			continue;
		*at = recalled->next;
		free(recalled);
		return;
	}
}

void peers_remember(struct engine *engine, struct locallog *log)
{
	const struct regionlog *state = engine_state(engine, log);
	const struct regionlog_node *own = engine_own_node(engine, log);
	uint32_t nodes[VIEW_NODES_MAX];
	uint32_t count = 0;

	for (size_t i = 0; own && own->attached && i < state->node_count && count < VIEW_NODES_MAX;
	     i++)
		if (state->nodes[i].attached || state->nodes[i].opaque || state->nodes[i].lost)
			nodes[count++] = state->nodes[i].node;
	if (count == log->remembered_count &&
	    memcmp(nodes, log->remembered, count * sizeof(nodes[0])) == 0)
		return;
	memcpy(log->remembered, nodes, count * sizeof(nodes[0]));
	log->remembered_count = count;
	forget(engine, log->uuid);
	if (engine->ports.remember)
		engine->ports.remember(engine->ports.context, log->uuid, nodes, count);
}

void peers_gone(struct engine *engine, const char *uuid)
{
	const struct regionlog *state = replica_find(engine->replica, uuid);
	struct wire_op op = {.kind = OP_FORGET};

	forget(engine, uuid);
	if (!state || !regionlog_find_node(state, engine->settings.node))
		return;
	ulog_uuid_copy(op.uuid, uuid);
	engine_send(engine, NULL, &op);
}

void peers_free(struct engine *engine)
{
	while (engine->recalled) {
		struct recalled *recalled = engine->recalled;

		engine->recalled = recalled->next;
		free(recalled);
	}
}
