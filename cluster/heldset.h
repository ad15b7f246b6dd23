/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The regions that a kernel holds marked: some to some thousands, that come and go with each
 * write. Unlike a regionset it allocates only to grow, and never shrinks.
 */
#ifndef CLOGD_CLUSTER_HELDSET_H
#define CLOGD_CLUSTER_HELDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct regionset;

struct heldset {
	uint32_t *slots; /* region + 1; 0: free */
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};

void heldset_free(struct heldset *set); /* what it holds; it is empty then */
/* True when the set changed. */
bool heldset_add(struct heldset *set, uint32_t region);
bool heldset_remove(struct heldset *set, uint32_t region);
bool heldset_contains(const struct heldset *set, uint32_t region);
void heldset_clear(struct heldset *set);
/* The regions one after the other, in no order: *at begins at 0. False at the end. */
bool heldset_each(const struct heldset *set, size_t *at, uint32_t *region);
/* Adds them to `into`. */
void heldset_collect(const struct heldset *set, struct regionset *into);

#endif
