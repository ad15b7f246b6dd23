/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/regioncodec.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

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
static struct chunk *chunk_new(void)
{
	return memory_resize(NULL, sizeof(struct chunk));
}

static void chunk_reset(struct chunk *chunk)
{
	chunk->member_count = 0;
	chunk->run_count = 0;
}

/* Adds members above all there are; a run that touches the last one lengthens it. */
static void chunk_append(struct chunk *chunk, uint32_t first, uint32_t last)
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

static uint32_t chunk_last(const struct chunk *chunk)
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

/* Bitmaps are most of a large set, so their words are not read one bounded byte after the other. */
static uint64_t bitmap_word(const uint8_t *bitmap, uint32_t index)
{
	uint64_t word;

	memcpy(&word, bitmap + (size_t)index * BITMAP_WORD_BYTES, sizeof(word));
	return le64toh(word);
}

static void append_bitmap(struct chunk *chunk, const uint8_t *bitmap)
{
	for (uint32_t i = 0; i < BITMAP_WORDS; i++)
		append_word(chunk, i * WORD_BITS, bitmap_word(bitmap, i));
}

/* The smallest form, the lower number on a tie. */
static enum kind chunk_kind(const struct chunk *chunk)
{
	uint32_t array_bytes = 2 + 2 * chunk->member_count;
	uint32_t runs_bytes = 2 + 4 * chunk->run_count;

	if (array_bytes <= runs_bytes && array_bytes <= BITMAP_BYTES)
		return KIND_ARRAY;
	return runs_bytes <= BITMAP_BYTES ? KIND_RUNS : KIND_BITMAP;
}

static uint32_t bitmap_members(const uint8_t *bitmap)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < BITMAP_WORDS; i++)
		count += (uint32_t)__builtin_popcountll(bitmap_word(bitmap, i));
	return count;
}

/* More runs than a form of runs would have: the look ends as soon as that is known. */
static bool has_many_runs(const uint8_t *bitmap)
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

static void put_values(struct bytes_buffer *buffer, const struct chunk *chunk)
{
	for (uint32_t i = 0; i < chunk->run_count; i++)
		for (uint32_t at = chunk->runs[i].first; at <= chunk->runs[i].last; at++)
			bytes_put_u16(buffer, (uint16_t)at);
}

static void put_runs(struct bytes_buffer *buffer, const struct chunk *chunk)
{
	for (uint32_t i = 0; i < chunk->run_count; i++) {
		bytes_put_u16(buffer, chunk->runs[i].first);
		bytes_put_u16(buffer, (uint16_t)(chunk->runs[i].last - chunk->runs[i].first));
	}
}

static void put_bitmap(struct bytes_buffer *buffer, const struct chunk *chunk)
{
	uint8_t bitmap[BITMAP_BYTES] = {0};

	for (uint32_t i = 0; i < chunk->run_count; i++)
		for (uint32_t at = chunk->runs[i].first; at <= chunk->runs[i].last; at++)
			bitmap[at / 8] |= (uint8_t)(1U << (at % 8));
	bytes_put_raw(buffer, bitmap, sizeof(bitmap));
}

/* --- portable to canonical --- */

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
		append_bitmap(chunk, bytes_get_raw(at, BITMAP_BYTES));
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
		put_values(canonical, chunk);
	} else if (kind == KIND_RUNS) {
		bytes_put_u16(canonical, (uint16_t)(chunk->run_count - 1));
		put_runs(canonical, chunk);
	} else {
		put_bitmap(canonical, chunk);
	}
}

/* A chunk that is a bitmap in both forms: its bytes need no look at each member. */
static bool copy_bitmap(struct portable *portable, uint32_t index, uint32_t member_count,
			uint16_t key, struct bytes_buffer *canonical)
{
	bool has_runs = portable->run_flags && (portable->run_flags[index / 8] >> (index % 8)) & 1;

	if (has_runs || member_count <= PORTABLE_ARRAY_MAX || !has_many_runs(portable->at.at))
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
			append_bitmap(chunk, bitmap);
	}
	/* an unknown kind leaves the chunk empty */
	if (chunk->run_count == 0 || chunk_kind(chunk) != kind)
		reader->failed = true;
}

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
		put_runs(&parts->chunks, chunk);
	} else if (chunk->member_count <= PORTABLE_ARRAY_MAX) {
		put_values(&parts->chunks, chunk);
	} else {
		put_bitmap(&parts->chunks, chunk);
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

/* As get_chunk and put_portable together, of a chunk that is the same bytes in both forms; false: it is not. */
static bool take_bitmap(struct bytes_reader *reader, uint64_t region_max, struct parts *parts,
			uint32_t index, uint16_t key)
{
	uint32_t member_count;
	const uint8_t *bitmap = reader->at + 1;

	if (bytes_left(reader) < 1 + BITMAP_BYTES || reader->at[0] != KIND_BITMAP ||
	    region_max < CHUNK_REGIONS || !has_many_runs(bitmap))
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
