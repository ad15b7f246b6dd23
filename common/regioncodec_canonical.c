/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the library's portable form to the canonical one. */
#include <assert.h>
#include <stdlib.h>

#include "common/regioncodec.h"
#include "common/regioncodec_internal.h"

/* The tables in front of the portable chunks. */
struct portable {
	struct bytes_reader at;
	uint32_t chunk_count;
	const uint8_t *run_flags;   /* bit n: chunk n has runs; NULL for none */
	struct bytes_reader shapes; /* key and member count - 1 of each chunk */
};

static void portable_open(struct portable *portable, const void *bytes, size_t size)
{
	uint32_t cookie;

	bytes_reader_init(&portable->at, bytes, size);
	cookie = bytes_get_u32(&portable->at);
	portable->run_flags = NULL;
	if ((cookie & 0xffff) == PORTABLE_COOKIE_RUNS) {
		portable->chunk_count = (cookie >> 16) + 1;
		portable->run_flags = bytes_get_raw(&portable->at, (portable->chunk_count + 7) / 8);
	} else {
		assert(cookie == PORTABLE_COOKIE_PLAIN);
		portable->chunk_count = bytes_get_u32(&portable->at);
	}
	bytes_reader_init(&portable->shapes,
			  bytes_get_raw(&portable->at, portable->chunk_count * 4U),
			  portable->chunk_count * 4U);
	if (!portable->run_flags || portable->chunk_count >= PORTABLE_OFFSETS_MIN)
		(void)bytes_get_raw(&portable->at, portable->chunk_count * 4U);
	assert(!portable->at.failed);
}

static void portable_chunk(struct portable *portable, uint32_t index, uint32_t member_count,
			   struct chunk *chunk)
{
	struct bytes_reader *at = &portable->at;

	if (portable->run_flags && (portable->run_flags[index / 8] >> (index % 8)) & 1) {
		for (uint32_t count = bytes_get_u16(at); count; count--) {
			uint32_t first = bytes_get_u16(at);

			chunk_append(chunk, first, first + bytes_get_u16(at));
		}
	} else if (member_count > PORTABLE_ARRAY_MAX) {
		chunk_append_bitmap(chunk, bytes_get_raw(at, BITMAP_BYTES));
	} else {
		for (; member_count; member_count--) {
			uint32_t value = bytes_get_u16(at);

			chunk_append(chunk, value, value);
		}
	}
	assert(!at->failed);
}

static void put_canonical(struct bytes_buffer *canonical, uint16_t key, const struct chunk *chunk)
{
	enum kind kind = chunk_kind(chunk);

	bytes_put_u16(canonical, key);
	bytes_put_u8(canonical, (uint8_t)kind);
	if (kind == KIND_ARRAY) {
		bytes_put_u16(canonical, (uint16_t)(chunk->member_count - 1));
		chunk_put_values(canonical, chunk);
	} else if (kind == KIND_RUNS) {
		bytes_put_u16(canonical, (uint16_t)(chunk->run_count - 1));
		chunk_put_runs(canonical, chunk);
	} else {
		chunk_put_bitmap(canonical, chunk);
	}
}

/* A chunk that is a bitmap in both forms: its bytes need no look at each member. */
static bool copy_bitmap(struct portable *portable, uint32_t index, uint32_t member_count,
			uint16_t key, struct bytes_buffer *canonical)
{
	bool has_runs = portable->run_flags && (portable->run_flags[index / 8] >> (index % 8)) & 1;

	if (has_runs || member_count <= PORTABLE_ARRAY_MAX ||
	    !bitmap_has_many_runs(portable->at.at))
		return false;
	bytes_put_u16(canonical, key);
	bytes_put_u8(canonical, KIND_BITMAP);
	bytes_put_raw(canonical, bytes_get_raw(&portable->at, BITMAP_BYTES), BITMAP_BYTES);
	return true;
}

uint32_t regioncodec_from_portable(const void *portable, size_t size,
				   struct bytes_buffer *canonical)
{
	uint32_t chunk_count = 0;
	struct portable tables;
	struct chunk *chunk;

	portable_open(&tables, portable, size);
	if (tables.chunk_count == 0)
		return 0;
	chunk = chunk_new();
	for (uint32_t i = 0; i < tables.chunk_count; i++) {
		uint16_t key = bytes_get_u16(&tables.shapes);
		uint32_t member_count = bytes_get_u16(&tables.shapes) + 1U;

		if (copy_bitmap(&tables, i, member_count, key, canonical)) {
			chunk_count++;
			continue;
		}
		chunk_reset(chunk);
		portable_chunk(&tables, i, member_count, chunk);
		if (chunk->run_count) {
			put_canonical(canonical, key, chunk);
			chunk_count++;
		}
	}
	free(chunk);
	return chunk_count;
}
