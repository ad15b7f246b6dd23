/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the next request of the kernel will be there as soon as one is answered: learned for each
 * type. A FLUSH follows a MARK at once; after the IN_SYNC of a read the kernel is busy with the read.
 * A look that finds something saves a round of the loop, some system calls; one that does not costs one.
 */
#ifndef CLOGD_DAEMONS_LOOKAHEAD_H
#define CLOGD_DAEMONS_LOOKAHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/ulog.h"

#define LOOKAHEAD_MISSES_MOST 207 /* of 255: a look in five finds something */
#define LOOKAHEAD_PROBE       32  /* of these one looks all the same, to learn */

struct lookahead {
	enum ulog_type last;               /* of the last request; 0 when the loop waited since */
	uint8_t misses[ULOG_TYPE_MAX + 1]; /* a moving average, 0 .. 255 */
	uint8_t skipped;
};

/* Before looking: what this look is behind, for lookahead_learn(). */
static inline enum ulog_type lookahead_begin(struct lookahead *lookahead)
{
	enum ulog_type behind = lookahead->last;

	lookahead->last = (enum ulog_type)0;
	return behind;
}

static inline void lookahead_learn(struct lookahead *lookahead, enum ulog_type behind, bool found)
{
	uint8_t *misses = &lookahead->misses[behind];

	if (found)
		*misses = (uint8_t)(*misses - *misses / 8);
	else
		*misses = (uint8_t)(*misses + (255 - *misses + 7) / 8);
}

/* When it says no the loop waits for what comes next. */
static inline bool lookahead_is_worth_it(struct lookahead *lookahead)
{
	if (lookahead->misses[lookahead->last] <= LOOKAHEAD_MISSES_MOST ||
	    ++lookahead->skipped % LOOKAHEAD_PROBE == 0)
		return true;
	lookahead->last = (enum ulog_type)0;
	return false;
}

#endif
