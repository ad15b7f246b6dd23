/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The io_uring in which the daemon waits: the answer to one request of the kernel, the wait for the
 * next, and for whatever else is due, are one system call together (an epoll loop needs three and
 * more). The loop watches the ring's descriptor, and so has its turn too.
 *
 * Used by one thread, the one that made it.
 */
#ifndef CLOGD_DAEMONS_WAITRING_H
#define CLOGD_DAEMONS_WAITRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct waitring;

/* What is out in the ring; belongs to the caller, and may not go away until it is done. */
struct waitring_job {
	/* With what the system call would have returned, or a negative errno. */
	void (*done)(struct waitring_job *job, int result);
	bool out;
};

#define WAITRING_WATCHES_MAX 8
#define WAITRING_JOBS_MAX    40 /* out at a time */

/* NULL with errno set: this kernel has no io_uring, has a too old one, or it is forbidden. */
struct waitring *waitring_new(void);
void waitring_free(struct waitring *ring); /* NULL is allowed */
/* Can be read when there is something to dispatch, and until waitring_rest() finds nothing more. */
int waitring_descriptor(const struct waitring *ring);

/*
 * Runs `run` while the descriptor is readable, for good. What is behind it ends with the process, also when that is
 * killed: were the kernel's requests still taken then, it would ask again only after 15 s.
 */
void waitring_watch(struct waitring *ring, int descriptor, void (*run)(void *context),
		    void *context);
/* sendto(2) that never blocks; what is pointed to stays until the job is done. */
void waitring_send(struct waitring *ring, struct waitring_job *job, int descriptor,
		   const void *bytes, size_t size);
/* Returns when the job is done; others may be done meanwhile. */
void waitring_finish(struct waitring *ring, struct waitring_job *job);

/* Hands over what was asked for, and waits. False: nothing was done within that time. */
bool waitring_wait(struct waitring *ring, uint32_t milliseconds);
/* Finishes what is done. Jobs asked for meanwhile are handed over by the next wait, or by waitring_flush(). */
void waitring_dispatch(struct waitring *ring);
/* Before somebody waits for the descriptor: hands over what was asked for. */
void waitring_rest(struct waitring *ring);
bool waitring_is_dispatching(const struct waitring *ring);
void waitring_flush(struct waitring *ring);

#endif
