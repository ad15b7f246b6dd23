/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one daemon of this node leaves to the next, in small files of a number a
 * line. A failure is only logged: the next daemon then knows less.
 */
#ifndef CLOGD_DAEMONS_KEPT_H
#define CLOGD_DAEMONS_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Of a log, under /run/clogd: that is memory, so a reboot, which ends what the
 * kernel holds, ends this too.
 */
enum kept_of_log {
	KEPT_ATTACHED, /* the nodes whose kernels use the log or may hold marks in it */
	KEPT_ONE_LEG,  /* a table, and regions that this kernel writes to one leg only */
};

/* Count 0 removes the log's file. */
void kept_store(enum kept_of_log what, const char *uuid, const uint32_t *numbers, size_t count);

/* The table's number goes in front, in two halves. */
void kept_store_one_leg(const char *uuid, uint64_t luid, const uint32_t *regions, size_t count);
/* Takes it off again; false when there is none. */
bool kept_split_one_leg(uint64_t *luid, const uint32_t **regions, size_t *count);

typedef void kept_fn(void *context, const char *uuid, const uint32_t *numbers, size_t count);
/* All that an earlier daemon stored; what cannot be read is left out. */
void kept_load(enum kept_of_log what, void *context, kept_fn *take);

/*
 * Nodes on which a clogd was ever met: the file "nodes" of $STATE_DIRECTORY
 * (systemd's StateDirectory=), which outlives a reboot; without it nothing is kept.
 */
void kept_store_met(const uint32_t *nodes, size_t count);
/* Returns how many, at most `capacity`. */
size_t kept_load_met(uint32_t *nodes, size_t capacity);

#endif
