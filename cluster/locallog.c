/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Local logs, their instances, the requests that wait, and the three shapes of an answer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/deadline.h"
#include "cluster/diskjob.h"
#include "cluster/engine_internal.h"
#include "cluster/oneleg.h"
#include "common/memory.h"

/* --- the index --- */

#define INDEX_FIRST 64

static struct locallog **bucket_of(const struct engine *engine, const char *uuid)
{
	uint64_t hash = bytes_hash(BYTES_HASH_START, uuid, strlen(uuid));

	return &engine->index[hash & (engine->index_size - 1)];
}

static void index_add(struct engine *engine, struct locallog *log)
{
	struct locallog **bucket = bucket_of(engine, log->uuid);

	log->same_hash = *bucket;
	*bucket = log;
}

static void index_grow(struct engine *engine)
{
	free(engine->index);
	engine->index_size = engine->index_size ? 2 * engine->index_size : INDEX_FIRST;
	engine->index = memory_new(1, engine->index_size * sizeof(struct locallog *));
	for (struct locallog *log = engine->logs; log; log = log->next)
		index_add(engine, log);
}

static void index_remove(struct engine *engine, struct locallog *log)
{
	struct locallog **at = bucket_of(engine, log->uuid);

	while (*at != log)
		at = &(*at)->same_hash;
	*at = log->same_hash;
}

struct locallog *locallog_find(const struct engine *engine, const char *uuid)
{
	struct locallog *log = engine->index_size ? *bucket_of(engine, uuid) : NULL;

	while (log && strcmp(log->uuid, uuid) != 0)
		log = log->same_hash;
	return log;
}

/* --- logs --- */

struct locallog *locallog_need(struct engine *engine, const char *uuid)
{
	struct locallog *log = locallog_find(engine, uuid);
	struct locallog **at = &engine->logs;

	if (log)
		return log;
	while (*at && strcmp((*at)->uuid, uuid) < 0)
		at = &(*at)->next;
	log = memory_new(1, sizeof(*log));
	ulog_uuid_copy(log->uuid, uuid);
	log->claimed = regionset_new();
	log->unknown = regionset_new();
	log->untold = regionset_new();
	log->staged = regionset_new();
	ended_init(&log->ended);
	log->staged_ahead = regionset_new();
	log->unsettled = regionset_new();
	log->done = regionset_new();
	log->reported = regionset_new();
	log->inherited = regionset_new();
	log->want_sent = regionset_new();
	log->window =
		window_new(engine->settings.window_regions ? engine->settings.window_regions : 1);
	log->last_update = &log->updates;
	log->started = REGION_NONE;
	log->disk.write_at_ms = UINT64_MAX;
	log->disk.doubt_at_ms = UINT64_MAX;
	log->disk.doubted = regionset_new();
	if (engine->log_count++ == engine->index_size)
		index_grow(engine);
	index_add(engine, log);
	log->next = *at;
	*at = log;
	return log;
}

static void instance_free(struct instance *instance)
{
	regionset_free(instance->told_clear);
	regionset_free(instance->one_leg);
	free(instance);
}

void locallog_free(struct locallog *log)
{
	while (log->instances) {
		struct instance *instance = log->instances;

		log->instances = instance->next;
		instance_free(instance);
	}
	while (log->pending) {
		struct pending *pending = log->pending;

		log->pending = pending->next;
		free(pending);
	}
	while (log->updates) {
		struct update *update = log->updates;

		log->updates = update->next;
		free(update);
	}
	heldset_free(&log->kernel_marked);
	regionset_free(log->claimed);
	regionset_free(log->unknown);
	regionset_free(log->untold);
	regionset_free(log->staged);
	ended_free(&log->ended);
	regionset_free(log->staged_ahead);
	regionset_free(log->unsettled);
	regionset_free(log->done);
	regionset_free(log->reported);
	regionset_free(log->inherited);
	regionset_free(log->want_sent);
	regionset_free(log->disk.loaded);
	regionset_free(log->disk.doubted);
	window_free(log->window);
	free(log->disk.changed);
	free(log);
}

void locallog_drop_if_unused(struct engine *engine, struct locallog *log)
{
	struct locallog **at = &engine->logs;

	if (log->instances || log->pending)
		return;
	while (*at != log)
		at = &(*at)->next;
	*at = log->next;
	index_remove(engine, log);
	deadline_log_is_gone(engine, log);
	engine->log_count--;
	locallog_free(log);
}

struct instance *instance_find(const struct locallog *log, uint64_t luid)
{
	struct instance *instance = log->instances;

	while (instance && instance->luid != luid)
		instance = instance->next;
	return instance;
}

bool locallog_has_new_table(const struct locallog *log)
{
	for (const struct instance *instance = log->instances; instance; instance = instance->next)
		if (instance->state == INSTANCE_INACTIVE && !instance->reconnect)
			return true;
	return false;
}

struct instance *instance_new(struct locallog *log, uint64_t luid)
{
	struct instance *instance = memory_new(1, sizeof(*instance));

	instance->luid = luid;
	instance->handle = -1;
	instance->block_bytes = LOGDISK_BLOCK_BYTES;
	instance->told_clear = regionset_new();
	instance->one_leg = regionset_new();
	instance->next = log->instances;
	log->instances = instance;
	return instance;
}

/* Both tables of a device met this daemon, and one attachment served either: now it is the other's. */
static void pass_attachment_on(struct engine *engine, struct locallog *log, bool was_writing)
{
	for (struct instance *other = log->instances; other && !log->active; other = other->next)
		if (other->state == INSTANCE_ACTIVE)
			log->active = other;
	if (!log->active || log->active->args.type != LOG_TYPE_DISK)
		return;
	logdisk_reset(log);
	logdisk_suspect(engine, log);
	if (was_writing)
		logdisk_doubt(engine, log);
}

void instance_remove(struct engine *engine, struct locallog *log, struct instance *instance)
{
	struct instance **at = &log->instances;
	struct pending *pending;
	bool one_leg = !regionset_is_empty(instance->one_leg);
	bool was_serving = log->active == instance && instance->state == INSTANCE_ACTIVE;
	bool was_writing = log->disk.round_jobs > 0;

	while (*at != instance)
		at = &(*at)->next;
	*at = instance->next;
	if (log->active == instance)
		log->active = NULL;
	/* Its kernel side is gone, but a thread of it may still wait for an answer. */
	for (int wait = WAIT_STATE; wait <= WAIT_DETACH; wait++)
		while ((pending = pending_take(log, (enum wait_for)wait, instance->luid))) {
			reply_error(engine, &pending->request, wait == WAIT_OPEN ? -ENODEV : 0);
			free(pending);
		}
	diskjob_forget_instance(engine, instance);
	diskjob_close(engine, instance);
	instance_free(instance);
	if (was_serving)
		pass_attachment_on(engine, log, was_writing);
	if (one_leg)
		oneleg_changed(engine, log->uuid);
}

static bool same_request(const struct ulog_request *one, const struct ulog_request *other)
{
	return one->luid == other->luid && one->type == other->type &&
	       one->region_count == other->region_count &&
	       memcmp(one->regions, other->regions, one->region_count * sizeof(one->regions[0])) ==
		       0;
}

/* The kernel sends a request again after 15 s (DM_ULOG_RETRY_TIMEOUT): what comes earlier is another thread's. */
#define RESENT_AFTER_MS 14000

struct pending *pending_add(struct engine *engine, struct locallog *log,
			    const struct ulog_request *request, enum wait_for wait, uint64_t ticket)
{
	struct pending **at = &log->pending;
	struct pending *pending;

	for (; *at; at = &(*at)->next) {
		pending = *at;
		if (engine->now_ms - pending->since_ms < RESENT_AFTER_MS ||
		    !same_request(&pending->request, request))
			continue;
		/* Another thread's, held as long, is newer than one that starts over. */
		if ((int32_t)(request->seq - pending->request.seq) <= 0)
			continue;
		pending->request.seq = request->seq;
		pending->since_ms = engine->now_ms;
		return pending;
	}
	pending = memory_new(1, sizeof(*pending));
	pending->wait = wait;
	pending->ticket = ticket;
	pending->since_ms = engine->now_ms;
	pending->request = *request;
	*at = pending;
	log->counters[COUNTER_HELD]++;
	if (wait == WAIT_STATE)
		engine->held_seen = true;
	return pending;
}

struct pending *pending_take(struct locallog *log, enum wait_for wait, uint64_t luid)
{
	for (struct pending **at = &log->pending; *at; at = &(*at)->next) {
		struct pending *pending = *at;

		if (pending->wait != wait || (luid != 0 && pending->request.luid != luid))
			continue;
		*at = pending->next;
		pending->next = NULL;
		return pending;
	}
	return NULL;
}

void reply_error(struct engine *engine, const struct ulog_request *request, int error)
{
	struct ulog_reply reply;

	ulog_reply_init(&reply, request);
	reply.error = error;
	engine->ports.reply(engine->ports.context, &reply);
}

void reply_u64(struct engine *engine, const struct ulog_request *request, uint64_t value)
{
	struct ulog_reply reply;

	ulog_reply_init(&reply, request);
	ulog_reply_set_u64(&reply, value);
	engine->ports.reply(engine->ports.context, &reply);
}

void reply_pair(struct engine *engine, const struct ulog_request *request, uint64_t first,
		uint64_t second)
{
	struct ulog_reply reply;

	ulog_reply_init(&reply, request);
	ulog_reply_set_pair(&reply, first, second);
	engine->ports.reply(engine->ports.context, &reply);
}
