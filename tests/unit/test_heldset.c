/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The set of regions that a kernel holds, against a plain array. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "cluster/heldset.h"

#define REGIONS 500

static void assert_same(const struct heldset *set, const bool *expected)
{
	size_t at = 0, seen = 0, count = 0;
	uint32_t region;

	while (heldset_each(set, &at, &region)) {
		assert_in_range(region, 0, REGIONS - 1);
		assert_true(expected[region]);
		seen++;
	}
	for (region = 0; region < REGIONS; region++) {
		assert_int_equal(heldset_contains(set, region), expected[region]);
		count += expected[region];
	}
	assert_int_equal(seen, count);
	assert_int_equal(set->count, count);
}

static void it_holds_what_was_added_and_not_removed(void **state)
{
	struct heldset set = {0};
	bool expected[REGIONS] = {false};

	(void)state;
	srand(7);
	for (int step = 0; step < 20000; step++) {
		/* few, then many: gaps are closed in crowded tables too */
		uint32_t region = (uint32_t)rand() % (step < 10000 ? 12 : REGIONS);

		if (rand() % 2) {
			assert_int_equal(heldset_add(&set, region), !expected[region]);
			expected[region] = true;
		} else {
			assert_int_equal(heldset_remove(&set, region), expected[region]);
			expected[region] = false;
		}
		if (step % 100 == 0)
			assert_same(&set, expected);
	}
	assert_same(&set, expected);
	heldset_free(&set);
}

static void an_empty_one_has_nothing(void **state)
{
	struct heldset set = {0};
	size_t at = 0;
	uint32_t region;

	(void)state;
	assert_false(heldset_contains(&set, 0));
	assert_false(heldset_remove(&set, 0));
	assert_false(heldset_each(&set, &at, &region));
	heldset_clear(&set);
	assert_true(heldset_add(&set, 0));
	assert_true(heldset_add(&set, UINT32_MAX - 1));
	heldset_clear(&set);
	assert_false(heldset_contains(&set, 0));
	assert_int_equal(set.count, 0);
	heldset_free(&set);
}

static void it_does_not_allocate_for_what_comes_and_goes(void **state)
{
	struct heldset set = {0};
	uint32_t *slots;

	(void)state;
	heldset_add(&set, 1);
	slots = set.slots;
	for (uint32_t region = 0; region < 100000; region++) {
		heldset_add(&set, region);
		heldset_remove(&set, region);
	}
	assert_ptr_equal(set.slots, slots);
	heldset_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_holds_what_was_added_and_not_removed),
		cmocka_unit_test(an_empty_one_has_nothing),
		cmocka_unit_test(it_does_not_allocate_for_what_comes_and_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
