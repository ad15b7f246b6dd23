/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/check.h"
#include "tests/sim/disk.h"
#include "tests/sim/mapped_device.h"
#include "tests/sim/mirror.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

/* Writes of a block have an order, so any write from the one acknowledged at the start on is right. */
void check_read(struct mapped_device *device, uint32_t number, uint32_t acked, uint32_t value)
{
	const struct block *block = &device->mirror->blocks[number];
	struct world *world = device->kernel->world;

	if (value < acked || value > block->issued)
		check_fail(world,
			   "node %u reads number %x from block %u (region %u) of %s; %x was "
			   "acknowledged, %x issued",
			   device->kernel->node->id, value, number, number / BLOCKS_PER_REGION,
			   device->mirror->uuid, acked, block->issued);
}

void check_legs_equal(struct world *world)
{
	for (uint32_t i = 0; i < world->settings.mirror_count; i++) {
		const struct mirror *mirror = world->mirrors[i];

		for (uint32_t region = 0; region < mirror->region_count; region++)
			if (legs_differ(&mirror->legs, region))
				legs_fail(&mirror->legs, region, "in the end all is in sync");
		for (uint32_t block = 0; block < mirror->region_count * BLOCKS_PER_REGION; block++)
			if (mirror->legs.content[mirror->legs.primary][block] <
			    mirror->blocks[block].acked)
				check_fail(world, "in the end block %u of %s has lost number %u",
					   block, mirror->uuid, mirror->blocks[block].acked);
	}
}

void check_blackout(struct world *world)
{
	for (uint32_t id = 1; id <= world->settings.node_count; id++)
		if (world->nodes[id]->is_on)
			return;
	COUNT(world, BLACKOUTS);
	TRACE(world, 0, "all nodes are off");
	for (uint32_t i = 0; i < world->settings.mirror_count; i++) {
		const struct mirror *mirror = world->mirrors[i];

		if (!mirror->log_disk || !disk_has_log(mirror->log_disk))
			continue;
		for (uint32_t region = 0; region < mirror->region_count; region++)
			if (disk_says_clean(mirror->log_disk, region) &&
			    legs_differ(&mirror->legs, region))
				legs_fail(&mirror->legs, region,
					  "all nodes are off, a region is clean on the log device");
	}
}
