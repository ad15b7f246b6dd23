/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a log, at the first attach and at a recheck: header, then the bitmap piece by piece. */
#include <errno.h>
#include <string.h>

#include "cluster/attachment.h"
#include "cluster/diskjob.h"
#include "cluster/engine_internal.h"
#include "cluster/group.h"
#include "common/disklog.h"

static void read_piece(struct engine *engine, struct locallog *log)
{
	struct instance *instance = log->active;
	uint64_t size = disklog_size_bytes(instance->args.region_count, instance->block_bytes);
	uint64_t left = size - log->disk.load_offset;
	struct disk_job job = {
		.kind = DISK_READ,
		.handle = instance->handle,
		.offset_bytes = log->disk.load_offset,
		.length_bytes = left < DISK_JOB_BYTES_MAX ? (uint32_t)left : DISK_JOB_BYTES_MAX,
	};

	diskjob_start(engine, log, instance, DISK_FOR_LOAD, &job);
}

void logdisk_load(struct engine *engine, struct locallog *log)
{
	diskjob_forget_loads(engine, log);
	regionset_free(log->disk.loaded);
	log->disk.loaded = regionset_new();
	log->disk.load_offset = 0;
	log->disk.load_valid = 0;
	log->disk.load_generation = replica_generation(engine->replica, log->uuid);
	read_piece(engine, log);
}

/*
 * What is found travels in one message. Scattered over tens of millions of
 * regions it does not fit; then it is taken by whole stretches: more is copied,
 * nothing is forgotten.
 */
#define STRETCH_REGIONS 65536U
#define STATE_BYTES_MAX (GROUP_MESSAGE_MAX - 4096U)

void logdisk_make_fit(struct engine *engine, const struct locallog *log, struct regionset *unsynced,
		      uint64_t region_count)
{
	struct bytes_buffer buffer = {0};
	uint64_t region = 0;

	regionset_encode(unsynced, &buffer);
	if (buffer.size > STATE_BYTES_MAX) {
		engine_report(engine, REPORT_WARNING,
			      "%s: its log is too scattered for one message: more is copied than "
			      "is out of sync",
			      engine_short(log->uuid));
		while ((region = regionset_next(unsynced, region)) != REGION_NONE) {
			uint64_t first = region - region % STRETCH_REGIONS;
			uint64_t end = first + STRETCH_REGIONS;

			regionset_add_range(unsynced, first,
					    end < region_count ? end : region_count);
			region = end;
		}
	}
	bytes_free(&buffer);
}

static void take_header(struct locallog *log, const uint8_t *bytes)
{
	struct disklog_header header;
	uint64_t count = log->active->args.region_count;

	disklog_header_decode(bytes, &header);
	if (disklog_header_kind(&header) == DISKLOG_VALID)
		log->disk.load_valid = header.region_count < count ? header.region_count : count;
}

static void take_piece(struct locallog *log, const struct disk_result *result)
{
	uint64_t start = log->disk.load_offset;
	uint64_t end = start + (uint64_t)result->result;
	uint64_t bits_start = start < DISKLOG_BITMAP_OFFSET ? DISKLOG_BITMAP_OFFSET : start;
	uint64_t first, last;

	if (start == 0)
		take_header(log, result->data);
	first = (bits_start - DISKLOG_BITMAP_OFFSET) * 8;
	last = (end - DISKLOG_BITMAP_OFFSET) * 8;
	if (last > log->disk.load_valid)
		last = log->disk.load_valid;
	if (first < last)
		regionset_add_zero_bits(log->disk.loaded, result->data + (bits_start - start),
					first, last);
	log->disk.load_offset = end;
}

void logdisk_load_piece(struct engine *engine, struct locallog *log,
			const struct disk_result *result)
{
	struct instance *instance = log->active;

	if (!instance || !log->disk.loaded)
		return;
	if (result->result == -EAGAIN) {
		read_piece(engine, log);
		return;
	}
	if (result->result <= 0 && log->disk.recheck == RECHECK_READING) {
		logdisk_recheck_loaded(engine, log, (int)result->result);
		return;
	}
	if (result->result <= 0) {
		/* As the kernel does: a log that cannot be read says nothing, so nothing is in sync. */
		engine_report(
			engine, REPORT_ERROR,
			"%s: cannot read log device %s: %s; all regions are taken as out of sync",
			engine_short(log->uuid), instance->args.device,
			strerror((int)-result->result));
		regionset_clear(log->disk.loaded);
		log->disk.load_valid = 0;
		attachment_loaded(engine, log);
		return;
	}
	take_piece(log, result);
	if (log->disk.load_offset <
	    disklog_size_bytes(instance->args.region_count, instance->block_bytes))
		read_piece(engine, log);
	else if (log->disk.recheck == RECHECK_READING)
		logdisk_recheck_loaded(engine, log, 0);
	else
		attachment_loaded(engine, log);
}
