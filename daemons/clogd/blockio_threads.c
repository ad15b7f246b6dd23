/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and writes by pread(2) and pwrite(2) in threads, those of one file in order. */
#include <errno.h>
#include <unistd.h>

#include "daemons/clogd/blockio_internal.h"

static void run_transfer(struct work *work)
{
	struct blockio_job *job = (struct blockio_job *)work;
	ssize_t moved;

	do {
		uint8_t *buffer = job->buffer + job->moved_bytes;
		uint32_t left = job->length_bytes - job->moved_bytes;
		off_t offset = (off_t)(job->offset_bytes + job->moved_bytes);

		moved = job->kind == DISK_READ
				? pread(job->file->descriptor, buffer, left, offset)
				: pwrite(job->file->descriptor, buffer, left, offset);
	} while (!blockio_job_advance(job, moved < 0 ? -errno : moved));
}

static void done_transfer(struct work *work)
{
	blockio_job_done((struct blockio_job *)work);
}

static void threads_submit(void *engine, struct blockio_job *job)
{
	job->work.run = run_transfer;
	job->work.done = done_transfer;
	workers_submit(engine, &job->file->lane, &job->work);
}

/* The workers are all the state there is. */
static void *threads_create(struct workers *workers)
{
	return workers;
}

static void threads_nothing(void *engine)
{
	(void)engine;
}

static int threads_descriptor(void *engine)
{
	(void)engine;
	return -1;
}

const struct blockio_engine blockio_threads = {
	.name = "threads",
	.create = threads_create,
	.destroy = threads_nothing,
	.descriptor = threads_descriptor,
	.dispatch = threads_nothing,
	.submit = threads_submit,
	.start = threads_nothing,
};
