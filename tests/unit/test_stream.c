/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far ahead of a stream the log is marked. */
#include "tests/unit/unit.h"

#include "cluster/stream.h"

#define MOST 64

static const struct stream_limits ample = {.each = MOST, .all = 8 * MOST};

struct marks {
	struct streams streams;
	struct stream_limits limits;
	struct regionset *marked;
	unsigned int messages, unknown;
	uint64_t longest; /* distance at which one was marked ahead */
};

static struct marks marks_new(const struct stream_limits *limits)
{
	return (struct marks){.limits = *limits, .marked = regionset_new()};
}

static void follow(struct marks *marks, uint32_t region)
{
	uint64_t first, end;

	if (!regionset_contains(marks->marked, region))
		marks->unknown++;
	if (streams_follow(&marks->streams, region, marks->marked, &marks->limits, &first, &end)) {
		marks->messages++;
		if (end - region - 1 > marks->longest)
			marks->longest = end - region - 1;
		do
			regionset_add_range(marks->marked, first, end);
		while (streams_top_up(&marks->streams, marks->marked, &marks->limits, &first,
				      &end));
	}
	regionset_add(marks->marked, region);
}

static uint32_t marked_from(const struct marks *marks, uint32_t first)
{
	uint32_t count = 0;

	while (regionset_contains(marks->marked, first + count))
		count++;
	return count;
}

static void one_region_is_no_stream(void **state)
{
	struct marks marks = marks_new(&ample);

	(void)state;
	for (uint32_t region = 0; region < 4000; region += 100)
		follow(&marks, region);
	assert_int_equal(marks.messages, 0);
	regionset_free(marks.marked);
}

static void the_marks_ahead_are_in_proportion_to_the_length(void **state)
{
	struct marks marks = marks_new(&ample);

	(void)state;
	for (uint32_t region = 0; region < 16; region++) {
		follow(&marks, region);
		assert_true(marked_from(&marks, region + 1) <= 4 * (region + 1));
	}
	for (uint32_t region = 16; region < 1000; region++) {
		follow(&marks, region);
		assert_in_range(marked_from(&marks, region + 1), MOST / 4, MOST);
	}
	/* Only its start is ever waited for; after that a message is sent when a quarter of the most is left. */
	assert_true(marks.unknown <= 2);
	assert_in_range(marks.messages, 1000 / MOST, 1000 / (MOST - MOST / 4) + 4);
	regionset_free(marks.marked);
}

static void several_streams_do_not_disturb_each_other(void **state)
{
	struct marks marks = marks_new(&ample);

	(void)state;
	for (uint32_t step = 0; step < 400; step++)
		for (uint32_t stream = 0; stream < 8; stream++)
			follow(&marks, stream * 500 + step);
	assert_true(marks.unknown <= 8 * 2);
	regionset_free(marks.marked);
}

static void streams_share_their_messages(void **state)
{
	struct marks marks = marks_new(&ample);
	unsigned int begun;

	(void)state;
	for (uint32_t step = 0; step < 64; step++)
		for (uint32_t stream = 0; stream < 8; stream++)
			follow(&marks, stream * 500 + step);
	begun = marks.messages;
	for (uint32_t step = 64; step < 400; step++)
		for (uint32_t stream = 0; stream < 8; stream++)
			follow(&marks, stream * 500 + step);
	/* One for three quarters of what may be ahead, for all eight of them. */
	assert_in_range(marks.messages - begun, 1, 336 / (MOST - MOST / 4) + 2);
	regionset_free(marks.marked);
}

static void streams_share_what_may_be_ahead(void **state)
{
	static const struct stream_limits shared = {.each = 64, .all = 64};
	struct marks marks = marks_new(&shared);

	(void)state;
	for (uint32_t step = 0; step < 200; step++)
		for (uint32_t stream = 0; stream < 4; stream++) {
			follow(&marks, stream * 500 + step);
			assert_true(step < 16 ||
				    marked_from(&marks, stream * 500 + step + 1) <= 64 / 4);
		}
	/* The one that goes on alone has it all. */
	for (uint32_t region = 1700; region < 2300; region++)
		follow(&marks, region);
	assert_int_equal(marks.longest, 64);
	regionset_free(marks.marked);
}

/* Random writes to some regions look like streams that begin. */
static void short_ones_leave_the_rest_to_a_long_one(void **state)
{
	static const struct stream_limits shared = {.each = 256, .all = 256};
	struct marks marks = marks_new(&shared);

	(void)state;
	for (uint32_t stream = 0; stream < 12; stream++)
		for (uint32_t region = 0; region < 2; region++)
			follow(&marks, stream * 100 + region);
	for (uint32_t region = 5000; region < 5200; region++)
		follow(&marks, region);
	assert_int_equal(marks.longest, 256 - 12 * 8);
	regionset_free(marks.marked);
}

/* Random writes to a hot set look like long streams, for which nothing need be marked. */
static void nor_is_a_stream_held_up_by_what_is_marked_already(void **state)
{
	static const struct stream_limits shared = {.each = 256, .all = 256};
	struct marks marks = marks_new(&shared);

	(void)state;
	regionset_add_range(marks.marked, 0, 2000);
	for (uint32_t step = 0; step < 100; step++)
		for (uint32_t stream = 0; stream < 15; stream++)
			follow(&marks, stream * 110 + step);
	assert_int_equal(marks.messages, 0);
	for (uint32_t region = 5000; region < 5200; region++)
		follow(&marks, region);
	assert_int_equal(marks.longest, 256);
	regionset_free(marks.marked);
}

static void requests_that_overtake_each_other_stay_one_stream(void **state)
{
	struct marks marks = marks_new(&ample);

	(void)state;
	for (uint32_t region = 0; region < 1000; region += 4) {
		follow(&marks, region + 1);
		follow(&marks, region + 3);
		follow(&marks, region);
		follow(&marks, region + 2);
	}
	assert_true(marks.unknown <= 8);
	regionset_free(marks.marked);
}

static void the_regions_of_a_write_are_marked_backwards(void **state)
{
	static const uint32_t regions_of_a_write[] = {2, 3, 8};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(regions_of_a_write); i++) {
		uint32_t size = regions_of_a_write[i];
		struct marks marks = marks_new(&ample);

		for (uint32_t write = 0; write < 100; write++) {
			for (uint32_t region = (write + 1) * size; region-- > write * size;)
				follow(&marks, region);
			/* Only the first is ever waited for. */
			assert_int_equal(marks.unknown, size);
		}
		assert_in_range(marks.messages, 1, 100 * size / (MOST - MOST / 4) + 8);
		regionset_free(marks.marked);
	}
}

static void marks_that_were_let_go_unused_make_the_distance_shorter(void **state)
{
	struct marks marks = marks_new(&ample);

	(void)state;
	for (uint32_t region = 0; region < 200; region++)
		follow(&marks, region);
	/* All that is ahead is let go; the stream goes on. */
	regionset_clear(marks.marked);
	marks.longest = 0;
	follow(&marks, 200);
	assert_in_range(marks.longest, 1, MOST);
	for (uint32_t region = 201; region <= 220; region++) {
		regionset_clear(marks.marked);
		marks.longest = 0;
		follow(&marks, region);
	}
	assert_in_range(marks.longest, 1, 12);
	regionset_free(marks.marked);
}

static void none_is_marked_ahead_when_none_may_be(void **state)
{
	static const struct stream_limits none[] = {{.each = 0, .all = 64}, {.each = 64, .all = 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		struct marks marks = marks_new(&none[i]);

		for (uint32_t region = 0; region < 100; region++)
			follow(&marks, region);
		assert_int_equal(marks.messages, 0);
		regionset_free(marks.marked);
	}
}

static void the_last_region_of_a_log_is_followed(void **state)
{
	struct regionset *marked = regionset_new();
	struct streams streams = {0};
	uint64_t first, end;

	(void)state;
	assert_false(streams_follow(&streams, UINT32_MAX - 2, marked, &ample, &first, &end));
	assert_true(streams_follow(&streams, UINT32_MAX - 1, marked, &ample, &first, &end));
	assert_int_equal(first, UINT32_MAX);
	assert_int_equal(end, (uint64_t)UINT32_MAX + 8);
	regionset_free(marked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_region_is_no_stream),
		cmocka_unit_test(the_marks_ahead_are_in_proportion_to_the_length),
		cmocka_unit_test(several_streams_do_not_disturb_each_other),
		cmocka_unit_test(streams_share_their_messages),
		cmocka_unit_test(streams_share_what_may_be_ahead),
		cmocka_unit_test(short_ones_leave_the_rest_to_a_long_one),
		cmocka_unit_test(nor_is_a_stream_held_up_by_what_is_marked_already),
		cmocka_unit_test(requests_that_overtake_each_other_stay_one_stream),
		cmocka_unit_test(the_regions_of_a_write_are_marked_backwards),
		cmocka_unit_test(marks_that_were_let_go_unused_make_the_distance_shorter),
		cmocka_unit_test(none_is_marked_ahead_when_none_may_be),
		cmocka_unit_test(the_last_region_of_a_log_is_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
