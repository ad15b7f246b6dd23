/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/legs.h"

#include <errno.h>

#include "tests/sim/check.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

struct leg_access {
	struct legs *legs;
	struct node *node;
	uint32_t power_epoch;
	bool is_write;
	uint32_t leg;
	uint32_t block;
	uint32_t value;
	leg_done done;
	void *context;
};

void legs_init(struct legs *legs, struct world *world, uint32_t count, bool equal)
{
	legs->world = world;
	legs->count = count;
	for (uint32_t leg = 1; leg < count; leg++)
		for (uint32_t block = 0; block < BLOCKS_MAX; block++)
			legs->content[leg][block] = equal ? 0 : LEG_GARBAGE + leg;
}

static void put(struct legs *legs, const struct leg_access *access)
{
	legs->content[access->leg][access->block] = access->value;
	legs->writer[access->leg][access->block] = access->node->id;
	legs->written_us[access->leg][access->block] = legs->world->clock.now_us;
}

static void land(void *context, uint64_t argument)
{
	struct leg_access *access = context;
	struct legs *legs = access->legs;
	int error = 0;

	(void)argument;
	if (access->node->power_epoch != access->power_epoch)
		return;
	if (legs->broken[access->node->id][access->leg])
		error = -EIO;
	else if (access->is_write)
		put(legs, access);
	else
		access->value = legs->content[access->leg][access->block];
	access->done(access->context, access->leg, error, access->value);
}

static void start(struct legs *legs, const struct leg_access *access)
{
	struct world *world = legs->world;

	clock_after(&world->clock,
		    50 + random_delay(&world->random_io, world->settings.leg_delay_us), land,
		    arena_copy(&world->arena, access, sizeof(*access)), 0);
}

void legs_read(struct legs *legs, struct node *node, uint32_t leg, uint32_t block, leg_done done,
	       void *context)
{
	start(legs, &(struct leg_access){.legs = legs,
					 .node = node,
					 .power_epoch = node->power_epoch,
					 .leg = leg,
					 .block = block,
					 .done = done,
					 .context = context});
}

void legs_write(struct legs *legs, struct node *node, uint32_t leg, uint32_t block, uint32_t value,
		leg_done done, void *context)
{
	node->has_diverged = node->has_diverged || node->may_diverge;
	start(legs, &(struct leg_access){.legs = legs,
					 .node = node,
					 .power_epoch = node->power_epoch,
					 .is_write = true,
					 .leg = leg,
					 .block = block,
					 .value = value,
					 .done = done,
					 .context = context});
}

uint32_t legs_differ(const struct legs *legs, uint32_t region)
{
	for (uint32_t leg = 1; leg < legs->count; leg++)
		for (uint32_t i = 0; i < BLOCKS_PER_REGION; i++)
			if (legs->content[leg][region * BLOCKS_PER_REGION + i] !=
			    legs->content[0][region * BLOCKS_PER_REGION + i])
				return leg;
	return 0;
}

void legs_fail(const struct legs *legs, uint32_t region, const char *what)
{
	uint32_t leg = legs_differ(legs, region), block = region * BLOCKS_PER_REGION;

	while (legs->content[leg][block] == legs->content[0][block])
		block++;
	check_fail(legs->world,
		   "%s, and its legs differ: block %u: leg 0 has %x (node %u, %.6f s), leg %u has "
		   "%x (node %u, %.6f s)",
		   what, block, legs->content[0][block], legs->writer[0][block],
		   (double)legs->written_us[0][block] / US_PER_S, leg, legs->content[leg][block],
		   legs->writer[leg][block], (double)legs->written_us[leg][block] / US_PER_S);
}
