/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clogd-planted: has the simulator teeth? For each bug of common/planted.h it
 * looks for a seed that fails with the bug and does not without it: the seeds
 * that found it before, then fresh ones until the time is up.
 */
#define CLOGD_PLANTED_BUGS
#include "common/planted.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sim/batch.h"

#define SEEDS_AT_ONCE   8
#define SEEDS_KNOWN_MAX 16

enum planted planted_bug;

struct bug {
	const char *name;
	const char *effect;
};

#define BUG_TEXT(name, option, effect) [PLANTED_##name] = {option, effect},
static const struct bug bugs[PLANTED_COUNT] = {PLANTED_BUGS(BUG_TEXT)};
#undef BUG_TEXT

struct hunt {
	enum planted bug;
	uint64_t failed_seed; /* 0: none of the batch failed */
	struct run_result failure;
	uint64_t looked_at;
};

static enum planted bug_by_name(const char *name)
{
	for (int bug = PLANTED_NONE + 1; bug < PLANTED_COUNT; bug++)
		if (strcmp(bugs[bug].name, name) == 0)
			return (enum planted)bug;
	return PLANTED_NONE;
}

static void note_failure(void *context, uint64_t seed, const struct run_result *result)
{
	struct hunt *hunt = context;

	hunt->looked_at++;
	if (hunt->failed_seed || !result->failed)
		return;
	hunt->failed_seed = seed;
	hunt->failure = *result;
}

/* A seed that fails without the bug says nothing about it. */
static bool is_fine_without(uint64_t seed)
{
	struct hunt clean = {0};

	planted_bug = PLANTED_NONE;
	batch_run(&seed, 1, note_failure, &clean);
	return !clean.failed_seed;
}

static bool try_seeds(struct hunt *hunt, const uint64_t *seeds, size_t count)
{
	hunt->failed_seed = 0;
	planted_bug = hunt->bug;
	batch_run(seeds, count, note_failure, hunt);
	return hunt->failed_seed && is_fine_without(hunt->failed_seed);
}

static bool try_fresh(struct hunt *hunt, uint64_t first, double seconds)
{
	double end = batch_cpu_seconds() + seconds;
	uint64_t seeds[SEEDS_AT_ONCE];

	while (batch_cpu_seconds() < end) {
		for (size_t i = 0; i < SEEDS_AT_ONCE; i++)
			seeds[i] = first++;
		if (try_seeds(hunt, seeds, SEEDS_AT_ONCE))
			return true;
	}
	return false;
}

/* Lines of a bug's name and the seeds that found it. */
static size_t known_seeds(const char *path, const char *name, uint64_t *seeds)
{
	FILE *file = path ? fopen(path, "r") : NULL;
	size_t count = 0;
	char line[512];

	if (path && !file) {
		perror(path);
		exit(2);
	}
	while (file && fgets(line, sizeof(line), file)) {
		char *word = strtok(line, " \n");

		if (!word || strcmp(word, name) != 0)
			continue;
		while ((word = strtok(NULL, " \n")) && count < SEEDS_KNOWN_MAX)
			seeds[count++] = strtoull(word, NULL, 10);
	}
	if (file)
		fclose(file);
	return count;
}

struct arguments {
	const char *seed_file;
	const char *seed;
	double seconds;
	uint64_t first;
	bool traced;
};

static bool find(enum planted bug, const struct arguments *arguments)
{
	struct hunt hunt = {.bug = bug};
	double started = batch_cpu_seconds();
	uint64_t seeds[SEEDS_KNOWN_MAX];
	size_t count = known_seeds(arguments->seed_file, bugs[bug].name, seeds);
	bool found = false;

	for (size_t i = 0; i < count && !found; i++)
		found = try_seeds(&hunt, &seeds[i], 1);
	found = found || try_fresh(&hunt, arguments->first, arguments->seconds);
	printf("%-20s %s after %llu seeds, %.1f s of CPU", bugs[bug].name,
	       found ? "found" : "NOT FOUND", (unsigned long long)hunt.looked_at,
	       batch_cpu_seconds() - started);
	if (found)
		printf(", by seed %llu: %s", (unsigned long long)hunt.failed_seed,
		       hunt.failure.failure);
	else
		printf(" (fresh ones from %llu on): %s", (unsigned long long)arguments->first,
		       bugs[bug].effect);
	printf("\n");
	fflush(stdout);
	return found;
}

static int replay(enum planted bug, const struct arguments *arguments)
{
	struct run_result result;

	planted_bug = bug;
	batch_run_here(strtoull(arguments->seed, NULL, 10),
		       &(struct trace){arguments->traced ? stdout : NULL, stdout}, &result);
	printf("%s\n", result.failed ? result.failure : "fine");
	return result.failed;
}

static void usage(FILE *out, const char *program)
{
	fprintf(out,
		"usage: %s [--seed-file FILE] [--seconds S] [--first N] [BUG...]\n"
		"       %s --seed N [--trace] BUG\n"
		"  --seed-file    known seeds, lines of BUG SEED...\n"
		"  --seconds      of CPU for fresh seeds, for each bug (60)\n"
		"  --first        the first of the fresh seeds; else it comes from the clock\n"
		"  --seed         that one with BUG built in; with --trace, tell all that happens\n"
		"BUG is one of these; none means all of them:\n",
		program, program);
	for (int bug = PLANTED_NONE + 1; bug < PLANTED_COUNT; bug++)
		fprintf(out, "  %-20s %s\n", bugs[bug].name, bugs[bug].effect);
}

/* 0 to go on, or the exit status plus one. */
static int parse(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{"seed-file", required_argument, NULL, 'f'},
		{"seconds", required_argument, NULL, 's'},
		{"first", required_argument, NULL, '1'},
		{"seed", required_argument, NULL, 'n'},
		{"trace", no_argument, NULL, 't'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'f')
			arguments->seed_file = optarg;
		else if (option == 's')
			arguments->seconds = strtod(optarg, NULL);
		else if (option == '1')
			arguments->first = strtoull(optarg, NULL, 10);
		else if (option == 'n')
			arguments->seed = optarg;
		else if (option == 't')
			arguments->traced = true;
		else {
			usage(option == 'h' ? stdout : stderr, argv[0]);
			return option == 'h' ? 1 : 3;
		}
	}
	for (int i = optind; i < argc; i++)
		if (!bug_by_name(argv[i])) {
			usage(stderr, argv[0]);
			return 3;
		}
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {.seconds = 60, .first = (uint64_t)time(NULL) * 1000};
	int found = 0, count = 0;
	int status = parse(argc, argv, &arguments);

	if (status)
		return status - 1;
	if (arguments.seed)
		return replay(optind < argc ? bug_by_name(argv[optind]) : PLANTED_NONE, &arguments);
	for (int bug = PLANTED_NONE + 1; bug < PLANTED_COUNT; bug++) {
		bool wanted = optind == argc;

		for (int i = optind; i < argc; i++)
			wanted = wanted || bug_by_name(argv[i]) == (enum planted)bug;
		if (!wanted)
			continue;
		count++;
		found += find((enum planted)bug, &arguments);
	}
	printf("%d planted bugs, %d found, %.0f s of CPU\n", count, found, batch_cpu_seconds());
	return found < count;
}
