/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rates, bars, pages that fit, and lines that are worth printing. */
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <string.h>

#include "daemons/clogctl/rates.h"
#include "daemons/clogctl/text.h"
#include "daemons/clogctl/watch_text.h"
#include "tests/unit/clogctl_samples.h"

#define UUID "LVM-rate"

/* 1,000 regions of 1 MiB. */
static void feed(struct rates *rates, uint64_t now_ms, uint64_t in_sync, uint64_t requests)
{
	char text[512];
	struct status status;

	(void)snprintf(text, sizeof(text),
		       "{\"node\":{},\"logs\":[{\"uuid\":\"" UUID
		       "\",\"region_size\":2048,\"regions\":1000,\"in_sync\":%" PRIu64
		       ",\"counters\":{\"requests\":%" PRIu64 "}}]}",
		       in_sync, requests);
	status = sample_status(text);
	rates_add(rates, now_ms, &status);
	status_free(&status);
}

static void a_rate_needs_two_moments(void **state)
{
	struct rates *rates = rates_new();

	(void)state;
	assert_false(rates_of(rates, UUID).known);
	feed(rates, 5000, 100, 0);
	assert_false(rates_of(rates, UUID).known);
	feed(rates, 5000, 100, 0);
	assert_false(rates_of(rates, UUID).known);
	feed(rates, 7000, 120, 50);
	assert_true(rates_of(rates, UUID).known);
	assert_int_equal(rates_of(rates, UUID).sync_bytes_per_second, 10 << 20);
	assert_int_equal(rates_of(rates, UUID).seconds_left, 88);
	assert_int_equal((int)rates_of(rates, UUID).requests_per_second, 25);
	assert_false(rates_of(rates, "another").known);
	rates_free(rates);
}

static void only_the_last_seconds_count(void **state)
{
	struct rates *rates = rates_new();

	(void)state;
	for (uint64_t second = 0; second < 100; second++)
		feed(rates, second * 1000, second < 80 ? second : 80, 0);
	assert_true(rates_of(rates, UUID).known);
	assert_int_equal(rates_of(rates, UUID).sync_bytes_per_second, 0);
	assert_int_equal(rates_of(rates, UUID).seconds_left, 0);
	/* Looked at more often than there is room for samples. */
	for (uint64_t step = 0; step < 1000; step++)
		feed(rates, 100000 + step * 10, 80 + step / 10, 0);
	assert_in_range(rates_of(rates, UUID).sync_bytes_per_second, 9 << 20, 11 << 20);
	rates_free(rates);
}

static void no_rate_is_told_across_a_loss_or_a_restart(void **state)
{
	struct rates *rates = rates_new();
	struct status none = sample_status("{\"node\":{},\"logs\":[]}");

	(void)state;
	feed(rates, 1000, 100, 10);
	feed(rates, 2000, 200, 20);
	feed(rates, 3000, 150, 30); /* regions were lost */
	assert_false(rates_of(rates, UUID).known);
	feed(rates, 4000, 151, 40);
	assert_int_equal(rates_of(rates, UUID).sync_bytes_per_second, 1 << 20);
	feed(rates, 5000, 152, 3); /* another daemon */
	assert_false(rates_of(rates, UUID).known);
	feed(rates, 6000, 153, 4);
	rates_add(rates, 7000, &none);
	assert_false(rates_of(rates, UUID).known);
	feed(rates, 8000, 154, 5);
	assert_false(rates_of(rates, UUID).known);
	status_free(&none);
	rates_free(rates);
}

static void a_bar_is_full_only_when_all_is_there(void **state)
{
	static const struct {
		uint64_t part, whole;
		const char *bar;
	} cases[] = {
		{0, 0, "[..........]"},   {0, 10, "[..........]"},
		{5, 10, "[#####.....]"},  {99, 100, "[#########.]"},
		{10, 10, "[##########]"}, {UINT64_MAX - 1, UINT64_MAX, "[#########.]"},
	};
	char bar[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		watch_bar(bar, sizeof(bar), 12, cases[i].part, cases[i].whole);
		assert_string_equal(bar, cases[i].bar);
	}
}

static char *print_page(const struct watch_page *page, const struct status *status)
{
	struct rates *rates = rates_new();
	struct printed printed;

	rates_add(rates, 1000, status);
	rates_add(rates, 2000, status);
	printed_begin(&printed);
	watch_print_page(page, status, rates, printed.out);
	printed_end(&printed);
	rates_free(rates);
	return printed.text;
}

static size_t longest_line(const char *text, size_t *lines)
{
	size_t longest = 0;

	for (*lines = 0; *text; ++*lines) {
		size_t length = strcspn(text, "\n");

		longest = length > longest ? length : longest;
		text += length + (text[length] ? 1 : 0);
	}
	return longest;
}

static void a_page_fits_its_terminal(void **state)
{
	static const struct watch_page pages[] = {
		{80, 24, false}, {100, 7, false}, {200, 50, false}, {81, 6, false}};
	struct status status = sample_status(
		SAMPLE_STATUS(SAMPLE_FINE "," SAMPLE_MARKED "," SAMPLE_NAMELESS "," SAMPLE_COPYING
					  "," SAMPLE_FROZEN "," SAMPLE_LOST));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		char *text = print_page(&pages[i], &status);
		size_t lines;

		assert_true(longest_line(text, &lines) <= (size_t)pages[i].width);
		assert_true(lines < (size_t)pages[i].height);
		assert_says(text, "frozen");
		assert_silent(text, "\033");
		free(text);
	}
	status_free(&status);
}

static void the_worst_are_shown_when_not_all_fit(void **state)
{
	static const struct watch_page page = {80, 7, true};
	struct status status = sample_status(
		SAMPLE_STATUS(SAMPLE_FINE "," SAMPLE_MARKED "," SAMPLE_COPYING "," SAMPLE_LOST));
	char *text = print_page(&page, &status);

	(void)state;
	assert_says(text, "\nlost ");
	assert_says(text, "\ncopying ");
	assert_silent(text, "\nfine ");
	assert_says(text, "and 2 more, none in a worse state\n");
	assert_says(text, TEXT_RED "active");
	free(text);
	status_free(&status);
}

static void a_line_is_new_when_something_changed(void **state)
{
	struct status status = sample_status(SAMPLE_STATUS(SAMPLE_FINE "," SAMPLE_LOST));
	struct rates *rates = rates_new();
	char before[1024];
	char after[1024];
	char line[1024];

	(void)state;
	watch_key(before, sizeof(before), &status.logs[0]);
	status.logs[0].dirty++;
	watch_key(after, sizeof(after), &status.logs[0]);
	assert_string_equal(before, after);
	status.logs[0].in_sync--;
	watch_key(after, sizeof(after), &status.logs[0]);
	assert_string_not_equal(before, after);
	watch_line(line, sizeof(line), &status.logs[1], rates);
	assert_says(line,
		    "lost: active, 93.7% in sync, used by nodes 1,2,3; dead node 3 not known");
	assert_silent(line, "\n");
	rates_free(rates);
	status_free(&status);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_needs_two_moments),
		cmocka_unit_test(only_the_last_seconds_count),
		cmocka_unit_test(no_rate_is_told_across_a_loss_or_a_restart),
		cmocka_unit_test(a_bar_is_full_only_when_all_is_there),
		cmocka_unit_test(a_page_fits_its_terminal),
		cmocka_unit_test(the_worst_are_shown_when_not_all_fit),
		cmocka_unit_test(a_line_is_new_when_something_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
