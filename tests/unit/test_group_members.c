/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "cluster/group_members.h"

#define LIST(...)                     \
	(const struct group_member[]) \
	{                             \
		__VA_ARGS__           \
	}

static void expect_change(const struct view *view, size_t index, uint32_t node,
			  enum view_change change)
{
	assert_true(index < view->change_count);
	assert_int_equal(view->changes[index].node, node);
	assert_int_equal(view->changes[index].change, change);
}

/* Nodes 1 to 3, a process each: 101, 102, 103. */
static void start(struct group_members *members)
{
	struct group_confchg confchg = {
		.members = LIST({2, 102, 0}, {3, 103, 0}, {1, 101, 0}),
		.member_count = 3,
		.joined = LIST({1, 101, 0}),
		.joined_count = 1,
	};
	struct view view;

	members->count = 0;
	assert_int_equal(group_members_apply(members, &confchg, &view), GROUP_MEMBERS_CHANGED);
	assert_int_equal(view.member_count, 3);
	for (uint32_t node = 1; node <= 3; node++)
		assert_int_equal(view.members[node - 1], node);
	assert_int_equal(view.change_count, 1);
	expect_change(&view, 0, 1, VIEW_JOINED);
}

static void one_that_joins_with_its_ring_shows_it(void **state)
{
	struct group_members members;
	struct group_confchg confchg = {
		.members = LIST({1, 101, 0}, {2, 102, 0}, {3, 103, 0}, {4, 104, 0}),
		.member_count = 4,
		.joined = LIST({4, 104, 0}),
		.joined_count = 1,
		.with_ring = true,
	};
	struct view view;

	(void)state;
	start(&members);
	assert_int_equal(group_members_apply(&members, &confchg, &view), GROUP_MEMBERS_CHANGED);
	expect_change(&view, 0, 4, VIEW_JOINED);
	assert_true(view.changes[0].with_ring);
}

static void the_first_view_holds_all_and_shows_one_join(void **state)
{
	struct group_members members;

	(void)state;
	start(&members);
}

static void leaves_keep_their_reason(void **state)
{
	struct group_members members;
	struct group_confchg confchg = {
		.members = LIST({1, 101, 0}),
		.member_count = 1,
		.left = LIST({2, 102, VIEW_LEFT}, {3, 103, VIEW_NODEDOWN}),
		.left_count = 2,
	};
	struct view view;

	(void)state;
	start(&members);
	assert_int_equal(group_members_apply(&members, &confchg, &view), GROUP_MEMBERS_CHANGED);
	assert_int_equal(view.member_count, 1);
	assert_int_equal(view.change_count, 2);
	expect_change(&view, 0, 2, VIEW_LEFT);
	expect_change(&view, 1, 3, VIEW_NODEDOWN);
}

static void a_restarted_daemon_leaves_and_joins(void **state)
{
	struct group_members members;
	struct group_confchg leave = {
		.members = LIST({1, 101, 0}, {3, 103, 0}),
		.member_count = 2,
		.left = LIST({2, 102, VIEW_PROCDOWN}),
		.left_count = 1,
	};
	struct group_confchg join = {
		.members = LIST({1, 101, 0}, {2, 202, 0}, {3, 103, 0}),
		.member_count = 3,
		.joined = LIST({2, 202, 0}),
		.joined_count = 1,
	};
	struct view view;

	(void)state;
	start(&members);
	assert_int_equal(group_members_apply(&members, &leave, &view), GROUP_MEMBERS_CHANGED);
	expect_change(&view, 0, 2, VIEW_PROCDOWN);
	assert_int_equal(group_members_apply(&members, &join, &view), GROUP_MEMBERS_CHANGED);
	assert_int_equal(view.change_count, 1);
	expect_change(&view, 0, 2, VIEW_JOINED);
}

/* The join of the new process overtakes the leave of the old one. */
static void a_second_process_takes_the_place_of_the_first(void **state)
{
	struct group_members members;
	struct group_confchg join = {
		.members = LIST({1, 101, 0}, {2, 102, 0}, {2, 202, 0}, {3, 103, 0}),
		.member_count = 4,
		.joined = LIST({2, 202, 0}),
		.joined_count = 1,
	};
	struct group_confchg leave = {
		.members = LIST({1, 101, 0}, {2, 202, 0}, {3, 103, 0}),
		.member_count = 3,
		.left = LIST({2, 102, VIEW_PROCDOWN}),
		.left_count = 1,
	};
	struct view view;

	(void)state;
	start(&members);
	assert_int_equal(group_members_apply(&members, &join, &view), GROUP_MEMBERS_CHANGED);
	assert_int_equal(view.member_count, 3);
	assert_int_equal(view.change_count, 2);
	expect_change(&view, 0, 2, VIEW_PROCDOWN);
	expect_change(&view, 1, 2, VIEW_JOINED);
	assert_int_equal(group_members_apply(&members, &leave, &view), GROUP_MEMBERS_SAME);
	assert_int_equal(view.member_count, 3);
}

/* Both in one change: the node was down, and is back with another process. */
static void leave_and_join_in_one_change_are_both_seen(void **state)
{
	struct group_members members;
	struct group_confchg confchg = {
		.members = LIST({1, 101, 0}, {2, 202, 0}, {3, 103, 0}),
		.member_count = 3,
		.left = LIST({2, 102, VIEW_NODEDOWN}),
		.left_count = 1,
		.joined = LIST({2, 202, 0}),
		.joined_count = 1,
	};
	struct view view;

	(void)state;
	start(&members);
	assert_int_equal(group_members_apply(&members, &confchg, &view), GROUP_MEMBERS_CHANGED);
	assert_int_equal(view.change_count, 2);
	expect_change(&view, 0, 2, VIEW_NODEDOWN);
	expect_change(&view, 1, 2, VIEW_JOINED);
}

static void more_nodes_than_a_view_holds_are_refused(void **state)
{
	struct group_member many[VIEW_NODES_MAX + 1];
	struct group_confchg confchg = {
		.members = many,
		.member_count = ARRAY_SIZE(many),
		.joined = many,
		.joined_count = 1,
	};
	struct group_members members;
	struct view view;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct group_member){.node = i + 1, .pid = 1};
	start(&members);
	assert_int_equal(group_members_apply(&members, &confchg, &view), GROUP_MEMBERS_TOO_MANY);
	assert_int_equal(members.count, 3);
	confchg.member_count = VIEW_NODES_MAX;
	assert_int_equal(group_members_apply(&members, &confchg, &view), GROUP_MEMBERS_CHANGED);
	assert_int_equal(view.member_count, VIEW_NODES_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_joins_with_its_ring_shows_it),
		cmocka_unit_test(the_first_view_holds_all_and_shows_one_join),
		cmocka_unit_test(leaves_keep_their_reason),
		cmocka_unit_test(a_restarted_daemon_leaves_and_joins),
		cmocka_unit_test(a_second_process_takes_the_place_of_the_first),
		cmocka_unit_test(leave_and_join_in_one_change_are_both_seen),
		cmocka_unit_test(more_nodes_than_a_view_holds_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
