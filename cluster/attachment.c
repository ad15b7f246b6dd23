/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RESUME attaches this node to a log; how it ends is in attachment_suspend.c. */
#include <errno.h>
#include <stdlib.h>

#include "cluster/activity.h"
#include "cluster/attachment_internal.h"
#include "cluster/carried.h"
#include "cluster/engine_internal.h"
#include "cluster/logfailure.h"
#include "cluster/oneleg.h"
#include "cluster/recovery.h"
#include "cluster/statepieces.h"
#include "common/memory.h"

struct regionlog_attach attachment_shape_of(const struct instance *instance)
{
	return (struct regionlog_attach){
		.type = instance->args.type,
		.region_size_sectors = instance->args.region_size_sectors,
		.region_count = instance->args.region_count,
	};
}

void attachment_declare_unsynced(struct engine *engine, struct locallog *log,
				 const struct regionset *regions)
{
	for (uint64_t from = 0;;) {
		struct wire_op op = {.kind = OP_UNSYNC};

		op.regions = wire_op_regions(regions, from, &op.region_count);
		if (op.region_count == 0)
			return;
		from = op.regions[op.region_count - 1] + UINT64_C(1);
		engine_send(engine, log, &op);
	}
}

static void send_attach(struct engine *engine, struct locallog *log, struct instance *instance)
{
	struct wire_op op = {.kind = OP_ATTACH,
			     .ticket = ++log->ticket,
			     .attach = attachment_shape_of(instance)};

	log->attach_ticket = op.ticket;
	op.attach.sync = instance->was_resumed || instance->reconnect ? LOG_SYNC_DEFAULT
								      : instance->args.sync;
	op.attach.reconnect = log->reattaching || (instance->reconnect && !instance->was_resumed);
	/* What an earlier reading left says nothing now. */
	if (log->disk.loaded) {
		op.attach.generation = log->disk.load_generation;
		op.attach.valid_count = log->disk.load_valid;
		op.attach.unsynced = log->disk.loaded;
		op.attach.drafted = log->disk.drafted_end > 0;
		log->disk.loaded = NULL;
	}
	engine_send(engine, log, &op);
	/*
	 * The kernel's region hash outlives a suspend: these are still written to one
	 * leg. Said in one message with the attach, so that the kernel, which only asks
	 * after a RESUME, hears of them and copies them.
	 */
	attachment_declare_unsynced(engine, log, instance->one_leg);
}

static bool must_load(const struct engine *engine, const struct locallog *log,
		      const struct instance *instance)
{
	const struct regionlog *state = engine_state(engine, log);

	return instance->args.type == LOG_TYPE_DISK && (!state || !regionlog_any_attached(state));
}

void attachment_start_resume(struct engine *engine, struct locallog *log, struct instance *instance)
{
	instance->state = INSTANCE_RESUMING;
	log->active = instance;
	log->detach_sent = false;
	log->released = false;
	logdisk_reset(log);
	/* Of an earlier load; while others are attached nothing is read. */
	statepieces_reset(log);
	log->disk.load_valid = 0;
	if (must_load(engine, log, instance))
		logdisk_load(engine, log);
	else
		send_attach(engine, log, instance);
}

void attachment_send_simple(struct engine *engine, struct locallog *log, enum wire_op_kind kind,
			    uint64_t ticket)
{
	struct wire_op op = {.kind = kind, .ticket = ticket};

	engine_send(engine, log, &op);
}

/*
 * Both tables of a device may meet a new daemon, the inactive one for a mere
 * status. Which of them is live only their suspends tell: the node is attached
 * once, and either is served.
 */
static bool is_second_reconnect(const struct locallog *log, const struct instance *instance)
{
	return instance->reconnect && !instance->was_resumed && log->active &&
	       log->active != instance && log->active->state == INSTANCE_ACTIVE;
}

/*
 * The other table is live, and this one was never or is no more: it only wants to go on with some status. Either it
 * constructed its log once more just now, or for an earlier daemon, and its RESUME comes again after 15 s; but a table
 * that was replaced by one that this daemon saw loaded never comes back.
 */
static bool is_late_reconnect(const struct locallog *log, const struct instance *instance)
{
	const struct instance *active = log->active;

	return active && active != instance && active->state == INSTANCE_ACTIVE &&
	       (instance->knocked || (instance->was_resumed && !active->reconnect));
}

void attachment_resume(struct engine *engine, struct locallog *log, struct instance *instance,
		       const struct ulog_request *request)
{
	if (instance->state == INSTANCE_ACTIVE) {
		/* Asked again; the first answer was lost. */
		reply_error(engine, request, 0);
		return;
	}
	if (instance->state == INSTANCE_RESUMING) {
		pending_add(engine, log, request, WAIT_RESUME, 0);
		return;
	}
	/* Another thread's CTR of an earlier daemon was answered, this daemon's is not yet. */
	if (instance->state == INSTANCE_OPENING) {
		pending_add(engine, log, request, WAIT_STATE, 0);
		return;
	}
	if (is_second_reconnect(log, instance)) {
		instance->state = INSTANCE_ACTIVE;
		instance->was_resumed = true;
		reply_error(engine, request, 0);
		return;
	}
	if (is_late_reconnect(log, instance)) {
		instance->knocked = false;
		reply_error(engine, request, 0);
		return;
	}
	/* No kernel resumes two tables: a thread of the old one, say for a status, met a new daemon after its suspend. */
	if (log->active && log->active != instance && log->active->state == INSTANCE_ACTIVE)
		attachment_begin_release(engine, log, log->active);
	/* Another instance is still on its way out: its end must be ordered first. */
	if (engine_is_frozen(engine) || instance->state == INSTANCE_RELEASING ||
	    (log->active && log->active != instance)) {
		pending_add(engine, log, request, WAIT_STATE, 0);
		return;
	}
	pending_add(engine, log, request, WAIT_RESUME, 0);
	instance->knocked = false;
	attachment_start_resume(engine, log, instance);
}

void attachment_loaded(struct engine *engine, struct locallog *log)
{
	bool drafted = log->disk.drafted_end > 0;

	if (log->active && log->active->state == INSTANCE_RESUMING &&
	    (drafted || !statepieces_begin(engine, log)))
		send_attach(engine, log, log->active);
}

void attachment_again(struct engine *engine, struct locallog *log)
{
	attachment_start_resume(engine, log, log->active);
}

static void answer_resume(struct engine *engine, struct locallog *log)
{
	struct pending *pending;

	while ((pending = pending_take(log, WAIT_RESUME, log->active->luid))) {
		reply_error(engine, &pending->request, 0);
		free(pending);
	}
}

static void become_active(struct engine *engine, struct locallog *log, struct instance *instance)
{
	instance->state = INSTANCE_ACTIVE;
	/* A kernel that reconnects keeps its hint; it was set to "all" at its CTR. */
	if (instance->reconnect && !instance->was_resumed) {
		const struct regionlog_node *own = engine_own_node(engine, log);

		log->cycle_wanted = true;
		if (own)
			regionset_add_all(log->inherited, own->working);
		/*
		 * An earlier daemon heard of these; the kernel's region hash still knows them, unless the table was
		 * reloaded while no daemon ran.
		 */
		if (own && !oneleg_is_of_another(engine, log, instance))
			regionset_add_all(instance->one_leg, own->primary_only);
		if (!regionset_is_empty(instance->one_leg))
			oneleg_changed(engine, log->uuid);
	} else {
		/* Its kernel forgot its hint before it sent this RESUME, perhaps for the second time: told "all" since then? */
		instance->hint_in_doubt = instance->hint > 0;
	}
	instance->unheard_until_ms = logfailure_unheard_until(engine, instance);
	instance->was_resumed = true;
	instance->suspending = false;
	instance->gave_up = false;
	instance->wants_work = false;
	regionset_clear(instance->told_clear);
}

void attachment_attached(struct engine *engine, struct locallog *log, const struct wire_op *op,
			 const struct replica_outcome *outcome)
{
	struct instance *instance = log->active;

	if (op->ticket != log->attach_ticket || !instance || instance->state != INSTANCE_RESUMING)
		return;
	if (outcome->attach == ATTACH_STALE) {
		/* Others were attached and left since the device was read. */
		attachment_start_resume(engine, log, instance);
		return;
	}
	if (outcome->attach == ATTACH_MISMATCH) {
		engine_report(
			engine, REPORT_ERROR,
			"%s: RESUME refused: the log is in use with another type or region size",
			engine_short(log->uuid));
		instance->state = INSTANCE_SUSPENDED;
		log->active = NULL;
		for (struct pending *pending;
		     (pending = pending_take(log, WAIT_RESUME, instance->luid)); free(pending))
			reply_error(engine, &pending->request, -EINVAL);
		return;
	}
	if (!log->reattaching) {
		activity_adopt(engine, log);
		log->opaque = regionlog_find_node(outcome->log, engine->settings.node)->opaque;
	}
	if (instance->args.type == LOG_TYPE_DISK && outcome->attach == ATTACH_FIRST)
		logdisk_rewrite(engine, log, outcome->changed_from);
	else if (instance->args.type == LOG_TYPE_DISK)
		logdisk_suspect(engine, log);
	log->disk.told_position = log->disk.heard_position = replica_position(engine->replica);
	if (log->reattaching) {
		log->reattaching = false;
		instance->state = INSTANCE_ACTIVE;
		attachment_rejoin(engine, log);
		return;
	}
	become_active(engine, log, instance);
	engine_report(engine, REPORT_INFO, "%s: attached, %llu of %llu regions in sync",
		      engine_short(log->uuid),
		      (unsigned long long)regionlog_sync_count(outcome->log,
							       instance->args.region_count),
		      (unsigned long long)instance->args.region_count);
}

void attachment_advance(struct engine *engine, struct locallog *log)
{
	const struct instance *instance = log->active;
	const struct regionlog *state = engine_state(engine, log);

	if (!instance)
		return;
	statepieces_follow(engine, log);
	if (instance->state == INSTANCE_ACTIVE && state &&
	    (state->failed || logdisk_is_settled(log, log->disk.resume_position)))
		answer_resume(engine, log);
	attachment_advance_release(engine, log);
}
