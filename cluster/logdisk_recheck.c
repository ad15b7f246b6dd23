/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A node that dies may have marked regions that nobody else has heard of: Corosync
 * gives a node its own message before the others have it. If it was the writer,
 * the device has these marks. So the next writer reads the device before its
 * first write, and takes what is dirty there without a reason for out of sync.
 */
#include <string.h>

#include "cluster/engine_internal.h"

void logdisk_recheck(struct engine *engine, struct locallog *log)
{
	log->disk.recheck = RECHECK_READING;
	logdisk_load(engine, log);
}

/* Dirty without a reason: neither out of sync nor marked by anybody. */
static struct regionset *take_unexplained(struct locallog *log, const struct regionlog *state)
{
	struct regionset *found = log->disk.loaded;

	log->disk.loaded = NULL;
	regionset_remove_all(found, state->unsynced);
	for (size_t i = 0; i < state->node_count; i++)
		regionset_remove_all(found, state->nodes[i].marked);
	return found;
}

static void end_recheck(struct engine *engine, struct locallog *log)
{
	log->disk.recheck = RECHECK_NONE;
	logdisk_follow(engine, log);
}

void logdisk_recheck_loaded(struct engine *engine, struct locallog *log, int error)
{
	const struct regionlog *state = engine_state(engine, log);
	struct wire_op op = {.kind = OP_FOUND};

	if (error < 0)
		engine_report(engine, REPORT_ERROR,
			      "%s: cannot read log device %s after its writer died: %s",
			      engine_short(log->uuid), log->active->args.device, strerror(-error));
	if (error < 0 || !state) {
		end_recheck(engine, log);
		return;
	}
	op.attach.region_count = log->active->args.region_count;
	op.marked = take_unexplained(log, state);
	if (regionset_is_empty(op.marked)) {
		wire_op_free(&op);
		end_recheck(engine, log);
		return;
	}
	engine_report(engine, REPORT_NOTICE,
		      "%s: %llu regions that only the dead writer knew of are out of sync",
		      engine_short(log->uuid), (unsigned long long)regionset_count(op.marked));
	logdisk_make_fit(engine, log, op.marked, op.attach.region_count);
	log->disk.recheck = RECHECK_ORDERING;
	log->disk.recheck_ticket = op.ticket = ++log->ticket;
	engine_send(engine, log, &op);
}

void logdisk_recheck_ordered(struct engine *engine, struct locallog *log, uint64_t ticket)
{
	if (log->disk.recheck == RECHECK_ORDERING && ticket == log->disk.recheck_ticket)
		end_recheck(engine, log);
}
