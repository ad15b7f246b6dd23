/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memberships without engines: a state that is only a history's hash, an outbox
 * a node, and one order. A message is ordered and delivered when the test takes
 * it out of its node's outbox, so a test decides what overtakes what.
 */
#ifndef CLOGD_TESTS_UNIT_MEMBERSHIP_WORLD_H
#define CLOGD_TESTS_UNIT_MEMBERSHIP_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/membership.h"

#define WORLD_NODES 5

struct world_message;

struct world_node {
	struct world *world;
	uint32_t id;
	struct membership *membership; /* NULL: no daemon */
	bool in_group;
	unsigned int side;
	unsigned int starts;
	/* its state */
	uint64_t position, history, lineage;
	bool refuses_load; /* as if the next snapshot were damaged */
	/* what it was told */
	unsigned int empties, foundings, lives, outdateds, loads;
	struct world_message *first, **last;
};

struct world {
	struct world_node nodes[WORLD_NODES];
	size_t snapshot_bytes; /* how large a state is */
};

void world_init(struct world *world);
void world_fini(struct world *world);
struct world_node *world_node(struct world *world, uint32_t node);
/* The daemons of these nodes (0 ends the list) start and come in one view. */
void world_join(struct world *world, const uint32_t *nodes);
void world_join_one(struct world *world, uint32_t node);
void world_lose(struct world *world, uint32_t node, enum view_change change);
/* The nodes from `node` on are alone with each other; quorum has not spoken yet. And all together again. */
void world_part(struct world *world, uint32_t node);
void world_merge(struct world *world, enum quorum quorum);
void world_quorum(struct world *world, uint32_t node, enum quorum quorum);
/* An operation of that node, into its outbox. */
void world_op(struct world *world, uint32_t node);
/* Orders the first message of the node's outbox; false when there is none. */
bool world_step(struct world *world, uint32_t node);
/* Kind of that message, 0 for none. */
int world_next_kind(struct world *world, uint32_t node);
/* Node by node until all outboxes are empty and no snapshot is under way. */
void world_run(struct world *world);
/* The running daemons are live, at one position, with one history. */
bool world_is_equal(struct world *world);

#endif
