/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sources that are busy when the daemon is: the kernel, the cluster, the
 * disks. Where one input brings the next, qb's loop costs more than the input:
 * each of its passes reads clocks, besides waiting. So these sources share one
 * descriptor of that loop, and while they go on they are served here, in bursts.
 * What else there is, the control socket and signals, waits a burst at most.
 *
 * With io_uring that descriptor is a ring, which the kernel's requests and their
 * answers go through; else an epoll set.
 */
#ifndef CLOGD_DAEMONS_BUSY_H
#define CLOGD_DAEMONS_BUSY_H

#include <qb/qbloop.h>
#include <stdbool.h>

#define BUSY_BURST_MS 16 /* the longest burst, but for what its inputs take themselves */

struct busy;
struct waitring;

typedef void busy_fn(void *context);

/* `begin` is called before the first input of each burst. NULL with errno set. */
struct busy *busy_new(qb_loop_t *loop, bool io_uring, busy_fn *begin, void *context);
void busy_free(struct busy *busy);
/* Calls `run` when the descriptor can be read. 0 or negative errno. */
int busy_watch(struct busy *busy, int descriptor, busy_fn *run);
/* NULL: there is none. */
struct waitring *busy_ring(const struct busy *busy);

#endif
