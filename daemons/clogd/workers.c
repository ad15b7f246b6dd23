/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "common/memory.h"

#define IDLE_SECONDS 10 /* a thread without work ends after this */

struct workers {
	pthread_mutex_t lock; /* held for list handling only, never over a run */
	pthread_cond_t wake;
	int descriptor;
	unsigned threads;
	unsigned idle;
	bool closing;
	struct lane *ready_first; /* lanes with work and no thread */
	struct lane **ready_last;
	unsigned ready;
	struct work *done_first;
	struct work **done_last;
};

static void destroy(struct workers *workers)
{
	pthread_mutex_destroy(&workers->lock);
	pthread_cond_destroy(&workers->wake);
	close(workers->descriptor);
	free(workers);
}

struct workers *workers_new(void)
{
	struct workers *workers = memory_new(1, sizeof(*workers));
	pthread_condattr_t attributes;

	workers->descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (workers->descriptor < 0) {
		free(workers);
		return NULL;
	}
	pthread_mutex_init(&workers->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&workers->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	workers->ready_last = &workers->ready_first;
	workers->done_last = &workers->done_first;
	return workers;
}

void workers_free(struct workers *workers)
{
	bool last;

	if (!workers)
		return;
	pthread_mutex_lock(&workers->lock);
	workers->closing = true;
	last = workers->threads == 0;
	pthread_cond_broadcast(&workers->wake);
	pthread_mutex_unlock(&workers->lock);
	if (last)
		destroy(workers);
}

int workers_descriptor(const struct workers *workers)
{
	return workers->descriptor;
}

/* --- in a worker's thread; all with the lock held --- */

static struct lane *take_lane(struct workers *workers)
{
	struct lane *lane = workers->ready_first;

	if (!lane)
		return NULL;
	workers->ready--;
	workers->ready_first = lane->next;
	if (!lane->next)
		workers->ready_last = &workers->ready_first;
	return lane;
}

static void finish(struct workers *workers, struct work *work)
{
	bool first = !workers->done_first;

	work->next = NULL;
	*workers->done_last = work;
	workers->done_last = &work->next;
	if (first)
		(void)eventfd_write(workers->descriptor, 1);
}

static void run_lane(struct workers *workers, struct lane *lane)
{
	while (lane->first && !workers->closing) {
		struct work *work = lane->first;

		lane->first = work->next;
		pthread_mutex_unlock(&workers->lock);
		work->run(work);
		pthread_mutex_lock(&workers->lock);
		/* The lane may be gone once its last work is reported. */
		if (!lane->first)
			lane->busy = false;
		finish(workers, work);
		if (!lane->busy)
			return;
	}
}

/* True when there may be work, false when it is time to end. */
static bool wait_for_work(struct workers *workers)
{
	struct timespec until;
	int error = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += IDLE_SECONDS;
	workers->idle++;
	while (!workers->ready_first && !workers->closing && !error)
		error = pthread_cond_timedwait(&workers->wake, &workers->lock, &until);
	workers->idle--;
	return workers->ready_first && !workers->closing;
}

static void *worker_run(void *argument)
{
	struct workers *workers = argument;
	bool last;

	pthread_mutex_lock(&workers->lock);
	do {
		struct lane *lane;

		while (!workers->closing && (lane = take_lane(workers)))
			run_lane(workers, lane);
	} while (!workers->closing && wait_for_work(workers));
	workers->threads--;
	last = workers->closing && workers->threads == 0;
	pthread_mutex_unlock(&workers->lock);
	if (last)
		destroy(workers);
	return NULL;
}

/* --- in the loop's thread --- */

static void start_thread(struct workers *workers)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attributes, worker_run, workers) == 0)
		workers->threads++;
	pthread_attr_destroy(&attributes);
}

void workers_submit(struct workers *workers, struct lane *lane, struct work *work)
{
	work->next = NULL;
	pthread_mutex_lock(&workers->lock);
	if (!lane->first)
		lane->last = &lane->first;
	*lane->last = work;
	lane->last = &work->next;
	if (!lane->busy) {
		lane->busy = true;
		lane->next = NULL;
		*workers->ready_last = lane;
		workers->ready_last = &lane->next;
		workers->ready++;
	}
	if (workers->ready > workers->idle)
		start_thread(workers);
	pthread_cond_signal(&workers->wake);
	pthread_mutex_unlock(&workers->lock);
}

void workers_dispatch(struct workers *workers)
{
	struct work *work;
	eventfd_t ignored;

	(void)eventfd_read(workers->descriptor, &ignored);
	pthread_mutex_lock(&workers->lock);
	work = workers->done_first;
	workers->done_first = NULL;
	workers->done_last = &workers->done_first;
	pthread_mutex_unlock(&workers->lock);
	while (work) {
		struct work *next = work->next;

		work->done(work);
		work = next;
	}
}
