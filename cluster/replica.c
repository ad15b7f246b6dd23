/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All logs at one position: finding them, applying operations, snapshots. */
#include "cluster/replica.h"

#include <stdlib.h>
#include <string.h>

#include "cluster/attendance.h"
#include "cluster/drafts.h"
#include "common/memory.h"

struct replica {
	uint64_t position;
	uint64_t generation; /* above that of every log that was dropped */
	uint64_t lineage;    /* drawn when it was founded */
	bool unproven;
	struct attendance attendance;
	struct regionlog **logs; /* ascending by uuid */
	size_t log_count;
	struct drafts drafts;
};

struct replica *replica_new(void)
{
	return memory_new(1, sizeof(struct replica));
}

void replica_free(struct replica *replica)
{
	if (!replica)
		return;
	for (size_t i = 0; i < replica->log_count; i++)
		regionlog_free(replica->logs[i]);
	free(replica->logs);
	drafts_free(&replica->drafts);
	free(replica);
}

uint64_t replica_position(const struct replica *replica)
{
	return replica->position;
}

void replica_advance(struct replica *replica)
{
	replica->position++;
}

/* Where the log is, or where it would have to be. */
static size_t place_of(const struct replica *replica, const char *uuid, bool *found)
{
	size_t low = 0;
	size_t high = replica->log_count;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(replica->logs[middle]->uuid, uuid);

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct regionlog *replica_find(const struct replica *replica, const char *uuid)
{
	bool found;
	size_t at = place_of(replica, uuid, &found);

	return found ? replica->logs[at] : NULL;
}

size_t replica_log_count(const struct replica *replica)
{
	return replica->log_count;
}

struct regionlog *replica_log(const struct replica *replica, size_t index)
{
	return replica->logs[index];
}

static void insert(struct replica *replica, size_t at, struct regionlog *log)
{
	replica->logs =
		memory_resize(replica->logs, (replica->log_count + 1) * sizeof(struct regionlog *));
	memmove(&replica->logs[at + 1], &replica->logs[at],
		(replica->log_count - at) * sizeof(struct regionlog *));
	replica->logs[at] = log;
	replica->log_count++;
}

static struct regionlog *need_log(struct replica *replica, const char *uuid)
{
	bool found;
	size_t at = place_of(replica, uuid, &found);

	if (!found) {
		insert(replica, at, regionlog_new(uuid));
		replica->logs[at]->generation = replica->generation;
	}
	return replica->logs[at];
}

uint64_t replica_generation(const struct replica *replica, const char *uuid)
{
	const struct regionlog *log = replica_find(replica, uuid);

	return log ? log->generation : replica->generation;
}

uint32_t replica_drafting_node(const struct replica *replica, const char *uuid)
{
	return drafts_node(&replica->drafts, uuid);
}

static void dispose(struct replica *replica, struct regionlog *log)
{
	if (log->generation >= replica->generation)
		replica->generation = log->generation + 1;
	regionlog_free(log);
}

static void remove_at(struct replica *replica, size_t at)
{
	replica->log_count--;
	memmove(&replica->logs[at], &replica->logs[at + 1],
		(replica->log_count - at) * sizeof(struct regionlog *));
}

/* Logs that no node has anything to do with are gone, and with them a core log's memory. */
static void drop_if_unused(struct replica *replica, const char *uuid)
{
	bool found;
	size_t at = place_of(replica, uuid, &found);

	if (!found || !regionlog_is_unused(replica->logs[at]))
		return;
	dispose(replica, replica->logs[at]);
	remove_at(replica, at);
}

static void drop_unused(struct replica *replica)
{
	size_t kept = 0;

	for (size_t i = 0; i < replica->log_count; i++) {
		if (regionlog_is_unused(replica->logs[i]))
			dispose(replica, replica->logs[i]);
		else
			replica->logs[kept++] = replica->logs[i];
	}
	replica->log_count = kept;
}

static void apply_attach(struct replica *replica, uint32_t origin, const struct wire_op *op,
			 struct replica_outcome *outcome)
{
	bool known;
	size_t at = place_of(replica, op->uuid, &known);
	struct regionlog *log = need_log(replica, op->uuid);
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
		remove_at(replica, at);
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

void replica_found(struct replica *replica, uint64_t lineage)
{
	replica->lineage = lineage;
	replica->unproven = true;
	/* Each of its daemons says anew what it knows. */
	replica->attendance = (struct attendance){0};
}

uint64_t replica_lineage(const struct replica *replica)
{
	return replica->lineage;
}

bool replica_is_unproven(const struct replica *replica)
{
	return replica->unproven;
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
	drop_unused(replica);
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
		regionlog_expect(need_log(replica, op->uuid), origin, op->regions,
				 op->region_count);
		drop_if_unused(replica, op->uuid);
		return;
	}
	log = replica_find(replica, op->uuid);
	if (!log || (op->kind == OP_REJOIN && regionlog_needs_attach(log))) {
		outcome->refused = true;
		return;
	}
	old_count = log->region_count;
	apply_to_log(log, origin, op);
	drop_if_unused(replica, op->uuid);
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

void replica_daemon_gone(struct replica *replica, uint32_t node)
{
	attendance_daemon_gone(&replica->attendance, node);
	drafts_drop(&replica->drafts, NULL, node);
	for (size_t i = 0; i < replica->log_count; i++)
		regionlog_daemon_gone(replica->logs[i], node);
	drop_unused(replica);
}

void replica_node_down(struct replica *replica, uint32_t node)
{
	attendance_node_gone(&replica->attendance, node);
	drafts_drop(&replica->drafts, NULL, node);
	for (size_t i = 0; i < replica->log_count; i++)
		regionlog_node_down(replica->logs[i], node);
	drop_unused(replica);
}

bool replica_is_lost(const struct replica *replica, uint32_t node)
{
	if (attendance_is_stranger(&replica->attendance, node))
		return true;
	for (size_t i = 0; i < replica->log_count; i++) {
		const struct regionlog_node *entry = regionlog_find_node(replica->logs[i], node);

		if (entry && regionlog_awaits_fencing(entry))
			return true;
	}
	return false;
}

void replica_encode(const struct replica *replica, struct bytes_buffer *buffer)
{
	bytes_put_u64(buffer, replica->position);
	bytes_put_u64(buffer, replica->generation);
	bytes_put_u64(buffer, replica->lineage);
	bytes_put_u8(buffer, replica->unproven);
	attendance_encode(&replica->attendance, buffer);
	bytes_put_u32(buffer, (uint32_t)replica->log_count);
	for (size_t i = 0; i < replica->log_count; i++)
		regionlog_encode(replica->logs[i], buffer);
	drafts_encode(&replica->drafts, buffer);
}

struct replica *replica_decode(const void *bytes, size_t size)
{
	struct replica *replica = replica_new();
	struct bytes_reader reader;
	uint32_t count;

	bytes_reader_init(&reader, bytes, size);
	replica->position = bytes_get_u64(&reader);
	replica->generation = bytes_get_u64(&reader);
	replica->lineage = bytes_get_u64(&reader);
	replica->unproven = bytes_get_u8(&reader) != 0;
	attendance_decode(&replica->attendance, &reader);
	count = bytes_get_u32(&reader);
	for (uint32_t i = 0; i < count && !reader.failed; i++) {
		struct regionlog *log = regionlog_decode(&reader);
		size_t last = replica->log_count;

		if (!log)
			break;
		if (last > 0 && strcmp(replica->logs[last - 1]->uuid, log->uuid) >= 0)
			reader.failed = true;
		insert(replica, last, log);
	}
	if (!reader.failed)
		drafts_decode(&replica->drafts, &reader);
	if (bytes_reader_done(&reader))
		return replica;
	replica_free(replica);
	return NULL;
}

uint64_t replica_digest(const struct replica *replica)
{
	struct bytes_buffer buffer = {0};
	uint64_t digest;

	replica_encode(replica, &buffer);
	digest = bytes_hash(BYTES_HASH_START, buffer.data, buffer.size);
	bytes_free(&buffer);
	return digest;
}
