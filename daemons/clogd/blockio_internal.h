/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between blockio.c, which owns handles, jobs and buffers, and the engines that move the data. */
#ifndef CLOGD_DAEMONS_BLOCKIO_INTERNAL_H
#define CLOGD_DAEMONS_BLOCKIO_INTERNAL_H

#include "daemons/clogd/blockio.h"

struct blockio_file {
	int descriptor;
	unsigned in_flight; /* reads and writes */
	bool closing;       /* once nothing is in flight */
	struct lane lane;   /* the thread engine's, and the close's */
};

struct blockio_job {
	struct work work; /* first: the threads' view of a job */
	struct blockio *blockio;
	struct blockio_job *next; /* an engine's, while it holds the job */
	struct blockio_file *file;
	enum disk_job_kind kind;
	uint64_t offset_bytes;
	uint32_t length_bytes;
	uint32_t moved_bytes;
	uint8_t *buffer; /* aligned; `length_bytes` or more */
	struct disk_result result;
	struct lane lane; /* OPEN: its own */
	char *device;     /* OPEN: owned */
};

struct blockio_engine {
	const char *name;
	/* NULL, with errno set, where the kernel has no such thing. */
	void *(*create)(struct workers *workers);
	void (*destroy)(void *engine);
	int (*descriptor)(void *engine);
	void (*dispatch)(void *engine);
	void (*submit)(void *engine, struct blockio_job *job); /* READ or WRITE */
	void (*start)(void *engine);
};

extern const struct blockio_engine blockio_uring;
extern const struct blockio_engine blockio_threads;

/*
 * Accounts for what one transfer returned: bytes or a negative errno. True when
 * the job is over, with its result set; false when it is to be continued at
 * offset_bytes + moved_bytes. An end of file is -EIO: a log device does not end.
 */
bool blockio_job_advance(struct blockio_job *job, int64_t transferred);
/* The job is over: reports it and frees it. In the loop's thread. */
void blockio_job_done(struct blockio_job *job);

/* Opens job->device and fills the result in. Blocks. Returns the descriptor or a negative errno. */
int blockio_open(const char *device, const char *node_directory, struct disk_result *result);

#endif
