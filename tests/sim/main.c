/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clogd-sim: the simulated cluster, from many seeds or one. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/sim/batch.h"
#include "tests/sim/clock.h"
#include "tests/sim/cost.h"
#include "tests/sim/scenarios.h"

#define SEEDS_AT_ONCE 8

struct totals {
	uint64_t seeds;
	uint64_t failed;
	uint64_t virtual_us;
	uint64_t operations;
	struct counts counts;
};

static const char *program;

static void print_failure(uint64_t seed, const char *what)
{
	printf("FAILED seed %llu: %s\n  replay: %s --seed %llu --trace\n", (unsigned long long)seed,
	       what, program, (unsigned long long)seed);
	fflush(stdout);
}

static void count_result(void *context, uint64_t seed, const struct run_result *result)
{
	struct totals *totals = context;

	totals->seeds++;
	totals->virtual_us += result->virtual_us;
	totals->operations += result->operations;
	counts_add(&totals->counts, &result->counts);
	if (result->failed) {
		totals->failed++;
		print_failure(seed, result->failure);
	}
}

static void run_for(double seconds, uint64_t first, struct totals *totals)
{
	double end = batch_cpu_seconds() + seconds;

	printf("fresh seeds from %llu on\n", (unsigned long long)first);
	for (; batch_cpu_seconds() < end; first += SEEDS_AT_ONCE)
		batch_run_range(first, SEEDS_AT_ONCE, count_result, totals);
}

/* One seed a line; what follows the number is a remark. */
static void run_file(const char *path, struct totals *totals)
{
	FILE *file = fopen(path, "r");
	uint64_t *seeds = NULL;
	size_t count = 0;
	char line[256];

	if (!file) {
		perror(path);
		exit(2);
	}
	while (fgets(line, sizeof(line), file)) {
		char *end;
		uint64_t seed = strtoull(line, &end, 10);

		if (end == line)
			continue;
		seeds = realloc(seeds, (count + 1) * sizeof(*seeds));
		seeds[count++] = seed;
	}
	fclose(file);
	batch_run(seeds, count, count_result, totals);
	free(seeds);
}

static int run_traced(uint64_t seed, bool traced)
{
	struct run_result result;

	batch_run_here(seed, &(struct trace){traced ? stdout : NULL, stdout}, &result);
	if (result.failed)
		print_failure(seed, result.failure);
	else
		printf("seed %llu: fine, %llu cluster-seconds, %llu reads and writes, %llu "
		       "events\n",
		       (unsigned long long)seed, (unsigned long long)(result.virtual_us / US_PER_S),
		       (unsigned long long)result.operations, (unsigned long long)result.steps);
	return result.failed;
}

static void usage(FILE *out)
{
	fprintf(out,
		"usage: %s [--scenarios] [--cost] [--seed-file FILE] [--seconds S [--first N]] "
		"[--seed N "
		"[--trace]]\n"
		"  --scenarios    the scripted stories\n"
		"  --seed-file    the seeds in FILE, one a line\n"
		"  --seconds      fresh seeds, for that many seconds of CPU\n"
		"  --first        the first of the fresh seeds; else it comes from the clock\n"
		"  --seed         that one; with --trace, tell all that happens\n"
		"  --scenario     that story; with --trace, tell all that happens\n"
		"  --counts       what the seeds have reached\n"
		"  --cost         messages and time of a write, for clusters of different size\n",
		program);
}

static int summarise(const struct totals *totals, double started)
{
	double seconds = batch_cpu_seconds() - started;

	printf("%llu seeds, %llu cluster-seconds, %llu failed (%llu reads and writes, %.0f "
	       "cluster-seconds a CPU second)\n",
	       (unsigned long long)totals->seeds,
	       (unsigned long long)(totals->virtual_us / US_PER_S),
	       (unsigned long long)totals->failed, (unsigned long long)totals->operations,
	       seconds > 0 ? (double)totals->virtual_us / 1e6 / seconds : 0);
	return totals->failed ? 1 : 0;
}

struct arguments {
	const char *seed;
	const char *file;
	const char *seconds;
	const char *scenario;
	uint64_t first;
	bool traced;
	bool stories;
	bool counts;
	bool cost;
};

/* 0 to go on, or the exit status plus one. */
static int parse(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{"seconds", required_argument, NULL, 's'},
		{"seed", required_argument, NULL, 'n'},
		{"seed-file", required_argument, NULL, 'f'},
		{"trace", no_argument, NULL, 't'},
		{"first", required_argument, NULL, '1'},
		{"scenarios", no_argument, NULL, 'S'},
		{"scenario", required_argument, NULL, 'c'},
		{"counts", no_argument, NULL, 'C'},
		{"cost", no_argument, NULL, 'K'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 's')
			arguments->seconds = optarg;
		else if (option == 'n')
			arguments->seed = optarg;
		else if (option == 'f')
			arguments->file = optarg;
		else if (option == 't')
			arguments->traced = true;
		else if (option == '1')
			arguments->first = strtoull(optarg, NULL, 10);
		else if (option == 'S')
			arguments->stories = true;
		else if (option == 'c')
			arguments->scenario = optarg;
		else if (option == 'C')
			arguments->counts = true;
		else if (option == 'K')
			arguments->cost = true;
		else {
			usage(option == 'h' ? stdout : stderr);
			return option == 'h' ? 1 : 3;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {.first = (uint64_t)time(NULL) * 1000};
	struct totals totals = {0};
	double started = batch_cpu_seconds();
	int failed = 0, status;

	program = argv[0];
	status = parse(argc, argv, &arguments);
	if (status)
		return status - 1;
	if (arguments.seed)
		return run_traced(strtoull(arguments.seed, NULL, 10), arguments.traced);
	if (arguments.stories || arguments.scenario)
		failed = scenarios_run(arguments.scenario, arguments.traced ? stdout : NULL);
	if (arguments.cost)
		failed += cost_print(stdout);
	if (arguments.file)
		run_file(arguments.file, &totals);
	if (arguments.seconds)
		run_for(strtod(arguments.seconds, NULL), arguments.first, &totals);
	if (!arguments.file && !arguments.seconds)
		return failed != 0;
	if (arguments.counts)
		counts_print(&totals.counts, stdout);
	return summarise(&totals, started) || failed;
}
