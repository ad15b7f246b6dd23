/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which blocks of the log device differ from the state, and since when. */
#include <stdlib.h>

#include "cluster/engine_internal.h"
#include "common/disklog.h"
#include "common/memory.h"

/* A bit that only became clean can wait: being late costs no more than a copy after a crash. */
#define LAZY_WRITE_MS 1000

static void plan_write(struct engine *engine, struct locallog *log, bool urgent)
{
	if (urgent)
		log->disk.urgent = true;
	else if (log->disk.write_at_ms == UINT64_MAX)
		log->disk.write_at_ms = engine->now_ms + LAZY_WRITE_MS;
}

static struct changed_block *need_block(struct logdisk *disk, uint64_t block)
{
	for (size_t i = 0; i < disk->changed_count; i++)
		if (disk->changed[i].block == block && !disk->changed[i].writing)
			return &disk->changed[i];
	if (disk->changed_count == disk->changed_capacity) {
		disk->changed_capacity = disk->changed_capacity ? 2 * disk->changed_capacity : 16;
		disk->changed = memory_resize(disk->changed,
					      disk->changed_capacity * sizeof(*disk->changed));
	}
	disk->changed[disk->changed_count] = (struct changed_block){
		.block = block, .first = UINT64_MAX, .first_dirty = UINT64_MAX};
	return &disk->changed[disk->changed_count++];
}

/* `since`: the change may have been as early as that. */
static void changed_block(struct engine *engine, struct locallog *log, uint64_t block,
			  uint64_t since, bool dirty)
{
	struct changed_block *changed = need_block(&log->disk, block);

	log->disk.changed_position = changed->last = replica_position(engine->replica);
	if (since < changed->first)
		changed->first = since;
	if (!dirty)
		return;
	changed->last_dirty = changed->last;
	if (since < changed->first_dirty)
		changed->first_dirty = since;
}

void logdisk_changed(struct engine *engine, struct locallog *log, uint32_t region, bool dirty)
{
	changed_block(engine, log, disklog_block_of_region(region, LOGDISK_BLOCK_BYTES),
		      replica_position(engine->replica), dirty);
	plan_write(engine, log, dirty);
}

void logdisk_others_wait(struct engine *engine, struct locallog *log, bool always)
{
	struct logdisk *disk = &log->disk;

	/* Without a change since the last WRITTEN that all have heard nobody has an entry that he could wait for. */
	if (!always && disk->changed_position <= disk->heard_position)
		return;
	disk->others_last = replica_position(engine->replica);
	if (disk->others_first == 0)
		disk->others_first = disk->others_last;
	/* It waits for everything, also for what became clean. */
	disk->urgent = disk->urgent || always;
}

/* All blocks from that of `region` on. */
static bool rewrite_from(struct engine *engine, struct locallog *log, uint64_t region)
{
	const struct regionlog *state = engine_state(engine, log);
	struct logdisk *disk = &log->disk;
	uint64_t first = disklog_block_of_region((uint32_t)region, LOGDISK_BLOCK_BYTES);
	uint64_t position = replica_position(engine->replica);

	if (!state)
		return false;
	/* A range that waits already, or whose round is out and may fail, stays part of it. */
	if (disk->rewrite_block >= disk->rewrite_end) {
		disk->rewrite_block = UINT64_MAX;
		disk->rewrite_first = position;
	}
	disk->rewrite_end =
		disklog_size_bytes(state->region_count, LOGDISK_BLOCK_BYTES) / LOGDISK_BLOCK_BYTES;
	if (disk->rewrite_block > disk->rewrite_end)
		disk->rewrite_block = disk->rewrite_end;
	if (region < state->region_count && first < disk->rewrite_block)
		disk->rewrite_block = first;
	disk->rewrite_writing = disk->rewrite_block;
	disk->rewrite_last = disk->changed_position = position;
	return true;
}

void logdisk_rewrite(struct engine *engine, struct locallog *log, uint64_t region)
{
	if (!rewrite_from(engine, log, region))
		return;
	log->disk.resume_position = log->disk.rewrite_last;
	changed_block(engine, log, 0, log->disk.rewrite_last, true);
	plan_write(engine, log, true);
	log->disk.write_at_ms = engine->now_ms;
}

void logdisk_suspect(struct engine *engine, struct locallog *log)
{
	/* Is this node the writer still, nothing else would have it written. */
	if (rewrite_from(engine, log, 0))
		log->disk.urgent = true;
}

/* --- a new writer --- */

#define DOUBT_FIRST_MS 500
#define DOUBT_LAST_MS  8000

static void doubt_marked(struct engine *engine, struct locallog *log)
{
	const struct regionlog *state = engine_state(engine, log);

	for (size_t i = 0; state && i < state->node_count; i++) {
		const struct regionset *marked = state->nodes[i].marked;

		for (uint64_t region = regionset_next(marked, 0); region != REGION_NONE;
		     region = regionset_next(marked, region + 1))
			regionset_add(log->disk.doubted,
				      (uint32_t)disklog_block_of_region((uint32_t)region,
									LOGDISK_BLOCK_BYTES));
	}
}

void logdisk_take_over(struct engine *engine, struct locallog *log, bool lost_writer)
{
	struct logdisk *disk = &log->disk;

	regionset_clear(disk->doubted);
	for (size_t i = 0; i < disk->changed_count; i++)
		regionset_add(disk->doubted, (uint32_t)disk->changed[i].block);
	doubt_marked(engine, log);
	disk->urgent = true;
	if (lost_writer)
		logdisk_recheck(engine, log);
	logdisk_others_wait(engine, log, true);
	disk->doubt_step_ms = DOUBT_FIRST_MS;
	disk->doubt_at_ms = engine->now_ms + DOUBT_FIRST_MS;
}

void logdisk_doubt(struct engine *engine, struct locallog *log)
{
	struct logdisk *disk = &log->disk;
	uint64_t position = replica_position(engine->replica);

	disk->doubt_step_ms *= 2;
	disk->doubt_at_ms = disk->doubt_step_ms <= DOUBT_LAST_MS
				    ? engine->now_ms + disk->doubt_step_ms
				    : UINT64_MAX;
	for (uint64_t block = regionset_next(disk->doubted, 0); block != REGION_NONE;
	     block = regionset_next(disk->doubted, block + 1))
		changed_block(engine, log, block, position, true);
	disk->urgent = true;
}

void logdisk_written(struct locallog *log, uint64_t position)
{
	struct logdisk *disk = &log->disk;
	size_t kept = 0;

	if (position > disk->heard_position)
		disk->heard_position = position;
	if (position > disk->told_position)
		disk->told_position = position;
	for (size_t i = 0; i < disk->changed_count; i++) {
		if (disk->changed[i].last <= position && !disk->changed[i].writing)
			continue;
		if (disk->changed[i].first <= position)
			disk->changed[i].first = position + 1;
		if (disk->changed[i].last_dirty <= position)
			disk->changed[i].first_dirty = UINT64_MAX;
		else if (disk->changed[i].first_dirty <= position)
			disk->changed[i].first_dirty = position + 1;
		disk->changed[kept++] = disk->changed[i];
	}
	disk->changed_count = kept;
	if (disk->rewrite_last <= position && disk->round_jobs == 0)
		disk->rewrite_block = disk->rewrite_end;
	else if (disk->rewrite_first <= position && disk->round_jobs == 0)
		disk->rewrite_first = position + 1;
}

bool logdisk_is_settled(const struct locallog *log, uint64_t position)
{
	const struct logdisk *disk = &log->disk;

	if (disk->rewrite_block < disk->rewrite_end && disk->rewrite_first <= position)
		return false;
	for (size_t i = 0; i < disk->changed_count; i++)
		if (disk->changed[i].first_dirty <= position)
			return false;
	return true;
}

bool logdisk_is_written(const struct locallog *log)
{
	return log->disk.changed_count == 0 && log->disk.rewrite_block >= log->disk.rewrite_end;
}

bool logdisk_is_quiet(const struct locallog *log)
{
	return log->disk.round_jobs == 0;
}

void logdisk_reset(struct locallog *log)
{
	struct logdisk *disk = &log->disk;

	disk->changed_count = 0;
	disk->rewrite_block = disk->rewrite_end = 0;
	disk->resume_position = 0;
	/* With another state come other positions: nobody was told anything of these. */
	disk->changed_position = disk->told_position = disk->heard_position = 0;
	disk->urgent = false;
	disk->others_first = disk->others_last = 0;
	disk->write_at_ms = UINT64_MAX;
	disk->doubt_at_ms = UINT64_MAX;
	regionset_clear(disk->doubted);
	disk->recheck = RECHECK_NONE;
	disk->writer = 0;
	disk->region_count = 0;
}
