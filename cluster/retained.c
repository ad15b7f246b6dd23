/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks that this node's kernel has cleared, and those it is about to make: kept
 * in the window, until they are let go.
 */
#include "cluster/retained.h"

#include <errno.h>

#include "cluster/activity.h"
#include "cluster/engine_internal.h"
#include "common/memory.h"
#include "common/planted.h"

static void give_back(struct locallog *log, struct clears *clears, uint32_t region)
{
	if (!clears->regions)
		clears->regions = memory_new(WIRE_REGIONS_MAX, sizeof(uint32_t));
	regionset_remove(log->claimed, region);
	clears->regions[clears->count++] = region;
}

static void send_clears(struct engine *engine, struct locallog *log, struct clears *clears)
{
	struct wire_op op = {.others = clears->regions, .other_count = clears->count};

	if (clears->count > 0)
		activity_send(engine, log, &op);
	*clears = (struct clears){0};
}

bool retained_is_worth_keeping(const struct engine *engine, const struct regionlog *state,
			       uint32_t region)
{
	return engine->settings.window_regions > 0 && !engine->quiescing && state &&
	       !regionset_contains(state->unsynced, region);
}

/* The oldest first, until no more than `keep` are left, or none that was cleared by `cleared_ms`. */
static void take_oldest(struct locallog *log, struct clears *clears, uint32_t keep,
			uint64_t cleared_ms)
{
	uint32_t oldest;
	uint64_t since;

	while (window_count(log->window) > keep && clears->count < WIRE_REGIONS_MAX &&
	       window_oldest(log->window, &oldest, &since) && since <= cleared_ms) {
		window_remove(log->window, oldest);
		give_back(log, clears, oldest);
	}
}

void retained_make_room(struct engine *engine, struct locallog *log, struct clears *clears,
			uint32_t wanted)
{
	uint32_t capacity = engine->settings.window_regions;
	uint32_t keep = capacity - capacity / 8 - 1;

	if (window_count(log->window) + wanted <= capacity)
		return;
	if (wanted > capacity - keep)
		keep = wanted < capacity ? capacity - wanted : 0;
	take_oldest(log, clears, keep, UINT64_MAX);
}

void retained_take_old(struct engine *engine, struct locallog *log, struct clears *clears)
{
	if (engine->now_ms >= engine->settings.hold_ms)
		take_oldest(log, clears, 0, engine->now_ms - engine->settings.hold_ms);
}

static void clear(struct engine *engine, struct locallog *log, const struct regionlog *state,
		  struct clears *clears, uint32_t region)
{
	log->counters[COUNTER_CLEARS]++;
	/* It stays marked until the kernel suspends, and is out of sync then. */
	if (regionset_contains(log->untold, region))
		return;
	if (state && PLANTED(CLEAR_BEFORE_ORDER))
		regionlog_clear(engine_state(engine, log), engine->settings.node, region);
	heldset_remove(&log->kernel_marked, region);
	regionset_remove(log->unknown, region);
	if (log->active)
		regionset_remove(log->active->told_clear, region);
	/* Never sent: then it never was marked for anybody. */
	if (regionset_remove(log->staged, region) || !regionset_contains(log->claimed, region))
		return;
	if (window_contains(log->window, region))
		return;
	if (!retained_is_worth_keeping(engine, state, region)) {
		give_back(log, clears, region);
		return;
	}
	retained_make_room(engine, log, clears, 1);
	window_add(log->window, region, engine->now_ms);
}

int retained_clear(struct engine *engine, struct locallog *log, const uint64_t *regions,
		   uint32_t count)
{
	const struct regionlog *state = engine_state(engine, log);
	struct clears clears = {0};

	if (!activity_in_range(log, regions, count))
		return -EINVAL;
	for (uint32_t i = 0; i < count; i++)
		clear(engine, log, state, &clears, (uint32_t)regions[i]);
	send_clears(engine, log, &clears);
	return 0;
}

static bool may_let_go(const struct engine *engine, const struct locallog *log)
{
	return !engine_is_frozen(engine) && log->active && log->active->state == INSTANCE_ACTIVE;
}

void retained_let_go(struct engine *engine, struct locallog *log, bool everything)
{
	const struct regionlog *state = engine_state(engine, log);
	struct clears clears = {0};

	if (!may_let_go(engine, log))
		return;
	if (everything)
		take_oldest(log, &clears, 0, UINT64_MAX);
	else if (retained_deadline(engine, log) <= engine->now_ms)
		retained_take_old(engine, log, &clears);
	/* What has to be copied again must not wait for the hold time. */
	for (uint64_t wanted = state && window_count(log->window)
				       ? regionset_next(state->unsynced, 0)
				       : REGION_NONE;
	     wanted != REGION_NONE && clears.count < WIRE_REGIONS_MAX;) {
		uint64_t claimed = regionset_next(log->claimed, wanted);

		if (claimed == REGION_NONE)
			break;
		if (claimed != wanted) {
			wanted = regionset_next(state->unsynced, claimed);
			continue;
		}
		if (window_remove(log->window, (uint32_t)wanted))
			give_back(log, &clears, (uint32_t)wanted);
		wanted = regionset_next(state->unsynced, wanted + 1);
	}
	send_clears(engine, log, &clears);
}

uint64_t retained_deadline(const struct engine *engine, const struct locallog *log)
{
	uint32_t region;
	uint64_t since;

	if (!may_let_go(engine, log) || !window_oldest(log->window, &region, &since))
		return UINT64_MAX;
	/* Later than its time, so that what comes behind it shares the message. */
	return since + engine->settings.hold_ms + engine->settings.hold_ms / 4;
}

void retained_drop_all(struct locallog *log)
{
	uint32_t region;
	uint64_t since;

	while (window_oldest(log->window, &region, &since))
		window_remove(log->window, region);
}
