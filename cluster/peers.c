/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who was attached when all daemons died at once. Their kernels went on, with
 * marks that nobody else remembers; the first daemon that is back says so before
 * anybody attaches. It may be one that had no part in the log itself, so each
 * daemon remembers the nodes of every log.
 */
#include <stdlib.h>
#include <string.h>

#include "cluster/engine_internal.h"
#include "cluster/oneleg.h"
#include "cluster/peers.h"
#include "cluster/rivals.h"
#include "common/memory.h"

/* What the next daemon of this node is told of a log. */
struct peers {
	struct peers *next; /* ascending by uuid */
	char uuid[ULOG_UUID_SIZE];
	uint32_t nodes[VIEW_NODES_MAX];
	uint32_t node_count;
	bool recalled; /* of an earlier daemon, and the cluster has not heard of it yet */
};

static struct peers **place_of(struct engine *engine, const char *uuid)
{
	struct peers **at = &engine->peers;

	while (*at && strcmp((*at)->uuid, uuid) < 0)
		at = &(*at)->next;
	return at;
}

static struct peers *find(struct engine *engine, const char *uuid)
{
	struct peers *peers = *place_of(engine, uuid);

	return peers && strcmp(peers->uuid, uuid) == 0 ? peers : NULL;
}

static struct peers *need(struct engine *engine, const char *uuid)
{
	struct peers **at = place_of(engine, uuid);
	struct peers *peers = find(engine, uuid);

	if (peers)
		return peers;
	peers = memory_new(1, sizeof(*peers));
	ulog_uuid_copy(peers->uuid, uuid);
	peers->next = *at;
	*at = peers;
	return peers;
}

static void drop(struct engine *engine, const char *uuid)
{
	struct peers **at = place_of(engine, uuid);
	struct peers *peers = *at;

	*at = peers->next;
	free(peers);
}

void engine_recall(struct engine *engine, const char *uuid, const uint32_t *nodes, size_t count)
{
	struct peers *peers;

	if (strlen(uuid) >= ULOG_UUID_SIZE || count > VIEW_NODES_MAX)
		return;
	peers = need(engine, uuid);
	memcpy(peers->nodes, nodes, count * sizeof(nodes[0]));
	peers->node_count = (uint32_t)count;
	peers->recalled = true;
}

static uint32_t list_nodes(const struct regionlog *state, uint32_t *nodes)
{
	uint32_t count = 0;

	for (size_t i = 0; state && i < state->node_count && count < VIEW_NODES_MAX; i++)
		if (state->nodes[i].attached || state->nodes[i].opaque || state->nodes[i].lost)
			nodes[count++] = state->nodes[i].node;
	return count;
}

void peers_follow(struct engine *engine, const char *uuid)
{
	struct peers *peers = find(engine, uuid);
	uint32_t nodes[VIEW_NODES_MAX];
	uint32_t count = list_nodes(replica_find(engine->replica, uuid), nodes);

	if (peers ? peers->recalled : count == 0)
		return;
	if (peers && peers->node_count == count &&
	    memcmp(peers->nodes, nodes, count * sizeof(nodes[0])) == 0)
		return;
	peers = need(engine, uuid);
	memcpy(peers->nodes, nodes, count * sizeof(nodes[0]));
	peers->node_count = count;
	if (engine->ports.remember)
		engine->ports.remember(engine->ports.context, uuid, nodes, count);
	if (count == 0)
		drop(engine, uuid);
}

void peers_follow_all(struct engine *engine)
{
	struct peers *next;

	for (struct peers *peers = engine->peers; peers; peers = next) {
		next = peers->next;
		/* The others come below. */
		if (!replica_find(engine->replica, peers->uuid))
			peers_follow(engine, peers->uuid);
	}
	for (size_t i = 0; i < replica_log_count(engine->replica); i++)
		peers_follow(engine, replica_log(engine->replica, i)->uuid);
}

static void expect(struct engine *engine, const struct peers *peers)
{
	struct wire_op op = {.kind = OP_EXPECT, .region_count = peers->node_count};

	ulog_uuid_copy(op.uuid, peers->uuid);
	op.regions = memory_copy(peers->nodes, peers->node_count * sizeof(peers->nodes[0]));
	engine_send(engine, NULL, &op);
}

void peers_expect(struct engine *engine)
{
	for (struct peers *peers = engine->peers; peers; peers = peers->next)
		if (peers->recalled)
			expect(engine, peers);
	peers_follow_all(engine);
}

void peers_expected(struct engine *engine, const char *uuid)
{
	struct peers *peers = find(engine, uuid);

	if (peers)
		peers->recalled = false;
}

void peers_recall(struct engine *engine)
{
	for (struct peers *peers = engine->peers; peers; peers = peers->next)
		peers->recalled = true;
}

/* --- nodes that were met --- */

void engine_recall_met(struct engine *engine, const uint32_t *nodes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (nodes[i] != 0)
			nodelist_add(&engine->met, nodes[i]);
}

static void keep_met(const struct engine *engine)
{
	if (engine->ports.met)
		engine->ports.met(engine->ports.context, engine->met.nodes, engine->met.count);
}

void peers_meet(struct engine *engine)
{
	uint32_t before = engine->met.count;
	size_t count;
	const uint32_t *members = membership_members(engine->membership, &count);

	engine_recall_met(engine, members, count);
	if (engine->met.count > before)
		keep_met(engine);
}

uint32_t peers_strangers(const struct engine *engine, uint32_t nodes[VIEW_NODES_MAX])
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < engine->met.count; i++) {
		uint32_t node = engine->met.nodes[i];

		/* Not in the cluster, it is gone; where there is fencing it may live until it is fenced. */
		if (engine->settings.fencing || engine_sees(engine, node))
			nodes[count++] = node;
	}
	return count;
}

void peers_fenced(struct engine *engine, uint32_t node)
{
	uint32_t before = engine->met.count;

	rivals_fenced(engine, node);
	nodelist_drop(&engine->met, node);
	if (engine->met.count < before)
		keep_met(engine);
}

void peers_gone(struct engine *engine, const char *uuid)
{
	const struct regionlog *state = replica_find(engine->replica, uuid);
	struct wire_op op = {.kind = OP_FORGET};

	oneleg_gone(engine, uuid);
	if (!state || !regionlog_find_node(state, engine->settings.node))
		return;
	ulog_uuid_copy(op.uuid, uuid);
	engine_send(engine, NULL, &op);
}

void peers_free(struct engine *engine)
{
	while (engine->peers) {
		struct peers *peers = engine->peers;

		engine->peers = peers->next;
		free(peers);
	}
}
