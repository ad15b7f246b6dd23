/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was read from a log device goes out with the ATTACH when it is small. What
 * is too much for that goes before it, in pieces of the state (drafts.h): the next
 * when the last one has come back in the order, so that never more than one of
 * them is in the way of other logs' messages.
 */
#include "cluster/statepieces.h"
#include "cluster/attachment.h"
#include "cluster/engine_internal.h"

#define STRETCH_REGIONS 65536U /* what region sets are packed by */

static size_t encoded_bytes(const struct regionset *set, uint64_t first, uint64_t end)
{
	struct bytes_buffer buffer = {0};
	struct regionset *part = regionset_part(set, first, end);
	size_t size;

	regionset_encode(part, &buffer);
	size = buffer.size;
	bytes_free(&buffer);
	regionset_free(part);
	return size;
}

static uint64_t stretch_end(uint64_t at, uint64_t step, uint64_t region_count)
{
	uint64_t end = at - at % step + step;

	return end < region_count ? end : region_count;
}

/* Where a piece ends that begins at `first` and is of `bytes_max` at most, or of one region. */
static uint64_t piece_end(const struct regionset *set, uint64_t first, uint64_t region_count,
			  size_t bytes_max)
{
	uint64_t step = STRETCH_REGIONS;
	uint64_t end = first;
	size_t bytes = 0;

	while (end < region_count) {
		uint64_t next = stretch_end(end, step, region_count);
		size_t more = encoded_bytes(set, end, next);

		if (bytes + more > bytes_max && end > first)
			break;
		if (bytes + more > bytes_max && step > 1) {
			step /= 2;
			continue;
		}
		bytes += more;
		next = regionset_next(set, next);
		end = next < region_count ? next : region_count;
	}
	return end;
}

static void send_piece(struct engine *engine, struct locallog *log, uint64_t end)
{
	struct wire_op op = {
		.kind = OP_STATE,
		.ticket = ++log->ticket,
		.first = log->disk.drafted_end,
		.end = end,
		.attach = {.generation = log->disk.load_generation,
			   .region_count = log->active->args.region_count},
	};

	op.attach.unsynced = regionset_part(log->disk.loaded, op.first, end);
	log->disk.draft_ticket = op.ticket;
	engine_send(engine, log, &op);
}

static uint64_t next_end(const struct engine *engine, const struct locallog *log)
{
	return piece_end(log->disk.loaded, log->disk.drafted_end, log->active->args.region_count,
			 engine->settings.state_piece_bytes);
}

void statepieces_reset(struct locallog *log)
{
	regionset_free(log->disk.loaded);
	log->disk.loaded = NULL;
	log->disk.drafted_end = 0;
	log->disk.draft_ticket = 0;
	log->disk.waits_for_draft = false;
}

bool statepieces_begin(struct engine *engine, struct locallog *log)
{
	uint64_t end = next_end(engine, log);

	if (end == log->active->args.region_count)
		return false;
	send_piece(engine, log, end);
	return true;
}

static bool is_drafting(const struct locallog *log)
{
	return log && log->active && log->active->state == INSTANCE_RESUMING;
}

/* Nobody here waits for it any more, and others may wait for its end. */
static void give_up(struct engine *engine, const char *uuid)
{
	struct wire_op op = {.kind = OP_STATE};

	ulog_uuid_copy(op.uuid, uuid);
	engine_send(engine, NULL, &op);
}

static bool is_drafted_elsewhere(const struct engine *engine, const char *uuid)
{
	uint32_t node = replica_drafting_node(engine->replica, uuid);

	return node != 0 && node != engine->settings.node;
}

/* Others attached, or are about to; or what was sent came to nothing. */
static void begin_anew(struct engine *engine, struct locallog *log)
{
	statepieces_reset(log);
	log->disk.waits_for_draft = is_drafted_elsewhere(engine, log->uuid);
	if (!log->disk.waits_for_draft)
		attachment_again(engine, log);
}

void statepieces_ordered(struct engine *engine, struct locallog *log, const struct wire_op *op,
			 bool refused)
{
	if (op->end == 0)
		return;
	if (!is_drafting(log)) {
		if (replica_drafting_node(engine->replica, op->uuid) == engine->settings.node)
			give_up(engine, op->uuid);
		return;
	}
	if (op->ticket != log->disk.draft_ticket)
		return;
	/* The RESUME goes back to the kernel, which asks the next daemon. */
	if (engine->quiescing) {
		statepieces_reset(log);
		give_up(engine, log->uuid);
		return;
	}
	if (refused) {
		begin_anew(engine, log);
		return;
	}
	/* It is in the state now; twice is once too often for a large one. */
	regionset_remove_range(log->disk.loaded, op->first, op->end);
	log->disk.drafted_end = op->end;
	if (op->end < op->attach.region_count)
		send_piece(engine, log, next_end(engine, log));
	else
		attachment_loaded(engine, log);
}

void statepieces_follow(struct engine *engine, struct locallog *log)
{
	if (is_drafting(log) && log->disk.waits_for_draft &&
	    !is_drafted_elsewhere(engine, log->uuid))
		attachment_again(engine, log);
}
