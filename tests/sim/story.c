/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/story.h"

#include "tests/sim/check.h"
#include "tests/sim/client.h"
#include "tests/sim/kernel.h"
#include "tests/sim/mirror.h"
#include "tests/sim/node.h"
#include "tests/sim/run.h"

#define SETTLE_LIMIT_US (120 * US_PER_S)

void story_run_ms(struct world *world, uint64_t duration_ms)
{
	world_run_us(world, duration_ms * US_PER_MS);
}

void story_expect(struct world *world, bool condition, const char *what)
{
	if (!condition)
		check_fail(world, "%s", what);
}

void story_settle(struct world *world)
{
	bool stopped = world->load_stopped;

	world->load_stopped = true;
	if (!world_run_until(world, SETTLE_LIMIT_US, check_all_in_sync)) {
		check_explain(world);
		check_fail(world, "the cluster does not settle");
	}
	world->load_stopped = stopped;
}

void story_start(struct world *world)
{
	world_start(world);
	run_start_checks(world);
	story_settle(world);
}

struct mapped_device *story_device(struct world *world, uint32_t node)
{
	return world->nodes[node]->kernel->devices[0];
}

static void run_io(void *context)
{
	struct story_io *io = context;

	io->status = io->is_write ? client_write(io->device, io->block)
				  : client_read(io->device, io->block, &io->value);
	if (io->is_write)
		io->value = io->device->mirror->blocks[io->block].issued;
	io->is_over = true;
}

static struct story_io *start_io(struct world *world, uint32_t node, uint32_t block, bool is_write)
{
	struct story_io *io = arena_new(&world->arena, sizeof(*io));

	io->world = world;
	io->device = story_device(world, node);
	io->block = block;
	io->is_write = is_write;
	fiber_spawn(world->nodes[node]->kernel->fibers, run_io, io);
	return io;
}

struct story_io *story_start_write(struct world *world, uint32_t node, uint32_t block)
{
	return start_io(world, node, block, true);
}

struct story_io *story_start_read(struct world *world, uint32_t node, uint32_t block)
{
	return start_io(world, node, block, false);
}

void story_wait(struct story_io *io, uint64_t limit_ms)
{
	for (uint64_t waited = 0; !io->is_over && waited < limit_ms && !io->world->failed; waited++)
		story_run_ms(io->world, 1);
	story_expect(io->world, io->is_over, "a read or write takes too long");
	story_expect(io->world, io->status == 0, "a read or write fails");
}

void story_write(struct world *world, uint32_t node, uint32_t block)
{
	story_wait(story_start_write(world, node, block), 5000);
}

/* --- reload in step --- */

struct step {
	struct mapped_device *device;
	void (*take)(struct mapped_device *device);
	bool is_over;
};

static void run_step(void *context)
{
	struct step *step = context;

	step->take(step->device);
	step->is_over = true;
}

static void take_step(struct world *world, void (*take)(struct mapped_device *device))
{
	struct step *steps[NODES_MAX + 1] = {NULL};
	bool all_over = false;

	for (uint32_t id = 1; id <= world->settings.node_count; id++) {
		if (!world->nodes[id]->is_on)
			continue;
		steps[id] = arena_new(&world->arena, sizeof(*steps[id]));
		*steps[id] = (struct step){.device = story_device(world, id), .take = take};
		fiber_spawn(world->nodes[id]->kernel->fibers, run_step, steps[id]);
	}
	for (int i = 0; i < 30000 && !all_over && !world->failed; i++) {
		story_run_ms(world, 1);
		all_over = true;
		for (uint32_t id = 1; id <= world->settings.node_count; id++)
			all_over = all_over && (!steps[id] || steps[id]->is_over);
	}
	story_expect(world, all_over, "a suspend or resume takes too long");
}

static void load(struct mapped_device *device)
{
	fiber_lock(&device->administration);
	if (mapped_device_load(device, device->mirror->region_count) != 0)
		check_fail(device->kernel->world, "a table is refused");
}

static void suspend(struct mapped_device *device)
{
	mapped_device_suspend(device, true);
}

static void resume(struct mapped_device *device)
{
	mapped_device_resume(device, false);
	fiber_unlock(&device->administration);
}

void story_reload_in_step(struct world *world)
{
	take_step(world, load);
	take_step(world, suspend);
	take_step(world, resume);
}
