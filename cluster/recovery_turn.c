/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns of two logs. A write that may not begin is tried again every 200 ms
 * (drivers/md/dm-raid1.c, delayed_wake()), but whether its region is copied
 * elsewhere a node asks once in 250 ms, for whichever log tries first
 * (drivers/md/dm-log-userspace-base.c, the static limit of
 * userspace_is_remote_recovering()). In step, one log asks every other time and
 * the other one never. Is that one to be suspended, its suspend waits for ever:
 * so meanwhile the others' answers come late, and they fall out of step.
 */
#include <stdlib.h>

#include "cluster/engine_internal.h"
#include "cluster/recovery.h"

/* 430 ms from one turn to the next: of three tries 200 ms apart one falls behind the 250. */
#define TURN_MS 30

bool recovery_lets_others_ask(const struct engine *engine, const struct locallog *log)
{
	for (const struct locallog *other = engine->logs; other; other = other->next)
		if (other != log && other->active && other->active->suspending &&
		    other->active->state == INSTANCE_ACTIVE)
			return true;
	return false;
}

static const struct pending *first_that_waits(const struct locallog *log)
{
	const struct pending *pending = log->pending;

	while (pending && pending->wait != WAIT_TURN)
		pending = pending->next;
	return pending;
}

uint64_t recovery_turn_deadline(const struct locallog *log)
{
	const struct pending *first = first_that_waits(log);

	return first ? first->since_ms + TURN_MS : UINT64_MAX;
}

void recovery_end_turn(struct engine *engine, struct locallog *log)
{
	while (recovery_turn_deadline(log) <= engine->now_ms) {
		struct pending *pending = pending_take(log, WAIT_TURN, 0);
		const struct instance *instance = instance_find(log, pending->request.luid);

		reply_pair(engine, &pending->request, 1, instance ? instance->hint : 0);
		free(pending);
	}
}
