/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "daemons/clogd/blockio.h"

#define FILE_BYTES (1024 * 1024)
#define JOBS       600 /* more than the ring of io_uring takes */
#define WAIT_MS    10000

/* A file to work on, and what has been completed. */
struct bench {
	struct workers *workers;
	struct blockio *blockio;
	char path[64];
	size_t done;
	struct disk_result last;
	uint8_t last_data[DISK_JOB_BYTES_MAX];
	int64_t results[JOBS + 1]; /* by id */
};

static void record(void *context, const struct disk_result *result)
{
	struct bench *bench = context;

	bench->done++;
	bench->last = *result;
	if (result->data && result->result > 0)
		memcpy(bench->last_data, result->data, (size_t)result->result);
	assert_true(result->id <= JOBS);
	bench->results[result->id] = result->result;
}

static void run_once(struct bench *bench)
{
	struct pollfd polled[] = {
		{.fd = workers_descriptor(bench->workers), .events = POLLIN},
		{.fd = blockio_descriptor(bench->blockio), .events = POLLIN},
	};

	blockio_start(bench->blockio);
	assert_true(poll(polled, 2, WAIT_MS) > 0);
	if (polled[0].revents)
		workers_dispatch(bench->workers);
	if (polled[1].revents)
		blockio_dispatch(bench->blockio);
}

static void wait_for(struct bench *bench, size_t done)
{
	while (bench->done < done)
		run_once(bench);
	assert_int_equal(bench->done, done);
}

static void submit(struct bench *bench, struct disk_job job)
{
	blockio_submit(bench->blockio, &job);
}

static int open_file(struct bench *bench)
{
	bench->done = 0;
	submit(bench, (struct disk_job){.kind = DISK_OPEN, .device = bench->path});
	wait_for(bench, 1);
	bench->done = 0;
	return (int)bench->last.result;
}

static int set_up(void **state, enum blockio_kind kind)
{
	struct bench *bench = memory_new(1, sizeof(*bench));
	struct blockio_settings settings = {
		.kind = kind,
		.node_directory = "/tmp",
		.context = bench,
		.done = record,
	};
	int descriptor;

	strcpy(bench->path, "/tmp/test_blockio-XXXXXX");
	descriptor = mkstemp(bench->path);
	if (descriptor < 0 || ftruncate(descriptor, FILE_BYTES))
		return -1;
	close(descriptor);
	bench->workers = workers_new();
	settings.workers = bench->workers;
	bench->blockio = blockio_new(&settings);
	*state = bench;
	return 0;
}

static int set_up_threads(void **state)
{
	return set_up(state, BLOCKIO_THREADS);
}

static int set_up_uring(void **state)
{
	return set_up(state, BLOCKIO_URING);
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	unlink(bench->path);
	while (bench->blockio && !blockio_is_idle(bench->blockio))
		run_once(bench);
	blockio_free(bench->blockio);
	workers_free(bench->workers);
	free(bench);
	return 0;
}

/* Not every kernel, and not every container, lets io_uring be used. */
static struct bench *bench_of(void **state)
{
	struct bench *bench = *state;

	if (!bench->blockio)
		skip();
	return bench;
}

static void what_is_written_is_read(void **state)
{
	static uint8_t data[8192];
	struct bench *bench = bench_of(state);
	int handle = open_file(bench);

	assert_true(handle >= 0);
	assert_int_equal(bench->last.size_bytes, FILE_BYTES);
	assert_int_equal(bench->last.block_bytes, 512);
	memset(data, 0x5a, sizeof(data));
	submit(bench, (struct disk_job){.id = 1,
					.kind = DISK_WRITE,
					.handle = handle,
					.offset_bytes = 4096,
					.length_bytes = sizeof(data),
					.data = data});
	memset(data, 0, sizeof(data)); /* the job has its own copy */
	wait_for(bench, 1);
	assert_int_equal(bench->results[1], sizeof(data));
	submit(bench, (struct disk_job){.id = 2,
					.kind = DISK_READ,
					.handle = handle,
					.offset_bytes = 0,
					.length_bytes = 16384});
	wait_for(bench, 2);
	assert_int_equal(bench->results[2], 16384);
	for (size_t i = 0; i < 16384; i++)
		assert_int_equal(bench->last_data[i], i >= 4096 && i < 12288 ? 0x5a : 0);
	submit(bench, (struct disk_job){.kind = DISK_CLOSE, .handle = handle});
}

static void what_cannot_be_opened_says_why(void **state)
{
	struct bench *bench = bench_of(state);

	submit(bench, (struct disk_job){.kind = DISK_OPEN, .device = "/nonexistent/device"});
	wait_for(bench, 1);
	assert_int_equal(bench->last.result, -ENOENT);
	submit(bench, (struct disk_job){.kind = DISK_OPEN, .device = "/tmp"});
	wait_for(bench, 2);
	assert_int_equal(bench->last.result, -ENOTBLK);
	submit(bench, (struct disk_job){.kind = DISK_OPEN, .device = "/dev/null"});
	wait_for(bench, 3);
	assert_int_equal(bench->last.result, -ENOTBLK);
}

static void reading_past_the_end_is_an_error(void **state)
{
	struct bench *bench = bench_of(state);
	int handle = open_file(bench);

	submit(bench, (struct disk_job){.kind = DISK_READ,
					.handle = handle,
					.offset_bytes = FILE_BYTES - 512,
					.length_bytes = 1024});
	wait_for(bench, 1);
	assert_int_equal(bench->last.result, -EIO);
	submit(bench, (struct disk_job){.kind = DISK_CLOSE, .handle = handle});
}

/* Far more jobs than the engine takes at once, a close behind them, and a new open at once. */
static void many_jobs_all_end_once(void **state)
{
	static uint8_t data[512];
	struct bench *bench = bench_of(state);
	int handle = open_file(bench);

	memset(bench->results, 0, sizeof(bench->results));
	for (uint64_t id = 1; id <= JOBS; id++) {
		data[0] = (uint8_t)id;
		submit(bench, (struct disk_job){.id = id,
						.kind = DISK_WRITE,
						.handle = handle,
						.offset_bytes = id * 512,
						.length_bytes = sizeof(data),
						.data = data});
	}
	submit(bench, (struct disk_job){.kind = DISK_CLOSE, .handle = handle});
	submit(bench, (struct disk_job){.kind = DISK_OPEN, .device = bench->path});
	wait_for(bench, JOBS + 1);
	for (uint64_t id = 1; id <= JOBS; id++)
		assert_int_equal(bench->results[id], sizeof(data));
	handle = (int)bench->results[0];
	assert_true(handle >= 0);
	bench->done = 0;
	submit(bench, (struct disk_job){.kind = DISK_READ,
					.handle = handle,
					.offset_bytes = 512,
					.length_bytes = DISK_JOB_BYTES_MAX});
	wait_for(bench, 1);
	assert_int_equal(bench->last.result, DISK_JOB_BYTES_MAX);
	for (size_t i = 0; i < DISK_JOB_BYTES_MAX / 512; i++)
		assert_int_equal(bench->last_data[i * 512], (uint8_t)(i + 1));
	submit(bench, (struct disk_job){.kind = DISK_CLOSE, .handle = handle});
}

#define ON_BOTH(test)                                                    \
	{#test " (threads)", test, set_up_threads, tear_down, NULL},     \
	{                                                                \
#test " (io_uring)", test, set_up_uring, tear_down, NULL \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		ON_BOTH(what_is_written_is_read),
		ON_BOTH(what_cannot_be_opened_says_why),
		ON_BOTH(reading_past_the_end_is_an_error),
		ON_BOTH(many_jobs_all_end_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
