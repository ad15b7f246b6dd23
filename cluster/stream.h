/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writers that go through a log region by region, several at a time, and how far ahead of each the
 * log is to be marked: four times as far as it has come, so that a short one costs little. Fixed memory.
 */
#ifndef CLOGD_CLUSTER_STREAM_H
#define CLOGD_CLUSTER_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/regionset.h"

#define STREAM_COUNT 16

struct stream {
	uint64_t next;   /* the region that would be marked next */
	uint64_t ahead;  /* end of what was marked ahead */
	uint32_t length; /* regions it has come, since it needs marks ahead; 0: the slot is free */
	uint64_t used;   /* when it last moved, by `moves` */
};

struct streams {
	struct stream slots[STREAM_COUNT];
	uint64_t moves;
};

/* Regions that may be marked ahead: of one stream, and of all that run, who share them. 0: none. */
struct stream_limits {
	uint32_t each, all;
};

/*
 * The kernel marks a region. True when [*first, *end) should be marked ahead now, within the limits; it is when a
 * quarter of what may be ahead is left. `marked`: what is marked in the cluster, this region not yet by this mark; what
 * was marked ahead and is not there any more was marked too early.
 */
bool streams_follow(struct streams *streams, uint32_t region, const struct regionset *marked,
		    const struct stream_limits *limits, uint64_t *first, uint64_t *end);
/*
 * A message goes anyway: true with what may be marked ahead of another stream, which has used up a quarter; call it
 * until it is false. Streams that run beside each other so share their messages.
 */
bool streams_top_up(struct streams *streams, const struct regionset *marked,
		    const struct stream_limits *limits, uint64_t *first, uint64_t *end);

#endif
