/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/scenarios.h"

#include <string.h>

#include "tests/sim/fiber.h"
#include "tests/sim/story.h"

#define SEEDS_PER_STORY 8

/* Delays are drawn, so a story is told several times. True when it ends well. */
static bool tell(const struct story *story, uint64_t seed, const struct trace *trace)
{
	struct settings settings;
	struct world *world;
	bool fine;

	settings_calm(&settings, seed, story->node_count, story->type);
	if (story->prepare)
		story->prepare(&settings);
	world = world_new(&settings, trace);
	story->tell(world);
	fine = !world->failed;
	if (!fine)
		printf("FAILED story %s (told the %llu. time): %s\n", story->name,
		       (unsigned long long)seed, world->failure);
	world_free(world);
	fiber_cleanup();
	return fine;
}

int scenarios_run(const char *name, FILE *trace)
{
	int failed = 0, told = 0;

	for (size_t i = 0; i < story_count; i++) {
		uint64_t seed = 1;

		if (name && strcmp(name, stories[i].name) != 0)
			continue;
		told++;
		while (seed <= SEEDS_PER_STORY &&
		       tell(&stories[i], seed, &(struct trace){.out = NULL, .explain = trace}))
			seed++;
		if (seed <= SEEDS_PER_STORY && trace)
			tell(&stories[i], seed, &(struct trace){.out = trace, .explain = trace});
		if (seed <= SEEDS_PER_STORY)
			failed++;
		else
			printf("ok %s: %s\n", stories[i].name, stories[i].tells);
	}
	if (told == 0)
		printf("no story %s\n", name);
	fflush(stdout);
	return told ? failed : 1;
}
