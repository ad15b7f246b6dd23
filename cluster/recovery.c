/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recovery as this node's kernel sees it.
 *
 * What the kernel was told decides what may be answered next: it never asks
 * about regions below its hint, and asks IN_SYNC up to twice for one write. So
 * the hint never falls before a RESUME, and a region that was said not to be
 * under recovery stays IN_SYNC until that write is marked; else a write could go
 * to one leg, unmarked, while another node copies the region.
 */
#include <errno.h>
#include <stdlib.h>

#include "cluster/activity.h"
#include "cluster/engine_internal.h"
#include "cluster/logfailure.h"
#include "cluster/oneleg.h"
#include "cluster/recovery.h"
#include "common/memory.h"
#include "common/planted.h"

#define WORK_AGAIN_MS 250

static struct wire_op work_op(struct locallog *log)
{
	struct wire_op op = {.kind = OP_WORK};

	op.regions = wire_op_regions(log->done, 0, &op.region_count);
	for (uint32_t i = 0; i < op.region_count; i++) {
		regionset_remove(log->done, op.regions[i]);
		regionset_add(log->reported, op.regions[i]);
	}
	return op;
}

static void send_work(struct engine *engine, struct locallog *log, struct wire_op *op)
{
	op->ticket = ++log->ticket;
	ended_sent(&log->ended, op);
	engine_send(engine, log, op);
}

void recovery_report_done(struct engine *engine, struct locallog *log, uint32_t want)
{
	struct wire_op op = work_op(log);

	op.want = want;
	if (want > 0)
		log->work_asked = true;
	send_work(engine, log, &op);
}

/* What was handed to this node, but for what it reports as copied in `op`, goes back in it. */
static void hand_back(struct locallog *log, const struct regionlog_node *own, struct wire_op *op)
{
	struct regionset *left = regionset_copy(own->working);

	for (uint32_t i = 0; i < op->region_count; i++)
		regionset_remove(left, op->regions[i]);
	op->others = wire_op_regions(left, 0, &op->other_count);
	if (op->other_count > 0)
		regionset_add_many(log->reported, op->others, op->other_count);
	regionset_free(left);
}

void recovery_stop(struct engine *engine, struct locallog *log)
{
	const struct regionlog_node *own = engine_own_node(engine, log);
	struct wire_op op = work_op(log);

	log->started = REGION_NONE;
	regionset_clear(log->inherited);
	if (own)
		hand_back(log, own, &op);
	if (op.region_count + op.other_count > 0)
		send_work(engine, log, &op);
	else
		wire_op_free(&op);
}

/* Copied, but its report is not ordered yet: handed to the kernel again, the second copy would be nobody's. */
static bool is_copied(const struct locallog *log, uint32_t region)
{
	return regionset_contains(log->done, region) || regionset_contains(log->reported, region);
}

/* Handed out to this node and not copied yet; what somebody waits for first. */
static uint64_t next_own(const struct engine *engine, const struct locallog *log)
{
	const struct regionlog *state = engine_state(engine, log);
	const struct regionlog_node *own = engine_own_node(engine, log);
	uint64_t region;

	if (!state || !own)
		return REGION_NONE;
	for (size_t i = 0; i < state->wanted_count; i++)
		if (regionset_contains(own->working, state->wanted[i]) &&
		    !is_copied(log, state->wanted[i]))
			return state->wanted[i];
	region = regionset_next(own->working, 0);
	while (region != REGION_NONE && is_copied(log, (uint32_t)region))
		region = regionset_next(own->working, region + 1);
	return region;
}

static uint64_t own_left(const struct engine *engine, const struct locallog *log)
{
	const struct regionlog_node *own = engine_own_node(engine, log);
	uint64_t copied = regionset_count(log->done) + regionset_count(log->reported);
	uint64_t working = own ? regionset_count(own->working) : 0;

	return working > copied ? working - copied : 0;
}

static bool give_work(struct engine *engine, struct locallog *log, struct instance *instance,
		      const struct ulog_request *request)
{
	uint64_t region = next_own(engine, log);

	if (region == REGION_NONE)
		return false;
	if (region >= instance->args.region_count)
		return false;
	log->started = region;
	instance->wants_work = false;
	reply_pair(engine, request, 1, region);
	/* The next batch is asked for before this one is empty. */
	if (!log->work_asked && own_left(engine, log) <= engine->settings.recovery_batch / 2 &&
	    regionset_count(log->done) >= engine->settings.recovery_batch / 2)
		recovery_report_done(engine, log, engine->settings.recovery_batch);
	return true;
}

static void no_work(struct engine *engine, struct instance *instance,
		    const struct ulog_request *request)
{
	instance->wants_work = true;
	reply_pair(engine, request, 0, 0);
}

/* It would not ask for work, nor about a region, had it been told "all" since it forgot. */
static void hint_is_forgotten(struct instance *instance)
{
	if (!instance->hint_in_doubt)
		return;
	instance->hint_in_doubt = false;
	instance->hint = 0;
}

void recovery_get_work(struct engine *engine, struct locallog *log, struct instance *instance,
		       const struct ulog_request *request)
{
	const struct regionlog *state = engine_state(engine, log);

	/* It copies one region at a time (MAX_RECOVERY in dm-raid1.c): none now. */
	if (instance == log->active)
		regionset_clear(log->inherited);
	/* Held, it would hold up reads too: the kernel asks in the thread that does everything. */
	if (instance != log->active || instance->state != INSTANCE_ACTIVE || instance->suspending ||
	    instance->gave_up || !state || engine_is_frozen(engine)) {
		no_work(engine, instance, request);
		return;
	}
	if (give_work(engine, log, instance, request))
		return;
	if (!log->work_asked && regionset_is_empty(log->done) &&
	    !regionlog_has_work(state, engine->settings.node)) {
		no_work(engine, instance, request);
		return;
	}
	if (!log->work_asked)
		recovery_report_done(engine, log, engine->settings.recovery_batch);
	pending_add(engine, log, request, WAIT_WORK, 0);
}

void recovery_ordered(struct engine *engine, struct locallog *log, const struct wire_op *op)
{
	struct pending *pending;

	for (uint32_t i = 0; i < op->region_count; i++)
		regionset_remove(log->reported, op->regions[i]);
	for (uint32_t i = 0; i < op->other_count; i++)
		regionset_remove(log->reported, op->others[i]);
	/* Others only report; the hand-out that is waited for is still to come. */
	if (op->want == 0 && log->work_asked)
		return;
	log->work_asked = false;
	while ((pending = pending_take(log, WAIT_WORK, 0))) {
		/* Frozen, it may be ordered on this side of a parting only: others may copy and write the same by now. */
		if (!log->active || engine_is_frozen(engine) ||
		    !give_work(engine, log, log->active, &pending->request)) {
			if (log->active)
				log->active->wants_work = true;
			reply_pair(engine, &pending->request, 0, 0);
		}
		free(pending);
	}
}

static void copied(struct engine *engine, struct locallog *log, struct instance *instance,
		   uint32_t region)
{
	const struct regionlog *state = engine_state(engine, log);
	const struct regionlog_node *own = engine_own_node(engine, log);

	if (log->started == region)
		log->started = REGION_NONE;
	regionset_clear(log->inherited);
	if (regionset_remove(instance->one_leg, region))
		oneleg_changed(engine, log->uuid);
	/* Said already: given back by a suspend or a rejoin. Should it be handed out once more, this copy is not that one. */
	if (!own || !regionset_contains(own->working, region) ||
	    regionset_contains(log->reported, region))
		return;
	log->counters[COUNTER_RECOVERED]++;
	regionset_add(log->done, region);
	for (size_t i = 0; state && i < state->wanted_count; i++)
		if (state->wanted[i] == region) {
			recovery_report_done(engine, log, 0);
			return;
		}
}

static void one_leg_only(struct engine *engine, struct locallog *log, struct instance *instance,
			 const struct ulog_request *request)
{
	struct wire_op op = {.kind = OP_UNSYNC, .region_count = 1};
	uint32_t region = (uint32_t)request->regions[0];
	struct update *update = memory_new(1, sizeof(*update));

	/* Failed while it was copied: another try would fail the same way. */
	if (log->started == region || regionset_contains(log->inherited, region)) {
		log->started = REGION_NONE;
		regionset_clear(log->inherited);
		instance->gave_up = true;
	}
	if (regionset_add(instance->one_leg, region))
		oneleg_changed(engine, log->uuid);
	op.regions = memory_new(1, sizeof(uint32_t));
	op.regions[0] = region;
	op.ticket = update->ticket = ++log->ticket;
	activity_await(log, update);
	engine_send(engine, log, &op);
	pending_add(engine, log, request, WAIT_SETTLED,
		    log->ticket); /* the op is freed by now, with its ticket */
	logfailure_answer_unheld(engine, log);
	engine_report(engine, REPORT_WARNING,
		      "%s: region %u is out of sync: a write or a copy reached one leg only",
		      engine_short(log->uuid), region);
}

void recovery_set_sync(struct engine *engine, struct locallog *log, struct instance *instance,
		       const struct ulog_request *request)
{
	if (request->regions[0] >= instance->args.region_count) {
		reply_error(engine, request, -EINVAL);
		return;
	}
	if (request->in_sync) {
		copied(engine, log, instance, (uint32_t)request->regions[0]);
		reply_error(engine, request, 0);
	} else if (instance != log->active) {
		reply_error(engine, request, 0);
	} else if (engine_is_frozen(engine)) {
		pending_add(engine, log, request, WAIT_STATE, 0);
	} else {
		one_leg_only(engine, log, instance, request);
	}
}

static void want(struct engine *engine, struct locallog *log, uint32_t region)
{
	struct wire_op op = {.kind = OP_WANT, .region_count = 1};

	if (!regionset_add(log->want_sent, region))
		return;
	op.regions = memory_new(1, sizeof(uint32_t));
	op.regions[0] = region;
	engine_send(engine, log, &op);
}

static bool must_wait(const struct engine *engine, const struct locallog *log,
		      const struct instance *instance, const struct regionlog *state,
		      uint32_t region)
{
	const struct regionlog_node *own = engine_own_node(engine, log);

	if (!regionset_contains(state->unsynced, region))
		return false;
	/*
	 * The suspend waits for this write. With all nodes suspending, none copies any more: A's write would wait for
	 * ever. So it goes to both legs; its mark taints a copy of another node.
	 */
	if (instance->suspending)
		return false;
	/* Its own kernel orders its writes and its copies itself. */
	return !own || !regionset_contains(own->working, region) || is_copied(log, region);
}

void recovery_is_remote(struct engine *engine, struct locallog *log, struct instance *instance,
			const struct ulog_request *request)
{
	const struct regionlog *state = engine_state(engine, log);
	uint64_t region = request->regions[0];
	uint64_t first;

	if (region >= instance->args.region_count) {
		reply_error(engine, request, -EINVAL);
		return;
	}
	hint_is_forgotten(instance);
	/* Frozen: the write is put back by the kernel, and reads go on beside it. */
	if (!state || engine_is_frozen(engine)) {
		reply_pair(engine, request, 1, instance->hint);
		return;
	}
	first = regionlog_first_unsynced(state, instance->args.region_count);
	if (first > instance->hint)
		instance->hint = first;
	if (must_wait(engine, log, instance, state, (uint32_t)region)) {
		regionset_remove(instance->told_clear, (uint32_t)region);
		want(engine, log, (uint32_t)region);
		if (recovery_lets_others_ask(engine, log))
			pending_add(engine, log, request, WAIT_TURN, 0);
		else
			reply_pair(engine, request, 1, instance->hint);
		return;
	}
	regionset_add(instance->told_clear, (uint32_t)region);
	reply_pair(engine, request, 0, instance->hint);
}

bool recovery_in_sync(struct engine *engine, struct locallog *log, struct instance *instance,
		      uint32_t region)
{
	const struct regionlog *state = engine_state(engine, log);

	if (instance->state == INSTANCE_ACTIVE && !PLANTED(HINT_FALLS) &&
	    (region < instance->hint || regionset_contains(instance->told_clear, region)))
		return true;
	if (!state || region >= state->region_count)
		return false;
	return regionlog_in_sync(state, region);
}

/* --- now and then --- */

void recovery_tick(struct engine *engine, struct locallog *log)
{
	const struct regionlog *state = engine_state(engine, log);
	struct instance *instance = log->active;

	recovery_end_turn(engine, log);
	recovery_check_hint(engine, log);
	if (!instance || instance->state != INSTANCE_ACTIVE || !state || engine_is_frozen(engine))
		return;
	/* The kernel never asks again by itself: done work of an idle node would stay unsaid, new work undone. */
	if (!regionset_is_empty(log->done) && log->started == REGION_NONE && !log->work_asked)
		recovery_report_done(engine, log, 0);
	/* Told "all in sync" since it asked, it never fetches what was handed out: others can have it. */
	if (log->started == REGION_NONE && regionset_is_empty(log->inherited) && !log->work_asked &&
	    instance->hint >= instance->args.region_count && own_left(engine, log) > 0)
		recovery_stop(engine, log);
	if (instance->wants_work && instance->hint < instance->args.region_count &&
	    engine->now_ms >= log->wake_again_ms &&
	    (own_left(engine, log) > 0 || regionlog_has_work(state, engine->settings.node))) {
		log->wake_again_ms = engine->now_ms + WORK_AGAIN_MS;
		engine->ports.wake_device(engine->ports.context, log->uuid);
	}
}
