/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The canonical encoding of a set, good and bad. */
#include "tests/unit/unit.h"

#include <string.h>

#include "common/regionset.h"

#define CHUNK 65536U
#define ALL   (1ULL << 32)

static struct regionset *decode(const uint8_t *bytes, size_t size, uint64_t region_count)
{
	/* exactly as long as given, so that the sanitizers see each byte too many */
	uint8_t *exact = malloc(size ? size : 1);
	struct bytes_reader reader;
	struct regionset *set;

	assert_non_null(exact);
	memcpy(exact, bytes, size);
	bytes_reader_init(&reader, exact, size);
	set = regionset_decode(&reader, region_count);
	assert_int_equal(reader.failed, set == NULL);
	free(exact);
	return set;
}

static void encodings_are_as_written_in_the_header(void **state)
{
	static const struct {
		uint64_t ranges[3][2];
		uint8_t bytes[24];
		size_t size;
	} cases[] = {
		{{{0}}, {0, 0, 0, 0}, 4},
		{{{5, 6}}, {1, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0}, 11},
		/* three members: 8 bytes as array, 6 as a run */
		{{{5, 8}}, {1, 0, 0, 0, 0, 0, 1, 0, 0, 5, 0, 2, 0}, 13},
		/* two members: 6 bytes both ways, the array has the lower number */
		{{{5, 7}}, {1, 0, 0, 0, 0, 0, 0, 1, 0, 5, 0, 6, 0}, 13},
		{{{65535, 65537}},
		 {2, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0},
		 18},
		{{{0x20000, 0x30000}}, {1, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0xff, 0xff}, 13},
		{{{1, 5}, {7, 11}}, {1, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 3, 0, 7, 0, 3, 0}, 17},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct regionset *set = regionset_new(), *back;
		struct bytes_buffer buffer = {0};

		for (size_t range = 0; range < 3; range++)
			regionset_add_range(set, cases[i].ranges[range][0],
					    cases[i].ranges[range][1]);
		regionset_encode(set, &buffer);
		assert_int_equal(buffer.size, cases[i].size);
		assert_memory_equal(buffer.data, cases[i].bytes, buffer.size);
		back = decode(buffer.data, buffer.size, ALL);
		assert_non_null(back);
		assert_true(regionset_equal(set, back));
		regionset_free(back);
		regionset_free(set);
		bytes_free(&buffer);
	}
}

/* Members `step` apart from `first` on, so that each is a run of its own. */
static struct regionset *comb(uint32_t first, uint32_t step, uint32_t count)
{
	struct regionset *set = regionset_new();

	for (uint32_t i = 0; i < count; i++)
		assert_true(regionset_add(set, first + i * step));
	return set;
}

/* Where the smallest form changes; 4,096 members is also where roaring's own form changes. */
static void the_kind_changes_at_its_limits(void **state)
{
	enum { ARRAY, RUNS, BITMAP };
	static const struct {
		uint32_t step, count, kind, size;
	} cases[] = {
		{2, 4095, ARRAY, 2 + 2 * 4095},  {2, 4096, BITMAP, 8192},  {2, 4097, BITMAP, 8192},
		{2, 32768, BITMAP, 8192},        {1, 4096, RUNS, 6},       {1, 65536, RUNS, 6},
		{16, 4095, ARRAY, 2 + 2 * 4095}, {16, 4096, BITMAP, 8192},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct regionset *set = comb(CHUNK, cases[i].step, cases[i].count), *back;
		struct bytes_buffer buffer = {0};

		regionset_encode(set, &buffer);
		assert_int_equal(buffer.data[6], cases[i].kind);
		assert_int_equal(buffer.size, 7 + cases[i].size);
		back = decode(buffer.data, buffer.size, 2 * CHUNK);
		assert_non_null(back);
		assert_true(regionset_equal(set, back));
		regionset_free(back);
		regionset_free(set);
		bytes_free(&buffer);
	}
}

static void two_thousand_runs_are_runs_one_more_is_a_bitmap(void **state)
{
	struct regionset *set = regionset_new();
	struct bytes_buffer buffer = {0};

	(void)state;
	for (uint32_t i = 0; i < 2047; i++)
		regionset_add_range(set, i * 20ULL, i * 20ULL + 10);
	regionset_encode(set, &buffer);
	assert_int_equal(buffer.data[6], 1);
	assert_int_equal(buffer.size, 4 + 3 + 2 + 4 * 2047);
	regionset_add_range(set, 65000, 65010);
	bytes_reset(&buffer);
	regionset_encode(set, &buffer);
	assert_int_equal(buffer.data[6], 2);
	assert_int_equal(buffer.size, 4 + 3 + 8192);
	regionset_free(set);
	bytes_free(&buffer);
}

static void bytes_that_are_not_canonical_are_refused(void **state)
{
	static const struct {
		const char *what;
		uint8_t bytes[24];
		size_t size;
	} cases[] = {
		{"nothing", {0}, 0},
		{"count cut", {0, 0, 0}, 3},
		{"more chunks than bytes", {2, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0}, 11},
		{"more chunks than keys", {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 5, 0}, 11},
		{"value cut", {1, 0, 0, 0, 0, 0, 0, 0, 0, 5}, 10},
		{"values equal", {1, 0, 0, 0, 0, 0, 0, 1, 0, 5, 0, 5, 0}, 13},
		{"values descending", {1, 0, 0, 0, 0, 0, 0, 1, 0, 5, 0, 4, 0}, 13},
		{"array that is shorter as runs",
		 {1, 0, 0, 0, 0, 0, 0, 2, 0, 5, 0, 6, 0, 7, 0},
		 15},
		{"runs that are shorter as array", {1, 0, 0, 0, 0, 0, 1, 0, 0, 5, 0, 0, 0}, 13},
		{"runs on a tie", {1, 0, 0, 0, 0, 0, 1, 0, 0, 5, 0, 1, 0}, 13},
		{"runs that touch", {1, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 3, 0, 5, 0, 3, 0}, 17},
		{"runs that overlap", {1, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 9, 0, 5, 0, 9, 0}, 17},
		{"runs descending", {1, 0, 0, 0, 0, 0, 1, 1, 0, 9, 0, 3, 0, 1, 0, 3, 0}, 17},
		{"run over the chunk's end", {1, 0, 0, 0, 0, 0, 1, 0, 0, 0xfe, 0xff, 2, 0}, 13},
		{"keys equal", {2, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 6, 0}, 18},
		{"keys descending", {2, 0, 0, 0, 1, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 6, 0}, 18},
		{"unknown kind", {1, 0, 0, 0, 0, 0, 3, 0, 0, 5, 0}, 11},
		{"bitmap cut", {1, 0, 0, 0, 0, 0, 2, 0xff, 0xff}, 24},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (decode(cases[i].bytes, cases[i].size, ALL))
			fail_msg("%s", cases[i].what);
}

static void bitmaps_that_are_shorter_otherwise_are_refused(void **state)
{
	static const uint8_t fills[] = {0x00, 0xff, 0x01};
	uint8_t bytes[7 + 8192] = {1, 0, 0, 0, 0, 0, 2};
	struct regionset *set;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fills); i++) {
		memset(bytes + 7, 0, 8192);
		memset(bytes + 7, fills[i], 4095);
		assert_null(decode(bytes, sizeof(bytes), ALL));
	}
	/* 4,096 members apart are a bitmap */
	memset(bytes + 7, 0x01, 4096);
	set = decode(bytes, sizeof(bytes), ALL);
	assert_non_null(set);
	assert_true(regionset_count(set) == 4096);
	assert_true(regionset_next(set, 1) == 8);
	regionset_free(set);
}

static void members_must_be_below_the_region_count(void **state)
{
	static const uint8_t array[] = {1, 0, 0, 0, 1, 0, 0, 0, 0, 5, 0};
	static const uint8_t run[] = {1, 0, 0, 0, 0, 0, 1, 0, 0, 5, 0, 2, 0};

	(void)state;
	assert_null(decode(array, sizeof(array), 0));
	assert_null(decode(array, sizeof(array), CHUNK + 5));
	regionset_free(decode(array, sizeof(array), CHUNK + 6));
	assert_null(decode(run, sizeof(run), 7));
	regionset_free(decode(run, sizeof(run), 8));
}

static void a_set_can_be_read_out_of_the_middle(void **state)
{
	static const uint8_t bytes[] = {0xaa, 1, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0xbb};
	struct bytes_reader reader;
	struct regionset *set;

	(void)state;
	bytes_reader_init(&reader, bytes, sizeof(bytes));
	assert_int_equal(bytes_get_u8(&reader), 0xaa);
	set = regionset_decode(&reader, 6);
	assert_non_null(set);
	assert_int_equal(bytes_get_u8(&reader), 0xbb);
	assert_true(bytes_reader_done(&reader));
	regionset_free(set);
	assert_null(regionset_decode(&reader, 6));
}

/* Each bit turned over: refused, or a different set with exactly these bytes. */
static void no_two_encodings_mean_the_same_set(void **state)
{
	struct regionset *set = regionset_new(), *back;
	struct bytes_buffer buffer = {0}, again = {0};

	(void)state;
	regionset_add_range(set, 10, 20);
	regionset_add_range(set, 65530, 65540);
	assert_true(regionset_add(set, 200000));
	assert_true(regionset_add(set, 200002));
	regionset_encode(set, &buffer);
	for (size_t bit = 0; bit < buffer.size * 8; bit++) {
		buffer.data[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		back = decode(buffer.data, buffer.size, ALL);
		if (back) {
			bytes_reset(&again);
			regionset_encode(back, &again);
			assert_memory_equal(again.data, buffer.data, again.size);
			assert_false(regionset_equal(set, back) && again.size == buffer.size);
			regionset_free(back);
		}
		buffer.data[bit / 8] ^= (uint8_t)(1U << (bit % 8));
	}
	regionset_free(set);
	bytes_free(&buffer);
	bytes_free(&again);
}

/* Such a one is encoded in parts; chunks of all kinds, and gaps between them. */
static void a_set_of_megabytes_comes_back(void **state)
{
	const uint64_t chunks = 700;
	uint8_t *bits = malloc(CHUNK / 8);
	struct regionset *set = regionset_new(), *back;
	struct bytes_buffer buffer = {0};
	uint64_t count = 0;

	(void)state;
	assert_non_null(bits);
	memset(bits, 0x5b, CHUNK / 8); /* three of eight are 0 */
	for (uint64_t chunk = 0; chunk < chunks; chunk += 1 + (chunk % 100 == 99 ? 10 : 0)) {
		if (chunk % 10 == 3) {
			regionset_add_range(set, chunk * CHUNK, chunk * CHUNK + 777);
			count += 777;
		} else if (chunk % 10 == 4) {
			regionset_add(set, (uint32_t)(chunk * CHUNK));
			count++;
		} else {
			regionset_add_zero_bits(set, bits, chunk * CHUNK, (chunk + 1) * CHUNK);
			count += 3 * CHUNK / 8;
		}
	}
	assert_int_equal(regionset_count(set), count);
	regionset_encode(set, &buffer);
	assert_true(buffer.size > 2U << 20);
	back = decode(buffer.data, buffer.size, chunks * CHUNK);
	assert_non_null(back);
	assert_true(regionset_equal(set, back));
	regionset_free(back);
	regionset_free(set);
	bytes_free(&buffer);
	free(bits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodings_are_as_written_in_the_header),
		cmocka_unit_test(the_kind_changes_at_its_limits),
		cmocka_unit_test(two_thousand_runs_are_runs_one_more_is_a_bitmap),
		cmocka_unit_test(bytes_that_are_not_canonical_are_refused),
		cmocka_unit_test(bitmaps_that_are_shorter_otherwise_are_refused),
		cmocka_unit_test(members_must_be_below_the_region_count),
		cmocka_unit_test(a_set_can_be_read_out_of_the_middle),
		cmocka_unit_test(no_two_encodings_mean_the_same_set),
		cmocka_unit_test(a_set_of_megabytes_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
