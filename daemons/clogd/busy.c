/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/busy.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/memory.h"
#include "daemons/clogd/waitring.h"

#define SOURCES_MAX WAITRING_WATCHES_MAX
#define WAIT_MS     1
#define ROUNDS      (BUSY_BURST_MS / WAIT_MS)

struct busy {
	struct waitring *ring; /* NULL: `poll` is used */
	int poll;
	busy_fn *begin;
	void *context;
	busy_fn *run[SOURCES_MAX];
	unsigned count;
};

static int32_t on_ready(int32_t descriptor, int32_t events, void *data)
{
	struct busy *busy = data;
	struct epoll_event ready[SOURCES_MAX];

	(void)events;
	busy->begin(busy->context);
	for (int round = 0; round < ROUNDS; round++) {
		int count = epoll_wait(descriptor, ready, SOURCES_MAX, round ? WAIT_MS : 0);

		for (int i = 0; i < count; i++)
			busy->run[ready[i].data.u32](busy->context);
		if (count <= 0)
			break;
	}
	return 0;
}

static int32_t on_ring(int32_t descriptor, int32_t events, void *data)
{
	struct busy *busy = data;

	(void)descriptor;
	(void)events;
	busy->begin(busy->context);
	for (int round = 0; round < ROUNDS && waitring_wait(busy->ring, round ? WAIT_MS : 0);
	     round++)
		waitring_dispatch(busy->ring);
	waitring_rest(busy->ring);
	return 0;
}

static int open_poll(struct busy *busy, qb_loop_t *loop)
{
	busy->poll = epoll_create1(EPOLL_CLOEXEC);
	return busy->poll < 0
		       ? -errno
		       : qb_loop_poll_add(loop, QB_LOOP_HIGH, busy->poll, POLLIN, busy, on_ready);
}

struct busy *busy_new(qb_loop_t *loop, bool io_uring, busy_fn *begin, void *context)
{
	struct busy *busy = memory_new(1, sizeof(*busy));
	int error;

	busy->begin = begin;
	busy->context = context;
	busy->poll = -1;
	if (io_uring)
		busy->ring = waitring_new();
	error = busy->ring ? qb_loop_poll_add(loop, QB_LOOP_HIGH, waitring_descriptor(busy->ring),
					      POLLIN, busy, on_ring)
			   : open_poll(busy, loop);
	if (!error)
		return busy;
	busy_free(busy);
	errno = -error;
	return NULL;
}

void busy_free(struct busy *busy)
{
	if (!busy)
		return;
	waitring_free(busy->ring);
	if (busy->poll >= 0)
		close(busy->poll);
	free(busy);
}

struct waitring *busy_ring(const struct busy *busy)
{
	return busy->ring;
}

int busy_watch(struct busy *busy, int descriptor, busy_fn *run)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = busy->count};

	if (busy->count == SOURCES_MAX)
		return -ENOSPC;
	if (busy->ring) {
		busy->count++;
		waitring_watch(busy->ring, descriptor, run, busy->context);
		return 0;
	}
	busy->run[busy->count] = run;
	if (epoll_ctl(busy->poll, EPOLL_CTL_ADD, descriptor, &event))
		return -errno;
	busy->count++;
	return 0;
}
