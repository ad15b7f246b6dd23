/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The set against a plain bitmap, under random operations whose ranges favour
 * the edges of roaring's chunks. test_regionset_encoding.c has its bytes.
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

/* Bits as a log device has them, at a place and of a density of all kinds. */
static void random_bits(uint64_t *seed, uint8_t *bits, size_t size)
{
	unsigned int one_in = 1U << (unit_random(seed) % 12);

	for (size_t i = 0; i < 8 * size; i++) {
		bool dirty = unit_random(seed) % one_in == 0;

		bits[i / 8] = (uint8_t)((bits[i / 8] & ~(1U << i % 8)) | (dirty ? 0 : 1U << i % 8));
	}
}

static void bits_of_a_device_are_added_as_each_would_be(void **state)
{
	const int rounds = unit_is_quick() ? 4 : 40;
	uint8_t *bits = calloc(1, UNIVERSE / 8 + 1);
	uint64_t seed = 99;

	(void)state;
	for (int round = 0; round < rounds; round++) {
		struct pair pair = pair_new();

		for (int step = 0; step < 3; step++) {
			uint64_t first, end;

			change(&pair, &seed);
			random_range(&seed, &first, &end);
			first -= first % 8;
			if (first >= end)
				continue;
			random_bits(&seed, bits, (end - first) / 8 + 1);
			regionset_add_zero_bits(pair.set, bits, first, end);
			for (uint64_t at = first; at < end; at++)
				if (!(bits[(at - first) / 8] & (1U << (at - first) % 8)))
					pair.model[at] = 1;
		}
		check_members(&pair);
		check_encoding(&pair);
		pair_free(&pair);
	}
	free(bits);
}

static void a_part_is_what_lies_in_a_range(void **state)
{
	uint64_t seed = 3;

	(void)state;
	for (int round = 0; round < 20; round++) {
		struct pair pair = pair_new();
		uint64_t first, end;
		struct regionset *part;

		for (int step = 0; step < 10; step++)
			change(&pair, &seed);
		random_range(&seed, &first, &end);
		part = regionset_part(pair.set, first, end);
		memset(pair.model, 0, first < UNIVERSE ? first : UNIVERSE);
		if (end < UNIVERSE)
			memset(pair.model + end, 0, UNIVERSE - end);
		if (first >= end)
			memset(pair.model, 0, UNIVERSE);
		regionset_move(pair.set, part);
		assert_true(regionset_is_empty(part));
		check_members(&pair);
		check_encoding(&pair);
		regionset_free(part);
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

static void members_are_listed_a_part_at_a_time(void **state)
{
	static const uint32_t members[] = {0, 7, 65535, 65536, 200000, REGION_TOP};
	uint32_t listed[ARRAY_SIZE(members) + 1];
	struct regionset *set = regionset_new();

	(void)state;
	assert_int_equal(regionset_list(set, 0, listed, ARRAY_SIZE(listed)), 0);
	regionset_add_many(set, members, ARRAY_SIZE(members));
	assert_int_equal(regionset_list(set, 0, listed, ARRAY_SIZE(listed)), ARRAY_SIZE(members));
	assert_memory_equal(listed, members, sizeof(members));
	assert_int_equal(regionset_list(set, 8, listed, 2), 2);
	assert_memory_equal(listed, members + 2, 2 * sizeof(members[0]));
	assert_int_equal(regionset_list(set, listed[1] + 1ULL, listed, 2), 2);
	assert_memory_equal(listed, members + 4, 2 * sizeof(members[0]));
	assert_int_equal(regionset_list(set, REGION_TOP + 1ULL, listed, 2), 0);
	assert_int_equal(regionset_list(set, REGION_NONE, listed, 2), 0);
	regionset_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_are_added_as_each_would_be),
		cmocka_unit_test(the_set_does_what_a_plain_bitmap_does),
		cmocka_unit_test(bits_of_a_device_are_added_as_each_would_be),
		cmocka_unit_test(a_part_is_what_lies_in_a_range),
		cmocka_unit_test(whole_sets_are_added_and_taken_away),
		cmocka_unit_test(many_runs_survive_a_change_of_a_range),
		cmocka_unit_test(a_set_combines_with_itself),
		cmocka_unit_test(a_copy_lives_its_own_life),
		cmocka_unit_test(ranges_of_nothing_do_nothing),
		cmocka_unit_test(four_billion_regions_are_cheap),
		cmocka_unit_test(compacting_packs_runs),
		cmocka_unit_test(members_are_listed_a_part_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
