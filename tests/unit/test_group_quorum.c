/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Corosync's two tellers in every order: what may be said of quorum, and when. */
#include "tests/unit/unit.h"

#include "cluster/group_quorum.h"

static const uint32_t all[] = {1, 2, 3};
static const struct group_ring first_ring = {1, 4}, next_ring = {1, 8};

static void expect_said(struct group_quorum *group, enum quorum expected)
{
	enum quorum quorum;

	assert_true(group_quorum_take(group, &quorum));
	assert_int_equal(quorum, expected);
	assert_false(group_quorum_take(group, &quorum));
}

static void expect_silence(struct group_quorum *group)
{
	enum quorum quorum;

	assert_false(group_quorum_take(group, &quorum));
}

/* Three nodes, quorate. */
static struct group_quorum settled(void)
{
	struct group_quorum group;

	group_quorum_reset(&group);
	group_quorum_ring_is(&group, first_ring);
	group_quorum_said(&group, first_ring, true, all, 3);
	expect_said(&group, QUORUM_YES);
	return group;
}

static void nothing_is_said_before_a_definite_word(void **state)
{
	struct group_quorum group;

	(void)state;
	group_quorum_reset(&group);
	expect_silence(&group);
	group_quorum_ring_is(&group, first_ring);
	expect_silence(&group);
	group_quorum_said(&group, next_ring, true, all, 3);
	expect_silence(&group);
	group_quorum_said(&group, first_ring, false, all, 1);
	expect_said(&group, QUORUM_NO);
}

static void cut_off_it_is_unsure_until_both_speak_of_the_new_ring(void **state)
{
	struct group_quorum group = settled();

	(void)state;
	group_quorum_ring_changes(&group);
	expect_said(&group, QUORUM_UNSURE);
	/* The old word of the old ring says nothing while the ring changes. */
	group_quorum_said(&group, first_ring, true, all, 3);
	expect_silence(&group);
	group_quorum_ring_is(&group, next_ring);
	expect_silence(&group);
	group_quorum_said(&group, next_ring, false, all, 1);
	expect_said(&group, QUORUM_NO);
	assert_int_equal(group.node_count, 1);
}

static void quorum_that_runs_ahead_of_the_merged_view_says_nothing(void **state)
{
	struct group_quorum group = settled();

	(void)state;
	group_quorum_said(&group, next_ring, true, all, 3);
	expect_said(&group, QUORUM_UNSURE);
	group_quorum_ring_changes(&group);
	expect_said(&group, QUORUM_UNSURE);
	group_quorum_ring_is(&group, next_ring);
	expect_said(&group, QUORUM_YES);
}

static void each_change_of_the_ring_is_said_though_it_is_unsure_already(void **state)
{
	struct group_quorum group = settled();

	(void)state;
	group_quorum_ring_changes(&group);
	expect_said(&group, QUORUM_UNSURE);
	/* More views of the same change. */
	group_quorum_ring_changes(&group);
	expect_silence(&group);
	group_quorum_ring_is(&group, next_ring);
	group_quorum_ring_changes(&group);
	expect_said(&group, QUORUM_UNSURE);
}

static void other_nodes_are_news_though_quorum_is_not(void **state)
{
	struct group_quorum group = settled();

	(void)state;
	group_quorum_said(&group, first_ring, true, all, 3);
	expect_silence(&group);
	group_quorum_said(&group, first_ring, true, all, 2);
	expect_said(&group, QUORUM_YES);
}

static void more_nodes_than_there_is_room_for_are_cut_off(void **state)
{
	uint32_t many[VIEW_NODES_MAX + 3] = {0};
	struct group_quorum group = settled();

	(void)state;
	for (uint32_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = i + 1;
	group_quorum_said(&group, first_ring, true, many, ARRAY_SIZE(many));
	assert_int_equal(group.node_count, VIEW_NODES_MAX);
	assert_int_equal(group.nodes[VIEW_NODES_MAX - 1], VIEW_NODES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_said_before_a_definite_word),
		cmocka_unit_test(cut_off_it_is_unsure_until_both_speak_of_the_new_ring),
		cmocka_unit_test(quorum_that_runs_ahead_of_the_merged_view_says_nothing),
		cmocka_unit_test(each_change_of_the_ring_is_said_though_it_is_unsure_already),
		cmocka_unit_test(other_nodes_are_news_though_quorum_is_not),
		cmocka_unit_test(more_nodes_than_there_is_room_for_are_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
