/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ordered operations on the logs, and what is ordered with them: nodes and daemons that are gone. */
#include "cluster/replica_internal.h"

static void apply_attach(struct replica *replica, uint32_t origin, const struct wire_op *op,
			 struct replica_outcome *outcome)
{
	bool known;
	size_t at = replica_place_of(replica, op->uuid, &known);
	struct regionlog *log = replica_need_log(replica, op->uuid);
	uint64_t old_count = log->region_count;
	struct regionset *drafted = drafts_take(&replica->drafts, op->uuid, origin, &op->attach);
	struct regionlog_attach brought = op->attach;

	if (drafted)
		brought.unsynced = drafted;
	if (!known && replica->attendance.strangers.count > 0)
		regionlog_expect(log, origin, replica->attendance.strangers.nodes,
				 replica->attendance.strangers.count);
	outcome->attach = regionlog_attach(log, origin, &brought);
	regionset_free(drafted);
	outcome->refused = outcome->attach == ATTACH_STALE || outcome->attach == ATTACH_MISMATCH;
	if (outcome->refused && !known) {
		/* Never was: no generation is used up, or attachers would make each other read again. */
		replica_remove_at(replica, at);
		regionlog_free(log);
		return;
	}
	outcome->log = log;
	if (outcome->attach == ATTACH_FIRST) {
		drafts_drop(&replica->drafts, op->uuid, 0);
		outcome->bits_changed = true;
		outcome->changed_from =
			op->attach.sync == LOG_SYNC_DEFAULT ? op->attach.valid_count : 0;
	} else if (outcome->attach == ATTACH_OK && log->region_count != old_count) {
		outcome->bits_changed = true;
		outcome->changed_from =
			old_count < log->region_count ? old_count : log->region_count;
	} else if (outcome->attach == ATTACH_OK && log->failed) {
		/* A reload may have brought the device back: the header is written to find out. */
		outcome->bits_changed = true;
		outcome->changed_from = log->region_count;
	}
}

static void apply_state(struct replica *replica, uint32_t origin, const struct wire_op *op,
			struct replica_outcome *outcome)
{
	const struct regionlog *log = replica_find(replica, op->uuid);

	outcome->log = replica_find(replica, op->uuid);
	if (op->end == 0) {
		drafts_drop(&replica->drafts, op->uuid, origin);
		return;
	}
	outcome->refused = (log && regionlog_any_attached(log)) ||
			   op->attach.generation != replica_generation(replica, op->uuid) ||
			   !drafts_add(&replica->drafts, origin, op);
}

static void apply_update(struct regionlog *log, uint32_t origin, const struct wire_op *op)
{
	/* Clears first: a region in both was cleared, then marked again. */
	for (uint32_t i = 0; i < op->other_count; i++)
		regionlog_clear(log, origin, op->others[i]);
	for (uint32_t i = 0; i < op->region_count; i++)
		regionlog_mark(log, origin, op->regions[i]);
}

static void apply_work(struct regionlog *log, uint32_t origin, const struct wire_op *op)
{
	for (uint32_t i = 0; i < op->region_count; i++)
		regionlog_recovered(log, origin, op->regions[i], true);
	for (uint32_t i = 0; i < op->other_count; i++)
		regionlog_recovered(log, origin, op->others[i], false);
	regionlog_hand_out(log, origin, op->want);
}

static void apply_to_log(struct regionlog *log, uint32_t origin, const struct wire_op *op)
{
	switch (op->kind) {
	case OP_RELEASE:
		regionlog_release(log, origin);
		break;
	case OP_DETACH:
		regionlog_detach(log, origin);
		break;
	case OP_FORGET:
		regionlog_forget(log, origin);
		break;
	case OP_UPDATE:
		apply_update(log, origin, op);
		break;
	case OP_WORK:
		apply_work(log, origin, op);
		break;
	case OP_WANT:
		for (uint32_t i = 0; i < op->region_count; i++)
			regionlog_want(log, op->regions[i]);
		break;
	case OP_UNSYNC:
		for (uint32_t i = 0; i < op->region_count; i++)
			regionlog_unsync(log, origin, op->regions[i]);
		break;
	case OP_HEALTH:
		log->failed = op->failed;
		break;
	case OP_REJOIN:
		regionlog_rejoin(log, origin, &op->attach, op->marked, op->primary_only);
		/* Nobody there could write the device: as if its daemon had just gone. */
		if (op->absent)
			regionlog_daemon_gone(log, origin);
		break;
	case OP_FOUND:
		regionlog_found(log, op->marked);
		break;
	case OP_WRITTEN: /* changes no state: the nodes keep their own accounts of the device */
	case OP_ATTACH:
	case OP_EXPECT:
	case OP_NODE_DOWN:
	case OP_DAEMON_GONE:
	case OP_FENCED:
	case OP_FOUNDED:
	case OP_PRESENT:
	case OP_STATE:
		break;
	}
}

static void apply_founded(struct replica *replica, const struct wire_op *op)
{
	/* Said twice, by two that saw the same. */
	if (!replica->unproven)
		return;
	replica->unproven = false;
	/* Those who sent them may be gone, unseen; those who are not begin anew. */
	drafts_drop(&replica->drafts, NULL, 0);
	attendance_found(&replica->attendance, op->regions, op->region_count);
	for (size_t i = 0; op->doubtful && i < replica->log_count; i++) {
		regionlog_doubt(replica->logs[i]);
		for (uint32_t j = 0; j < replica->attendance.strangers.count; j++)
			regionlog_suspect(replica->logs[i], replica->attendance.strangers.nodes[j]);
	}
}

static void apply_fenced(struct replica *replica, uint32_t node)
{
	attendance_node_gone(&replica->attendance, node);
	for (size_t i = 0; i < replica->log_count; i++)
		regionlog_fenced(replica->logs[i], node);
	replica_drop_unused(replica);
}

void replica_daemon_gone(struct replica *replica, uint32_t node)
{
	attendance_daemon_gone(&replica->attendance, node);
	drafts_drop(&replica->drafts, NULL, node);
	for (size_t i = 0; i < replica->log_count; i++)
		regionlog_daemon_gone(replica->logs[i], node);
	replica_drop_unused(replica);
}

void replica_node_down(struct replica *replica, uint32_t node)
{
	attendance_node_gone(&replica->attendance, node);
	drafts_drop(&replica->drafts, NULL, node);
	for (size_t i = 0; i < replica->log_count; i++)
		regionlog_node_down(replica->logs[i], node);
	replica_drop_unused(replica);
}

void replica_apply(struct replica *replica, uint32_t origin, const struct wire_op *op,
		   struct replica_outcome *outcome)
{
	struct regionlog *log;
	uint64_t old_count;

	*outcome = (struct replica_outcome){0};
	if (op->kind == OP_NODE_DOWN) {
		replica_node_down(replica, op->node);
		return;
	}
	if (op->kind == OP_FENCED) {
		apply_fenced(replica, op->node);
		return;
	}
	if (op->kind == OP_DAEMON_GONE) {
		replica_daemon_gone(replica, op->node);
		return;
	}
	if (op->kind == OP_FOUNDED) {
		apply_founded(replica, op);
		return;
	}
	if (op->kind == OP_PRESENT) {
		attendance_present(&replica->attendance, origin);
		return;
	}
	if (op->kind == OP_ATTACH) {
		apply_attach(replica, origin, op, outcome);
		return;
	}
	if (op->kind == OP_STATE) {
		apply_state(replica, origin, op, outcome);
		return;
	}
	if (op->kind == OP_EXPECT) {
		regionlog_expect(replica_need_log(replica, op->uuid), origin, op->regions,
				 op->region_count);
		replica_drop_if_unused(replica, op->uuid);
		return;
	}
	log = replica_find(replica, op->uuid);
	if (!log || (op->kind == OP_REJOIN && regionlog_needs_attach(log))) {
		outcome->refused = true;
		return;
	}
	old_count = log->region_count;
	apply_to_log(log, origin, op);
	replica_drop_if_unused(replica, op->uuid);
	outcome->log = replica_find(replica, op->uuid);
	/* What is found may have been made coarse, so that it goes into one message: more than the device calls dirty. */
	if (op->kind == OP_FOUND) {
		outcome->bits_changed = true;
		outcome->changed_from = regionset_next(op->marked, 0);
	} else if (op->kind == OP_REJOIN && outcome->log) {
		outcome->bits_changed = outcome->log->region_count != old_count;
		outcome->changed_from = old_count;
	}
}
