/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/world.h"

#include <stdarg.h>
#include <stdlib.h>

#include "common/memory.h"
#include "tests/sim/check.h"
#include "tests/sim/daemon.h"
#include "tests/sim/fiber.h"
#include "tests/sim/kernel.h"
#include "tests/sim/mirror.h"
#include "tests/sim/node.h"

void trace_line(struct world *world, uint32_t node, const char *format, ...)
{
	uint64_t now_us = world->clock.now_us;
	va_list arguments;

	fprintf(world->trace.out, "%5llu.%06llu ", (unsigned long long)(now_us / US_PER_S),
		(unsigned long long)(now_us % US_PER_S));
	if (node)
		fprintf(world->trace.out, "n%u  ", node);
	else
		fprintf(world->trace.out, "--  ");
	va_start(arguments, format);
	vfprintf(world->trace.out, format, arguments);
	va_end(arguments);
	fputc('\n', world->trace.out);
}

struct world *world_new(const struct settings *settings, const struct trace *trace)
{
	struct world *world = memory_new(1, sizeof(*world));

	world->settings = *settings;
	world->trace = *trace;
	random_init(&world->random_io, settings->seed, 2);
	random_init(&world->random_bus, settings->seed, 3);
	random_init(&world->random_load, settings->seed, 4);
	random_init(&world->random_fault, settings->seed, 5);
	bus_init(&world->bus, world);
	for (uint32_t id = 1; id <= settings->node_count; id++) {
		world->nodes[id] = node_new(world, id);
		world->all_nodes |= NODE_BIT(id);
	}
	for (uint32_t i = 0; i < settings->mirror_count; i++)
		world->mirrors[i] = mirror_new(world, i);
	check_init(world);
	return world;
}

void world_free(struct world *world)
{
	for (uint32_t id = 1; id <= world->settings.node_count; id++) {
		struct node *node = world->nodes[id];

		if (node->daemon)
			engine_free(node->daemon->engine);
		if (node->kernel)
			fiber_set_kill(node->kernel->fibers);
	}
	clock_free(&world->clock);
	arena_free(&world->arena);
	free(world);
}

void world_start(struct world *world)
{
	for (uint32_t id = 1; id <= world->settings.node_count; id++)
		node_power_on(world->nodes[id]);
}

bool world_run_us(struct world *world, uint64_t duration_us)
{
	uint64_t end_us = world->clock.now_us + duration_us, next_us;

	while (!world->failed && !world->spoiled && clock_next(&world->clock, &next_us) &&
	       next_us <= end_us)
		clock_step(&world->clock);
	if (!world->failed)
		world->clock.now_us = end_us;
	return !world->failed && !world->spoiled;
}

bool world_run_until(struct world *world, uint64_t duration_us,
		     bool (*condition)(struct world *world))
{
	uint64_t end_us = world->clock.now_us + duration_us;

	while (!world->failed && !world->spoiled && !condition(world)) {
		if (world->clock.now_us >= end_us)
			return false;
		world_run_us(world, 100 * US_PER_MS);
	}
	return !world->failed && !world->spoiled;
}
