/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/disk.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/disklog.h"
#include "tests/sim/check.h"
#include "tests/sim/daemon.h"
#include "tests/sim/mirror.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

#define DISK_DELAY_US     500
#define DISK_DELAY_MAX_US (15 * US_PER_S) /* a device that is slower fails */
#define HANDLE_BASE       100             /* handle = base + mirror index */

struct disk_access {
	struct disk *disk;
	struct daemon *daemon;
	struct node *node;
	uint32_t power_epoch;
	uint32_t cut_offs; /* of its node, when it was begun */
	enum disk_job_kind kind;
	uint64_t id;
	uint64_t offset;
	uint32_t length;
	int64_t result;
	bool cancelled; /* the daemon was killed and this seed drops its writes then */
	uint8_t *data;
};

/* Empty, what something else left, or as LVM makes it: 0x00 or, for a mirror in sync, 0xff under a header. */
static void fill_new(struct disk *disk, struct random *random)
{
	struct disklog_header header = {DISKLOG_MAGIC, DISKLOG_VERSION, UINT64_MAX};
	bool is_synced = disk->mirror->settings.sync == LOG_SYNC_NONE;

	if (random_chance(random, 300)) {
		memset(disk->bytes, random_chance(random, 500) ? 0 : 0xa5, DISK_BYTES);
		return;
	}
	memset(disk->bytes, is_synced ? 0xff : 0, DISK_BYTES);
	disklog_header_encode(&header, disk->bytes);
}

struct disk *disk_new(struct world *world, struct mirror *mirror, uint32_t minor)
{
	struct disk *disk = arena_new(&world->arena, sizeof(*disk));

	disk->world = world;
	disk->mirror = mirror;
	disk->minor = minor;
	disk->block_bytes = mirror->settings.block_bytes;
	disk->slow_factor = 1;
	fill_new(disk, &world->random_io);
	return disk;
}

bool disk_has_log(const struct disk *disk)
{
	struct disklog_header header;

	disklog_header_decode(disk->bytes, &header);
	return disklog_header_kind(&header) == DISKLOG_VALID;
}

bool disk_says_clean(const struct disk *disk, uint32_t region)
{
	struct disklog_header header;

	disklog_header_decode(disk->bytes, &header);
	return region < header.region_count &&
	       disk->bytes[DISKLOG_BITMAP_OFFSET + region / 8] & (1U << (region % 8));
}

static bool is_dropped(const struct disk_access *access)
{
	const struct settings *settings = &access->disk->world->settings;

	if (access->node->power_epoch != access->power_epoch)
		return true;
	return !settings->late_disk_writes && access->node->daemon != access->daemon;
}

bool disk_is_late(const struct disk *disk, uint32_t region)
{
	return disk->is_late[(DISKLOG_BITMAP_OFFSET + region / 8) / disk->block_bytes];
}

/* Not promised (docs/reliability.md): it was under way when its daemon died or its node was cut off. */
static void note_late(struct disk *disk, const struct disk_access *access, uint64_t block)
{
	const struct bus *bus = &disk->world->bus;
	bool late = access->node->daemon != access->daemon ||
		    !bus_is_quorate(bus, access->node->id) ||
		    bus->nodes[access->node->id].cut_offs != access->cut_offs;

	disk->late_count += late;
	disk->late_count -= disk->is_late[block];
	disk->is_late[block] = late;
	if (!late)
		return;
	COUNT(disk->world, DISK_LATE);
	TRACE(disk->world, access->node->id, "a late write lands on the log device");
}

/* One block of a write. */
static void land_block(void *context, uint64_t offset)
{
	struct disk_access *access = context;
	struct disk *disk = access->disk;

	if (is_dropped(access))
		return;
	if (disk->bad[access->node->id]) {
		COUNT(disk->world, DISK_ERRORS);
		access->result = -EIO;
		return;
	}
	memcpy(disk->bytes + access->offset + offset, access->data + offset, disk->block_bytes);
	note_late(disk, access, (access->offset + offset) / disk->block_bytes);
	check_disk(disk, access->node->id);
}

static void finish(void *context, uint64_t argument)
{
	struct disk_access *access = context;
	struct disk *disk = access->disk;
	struct disk_result result = {.id = access->id};

	(void)argument;
	if (access->node->power_epoch != access->power_epoch ||
	    access->node->daemon != access->daemon)
		return;
	if (access->kind == DISK_WRITE)
		access->daemon->disk_writes--;
	if (access->kind == DISK_OPEN) {
		bool bad = disk->bad_open[access->node->id];

		result.result = bad ? -ENXIO : HANDLE_BASE + (int64_t)disk->minor;
		result.size_bytes = DISK_BYTES;
		result.block_bytes = disk->block_bytes;
		result.major = DISK_MAJOR;
		result.minor = disk->minor;
	} else {
		if (disk->bad[access->node->id])
			access->result = -EIO;
		if (access->kind == DISK_READ && access->result >= 0)
			memcpy(access->data, disk->bytes + access->offset, access->length);
		result.result = access->result;
		result.data = access->kind == DISK_READ ? access->data : NULL;
	}
	daemon_push_disk_done(access->daemon, &result, access->length);
}

static bool is_meant(const struct disk *disk, const struct disk_job *job)
{
	char name[32];

	snprintf(name, sizeof(name), "%u:%u", DISK_MAJOR, disk->minor);
	return job->kind == DISK_OPEN ? strcmp(job->device, name) == 0
				      : job->handle == HANDLE_BASE + (int)disk->minor;
}

static struct disk *find_disk(struct world *world, const struct disk_job *job)
{
	for (uint32_t i = 0; i < world->settings.mirror_count; i++)
		for (struct disk *disk = world->mirrors[i]->log_disk; disk; disk = disk->former)
			if (is_meant(disk, job))
				return disk;
	return NULL;
}

static void check_job(const struct disk *disk, const struct disk_job *job)
{
	if (job->offset_bytes % disk->block_bytes || job->length_bytes % disk->block_bytes ||
	    job->length_bytes == 0 || job->length_bytes > DISK_JOB_BYTES_MAX ||
	    job->offset_bytes + job->length_bytes > DISK_BYTES)
		check_fail(disk->world, "a disk job of %u bytes at %llu (block %u)",
			   job->length_bytes, (unsigned long long)job->offset_bytes,
			   disk->block_bytes);
}

static struct disk_access *new_access(struct disk *disk, struct daemon *daemon,
				      const struct disk_job *job)
{
	struct disk_access *access = arena_new(&disk->world->arena, sizeof(*access));

	*access = (struct disk_access){
		.disk = disk,
		.daemon = daemon,
		.node = daemon->node,
		.power_epoch = daemon->node->power_epoch,
		.cut_offs = daemon->world->bus.nodes[daemon->node->id].cut_offs,
		.kind = job->kind,
		.id = job->id,
		.offset = job->offset_bytes,
		.length = job->length_bytes,
		.result = job->length_bytes,
	};
	if (job->kind != DISK_OPEN) {
		check_job(disk, job);
		access->data = arena_new(&disk->world->arena, job->length_bytes);
	}
	return access;
}

static void start_write(struct disk_access *access, const struct disk_job *job, uint64_t delay)
{
	struct world *world = access->disk->world;

	memcpy(access->data, job->data, job->length_bytes);
	access->daemon->disk_writes++;
	for (uint64_t at = 0; at < job->length_bytes; at += access->disk->block_bytes)
		clock_after(&world->clock, random_below(&world->random_io, delay), land_block,
			    access, at);
}

void disk_submit(struct world *world, struct daemon *daemon, const struct disk_job *job)
{
	static const char *const names[] = {
		[DISK_OPEN] = "open",
		[DISK_READ] = "read",
		[DISK_WRITE] = "write",
	};
	struct disk *disk = find_disk(world, job);
	struct disk_access *access;
	uint64_t delay;

	if (job->kind == DISK_CLOSE)
		return;
	if (!disk) {
		check_fail(world, "a disk job for a device that is not there");
		return;
	}
	access = new_access(disk, daemon, job);
	delay = (50 + random_delay(&world->random_io, DISK_DELAY_US)) * disk->slow_factor;
	if (delay > DISK_DELAY_MAX_US)
		delay = DISK_DELAY_MAX_US;
	if (job->kind == DISK_WRITE)
		start_write(access, job, delay);
	TRACE(world, daemon->node->id, "disk %s %u bytes at %llu", names[job->kind],
	      job->length_bytes, (unsigned long long)job->offset_bytes);
	clock_after(&world->clock, delay, finish, access, 0);
}
