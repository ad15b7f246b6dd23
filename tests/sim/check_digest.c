/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/check.h"
#include "tests/sim/check_internal.h"
#include "tests/sim/daemon.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

/* A digest costs as much as the state is large, so only some of the messages are looked at: all nodes look at the same. */
#define EVERY 16
void check_position(struct daemon *daemon)
{
	struct world *world = daemon->world;
	struct digest_slot *slot = &world->checks->digests[daemon->last_entry % DIGEST_SLOTS];
	struct engine_status status;
	uint64_t digest, position;

	if (daemon->last_entry % EVERY && !world->compare_always)
		return;
	engine_status(daemon->engine, &status);
	if (!status.joined)
		return;
	digest = engine_digest(daemon->engine, &position);
	if (slot->entry_id != daemon->last_entry || slot->history != daemon->last_history) {
		*slot = (struct digest_slot){daemon->last_entry, daemon->last_history, position,
					     digest, daemon->node->id};
		return;
	}
	COUNT(world, DIGESTS);
	if (slot->position != position)
		check_fail(world,
			   "after the same message node %u is at position %llu, node %u at %llu",
			   slot->node, (unsigned long long)slot->position, daemon->node->id,
			   (unsigned long long)position);
	else if (slot->digest != digest)
		check_fail(world, "at position %llu nodes %u and %u have different states",
			   (unsigned long long)position, slot->node, daemon->node->id);
}
