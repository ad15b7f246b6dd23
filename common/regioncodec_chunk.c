/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A chunk as runs, and the bytes of it that both forms share. */
#include <assert.h>

#include "common/memory.h"
#include "common/regioncodec_internal.h"

struct chunk *chunk_new(void)
{
	return memory_resize(NULL, sizeof(struct chunk));
}

void chunk_reset(struct chunk *chunk)
{
	chunk->member_count = 0;
	chunk->run_count = 0;
}

void chunk_append(struct chunk *chunk, uint32_t first, uint32_t last)
{
	struct run *tail = chunk->run_count ? &chunk->runs[chunk->run_count - 1] : NULL;

	chunk->member_count += last - first + 1;
	if (tail && tail->last + 1U == first) {
		tail->last = (uint16_t)last;
		return;
	}
	assert(chunk->run_count < CHUNK_RUNS_MAX);
	chunk->runs[chunk->run_count++] = (struct run){(uint16_t)first, (uint16_t)last};
}

uint32_t chunk_last(const struct chunk *chunk)
{
	return chunk->runs[chunk->run_count - 1].last;
}

static void append_word(struct chunk *chunk, uint32_t base, uint64_t word)
{
	while (word) {
		unsigned int first = (unsigned int)__builtin_ctzll(word);
		uint64_t absent = ~(word >> first);
		/* 0 when the run fills the word from its first bit on */
		unsigned int length = absent ? (unsigned int)__builtin_ctzll(absent) : 64;

		chunk_append(chunk, base + first, base + first + length - 1);
		if (first + length >= 64)
			break;
		word &= UINT64_MAX << (first + length);
	}
}

void chunk_append_bitmap(struct chunk *chunk, const uint8_t *bitmap)
{
	for (uint32_t i = 0; i < BITMAP_WORDS; i++)
		append_word(chunk, i * WORD_BITS, bitmap_word(bitmap, i));
}

enum kind chunk_kind(const struct chunk *chunk)
{
	uint32_t array_bytes = 2 + 2 * chunk->member_count;
	uint32_t runs_bytes = 2 + 4 * chunk->run_count;

	if (array_bytes <= runs_bytes && array_bytes <= BITMAP_BYTES)
		return KIND_ARRAY;
	return runs_bytes <= BITMAP_BYTES ? KIND_RUNS : KIND_BITMAP;
}

uint32_t bitmap_members(const uint8_t *bitmap)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < BITMAP_WORDS; i++)
		count += (uint32_t)__builtin_popcountll(bitmap_word(bitmap, i));
	return count;
}

bool bitmap_has_many_runs(const uint8_t *bitmap)
{
	uint64_t before = 0; /* the last bit of the word before */
	uint32_t count = 0;

	for (uint32_t i = 0; i < BITMAP_WORDS && 2 + 4 * count <= BITMAP_BYTES; i++) {
		uint64_t word = bitmap_word(bitmap, i);

		count += (uint32_t)__builtin_popcountll(word & ~(word << 1 | before));
		before = word >> 63;
	}
	return 2 + 4 * count > BITMAP_BYTES;
}

void chunk_put_values(struct bytes_buffer *buffer, const struct chunk *chunk)
{
	for (uint32_t i = 0; i < chunk->run_count; i++)
		for (uint32_t at = chunk->runs[i].first; at <= chunk->runs[i].last; at++)
			bytes_put_u16(buffer, (uint16_t)at);
}

void chunk_put_runs(struct bytes_buffer *buffer, const struct chunk *chunk)
{
	for (uint32_t i = 0; i < chunk->run_count; i++) {
		bytes_put_u16(buffer, chunk->runs[i].first);
		bytes_put_u16(buffer, (uint16_t)(chunk->runs[i].last - chunk->runs[i].first));
	}
}

void chunk_put_bitmap(struct bytes_buffer *buffer, const struct chunk *chunk)
{
	uint8_t bitmap[BITMAP_BYTES] = {0};

	for (uint32_t i = 0; i < chunk->run_count; i++)
		for (uint32_t at = chunk->runs[i].first; at <= chunk->runs[i].last; at++)
			bitmap[at / 8] |= (uint8_t)(1U << (at % 8));
	bytes_put_raw(buffer, bitmap, sizeof(bitmap));
}
