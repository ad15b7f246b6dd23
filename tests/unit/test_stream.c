/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far ahead of a stream the log is marked. */
#include "tests/unit/unit.h"

#include "cluster/stream.h"

#define MOST 64

static const struct stream_limits limits = {.each = MOST, .all = 8 * MOST};

struct marks {
	struct streams streams;
	bool marked[4096];
	unsigned int messages, unknown;
};

static void follow(struct marks *marks, uint32_t region)
{
	uint64_t first, end;

	if (!marks->marked[region])
		marks->unknown++;
	if (streams_follow(&marks->streams, region, marks->marked[region], &limits, &first, &end)) {
		marks->messages++;
		do
			for (; first < end; first++)
				marks->marked[first] = true;
		while (streams_top_up(&marks->streams, &limits, &first, &end));
	}
	marks->marked[region] = true;
}

static uint32_t marked_from(const struct marks *marks, uint32_t first)
{
	uint32_t count = 0;

	while (marks->marked[first + count])
		count++;
	return count;
}

static void one_region_is_no_stream(void **state)
{
	struct marks marks = {0};

	(void)state;
	for (uint32_t region = 0; region < 4000; region += 100)
		follow(&marks, region);
	assert_int_equal(marks.messages, 0);
}

static void the_marks_ahead_are_in_proportion_to_the_length(void **state)
{
	struct marks marks = {0};

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
}

static void several_streams_do_not_disturb_each_other(void **state)
{
	struct marks marks = {0};

	(void)state;
	for (uint32_t step = 0; step < 400; step++)
		for (uint32_t stream = 0; stream < 8; stream++)
			follow(&marks, stream * 500 + step);
	assert_true(marks.unknown <= 8 * 2);
}

static void streams_share_their_messages(void **state)
{
	struct marks marks = {0};
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
}

static void streams_share_what_may_be_ahead(void **state)
{
	static const struct stream_limits shared = {.each = 64, .all = 64};
	struct streams streams = {0};
	uint64_t ahead[4] = {0};
	uint64_t first, end;

	(void)state;
	for (uint32_t step = 0; step < 200; step++) {
		for (uint32_t stream = 0; stream < ARRAY_SIZE(ahead); stream++) {
			uint32_t region = stream * 500 + step;

			if (streams_follow(&streams, region, true, &shared, &first, &end))
				ahead[stream] = end;
			assert_true(step < 16 || ahead[stream] <= region + 1 + 64 / 4);
		}
	}
	/* The one that goes on alone has it all. */
	for (uint32_t region = 200; region < 800; region++)
		if (streams_follow(&streams, 2000 + region, true, &shared, &first, &end))
			ahead[0] = end - (2000 + region);
	assert_int_equal(ahead[0], 65);
}

static void requests_that_overtake_each_other_stay_one_stream(void **state)
{
	struct marks marks = {0};

	(void)state;
	for (uint32_t region = 0; region < 1000; region += 4) {
		follow(&marks, region + 1);
		follow(&marks, region + 3);
		follow(&marks, region);
		follow(&marks, region + 2);
	}
	assert_true(marks.unknown <= 8);
}

static void the_regions_of_a_write_are_marked_backwards(void **state)
{
	static const uint32_t regions_of_a_write[] = {2, 3, 8};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(regions_of_a_write); i++) {
		uint32_t size = regions_of_a_write[i];
		struct marks marks = {0};

		for (uint32_t write = 0; write < 100; write++) {
			for (uint32_t region = (write + 1) * size; region-- > write * size;)
				follow(&marks, region);
			/* Only the first is ever waited for. */
			assert_int_equal(marks.unknown, size);
		}
		assert_in_range(marks.messages, 1, 100 * size / (MOST - MOST / 4) + 8);
	}
}

static void marks_that_were_let_go_unused_make_the_distance_shorter(void **state)
{
	struct marks marks = {0};
	uint64_t first, end;

	(void)state;
	for (uint32_t region = 0; region < 200; region++)
		follow(&marks, region);
	/* All that is ahead is let go; the stream goes on. */
	assert_true(streams_follow(&marks.streams, 200, false, &limits, &first, &end));
	assert_int_equal(first, 201);
	assert_in_range(end - first, 1, MOST);
	for (uint32_t i = 0; i < 20; i++)
		(void)streams_follow(&marks.streams, (uint32_t)(201 + i), false, &limits, &first,
				     &end);
	assert_in_range(end - first, 1, 12);
}

static void none_is_marked_ahead_when_none_may_be(void **state)
{
	static const struct stream_limits none[] = {{.each = 0, .all = 64}, {.each = 64, .all = 0}};
	uint64_t first, end;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		struct streams streams = {0};

		for (uint32_t region = 0; region < 100; region++)
			assert_false(
				streams_follow(&streams, region, false, &none[i], &first, &end));
	}
}

static void the_last_region_of_a_log_is_followed(void **state)
{
	struct streams streams = {0};
	uint64_t first, end;

	(void)state;
	assert_false(streams_follow(&streams, UINT32_MAX - 2, false, &limits, &first, &end));
	assert_true(streams_follow(&streams, UINT32_MAX - 1, false, &limits, &first, &end));
	assert_int_equal(first, UINT32_MAX);
	assert_int_equal(end, (uint64_t)UINT32_MAX + 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_region_is_no_stream),
		cmocka_unit_test(the_marks_ahead_are_in_proportion_to_the_length),
		cmocka_unit_test(several_streams_do_not_disturb_each_other),
		cmocka_unit_test(streams_share_their_messages),
		cmocka_unit_test(streams_share_what_may_be_ahead),
		cmocka_unit_test(requests_that_overtake_each_other_stay_one_stream),
		cmocka_unit_test(the_regions_of_a_write_are_marked_backwards),
		cmocka_unit_test(marks_that_were_let_go_unused_make_the_distance_shorter),
		cmocka_unit_test(none_is_marked_ahead_when_none_may_be),
		cmocka_unit_test(the_last_region_of_a_log_is_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
