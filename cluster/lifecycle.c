/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CTR and DTR: instances come and go. RESUME and suspend are in attachment.c. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/diskjob.h"
#include "cluster/engine_internal.h"
#include "cluster/lifecycle.h"
#include "cluster/logfailure.h"
#include "cluster/oneleg.h"
#include "common/disklog.h"
#include "common/memory.h"

/* The kernel gave the number to another log: the old one's constructor failed later on, which nobody told us. */
static void drop_luid_elsewhere(struct engine *engine, const struct ulog_request *request)
{
	struct locallog *next;

	for (struct locallog *log = engine->logs; log; log = next) {
		struct instance *instance = instance_find(log, request->luid);

		next = log->next;
		if (!instance || strcmp(log->uuid, request->uuid) == 0 ||
		    instance->state == INSTANCE_ACTIVE)
			continue;
		instance_remove(engine, log, instance);
		locallog_drop_if_unused(engine, log);
	}
}

static void answer_ctr(struct engine *engine, const struct instance *instance,
		       const struct ulog_request *request)
{
	struct ulog_reply reply;
	char device[32];

	ulog_reply_init(&reply, request);
	/* Registered with device-mapper, the log device shows in `dmsetup deps`; a reconnecting kernel has no room for it. */
	if (request->version >= 2 && !request->reconnect && instance->args.type == LOG_TYPE_DISK &&
	    instance->major) {
		snprintf(device, sizeof(device), "%" PRIu32 ":%" PRIu32, instance->major,
			 instance->minor);
		ulog_reply_set_string(&reply, device, true);
	}
	engine->ports.reply(engine->ports.context, &reply);
}

static void refuse_ctr(struct engine *engine, const struct ulog_request *request, int error,
		       const char *reason)
{
	engine_report(engine, REPORT_ERROR, "%s: table refused: %s (\"%s\")",
		      engine_short(request->uuid), reason, request->constructor);
	reply_error(engine, request, error);
}

/* A log has one shape in the whole cluster as long as somebody uses it. */
static bool fits_cluster(struct engine *engine, const struct ulog_request *request,
			 const struct logargs *args)
{
	const struct regionlog *state = replica_find(engine->replica, request->uuid);
	char reason[160];

	if (!state || !regionlog_any_attached(state))
		return true;
	if (state->type == args->type && state->region_size_sectors == args->region_size_sectors)
		return true;
	snprintf(reason, sizeof(reason), "the log is in use as %s with region size %" PRIu32,
		 log_type_name(state->type), state->region_size_sectors);
	refuse_ctr(engine, request, -EINVAL, reason);
	return false;
}

/* It is there for good: one that cannot open its device takes nothing with it when it goes. */
static void become_inactive(struct engine *engine, struct locallog *log, struct instance *instance)
{
	instance->state = INSTANCE_INACTIVE;
	if (instance->reconnect)
		oneleg_take(engine, log->uuid, instance);
	logfailure_answer_unheld(engine, log);
}

static void construct(struct engine *engine, const struct ulog_request *request,
		      const struct logargs *args)
{
	struct locallog *log = locallog_need(engine, request->uuid);
	struct instance *instance = instance_new(log, request->luid);
	struct disk_job job = {.kind = DISK_OPEN};

	instance->args = *args;
	memcpy(instance->constructor, request->constructor, sizeof(instance->constructor));
	instance->reconnect = request->reconnect;
	/* What this kernel was told before is not known: as if it never asked again. */
	instance->hint = request->reconnect ? args->region_count : 0;
	if (args->type == LOG_TYPE_CORE) {
		become_inactive(engine, log, instance);
		answer_ctr(engine, instance, request);
		return;
	}
	instance->state = INSTANCE_OPENING;
	pending_add(engine, log, request, WAIT_OPEN, 0);
	job.device = instance->args.device;
	diskjob_start(engine, log, instance, DISK_FOR_OPEN, &job);
}

void lifecycle_ctr(struct engine *engine, const struct ulog_request *request)
{
	struct locallog *log = locallog_find(engine, request->uuid);
	struct instance *instance = log ? instance_find(log, request->luid) : NULL;
	struct logargs args;
	char reason[256];

	if (instance && instance->state == INSTANCE_OPENING) {
		pending_add(engine, log, request, WAIT_OPEN, 0);
		return;
	}
	if (instance) {
		instance->knocked = request->reconnect;
		reply_error(engine, request, 0);
		return;
	}
	if (logargs_parse(request->constructor, &args, reason, sizeof(reason)) < 0) {
		refuse_ctr(engine, request, -EINVAL, reason);
		return;
	}
	drop_luid_elsewhere(engine, request);
	if (fits_cluster(engine, request, &args))
		construct(engine, request, &args);
}

static void open_ended(struct engine *engine, struct locallog *log, struct instance *instance)
{
	struct pending *pending;

	become_inactive(engine, log, instance);
	while ((pending = pending_take(log, WAIT_OPEN, instance->luid))) {
		answer_ctr(engine, instance, &pending->request);
		free(pending);
	}
}

static void open_failed(struct engine *engine, struct locallog *log, struct instance *instance,
			int error, const char *reason)
{
	struct pending *pending;
	uint64_t luid = instance->luid;

	while ((pending = pending_take(log, WAIT_OPEN, luid))) {
		refuse_ctr(engine, &pending->request, error, reason);
		free(pending);
	}
	instance_remove(engine, log, instance);
	locallog_drop_if_unused(engine, log);
}

/*
 * A kernel that is refused in a reconnect asks until its device is back, with its writes and its suspend behind that. The
 * others' daemons have the state: it is served with that, and each access opens the device again (diskjob.c).
 */
static bool may_go_on_without_device(const struct engine *engine, const struct locallog *log,
				     const struct instance *instance)
{
	const struct regionlog *state = replica_find(engine->replica, log->uuid);

	return instance->reconnect && membership_is_live(engine->membership) && state &&
	       regionlog_any_attached(state);
}

static void go_on_without_device(struct engine *engine, struct locallog *log,
				 struct instance *instance, const char *reason)
{
	diskjob_close(engine, instance);
	engine_report(engine, REPORT_ERROR, "%s: its kernel goes on without a log device: %s",
		      engine_short(log->uuid), reason);
	open_ended(engine, log, instance);
}

static void read_header(struct engine *engine, struct locallog *log, struct instance *instance)
{
	struct disk_job job = {.kind = DISK_READ,
			       .handle = instance->handle,
			       .length_bytes = instance->block_bytes};

	diskjob_start(engine, log, instance, DISK_FOR_HEADER, &job);
}

static void take_handle(struct instance *instance, const struct disk_result *result)
{
	instance->handle = (int)result->result;
	instance->size_bytes = result->size_bytes;
	instance->block_bytes = result->block_bytes;
	instance->major = result->major;
	instance->minor = result->minor;
}

int lifecycle_reopened(struct engine *engine, struct instance *instance,
		       const struct disk_result *result)
{
	take_handle(instance, result);
	if (instance->size_bytes >=
	    disklog_size_bytes(instance->args.region_count, instance->block_bytes))
		return -EAGAIN;
	diskjob_close(engine, instance);
	return -ENOSPC;
}

static void take_device(struct engine *engine, struct locallog *log, struct instance *instance,
			const struct disk_result *result)
{
	uint64_t need;
	char reason[LOGARGS_DEVICE_SIZE + 160];

	take_handle(instance, result);
	need = disklog_size_bytes(instance->args.region_count, instance->block_bytes);
	if (instance->size_bytes < need) {
		snprintf(reason, sizeof(reason),
			 "log device %s is too small: %" PRIu64 " regions need %" PRIu64
			 " bytes, it has %" PRIu64,
			 instance->args.device, instance->args.region_count, need,
			 instance->size_bytes);
		open_failed(engine, log, instance, -EINVAL, reason);
		return;
	}
	read_header(engine, log, instance);
}

static void take_header(struct engine *engine, struct locallog *log, struct instance *instance,
			const struct disk_result *result)
{
	struct disklog_header header;
	char reason[LOGARGS_DEVICE_SIZE + 80];

	disklog_header_decode(result->data, &header);
	if (disklog_header_kind(&header) == DISKLOG_UNSUPPORTED) {
		snprintf(reason, sizeof(reason),
			 "log device %s has a mirror log of version %" PRIu32 ", not 2",
			 instance->args.device, header.version);
		open_failed(engine, log, instance, -EINVAL, reason);
		return;
	}
	open_ended(engine, log, instance);
}

void lifecycle_opened(struct engine *engine, struct locallog *log, struct instance *instance,
		      const struct disk_result *result)
{
	char reason[LOGARGS_DEVICE_SIZE + 80];

	if (result->result < 0) {
		snprintf(reason, sizeof(reason), "log device %s: %s", instance->args.device,
			 strerror((int)-result->result));
		if (may_go_on_without_device(engine, log, instance))
			go_on_without_device(engine, log, instance, reason);
		else
			open_failed(engine, log, instance, (int)result->result, reason);
	} else if (instance->handle < 0) {
		take_device(engine, log, instance, result);
	} else {
		take_header(engine, log, instance, result);
	}
}

/*
 * The last table that is known here may not be the last of this node: an earlier
 * daemon's live one has had no reason to speak yet. Only a suspend, or a device
 * that is gone, ends what that one has marked (housekeeping looks).
 */
static bool is_let_go(const struct engine *engine, const char *uuid, bool suspended)
{
	const struct regionlog *state = replica_find(engine->replica, uuid);
	const struct regionlog_node *own =
		state ? regionlog_find_node(state, engine->settings.node) : NULL;

	return own && (suspended || !(own->attached || own->opaque || own->lost));
}

static void forget(struct engine *engine, const char *uuid)
{
	struct wire_op op = {.kind = OP_FORGET};

	ulog_uuid_copy(op.uuid, uuid);
	engine_send(engine, NULL, &op);
}

void lifecycle_dtr(struct engine *engine, const struct ulog_request *request)
{
	struct locallog *log = locallog_find(engine, request->uuid);
	struct instance *instance = log ? instance_find(log, request->luid) : NULL;

	bool suspended = instance && (instance->state == INSTANCE_RELEASING ||
				      instance->state == INSTANCE_SUSPENDED);

	if (instance)
		instance_remove(engine, log, instance);
	else
		oneleg_destroyed(engine, request->uuid, request->luid);
	if (log)
		locallog_drop_if_unused(engine, log);
	reply_error(engine, request, 0);
	log = locallog_find(engine, request->uuid);
	if (log && log->instances)
		return;
	if (is_let_go(engine, request->uuid, suspended))
		forget(engine, request->uuid);
	else
		engine->wake_kernels_ms = 0;
}
