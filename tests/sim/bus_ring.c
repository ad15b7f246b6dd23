/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rings break and form. When the wire is cut a ring breaks at once into one
 * stalled fragment a side, each with what its side will have delivered; some
 * time later each side forms a new ring out of its fragments.
 */
#include <string.h>

#include "tests/sim/bus.h"
#include "tests/sim/check.h"
#include "tests/sim/daemon.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

static struct ring *new_ring(struct bus *bus, uint32_t nodes, uint32_t start_group)
{
	struct ring *ring = arena_new(&bus->world->arena, sizeof(*ring));

	ring->id = bus->next_ring++;
	ring->formed_us = bus->world->clock.now_us;
	ring->nodes = nodes;
	ring->start_group = start_group;
	return ring;
}

/* Who has a daemon in the group after all of the ring's entries. */
static uint32_t final_group(const struct ring *ring)
{
	uint32_t group = ring->start_group;

	for (size_t i = 0; i < ring->count; i++)
		if (ring->entries[i]->kind == BUS_JOIN)
			group |= NODE_BIT(ring->entries[i]->node);
		else if (ring->entries[i]->kind == BUS_LEAVE)
			group &= ~NODE_BIT(ring->entries[i]->node);
	return group;
}

/* --- breaking --- */

/* The holder of the token sends what it has into the void, and delivers it to itself. */
static void last_burst(struct bus *bus, struct ring *ring)
{
	uint32_t id = 1 + (uint32_t)random_below(&bus->world->random_bus,
						 bus->world->settings.node_count);
	struct bus_node *node = &bus->nodes[id];

	if (!(ring->nodes & NODE_BIT(id)) || !node->is_up || !bus->world->settings.bus_agreed_loss)
		return;
	bus_order(bus, node, BUS_OUTBOX_MAX);
	bus_deliver_rest(bus, node);
}

/* How much of the ring's order a part of its nodes has, or gets from its own members. */
static size_t cut_of_part(struct bus *bus, const struct ring *ring, uint32_t part)
{
	size_t least = 0;

	if (!bus->world->settings.bus_agreed_loss)
		return ring->count;
	for (uint32_t id = 1; id <= NODES_MAX; id++)
		if ((part & NODE_BIT(id)) && bus->nodes[id].delivered > least)
			least = bus->nodes[id].delivered;
	return random_between(&bus->world->random_bus, least, ring->count);
}

static void break_off(struct bus *bus, struct ring *ring, uint32_t part)
{
	struct ring *fragment = new_ring(bus, part, ring->start_group);
	size_t cut = cut_of_part(bus, ring, part);
	bool is_minor = 2 * (uint32_t)__builtin_popcount(part) <= bus->world->settings.node_count;

	fragment->stalled = true;
	fragment->parent = ring->stalled ? ring->parent : ring->id;
	memcpy(fragment->incarnation, ring->incarnation, sizeof(ring->incarnation));
	for (uint32_t id = 1; id <= NODES_MAX; id++)
		if (part & NODE_BIT(id)) {
			bus->nodes[id].ring = fragment;
			if (!is_minor)
				continue;
			bus->nodes[id].cut_offs++;
			/* The others may give away what its kernel goes on writing, unless it must be fenced first. */
			if (!bus->world->settings.fencing)
				node_cut_off(bus->nodes[id].node);
		}
	for (size_t i = 0; i < ring->count; i++)
		if (i < cut || (part & NODE_BIT(ring->entries[i]->node)))
			bus_append(bus, fragment, ring->entries[i]);
		else
			COUNT(bus->world, MESSAGES_DROPPED);
}

static uint32_t live_part(const struct bus *bus, const struct ring *ring, uint32_t side)
{
	uint32_t part = 0;

	for (uint32_t id = 1; id <= NODES_MAX; id++)
		if ((ring->nodes & NODE_BIT(id)) && bus->nodes[id].is_up &&
		    bus->nodes[id].ring == ring && bus->nodes[id].side == side)
			part |= NODE_BIT(id);
	return part;
}

static void break_ring(struct bus *bus, struct ring *ring)
{
	if (!ring->stalled)
		last_burst(bus, ring);
	for (uint32_t id = 1; id <= NODES_MAX; id++) {
		uint32_t side = bus->nodes[id].side;
		uint32_t part = live_part(bus, ring, side);

		if (!(part & NODE_BIT(id)))
			continue;
		break_off(bus, ring, part);
		bus_form_later(bus, side,
			       random_between(&bus->world->random_bus, 50, 3000) * US_PER_MS);
	}
}

void bus_cut(struct bus *bus)
{
	for (uint32_t id = 1; id <= NODES_MAX; id++) {
		struct bus_node *node = &bus->nodes[id];

		if (node->is_up && live_part(bus, node->ring, node->side) != node->ring->nodes)
			break_ring(bus, node->ring);
	}
}

/* --- forming --- */

/* One view for a set of changed nodes. */
static void push_changes(struct bus_node *node, uint32_t changed, enum view_change change,
			 uint64_t entry_id)
{
	struct view view = {0};

	for (uint32_t id = 1; id <= NODES_MAX; id++) {
		if (node->group & NODE_BIT(id))
			view.members[view.member_count++] = id;
		if (!(changed & NODE_BIT(id)))
			continue;
		view.changes[view.change_count].node = id;
		view.changes[view.change_count].with_ring = change == VIEW_JOINED;
		view.changes[view.change_count++].change = change;
	}
	if (node->joined && node->node->daemon && changed)
		daemon_push_view(node->node->daemon, &view, entry_id);
}

/* What the new ring looks like from one of its nodes. */
static void enter_ring(struct bus *bus, struct bus_node *node, struct ring *ring, bool one_by_one,
		       uint64_t entry_id)
{
	uint32_t fragment = node->ring->nodes;
	uint32_t leaving, joining;

	bus_deliver_rest(bus, node);
	if (node->node->daemon)
		daemon_push_quorum(node->node->daemon, QUORUM_UNSURE, ring);
	leaving = node->group & ~fragment;
	node->group &= fragment;
	push_changes(node, leaving, VIEW_NODEDOWN, entry_id++);
	joining = ring->start_group & ~fragment;
	for (uint32_t id = 1; id <= NODES_MAX; id++) {
		uint32_t now = one_by_one ? joining & NODE_BIT(id) : joining;

		node->group |= now;
		push_changes(node, now, VIEW_JOINED, entry_id++);
		joining &= ~now;
	}
	node->lineage = node->ring->id;
	node->ring = ring;
	node->delivered = 0;
}

static void tell_quorum(void *context, uint64_t ring_id)
{
	struct bus_node *node = context;

	if (!node->is_up || node->ring->id != ring_id || node->ring->stalled || !node->node->daemon)
		return;
	daemon_push_quorum(node->node->daemon, bus_quorum(&node->world->bus, node->id), node->ring);
}

/* A ring of its own for one fragment, for a moment. */
static void form_alone(struct bus *bus, struct ring *fragment)
{
	struct ring *ring = new_ring(bus, fragment->nodes, final_group(fragment) & fragment->nodes);

	memcpy(ring->incarnation, fragment->incarnation, sizeof(ring->incarnation));
	TRACE(bus->world, 0, "corosync: ring %llu of nodes %x for a moment",
	      (unsigned long long)ring->id, ring->nodes >> 1);
	for (uint32_t id = 1; id <= NODES_MAX; id++)
		if (fragment->nodes & NODE_BIT(id)) {
			enter_ring(bus, &bus->nodes[id], ring, false, bus->next_entry);
			tell_quorum(&bus->nodes[id], ring->id);
		}
	bus->next_entry += 2 * NODES_MAX + 2;
	ring->stalled = true;
}

/*
 * Nodes that go from one ring to the next together have lost nothing of each
 * other. So of the fragments of one ring all but one have been in a ring of
 * their own before they can meet again.
 */
static void part_for_good(struct bus *bus, uint32_t nodes)
{
	uint32_t first = (uint32_t)random_below(&bus->world->random_bus, NODES_MAX);
	struct ring *seen[NODES_MAX];
	size_t seen_count = 0;

	for (uint32_t i = 0; i < NODES_MAX; i++) {
		uint32_t id = 1 + (first + i) % NODES_MAX;
		struct ring *ring = bus->nodes[id].ring;
		bool is_first = true, is_known = false;

		if (!(nodes & NODE_BIT(id)) || !ring->parent)
			continue;
		for (size_t j = 0; j < seen_count; j++) {
			is_first = is_first && seen[j]->parent != ring->parent;
			is_known = is_known || seen[j] == ring;
		}
		if (is_known)
			continue;
		seen[seen_count++] = ring;
		if (!is_first)
			form_alone(bus, ring);
	}
}

static void form(void *context, uint64_t side)
{
	struct bus *bus = context;
	uint32_t nodes = 0, group = 0;
	bool broken = false, one_by_one;
	struct ring *ring;

	for (uint32_t id = 1; id <= NODES_MAX; id++)
		if (bus->nodes[id].is_up && bus->nodes[id].side == side)
			nodes |= NODE_BIT(id);
	part_for_good(bus, nodes);
	for (uint32_t id = 1; id <= NODES_MAX; id++)
		if (bus->nodes[id].is_up && bus->nodes[id].side == side) {
			group |= final_group(bus->nodes[id].ring) & NODE_BIT(id);
			broken = broken || bus->nodes[id].ring->stalled;
		}
	for (uint32_t id = 1; id <= NODES_MAX; id++)
		broken = broken || ((nodes & NODE_BIT(id)) && bus->nodes[id].ring->nodes != nodes);
	if (!broken)
		return;
	ring = new_ring(bus, nodes, group);
	for (uint32_t id = 1; id <= NODES_MAX; id++)
		ring->incarnation[id] = bus->nodes[id].incarnation;
	one_by_one = random_chance(&bus->world->random_bus, 500);
	TRACE(bus->world, 0, "corosync: ring %llu of nodes %x, daemons %x",
	      (unsigned long long)ring->id, nodes >> 1, group >> 1);
	for (uint32_t id = 1; id <= NODES_MAX; id++) {
		if (!(nodes & NODE_BIT(id)))
			continue;
		enter_ring(bus, &bus->nodes[id], ring, one_by_one, bus->next_entry);
		clock_after(&bus->world->clock,
			    random_between(&bus->world->random_bus, 0, 20) * US_PER_MS, tell_quorum,
			    &bus->nodes[id], ring->id);
	}
	bus->next_entry += 2 * NODES_MAX + 2;
	for (uint32_t id = 1; id <= NODES_MAX; id++) {
		if (!(nodes & NODE_BIT(id)))
			continue;
		if (nodes == bus->world->all_nodes)
			bus->nodes[id].waits_for_all = false;
		if (bus_is_quorate(bus, id))
			bus->seen_incarnation[id] = bus->nodes[id].incarnation;
		bus_restart(bus, &bus->nodes[id]);
	}
}

void bus_form_later(struct bus *bus, uint32_t side, uint64_t delay_us)
{
	clock_after(&bus->world->clock, delay_us, form, bus, side);
}

/* --- the wire --- */

void bus_start(struct bus *bus, uint32_t id)
{
	struct bus_node *node = &bus->nodes[id];

	node->node = bus->world->nodes[id];
	node->incarnation = node->node->power_epoch;
	node->is_up = true;
	node->waits_for_all = true;
	node->joined = false;
	node->group = 0;
	node->delivered = 0;
	node->outbox_count = 0;
	node->ring = new_ring(bus, NODE_BIT(id), 0);
	node->ring->stalled = true;
	if (!bus_is_split(bus))
		node->side = 0;
	bus_form_later(bus, node->side,
		       random_between(&bus->world->random_bus, 200, 3000) * US_PER_MS);
}

void bus_stop(struct bus *bus, uint32_t id)
{
	struct bus_node *node = &bus->nodes[id];

	if (!node->is_up)
		return;
	/* What it had delivered to itself the others may never get; see last_burst(). */
	if (!node->ring->stalled)
		last_burst(bus, node->ring);
	node->is_up = false;
	node->joined = false;
	node->outbox_count = 0;
	node->cut_offs++;
	bus_cut(bus);
}

void bus_partition(struct bus *bus, uint32_t nodes)
{
	uint32_t side = bus->next_side++;

	for (uint32_t id = 1; id <= NODES_MAX; id++)
		if (nodes & NODE_BIT(id))
			bus->nodes[id].side = side;
	bus_cut(bus);
}

void bus_heal(struct bus *bus)
{
	for (uint32_t id = 1; id <= NODES_MAX; id++)
		bus->nodes[id].side = 0;
	bus_form_later(bus, 0, random_between(&bus->world->random_bus, 50, 2000) * US_PER_MS);
}

bool bus_is_split(const struct bus *bus)
{
	for (uint32_t id = 1; id <= NODES_MAX; id++)
		if (bus->nodes[id].is_up && bus->nodes[id].side != 0)
			return true;
	return false;
}
