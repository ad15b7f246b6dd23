/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/waitring.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/memory.h"
#include "daemons/clogd/log.h"

/* Room for all that can be out at once: neither queue ever overflows. */
#define ENTRIES   64
#define BATCH     16
#define WATCH_BIT ((uintptr_t)1) /* in the user data: a watch, not a job */

_Static_assert(WAITRING_WATCHES_MAX + WAITRING_JOBS_MAX <= ENTRIES, "more may be out than fits");

struct watch {
	int poll; /* an epoll set of the descriptor alone */
	void (*run)(void *context);
	void *context;
};

struct waitring {
	struct io_uring ring;
	int news; /* an eventfd: something is done, or can be */
	struct watch watches[WAITRING_WATCHES_MAX];
	size_t watch_count;
	bool dispatching;
};

/* --- life --- */

static bool is_new_enough(const struct io_uring *ring)
{
	/* A wait with a timeout in the call itself: Linux 5.11. */
	return ring->features & IORING_FEAT_EXT_ARG;
}

/*
 * Who polls the ring's own descriptor does not always hear of work that the
 * ring left for later; an eventfd is always told.
 */
static int open_news(struct waitring *ring)
{
	ring->news = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return ring->news < 0 ? -errno : io_uring_register_eventfd(&ring->ring, ring->news);
}

static int open_ring(struct waitring *ring)
{
	/* With them nothing interrupts the thread elsewhere: Linux 6.1. */
	int error = io_uring_queue_init(ENTRIES, &ring->ring,
					IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);

	if (error == -EINVAL)
		error = io_uring_queue_init(ENTRIES, &ring->ring, 0);
	if (error)
		return error;
	error = is_new_enough(&ring->ring) ? open_news(ring) : -ENOSYS;
	if (error)
		io_uring_queue_exit(&ring->ring);
	return error;
}

struct waitring *waitring_new(void)
{
	struct waitring *ring = memory_new(1, sizeof(*ring));
	int error;

	ring->news = -1;
	error = open_ring(ring);
	if (!error)
		return ring;
	if (ring->news >= 0)
		close(ring->news);
	free(ring);
	errno = -error;
	return NULL;
}

void waitring_free(struct waitring *ring)
{
	if (!ring)
		return;
	io_uring_queue_exit(&ring->ring);
	for (size_t i = 0; i < ring->watch_count; i++)
		close(ring->watches[i].poll);
	close(ring->news);
	free(ring);
}

int waitring_descriptor(const struct waitring *ring)
{
	return ring->news;
}

/* --- asking --- */

static struct io_uring_sqe *new_entry(struct waitring *ring)
{
	struct io_uring_sqe *entry = io_uring_get_sqe(&ring->ring);

	if (!entry) {
		waitring_flush(ring);
		entry = io_uring_get_sqe(&ring->ring);
	}
	if (!entry) {
		log_error("the ring in which the daemon waits takes nothing any more");
		abort();
	}
	return entry;
}

static void watch_again(struct waitring *ring, struct watch *watch)
{
	struct io_uring_sqe *entry = new_entry(ring);

	io_uring_prep_poll_add(entry, watch->poll, POLLIN);
	io_uring_sqe_set_data(entry, (void *)((uintptr_t)watch | WATCH_BIT));
}

/* A ring lets go of what it polls some time after a kill; an epoll set does not hold what is in it. */
static int poll_of(int descriptor)
{
	struct epoll_event event = {.events = EPOLLIN};
	int poll = epoll_create1(EPOLL_CLOEXEC);

	if (poll < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event)) {
		log_error("cannot watch a descriptor: %s", strerror(errno));
		abort();
	}
	return poll;
}

void waitring_watch(struct waitring *ring, int descriptor, void (*run)(void *context),
		    void *context)
{
	struct watch *watch = &ring->watches[ring->watch_count];

	if (ring->watch_count == WAITRING_WATCHES_MAX) {
		log_error("cannot watch a descriptor more");
		abort();
	}
	ring->watch_count++;
	*watch = (struct watch){.poll = poll_of(descriptor), .run = run, .context = context};
	watch_again(ring, watch);
	waitring_flush(ring);
}

void waitring_send(struct waitring *ring, struct waitring_job *job, int descriptor,
		   const void *bytes, size_t size)
{
	struct io_uring_sqe *entry = new_entry(ring);

	io_uring_prep_send(entry, descriptor, bytes, size, MSG_DONTWAIT);
	io_uring_sqe_set_data(entry, job);
	job->out = true;
}

void waitring_finish(struct waitring *ring, struct waitring_job *job)
{
	while (job->out)
		if (waitring_wait(ring, 1000))
			waitring_dispatch(ring);
}

/* --- waiting --- */

void waitring_flush(struct waitring *ring)
{
	if (io_uring_sq_ready(&ring->ring) > 0)
		(void)io_uring_submit(&ring->ring); /* what it refuses, the next wait hands over */
}

bool waitring_wait(struct waitring *ring, uint32_t milliseconds)
{
	struct __kernel_timespec time = {.tv_sec = milliseconds / 1000,
					 .tv_nsec = (long long)(milliseconds % 1000) * 1000000};
	struct io_uring_cqe *completion;

	(void)io_uring_submit_and_wait_timeout(&ring->ring, &completion, 1, &time, NULL);
	return io_uring_cq_ready(&ring->ring) > 0;
}

static void run_watch(struct waitring *ring, struct watch *watch, int result)
{
	if (result < 0) {
		log_error("cannot watch a descriptor: error %d", -result);
		abort();
	}
	watch->run(watch->context);
	/* Asked again, it is reported again as long as there is more to read. */
	watch_again(ring, watch);
}

static void complete(struct waitring *ring, uintptr_t data, int result)
{
	struct waitring_job *job = (struct waitring_job *)data;

	if (data & WATCH_BIT) {
		run_watch(ring, (struct watch *)(data & ~WATCH_BIT), result);
	} else if (job) {
		job->out = false;
		job->done(job, result);
	}
}

void waitring_dispatch(struct waitring *ring)
{
	struct io_uring_cqe *completions[BATCH];
	unsigned count = io_uring_peek_batch_cqe(&ring->ring, completions, BATCH);

	ring->dispatching = true;
	for (unsigned i = 0; i < count; i++) {
		uintptr_t data = (uintptr_t)io_uring_cqe_get_data(completions[i]);
		int result = completions[i]->res;

		/* Its place is free before what it brings asks for more. */
		io_uring_cqe_seen(&ring->ring, completions[i]);
		complete(ring, data, result);
	}
	ring->dispatching = false;
}

void waitring_rest(struct waitring *ring)
{
	eventfd_t ignored;

	(void)eventfd_read(ring->news, &ignored);
	(void)io_uring_submit_and_get_events(
		&ring->ring); /* what it refuses, the next wait hands over */
	if (io_uring_cq_ready(&ring->ring) > 0)
		(void)eventfd_write(ring->news, 1);
}

bool waitring_is_dispatching(const struct waitring *ring)
{
	return ring->dispatching;
}
