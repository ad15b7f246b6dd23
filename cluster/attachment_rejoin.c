/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cut off and with the cluster again: what this node has is said anew, or the log attached anew. */
#include "cluster/activity.h"
#include "cluster/attachment_internal.h"
#include "cluster/ended.h"
#include "cluster/recovery.h"

void attachment_anew(struct engine *engine, struct locallog *log)
{
	if (log->active && log->active->state == INSTANCE_RELEASING) {
		attachment_detached(engine, log);
		attachment_send_simple(engine, log, OP_DETACH, 0);
	}
	if (!log->active || log->active->state != INSTANCE_ACTIVE)
		return;
	log->reattaching = true;
	log->in_doubt = true;
	attachment_start_resume(engine, log, log->active);
}

/* What the rejoin named only because it was copied or let go is not written any more. */
static void end_ended(struct engine *engine, struct locallog *log, struct regionset *ended)
{
	regionset_remove_all(ended, log->claimed);
	for (uint64_t from = 0;;) {
		struct wire_op op = {0};

		op.others = wire_op_regions(ended, from, &op.other_count);
		if (op.other_count == 0)
			return;
		from = op.others[op.other_count - 1] + UINT64_C(1);
		activity_send(engine, log, &op);
	}
}

static struct regionset *marked_by(const struct locallog *log)
{
	struct regionset *marked = regionset_copy(log->claimed);

	heldset_collect(&log->kernel_marked, marked);
	regionset_add_all(marked, log->staged);
	if (log->started != REGION_NONE)
		regionset_add(marked, (uint32_t)log->started);
	regionset_add_all(marked, log->inherited);
	return marked;
}

static struct regionset *ended_by(const struct locallog *log)
{
	struct regionset *ended = regionset_copy(log->done);

	ended_collect(&log->ended, ended);
	return ended;
}

struct regionset *attachment_written(const struct locallog *log)
{
	struct regionset *written = marked_by(log);
	struct regionset *ended = ended_by(log);

	regionset_add_all(written, ended);
	regionset_add_all(written, log->untold);
	regionset_free(ended);
	return written;
}

void attachment_rejoin(struct engine *engine, struct locallog *log)
{
	struct wire_op op = {.kind = OP_REJOIN};
	struct regionset *ended;

	if (!log->active)
		return;
	/* Cut off before the attach was ordered: ask again. */
	if (log->active->state == INSTANCE_RESUMING) {
		attachment_start_resume(engine, log, log->active);
		return;
	}
	op.ticket = ++log->ticket;
	op.attach = attachment_shape_of(log->active);
	op.attach.reconnect = log->opaque;
	op.marked = marked_by(log);
	regionset_add_all(log->unknown, log->inherited);
	op.primary_only = regionset_copy(log->active->one_leg);
	activity_restart(engine, log, op.marked, op.ticket);
	/* Given to others meanwhile, a copy or a write of this node may have landed on theirs. */
	ended = ended_by(log);
	regionset_add_all(op.marked, ended);
	engine_send(engine, log, &op);
	end_ended(engine, log, ended);
	regionset_free(ended);
	/* What was handed out before the cut may be reported already, and ordered yet: none of it is copied again. */
	regionset_clear(log->reported);
	recovery_stop(engine, log);
	if (log->active->state == INSTANCE_RELEASING) {
		log->detach_sent = false;
		log->released = false;
		attachment_begin_release(engine, log, log->active);
	}
}
