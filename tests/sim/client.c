/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/client.h"

#include <errno.h>

#include "tests/sim/check.h"
#include "tests/sim/mirror.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

/* --- locks --- */

static bool owner_is_gone(const struct world *world, const struct block *block, uint32_t node)
{
	const struct ring *ring = world->bus.nodes[node].ring;

	if (world->nodes[block->owner]->power_epoch == block->owner_epoch)
		return false;
	return !(ring->nodes & NODE_BIT(block->owner)) ||
	       ring->incarnation[block->owner] != block->owner_epoch;
}

static bool take_lock(struct node *node, struct block *block)
{
	const struct world *world = node->world;
	bool is_mine = block->owner == node->id && block->owner_epoch == node->power_epoch;

	if (is_mine && block->busy)
		return false;
	if (!is_mine) {
		if (!bus_is_quorate(&world->bus, node->id))
			return false;
		if (block->owner && !owner_is_gone(world, block, node->id) &&
		    (block->busy || !bus_in_one_ring(&world->bus, node->id, block->owner)))
			return false;
	}
	block->owner = node->id;
	block->owner_epoch = node->power_epoch;
	block->busy = true;
	return true;
}

/* --- one request --- */

struct call {
	struct waitlist waiting;
	bool over;
};

static void call_done(struct bio *bio)
{
	struct call *call = bio->context;

	call->over = true;
	waitlist_wake(&call->waiting);
}

static void submit_and_wait(struct mapped_device *device, struct bio *bio)
{
	struct call *call = arena_new(&device->kernel->world->arena, sizeof(*call));

	bio->id = ++device->kernel->world->next_bio;
	bio->context = call;
	bio->done = call_done;
	bio->region = bio->block / BLOCKS_PER_REGION;
	TRACE(device->kernel->world, device->kernel->node->id,
	      "%s block %u (region %u) of %s: number %u", bio->is_write ? "write" : "read",
	      bio->block, bio->region, device->mirror->uuid, bio->value);
	mapped_device_submit(device, bio);
	while (!call->over)
		waitlist_wait(&call->waiting, FIBER_FOREVER);
	TRACE(device->kernel->world, device->kernel->node->id,
	      "%s block %u of %s done: number %x, status %d", bio->is_write ? "write" : "read",
	      bio->block, device->mirror->uuid, bio->value, bio->status);
}

int client_write(struct mapped_device *device, uint32_t number)
{
	struct block *block = &device->mirror->blocks[number];
	struct bio *bio;

	if (!take_lock(device->kernel->node, block))
		return -EBUSY;
	bio = arena_new(&device->kernel->world->arena, sizeof(*bio));
	bio->is_write = true;
	bio->block = number;
	bio->value = ++block->issued;
	submit_and_wait(device, bio);
	if (!bio->status)
		block->acked = bio->value;
	block->busy = false;
	return bio->status;
}

int client_read(struct mapped_device *device, uint32_t number, uint32_t *value)
{
	struct bio *bio = arena_new(&device->kernel->world->arena, sizeof(*bio));
	uint32_t acked = device->mirror->blocks[number].acked;

	bio->block = number;
	submit_and_wait(device, bio);
	*value = bio->value;
	if (!bio->status)
		check_read(device, number, acked, bio->value);
	return bio->status;
}

/* --- the load --- */

struct client {
	struct node *node;
	struct kernel *kernel;
	uint32_t mirror;
	uint32_t hot;  /* start of its hot set */
	uint32_t next; /* sequential */
};

static uint32_t pick_block(struct client *client, uint32_t blocks)
{
	struct world *world = client->kernel->world;
	uint32_t hot = blocks / 16 + 1;

	switch (world->settings.pattern) {
	case LOAD_HOT:
		if (random_chance(&world->random_load, 900))
			return (client->hot + (uint32_t)random_below(&world->random_load, hot)) %
			       blocks;
		break;
	case LOAD_SEQUENTIAL:
		return client->next++ % blocks;
	default:
		break;
	}
	return (uint32_t)random_below(&world->random_load, blocks);
}

static void one_operation(struct client *client, struct mapped_device *device)
{
	struct world *world = client->kernel->world;
	uint32_t regions = device->mirror->region_count < device->live->region_count
				   ? device->mirror->region_count
				   : device->live->region_count;
	uint32_t block = pick_block(client, regions * BLOCKS_PER_REGION);
	uint32_t value;

	device->open_count++;
	if (random_chance(&world->random_load, world->settings.write_per_mille))
		client_write(device, block);
	else
		client_read(device, block, &value);
	world->operations++;
	device->open_count--;
	waitlist_wake(&device->closing_waiting);
}

static void run_client(void *context)
{
	struct client *client = context;
	struct world *world = client->kernel->world;

	for (;;) {
		struct mapped_device *device;

		fiber_sleep_us(1000 + random_delay(&world->random_load, world->settings.think_us));
		device = client->kernel->devices[client->mirror];
		if (!device || !device->live || device->closing || world->load_stopped)
			continue;
		one_operation(client, device);
	}
}

void client_start(struct node *node, uint32_t mirror, uint32_t number)
{
	struct world *world = node->world;
	struct client *client = arena_new(&world->arena, sizeof(*client));

	client->node = node;
	client->kernel = node->kernel;
	client->mirror = mirror;
	client->hot =
		number % 2 ? 0 : node->id * 64; /* some share their hot set with other nodes */
	client->next = (uint32_t)random_below(&world->random_load, BLOCKS_MAX);
	fiber_spawn(node->kernel->fibers, run_client, client);
}
