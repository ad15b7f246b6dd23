/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring in which the daemon waits, on real sockets. Skipped where the kernel has no io_uring. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemons/clogd/waitring.h"

struct fixture {
	struct waitring *ring;
	int ours, theirs; /* a pair of sockets */
	unsigned runs;
};

struct job {
	struct waitring_job job;
	int result;
	unsigned times;
};

static void note(struct waitring_job *job, int result)
{
	struct job *noted = (struct job *)job;

	noted->result = result;
	noted->times++;
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	int pair[2];

	assert_non_null(fixture);
	fixture->ring = waitring_new();
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	fixture->ours = pair[0];
	fixture->theirs = pair[1];
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	waitring_free(fixture->ring);
	close(fixture->ours);
	close(fixture->theirs);
	free(fixture);
	return 0;
}

static struct waitring *ring_of(void **state)
{
	struct fixture *fixture = *state;

	if (!fixture->ring)
		skip();
	return fixture->ring;
}

/* One wait and what it brings; fails when it brings nothing. */
static void turn(struct waitring *ring)
{
	assert_true(waitring_wait(ring, 10000));
	waitring_dispatch(ring);
}

static void nothing_to_do_is_said_when_the_time_is_over(void **state)
{
	struct waitring *ring = ring_of(state);

	assert_false(waitring_wait(ring, 0));
	assert_false(waitring_wait(ring, 2));
	waitring_dispatch(ring);
}

static void an_answer_and_the_next_wait_go_together(void **state)
{
	struct waitring *ring = ring_of(state);
	const struct fixture *fixture = *state;
	struct job job = {.job.done = note};
	char bytes[16];

	waitring_send(ring, &job.job, fixture->ours, "answer", 6);
	assert_int_equal(recv(fixture->theirs, bytes, sizeof(bytes), MSG_DONTWAIT), -1);
	turn(ring);
	assert_int_equal(job.result, 6);
	assert_int_equal(recv(fixture->theirs, bytes, sizeof(bytes), MSG_DONTWAIT), 6);
	waitring_send(ring, &job.job, fixture->ours, "answer", 6);
	waitring_flush(ring);
	assert_int_equal(recv(fixture->theirs, bytes, sizeof(bytes), MSG_DONTWAIT), 6);
	turn(ring);
	assert_int_equal(job.times, 2);
}

static void an_error_is_given_as_such(void **state)
{
	struct waitring *ring = ring_of(state);
	struct job job = {.job.done = note};

	waitring_send(ring, &job.job, -1, "answer", 6);
	turn(ring);
	assert_int_equal(job.result, -EBADF);
}

static void read_one(void *context)
{
	struct fixture *fixture = context;
	char bytes[16];

	assert_true(waitring_is_dispatching(fixture->ring));
	fixture->runs++;
	assert_int_equal(recv(fixture->ours, bytes, sizeof(bytes), MSG_DONTWAIT), 1);
}

/* One that does not read all is called again, without anything new. */
static void a_watch_runs_as_long_as_there_is_something_to_read(void **state)
{
	struct waitring *ring = ring_of(state);
	struct fixture *fixture = *state;

	waitring_watch(ring, fixture->ours, read_one, fixture);
	assert_false(waitring_wait(ring, 0));
	for (int i = 0; i < 3; i++)
		assert_int_equal(send(fixture->theirs, "x", 1, 0), 1);
	for (unsigned i = 1; i <= 3; i++) {
		turn(ring);
		assert_int_equal(fixture->runs, i);
	}
	assert_false(waitring_wait(ring, 2));
	assert_false(waitring_is_dispatching(ring));
}

static void a_job_is_done_before_its_finish_returns(void **state)
{
	struct waitring *ring = ring_of(state);
	const struct fixture *fixture = *state;
	struct job job = {.job.done = note};
	char bytes[16];

	waitring_send(ring, &job.job, fixture->ours, "answer", 6);
	assert_true(job.job.out);
	waitring_finish(ring, &job.job);
	assert_false(job.job.out);
	assert_int_equal(job.times, 1);
	assert_int_equal(job.result, 6);
	assert_int_equal(recv(fixture->theirs, bytes, sizeof(bytes), MSG_DONTWAIT), 6);
	waitring_finish(ring, &job.job);
	assert_int_equal(job.times, 1);
}

static void all_that_is_allowed_may_be_out_at_once(void **state)
{
	struct waitring *ring = ring_of(state);
	const struct fixture *fixture = *state;
	struct job jobs[WAITRING_JOBS_MAX];
	unsigned done = 0;

	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		jobs[i] = (struct job){.job.done = note};
		waitring_send(ring, &jobs[i].job, fixture->ours, "x", 1);
	}
	while (done < ARRAY_SIZE(jobs)) {
		turn(ring);
		done = 0;
		for (size_t i = 0; i < ARRAY_SIZE(jobs); i++)
			done += jobs[i].times;
	}
	assert_int_equal(done, ARRAY_SIZE(jobs));
}

/* The loop that has the ring among others must hear of it. */
static void the_rings_descriptor_can_be_read_when_there_is_something(void **state)
{
	struct waitring *ring = ring_of(state);
	struct fixture *fixture = *state;
	fd_set set;
	struct timeval soon = {0}, late = {.tv_sec = 10};
	int descriptor = waitring_descriptor(ring);

	waitring_watch(ring, fixture->ours, read_one, fixture);
	FD_ZERO(&set);
	FD_SET(descriptor, &set);
	assert_int_equal(select(descriptor + 1, &set, NULL, NULL, &soon), 0);
	assert_int_equal(send(fixture->theirs, "x", 1, 0), 1);
	FD_SET(descriptor, &set);
	assert_int_equal(select(descriptor + 1, &set, NULL, NULL, &late), 1);
	turn(ring);
	assert_int_equal(fixture->runs, 1);
}

struct writer {
	int descriptor;
	unsigned pause_us;
};

static void *write_soon(void *argument)
{
	const struct writer *writer = argument;

	if (writer->pause_us > 0)
		(void)usleep(writer->pause_us);
	assert_int_equal(send(writer->descriptor, "x", 1, 0), 1);
	return NULL;
}

/* Of one in forty a loop heard nothing, with a ring that left its work for later. */
static void the_loop_hears_of_what_comes_while_it_falls_asleep(void **state)
{
	uint64_t random = 1;

	for (unsigned round = 0; round < 400; round++) {
		struct epoll_event event = {.events = EPOLLIN};
		struct fixture *fixture;
		struct writer writer;
		pthread_t thread;
		int loop = epoll_create1(EPOLL_CLOEXEC);
		int count;

		assert_int_equal(set_up(state), 0);
		fixture = *state;
		if (!fixture->ring)
			skip();
		assert_int_equal(epoll_ctl(loop, EPOLL_CTL_ADD, waitring_descriptor(fixture->ring),
					   &event),
				 0);
		writer = (struct writer){.descriptor = fixture->theirs,
					 .pause_us = (unsigned)(unit_random(&random) % 300)};
		assert_int_equal(pthread_create(&thread, NULL, write_soon, &writer), 0);
		waitring_watch(fixture->ring, fixture->ours, read_one, fixture);
		do
			count = epoll_wait(loop, &event, 1, 10000);
		while (count < 0 && errno == EINTR);
		assert_int_equal(count, 1);
		assert_int_equal(pthread_join(thread, NULL), 0);
		turn(fixture->ring);
		assert_int_equal(fixture->runs, 1);
		close(loop);
		tear_down(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_to_do_is_said_when_the_time_is_over, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_answer_and_the_next_wait_go_together, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_error_is_given_as_such, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_watch_runs_as_long_as_there_is_something_to_read,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_job_is_done_before_its_finish_returns, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(all_that_is_allowed_may_be_out_at_once, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			the_rings_descriptor_can_be_read_when_there_is_something, set_up,
			tear_down),
		cmocka_unit_test(the_loop_hears_of_what_comes_while_it_falls_asleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
