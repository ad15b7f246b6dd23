/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources that are served in bursts: both ways of waiting, on real descriptors. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <qb/qbloop.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemons/clogd/busy.h"

struct fixture {
	qb_loop_t *loop;
	struct busy *busy;
	int first, second; /* pipes, to be read */
	int to_first, to_second;
	unsigned bursts, first_runs, second_runs;
	unsigned runs_in_burst, most_runs_in_burst;
};

static void tell(int pipe)
{
	assert_int_equal(write(pipe, "x", 1), 1);
}

static void hear(int pipe)
{
	char byte;

	assert_int_equal(read(pipe, &byte, 1), 1);
}

static void open_pipe(int *read_end, int *write_end)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	*read_end = ends[0];
	*write_end = ends[1];
}

static void on_burst(void *context)
{
	struct fixture *fixture = context;

	fixture->bursts++;
	fixture->runs_in_burst = 0;
}

static void count_run(struct fixture *fixture)
{
	if (++fixture->runs_in_burst > fixture->most_runs_in_burst)
		fixture->most_runs_in_burst = fixture->runs_in_burst;
}

/* What it is told it leaves there: it is never at rest. */
static void run_without_end(void *context)
{
	struct fixture *fixture = context;

	count_run(fixture);
	fixture->first_runs++;
}

/* Each of its inputs brings one of the second source. */
static void run_first(void *context)
{
	struct fixture *fixture = context;

	count_run(fixture);
	fixture->first_runs++;
	hear(fixture->first);
	tell(fixture->to_second);
}

static void run_second(void *context)
{
	struct fixture *fixture = context;

	count_run(fixture);
	fixture->second_runs++;
	hear(fixture->second);
}

static int32_t stop(int32_t descriptor, int32_t events, void *data)
{
	(void)descriptor;
	(void)events;
	qb_loop_stop(data);
	return 0;
}

static void set_up(struct fixture *fixture, bool io_uring)
{
	*fixture = (struct fixture){.loop = qb_loop_create()};
	assert_non_null(fixture->loop);
	fixture->busy = busy_new(fixture->loop, io_uring, on_burst, fixture);
	assert_non_null(fixture->busy);
	open_pipe(&fixture->first, &fixture->to_first);
	open_pipe(&fixture->second, &fixture->to_second);
}

/* Until one that the loop watches by itself has had its turn. */
static void run_until_others_had_their_turn(struct fixture *fixture)
{
	int other = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);

	assert_true(other >= 0);
	assert_int_equal(qb_loop_poll_add(fixture->loop, QB_LOOP_LOW, other, POLLIN, fixture->loop,
					  stop),
			 0);
	qb_loop_run(fixture->loop);
	close(other);
}

static void tear_down(struct fixture *fixture)
{
	busy_free(fixture->busy);
	qb_loop_destroy(fixture->loop);
	close(fixture->first);
	close(fixture->second);
	close(fixture->to_first);
	close(fixture->to_second);
}

static void a_source_without_end_leaves_the_others_their_turn(void **state)
{
	(void)state;
	for (int io_uring = 0; io_uring <= 1; io_uring++) {
		struct fixture fixture;

		set_up(&fixture, io_uring);
		assert_int_equal(busy_watch(fixture.busy, fixture.first, run_without_end), 0);
		assert_int_equal(busy_watch(fixture.busy, fixture.second, run_second), 0);
		tell(fixture.to_first);
		tell(fixture.to_second);
		run_until_others_had_their_turn(&fixture);
		assert_true(fixture.bursts > 0 && fixture.first_runs > 0);
		assert_int_equal(fixture.second_runs, 1);
		/* Rounds of two sources at most. */
		assert_true(fixture.most_runs_in_burst <= 2 * BUSY_BURST_MS);
		tear_down(&fixture);
	}
}

static void what_an_input_brings_is_served_in_the_same_burst(void **state)
{
	(void)state;
	for (int io_uring = 0; io_uring <= 1; io_uring++) {
		struct fixture fixture;

		set_up(&fixture, io_uring);
		assert_int_equal(busy_watch(fixture.busy, fixture.first, run_first), 0);
		assert_int_equal(busy_watch(fixture.busy, fixture.second, run_second), 0);
		tell(fixture.to_first);
		run_until_others_had_their_turn(&fixture);
		assert_int_equal(fixture.first_runs, 1);
		assert_int_equal(fixture.second_runs, 1);
		assert_int_equal(fixture.most_runs_in_burst, 2);
		tear_down(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_without_end_leaves_the_others_their_turn),
		cmocka_unit_test(what_an_input_brings_is_served_in_the_same_burst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
