/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Partings and what comes of them, hellos that are no answers, and random lives. */
#include "tests/unit/unit.h"

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

static void of_those_that_were_all_cut_off_the_furthest_is_the_authority(void **state)
{
	(void)state;
	for (int further = 0; further < 2; further++) {
		struct world world;

		world_init(&world);
		world_join(&world, (const uint32_t[]){1, 2, 3, 0});
		world_run(&world);
		world_part(&world, 2);
		for (uint32_t node = 1; node <= 3; node++)
			world_quorum(&world, node, QUORUM_NO);
		/* {1} and {2, 3}; what is ordered on either side makes it the further one */
		for (int i = 0; i < 5; i++)
			world_op(&world, further ? 3 : 1);
		world_run(&world);
		world_merge(&world, QUORUM_YES);
		world_run(&world);
		assert_true(world_is_equal(&world));
		assert_int_equal(world_node(&world, 1)->loads, further ? 1 : 0);
		/* the first load was when it joined; 2 and 3 know the same, 2 is the lower */
		assert_int_equal(world_node(&world, 2)->loads, further ? 1 : 2);
		assert_int_equal(world_node(&world, 3)->loads, 2);
		assert_int_equal(world_node(&world, 1)->outdateds, further);
		assert_int_equal(all_empties(&world), 1);
		world_fini(&world);
	}
}

/* Of three; 2 and 3 are quorate, and go on. */
static void cut_off_the_first(struct world *world)
{
	world_init(world);
	world_join(world, (const uint32_t[]){1, 2, 3, 0});
	world_run(world);
	world_part(world, 2);
	world_quorum(world, 1, QUORUM_NO);
	world_quorum(world, 2, QUORUM_YES);
	world_quorum(world, 3, QUORUM_YES);
	world_op(world, 3);
	world_run(world);
}

static void one_that_was_cut_off_takes_the_state_of_those_that_went_on(void **state)
{
	struct world world;

	(void)state;
	cut_off_the_first(&world);
	world_merge(&world, QUORUM_YES);
	world_run(&world);
	assert_true(world_is_equal(&world));
	assert_int_equal(world_node(&world, 1)->outdateds, 1);
	assert_int_equal(world_node(&world, 1)->loads, 1);
	assert_int_equal(world_node(&world, 2)->outdateds, 0);
	assert_int_equal(world_node(&world, 3)->outdateds, 0);
	world_fini(&world);
}

/* Those that went on are not there to say so: their nodes are back, their daemons are not. */
static void one_that_was_cut_off_and_meets_nobody_does_not_vouch_for_its_state_alone(void **state)
{
	struct world world;

	(void)state;
	cut_off_the_first(&world);
	world_lose(&world, 2, VIEW_PROCDOWN);
	world_lose(&world, 3, VIEW_PROCDOWN);
	world_quorum(&world, 1, QUORUM_UNSURE);
	world_quorum(&world, 1, QUORUM_YES);
	assert_false(is_live(&world, 1));
	world_run(&world);
	assert_true(is_live(&world, 1));
	assert_int_equal(world_node(&world, 1)->foundings, 1);
	assert_true(membership_vouches(world_node(&world, 1)->membership, 1));
	assert_false(membership_vouches(world_node(&world, 1)->membership, 2));
	/* Asked once: quorum that is said again changes nothing. */
	world_quorum(&world, 1, QUORUM_YES);
	assert_true(is_live(&world, 1));
	world_fini(&world);
}

static void a_fresh_daemon_does_not_outvote_one_that_knows_something(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	world_join(&world, (const uint32_t[]){2, 3, 0});
	world_run(&world);
	world_op(&world, 3);
	world_run(&world);
	for (uint32_t node = 2; node <= 3; node++)
		world_quorum(&world, node, QUORUM_NO);
	world_join_one(&world, 1);
	world_run(&world);
	/* without quorum the one that founds it serves nobody yet */
	assert_false(world_is_equal(&world));
	assert_int_equal(world_node(&world, 2)->foundings, 1);
	for (uint32_t node = 1; node <= 3; node++)
		world_quorum(&world, node, QUORUM_YES);
	world_run(&world);
	assert_true(world_is_equal(&world));
	assert_int_equal(world_node(&world, 1)->empties, 0);
	assert_int_equal(world_node(&world, 1)->loads, 1);
	world_fini(&world);
}

static void a_lost_connection_makes_the_state_stale(void **state)
{
	struct world world;
	struct view view = {.members = {1}, .member_count = 1, .change_count = 1};

	(void)state;
	world_init(&world);
	world_join_one(&world, 1);
	world_run(&world);
	membership_disconnected(world_node(&world, 1)->membership);
	assert_false(is_live(&world, 1));
	assert_int_equal(world_node(&world, 1)->outdateds, 1);
	/* alone again: it is the one that knows most */
	view.changes[0].node = 1;
	view.changes[0].change = VIEW_JOINED;
	membership_view(world_node(&world, 1)->membership, &view);
	world_quorum(&world, 1, QUORUM_YES);
	world_run(&world);
	assert_true(is_live(&world, 1));
	assert_int_equal(world_node(&world, 1)->empties, 1);
	world_fini(&world);
}

/* Its node lost no daemon when it was parted from us: no view said so. Now it brings one. */
static void one_that_comes_out_of_another_ring_was_parted_from_us(void **state)
{
	static const struct {
		uint32_t quorate[3];
		bool with_ring, parted;
	} cases[] = {
		{{1, 2, 3}, true, true},
		{{1, 2, 3}, false, false}, /* it only starts */
		{{2, 3, 0}, true, false},  /* we have had a quorum without it */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct view view = {.members = {1, 2}, .member_count = 2, .change_count = 1};
		struct membership *membership;
		struct world world;

		world_init(&world);
		world_join_one(&world, 2);
		world_run(&world);
		membership = world_node(&world, 2)->membership;
		membership_quorum(membership, QUORUM_YES, 1, cases[i].quorate, 3);
		membership_quorum(membership, QUORUM_UNSURE, 2, cases[0].quorate, 3);
		view.changes[0].node = 1;
		view.changes[0].change = VIEW_JOINED;
		view.changes[0].with_ring = cases[i].with_ring;
		membership_view(membership, &view);
		membership_quorum(membership, QUORUM_YES, 2, cases[0].quorate, 3);
		assert_int_equal(is_live(&world, 2), !cases[i].parted);
		world_fini(&world);
	}
}

/* --- hellos --- */

static void a_hello_of_an_earlier_census_is_no_answer(void **state)
{
	struct world world;
	struct wire_hello hello = {.version_min = 1,
				   .version_max = 1,
				   .state = HELLO_FRESH,
				   .join_id = 77,
				   .census = 12345};

	(void)state;
	world_init(&world);
	world_join(&world, (const uint32_t[]){1, 2, 0});
	assert_true(world_step(&world, 1)); /* the census */
	assert_true(world_step(&world, 1)); /* node 1's own answer */
	membership_hello(world_node(&world, 1)->membership, 2, &hello);
	assert_false(is_live(&world, 1));
	world_run(&world);
	assert_true(world_is_equal(&world));
	world_fini(&world);
}

static void a_hello_of_a_stranger_is_ignored(void **state)
{
	struct world world;
	struct wire_hello hello = {.version_min = 1,
				   .version_max = 1,
				   .state = HELLO_LIVE,
				   .join_id = 77,
				   .unasked = true};

	(void)state;
	world_init(&world);
	world_join(&world, (const uint32_t[]){2, 3, 0});
	membership_hello(world_node(&world, 2)->membership, 1, &hello);
	world_run(&world);
	assert_true(world_is_equal(&world));
	assert_false(membership_is_member(world_node(&world, 2)->membership, 1));
	assert_true(membership_is_member(world_node(&world, 2)->membership, 3));
	world_fini(&world);
}

static void random_lives_end_in_equal_states(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= (unit_is_quick() ? 20 : 1500); seed++) {
		uint64_t random = seed;
		struct world world;

		world_init(&world);
		world.snapshot_bytes = seed % 2 ? 16 : LARGE;
		for (int i = 0; i < 60; i++) {
			uint32_t node = 1 + (uint32_t)(unit_random(&random) % WORLD_NODES);
			struct world_node *it = world_node(&world, node);

			switch (unit_random(&random) % 8) {
			case 0:
				if (it->in_group)
					world_lose(&world, node, VIEW_PROCDOWN);
				else
					world_join_one(&world, node);
				break;
			case 1:
				if (it->in_group && is_live(&world, node))
					world_op(&world, node);
				break;
			default:
				world_step(&world, node);
				break;
			}
		}
		if (!world_node(&world, 1)->in_group)
			world_join_one(&world, 1);
		world_run(&world);
		if (!world_is_equal(&world))
			fail_msg("seed %llu: the states differ", (unsigned long long)seed);
		world_fini(&world);
	}
}

/* Parted for less than a token timeout, quorum says nothing. On each side a daemon gets the state, and then all meet. */
static void a_snapshot_of_one_that_was_parted_is_not_the_latest(void **state)
{
	(void)state;
	for (unsigned int steps = 0; steps < 40; steps++) {
		struct world world;

		world_init(&world);
		world.snapshot_bytes = LARGE;
		world_join(&world, (const uint32_t[]){1, 3, 0});
		world_run(&world);
		world_join(&world, (const uint32_t[]){2, 4, 0});
		world_part(&world, 3);
		world_op(&world, 1);
		world_op(&world, 3);
		for (unsigned int i = 0; i < steps; i++)
			world_step(&world, 1 + i % 4);
		world_merge(&world, QUORUM_UNSURE);
		for (unsigned int i = 0; i < 8; i++)
			world_step(&world, 1 + i % 4);
		world_run(&world);
		for (uint32_t node = 1; node <= 4; node++)
			world_quorum(&world, node, QUORUM_YES);
		world_run(&world);
		if (!world_is_equal(&world))
			fail_msg("after %u steps: the states differ", steps);
		world_fini(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_those_that_were_all_cut_off_the_furthest_is_the_authority),
		cmocka_unit_test(one_that_was_cut_off_takes_the_state_of_those_that_went_on),
		cmocka_unit_test(
			one_that_was_cut_off_and_meets_nobody_does_not_vouch_for_its_state_alone),
		cmocka_unit_test(a_fresh_daemon_does_not_outvote_one_that_knows_something),
		cmocka_unit_test(a_lost_connection_makes_the_state_stale),
		cmocka_unit_test(one_that_comes_out_of_another_ring_was_parted_from_us),
		cmocka_unit_test(a_hello_of_an_earlier_census_is_no_answer),
		cmocka_unit_test(a_hello_of_a_stranger_is_ignored),
		cmocka_unit_test(a_snapshot_of_one_that_was_parted_is_not_the_latest),
		cmocka_unit_test(random_lives_end_in_equal_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
