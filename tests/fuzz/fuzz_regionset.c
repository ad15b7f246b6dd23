/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Four bytes of region count, then an encoded set: refused, or the only encoding of what it means. */
#include <assert.h>
#include <string.h>

#include "common/regionset.h"
#include "tests/fuzz/fuzz.h"

static void check_set(const struct regionset *set, uint64_t region_count, const uint8_t *bytes,
		      size_t size)
{
	struct bytes_buffer again = {0};
	uint64_t first = regionset_next(set, 0);

	regionset_encode(set, &again);
	assert(again.size == size && memcmp(again.data, bytes, size) == 0);
	bytes_free(&again);
	assert(regionset_next(set, region_count) == REGION_NONE);
	assert(regionset_is_empty(set) == (first == REGION_NONE));
	assert(regionset_count(set) == regionset_count_range(set, 0, region_count));
	assert(first == REGION_NONE || regionset_contains(set, (uint32_t)first));
}

#define CHANGED_MAX (1ULL << 20) /* a larger set takes too long to fill a thousand times a second */

static void check_changes(struct regionset *set, uint64_t region_count)
{
	uint64_t count = regionset_count_range(set, region_count / 4, region_count / 2);
	uint64_t all = regionset_count(set);

	regionset_remove_range(set, region_count / 4, region_count / 2);
	assert(regionset_count(set) == all - count);
	regionset_add_range(set, region_count / 3, region_count);
	assert(regionset_count_range(set, region_count / 3, region_count) ==
	       region_count - region_count / 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes_reader reader;
	struct regionset *set;
	uint64_t region_count;
	const uint8_t *start;

	bytes_reader_init(&reader, data, size);
	region_count = bytes_get_u32(&reader);
	start = reader.at;
	set = regionset_decode(&reader, region_count);
	assert((set == NULL) == reader.failed);
	if (!set)
		return 0;
	check_set(set, region_count, start, (size_t)(reader.at - start));
	check_changes(set, region_count < CHANGED_MAX ? region_count : CHANGED_MAX);
	regionset_free(set);
	return 0;
}
