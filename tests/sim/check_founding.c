/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Not promised (docs/reliability.md): whoever founds the state without having met another node's daemon since that node
 * was last fenced cannot know that a kernel there, left without a daemon, writes; nor, if it has two_node and never heard
 * of that node, that the other half of the cluster is quorate as well.
 */
#include "tests/sim/check.h"
#include "tests/sim/daemon.h"
#include "tests/sim/kernel.h"
#include "tests/sim/mapped_device.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

static bool decides(const struct daemon *daemon)
{
	struct engine_status status;

	engine_status(daemon->engine, &status);
	return status.joined && status.quorate;
}

static bool has_mirror(const struct node *node)
{
	for (uint32_t i = 0; node->kernel && i < node->world->settings.mirror_count; i++)
		if (node->kernel->devices[i] && node->kernel->devices[i]->live)
			return true;
	return false;
}

static bool has_met(const struct node *node, uint32_t other)
{
	for (size_t i = 0; i < node->met_count; i++)
		if (node->met[i] == other)
			return true;
	return false;
}

static bool may_write_unknown(const struct daemon *daemon, uint32_t other)
{
	const struct world *world = daemon->world;
	const struct node *node = world->nodes[other];

	if (!has_mirror(node) || has_met(daemon->node, other))
		return false;
	if (bus_in_one_ring(&world->bus, other, daemon->node->id))
		return !node->daemon;
	return world->settings.two_node && !(daemon->named & NODE_BIT(other));
}

void check_founding(struct daemon *daemon)
{
	struct world *world = daemon->world;
	bool decided_before = daemon->decides;

	daemon->decides = decides(daemon);
	if (!daemon->decides || decided_before)
		return;
	for (uint32_t id = 1; id <= world->settings.node_count; id++) {
		const struct daemon *other = world->nodes[id]->daemon;

		/* It has its state from there. */
		if (other && other != daemon && other->decides &&
		    bus_in_one_ring(&world->bus, id, daemon->node->id))
			return;
	}
	for (uint32_t id = 1; id <= world->settings.node_count; id++) {
		if (!may_write_unknown(daemon, id))
			continue;
		TRACE(world, daemon->node->id, "knows nothing of the mirrors of node %u", id);
		check_spoil(world);
	}
}
