/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PRESUSPEND announces that a table ends, POSTSUSPEND detaches this node from the log.
 *
 * Detaching takes two steps for the node that writes the device: its marks end
 * first (OP_RELEASE), then it writes, and only with nothing under way it gives
 * the device up (OP_DETACH). So no write of it can land on its successor's.
 */
#include <stdlib.h>

#include "cluster/activity.h"
#include "cluster/attachment_internal.h"
#include "cluster/carried.h"
#include "cluster/engine_internal.h"
#include "cluster/logfailure.h"
#include "cluster/oneleg.h"
#include "cluster/recovery.h"

void attachment_begin_release(struct engine *engine, struct locallog *log,
			      struct instance *instance)
{
	log->active = instance;
	instance->state = INSTANCE_RELEASING;
	/* The other table that met this daemon was served by the same attachment: it asks for one of its own. */
	for (struct instance *other = log->instances; other; other = other->next)
		if (other->state == INSTANCE_ACTIVE)
			other->state = INSTANCE_INACTIVE;
	/* Another table's end may have been under way when that table was constructed anew. */
	log->released = log->detach_sent = false;
	attachment_declare_unsynced(engine, log, log->untold);
	attachment_send_simple(engine, log, OP_RELEASE, ++log->ticket);
	log->release_ticket = log->ticket;
}

void attachment_presuspend(struct engine *engine, struct locallog *log, struct instance *instance,
			   const struct ulog_request *request)
{
	instance->suspending = true;
	if (instance == log->active && instance->state == INSTANCE_ACTIVE)
		recovery_stop(engine, log);
	logfailure_answer_unheld(engine, log);
	reply_error(engine, request, 0);
}

/* Nothing of that instance is known here: its node's part in the log ends all the same. */
static void end_unknown(struct engine *engine, const struct ulog_request *request)
{
	struct locallog *log = locallog_find(engine, request->uuid);
	const struct regionlog *state = replica_find(engine->replica, request->uuid);
	const struct regionlog_node *node =
		state ? regionlog_find_node(state, engine->settings.node) : NULL;
	struct wire_op op = {.kind = OP_DETACH};

	reply_error(engine, request, 0);
	if (!node || (!node->attached && !node->opaque) || (log && log->active))
		return;
	ulog_uuid_copy(op.uuid, request->uuid);
	engine_send(engine, NULL, &op);
}

void attachment_postsuspend(struct engine *engine, const struct ulog_request *request)
{
	struct locallog *log = locallog_find(engine, request->uuid);
	struct instance *instance = log ? instance_find(log, request->luid) : NULL;

	if (!instance) {
		end_unknown(engine, request);
		return;
	}
	if (instance->state == INSTANCE_RELEASING) {
		pending_add(engine, log, request, WAIT_DETACH, 0);
		return;
	}
	if (instance->state != INSTANCE_ACTIVE) {
		reply_error(engine, request, 0);
		return;
	}
	if (log->active && log->active != instance)
		log->active->state = INSTANCE_INACTIVE;
	oneleg_outlived(engine, log->uuid, instance);
	attachment_begin_release(engine, log, instance);
	/* Its kernel forgets it with the next RESUME, which it may send, and be told "all" again, long before this end is ordered. */
	instance->hint = 0;
	/* Without quorum the end cannot be ordered now; the device is quiet all the same. */
	if (engine_is_frozen(engine))
		reply_error(engine, request, 0);
	else
		pending_add(engine, log, request, WAIT_DETACH, 0);
}

/* Requests of threads that were under way: nothing is written any more, so there is nothing to wait for. */
static void answer_leftovers(struct engine *engine, struct locallog *log)
{
	static const enum wait_for waits[] = {WAIT_SETTLED, WAIT_WORK, WAIT_DETACH};

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
		for (struct pending *pending; (pending = pending_take(log, waits[i], 0));
		     free(pending)) {
			if (waits[i] == WAIT_WORK)
				reply_pair(engine, &pending->request, 0, 0);
			else
				reply_error(engine, &pending->request, 0);
		}
}

void attachment_detached(struct engine *engine, struct locallog *log)
{
	if (!log->active || log->active->state != INSTANCE_RELEASING)
		return;
	carried_end(engine, log);
	log->active->state = INSTANCE_SUSPENDED;
	log->active = NULL;
	log->opaque = false;
	activity_end(engine, log);
	logdisk_reset(log);
	answer_leftovers(engine, log);
	engine_report(engine, REPORT_INFO, "%s: detached", engine_short(log->uuid));
}

static bool may_detach(const struct engine *engine, const struct locallog *log)
{
	const struct regionlog *state = engine_state(engine, log);

	if (log->active->args.type == LOG_TYPE_CORE || log->disk.writer != engine->settings.node)
		return true;
	if (!logdisk_is_quiet(log))
		return false;
	return !state || state->failed || logdisk_is_written(log);
}

void attachment_advance_release(struct engine *engine, struct locallog *log)
{
	if (log->active->state != INSTANCE_RELEASING || log->detach_sent || !log->released)
		return;
	/* What became clean goes to the device now, not lazily. */
	log->disk.urgent = true;
	logdisk_follow(engine, log);
	if (!log->active || log->detach_sent || !may_detach(engine, log))
		return;
	log->detach_sent = true;
	attachment_send_simple(engine, log, OP_DETACH, 0);
}
