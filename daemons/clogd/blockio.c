/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/blockio.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "daemons/clogd/blockio_internal.h"
#include "daemons/clogd/buffers.h"

struct blockio {
	struct blockio_settings settings;
	const struct blockio_engine *engine;
	void *engine_state;
	struct buffers *buffers;
	struct blockio_file **files; /* by handle; NULL: free */
	size_t file_count;
	size_t jobs; /* under way, of any kind */
};

struct blockio *blockio_new(const struct blockio_settings *settings)
{
	struct blockio *blockio = memory_new(1, sizeof(*blockio));
	bool only_uring = settings->kind == BLOCKIO_URING;

	blockio->settings = *settings;
	if (settings->kind != BLOCKIO_THREADS) {
		blockio->engine = &blockio_uring;
		blockio->engine_state = blockio->engine->create(settings->workers);
	}
	if (!blockio->engine_state && !only_uring) {
		blockio->engine = &blockio_threads;
		blockio->engine_state = blockio->engine->create(settings->workers);
	}
	if (!blockio->engine_state) {
		free(blockio);
		return NULL;
	}
	blockio->buffers = buffers_new();
	return blockio;
}

bool blockio_is_idle(const struct blockio *blockio)
{
	return blockio->jobs == 0;
}

void blockio_free(struct blockio *blockio)
{
	/* A thread or the kernel may still use what a job under way points to. */
	if (!blockio || !blockio_is_idle(blockio))
		return;
	for (size_t i = 0; i < blockio->file_count; i++) {
		if (!blockio->files[i])
			continue;
		close(blockio->files[i]->descriptor);
		free(blockio->files[i]);
	}
	free(blockio->files);
	blockio->engine->destroy(blockio->engine_state);
	buffers_free(blockio->buffers);
	free(blockio);
}

const char *blockio_engine(const struct blockio *blockio)
{
	return blockio->engine->name;
}

int blockio_descriptor(const struct blockio *blockio)
{
	return blockio->engine->descriptor(blockio->engine_state);
}

void blockio_dispatch(struct blockio *blockio)
{
	blockio->engine->dispatch(blockio->engine_state);
}

void blockio_start(struct blockio *blockio)
{
	blockio->engine->start(blockio->engine_state);
}

static struct blockio_job *new_job(struct blockio *blockio, const struct disk_job *request)
{
	struct blockio_job *job = memory_new(1, sizeof(*job));

	job->blockio = blockio;
	job->kind = request->kind;
	job->offset_bytes = request->offset_bytes;
	job->length_bytes = request->length_bytes;
	job->result.id = request->id;
	blockio->jobs++;
	return job;
}

static void free_job(struct blockio_job *job)
{
	if (job->buffer)
		buffers_put(job->blockio->buffers, job->buffer, job->length_bytes);
	free(job->device);
	job->blockio->jobs--;
	free(job);
}

/* --- open and close --- */

static int add_file(struct blockio *blockio, int descriptor)
{
	struct blockio_file *file = memory_new(1, sizeof(*file));
	size_t handle = 0;

	file->descriptor = descriptor;
	while (handle < blockio->file_count && blockio->files[handle])
		handle++;
	if (handle == blockio->file_count) {
		blockio->file_count++;
		blockio->files = memory_resize(blockio->files,
					       blockio->file_count * sizeof(struct blockio_file *));
	}
	blockio->files[handle] = file;
	return (int)handle;
}

static void run_open(struct work *work)
{
	struct blockio_job *job = (struct blockio_job *)work;

	job->result.result =
		blockio_open(job->device, job->blockio->settings.node_directory, &job->result);
}

static void done_open(struct work *work)
{
	struct blockio_job *job = (struct blockio_job *)work;

	if (job->result.result >= 0)
		job->result.result = add_file(job->blockio, (int)job->result.result);
	blockio_job_done(job);
}

static void submit_open(struct blockio *blockio, const struct disk_job *request)
{
	struct blockio_job *job = new_job(blockio, request);

	job->length_bytes = 0;
	job->device = memory_string(request->device);
	job->work.run = run_open;
	job->work.done = done_open;
	workers_submit(blockio->settings.workers, &job->lane, &job->work);
}

/* Closing the last descriptor of a device waits for it: so in a thread. */
static void run_close(struct work *work)
{
	close(((struct blockio_job *)work)->file->descriptor);
}

static void done_close(struct work *work)
{
	struct blockio_job *job = (struct blockio_job *)work;

	free(job->file);
	free_job(job);
}

static void close_file(struct blockio *blockio, struct blockio_file *file)
{
	static const struct disk_job nothing = {.kind = DISK_CLOSE};
	struct blockio_job *job = new_job(blockio, &nothing);

	job->file = file;
	job->work.run = run_close;
	job->work.done = done_close;
	workers_submit(blockio->settings.workers, &job->lane, &job->work);
}

static struct blockio_file *find_file(struct blockio *blockio, int handle)
{
	assert(handle >= 0 && (size_t)handle < blockio->file_count && blockio->files[handle]);
	return blockio->files[handle];
}

static void submit_close(struct blockio *blockio, int handle)
{
	struct blockio_file *file = find_file(blockio, handle);

	blockio->files[handle] = NULL;
	file->closing = true;
	if (!file->in_flight)
		close_file(blockio, file);
}

/* --- read and write --- */

static void submit_transfer(struct blockio *blockio, const struct disk_job *request)
{
	struct blockio_job *job = new_job(blockio, request);

	assert(request->length_bytes > 0 && request->length_bytes <= DISK_JOB_BYTES_MAX);
	job->file = find_file(blockio, request->handle);
	job->file->in_flight++;
	job->buffer = buffers_get(blockio->buffers, request->length_bytes);
	if (request->kind == DISK_WRITE)
		memcpy(job->buffer, request->data, request->length_bytes);
	blockio->engine->submit(blockio->engine_state, job);
}

void blockio_submit(struct blockio *blockio, const struct disk_job *job)
{
	switch (job->kind) {
	case DISK_OPEN:
		submit_open(blockio, job);
		break;
	case DISK_READ:
	case DISK_WRITE:
		submit_transfer(blockio, job);
		break;
	case DISK_CLOSE:
		submit_close(blockio, job->handle);
		break;
	}
}

bool blockio_job_advance(struct blockio_job *job, int64_t transferred)
{
	if (transferred == -EINTR || transferred == -EAGAIN)
		return false;
	if (transferred <= 0 || transferred > job->length_bytes - job->moved_bytes) {
		job->result.result = transferred < 0 ? transferred : -EIO;
		return true;
	}
	job->moved_bytes += (uint32_t)transferred;
	job->result.result = job->moved_bytes;
	return job->moved_bytes == job->length_bytes;
}

void blockio_job_done(struct blockio_job *job)
{
	struct blockio *blockio = job->blockio;
	struct blockio_file *file = job->file;

	if (job->kind == DISK_READ)
		job->result.data = job->buffer;
	if (file && --file->in_flight == 0 && file->closing)
		close_file(blockio, file);
	blockio->settings.done(blockio->settings.context, &job->result);
	free_job(job);
}
