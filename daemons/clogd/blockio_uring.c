/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and writes by io_uring. Each job has at most one request in the ring;
 * jobs beyond the ring's size wait in a list.
 */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

#include "common/memory.h"
#include "daemons/clogd/blockio_internal.h"

#define RING_ENTRIES 256
#define REAP_BATCH   32
/*
 * Requests that would block go to the kernel's own threads. By default these
 * are few a processor: a handful of dead devices would stop all others.
 */
#define KERNEL_THREADS_MAX RING_ENTRIES

struct uring {
	struct io_uring ring;
	unsigned in_ring;
	unsigned unsubmitted;
	struct blockio_job *waiting_first;
	struct blockio_job **waiting_last;
};

static void *uring_create(struct workers *workers)
{
	unsigned limits[2] = {KERNEL_THREADS_MAX, 0};
	struct uring *uring = memory_new(1, sizeof(*uring));
	int error = io_uring_queue_init(RING_ENTRIES, &uring->ring, 0);

	(void)workers;
	if (error) {
		free(uring);
		errno = -error;
		return NULL;
	}
	/* Kernels before 5.15 keep their limit. */
	(void)io_uring_register_iowq_max_workers(&uring->ring, limits);
	uring->waiting_last = &uring->waiting_first;
	return uring;
}

static void uring_destroy(void *engine)
{
	struct uring *uring = engine;

	io_uring_queue_exit(&uring->ring);
	free(uring);
}

static int uring_descriptor(void *engine)
{
	return ((struct uring *)engine)->ring.ring_fd;
}

/* Puts the rest of a job into the ring, which has room. */
static void prepare(struct uring *uring, struct blockio_job *job, struct io_uring_sqe *entry)
{
	uint8_t *buffer = job->buffer + job->moved_bytes;
	uint32_t left = job->length_bytes - job->moved_bytes;
	uint64_t offset = job->offset_bytes + job->moved_bytes;

	if (job->kind == DISK_READ)
		io_uring_prep_read(entry, job->file->descriptor, buffer, left, offset);
	else
		io_uring_prep_write(entry, job->file->descriptor, buffer, left, offset);
	io_uring_sqe_set_data(entry, job);
	uring->in_ring++;
	uring->unsubmitted++;
}

static void uring_submit(void *engine, struct blockio_job *job)
{
	struct uring *uring = engine;
	struct io_uring_sqe *entry = NULL;

	if (!uring->waiting_first && uring->in_ring < RING_ENTRIES)
		entry = io_uring_get_sqe(&uring->ring);
	if (entry) {
		prepare(uring, job, entry);
		return;
	}
	job->next = NULL;
	*uring->waiting_last = job;
	uring->waiting_last = &job->next;
}

static void fill_ring(struct uring *uring)
{
	while (uring->waiting_first && uring->in_ring < RING_ENTRIES) {
		struct blockio_job *job = uring->waiting_first;
		struct io_uring_sqe *entry = io_uring_get_sqe(&uring->ring);

		if (!entry)
			return;
		uring->waiting_first = job->next;
		if (!job->next)
			uring->waiting_last = &uring->waiting_first;
		prepare(uring, job, entry);
	}
}

/*
 * An -EAGAIN or -EBUSY leaves the entries in the ring for the next call, which
 * the next completion or the next input makes.
 */
static void uring_start(void *engine)
{
	struct uring *uring = engine;
	int submitted;

	if (!uring->unsubmitted)
		return;
	submitted = io_uring_submit(&uring->ring);
	if (submitted > 0)
		uring->unsubmitted -= (unsigned)submitted;
}

static void complete(struct uring *uring, struct blockio_job *job, int transferred)
{
	uring->in_ring--;
	if (blockio_job_advance(job, transferred))
		blockio_job_done(job);
	else
		uring_submit(uring, job);
}

static void uring_dispatch(void *engine)
{
	struct uring *uring = engine;
	struct io_uring_cqe *completions[REAP_BATCH];
	unsigned count = io_uring_peek_batch_cqe(&uring->ring, completions, REAP_BATCH);

	for (unsigned i = 0; i < count; i++) {
		struct blockio_job *job = io_uring_cqe_get_data(completions[i]);
		int transferred = completions[i]->res;

		io_uring_cqe_seen(&uring->ring, completions[i]);
		complete(uring, job, transferred);
	}
	fill_ring(uring);
	uring_start(uring);
}

const struct blockio_engine blockio_uring = {
	.name = "io_uring",
	.create = uring_create,
	.destroy = uring_destroy,
	.descriptor = uring_descriptor,
	.dispatch = uring_dispatch,
	.submit = uring_submit,
	.start = uring_start,
};
