/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What both directions of regioncodec.h share: a chunk of 65,536 regions, kept as
 * runs, and its bytes. Private to regioncodec_*.c.
 */
#ifndef CLOGD_COMMON_REGIONCODEC_INTERNAL_H
#define CLOGD_COMMON_REGIONCODEC_INTERNAL_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/bytes.h"

#define CHUNK_REGIONS     65536U
#define CHUNKS_MAX        65536U
#define CHUNK_RUNS_MAX    (CHUNK_REGIONS / 2)
#define CHUNK_BYTES_MIN   7U /* encoded: key, kind, count, one value */
#define BITMAP_BYTES      (CHUNK_REGIONS / 8)
#define BITMAP_WORD_BYTES 8U
#define BITMAP_WORDS      (BITMAP_BYTES / BITMAP_WORD_BYTES)
#define WORD_BITS         64U

/* The library's portable form, as its format specification has it. */
#define PORTABLE_COOKIE_PLAIN 12346U
#define PORTABLE_COOKIE_RUNS  12347U /* in the low 16 bits; chunk count - 1 above */
#define PORTABLE_ARRAY_MAX    4096U  /* members of an array; a chunk with more is a bitmap */
#define PORTABLE_OFFSETS_MIN  4U     /* chunks from which on a form with runs has offsets */

/* The canonical forms, by their numbers on the wire. */
enum kind { KIND_ARRAY, KIND_RUNS, KIND_BITMAP };

struct run {
	uint16_t first, last;
};

/* 65,536 regions as runs: the form all others are made from. */
struct chunk {
	uint32_t member_count;
	uint32_t run_count;
	struct run runs[CHUNK_RUNS_MAX];
};

/* A hundred kilobytes that nobody zeroes: chunk_reset comes before each use. The caller frees it. */
struct chunk *chunk_new(void);
void chunk_reset(struct chunk *chunk);
/* Adds members above all there are; a run that touches the last one lengthens it. */
void chunk_append(struct chunk *chunk, uint32_t first, uint32_t last);
void chunk_append_bitmap(struct chunk *chunk, const uint8_t *bitmap);
/* Its highest member; it must have one. */
uint32_t chunk_last(const struct chunk *chunk);
/* The smallest form, the lower number on a tie. */
enum kind chunk_kind(const struct chunk *chunk);
/* The members alone, without a count before them. */
void chunk_put_values(struct bytes_buffer *buffer, const struct chunk *chunk);
void chunk_put_runs(struct bytes_buffer *buffer, const struct chunk *chunk);
void chunk_put_bitmap(struct bytes_buffer *buffer, const struct chunk *chunk);

/* bitmap[BITMAP_BYTES] */
uint32_t bitmap_members(const uint8_t *bitmap);
/* More runs than a form of runs would have: the look ends as soon as that is known. */
bool bitmap_has_many_runs(const uint8_t *bitmap);
/* Bitmaps are most of a large set, so their words are not read one bounded byte after the other. */
static inline uint64_t bitmap_word(const uint8_t *bitmap, uint32_t index)
{
	uint64_t word;

	memcpy(&word, bitmap + (size_t)index * BITMAP_WORD_BYTES, sizeof(word));
	return le64toh(word);
}

#endif
