/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cluster/logfailure.h"

#include <errno.h>
#include <stdlib.h>

#include "cluster/engine_internal.h"

/* While the log was fine, a suspend that was under way when its kernel reconnected has ended in that time. */
#define SUSPEND_MS 60000U

/*
 * A suspend waits for the kernel's mark, and with a device that is gone for good nothing else would end it. Before it
 * says PRESUSPEND it waits for its copy, whose end the same thread tells: then it shows by the table that was loaded.
 * It says it once, perhaps before its mark made it reconnect: then it does not show at all.
 */
static bool is_being_replaced(const struct locallog *log)
{
	bool copies = log->started != REGION_NONE || !regionset_is_empty(log->inherited);

	return log->active->suspending || log->disk.failed_ms < log->active->unheard_until_ms ||
	       (copies && locallog_has_new_table(log));
}

uint64_t logfailure_unheard_until(const struct engine *engine, const struct instance *instance)
{
	return instance->reconnect && !instance->was_resumed ? engine->now_ms + SUSPEND_MS : 0;
}

static bool is_held(const struct locallog *log)
{
	return log->active && log->active->args.block_on_error && !is_being_replaced(log);
}

bool logfailure_is_answered(const struct engine *engine, const struct locallog *log)
{
	const struct regionlog *state = engine_state(engine, log);

	return state && state->failed && !is_held(log);
}

/*
 * Told that its log failed, a kernel reports no more which of the writes that are under way miss a leg: it holds them
 * until its device is suspended, as it holds all that come later. Nor is it known whether it took this for a failure:
 * it repeats a group of marks one by one.
 */
void logfailure_answer(struct engine *engine, struct locallog *log,
		       const struct ulog_request *request)
{
	heldset_collect(&log->kernel_marked, log->untold);
	regionset_add_all(log->untold, log->unknown);
	log->untold_ms = engine->now_ms;
	reply_error(engine, request, -EIO);
}

void logfailure_answer_unheld(struct engine *engine, struct locallog *log)
{
	struct pending *pending;

	if (!logfailure_is_answered(engine, log))
		return;
	while ((pending = pending_take(log, WAIT_SETTLED, 0))) {
		logfailure_answer(engine, log, &pending->request);
		free(pending);
	}
}
