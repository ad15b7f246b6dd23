/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks, clears and flushes of this node's kernel.
 *
 * A region is `claimed` when this node has it marked in the cluster, counting
 * what is still on its way. The kernel's own marks and the window are parts of
 * it; a mark of a claimed region costs nothing.
 */
#include <errno.h>
#include <stdlib.h>

#include "cluster/activity.h"
#include "cluster/engine_internal.h"
#include "cluster/logfailure.h"
#include "cluster/retained.h"
#include "common/memory.h"
#include "common/planted.h"

bool activity_in_range(const struct locallog *log, const uint64_t *regions, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!log->active || regions[i] >= log->active->args.region_count)
			return false;
	return true;
}

/* Of the newest update under way that carries this region's mark; 0: none does. */
static uint64_t ticket_of(const struct locallog *log, uint32_t region)
{
	uint64_t ticket = 0;

	for (const struct update *update = log->updates; update; update = update->next)
		for (uint32_t i = 0; i < update->region_count; i++)
			if (update->regions[i] == region)
				ticket = update->ticket;
	return ticket;
}

/* What was sent again after a cut names no regions. */
static uint64_t unsettled_ticket(const struct locallog *log, uint32_t region)
{
	uint64_t ticket = ticket_of(log, region);

	return ticket ? ticket : log->marks_ticket;
}

static void flush_waits_for(struct locallog *log, uint64_t ticket)
{
	if (ticket > log->flush_ticket)
		log->flush_ticket = ticket;
}

static void stage_ahead(struct locallog *log, uint64_t first, uint64_t end)
{
	uint64_t count = log->active->args.region_count;

	regionset_add_range(log->staged_ahead, first, end < count ? end : count);
}

static void mark(struct engine *engine, struct locallog *log, uint32_t region)
{
	bool claimed = regionset_contains(log->claimed, region);
	/* It stands in the window until it is used, while as much that was written to comes behind it. */
	const struct stream_limits limits = {
		.each = engine->settings.mark_ahead_regions,
		.all = engine->settings.window_regions / 8 * 3,
	};
	uint64_t first, end;

	log->counters[COUNTER_MARKS]++;
	heldset_add(&log->kernel_marked, region);
	regionset_remove(log->unknown, region);
	if (window_remove(log->window, region))
		log->counters[COUNTER_MARKS_RETAINED]++;
	if (!claimed)
		regionset_add(log->staged, region);
	else if (regionset_contains(log->unsettled, region))
		flush_waits_for(log, unsettled_ticket(log, region));
	if (!streams_follow(&log->streams, region, log->claimed, &limits, &first, &end))
		return;
	do
		stage_ahead(log, first, end);
	while (streams_top_up(&log->streams, log->claimed, &limits, &first, &end));
}

uint64_t activity_send(struct engine *engine, struct locallog *log, struct wire_op *op)
{
	op->kind = OP_UPDATE;
	op->ticket = ++log->ticket;
	ended_sent(&log->ended, op);
	engine_send(engine, log, op);
	return log->ticket;
}

/* --- flush --- */

void activity_await(struct locallog *log, struct update *update)
{
	*log->last_update = update;
	log->last_update = &update->next;
	log->marks_ticket = update->ticket;
}

static void remember_update(struct locallog *log, const struct wire_op *op)
{
	struct update *update =
		memory_new(1, sizeof(*update) + op->region_count * sizeof(uint32_t));

	update->ticket = log->ticket + 1; /* the one that activity_send takes next */
	update->region_count = op->region_count;
	for (uint32_t i = 0; i < op->region_count; i++) {
		update->regions[i] = op->regions[i];
		regionset_add(log->claimed, op->regions[i]);
		regionset_add(log->unsettled, op->regions[i]);
	}
	activity_await(log, update);
}

static struct wire_op staged_op(struct locallog *log)
{
	struct wire_op op = {0};

	op.regions = memory_new(WIRE_REGIONS_MAX, sizeof(uint32_t));
	op.region_count = regionset_list(log->staged, 0, op.regions, WIRE_REGIONS_MAX);
	for (uint32_t i = 0; i < op.region_count; i++)
		regionset_remove(log->staged, op.regions[i]);
	return op;
}

static bool worth_marking_ahead(const struct engine *engine, const struct locallog *log,
				uint64_t region)
{
	return !regionset_contains(log->claimed, (uint32_t)region) &&
	       !heldset_contains(&log->kernel_marked, (uint32_t)region) &&
	       retained_is_worth_keeping(engine, engine_state(engine, log), (uint32_t)region);
}

/*
 * Regions that streams will mark soon are marked now, and kept as if they had been cleared. They
 * take up to half of the window; what makes room for them is older.
 */
static void add_ahead(struct engine *engine, struct locallog *log, struct wire_op *op)
{
	uint32_t most = engine->settings.window_regions / 2;
	uint64_t wanted = regionset_count(log->staged_ahead);
	struct clears clears = {0};

	if (wanted > most)
		wanted = most;
	if (wanted > 0) {
		retained_make_room(engine, log, &clears, (uint32_t)wanted);
		retained_take_old(engine, log, &clears);
	}
	for (uint64_t region = regionset_next(log->staged_ahead, 0);
	     region != REGION_NONE && wanted > 0 && op->region_count < WIRE_REGIONS_MAX;
	     region = regionset_next(log->staged_ahead, region + 1)) {
		if (window_is_full(log->window) || !worth_marking_ahead(engine, log, region))
			continue;
		op->regions[op->region_count++] = (uint32_t)region;
		window_add(log->window, (uint32_t)region, engine->now_ms);
		wanted--;
	}
	op->others = clears.regions;
	op->other_count = clears.count;
	regionset_clear(log->staged_ahead);
}

static void send_staged(struct engine *engine, struct locallog *log)
{
	bool waits = !regionset_is_empty(log->staged);

	do {
		struct wire_op op = staged_op(log);
		uint64_t ticket;

		if (regionset_is_empty(log->staged))
			add_ahead(engine, log, &op);
		if (op.region_count == 0 && op.other_count == 0) {
			wire_op_free(&op);
			return;
		}
		if (op.region_count > 0)
			remember_update(log, &op);
		ticket = activity_send(engine, log, &op);
		if (waits)
			flush_waits_for(log, ticket);
	} while (!regionset_is_empty(log->staged));
}

/* What is claimed by now is settled, or waited for; without quorum even a claim may have been given away. */
static void answer_when_settled(struct engine *engine, struct locallog *log,
				const struct ulog_request *request)
{
	if (log->flush_ticket <= log->settled_ticket || PLANTED(MARK_BEFORE_ORDER))
		reply_error(engine, request, 0);
	else if (logfailure_is_answered(engine, log))
		logfailure_answer(engine, log, request);
	else
		pending_add(engine, log, request, WAIT_SETTLED, log->flush_ticket);
}

/*
 * The kernel repeats only the request that a daemon's death interrupts: a MARK
 * that was answered is not sent again with its FLUSH. So a MARK is answered as
 * a FLUSH is, and the FLUSH behind it has nothing left to wait for.
 */
void activity_mark(struct engine *engine, struct locallog *log, const struct ulog_request *request)
{
	if (!activity_in_range(log, request->regions, request->region_count)) {
		reply_error(engine, request, -EINVAL);
		return;
	}
	if (engine_is_frozen(engine) && request->region_count > 0 && !PLANTED(MARK_UNQUORATE)) {
		pending_add(engine, log, request, WAIT_STATE, 0);
		return;
	}
	for (uint32_t i = 0; i < request->region_count; i++)
		mark(engine, log, (uint32_t)request->regions[i]);
	if (!regionset_is_empty(log->staged) || !regionset_is_empty(log->staged_ahead))
		send_staged(engine, log);
	if (request->type == ULOG_FLUSH) {
		log->counters[COUNTER_FLUSHES]++;
		log->counters[COUNTER_FLUSHES_AT_ONCE] += log->flush_ticket <= log->settled_ticket;
	}
	answer_when_settled(engine, log, request);
}

void activity_ordered(struct engine *engine, struct locallog *log, const struct wire_op *op)
{
	for (struct update *update = log->updates; update; update = update->next)
		if (update->ticket <= op->ticket && update->position == 0)
			update->position = replica_position(engine->replica);
	ended_ordered(&log->ended, op->ticket);
	activity_settle(engine, log);
}

static void answer_settled(struct engine *engine, struct locallog *log)
{
	for (struct pending **at = &log->pending; *at;) {
		struct pending *pending = *at;

		if (pending->wait != WAIT_SETTLED || pending->ticket > log->settled_ticket) {
			at = &pending->next;
			continue;
		}
		*at = pending->next;
		reply_error(engine, &pending->request, 0);
		free(pending);
	}
}

void activity_settle(struct engine *engine, struct locallog *log)
{
	const struct regionlog *state = engine_state(engine, log);
	struct update *update;

	/* Ordered while quorum is unsure, it may have been ordered among the few that were cut off. */
	if (log->in_doubt || engine_is_frozen(engine))
		return;
	while ((update = log->updates) && update->position != 0) {
		if (state && state->type == LOG_TYPE_DISK &&
		    !logdisk_is_settled(log, update->position) && !PLANTED(FLUSH_BEFORE_DISK))
			break;
		log->settled_ticket = update->ticket;
		log->updates = update->next;
		if (!log->updates)
			log->last_update = &log->updates;
		/* Let go before it was settled, and marked again: another update carries it. */
		for (uint32_t i = 0; i < update->region_count; i++)
			if (ticket_of(log, update->regions[i]) == 0)
				regionset_remove(log->unsettled, update->regions[i]);
		free(update);
	}
	ended_settle(&log->ended);
	answer_settled(engine, log);
}

/* --- starting and ending --- */

static void forget_updates(struct locallog *log)
{
	while (log->updates) {
		struct update *update = log->updates;

		log->updates = update->next;
		free(update);
	}
	log->last_update = &log->updates;
	regionset_clear(log->unsettled);
}

/* Everything that waits waits for this ticket; all that is claimed is unsettled until then. */
static void await_claimed(struct locallog *log, uint64_t ticket, uint64_t position)
{
	struct update *update = memory_new(1, sizeof(*update));

	update->ticket = ticket;
	update->position = position;
	regionset_add_all(log->unsettled, log->claimed);
	activity_await(log, update);
	log->flush_ticket = ticket;
}

void activity_adopt(struct engine *engine, struct locallog *log)
{
	const struct regionlog_node *node = engine_own_node(engine, log);

	log->in_doubt = false;
	forget_updates(log);
	retained_drop_all(log);
	ended_forget(&log->ended);
	heldset_clear(&log->kernel_marked);
	regionset_clear(log->untold);
	regionset_clear(log->staged);
	log->streams = (struct streams){0};
	regionset_clear(log->claimed);
	regionset_clear(log->want_sent);
	regionset_clear(log->done);
	regionset_clear(log->reported);
	regionset_clear(log->inherited);
	log->started = REGION_NONE;
	log->work_asked = false;
	if (node)
		regionset_add_all(log->claimed, node->marked);
	/* Marks of an earlier daemon: only the kernel knows which of them it still holds. */
	regionset_clear(log->unknown);
	regionset_add_all(log->unknown, log->claimed);
	log->adopted_ms = engine->now_ms;
	log->settled_ticket = log->flush_ticket = log->ticket;
	/* Ordered before, but the device may lack them still. */
	if (!regionset_is_empty(log->claimed))
		await_claimed(log, ++log->ticket, replica_position(engine->replica));
}

void activity_restart(struct engine *engine, struct locallog *log, const struct regionset *marked,
		      uint64_t ticket)
{
	(void)engine;
	log->in_doubt = false;
	forget_updates(log);
	regionset_clear(log->staged);
	regionset_add_all(log->claimed, marked);
	await_claimed(log, ticket, 0);
	log->work_asked = false;
	regionset_clear(log->want_sent);
	for (struct pending *pending = log->pending; pending; pending = pending->next)
		if (pending->wait == WAIT_SETTLED)
			pending->ticket = ticket;
}

void activity_end(struct engine *engine, struct locallog *log)
{
	activity_adopt(engine, log);
	regionset_clear(log->claimed);
	regionset_clear(log->unknown);
}
