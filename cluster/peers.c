/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who was attached when all daemons died at once. Their kernels went on, with
 * marks that nobody else remembers; the first daemon that is back must not take
 * the log for its own.
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
	strcpy(recalled->uuid, uuid);
	memcpy(recalled->nodes, nodes, count * sizeof(nodes[0]));
	recalled->node_count = (uint32_t)count;
	recalled->next = engine->recalled;
	engine->recalled = recalled;
}

uint32_t *peers_recall(const struct engine *engine, const char *uuid, uint32_t *count)
{
	const struct recalled *recalled = engine->recalled;
	uint32_t *nodes;

	*count = 0;
	while (recalled && strcmp(recalled->uuid, uuid) != 0)
		recalled = recalled->next;
	if (!recalled)
		return NULL;
	nodes = memory_new(VIEW_NODES_MAX, sizeof(*nodes));
	for (uint32_t i = 0; i < recalled->node_count; i++)
		if (recalled->nodes[i] != engine->settings.node)
			nodes[(*count)++] = recalled->nodes[i];
	return nodes;
}

void peers_remember(struct engine *engine, struct locallog *log)
{
	const struct regionlog *state = engine_state(engine, log);
	const struct regionlog_node *own = engine_own_node(engine, log);
	uint32_t nodes[VIEW_NODES_MAX];
	uint32_t count = 0;

	for (size_t i = 0; own && own->attached && i < state->node_count && count < VIEW_NODES_MAX; i++)
		if (state->nodes[i].attached)
			nodes[count++] = state->nodes[i].node;
	if (count == log->remembered_count && memcmp(nodes, log->remembered, count * sizeof(nodes[0])) == 0)
		return;
	memcpy(log->remembered, nodes, count * sizeof(nodes[0]));
	log->remembered_count = count;
	if (engine->ports.remember)
		engine->ports.remember(engine->ports.context, log->uuid, nodes, count);
}

void peers_free(struct engine *engine)
{
	while (engine->recalled) {
		struct recalled *recalled = engine->recalled;

		engine->recalled = recalled->next;
		free(recalled);
	}
}
