/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's seventeen requests, each to the part that answers it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/activity.h"
#include "cluster/attachment.h"
#include "cluster/deadline.h"
#include "cluster/engine_internal.h"
#include "cluster/lifecycle.h"
#include "cluster/recovery.h"
#include "cluster/requests.h"
#include "cluster/retained.h"
#include "common/planted.h"

#define STATUS_SIZE 80 /* of the longest line; device-mapper offers more */

static void is_clean(struct engine *engine, struct locallog *log, struct instance *instance,
		     const struct ulog_request *request)
{
	const struct regionlog *state = engine_state(engine, log);
	uint64_t region = request->regions[0];
	bool clean;

	if (region >= instance->args.region_count) {
		reply_error(engine, request, -EINVAL);
		return;
	}
	clean = state && region < state->region_count &&
		regionlog_in_sync(state, (uint32_t)region) &&
		!regionlog_is_marked(state, (uint32_t)region) &&
		!heldset_contains(&log->kernel_marked, (uint32_t)region);
	reply_u64(engine, request, clean);
}

static void in_sync(struct engine *engine, struct locallog *log, struct instance *instance,
		    const struct ulog_request *request)
{
	uint64_t region = request->regions[0];

	if (region >= instance->args.region_count)
		reply_error(engine, request, -EINVAL);
	else
		reply_u64(engine, request,
			  recovery_in_sync(engine, log, instance, (uint32_t)region));
}

static void get_sync_count(struct engine *engine, struct locallog *log, struct instance *instance,
			   const struct ulog_request *request)
{
	const struct regionlog *state = engine_state(engine, log);
	uint64_t count = state ? regionlog_sync_count(state, instance->args.region_count) : 0;

	/* Told "all", the kernel never asks for work again until its next RESUME. */
	if (count == instance->args.region_count) {
		instance->hint = count;
		instance->hint_in_doubt = false;
	}
	reply_u64(engine, request, count);
}

static void status_info(struct engine *engine, struct locallog *log, struct instance *instance,
			const struct ulog_request *request)
{
	const struct regionlog *state = engine_state(engine, log);
	struct ulog_reply reply;
	char line[STATUS_SIZE];

	if (instance->args.type == LOG_TYPE_CORE)
		snprintf(line, sizeof(line), "1 clustered-core");
	else
		snprintf(line, sizeof(line), "3 clustered-disk %" PRIu32 ":%" PRIu32 " %c",
			 instance->major, instance->minor, state && state->failed ? 'D' : 'A');
	ulog_reply_init(&reply, request);
	ulog_reply_set_string(&reply, line, false);
	engine->ports.reply(engine->ports.context, &reply);
}

static void status_table(struct engine *engine, const struct instance *instance,
			 const struct ulog_request *request)
{
	const char *words = strchr(instance->constructor, ' ');
	struct ulog_reply reply;

	ulog_reply_init(&reply, request);
	if (words && ulog_reply_set_string(&reply, words + 1, false) < 0)
		reply.error = -ENOSPC;
	engine->ports.reply(engine->ports.context, &reply);
}

static void clear_region(struct engine *engine, struct locallog *log,
			 const struct instance *instance, const struct ulog_request *request)
{
	int result = 0;

	/*
	 * The worker runs on for a moment after a suspend; what it clears then is not marked any more. Or the next table
	 * has marked it: a request that was lost comes again after 15 s.
	 */
	if (log->active && instance->state == INSTANCE_ACTIVE)
		result = retained_clear(engine, log, request->regions, request->region_count);
	reply_error(engine, request, result);
}

static void on_regions(struct engine *engine, struct locallog *log, struct instance *instance,
		       const struct ulog_request *request)
{
	switch (request->type) {
	case ULOG_IS_CLEAN:
		is_clean(engine, log, instance, request);
		break;
	case ULOG_IN_SYNC:
		in_sync(engine, log, instance, request);
		break;
	case ULOG_FLUSH:
	case ULOG_MARK_REGION:
		activity_mark(engine, log, request);
		break;
	case ULOG_CLEAR_REGION:
		clear_region(engine, log, instance, request);
		break;
	case ULOG_GET_RESYNC_WORK:
		recovery_get_work(engine, log, instance, request);
		break;
	case ULOG_SET_REGION_SYNC:
		recovery_set_sync(engine, log, instance, request);
		break;
	case ULOG_IS_REMOTE_RECOVERING:
		recovery_is_remote(engine, log, instance, request);
		break;
	default:
		break;
	}
}

static void on_instance(struct engine *engine, struct locallog *log, struct instance *instance,
			const struct ulog_request *request)
{
	switch (request->type) {
	case ULOG_PRESUSPEND:
		attachment_presuspend(engine, log, instance, request);
		break;
	case ULOG_RESUME:
		attachment_resume(engine, log, instance, request);
		break;
	case ULOG_GET_REGION_SIZE:
		reply_u64(engine, request, instance->args.region_size_sectors);
		break;
	case ULOG_GET_SYNC_COUNT:
		get_sync_count(engine, log, instance, request);
		break;
	case ULOG_STATUS_INFO:
		status_info(engine, log, instance, request);
		break;
	case ULOG_STATUS_TABLE:
		status_table(engine, instance, request);
		break;
	default:
		on_regions(engine, log, instance, request);
		break;
	}
}

/* A table asks these only while it is resumed, and is not suspended before it has the answer (drivers/md/dm-raid1.c). */
static bool only_a_live_table_asks(const struct ulog_request *request)
{
	switch (request->type) {
	case ULOG_MARK_REGION:
	case ULOG_IS_REMOTE_RECOVERING:
	case ULOG_GET_RESYNC_WORK:
	case ULOG_SET_REGION_SYNC:
		return true;
	case ULOG_FLUSH:
		return request->region_count > 0;
	default:
		return false;
	}
}

/* Two tables met this daemon and the other one attached: it may be smaller, and what it knows of legs is its own. */
static void follow_live_table(struct engine *engine, struct locallog *log,
			      struct instance *instance, const struct ulog_request *request)
{
	if (!log->active || log->active == instance || log->active->state != INSTANCE_ACTIVE ||
	    instance->state != INSTANCE_ACTIVE || engine_is_frozen(engine) ||
	    !only_a_live_table_asks(request))
		return;
	log->active = instance;
	attachment_anew(engine, log);
}

/* A kernel whose other thread is just reconnecting: its log will be there in a moment. */
static bool comes_too_early(const struct engine *engine, const struct instance *instance,
			    const struct ulog_request *request)
{
	if (request->type == ULOG_RESUME || request->type == ULOG_GET_REGION_SIZE)
		return false;
	if (instance->state == INSTANCE_OPENING || instance->state == INSTANCE_RESUMING)
		return true;
	/* Without the cluster's state nothing is known that could be said. */
	return instance->reconnect && !instance->was_resumed && request->type != ULOG_PRESUSPEND &&
	       (instance->state != INSTANCE_ACTIVE || !membership_is_live(engine->membership));
}

/*
 * The kernel takes the size of what came with -ESRCH for the room it has when it
 * asks again. Were that none, IN_SYNC would fail then, which counts as 0: the
 * write would go to one leg, unmarked.
 */
static uint32_t room_for_answer(enum ulog_type type)
{
	switch (type) {
	case ULOG_GET_REGION_SIZE:
	case ULOG_IS_CLEAN:
	case ULOG_IN_SYNC:
	case ULOG_GET_SYNC_COUNT:
		return sizeof(uint64_t);
	case ULOG_GET_RESYNC_WORK:
	case ULOG_IS_REMOTE_RECOVERING:
		return 2 * sizeof(uint64_t);
	case ULOG_STATUS_INFO:
	case ULOG_STATUS_TABLE:
		return STATUS_SIZE;
	default:
		return 0;
	}
}

/*
 * -ESRCH makes a running kernel construct its log here. A suspend only has to
 * end. A RESUME may be the second half of a reconnect that an earlier daemon saw
 * begin: an error would fail the log for good; answered, the request behind it
 * comes and starts the reconnect anew.
 */
static void unknown_instance(struct engine *engine, const struct ulog_request *request)
{
	bool let_go = request->type == ULOG_PRESUSPEND || request->type == ULOG_RESUME;
	struct ulog_reply reply;

	ulog_reply_init(&reply, request);
	if (!let_go) {
		reply.error = -ESRCH;
		reply.data_size = PLANTED(NO_ROOM) ? 0 : room_for_answer(request->type);
	}
	engine->ports.reply(engine->ports.context, &reply);
}

/* To these a refusal is final: unanswered, they are asked of the next daemon, 15 s later. */
static void hand_back(struct engine *engine, const struct ulog_request *request)
{
	if (request->type != ULOG_CTR && request->type != ULOG_DTR &&
	    request->type != ULOG_POSTSUSPEND)
		unknown_instance(engine, request);
}

void requests_hand_back(struct engine *engine)
{
	engine->ended = true;
	for (struct locallog *log = engine->logs; log; log = log->next) {
		struct pending *pending;

		while ((pending = log->pending)) {
			log->pending = pending->next;
			hand_back(engine, &pending->request);
			free(pending);
		}
	}
}

void requests_dispatch(struct engine *engine, const struct ulog_request *request)
{
	struct locallog *log;
	struct instance *instance;

	if (engine->ended) {
		hand_back(engine, request);
		return;
	}
	if (request->type == ULOG_CTR || request->type == ULOG_DTR ||
	    request->type == ULOG_POSTSUSPEND)
		deadline_of_all_changes(engine);
	switch (request->type) {
	case ULOG_CTR:
		lifecycle_ctr(engine, request);
		return;
	case ULOG_DTR:
		lifecycle_dtr(engine, request);
		return;
	case ULOG_POSTSUSPEND:
		attachment_postsuspend(engine, request);
		return;
	default:
		break;
	}
	log = locallog_find(engine, request->uuid);
	instance = log ? instance_find(log, request->luid) : NULL;
	if (!instance) {
		unknown_instance(engine, request);
		return;
	}
	deadline_of_log_changes(engine, log);
	log->counters[COUNTER_REQUESTS]++;
	follow_live_table(engine, log, instance, request);
	if (comes_too_early(engine, instance, request))
		pending_add(engine, log, request, WAIT_STATE, 0);
	else
		on_instance(engine, log, instance, request);
}
