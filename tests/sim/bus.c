/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Within one ring: sending, ordering, delivering. */
#include "tests/sim/bus.h"

#include <errno.h>
#include <string.h>

#include "cluster/group.h"
#include "tests/sim/check.h"
#include "tests/sim/daemon.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

void bus_init(struct bus *bus, struct world *world)
{
	bus->world = world;
	bus->next_ring = 1;
	bus->next_entry = 1;
	bus->next_side = 1;
	for (uint32_t id = 1; id <= NODES_MAX; id++) {
		bus->nodes[id].world = world;
		bus->nodes[id].id = id;
	}
}

/* --- ordering --- */

static void order_soon(struct bus *bus, struct bus_node *node);

static void take_turn(void *context, uint64_t argument)
{
	struct bus_node *node = context;
	struct bus *bus = &node->world->bus;

	(void)argument;
	node->ordering = false;
	if (!node->is_up || node->ring->stalled)
		return;
	bus_order(bus, node, 1 + random_below(&node->world->random_bus, 16));
	order_soon(bus, node);
}

static void order_soon(struct bus *bus, struct bus_node *node)
{
	if (node->ordering || node->outbox_count == 0 || node->ring->stalled)
		return;
	node->ordering = true;
	clock_after(&bus->world->clock,
		    20 + random_delay(&bus->world->random_bus, bus->world->settings.bus_order_us),
		    take_turn, node, 0);
}

void bus_order(struct bus *bus, struct bus_node *node, size_t most)
{
	size_t count = node->outbox_count < most ? node->outbox_count : most;

	for (size_t i = 0; i < count; i++)
		bus_append(bus, node->ring, node->outbox[i]);
	node->outbox_count -= count;
	memmove(node->outbox, node->outbox + count, node->outbox_count * sizeof(node->outbox[0]));
}

void bus_restart(struct bus *bus, struct bus_node *node)
{
	order_soon(bus, node);
}

/* --- delivering --- */

static void push_view(struct bus_node *node, uint64_t entry_id, uint32_t changed,
		      enum view_change change)
{
	struct view view = {0};

	for (uint32_t id = 1; id <= NODES_MAX; id++)
		if (node->group & NODE_BIT(id))
			view.members[view.member_count++] = id;
	view.changes[0].node = changed;
	view.changes[0].change = change;
	view.change_count = 1;
	daemon_push_view(node->node->daemon, &view, entry_id);
}

/*
 * Two deliveries of one message with the same history had the same messages
 * before them. When sides merge each has a state of its own until all have said
 * hello, the ones that pause included; till then only what came from the same
 * ring is the same.
 */
#define MERGED_US (25 * US_PER_S)

static uint64_t history_of(const struct bus_node *node)
{
	uint64_t history = node->ring->id << 32;

	if (node->world->clock.now_us - node->ring->formed_us > MERGED_US)
		return history;
	return history + node->lineage;
}

static void say_first_quorum(void *context, uint64_t ring_id)
{
	struct bus_node *node = context;

	if (node->is_up && node->joined && node->node->daemon && node->ring->id == ring_id)
		daemon_push_quorum(node->node->daemon, bus_quorum(&node->world->bus, node->id),
				   node->ring);
}

/* It comes by another connection than the view. */
static void tell_first_quorum(struct bus *bus, struct bus_node *node)
{
	uint64_t delay = bus->world->settings.first_quorum_us;

	if (delay == 0)
		say_first_quorum(node, node->ring->id);
	else
		clock_after(&bus->world->clock, delay, say_first_quorum, node, node->ring->id);
}

void bus_deliver(struct bus *bus, struct bus_node *node, struct bus_entry *entry)
{
	struct daemon *daemon = node->node->daemon;

	if (entry->kind == BUS_MESSAGE) {
		if (node->joined && daemon)
			daemon_push_message(daemon, entry, history_of(node));
		return;
	}
	if (entry->kind == BUS_JOIN) {
		node->group |= NODE_BIT(entry->node);
		if (entry->node == node->id && daemon && daemon->epoch == entry->daemon_epoch)
			node->joined = true;
		if (node->joined && daemon)
			push_view(node, entry->id, entry->node, VIEW_JOINED);
		if (node->joined && daemon && entry->node == node->id)
			tell_first_quorum(bus, node);
		return;
	}
	node->group &= ~NODE_BIT(entry->node);
	if (entry->node == node->id)
		node->joined = false;
	if (node->joined && daemon)
		push_view(node, entry->id, entry->node, entry->reason);
}

void bus_deliver_rest(struct bus *bus, struct bus_node *node)
{
	while (node->delivered < node->ring->count)
		bus_deliver(bus, node, node->ring->entries[node->delivered++]);
}

static void deliver_soon(struct bus *bus, struct bus_node *node);

static void deliver_some(void *context, uint64_t ring_id)
{
	struct bus_node *node = context;
	struct bus *bus = &node->world->bus;
	uint64_t most = 1 + random_below(&node->world->random_bus, 8);

	node->delivering = false;
	if (!node->is_up)
		return;
	(void)ring_id;
	while (most-- && node->delivered < node->ring->count)
		bus_deliver(bus, node, node->ring->entries[node->delivered++]);
	deliver_soon(bus, node);
}

static void deliver_soon(struct bus *bus, struct bus_node *node)
{
	uint64_t delay =
		20 + random_delay(&bus->world->random_bus, bus->world->settings.bus_deliver_us);

	if (node->delivering || node->delivered == node->ring->count)
		return;
	node->delivering = true;
	clock_after(&bus->world->clock, node->is_slow ? 50 * delay : delay, deliver_some, node,
		    node->ring->id);
}

void bus_append(struct bus *bus, struct ring *ring, struct bus_entry *entry)
{
	if (ring->count == ring->capacity) {
		struct bus_entry **old = ring->entries;

		ring->capacity = ring->capacity ? 2 * ring->capacity : 256;
		ring->entries =
			arena_new(&bus->world->arena, ring->capacity * sizeof(*ring->entries));
		if (ring->count)
			memcpy(ring->entries, old, ring->count * sizeof(*old));
	}
	ring->entries[ring->count++] = entry;
	for (uint32_t id = 1; id <= NODES_MAX; id++)
		if ((ring->nodes & NODE_BIT(id)) && bus->nodes[id].is_up)
			deliver_soon(bus, &bus->nodes[id]);
}

/* --- for the daemon --- */

static struct bus_entry *new_entry(struct bus *bus, struct bus_node *node, enum bus_entry_kind kind)
{
	struct bus_entry *entry = arena_new(&bus->world->arena, sizeof(*entry));

	entry->kind = kind;
	entry->id = bus->next_entry++;
	entry->node = node->id;
	if (node->node->daemon)
		entry->daemon_epoch = node->node->daemon->epoch;
	return entry;
}

static void put(struct bus *bus, struct bus_node *node, struct bus_entry *entry)
{
	if (node->outbox_count == BUS_OUTBOX_MAX) {
		check_fail(bus->world, "the simulator's outbox is full");
		return;
	}
	node->outbox[node->outbox_count++] = entry;
	order_soon(bus, node);
}

void bus_join(struct bus *bus, uint32_t id)
{
	struct bus_node *node = &bus->nodes[id];

	if (node->is_up)
		put(bus, node, new_entry(bus, node, BUS_JOIN));
}

void bus_leave(struct bus *bus, uint32_t id, enum view_change reason)
{
	struct bus_node *node = &bus->nodes[id];
	struct bus_entry *entry;

	node->joined = false;
	if (!node->is_up)
		return;
	/* What the dead daemon had sent may not all have reached corosync. */
	while (reason == VIEW_PROCDOWN && node->outbox_count &&
	       node->outbox[node->outbox_count - 1]->kind == BUS_MESSAGE &&
	       random_chance(&bus->world->random_bus, 500))
		node->outbox_count--;
	entry = new_entry(bus, node, BUS_LEAVE);
	entry->reason = reason;
	put(bus, node, entry);
}

int bus_send(struct bus *bus, uint32_t id, const void *bytes, size_t size)
{
	struct bus_node *node = &bus->nodes[id];
	struct bus_entry *entry;

	if (!node->is_up)
		return -ENOTCONN;
	if (size > GROUP_MESSAGE_MAX)
		return -EMSGSIZE;
	if (node->outbox_count >= bus->world->settings.bus_outbox_max ||
	    random_chance(&bus->world->random_bus, bus->world->settings.bus_again_per_mille)) {
		COUNT(bus->world, AGAIN);
		return -EAGAIN;
	}
	entry = new_entry(bus, node, BUS_MESSAGE);
	entry->bytes = arena_copy(&bus->world->arena, bytes, size);
	entry->size = size;
	put(bus, node, entry);
	return 0;
}

/* --- what can be seen --- */

bool bus_is_quorate(const struct bus *bus, uint32_t id)
{
	const struct bus_node *node = &bus->nodes[id];

	if (!node->is_up || node->ring->stalled)
		return false;
	if (bus->world->settings.two_node && !node->waits_for_all)
		return true;
	return 2 * (uint32_t)__builtin_popcount(node->ring->nodes) >
	       bus->world->settings.node_count;
}

enum quorum bus_quorum(const struct bus *bus, uint32_t id)
{
	if (!bus->nodes[id].is_up || bus->nodes[id].ring->stalled)
		return QUORUM_UNSURE;
	return bus_is_quorate(bus, id) ? QUORUM_YES : QUORUM_NO;
}

bool bus_in_one_ring(const struct bus *bus, uint32_t one, uint32_t other)
{
	return bus->nodes[one].is_up && bus->nodes[other].is_up &&
	       bus->nodes[one].ring == bus->nodes[other].ring && !bus->nodes[one].ring->stalled;
}

bool bus_is_fenced(const struct bus *bus, uint32_t id)
{
	return bus->seen_incarnation[id] &&
	       bus->world->nodes[id]->power_epoch > bus->seen_incarnation[id];
}

bool bus_is_caught_up(const struct bus *bus, uint32_t id)
{
	const struct bus_node *node = &bus->nodes[id];

	if (!node->is_up || node->ring->stalled || node->delivered != node->ring->count)
		return false;
	for (uint32_t other = 1; other <= NODES_MAX; other++)
		if ((node->ring->nodes & NODE_BIT(other)) && bus->nodes[other].outbox_count)
			return false;
	return true;
}
