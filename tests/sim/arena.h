/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of one run, given back all at once. Events and abandoned fibers may
 * point at what is long over, so nothing is freed before the run ends.
 */
#ifndef CLOGD_SIM_ARENA_H
#define CLOGD_SIM_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks;
};

/* Zeroed, aligned to 16 bytes. */
void *arena_new(struct arena *arena, size_t size);
void *arena_copy(struct arena *arena, const void *bytes, size_t size);
void arena_free(struct arena *arena);

#endif
