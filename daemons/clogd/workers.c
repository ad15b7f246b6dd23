/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "common/memory.h"

#define IDLE_SECONDS 10                   /* a thread without work ends after this */
#define FAREWELL_NS  (200L * 1000 * 1000) /* and gets this long to end when all is over */
#define SECOND_NS    1000000000L

struct thread {
	pthread_t id;
	struct workers *workers;
	struct thread *next; /* in workers->ended */
};

struct workers {
	pthread_mutex_t lock; /* held for list handling only, never over a run */
	pthread_cond_t wake;  /* to threads: work, or the end */
	pthread_cond_t left;  /* from threads: one less */
	int descriptor;
	unsigned threads;
	unsigned idle;
	bool closing;
	struct thread *ended;     /* to be joined */
	struct lane *ready_first; /* lanes with work and no thread */
	struct lane **ready_last;
	unsigned ready;
	struct work *done_first;
	struct work **done_last;
};

static void init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

struct workers *workers_new(void)
{
	struct workers *workers = memory_new(1, sizeof(*workers));

	workers->descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (workers->descriptor < 0) {
		free(workers);
		return NULL;
	}
	pthread_mutex_init(&workers->lock, NULL);
	init_condition(&workers->wake);
	init_condition(&workers->left);
	workers->ready_last = &workers->ready_first;
	workers->done_last = &workers->done_first;
	return workers;
}

static struct timespec time_after(time_t seconds, long nanoseconds)
{
	struct timespec when;

	clock_gettime(CLOCK_MONOTONIC, &when);
	when.tv_nsec += nanoseconds;
	when.tv_sec += seconds + when.tv_nsec / SECOND_NS;
	when.tv_nsec %= SECOND_NS;
	return when;
}

static void join_ended(struct workers *workers)
{
	while (workers->ended) {
		struct thread *thread = workers->ended;

		workers->ended = thread->next;
		pthread_join(thread->id, NULL);
		free(thread);
	}
}

/* What a stuck thread still uses stays. */
void workers_free(struct workers *workers)
{
	struct timespec until = time_after(0, FAREWELL_NS);
	bool all_left;
	int error = 0;

	if (!workers)
		return;
	pthread_mutex_lock(&workers->lock);
	workers->closing = true;
	pthread_cond_broadcast(&workers->wake);
	while (workers->threads && !error)
		error = pthread_cond_timedwait(&workers->left, &workers->lock, &until);
	all_left = workers->threads == 0;
	pthread_mutex_unlock(&workers->lock);
	if (!all_left)
		return;
	join_ended(workers);
	pthread_mutex_destroy(&workers->lock);
	pthread_cond_destroy(&workers->wake);
	pthread_cond_destroy(&workers->left);
	close(workers->descriptor);
	free(workers);
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
	struct timespec until = time_after(IDLE_SECONDS, 0);
	int error = 0;

	workers->idle++;
	while (!workers->ready_first && !workers->closing && !error)
		error = pthread_cond_timedwait(&workers->wake, &workers->lock, &until);
	workers->idle--;
	return workers->ready_first && !workers->closing;
}

static void *worker_run(void *argument)
{
	struct thread *thread = argument;
	struct workers *workers = thread->workers;

	pthread_mutex_lock(&workers->lock);
	do {
		struct lane *lane;

		while (!workers->closing && (lane = take_lane(workers)))
			run_lane(workers, lane);
	} while (!workers->closing && wait_for_work(workers));
	workers->threads--;
	thread->next = workers->ended;
	workers->ended = thread;
	pthread_cond_signal(&workers->left);
	pthread_mutex_unlock(&workers->lock);
	return NULL;
}

/* --- in the loop's thread --- */

/* With the lock held: a thread that has ended is one that has given it back. */
static void start_thread(struct workers *workers)
{
	struct thread *thread = memory_new(1, sizeof(*thread));

	join_ended(workers);
	thread->workers = workers;
	if (pthread_create(&thread->id, NULL, worker_run, thread) == 0)
		workers->threads++;
	else
		free(thread);
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
