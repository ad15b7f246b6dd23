/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that wait for quorum, the cluster's state or their instance: started over when it is there. */
#include <stdlib.h>

#include "cluster/engine_internal.h"
#include "cluster/requests.h"

static bool is_ready(const struct engine *engine, const struct pending *pending)
{
	const struct locallog *log = locallog_find(engine, pending->request.uuid);
	const struct instance *instance = log ? instance_find(log, pending->request.luid) : NULL;

	if (engine_is_frozen(engine))
		return false;
	if (!instance)
		return true;
	if (pending->request.type == ULOG_RESUME)
		return instance->state != INSTANCE_OPENING &&
		       instance->state != INSTANCE_RELEASING &&
		       (!log->active || log->active == instance ||
			log->active->state == INSTANCE_ACTIVE);
	return instance->state != INSTANCE_OPENING && instance->state != INSTANCE_RESUMING &&
	       !(instance->reconnect && !instance->was_resumed);
}

static struct pending *take_ready(struct engine *engine, struct locallog *log)
{
	for (struct pending **at = &log->pending; *at; at = &(*at)->next) {
		struct pending *pending = *at;

		if (pending->wait != WAIT_STATE || !is_ready(engine, pending))
			continue;
		*at = pending->next;
		return pending;
	}
	return NULL;
}

static bool has_held(const struct locallog *log)
{
	for (const struct pending *pending = log->pending; pending; pending = pending->next)
		if (pending->wait == WAIT_STATE)
			return true;
	return false;
}

/* One that is started over may end its log or wake another: so each search begins anew. */
void requests_start_over(struct engine *engine)
{
	struct locallog *log = engine->logs;

	engine->held_seen = false;
	while (log) {
		struct pending *pending = take_ready(engine, log);

		if (!pending) {
			engine->held_seen = engine->held_seen || has_held(log);
			log = log->next;
			continue;
		}
		requests_dispatch(engine, &pending->request);
		free(pending);
		log = engine->logs;
	}
}
