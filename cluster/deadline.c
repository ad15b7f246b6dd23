/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the engine wants its next tick. Asked after each input, so with a thousand logs only the one
 * that the input was about is looked at. What is not noticed here waits for the next housekeeping.
 */
#include "cluster/deadline.h"
#include "cluster/engine_internal.h"
#include "cluster/housekeeping.h"
#include "cluster/recovery.h"
#include "cluster/retained.h"

#define SEND_AGAIN_MS 5

void deadline_of_log_changes(struct engine *engine, const struct locallog *log)
{
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

void deadline_settle(struct engine *engine)
{
	if (engine->touched_all) {
		engine->logs_deadline_ms = UINT64_MAX;
		for (const struct locallog *log = engine->logs; log; log = log->next)
			take_log(engine, log);
	} else if (engine->touched) {
		take_log(engine, engine->touched);
	}
	engine->touched = NULL;
	engine->touched_all = false;
}

uint64_t engine_deadline_ms(const struct engine *engine)
{
	uint64_t deadline = housekeeping_deadline(engine);

	if (engine->send_refused && engine->now_ms + SEND_AGAIN_MS < deadline)
		deadline = engine->now_ms + SEND_AGAIN_MS;
	return engine->logs_deadline_ms < deadline ? engine->logs_deadline_ms : deadline;
}
