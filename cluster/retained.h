/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The window of marks that are kept though this node's kernel does not hold
 * them: after its CLEAR, and ahead of a stream. docs/protocol.md, section 4.
 */
#ifndef CLOGD_CLUSTER_RETAINED_H
#define CLOGD_CLUSTER_RETAINED_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct locallog;
struct regionlog;

/* Regions for the `others` of one OP_UPDATE, at most WIRE_REGIONS_MAX; the operation takes the array over. */
struct clears {
	uint32_t *regions;
	uint32_t count;
};

/* CLEAR of the kernel. 0, or -EINVAL: a region is beyond the mirror's end, none is cleared. */
int retained_clear(struct engine *engine, struct locallog *log, const uint64_t *regions,
		   uint32_t count);
/* A region that others wait to copy is not kept. */
bool retained_is_worth_keeping(const struct engine *engine, const struct regionlog *state,
			       uint32_t region);
/* Lets the oldest go until `wanted` more fit. Many go at once: each message is the same work, whatever it carries. */
void retained_make_room(struct engine *engine, struct locallog *log, struct clears *clears,
			uint32_t wanted);
/* What is older than the hold time: for a message that is sent anyway. */
void retained_take_old(struct engine *engine, struct locallog *log, struct clears *clears);
/* What others wait to copy and, when it is time, what is older than the hold time; or all. */
void retained_let_go(struct engine *engine, struct locallog *log, bool everything);
/* When the next is to be let go, in ms; UINT64_MAX: never. */
uint64_t retained_deadline(const struct engine *engine, const struct locallog *log);
/* Forgets them without a word. */
void retained_drop_all(struct locallog *log);

#endif
