/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/batch.h"

#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sim/fiber.h"

/* A seed takes a tenth of a second; with sanitizers, on a slow and busy machine, two minutes. */
#define SEED_CPU_SECONDS_MAX 900
#define GROW_BY_BYTES        (64 * 1024 * 1024)
#define OF_ITS_OWN_BYTES     (32 * 1024 * 1024)

/* What a child tells before and after each seed. */
struct note {
	uint64_t seed;
	bool is_over;
	struct run_result result;
};

static double seconds_of(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double batch_cpu_seconds(void)
{
	return seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN);
}

void batch_run_here(uint64_t seed, const struct trace *trace, struct run_result *result)
{
	struct settings settings;

	settings_draw(&settings, seed);
	run_seed(&settings, trace, result);
	fiber_cleanup();
}

static void limit_cpu(void)
{
	rlim_t used = (rlim_t)seconds_of(RUSAGE_SELF);
	struct rlimit limit;

	getrlimit(RLIMIT_CPU, &limit);
	limit.rlim_cur = used + SEED_CPU_SECONDS_MAX;
	setrlimit(RLIMIT_CPU, &limit);
}

/* What a seed has freed the next one takes: new pages would cost a third of the time. */
static void keep_memory(void)
{
	(void)mallopt(M_TOP_PAD, GROW_BY_BYTES);
	(void)mallopt(M_TRIM_THRESHOLD, INT_MAX);
	(void)mallopt(M_MMAP_THRESHOLD, OF_ITS_OWN_BYTES);
}

/* The child: seed after seed until it is told to stop by the count. */
static void child_main(int out, const uint64_t *seeds, size_t count)
{
	keep_memory();
	for (size_t i = 0; i < count; i++) {
		struct note note = {.seed = seeds[i]};

		limit_cpu();
		if (write(out, &note, sizeof(note)) != sizeof(note))
			_exit(2);
		batch_run_here(seeds[i], &(struct trace){0}, &note.result);
		note.is_over = true;
		if (write(out, &note, sizeof(note)) != sizeof(note))
			_exit(2);
	}
	_exit(0);
}

static pid_t start_child(const uint64_t *seeds, size_t count, int *from)
{
	int ends[2];
	pid_t child;

	fflush(stdout);
	if (pipe(ends) != 0 || (child = fork()) < 0) {
		perror("clogd-sim");
		exit(2);
	}
	if (child == 0) {
		close(ends[0]);
		child_main(ends[1], seeds, count);
	}
	close(ends[1]);
	*from = ends[0];
	return child;
}

/* Returns how many were dealt with, all unless the child crashed. */
static size_t run_child(const uint64_t *seeds, size_t count, batch_seen seen, void *context)
{
	struct run_result crash = {.failed = true};
	struct note note;
	size_t done = 0;
	bool running = false;
	int from;
	pid_t child = start_child(seeds, count, &from);

	while (read(from, &note, sizeof(note)) == sizeof(note)) {
		running = !note.is_over;
		if (!note.is_over)
			continue;
		seen(context, note.seed, &note.result);
		done++;
	}
	close(from);
	waitpid(child, NULL, 0);
	if (running) {
		snprintf(crash.failure, sizeof(crash.failure),
			 "the daemon's code crashed, or ran without end");
		seen(context, note.seed, &crash);
		done++;
	}
	return done;
}

void batch_run(const uint64_t *seeds, size_t count, batch_seen seen, void *context)
{
	for (size_t done = 0; done < count;)
		done += run_child(seeds + done, count - done, seen, context);
}

void batch_run_range(uint64_t first, size_t count, batch_seen seen, void *context)
{
	uint64_t *seeds = malloc(count * sizeof(*seeds));

	for (size_t i = 0; seeds && i < count; i++)
		seeds[i] = first + i;
	if (seeds)
		batch_run(seeds, count, seen, context);
	free(seeds);
}
