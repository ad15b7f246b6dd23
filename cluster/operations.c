/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ordered operations: applied to the replica, then told to this node's parts. */
#include "cluster/operations.h"

#include <stdlib.h>
#include <string.h>

#include "cluster/activity.h"
#include "cluster/attachment.h"
#include "cluster/deadline.h"
#include "cluster/engine_internal.h"
#include "cluster/logfailure.h"
#include "cluster/peers.h"
#include "cluster/recovery.h"
#include "cluster/reports.h"
#include "cluster/statepieces.h"
#include "common/memory.h"

static bool is_dirty(const struct regionlog *state, uint32_t region)
{
	return regionset_contains(state->unsynced, region) || regionlog_is_marked(state, region);
}

/* The bits of some regions before an operation, to see which of them it changed. */
struct bits {
	const uint32_t *regions;
	uint32_t count;
	bool *dirty;
};

static void bits_before(struct bits *bits, const struct regionlog *state, const uint32_t *regions,
			uint32_t count)
{
	*bits = (struct bits){.regions = regions, .count = state ? count : 0};
	if (bits->count == 0)
		return;
	bits->dirty = memory_new(count, sizeof(bool));
	for (uint32_t i = 0; i < count; i++)
		bits->dirty[i] = is_dirty(state, regions[i]);
}

static void bits_after(struct engine *engine, struct locallog *log, struct bits *bits,
		       const struct regionlog *state)
{
	for (uint32_t i = 0; state && i < bits->count; i++) {
		bool dirty = is_dirty(state, bits->regions[i]);

		if (dirty != bits->dirty[i])
			logdisk_changed(engine, log, bits->regions[i], dirty);
	}
	free(bits->dirty);
}

/* Marks that end in one go. */
static void release_bits(struct engine *engine, struct locallog *log, const struct regionlog *state,
			 uint32_t node)
{
	const struct regionlog_node *entry = state ? regionlog_find_node(state, node) : NULL;

	for (uint64_t region = entry ? regionset_next(entry->marked, 0) : REGION_NONE;
	     region != REGION_NONE; region = regionset_next(entry->marked, region + 1))
		if (!regionset_contains(state->unsynced, (uint32_t)region))
			logdisk_changed(engine, log, (uint32_t)region, false);
}

static void become_dirty(struct engine *engine, struct locallog *log,
			 const struct regionset *regions)
{
	for (uint64_t region = regionset_next(regions, 0); region != REGION_NONE;
	     region = regionset_next(regions, region + 1))
		logdisk_changed(engine, log, (uint32_t)region, true);
}

static void rejoin_bits(struct engine *engine, struct locallog *log, const struct wire_op *op)
{
	become_dirty(engine, log, op->marked);
	become_dirty(engine, log, op->primary_only);
}

static bool keeps_disk(const struct locallog *log, const struct regionlog *state)
{
	return log && log->active && state && state->type == LOG_TYPE_DISK;
}

static void own_operation(struct engine *engine, struct locallog *log, const struct wire_op *op,
			  const struct replica_outcome *outcome)
{
	/* A REJOIN that is refused brought nothing: what waits for it waits for the next. */
	if (op->ticket != 0 && !(op->kind == OP_REJOIN && outcome->refused))
		activity_ordered(engine, log, op);
	switch (op->kind) {
	case OP_ATTACH:
		attachment_attached(engine, log, op, outcome);
		break;
	case OP_RELEASE:
		if (op->ticket == log->release_ticket)
			log->released = true;
		break;
	case OP_DETACH:
		if (log->detach_sent)
			attachment_detached(engine, log);
		break;
	case OP_WORK:
		recovery_ordered(engine, log, op);
		break;
	case OP_FOUND:
		logdisk_recheck_ordered(engine, log, op->ticket);
		break;
	case OP_REJOIN:
		if (outcome->refused)
			attachment_anew(engine, log);
		else if (outcome->log->type == LOG_TYPE_DISK)
			logdisk_suspect(engine, log);
		break;
	default:
		break;
	}
}

/* Regions that a kernel was told to be in sync may not be so any more. */
static bool may_unsync(enum wire_op_kind kind)
{
	return kind == OP_ATTACH || kind == OP_RELEASE || kind == OP_DETACH || kind == OP_FORGET ||
	       kind == OP_REJOIN || kind == OP_FOUND;
}

static void follow_failure(struct engine *engine, struct locallog *log)
{
	const struct regionlog *state = engine_state(engine, log);
	bool had_failed = log->disk.failed_seen;

	log->disk.failed_seen = state && state->failed;
	if (log->disk.failed_seen && !had_failed) {
		log->disk.failed_ms = engine->now_ms;
		engine_report(engine, REPORT_ERROR,
			      "%s: log device failed: reload its table; writes may wait until then",
			      engine_short(log->uuid));
		logfailure_answer_unheld(engine, log);
	} else if (had_failed && state && !state->failed) {
		engine_report(engine, REPORT_NOTICE, "%s: log device works again",
			      engine_short(log->uuid));
	}
}

static void local_effects(struct engine *engine, struct locallog *log, uint32_t origin,
			  const struct wire_op *op, const struct replica_outcome *outcome)
{
	if (op->kind == OP_WRITTEN)
		logdisk_written(log, op->position);
	if (origin == engine->settings.node)
		own_operation(engine, log, op, outcome);
	log->cycle_wanted = log->cycle_wanted || may_unsync(op->kind);
	follow_failure(engine, log);
	operations_follow(engine, log);
}

void operations_follow(struct engine *engine, struct locallog *log)
{
	activity_settle(engine, log);
	logdisk_follow(engine, log);
	attachment_advance(engine, log);
	recovery_check_hint(engine, log);
	reports_follow(engine, log);
}

/* Its sender answers its kernel only when the device has it. */
static bool is_waited_for(const struct wire_op *op)
{
	return (op->kind == OP_UPDATE && op->region_count > 0) || op->kind == OP_ATTACH ||
	       op->kind == OP_UNSYNC || op->kind == OP_REJOIN;
}

/* Before anybody is answered: this daemon may not live to do it later. */
static void follow_peers(struct engine *engine, uint32_t origin, const struct wire_op *op)
{
	switch (op->kind) {
	case OP_EXPECT:
		if (origin == engine->settings.node)
			peers_expected(engine, op->uuid);
		peers_follow(engine, op->uuid);
		break;
	case OP_ATTACH:
	case OP_RELEASE:
	case OP_DETACH:
	case OP_FORGET:
	case OP_REJOIN:
		peers_follow(engine, op->uuid);
		break;
	case OP_NODE_DOWN:
	case OP_DAEMON_GONE:
	case OP_FENCED:
	case OP_FOUNDED:
		peers_follow_all(engine);
		break;
	default:
		break;
	}
}

static void apply_one(struct engine *engine, uint32_t origin, const struct wire_op *op)
{
	struct locallog *log = op->uuid[0] ? locallog_find(engine, op->uuid) : NULL;
	const struct regionlog *state =
		op->uuid[0] ? replica_find(engine->replica, op->uuid) : NULL;
	bool disk = keeps_disk(log, state);
	bool foreign = origin != engine->settings.node;
	struct bits marks = {0}, clears = {0};
	struct replica_outcome outcome;

	if (log)
		deadline_of_log_changes(engine, log);
	if (disk) {
		bits_before(&marks, state, op->regions, op->region_count);
		bits_before(&clears, state, op->others, op->other_count);
		if (op->kind == OP_RELEASE || op->kind == OP_DETACH || op->kind == OP_FORGET ||
		    op->kind == OP_REJOIN)
			release_bits(engine, log, state, origin);
		if (op->kind == OP_REJOIN)
			rejoin_bits(engine, log, op);
	}
	replica_apply(engine->replica, origin, op, &outcome);
	follow_peers(engine, origin, op);
	if (op->kind == OP_STATE && !foreign)
		statepieces_ordered(engine, log, op, outcome.refused);
	if (!log)
		return;
	bits_after(engine, log, &marks, outcome.log);
	bits_after(engine, log, &clears, outcome.log);
	if (disk && (foreign || op->kind == OP_FOUND) && outcome.bits_changed)
		logdisk_rewrite(engine, log, outcome.changed_from);
	if (disk && foreign && is_waited_for(op))
		logdisk_others_wait(engine, log, op->kind == OP_ATTACH || op->kind == OP_REJOIN);
	if (disk && op->kind == OP_FOUND)
		logdisk_others_wait(engine, log, true);
	local_effects(engine, log, origin, op, &outcome);
}

static void doubt(struct engine *engine)
{
	if (replica_log_count(engine->replica) == 0)
		return;
	engine_report(engine, REPORT_WARNING,
		      "others may have gone on without those that are here: log devices are read "
		      "again, core logs are taken as out of sync");
	for (struct locallog *log = engine->logs; log; log = log->next) {
		const struct regionlog *state = engine_state(engine, log);

		if (state && regionlog_needs_attach(state))
			attachment_anew(engine, log);
	}
}

/* Lost and found nodes, and the state's own fate, concern every log. */
static void node_operation(struct engine *engine, uint32_t origin, const struct wire_op *op)
{
	bool unproven = replica_is_unproven(engine->replica);

	deadline_of_all_changes(engine);
	apply_one(engine, origin, op);
	if (op->kind == OP_FOUNDED && op->doubtful && unproven)
		doubt(engine);
	if (op->kind == OP_FENCED && engine->settings.fencing)
		peers_fenced(engine, op->node);
	for (struct locallog *log = engine->logs; log; log = log->next) {
		log->cycle_wanted = true;
		operations_follow(engine, log);
	}
}

int operations_apply(struct engine *engine, uint32_t origin, const void *bytes, size_t size)
{
	struct bytes_reader reader;
	int result = 0;

	bytes_reader_init(&reader, bytes, size);
	while (result == 0 && bytes_left(&reader) > 0) {
		struct wire_op op;

		result = wire_op_decode(&reader, &op);
		if (result < 0)
			break;
		/* Each has a position of its own: what is said of one must not cover the next. */
		replica_advance(engine->replica);
		if (op.uuid[0])
			apply_one(engine, origin, &op);
		else
			node_operation(engine, origin, &op);
		wire_op_free(&op);
	}
	return result;
}
