/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When this node's device has to be suspended and resumed: its kernel was told
 * too much, or the state has what was left by an earlier daemon and only a
 * suspend can end.
 */
#include "cluster/engine_internal.h"
#include "cluster/oneleg.h"
#include "cluster/recovery.h"

#define CYCLE_AGAIN_MS 5000
#define CYCLE_PAUSE_MS 500
#define OLD_MARKS_MS   10000

static bool a_leg_failed(const struct regionlog *state)
{
	for (size_t i = 0; i < state->node_count; i++)
		if (!regionset_is_empty(state->nodes[i].primary_only))
			return true;
	return false;
}

/* Marks of an earlier daemon that the kernel neither repeats nor clears: most are from its window. A suspend ends them. */
static bool has_old_marks(const struct engine *engine, const struct locallog *log)
{
	return !regionset_is_empty(log->unknown) &&
	       engine->now_ms >= log->adopted_ms + OLD_MARKS_MS;
}

/* Reloaded while no daemon ran: nobody else may copy them, this kernel knows nothing of them. A suspend ends that. */
static bool has_stale_one_leg(const struct engine *engine, const struct locallog *log)
{
	return engine->now_ms >= log->adopted_ms + OLD_MARKS_MS && oneleg_is_stale(engine, log);
}

/* Handed out to an earlier daemon, and the kernel neither ends a copy nor asks for work: a suspend gives them back. */
static bool has_old_work(const struct engine *engine, const struct locallog *log)
{
	return !regionset_is_empty(log->inherited) &&
	       engine->now_ms >= log->adopted_ms + OLD_MARKS_MS;
}

/* The device works again, and nobody has loaded another table. What its kernel holds it holds on after a suspend. */
static bool has_untold_writes(const struct engine *engine, const struct locallog *log,
			      const struct regionlog *state)
{
	return !regionset_is_empty(log->untold) && !state->failed &&
	       engine->now_ms >= log->untold_ms + OLD_MARKS_MS;
}

/* Either it may hold marks that nobody knows, or it would never ask for what is out of sync. */
static bool needs_cycle(struct engine *engine, struct locallog *log, const struct regionlog *state)
{
	const struct regionlog_node *own = engine_own_node(engine, log);
	uint64_t first = regionset_next(state->unsynced, 0);

	/* Nobody may copy anything before. */
	if (own && own->opaque)
		return true;
	/* A failed leg is repaired by a table reload, which asks anew; resuming before would let held writes through. */
	if (!regionset_is_empty(log->active->one_leg))
		return false;
	if (has_old_marks(engine, log) || has_old_work(engine, log) ||
	    has_stale_one_leg(engine, log) || has_untold_writes(engine, log, state))
		return true;
	if (a_leg_failed(state))
		return false;
	if (!log->cycle_wanted)
		return false;
	log->cycle_wanted = false;
	return first < log->active->args.region_count && first < log->active->hint;
}

void recovery_check_hint(struct engine *engine, struct locallog *log)
{
	const struct regionlog *state = engine_state(engine, log);

	if (log->cycling || engine_is_frozen(engine) || !state || !log->active ||
	    log->active->state != INSTANCE_ACTIVE || engine->now_ms < log->cycle_again_ms)
		return;
	if (!needs_cycle(engine, log, state))
		return;
	log->cycling = true;
	engine->ports.cycle_device(engine->ports.context, log->uuid);
}

void recovery_cycled(struct engine *engine, struct locallog *log, int result)
{
	log->cycling = false;
	log->cycle_again_ms = engine->now_ms + CYCLE_PAUSE_MS;
	if (result == 0)
		return;
	engine_report(engine, REPORT_WARNING,
		      "%s: cannot suspend and resume its device: error %d; tried again in %d s",
		      engine_short(log->uuid), -result, CYCLE_AGAIN_MS / 1000);
	log->cycle_wanted = true;
	log->cycle_again_ms = engine->now_ms + CYCLE_AGAIN_MS;
}
