/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One mirrored volume as the cluster sees it: its table, its legs, and for
 * each block which writes were issued and which one was acknowledged last.
 */
#ifndef CLOGD_SIM_MIRROR_H
#define CLOGD_SIM_MIRROR_H

#include "tests/sim/legs.h"
#include "tests/sim/settings.h"

struct disk;
struct world;

/* Writes of a block are serialised by the cluster's lock, so their numbers are their order. */
struct block {
	uint32_t issued;
	uint32_t acked;
	uint32_t owner; /* node that has the lock, 0 none */
	bool busy;      /* a write of the owner is under way */
	uint32_t owner_epoch;
};

struct mirror {
	struct world *world;
	uint32_t index;
	struct mirror_settings settings;
	char uuid[64];
	uint32_t region_count; /* of the newest table */
	enum log_sync
		sync_now; /* the word in tables that are loaded now; gone after the first activation */
	struct legs legs;
	struct disk *log_disk; /* NULL for a core log */
	struct block blocks[BLOCKS_MAX];
};

struct mirror *mirror_new(struct world *world, uint32_t index);
/*
 * What the next tables have; the administrator loads them. Before they are smaller the file system is: nobody begins
 * to read or write what is cut off, and what it held is given up, also when they are larger again.
 */
void mirror_resize(struct mirror *mirror, uint32_t region_count);
/* Another log device, for the tables that are loaded from now on: with them all is copied. */
void mirror_replace_log(struct mirror *mirror);
/* The words after the length of a table line with that many regions. */
void mirror_constructor(const struct mirror *mirror, uint32_t region_count, char *out, size_t size);

#endif
