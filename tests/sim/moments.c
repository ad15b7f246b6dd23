/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/moments.h"

#include "tests/sim/daemon.h"
#include "tests/sim/kernel.h"
#include "tests/sim/mirror.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

#define LOOK_US     150
#define PATIENCE_US (3 * US_PER_S)

struct wait {
	struct world *world;
	struct node *node;
	enum moment moment;
	uint64_t until_us;
	void (*act)(struct world *world, struct node *node);
};

bool moment_is_torn(const struct node *node)
{
	for (uint32_t i = 0; node->kernel && i < node->world->settings.mirror_count; i++)
		for (uint32_t region = 0; region < node->world->mirrors[i]->region_count; region++)
			if (node->kernel->leg_writes[i][region] &&
			    legs_differ(&node->world->mirrors[i]->legs, region))
				return true;
	return false;
}

bool moment_is_uneven(const struct world *world)
{
	const struct bus_node *first = NULL;

	for (uint32_t id = 1; id <= world->settings.node_count; id++) {
		const struct bus_node *node = &world->bus.nodes[id];

		if (!node->is_up || node->ring->stalled)
			continue;
		if (first && first->ring == node->ring && first->delivered != node->delivered)
			return true;
		if (!first)
			first = node;
	}
	return false;
}

bool moment_is_busy(const struct node *node)
{
	if (!node->daemon)
		return false;
	return node->daemon->disk_writes || node->world->bus.nodes[node->id].outbox_count ||
	       node->daemon->queues[SOURCE_NETLINK].count;
}

static bool has_come(const struct wait *wait)
{
	switch (wait->moment) {
	case MOMENT_TORN:
		return moment_is_torn(wait->node);
	case MOMENT_UNEVEN:
		return moment_is_uneven(wait->world);
	case MOMENT_BUSY:
		return moment_is_busy(wait->node);
	default:
		return true;
	}
}

static void look(void *context, uint64_t argument)
{
	struct wait *wait = context;

	(void)argument;
	if (wait->world->is_healing)
		return;
	if (has_come(wait) || wait->world->clock.now_us >= wait->until_us)
		wait->act(wait->world, wait->node);
	else
		clock_after(&wait->world->clock, LOOK_US, look, wait, 0);
}

void moment_wait(struct world *world, struct node *node, enum moment moment,
		 void (*act)(struct world *world, struct node *node))
{
	struct wait *wait = arena_new(&world->arena, sizeof(*wait));

	*wait = (struct wait){.world = world,
			      .node = node,
			      .moment = moment,
			      .until_us = world->clock.now_us + PATIENCE_US,
			      .act = act};
	look(wait, 0);
}
