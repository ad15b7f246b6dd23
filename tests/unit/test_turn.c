/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two threads that work in turns. */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "daemons/clogd/turn.h"

struct other {
	pthread_t thread;
	atomic_int begun; /* it wants its turn, or has had it */
	int turns;        /* whoever has the turn may look */
};

static void *take_one_turn(void *context)
{
	struct other *other = context;

	atomic_store(&other->begun, 1);
	turn_take();
	other->turns++;
	turn_give();
	return NULL;
}

static void sleep_ms(long milliseconds)
{
	(void)nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL);
}

static void start(struct other *other)
{
	assert_int_equal(pthread_create(&other->thread, NULL, take_one_turn, other), 0);
	while (!atomic_load(&other->begun))
		sleep_ms(1);
	sleep_ms(50); /* until it sleeps */
}

static void who_waits_has_its_turn_at_the_next_offer(void **state)
{
	(void)state;
	turn_take();
	for (int i = 0; i < 5; i++) {
		struct other other = {0};

		start(&other);
		assert_int_equal(other.turns, 0);
		turn_offer();
		assert_int_equal(other.turns, 1);
		pthread_join(other.thread, NULL);
	}
	turn_give();
}

static void an_offer_that_nobody_waits_for_changes_nothing(void **state)
{
	(void)state;
	turn_take();
	turn_offer();
	turn_offer();
	turn_give();
}

static int set_up(void **state)
{
	(void)state;
	return turn_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_waits_has_its_turn_at_the_next_offer),
		cmocka_unit_test(an_offer_that_nobody_waits_for_changes_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
