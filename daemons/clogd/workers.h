/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads for what may block: opening a dead device, suspending a mirror,
 * device-mapper calls. Work is submitted and finished in the loop's thread;
 * only `run` is called elsewhere.
 *
 * Work of one lane runs one after the other, in order; lanes run beside each
 * other, each in a thread of its own while it is busy, so that what blocks
 * delays its lane only.
 */
#ifndef CLOGD_DAEMONS_WORKERS_H
#define CLOGD_DAEMONS_WORKERS_H

#include <stdbool.h>

struct workers;

struct work {
	void (*run)(struct work *work); /* in a worker's thread */
	void (*done)(
		struct work *work); /* in the loop's thread, from workers_dispatch(); may free it */
	struct work *next;          /* the workers' */
};

/* All zero is an idle lane. It must outlive its work. */
struct lane {
	struct work *first;
	struct work **last;
	struct lane *next;
	bool busy;
};

/* NULL, with errno set, when the system has no descriptor to give. */
struct workers *workers_new(void);
/* Waits a moment for threads to end; one that is stuck in the kernel keeps what it needs. */
void workers_free(struct workers *workers);

int workers_descriptor(const struct workers *workers);
/* To be called when the descriptor is readable. */
void workers_dispatch(struct workers *workers);

/*
 * When no thread can be had and none is there, the work waits for the next
 * submission; each retries.
 */
void workers_submit(struct workers *workers, struct lane *lane, struct work *work);

#endif
