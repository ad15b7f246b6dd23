/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of region indices (0 .. 2^32-2), sparse: a full or empty set of four
 * billion regions costs little. Roaring bitmaps (libroaring) inside.
 *
 * Ranges are half open: [first, end), with `end` up to 2^32.
 */
#ifndef CLOGD_COMMON_REGIONSET_H
#define CLOGD_COMMON_REGIONSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

struct regionset;

/* "No region": what the searches return when there is none. */
#define REGION_NONE UINT64_MAX

struct regionset *regionset_new(void);
struct regionset *regionset_copy(const struct regionset *set);
void regionset_free(struct regionset *set); /* NULL is allowed */

/* add and remove return true when the set changed. */
bool regionset_add(struct regionset *set, uint32_t region);
bool regionset_remove(struct regionset *set, uint32_t region);
/* As add, of many: fastest when they ascend. */
void regionset_add_many(struct regionset *set, const uint32_t *regions, size_t count);
void regionset_add_range(struct regionset *set, uint64_t first, uint64_t end);
void regionset_remove_range(struct regionset *set, uint64_t first, uint64_t end);
/* Adds the regions in [first, end) whose bits are 0; bit 0 of `bits` is that of `first`, a multiple of 8. */
void regionset_add_zero_bits(struct regionset *set, const uint8_t *bits, uint64_t first,
			     uint64_t end);
void regionset_clear(struct regionset *set);
/* The members of `other` go to `set`, which loses its own; `other` is empty then. */
void regionset_move(struct regionset *set, struct regionset *other);
/* set |= other; set &= ~other */
void regionset_add_all(struct regionset *set, const struct regionset *other);
void regionset_remove_all(struct regionset *set, const struct regionset *other);

/* A new set: the members in [first, end). */
struct regionset *regionset_part(const struct regionset *set, uint64_t first, uint64_t end);
bool regionset_contains(const struct regionset *set, uint32_t region);
bool regionset_is_empty(const struct regionset *set);
uint64_t regionset_count(const struct regionset *set);
/* Members in [first, end). */
uint64_t regionset_count_range(const struct regionset *set, uint64_t first, uint64_t end);
/* Lowest member that is at least `from`, or REGION_NONE. */
uint64_t regionset_next(const struct regionset *set, uint64_t from);
/* Members that are at least `from`, ascending, into an array of `capacity`; returns how many. */
uint32_t regionset_list(const struct regionset *set, uint64_t from, uint32_t *regions,
			uint32_t capacity);
bool regionset_equal(const struct regionset *one, const struct regionset *other);

/* Packs the run-length forms; worth calling after bulk changes. */
void regionset_compact(struct regionset *set);
/* Approximate bytes held. */
size_t regionset_memory_bytes(const struct regionset *set);

/*
 * Canonical encoding: equal sets give equal bytes, whatever their history.
 * u32 chunk_count, then per chunk of 65,536 regions, ascending: u16 key, u8
 * kind, payload. Kind 0 array: u16 count-1, u16 values ascending. Kind 1 runs:
 * u16 run_count-1, then u16 first, u16 length-1 each, ascending and not
 * touching. Kind 2 bitmap: 8,192 bytes, bit n of byte n/8 first. The kind is
 * the smallest of the three, the lower number on a tie.
 */
void regionset_encode(const struct regionset *set, struct bytes_buffer *buffer);
/*
 * Returns a new set, or NULL with reader->failed set when the bytes are not a
 * canonical encoding or a member is not below `region_count`.
 */
struct regionset *regionset_decode(struct bytes_reader *reader, uint64_t region_count);

#endif
