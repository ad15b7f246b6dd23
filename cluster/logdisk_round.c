/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing the log device: one round at a time, of all blocks that changed. What
 * changes while a round is out goes with the next one: many flushes, one write.
 */
#include <errno.h>
#include <string.h>

#include "cluster/activity.h"
#include "cluster/attachment.h"
#include "cluster/diskjob.h"
#include "cluster/engine_internal.h"
#include "common/disklog.h"
#include "common/planted.h"

#define RETRY_MS               2000
#define RING_PROOF_MS          100
#define PROBE_AGAIN_MS         500
#define TELL_MS                5000
#define ROUND_JOBS_MAX         32
#define REWRITE_BLOCKS_PER_JOB 16

static void render_block(const struct regionlog *state, uint64_t block, uint8_t *bytes)
{
	struct disklog_header header = {DISKLOG_MAGIC, DISKLOG_VERSION, state->region_count};
	uint64_t first, end;
	uint32_t bit;

	memset(bytes, 0, LOGDISK_BLOCK_BYTES);
	if (block == 0)
		disklog_header_encode(&header, bytes);
	disklog_block_regions(block, LOGDISK_BLOCK_BYTES, state->region_count, &first, &end);
	if (first >= end)
		return;
	bit = disklog_bit_in_block((uint32_t)first, LOGDISK_BLOCK_BYTES);
	for (uint64_t region = first; region < end;
	     region += 8) /* a block's bits start at a byte */
		bytes[(bit + (region - first)) / 8] =
			end - region >= 8 ? 0xff : (uint8_t)((1U << (end - region)) - 1);
	regionlog_render_bits(state, first, end, bytes, bit);
}

/* The last block may end before the device does, or with it. */
static uint32_t trimmed(const struct instance *instance, const struct regionlog *state,
			uint64_t offset, uint32_t length)
{
	uint64_t size = disklog_size_bytes(state->region_count, instance->block_bytes);

	return offset + length > size ? (uint32_t)(size - offset) : length;
}

static void write_blocks(struct engine *engine, struct locallog *log, const struct regionlog *state,
			 uint64_t first, uint32_t count)
{
	static uint8_t bytes[REWRITE_BLOCKS_PER_JOB * LOGDISK_BLOCK_BYTES];
	struct disk_job job = {
		.kind = DISK_WRITE,
		.handle = log->active->handle,
		.offset_bytes = first * LOGDISK_BLOCK_BYTES,
		.data = bytes,
	};

	for (uint32_t i = 0; i < count; i++)
		render_block(state, first + i, bytes + (size_t)i * LOGDISK_BLOCK_BYTES);
	job.length_bytes =
		trimmed(log->active, state, job.offset_bytes, count * LOGDISK_BLOCK_BYTES);
	log->disk.round_jobs++;
	log->counters[COUNTER_DISK_WRITES]++;
	diskjob_start(engine, log, log->active, DISK_FOR_WRITE, &job);
}

static void write_changed(struct engine *engine, struct locallog *log,
			  const struct regionlog *state)
{
	struct logdisk *disk = &log->disk;
	uint64_t blocks =
		disklog_size_bytes(state->region_count, LOGDISK_BLOCK_BYTES) / LOGDISK_BLOCK_BYTES;

	for (size_t i = 0; i < disk->changed_count && disk->round_jobs < ROUND_JOBS_MAX; i++) {
		disk->changed[i].writing = true;
		if (disk->changed[i].block < blocks) /* the log may have shrunk */
			write_blocks(engine, log, state, disk->changed[i].block, 1);
	}
}

static void write_rest(struct engine *engine, struct locallog *log, const struct regionlog *state)
{
	struct logdisk *disk = &log->disk;
	uint64_t blocks =
		disklog_size_bytes(state->region_count, LOGDISK_BLOCK_BYTES) / LOGDISK_BLOCK_BYTES;

	if (disk->rewrite_end > blocks)
		disk->rewrite_end = blocks;
	disk->rewrite_writing = disk->rewrite_block;
	while (disk->rewrite_writing < disk->rewrite_end && disk->round_jobs < ROUND_JOBS_MAX) {
		uint64_t left = disk->rewrite_end - disk->rewrite_writing;
		uint32_t count =
			left < REWRITE_BLOCKS_PER_JOB ? (uint32_t)left : REWRITE_BLOCKS_PER_JOB;

		write_blocks(engine, log, state, disk->rewrite_writing, count);
		disk->rewrite_writing += count;
	}
}

/* Entries of blocks that a shrunken log no longer has went into no job. */
static void finish_round(struct engine *engine, struct locallog *log)
{
	struct logdisk *disk = &log->disk;
	size_t kept = 0;

	bool is_done = !disk->round_failed && !disk->round_again;

	for (size_t i = 0; i < disk->changed_count; i++) {
		if (disk->changed[i].writing && is_done)
			continue;
		disk->changed[kept] = disk->changed[i];
		disk->changed[kept++].writing = false;
	}
	disk->changed_count = kept;
	if (is_done)
		disk->rewrite_block = disk->rewrite_writing;
	if (disk->changed_count > 0 || disk->rewrite_block < disk->rewrite_end)
		disk->urgent = !disk->round_failed;
	if (disk->round_failed)
		disk->write_at_ms = engine->now_ms + RETRY_MS;
}

static void say_health(struct engine *engine, struct locallog *log, bool failed)
{
	struct wire_op op = {.kind = OP_HEALTH, .failed = failed};

	engine_send(engine, log, &op);
}

/* The highest position at which nothing is left to be written. */
static uint64_t settled_position(const struct engine *engine, const struct locallog *log)
{
	const struct logdisk *disk = &log->disk;
	uint64_t position = replica_position(engine->replica);

	if (PLANTED(WRITTEN_TOO_MUCH))
		return position;
	if (disk->rewrite_block < disk->rewrite_end && disk->rewrite_first <= position)
		position = disk->rewrite_first - 1;
	for (size_t i = 0; i < disk->changed_count; i++)
		if (disk->changed[i].first <= position)
			position = disk->changed[i].first - 1;
	return position;
}

static void tell(struct engine *engine, struct locallog *log)
{
	struct wire_op op = {.kind = OP_WRITTEN, .position = settled_position(engine, log)};

	/* What was ordered while the round was out is waited for still. */
	if (log->disk.others_last <= op.position)
		log->disk.others_first = log->disk.others_last = 0;
	else if (log->disk.others_first <= op.position)
		log->disk.others_first = op.position + 1;
	log->disk.told_position = op.position;
	log->disk.tell_at_ms = engine->now_ms + TELL_MS;
	engine_send(engine, log, &op);
}

static bool has_company(const struct engine *engine, const struct locallog *log)
{
	const struct regionlog *state = engine_state(engine, log);

	for (size_t i = 0; state && i < state->node_count; i++)
		if (state->nodes[i].attached && state->nodes[i].node != engine->settings.node)
			return true;
	return false;
}

void logdisk_round_done(struct engine *engine, struct locallog *log, int64_t result)
{
	const struct regionlog *state = engine_state(engine, log);
	struct logdisk *disk = &log->disk;

	if (result == -EAGAIN) {
		disk->round_again = true;
	} else if (result < 0) {
		disk->round_failed = true;
		log->counters[COUNTER_DISK_ERRORS]++;
	}
	if (--disk->round_jobs > 0 || !state)
		return;
	finish_round(engine, log);
	if (disk->round_failed != state->failed && (disk->round_failed || !disk->round_again))
		say_health(engine, log, disk->round_failed);
	activity_settle(engine, log);
	logdisk_follow(engine, log);
	attachment_advance(engine, log);
}

/* What the others do not know yet. */
static bool has_to_tell(const struct engine *engine, const struct locallog *log)
{
	return log->disk.writer == engine->settings.node && has_company(engine, log) &&
	       log->disk.changed_position > log->disk.told_position;
}

void logdisk_tell(struct engine *engine, struct locallog *log)
{
	if (engine_is_frozen(engine) || !has_to_tell(engine, log))
		return;
	/* The others keep an entry a block until they hear; once in a while is enough. */
	if (log->disk.changed_count == 0 && engine->now_ms >= log->disk.tell_at_ms)
		tell(engine, log);
}

bool logdisk_may_rest(const struct engine *engine, const struct locallog *log)
{
	const struct logdisk *disk = &log->disk;

	if (!logdisk_is_quiet(log) || disk->recheck != RECHECK_NONE)
		return false;
	/* Its account of the device is of use when it becomes the writer. */
	if (disk->writer != engine->settings.node)
		return true;
	if (disk->others_first != 0 || disk->doubt_at_ms != UINT64_MAX ||
	    disk->write_at_ms != UINT64_MAX)
		return false;
	return logdisk_is_written(log) && !has_to_tell(engine, log);
}

static void start_round(struct engine *engine, struct locallog *log, const struct regionlog *state)
{
	struct logdisk *disk = &log->disk;

	disk->urgent = false;
	disk->write_at_ms = UINT64_MAX;
	disk->round_failed = disk->round_again = false;
	/* One job more until all are started: a port that completes early must not end the round. */
	disk->round_jobs = 1;
	write_changed(engine, log, state);
	write_rest(engine, log, state);
	if (disk->round_jobs == 1)
		logdisk_round_done(engine, log, 0);
	else
		disk->round_jobs--;
}

static bool may_start_round(const struct locallog *log)
{
	const struct logdisk *disk = &log->disk;

	if (disk->round_jobs > 0 || disk->recheck != RECHECK_NONE || log->detach_sent ||
	    !log->active || log->active->args.type != LOG_TYPE_DISK)
		return false;
	return disk->changed_count > 0 || disk->rewrite_block < disk->rewrite_end;
}

uint64_t logdisk_deadline(const struct engine *engine, const struct locallog *log)
{
	bool writes = log->disk.writer == engine->settings.node && !engine_is_frozen(engine);

	if (!writes || !may_start_round(log))
		return UINT64_MAX;
	/* Due, and asked for a proof of the ring: the next try. */
	if (engine->now_ms < log->disk.probe_again_ms &&
	    (log->disk.urgent || log->disk.write_at_ms <= engine->now_ms))
		return log->disk.probe_again_ms;
	return log->disk.write_at_ms;
}

static bool round_is_due(const struct engine *engine, const struct locallog *log,
			 const struct regionlog *state)
{
	const struct logdisk *disk = &log->disk;

	if (!may_start_round(log))
		return false;
	if (engine->now_ms >= disk->write_at_ms)
		return true;
	/* A device that failed is tried again at its time, not at each flush. */
	return disk->urgent && (!state->failed || disk->write_at_ms == UINT64_MAX);
}

/*
 * A node that is cut off learns of it only after a token timeout, and the others
 * may have another writer by then. What was delivered just now proves that the
 * ring was whole just now; a write that starts here ends long before others can
 * take over.
 */
static bool ring_is_whole(const struct engine *engine)
{
	return !engine->slept && engine->now_ms <= engine->delivered_ms + RING_PROOF_MS;
}

/* Asks for such a proof: any message of ours that comes back is one. It claims nothing of the device. */
static void probe_ring(struct engine *engine, struct locallog *log)
{
	struct wire_op op = {.kind = OP_WRITTEN, .position = 0};

	if (engine->now_ms < log->disk.probe_again_ms)
		return;
	log->disk.probe_again_ms = engine->now_ms + PROBE_AGAIN_MS;
	engine_send(engine, log, &op);
}

/* Its node is gone; not only its daemon, or its part in this log. */
static bool is_lost(const struct regionlog *state, uint32_t writer)
{
	const struct regionlog_node *entry = writer ? regionlog_find_node(state, writer) : NULL;

	return writer != 0 && (!entry || entry->lost);
}

void logdisk_follow(struct engine *engine, struct locallog *log)
{
	const struct regionlog *state = engine_state(engine, log);
	uint32_t writer;

	if (!state || state->type != LOG_TYPE_DISK || engine_is_frozen(engine))
		return;
	/* Attached by an earlier daemon, not by this one yet: it has no account of the device. */
	if (!log->active || log->active->state == INSTANCE_RESUMING)
		return;
	/* Shrunk by a table that is gone: bits behind the new end must not count when the log grows again. */
	if (state->region_count < log->disk.region_count)
		logdisk_rewrite(engine, log, state->region_count);
	log->disk.region_count = state->region_count;
	writer = state->writer;
	if (writer != log->disk.writer) {
		bool lost = is_lost(state, log->disk.writer);

		log->disk.writer = writer;
		if (writer == engine->settings.node)
			logdisk_take_over(engine, log, lost);
	}
	if (writer != engine->settings.node)
		return;
	if (engine->now_ms >= log->disk.doubt_at_ms)
		logdisk_doubt(engine, log);
	if (round_is_due(engine, log, state)) {
		if (ring_is_whole(engine))
			start_round(engine, log, state);
		else
			probe_ring(engine, log);
	}
	if (log->disk.others_first != 0 && has_company(engine, log) &&
	    settled_position(engine, log) >= log->disk.others_first)
		tell(engine, log);
}
