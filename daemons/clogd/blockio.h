/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the engine's disk jobs: log devices are opened, read, written and closed
 * without ever blocking the loop. Reads and writes go through io_uring, or
 * through threads where the kernel has none; opening and closing, which may
 * wait for a dead device, always through threads.
 *
 * What is written is on stable storage when its completion comes (O_DSYNC). A
 * plain file in place of a device is allowed, without direct I/O.
 */
#ifndef CLOGD_DAEMONS_BLOCKIO_H
#define CLOGD_DAEMONS_BLOCKIO_H

#include <stdbool.h>
#include <stddef.h>

#include "cluster/engine.h"
#include "daemons/clogd/workers.h"

struct blockio;

enum blockio_kind {
	BLOCKIO_BEST, /* io_uring if the kernel has it */
	BLOCKIO_URING,
	BLOCKIO_THREADS,
};

struct blockio_settings {
	enum blockio_kind kind;
	struct workers *workers;    /* borrowed; its dispatch delivers completions too */
	const char *node_directory; /* borrowed: where device nodes may be made that /dev lacks */
	void *context;
	/* One call a job but CLOSE, from blockio_dispatch() or workers_dispatch(). */
	void (*done)(void *context, const struct disk_result *result);
};

/* NULL, with errno set; BLOCKIO_BEST fails for want of descriptors only. */
struct blockio *blockio_new(const struct blockio_settings *settings);
/* Whether no job is under way, the closes included. */
bool blockio_is_idle(const struct blockio *blockio);
/* Jobs under way are given up; their completions do not come. */
void blockio_free(struct blockio *blockio);

const char *blockio_engine(const struct blockio *blockio); /* "io_uring", "threads" */
/* To be polled, or -1: all completions come through the workers. */
int blockio_descriptor(const struct blockio *blockio);
/* To be called when the descriptor is readable. */
void blockio_dispatch(struct blockio *blockio);

void blockio_submit(struct blockio *blockio, const struct disk_job *job);
/* Starts what was submitted since; to be called once after a batch of jobs. */
void blockio_start(struct blockio *blockio);

#endif
