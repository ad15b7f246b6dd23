/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The legs of one mirror: shared disks, seen by all nodes. A block's content is
 * a number: which of the writes to that block it holds. Every access lands at
 * its own time; a node that loses power first drops it.
 */
#ifndef CLOGD_SIM_LEGS_H
#define CLOGD_SIM_LEGS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/settings.h"

struct node;
struct world;

/* What was on a leg before the mirror: no write's number. */
#define LEG_GARBAGE 0xf0000000U

struct legs {
	struct world *world;
	uint32_t count;
	uint32_t primary; /* leg that tables name first */
	uint32_t content[LEGS_MAX][BLOCKS_MAX];
	uint32_t writer[LEGS_MAX][BLOCKS_MAX]; /* node that wrote it last */
	uint64_t written_us[LEGS_MAX][BLOCKS_MAX];
	bool broken[NODES_MAX + 1][LEGS_MAX]; /* paths, by node */
};

/* Called when the access is over. `error` is 0 or -EIO; `value` for reads. */
typedef void (*leg_done)(void *context, uint32_t leg, int error, uint32_t value);

void legs_init(struct legs *legs, struct world *world, uint32_t count, bool equal);
void legs_read(struct legs *legs, struct node *node, uint32_t leg, uint32_t block, leg_done done,
	       void *context);
void legs_write(struct legs *legs, struct node *node, uint32_t leg, uint32_t block, uint32_t value,
		leg_done done, void *context);
/* The leg whose content differs from leg 0 in the region, or 0. */
uint32_t legs_differ(const struct legs *legs, uint32_t region);
/* Fails the run, and says which block differs and who wrote it when. */
void legs_fail(const struct legs *legs, uint32_t region, const char *what);

#endif
