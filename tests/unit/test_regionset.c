/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The set against a plain bitmap, under random operations whose ranges favour
 * the edges of roaring's chunks; then the canonical encoding, good and bad.
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "common/regionset.h"

#define CHUNK      65536U
#define UNIVERSE   (5 * CHUNK + 777)
#define ALL        (1ULL << 32)
#define REGION_TOP 0xfffffffeU /* the highest region there is */

/* --- a model: one byte a region --- */

struct pair {
	struct regionset *set;
	uint8_t *model;
};

static struct pair pair_new(void)
{
	struct pair pair = {regionset_new(), calloc(UNIVERSE, 1)};

	assert_non_null(pair.model);
	return pair;
}

static void pair_free(struct pair *pair)
{
	regionset_free(pair->set);
	free(pair->model);
}

static uint64_t model_count(const uint8_t *model, uint64_t first, uint64_t end)
{
	uint64_t count = 0;

	for (uint64_t at = first; at < end; at++)
		count += model[at];
	return count;
}

static uint64_t model_next(const uint8_t *model, uint64_t from)
{
	for (uint64_t at = from; at < UNIVERSE; at++)
		if (model[at])
			return at;
	return REGION_NONE;
}

/* A place that is often an edge: of a chunk, of a word, of the universe. */
static uint64_t random_place(uint64_t *seed)
{
	uint64_t draw = unit_random(seed);
	uint64_t place = draw >> 16;

	if (draw % 4 == 0)
		place = place % 6 * CHUNK + draw / 4 % 5;
	else if (draw % 4 == 1)
		place = place % 6 * CHUNK + CHUNK - draw / 4 % 5;
	else if (draw % 4 == 2)
		place = place % UNIVERSE / 64 * 64;
	return place % (UNIVERSE + 1);
}

static void random_range(uint64_t *seed, uint64_t *first, uint64_t *end)
{
	*first = random_place(seed);
	switch (unit_random(seed) % 4) {
	case 0:
		*end = random_place(seed);
		break;
	case 1:
		*end = *first + unit_random(seed) % 8;
		break;
	case 2:
		*end = *first + unit_random(seed) % 5000;
		break;
	default:
		*end = *first + unit_random(seed) % (2 * CHUNK);
	}
	if (*end > UNIVERSE)
		*end = UNIVERSE;
}

static void change_one(struct pair *pair, uint64_t *seed)
{
	uint64_t region = random_place(seed) % UNIVERSE;
	bool add = unit_random(seed) % 2;
	bool changed = add ? regionset_add(pair->set, (uint32_t)region)
			   : regionset_remove(pair->set, (uint32_t)region);

	assert_int_equal(changed, pair->model[region] != (add ? 1 : 0));
	pair->model[region] = add ? 1 : 0;
}

static void change_range(struct pair *pair, uint64_t *seed)
{
	bool add = unit_random(seed) % 2;
	uint64_t first, end;

	random_range(seed, &first, &end);
	if (add)
		regionset_add_range(pair->set, first, end);
	else
		regionset_remove_range(pair->set, first, end);
	if (first < end)
		memset(pair->model + first, add ? 1 : 0, end - first);
}

/* Scattered members, so that arrays and bitmaps come to be. */
static void change_scattered(struct pair *pair, uint64_t *seed)
{
	uint64_t base = random_place(seed) % UNIVERSE;
	unsigned int count = (unsigned int)(unit_random(seed) % 6000);
	bool add = unit_random(seed) % 2;

	for (unsigned int i = 0; i < count; i++) {
		uint64_t region = (base + unit_random(seed) % CHUNK) % UNIVERSE;

		if (add)
			(void)regionset_add(pair->set, (uint32_t)region);
		else
			(void)regionset_remove(pair->set, (uint32_t)region);
		pair->model[region] = add ? 1 : 0;
	}
}

static void change(struct pair *pair, uint64_t *seed)
{
	switch (unit_random(seed) % 16) {
	case 0:
		change_scattered(pair, seed);
		break;
	case 1:
		regionset_compact(pair->set);
		break;
	case 2:
		if (unit_random(seed) % 8 == 0) {
			regionset_clear(pair->set);
			memset(pair->model, 0, UNIVERSE);
		}
		break;
	case 3:
	case 4:
	case 5:
		change_one(pair, seed);
		break;
	default:
		change_range(pair, seed);
	}
}

static void check_questions(const struct pair *pair, uint64_t *seed)
{
	uint64_t first, end, place;

	for (int i = 0; i < 4; i++) {
		random_range(seed, &first, &end);
		assert_true(regionset_count_range(pair->set, first, end) ==
			    model_count(pair->model, first, end));
		place = random_place(seed);
		assert_true(regionset_next(pair->set, place) == model_next(pair->model, place));
		place %= UNIVERSE;
		assert_int_equal(regionset_contains(pair->set, (uint32_t)place),
				 pair->model[place]);
	}
}

/* All members, by regionset_next alone. */
static void check_members(const struct pair *pair)
{
	uint64_t count = model_count(pair->model, 0, UNIVERSE);
	uint64_t expected = model_next(pair->model, 0);
	uint64_t at = regionset_next(pair->set, 0);

	assert_true(regionset_count(pair->set) == count);
	assert_int_equal(regionset_is_empty(pair->set), count == 0);
	while (at != REGION_NONE) {
		if (at != expected)
			fail_msg("member %llu, expected %llu", (unsigned long long)at,
				 (unsigned long long)expected);
		expected = model_next(pair->model, at + 1);
		at = regionset_next(pair->set, at + 1);
	}
	assert_true(expected == REGION_NONE);
}

/* The same members, put there one by one: another history. */
static struct regionset *rebuilt(const struct pair *pair)
{
	struct regionset *set = regionset_new();

	for (uint32_t at = UNIVERSE; at-- > 0;)
		if (pair->model[at])
			(void)regionset_add(set, at);
	return set;
}

static void check_encoding(const struct pair *pair)
{
	struct bytes_buffer buffer = {0}, other = {0};
	struct regionset *same = rebuilt(pair), *back;
	uint64_t last = UNIVERSE;
	struct bytes_reader reader;

	regionset_encode(pair->set, &buffer);
	regionset_encode(same, &other);
	assert_int_equal(buffer.size, other.size);
	assert_memory_equal(buffer.data, other.data, buffer.size);
	assert_true(regionset_equal(pair->set, same));

	bytes_reader_init(&reader, buffer.data, buffer.size);
	back = regionset_decode(&reader, UNIVERSE);
	assert_non_null(back);
	assert_true(bytes_reader_done(&reader));
	assert_true(regionset_equal(pair->set, back));
	regionset_free(back);

	while (last && !pair->model[last - 1])
		last--;
	if (last) { /* the last member is not below its own number */
		bytes_reader_init(&reader, buffer.data, buffer.size);
		assert_null(regionset_decode(&reader, last - 1));
		assert_true(reader.failed);
	}
	regionset_free(same);
	bytes_free(&buffer);
	bytes_free(&other);
}

static void the_set_does_what_a_plain_bitmap_does(void **state)
{
	const int rounds = unit_is_quick() ? 1 : 12;
	uint64_t seed = 20240601;

	(void)state;
	for (int round = 0; round < rounds; round++) {
		struct pair pair = pair_new();

		for (int step = 0; step < 240; step++) {
			change(&pair, &seed);
			check_questions(&pair, &seed);
			if (step % 40 == 39) {
				check_members(&pair);
				check_encoding(&pair);
			}
		}
		pair_free(&pair);
	}
}

static void whole_sets_are_added_and_taken_away(void **state)
{
	const int rounds = unit_is_quick() ? 2 : 60;
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < rounds; round++) {
		struct pair one = pair_new(), other = pair_new();
		bool add = round % 2;

		for (int step = 0; step < 20; step++) {
			change(&one, &seed);
			change(&other, &seed);
		}
		if (add)
			regionset_add_all(one.set, other.set);
		else
			regionset_remove_all(one.set, other.set);
		for (uint32_t at = 0; at < UNIVERSE; at++)
			if (other.model[at])
				one.model[at] = add ? 1 : 0;
		check_members(&one);
		check_members(&other);
		check_encoding(&one);
		/* and it can be changed on */
		for (int step = 0; step < 20; step++) {
			change(&one, &seed);
			check_questions(&one, &seed);
		}
		check_members(&one);
		pair_free(&one);
		pair_free(&other);
	}
}

/*
 * libroaring 0.2.66: a chunk of more than 2,047 runs and at most 4,096 members,
 * changed by a range function, is serialized wrong.
 */
static void many_runs_survive_a_change_of_a_range(void **state)
{
	static const struct {
		uint64_t first, end;
		bool add;
	} cases[] = {
		{5000, 5001, true},
		{5000, 5100, true},
		{1, 2, true},
		{4198, 4199, false},
		{4000, 70000, false},
		{60000, CHUNK + 10, true},
		{60000, 3 * CHUNK + 10, true},
		{4190, 3 * CHUNK + 10, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pair pair = pair_new();

		regionset_add_range(pair.set, 0, 4200);
		regionset_compact(pair.set);
		memset(pair.model, 1, 4200);
		for (uint32_t at = 1; at < 4200; at += 2) {
			assert_true(regionset_remove(pair.set, at));
			pair.model[at] = 0;
		}
		if (cases[i].add)
			regionset_add_range(pair.set, cases[i].first, cases[i].end);
		else
			regionset_remove_range(pair.set, cases[i].first, cases[i].end);
		memset(pair.model + cases[i].first, cases[i].add, cases[i].end - cases[i].first);
		check_members(&pair);
		check_encoding(&pair);
		pair_free(&pair);
	}
}

static void a_set_combines_with_itself(void **state)
{
	struct regionset *set = regionset_new();

	(void)state;
	regionset_add_range(set, 5, 100000);
	regionset_add_all(set, set);
	assert_true(regionset_count(set) == 99995);
	regionset_remove_all(set, set);
	assert_true(regionset_is_empty(set));
	regionset_free(set);
}

static void a_copy_lives_its_own_life(void **state)
{
	struct regionset *set = regionset_new(), *copy;

	(void)state;
	regionset_add_range(set, 10, 20);
	copy = regionset_copy(set);
	assert_true(regionset_equal(set, copy));
	assert_true(regionset_remove(set, 15));
	assert_false(regionset_equal(set, copy));
	assert_true(regionset_contains(copy, 15));
	regionset_free(set);
	assert_true(regionset_count(copy) == 10);
	regionset_free(copy);
	regionset_free(NULL);
}

static void ranges_of_nothing_do_nothing(void **state)
{
	struct regionset *set = regionset_new();

	(void)state;
	regionset_add_range(set, 0, 0);
	regionset_add_range(set, 9, 9);
	regionset_add_range(set, 9, 3);
	regionset_add_range(set, ALL, ALL);
	assert_true(regionset_is_empty(set));
	assert_true(regionset_next(set, 0) == REGION_NONE);
	regionset_add_range(set, 3, 6);
	regionset_remove_range(set, 4, 4);
	regionset_remove_range(set, 5, 2);
	assert_true(regionset_count(set) == 3);
	assert_true(regionset_count_range(set, 6, 3) == 0);
	assert_true(regionset_count_range(set, ALL, ALL) == 0);
	regionset_free(set);
}

static void four_billion_regions_are_cheap(void **state)
{
	struct regionset *set = regionset_new();
	struct bytes_buffer buffer = {0};
	struct bytes_reader reader;
	struct regionset *back;

	(void)state;
	regionset_add_range(set, 0, REGION_TOP + 1ULL);
	assert_true(regionset_count(set) == REGION_TOP + 1ULL);
	assert_true(regionset_remove(set, (1U << 31) + 7));
	assert_true(regionset_next(set, (1U << 31) + 7) == (1U << 31) + 8);
	assert_true(regionset_next(set, REGION_TOP) == REGION_TOP);
	assert_true(regionset_next(set, REGION_TOP + 1ULL) == REGION_NONE);
	assert_true(regionset_next(set, ALL) == REGION_NONE);
	assert_true(regionset_next(set, UINT64_MAX) == REGION_NONE);
	assert_true(regionset_count_range(set, 0, ALL) == REGION_TOP);
	assert_true(regionset_memory_bytes(set) < 2U << 20);

	regionset_encode(set, &buffer);
	assert_int_equal(buffer.size, 4 + 65536 * 9 + 4);
	bytes_reader_init(&reader, buffer.data, buffer.size);
	back = regionset_decode(&reader, REGION_TOP + 1ULL);
	assert_non_null(back);
	assert_true(regionset_equal(set, back));
	assert_true(regionset_memory_bytes(back) < 2U << 20);

	regionset_remove_range(set, 0, ALL);
	assert_true(regionset_is_empty(set));
	regionset_free(back);
	regionset_free(set);
	bytes_free(&buffer);
}

static void compacting_packs_runs(void **state)
{
	struct regionset *set = regionset_new();
	size_t before;

	(void)state;
	for (uint32_t at = 0; at < 40000; at++)
		(void)regionset_add(set, at);
	before = regionset_memory_bytes(set);
	regionset_compact(set);
	assert_true(regionset_memory_bytes(set) < before / 10);
	assert_true(regionset_count(set) == 40000);
	regionset_free(set);
}

/* --- the encoding, byte by byte --- */

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

static void many_are_added_as_each_would_be(void **state)
{
	uint32_t regions[5000];
	struct regionset *one = regionset_new();
	struct regionset *many = regionset_new();

	(void)state;
	for (uint32_t i = 0; i < ARRAY_SIZE(regions); i++) {
		regions[i] = i * 37 + i % 5;
		regionset_add(one, regions[i]);
	}
	regionset_add_many(many, regions, ARRAY_SIZE(regions));
	regionset_add_many(many, regions, 0);
	assert_true(regionset_equal(one, many));
	regionset_free(one);
	regionset_free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_are_added_as_each_would_be),
		cmocka_unit_test(the_set_does_what_a_plain_bitmap_does),
		cmocka_unit_test(whole_sets_are_added_and_taken_away),
		cmocka_unit_test(many_runs_survive_a_change_of_a_range),
		cmocka_unit_test(a_set_combines_with_itself),
		cmocka_unit_test(a_copy_lives_its_own_life),
		cmocka_unit_test(ranges_of_nothing_do_nothing),
		cmocka_unit_test(four_billion_regions_are_cheap),
		cmocka_unit_test(compacting_packs_runs),
		cmocka_unit_test(encodings_are_as_written_in_the_header),
		cmocka_unit_test(the_kind_changes_at_its_limits),
		cmocka_unit_test(two_thousand_runs_are_runs_one_more_is_a_bitmap),
		cmocka_unit_test(bytes_that_are_not_canonical_are_refused),
		cmocka_unit_test(bitmaps_that_are_shorter_otherwise_are_refused),
		cmocka_unit_test(members_must_be_below_the_region_count),
		cmocka_unit_test(a_set_can_be_read_out_of_the_middle),
		cmocka_unit_test(no_two_encodings_mean_the_same_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
