/* SPDX-License-Identifier: GPL-2.0-or-later */
/* To the library's portable form: from the canonical one, and from the bits of a log device. */
#include <stdlib.h>
#include <string.h>

#include "common/regioncodec.h"
#include "common/regioncodec_internal.h"

/* The parts of a portable form while it grows. */
struct parts {
	struct bytes_buffer run_flags, shapes, offsets, chunks;
};

static void put_shape(struct parts *parts, uint32_t index, uint16_t key, uint32_t member_count)
{
	if (index % 8 == 0)
		bytes_put_u8(&parts->run_flags, 0);
	bytes_put_u16(&parts->shapes, key);
	bytes_put_u16(&parts->shapes, (uint16_t)(member_count - 1));
	bytes_put_u32(&parts->offsets, (uint32_t)parts->chunks.size);
}

static void put_portable(struct parts *parts, uint32_t index, uint16_t key,
			 const struct chunk *chunk)
{
	enum kind kind = chunk_kind(chunk);

	put_shape(parts, index, key, chunk->member_count);
	if (kind == KIND_RUNS) {
		parts->run_flags.data[index / 8] |= (uint8_t)(1U << (index % 8));
		bytes_put_u16(&parts->chunks, (uint16_t)chunk->run_count);
		chunk_put_runs(&parts->chunks, chunk);
	} else if (chunk->member_count <= PORTABLE_ARRAY_MAX) {
		chunk_put_values(&parts->chunks, chunk);
	} else {
		chunk_put_bitmap(&parts->chunks, chunk);
	}
}

static void parts_join(const struct parts *parts, uint32_t chunk_count,
		       struct bytes_buffer *portable)
{
	bool has_offsets = chunk_count >= PORTABLE_OFFSETS_MIN;
	size_t header_bytes = 4 + parts->run_flags.size + parts->shapes.size +
			      (has_offsets ? parts->offsets.size : 0);
	struct bytes_reader offsets;

	if (chunk_count == 0) {
		bytes_put_u32(portable, PORTABLE_COOKIE_PLAIN);
		bytes_put_u32(portable, 0);
		return;
	}
	bytes_put_u32(portable, PORTABLE_COOKIE_RUNS | (chunk_count - 1) << 16);
	bytes_put_raw(portable, parts->run_flags.data, parts->run_flags.size);
	bytes_put_raw(portable, parts->shapes.data, parts->shapes.size);
	bytes_reader_init(&offsets, parts->offsets.data, parts->offsets.size);
	while (has_offsets && bytes_left(&offsets))
		bytes_put_u32(portable, (uint32_t)(bytes_get_u32(&offsets) + header_bytes));
	bytes_put_raw(portable, parts->chunks.data, parts->chunks.size);
}

static void parts_free(struct parts *parts)
{
	bytes_free(&parts->run_flags);
	bytes_free(&parts->shapes);
	bytes_free(&parts->offsets);
	bytes_free(&parts->chunks);
}

/* --- canonical to portable --- */

static void get_values(struct bytes_reader *reader, struct chunk *chunk)
{
	uint32_t count = bytes_get_u16(reader) + 1U;

	while (count-- && !reader->failed) {
		uint32_t value = bytes_get_u16(reader);

		if (chunk->run_count && value <= chunk_last(chunk))
			reader->failed = true;
		else
			chunk_append(chunk, value, value);
	}
}

static void get_runs(struct bytes_reader *reader, struct chunk *chunk)
{
	uint32_t count = bytes_get_u16(reader) + 1U;

	while (count-- && !reader->failed) {
		uint32_t first = bytes_get_u16(reader);
		uint32_t last = first + bytes_get_u16(reader);

		/* runs that touch would be one */
		if (last >= CHUNK_REGIONS || (chunk->run_count && first <= chunk_last(chunk) + 1))
			reader->failed = true;
		else
			chunk_append(chunk, first, last);
	}
}

static void get_chunk(struct bytes_reader *reader, struct chunk *chunk)
{
	uint8_t kind = bytes_get_u8(reader);
	const uint8_t *bitmap;

	chunk_reset(chunk);
	if (kind == KIND_ARRAY) {
		get_values(reader, chunk);
	} else if (kind == KIND_RUNS) {
		get_runs(reader, chunk);
	} else if (kind == KIND_BITMAP) {
		bitmap = bytes_get_raw(reader, BITMAP_BYTES);
		if (bitmap)
			chunk_append_bitmap(chunk, bitmap);
	}
	/* an unknown kind leaves the chunk empty */
	if (chunk->run_count == 0 || chunk_kind(chunk) != kind)
		reader->failed = true;
}

/* As get_chunk and put_portable together, of a chunk that is the same bytes in both forms; false: it is not. */
static bool take_bitmap(struct bytes_reader *reader, uint64_t region_max, struct parts *parts,
			uint32_t index, uint16_t key)
{
	uint32_t member_count;
	const uint8_t *bitmap = reader->at + 1;

	if (bytes_left(reader) < 1 + BITMAP_BYTES || reader->at[0] != KIND_BITMAP ||
	    region_max < CHUNK_REGIONS || !bitmap_has_many_runs(bitmap))
		return false;
	member_count = bitmap_members(bitmap);
	if (member_count <= PORTABLE_ARRAY_MAX)
		return false;
	(void)bytes_get_raw(reader, 1 + BITMAP_BYTES);
	put_shape(parts, index, key, member_count);
	bytes_put_raw(&parts->chunks, bitmap, BITMAP_BYTES);
	return true;
}

static void get_chunks(struct bytes_reader *reader, uint32_t chunk_count, uint64_t region_count,
		       struct parts *parts)
{
	struct chunk *chunk;
	uint32_t previous = 0;

	if (chunk_count == 0)
		return;
	chunk = chunk_new();
	for (uint32_t i = 0; i < chunk_count && !reader->failed; i++) {
		uint16_t key = bytes_get_u16(reader);
		uint64_t base = (uint64_t)key * CHUNK_REGIONS;

		if ((i && key <= previous) || base >= region_count)
			reader->failed = true;
		previous = key;
		if (reader->failed || take_bitmap(reader, region_count - base, parts, i, key))
			continue;
		get_chunk(reader, chunk);
		if (reader->failed)
			break;
		if (base + chunk_last(chunk) >= region_count)
			reader->failed = true;
		else
			put_portable(parts, i, key, chunk);
	}
	free(chunk);
}

bool regioncodec_to_portable(struct bytes_reader *canonical, uint64_t region_count,
			     struct bytes_buffer *portable)
{
	uint32_t chunk_count = bytes_get_u32(canonical);
	struct parts parts = {0};

	if (chunk_count > CHUNKS_MAX || chunk_count > bytes_left(canonical) / CHUNK_BYTES_MIN)
		canonical->failed = true;
	if (!canonical->failed)
		get_chunks(canonical, chunk_count, region_count, &parts);
	if (!canonical->failed)
		parts_join(&parts, chunk_count, portable);
	parts_free(&parts);
	return !canonical->failed;
}

/* --- bits to portable --- */

/* The bits of one chunk that are 0, as ones, where [first, end) covers it; those before `first` and behind `end` are not members. */
static void invert_bits(const uint8_t *bits, uint64_t first, uint64_t end, uint64_t base,
			uint8_t *bitmap)
{
	uint64_t from = first > base ? first : base;
	uint64_t until = end < base + CHUNK_REGIONS ? end : base + CHUNK_REGIONS;
	uint8_t *out = bitmap + (from - base) / 8;
	const uint8_t *in = bits + (from - first) / 8;

	memset(bitmap, 0, BITMAP_BYTES);
	for (uint64_t i = 0; i < (until - from) / 8; i++)
		out[i] = (uint8_t)~in[i];
	if ((until - from) % 8)
		out[(until - from) / 8] =
			(uint8_t)(~in[(until - from) / 8] & ((1U << ((until - from) % 8)) - 1));
}

/* Most chunks of most devices: each byte is as the one before. */
static bool is_all_ones(const uint8_t *bitmap)
{
	return bitmap[0] == 0xff && memcmp(bitmap, bitmap + 1, BITMAP_BYTES - 1) == 0;
}

static void put_bitmap_values(struct bytes_buffer *buffer, const uint8_t *bitmap)
{
	for (uint32_t i = 0; i < BITMAP_WORDS; i++)
		for (uint64_t word = bitmap_word(bitmap, i); word; word &= word - 1)
			bytes_put_u16(buffer,
				      (uint16_t)(i * WORD_BITS + (uint32_t)__builtin_ctzll(word)));
}

void regioncodec_from_zero_bits(const uint8_t *bits, uint64_t first, uint64_t end,
				struct bytes_buffer *portable)
{
	struct parts parts = {0};
	uint32_t chunk_count = 0;

	for (uint64_t base = first - first % CHUNK_REGIONS; base < end; base += CHUNK_REGIONS) {
		uint8_t bitmap[BITMAP_BYTES];
		uint32_t member_count;

		if (base >= first && base + CHUNK_REGIONS <= end &&
		    is_all_ones(bits + (base - first) / 8))
			continue;
		invert_bits(bits, first, end, base, bitmap);
		member_count = bitmap_members(bitmap);
		if (member_count == 0)
			continue;
		put_shape(&parts, chunk_count++, (uint16_t)(base / CHUNK_REGIONS), member_count);
		if (member_count <= PORTABLE_ARRAY_MAX)
			put_bitmap_values(&parts.chunks, bitmap);
		else
			bytes_put_raw(&parts.chunks, bitmap, BITMAP_BYTES);
	}
	parts_join(&parts, chunk_count, portable);
	parts_free(&parts);
}
