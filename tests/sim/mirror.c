/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/mirror.h"

#include <stdio.h>

#include "tests/sim/disk.h"
#include "tests/sim/world.h"

struct mirror *mirror_new(struct world *world, uint32_t index)
{
	struct mirror *mirror = arena_new(&world->arena, sizeof(*mirror));

	mirror->world = world;
	mirror->index = index;
	mirror->settings = world->settings.mirrors[index];
	mirror->region_count = mirror->settings.region_count;
	mirror->sync_now = mirror->settings.sync;
	snprintf(mirror->uuid, sizeof(mirror->uuid), "LVM-lv%u", index);
	legs_init(&mirror->legs, world, mirror->settings.leg_count,
		  mirror->settings.sync == LOG_SYNC_NONE);
	if (mirror->settings.type == LOG_TYPE_DISK)
		mirror->log_disk = disk_new(world, mirror, index + 3);
	return mirror;
}

void mirror_resize(struct mirror *mirror, uint32_t region_count)
{
	TRACE(mirror->world, 0, "%s %s to %u regions", mirror->uuid,
	      region_count > mirror->region_count ? "grows" : "shrinks", region_count);
	for (uint32_t block = mirror->region_count * BLOCKS_PER_REGION;
	     block < region_count * BLOCKS_PER_REGION; block++)
		mirror->blocks[block].acked = 0;
	mirror->region_count = region_count;
}

void mirror_replace_log(struct mirror *mirror)
{
	struct disk *former = mirror->log_disk;

	mirror->log_disk = disk_new(mirror->world, mirror, former->minor + MIRRORS_MAX);
	mirror->log_disk->former = former;
	mirror->sync_now = LOG_SYNC_FORCE;
}

void mirror_constructor(const struct mirror *mirror, uint32_t region_count, char *out, size_t size)
{
	static const char *const sync_words[] = {
		[LOG_SYNC_DEFAULT] = "", [LOG_SYNC_FORCE] = " sync", [LOG_SYNC_NONE] = " nosync"};
	const struct mirror_settings *settings = &mirror->settings;
	unsigned long long length =
		(unsigned long long)region_count * settings->region_size_sectors;
	const char *error_word = settings->block_on_error ? " block_on_error" : "";

	if (mirror->log_disk)
		snprintf(out, size, "%llu clustered-disk %u:%u %u%s%s", length, DISK_MAJOR,
			 mirror->log_disk->minor, settings->region_size_sectors,
			 sync_words[mirror->sync_now], error_word);
	else
		snprintf(out, size, "%llu clustered-core %u%s%s", length,
			 settings->region_size_sectors, sync_words[mirror->sync_now], error_word);
}
