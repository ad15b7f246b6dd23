/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A log device: shared by all nodes, slow at times, failing at times, atomic by
 * the block. The blocks of one write land one by one; what has not landed when
 * a node loses power never does. A killed daemon's writes are already the
 * kernel's: they may still land.
 */
#ifndef CLOGD_SIM_DISK_H
#define CLOGD_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/engine.h"
#include "tests/sim/settings.h"

struct daemon;
struct mirror;
struct world;

#define DISK_BYTES (64U * 1024U)

struct disk {
	struct world *world;
	struct mirror *mirror;
	struct disk *former; /* that it took the place of; some may have it open still */
	uint32_t minor;
	uint32_t block_bytes;
	uint8_t bytes[DISK_BYTES];
	bool bad[NODES_MAX + 1];      /* by node: every access fails */
	bool bad_open[NODES_MAX + 1]; /* it cannot even be opened */
	bool was_bad;                 /* for some node, at some time */
	uint32_t slow_factor;         /* 1: as usual */
	/* What a dead or cut-off daemon wrote landed last; its successor writes the block once more in some seconds. */
	bool is_late[DISK_BYTES / 512];
	uint32_t late_count;
};

#define DISK_MAJOR 253

struct disk *disk_new(struct world *world, struct mirror *mirror, uint32_t minor);
/* The daemon's job; its end comes as an input of the daemon. */
void disk_submit(struct world *world, struct daemon *daemon, const struct disk_job *job);
/* Does the device call the region clean? */
bool disk_says_clean(const struct disk *disk, uint32_t region);
bool disk_has_log(const struct disk *disk);
/* Is the region's bit in a block that a late write has overwritten? */
bool disk_is_late(const struct disk *disk, uint32_t region);

#endif
