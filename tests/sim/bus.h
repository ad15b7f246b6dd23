/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Corosync: closed process groups with one order of messages and membership
 * changes in each ring, and quorum.
 *
 * What it claims, and no more: nodes that stay together deliver the same
 * messages before the views of a change; a message may be delivered on one side
 * of a partition only, its sender's if on any; what was sent and not ordered is
 * ordered in the sender's next ring. Quorum is unsure from before the first view
 * of a changed ring until after the last.
 */
#ifndef CLOGD_SIM_BUS_H
#define CLOGD_SIM_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/view.h"
#include "tests/sim/settings.h"

struct node;
struct world;

enum bus_entry_kind { BUS_MESSAGE, BUS_JOIN, BUS_LEAVE };

struct bus_entry {
	enum bus_entry_kind kind;
	uint64_t id;             /* the same on all nodes, unique in a run */
	uint32_t node;           /* whose */
	uint32_t daemon_epoch;   /* of that node's daemon */
	enum view_change reason; /* LEAVE */
	size_t size;
	const uint8_t *bytes;
};

struct ring {
	uint64_t id;
	uint64_t formed_us;
	uint32_t nodes;       /* bits */
	uint32_t start_group; /* nodes with a daemon in the group when it began, bits */
	bool stalled;         /* broken: nothing is ordered any more */
	uint64_t parent;      /* the ring that a fragment was part of */
	uint32_t incarnation[NODES_MAX + 1]; /* power epochs of its nodes */
	struct bus_entry **entries;
	size_t count;
	size_t capacity;
};

#define BUS_OUTBOX_MAX 256

/* One node's corosync. */
struct bus_node {
	struct world *world;
	struct node *node;
	uint32_t id;
	bool is_up;
	uint32_t side; /* nodes of one side hear each other */
	struct ring *ring;
	uint64_t lineage; /* the ring it was in before */
	size_t delivered; /* of the ring's entries */
	uint32_t group;   /* nodes with a daemon in the group, as delivered */
	bool joined;      /* the local daemon is in the group, as delivered */
	bool is_slow;
	bool waits_for_all; /* for quorum, with two_node: it has not met the other since its start */
	bool ordering;      /* an event is on its way */
	bool delivering;
	struct bus_entry *outbox[BUS_OUTBOX_MAX];
	size_t outbox_count;
	uint32_t incarnation; /* power epoch it was started in */
	uint32_t cut_offs;    /* times that others may have gone on without it */
};

struct bus {
	struct world *world;
	struct bus_node nodes[NODES_MAX + 1]; /* by node id */
	uint64_t next_entry;
	uint64_t next_ring;
	uint32_t next_side;
	uint32_t seen_incarnation[NODES_MAX +
				  1]; /* of a node, by a quorum it was part of; 0: never */
};

#define NODE_BIT(id) (1U << (id))

void bus_init(struct bus *bus, struct world *world);
/* Corosync starts on a node, in a ring of its own, and looks for others. */
void bus_start(struct bus *bus, uint32_t node);
/* Corosync is gone: crash or power-off. */
void bus_stop(struct bus *bus, uint32_t node);

/* The group, for the local daemon. */
void bus_join(struct bus *bus, uint32_t node);
void bus_leave(struct bus *bus, uint32_t node, enum view_change reason);
/* 0, -EAGAIN, -ENOTCONN, -EMSGSIZE */
int bus_send(struct bus *bus, uint32_t node, const void *bytes, size_t size);

/* Cuts the wire between `nodes` (bits) and the rest; bus_heal connects everybody again. */
void bus_partition(struct bus *bus, uint32_t nodes);
void bus_heal(struct bus *bus);
bool bus_is_split(const struct bus *bus);
/* Corosync's view of this node's ring. */
bool bus_is_quorate(const struct bus *bus, uint32_t node);
/* What quorum tells the daemon now. */
enum quorum bus_quorum(const struct bus *bus, uint32_t node);
/* The two hear each other and are in one working ring. */
bool bus_in_one_ring(const struct bus *bus, uint32_t one, uint32_t other);
/* The node as a quorum has last seen it is not running any more. */
bool bus_is_fenced(const struct bus *bus, uint32_t node);
/* The node has delivered what was ordered in its ring, and nothing waits to be ordered. */
bool bus_is_caught_up(const struct bus *bus, uint32_t node);

/* bus_ring.c */
void bus_cut(struct bus *bus);
void bus_form_later(struct bus *bus, uint32_t side, uint64_t delay_us);
void bus_append(struct bus *bus, struct ring *ring, struct bus_entry *entry);
void bus_deliver(struct bus *bus, struct bus_node *node, struct bus_entry *entry);
void bus_deliver_rest(struct bus *bus, struct bus_node *node);
void bus_order(struct bus *bus, struct bus_node *node, size_t most);
/* bus.c: in a new ring, what waits may be ordered. */
void bus_restart(struct bus *bus, struct bus_node *node);

#endif
