/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cluster manager: switches off what left the quorate ring alive, and what
 * it knows each daemon that waits for it can ask.
 */
#include "tests/sim/daemon.h"
#include "tests/sim/faults.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

#define FENCER_PERIOD_US (700 * US_PER_MS)

static void power_returns(void *context, uint64_t argument)
{
	(void)argument;
	node_power_on(context);
}

/* A working quorate ring without the node, which was part of a quorum in its present life. */
static bool is_to_be_fenced(const struct world *world, const struct node *node)
{
	if (!node->is_on || world->bus.seen_incarnation[node->id] != node->power_epoch)
		return false;
	for (uint32_t id = 1; id <= world->settings.node_count; id++)
		if (bus_is_quorate(&world->bus, id))
			return !(world->bus.nodes[id].ring->nodes & NODE_BIT(node->id));
	return false;
}

static void look_for_waiting(void *context, const struct engine_log_status *log)
{
	bool *waits = context;

	*waits = *waits || log->waits_for_fencing;
}

static void tell(struct world *world, struct daemon *daemon)
{
	bool waits = false;

	engine_status_logs(daemon->engine, &waits, look_for_waiting);
	for (uint32_t id = 1; waits && id <= world->settings.node_count; id++)
		if (bus_is_fenced(&world->bus, id))
			daemon_push_fenced(daemon, id);
}

static void fence(void *context, uint64_t argument)
{
	struct world *world = context;

	(void)argument;
	for (uint32_t id = 1; id <= world->settings.node_count; id++) {
		struct node *node = world->nodes[id];

		if (is_to_be_fenced(world, node) &&
		    random_chance(&world->random_fault, world->settings.fence_per_mille)) {
			COUNT(world, FENCED);
			TRACE(world, id, "fenced");
			node_power_off(node);
			clock_after(&world->clock,
				    random_between(&world->random_fault, 4, 30) * US_PER_S,
				    power_returns, node, 0);
		}
		if (node->daemon)
			tell(world, node->daemon);
	}
	clock_after(&world->clock, FENCER_PERIOD_US, fence, world, 0);
}

void fencer_start(struct world *world)
{
	if (world->settings.fencing)
		clock_after(&world->clock, FENCER_PERIOD_US, fence, world, 0);
}
