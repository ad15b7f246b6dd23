/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include <string.h>

#include "cluster/window.h"

static void assert_oldest(const struct window *window, uint32_t region, uint64_t since_ms)
{
	uint32_t oldest;
	uint64_t since;

	assert_true(window_oldest(window, &oldest, &since));
	assert_int_equal(oldest, region);
	assert_int_equal(since, since_ms);
}

static void a_new_window_is_empty(void **state)
{
	struct window *window = window_new(3);
	uint32_t region;
	uint64_t since;

	(void)state;
	assert_int_equal(window_count(window), 0);
	assert_false(window_is_full(window));
	assert_false(window_oldest(window, &region, &since));
	assert_false(window_contains(window, 0));
	assert_false(window_remove(window, 0));
	window_free(window);
	window_free(NULL);
}

static void the_oldest_region_is_the_one_that_came_first(void **state)
{
	struct window *window = window_new(3);

	(void)state;
	window_add(window, 70, 10);
	window_add(window, 5, 20);
	window_add(window, 0xfffffffe, 20);
	assert_true(window_is_full(window));
	assert_oldest(window, 70, 10);
	assert_true(window_remove(window, 70));
	assert_oldest(window, 5, 20);
	assert_true(window_remove(window, 5));
	assert_oldest(window, 0xfffffffe, 20);
	window_free(window);
}

static void a_region_that_comes_back_is_the_newest(void **state)
{
	struct window *window = window_new(3);

	(void)state;
	window_add(window, 1, 10);
	window_add(window, 2, 11);
	assert_true(window_remove(window, 1));
	window_add(window, 1, 12);
	assert_oldest(window, 2, 11);
	assert_true(window_remove(window, 2));
	assert_oldest(window, 1, 12);
	window_free(window);
}

static void removing_in_the_middle_and_at_the_end_keeps_the_order(void **state)
{
	struct window *window = window_new(4);

	(void)state;
	for (uint32_t i = 1; i <= 4; i++)
		window_add(window, i, i);
	assert_true(window_remove(window, 2));
	assert_true(window_remove(window, 4));
	assert_false(window_remove(window, 4));
	window_add(window, 9, 9);
	assert_oldest(window, 1, 1);
	assert_true(window_remove(window, 1));
	assert_oldest(window, 3, 3);
	assert_true(window_remove(window, 3));
	assert_oldest(window, 9, 9);
	window_free(window);
}

static void a_window_of_one_region_works(void **state)
{
	struct window *window = window_new(1);

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		window_add(window, i, i);
		assert_true(window_is_full(window));
		assert_oldest(window, i, i);
		assert_true(window_remove(window, i));
	}
	window_free(window);
}

/* A list by age that anybody can check. */
struct model {
	uint32_t regions[16];
	uint64_t since_ms[16];
	uint32_t count;
};

static bool model_remove(struct model *model, uint32_t region)
{
	for (uint32_t i = 0; i < model->count; i++) {
		if (model->regions[i] != region)
			continue;
		model->count--;
		memmove(&model->regions[i], &model->regions[i + 1],
			(model->count - i) * sizeof(uint32_t));
		memmove(&model->since_ms[i], &model->since_ms[i + 1],
			(model->count - i) * sizeof(uint64_t));
		return true;
	}
	return false;
}

static bool model_contains(const struct model *model, uint32_t region)
{
	for (uint32_t i = 0; i < model->count; i++)
		if (model->regions[i] == region)
			return true;
	return false;
}

static void random_histories_agree_with_a_plain_list(void **state)
{
	struct window *window = window_new(16);
	struct model model = {.count = 0};
	uint64_t random = 7;

	(void)state;
	for (uint64_t now = 0; now < (unit_is_quick() ? 2000 : 200000); now++) {
		/* far apart, so that buckets have chains */
		uint32_t region = (uint32_t)(unit_random(&random) % 40) << (now % 2 ? 20 : 0);

		assert_int_equal(window_contains(window, region), model_contains(&model, region));
		if (model_contains(&model, region) || window_is_full(window)) {
			assert_int_equal(window_remove(window, region),
					 model_remove(&model, region));
		} else {
			window_add(window, region, now);
			model.regions[model.count] = region;
			model.since_ms[model.count++] = now;
		}
		assert_int_equal(window_count(window), model.count);
		assert_int_equal(window_is_full(window), model.count == 16);
		if (model.count > 0)
			assert_oldest(window, model.regions[0], model.since_ms[0]);
	}
	window_free(window);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_window_is_empty),
		cmocka_unit_test(the_oldest_region_is_the_one_that_came_first),
		cmocka_unit_test(a_region_that_comes_back_is_the_newest),
		cmocka_unit_test(removing_in_the_middle_and_at_the_end_keeps_the_order),
		cmocka_unit_test(a_window_of_one_region_works),
		cmocka_unit_test(random_histories_agree_with_a_plain_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
