/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/regionset.h"

#include <assert.h>
#include <roaring/roaring.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/regioncodec.h"

#define RANGE_END_MAX (1ULL << 32)
#define CHUNK_REGIONS 65536U /* of one container of the library */

#define PART_REGIONS    (128ULL * CHUNK_REGIONS)
#define ENCODED_AT_ONCE (1U << 20)

struct regionset {
	roaring_bitmap_t *bitmap;
};

/* The library returns NULL when it has no memory; memory.h says what follows from that. */
static struct regionset *wrap(roaring_bitmap_t *bitmap)
{
	struct regionset *set = memory_new(1, sizeof(*set));

	if (!bitmap)
		abort();
	set->bitmap = bitmap;
	return set;
}

struct regionset *regionset_new(void)
{
	return wrap(roaring_bitmap_create());
}

struct regionset *regionset_copy(const struct regionset *set)
{
	return wrap(roaring_bitmap_copy(set->bitmap));
}

void regionset_free(struct regionset *set)
{
	if (!set)
		return;
	roaring_bitmap_free(set->bitmap);
	free(set);
}

bool regionset_add(struct regionset *set, uint32_t region)
{
	return roaring_bitmap_add_checked(set->bitmap, region);
}

bool regionset_remove(struct regionset *set, uint32_t region)
{
	return roaring_bitmap_remove_checked(set->bitmap, region);
}

/* Adds or removes [first, end) by way of another set; meant for parts of chunks. */
static void change_part(struct regionset *set, uint64_t first, uint64_t end, bool add)
{
	roaring_bitmap_t *part;

	if (first >= end)
		return;
	part = roaring_bitmap_from_range(first, end, 1);
	if (!part)
		abort();
	if (add)
		roaring_bitmap_or_inplace(set->bitmap, part);
	else
		roaring_bitmap_andnot_inplace(set->bitmap, part);
	roaring_bitmap_free(part);
}

/*
 * The range functions of libroaring 0.2.66 make a bitmap of a chunk that has more
 * than 2,047 runs, however few members these have; its serialization then takes
 * that bitmap for an array and writes nonsense. So they get whole chunks only.
 */
static void change_range(struct regionset *set, uint64_t first, uint64_t end, bool add)
{
	uint64_t whole_first = (first + CHUNK_REGIONS - 1) / CHUNK_REGIONS * CHUNK_REGIONS;
	uint64_t whole_end = end / CHUNK_REGIONS * CHUNK_REGIONS;

	assert(end <= RANGE_END_MAX);
	if (first >= end)
		return;
	if (whole_first >= whole_end) {
		change_part(set, first, end, add);
		return;
	}
	change_part(set, first, whole_first, add);
	if (add)
		roaring_bitmap_add_range_closed(set->bitmap, (uint32_t)whole_first,
						(uint32_t)(whole_end - 1));
	else
		roaring_bitmap_remove_range_closed(set->bitmap, (uint32_t)whole_first,
						   (uint32_t)(whole_end - 1));
	change_part(set, whole_end, end, add);
}

void regionset_add_many(struct regionset *set, const uint32_t *regions, size_t count)
{
	roaring_bitmap_add_many(set->bitmap, count, regions);
}

void regionset_add_range(struct regionset *set, uint64_t first, uint64_t end)
{
	change_range(set, first, end, true);
}

void regionset_remove_range(struct regionset *set, uint64_t first, uint64_t end)
{
	change_range(set, first, end, false);
}

static roaring_bitmap_t *read_portable(const struct bytes_buffer *portable)
{
	return roaring_bitmap_portable_deserialize_safe((const char *)portable->data,
							portable->size);
}

void regionset_add_zero_bits(struct regionset *set, const uint8_t *bits, uint64_t first,
			     uint64_t end)
{
	struct bytes_buffer portable = {0};
	struct regionset *part;

	regioncodec_from_zero_bits(bits, first, end, &portable);
	part = wrap(read_portable(&portable));
	bytes_free(&portable);
	regionset_add_all(set, part);
	regionset_free(part);
}

void regionset_clear(struct regionset *set)
{
	roaring_bitmap_clear(set->bitmap);
}

void regionset_move(struct regionset *set, struct regionset *other)
{
	roaring_bitmap_t *bitmap = set->bitmap;

	set->bitmap = other->bitmap;
	other->bitmap = bitmap;
	regionset_clear(other);
}

struct regionset *regionset_part(const struct regionset *set, uint64_t first, uint64_t end)
{
	roaring_bitmap_t *range;
	struct regionset *part;

	assert(end <= RANGE_END_MAX);
	if (first >= end)
		return regionset_new();
	range = roaring_bitmap_from_range(first, end, 1);
	if (!range)
		abort();
	part = wrap(roaring_bitmap_and(set->bitmap, range));
	roaring_bitmap_free(range);
	return part;
}

void regionset_add_all(struct regionset *set, const struct regionset *other)
{
	if (set != other)
		roaring_bitmap_or_inplace(set->bitmap, other->bitmap);
}

void regionset_remove_all(struct regionset *set, const struct regionset *other)
{
	if (set == other)
		regionset_clear(set);
	else
		roaring_bitmap_andnot_inplace(set->bitmap, other->bitmap);
}

bool regionset_contains(const struct regionset *set, uint32_t region)
{
	return roaring_bitmap_contains(set->bitmap, region);
}

bool regionset_is_empty(const struct regionset *set)
{
	return roaring_bitmap_is_empty(set->bitmap);
}

uint64_t regionset_count(const struct regionset *set)
{
	return roaring_bitmap_get_cardinality(set->bitmap);
}

uint64_t regionset_count_range(const struct regionset *set, uint64_t first, uint64_t end)
{
	assert(end <= RANGE_END_MAX);
	return first < end ? roaring_bitmap_range_cardinality(set->bitmap, first, end) : 0;
}

uint64_t regionset_next(const struct regionset *set, uint64_t from)
{
	roaring_uint32_iterator_t iterator;

	if (from >= RANGE_END_MAX)
		return REGION_NONE;
	roaring_init_iterator(set->bitmap, &iterator);
	if (!roaring_move_uint32_iterator_equalorlarger(&iterator, (uint32_t)from))
		return REGION_NONE;
	return iterator.current_value;
}

uint32_t regionset_list(const struct regionset *set, uint64_t from, uint32_t *regions,
			uint32_t capacity)
{
	roaring_uint32_iterator_t iterator;

	if (from >= RANGE_END_MAX)
		return 0;
	roaring_init_iterator(set->bitmap, &iterator);
	if (!roaring_move_uint32_iterator_equalorlarger(&iterator, (uint32_t)from))
		return 0;
	return roaring_read_uint32_iterator(&iterator, regions, capacity);
}

bool regionset_equal(const struct regionset *one, const struct regionset *other)
{
	return roaring_bitmap_equals(one->bitmap, other->bitmap);
}

void regionset_compact(struct regionset *set)
{
	(void)roaring_bitmap_run_optimize(set->bitmap);
	(void)roaring_bitmap_shrink_to_fit(set->bitmap);
}

size_t regionset_memory_bytes(const struct regionset *set)
{
	return sizeof(*set) + sizeof(*set->bitmap) +
	       roaring_bitmap_portable_size_in_bytes(set->bitmap);
}

static uint32_t encode_chunks(const struct regionset *set, struct bytes_buffer *buffer)
{
	size_t size = roaring_bitmap_portable_size_in_bytes(set->bitmap);
	char *portable = memory_resize(NULL, size);
	uint32_t count;

	size = roaring_bitmap_portable_serialize(set->bitmap, portable);
	count = regioncodec_from_portable(portable, size, buffer);
	free(portable);
	return count;
}

/* A large set goes by way of the library's form in parts: fresh memory for all of it costs more than the work. */
void regionset_encode(const struct regionset *set, struct bytes_buffer *buffer)
{
	size_t count_at = buffer->size;
	uint32_t count = 0;
	uint64_t first = regionset_next(set, 0);

	bytes_put_u32(buffer, 0);
	if (roaring_bitmap_portable_size_in_bytes(set->bitmap) <= ENCODED_AT_ONCE) {
		count = encode_chunks(set, buffer);
		first = REGION_NONE;
	}
	while (first != REGION_NONE) {
		uint64_t end = first - first % PART_REGIONS + PART_REGIONS;
		struct regionset *part = regionset_part(set, first, end);

		count += encode_chunks(part, buffer);
		regionset_free(part);
		first = regionset_next(set, end);
	}
	bytes_set_u32(buffer, count_at, count);
}

struct regionset *regionset_decode(struct bytes_reader *reader, uint64_t region_count)
{
	struct bytes_buffer portable = {0};
	struct regionset *set = NULL;

	if (regioncodec_to_portable(reader, region_count, &portable))
		set = wrap(read_portable(&portable));
	bytes_free(&portable);
	return set;
}
