/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has the state, and how the others get it: founders, joiners, and deaths in the middle. */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/membership_world.h"

#define LARGE (150U * 1024U) /* a snapshot of three pieces */

static bool is_live(struct world *world, uint32_t node)
{
	return membership_is_live(world_node(world, node)->membership);
}

static unsigned int all_empties(const struct world *world)
{
	unsigned int count = 0;

	for (size_t i = 0; i < WORLD_NODES; i++)
		count += world->nodes[i].empties;
	return count;
}

/* Steps of that node until its next message is of the kind. */
static void run_until(struct world *world, uint32_t node, enum wire_kind kind)
{
	for (int rounds = 0; world_next_kind(world, node) != (int)kind; rounds++) {
		bool moved = false;

		assert_true(rounds < 1000);
		for (uint32_t it = 1; it <= WORLD_NODES; it++)
			if (world_next_kind(world, node) != (int)kind)
				moved = world_step(world, it) || moved;
		assert_true(moved || world_next_kind(world, node) == (int)kind);
	}
}

/* --- the first ones --- */

static void a_founder_starts_with_an_empty_state(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	world_join_one(&world, 3);
	assert_false(is_live(&world, 3));
	world_run(&world);
	assert_true(is_live(&world, 3));
	assert_true(membership_is_server(world_node(&world, 3)->membership));
	assert_int_equal(world_node(&world, 3)->empties, 1);
	assert_int_equal(world_node(&world, 3)->lives, 1);
	world_fini(&world);
}

static void of_fresh_nodes_that_come_at_once_one_founds(void **state)
{
	static const uint32_t lists[][WORLD_NODES + 1] = {{1, 2}, {4, 5}, {1, 2, 3, 4, 5}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct world world;

		world_init(&world);
		world_join(&world, lists[i]);
		world_run(&world);
		assert_true(world_is_equal(&world));
		assert_int_equal(all_empties(&world), 1);
		assert_int_equal(world_node(&world, lists[i][0])->empties, 1);
		world_fini(&world);
	}
}

static void the_lowest_live_member_serves(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	world_join_one(&world, 3);
	world_run(&world);
	world_join_one(&world, 1);
	world_run(&world);
	assert_true(world_is_equal(&world));
	assert_true(membership_is_server(world_node(&world, 1)->membership));
	assert_false(membership_is_server(world_node(&world, 3)->membership));
	assert_int_equal(world_node(&world, 1)->empties, 0);
	world_fini(&world);
}

/* What it says then might be ordered after the decision to found another state. */
static void nobody_serves_in_a_census(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	world_join_one(&world, 1);
	world_run(&world);
	assert_true(membership_is_server(world_node(&world, 1)->membership));
	world_join_one(&world, 3);
	assert_true(is_live(&world, 1));
	assert_false(membership_is_server(world_node(&world, 1)->membership));
	world_run(&world);
	assert_true(membership_is_server(world_node(&world, 1)->membership));
	world_fini(&world);
}

/* --- joining --- */

/* A busy cluster: behind every single message of the join there is an operation of each live node. */
static void join_while_busy(struct world *world, uint32_t node)
{
	unsigned int messages = 0;

	world_join_one(world, node);
	while (!is_live(world, node)) {
		for (uint32_t it = 1; it <= WORLD_NODES; it++) {
			bool of_the_join = world_next_kind(world, it) != WIRE_OPS;

			if (world_step(world, it))
				messages++;
			if (of_the_join && it != node && world_node(world, it)->in_group)
				world_op(world, it);
		}
		assert_true(messages < 1000);
	}
	world_run(world);
}

static void a_joiner_has_the_snapshot_and_what_was_ordered_after_its_place(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	world.snapshot_bytes = LARGE;
	world_join(&world, (const uint32_t[]){1, 2, 0});
	world_run(&world);
	for (int i = 0; i < 5; i++)
		world_op(&world, 1);
	join_while_busy(&world, 4);
	assert_true(world_is_equal(&world));
	assert_int_equal(world_node(&world, 4)->loads, 1);
	join_while_busy(&world, 3);
	assert_true(world_is_equal(&world));
	world_fini(&world);
}

static void two_joiners_at_once_both_get_there(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	world.snapshot_bytes = LARGE;
	world_join_one(&world, 2);
	world_run(&world);
	world_op(&world, 2);
	world_join(&world, (const uint32_t[]){1, 5, 0});
	world_op(&world, 2);
	world_run(&world);
	assert_true(world_is_equal(&world));
	assert_int_equal(all_empties(&world), 1);
	world_fini(&world);
}

static void a_joiner_that_comes_while_another_is_served_gets_there(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	world.snapshot_bytes = LARGE;
	world_join_one(&world, 2);
	world_run(&world);
	world_op(&world, 2);
	world_join_one(&world, 3);
	run_until(&world, 2, WIRE_SNAPSHOT_DATA);
	world_step(&world, 2);
	world_join_one(&world, 1);
	world_run(&world);
	assert_true(world_is_equal(&world));
	world_fini(&world);
}

static void a_snapshot_that_cannot_be_read_is_asked_for_again(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	world_join_one(&world, 1);
	world_run(&world);
	world_op(&world, 1);
	world_join_one(&world, 2);
	world_node(&world, 2)->refuses_load = true;
	world_run(&world);
	assert_true(world_is_equal(&world));
	assert_int_equal(world_node(&world, 2)->loads, 1);
	world_fini(&world);
}

/* --- deaths in the middle --- */

static void when_the_server_dies_another_serves(void **state)
{
	static const enum wire_kind moments[] = {WIRE_SNAPSHOT_BEGIN, WIRE_SNAPSHOT_DATA};
	static const enum view_change changes[] = {VIEW_LEFT, VIEW_PROCDOWN, VIEW_NODEDOWN};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(moments); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(changes); j++) {
			struct world world;

			world_init(&world);
			world.snapshot_bytes = LARGE;
			world_join(&world, (const uint32_t[]){1, 2, 0});
			world_run(&world);
			world_op(&world, 2);
			world_join_one(&world, 3);
			run_until(&world, 1, moments[i]);
			world_step(&world, 1);
			world_op(&world, 2);
			world_step(&world, 2);
			world_lose(&world, 1, changes[j]);
			world_run(&world);
			assert_true(world_is_equal(&world));
			assert_int_equal(all_empties(&world), 1);
			world_fini(&world);
		}
	}
}

static void when_the_only_live_member_dies_the_joiner_founds(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	world.snapshot_bytes = LARGE;
	world_join_one(&world, 1);
	world_run(&world);
	world_join_one(&world, 2);
	run_until(&world, 1, WIRE_SNAPSHOT_DATA);
	world_step(&world, 1);
	world_lose(&world, 1, VIEW_PROCDOWN);
	world_run(&world);
	assert_true(is_live(&world, 2));
	assert_int_equal(world_node(&world, 2)->empties, 1);
	assert_int_equal(world_node(&world, 2)->loads, 0);
	world_fini(&world);
}

static void when_the_one_that_was_to_ask_dies_another_asks(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	world_join(&world, (const uint32_t[]){1, 2, 0});
	world_run(&world);
	world_join_one(&world, 3);
	assert_int_equal(world_next_kind(&world, 1), WIRE_CENSUS);
	world_lose(&world, 1, VIEW_PROCDOWN);
	world_run(&world);
	assert_true(world_is_equal(&world));
	assert_int_equal(all_empties(&world), 1);
	world_fini(&world);
}

static void a_census_goes_on_without_one_that_dies_before_it_answers(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	world_join(&world, (const uint32_t[]){1, 2, 3, 0});
	world_run(&world);
	world_join_one(&world, 4);
	world_step(&world, 1);
	world_lose(&world, 2, VIEW_PROCDOWN);
	world_run(&world);
	assert_true(world_is_equal(&world));
	world_fini(&world);
}

/* DESIGN 5: A prepares a snapshot for B; B leaves and joins again; A's old snapshot arrives. */
static void an_old_snapshot_is_not_taken_by_a_new_join(void **state)
{
	struct world world;
	struct world_node *joiner;
	struct wire_snapshot_data data = {.joiner = 2,
					  .transfer_id = 1,
					  .last = true,
					  .bytes = (const uint8_t *)"",
					  .size = 0};

	(void)state;
	world_init(&world);
	world_join_one(&world, 1);
	world_run(&world);
	world_op(&world, 1);
	world_join_one(&world, 2);
	run_until(&world, 1, WIRE_SNAPSHOT_DATA);
	/* ordered behind the rejoin, though it was made before */
	world_lose(&world, 2, VIEW_PROCDOWN);
	world_op(&world, 1);
	world_join_one(&world, 2);
	joiner = world_node(&world, 2);
	assert_int_equal(world_next_kind(&world, 1), WIRE_SNAPSHOT_DATA);
	world_step(&world, 1);
	assert_int_equal(joiner->loads, 0);
	/* nor one that nobody announced to this join */
	membership_snapshot_data(joiner->membership, 1, &data);
	assert_int_equal(joiner->loads, 0);
	world_run(&world);
	assert_true(world_is_equal(&world));
	assert_int_equal(joiner->loads, 1);
	world_fini(&world);
}

static void an_old_announcement_is_not_taken_by_a_new_join(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	world.snapshot_bytes = LARGE;
	world_join_one(&world, 1);
	world_run(&world);
	world_op(&world, 1);
	world_join_one(&world, 2);
	run_until(&world, 1, WIRE_SNAPSHOT_BEGIN);
	world_lose(&world, 2, VIEW_PROCDOWN);
	world_join_one(&world, 2);
	assert_int_equal(world_next_kind(&world, 1), WIRE_SNAPSHOT_BEGIN);
	world_run(&world);
	assert_true(world_is_equal(&world));
	assert_int_equal(world_node(&world, 2)->loads, 1);
	world_fini(&world);
}

/* Quorum's first word comes by another way than the view and the snapshot. */
static void a_joiner_that_hears_of_quorum_late_gets_there(void **state)
{
	(void)state;
	for (unsigned int steps = 0; steps < 40; steps++) {
		struct world world;

		world_init(&world);
		world_join(&world, (const uint32_t[]){1, 3, 0});
		world_run(&world);
		world_op(&world, 1);
		world_join_one(&world, 2);
		world_quorum(&world, 2, QUORUM_NO);
		for (unsigned int i = 0; i < steps; i++)
			world_step(&world, 1 + i % 3);
		world_quorum(&world, 2, QUORUM_YES);
		world_run(&world);
		if (!world_is_equal(&world))
			fail_msg("after %u steps: node 2 has not the state", steps);
		world_fini(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_founder_starts_with_an_empty_state),
		cmocka_unit_test(of_fresh_nodes_that_come_at_once_one_founds),
		cmocka_unit_test(the_lowest_live_member_serves),
		cmocka_unit_test(nobody_serves_in_a_census),
		cmocka_unit_test(a_joiner_has_the_snapshot_and_what_was_ordered_after_its_place),
		cmocka_unit_test(two_joiners_at_once_both_get_there),
		cmocka_unit_test(a_joiner_that_comes_while_another_is_served_gets_there),
		cmocka_unit_test(a_snapshot_that_cannot_be_read_is_asked_for_again),
		cmocka_unit_test(when_the_server_dies_another_serves),
		cmocka_unit_test(when_the_only_live_member_dies_the_joiner_founds),
		cmocka_unit_test(when_the_one_that_was_to_ask_dies_another_asks),
		cmocka_unit_test(a_census_goes_on_without_one_that_dies_before_it_answers),
		cmocka_unit_test(an_old_snapshot_is_not_taken_by_a_new_join),
		cmocka_unit_test(an_old_announcement_is_not_taken_by_a_new_join),
		cmocka_unit_test(a_joiner_that_hears_of_quorum_late_gets_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
