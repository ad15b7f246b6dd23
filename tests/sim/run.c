/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/run.h"

#include <string.h>

#include "tests/sim/check.h"
#include "tests/sim/faults.h"
#include "tests/sim/mirror.h"
#include "tests/sim/world.h"

#define CHECK_PERIOD_US US_PER_S
#define FIRST_TABLE_US  US_PER_MS
#define JOIN_LIMIT_US   (120 * US_PER_S)
#define QUIET_LIMIT_US  (120 * US_PER_S)
#define SYNC_LIMIT_US   (400 * US_PER_S)

static void look_around(void *context, uint64_t argument)
{
	struct world *world = context;

	(void)argument;
	check_replicas(world);
	if (world->healthy_since_us)
		check_answers_in_time(world);
	clock_after(&world->clock, CHECK_PERIOD_US, look_around, world, 0);
}

/* LVM says nosync only when it makes a mirror, which all nodes load at the start; no later table does. */
static void forget_sync_word(void *context, uint64_t argument)
{
	struct world *world = context;

	(void)argument;
	for (uint32_t i = 0; i < world->settings.mirror_count; i++)
		world->mirrors[i]->sync_now = LOG_SYNC_DEFAULT;
}

void run_start_checks(struct world *world)
{
	clock_after(&world->clock, CHECK_PERIOD_US, look_around, world, 0);
	clock_after(&world->clock, FIRST_TABLE_US, forget_sync_word, world, 0);
}

static bool is_well(struct world *world)
{
	return check_all_joined(world) && !faults_repair(world);
}

/* What failed is seen late by a daemon that was asleep: the administrator looks again. */
static bool is_quiet(struct world *world)
{
	return !faults_repair(world) && check_all_quiet(world);
}

static void fail_unless(struct world *world, bool condition, const char *what)
{
	if (condition || world->failed || world->spoiled)
		return;
	check_explain(world);
	check_fail(world, "%s", what);
}

void run_converge(struct world *world)
{
	faults_heal(world);
	fail_unless(world, world_run_until(world, JOIN_LIMIT_US, is_well),
		    "healed, and not all daemons join");
	world_run_us(world, 20 * US_PER_S);
	world->healthy_since_us = world->clock.now_us;
	world_run_us(world, 10 * US_PER_S);
	world->load_stopped = true;
	fail_unless(world, world_run_until(world, QUIET_LIMIT_US, is_quiet),
		    "healed, and not all I/O comes to its end");
	fail_unless(world, world_run_until(world, SYNC_LIMIT_US, check_all_in_sync),
		    "healed, and the mirrors do not come into sync");
	world_run_us(world, 5 * US_PER_S);
	fail_unless(world, check_all_in_sync(world),
		    "in sync, and out of it again without a reason");
	if (!world->failed && !world->spoiled)
		check_legs_equal(world);
}

void run_seed(const struct settings *settings, const struct trace *trace, struct run_result *result)
{
	struct world *world = world_new(settings, trace);

	if (trace->explain)
		settings_describe(settings, trace->explain);
	world_start(world);
	run_start_checks(world);
	fencer_start(world);
	faults_start(world);
	if (world_run_us(world, settings->hurt_s * US_PER_S))
		run_converge(world);
	*result = (struct run_result){
		.failed = world->failed,
		.virtual_us = world->clock.now_us,
		.operations = world->operations,
		.steps = world->clock.steps,
		.counts = world->counts,
	};
	memcpy(result->failure, world->failure, sizeof(result->failure));
	world_free(world);
}
