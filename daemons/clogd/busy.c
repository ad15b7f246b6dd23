/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/busy.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/memory.h"

#define SOURCES_MAX 8
#define WAIT_MS     1
#define ROUNDS      (BUSY_BURST_MS / WAIT_MS)

struct busy {
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

struct busy *busy_new(qb_loop_t *loop, busy_fn *begin, void *context)
{
	struct busy *busy = memory_new(1, sizeof(*busy));
	int error;

	busy->begin = begin;
	busy->context = context;
	busy->poll = epoll_create1(EPOLL_CLOEXEC);
	error = busy->poll < 0
			? -errno
			: qb_loop_poll_add(loop, QB_LOOP_HIGH, busy->poll, POLLIN, busy, on_ready);
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
	if (busy->poll >= 0)
		close(busy->poll);
	free(busy);
}

int busy_watch(struct busy *busy, int descriptor, busy_fn *run)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = busy->count};

	if (busy->count == SOURCES_MAX)
		return -ENOSPC;
	busy->run[busy->count] = run;
	if (epoll_ctl(busy->poll, EPOLL_CTL_ADD, descriptor, &event))
		return -errno;
	busy->count++;
	return 0;
}
