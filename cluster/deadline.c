/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the engine wants its next tick, and what for. Asked after each input, so with a thousand logs only the one
 * that the input was about is looked at. What is not noticed here waits for the next housekeeping, which passes
 * over logs at rest: 1,000 of them, looked at twice a second, cost most of what an idle daemon burnt.
 */
#include "cluster/deadline.h"
#include "cluster/engine_internal.h"
#include "cluster/housekeeping.h"
#include "cluster/recovery.h"
#include "cluster/retained.h"

#define SEND_AGAIN_MS 5

void deadline_of_log_changes(struct engine *engine, struct locallog *log)
{
	log->resting = false;
	if (engine->touched && engine->touched != log)
		engine->touched_all = true;
	engine->touched = log;
}

void deadline_of_all_changes(struct engine *engine)
{
	engine->touched_all = true;
}

void deadline_log_is_gone(struct engine *engine, const struct locallog *log)
{
	if (engine->touched == log)
		engine->touched = NULL;
	engine->touched_all = true;
}

static void take_log(struct engine *engine, const struct locallog *log)
{
	uint64_t window_ms = retained_deadline(engine, log);
	uint64_t disk_ms = logdisk_deadline(engine, log);
	uint64_t turn_ms = recovery_turn_deadline(log);

	if (window_ms < engine->logs_deadline_ms)
		engine->logs_deadline_ms = window_ms;
	if (disk_ms < engine->logs_deadline_ms)
		engine->logs_deadline_ms = disk_ms;
	if (turn_ms < engine->logs_deadline_ms)
		engine->logs_deadline_ms = turn_ms;
}

void deadline_recount(struct engine *engine)
{
	engine->logs_deadline_ms = UINT64_MAX;
	for (const struct locallog *log = engine->logs; log; log = log->next)
		if (!log->resting)
			take_log(engine, log);
}

void deadline_settle(struct engine *engine)
{
	if (engine->touched_all) {
		for (struct locallog *log = engine->logs; log; log = log->next)
			log->resting = false;
		deadline_recount(engine);
	} else if (engine->touched) {
		take_log(engine, engine->touched);
	}
	engine->touched = NULL;
	engine->touched_all = false;
}

/* Nothing of it is under way or kept, whose end time could bring. */
static bool holds_nothing(const struct locallog *log, const struct regionlog_node *own)
{
	const struct regionset *sets[] = {
		log->claimed,   log->unknown,         log->untold,       log->staged,  log->done,
		log->inherited, log->active->one_leg, own->primary_only, own->working,
	};

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		if (!regionset_is_empty(sets[i]))
			return false;
	return !log->pending && !log->updates && log->started == REGION_NONE && !log->work_asked;
}

bool deadline_log_may_rest(const struct engine *engine, const struct locallog *log)
{
	const struct regionlog *state = engine_state(engine, log);
	const struct regionlog_node *own = engine_own_node(engine, log);

	if (!state || state->failed || !regionset_is_empty(state->unsynced) || !own || own->opaque)
		return false;
	if (!log->active || log->active->state != INSTANCE_ACTIVE || log->active->suspending)
		return false;
	if (log->cycling || log->cycle_wanted || log->reattaching || log->in_doubt)
		return false;
	return holds_nothing(log, own) && logdisk_may_rest(engine, log);
}

uint64_t engine_deadline_ms(const struct engine *engine)
{
	uint64_t deadline = housekeeping_deadline(engine);

	if (engine->send_refused && engine->now_ms + SEND_AGAIN_MS < deadline)
		deadline = engine->now_ms + SEND_AGAIN_MS;
	return engine->logs_deadline_ms < deadline ? engine->logs_deadline_ms : deadline;
}
