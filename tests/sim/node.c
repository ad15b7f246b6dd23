/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/node.h"

#include "tests/sim/admin.h"
#include "tests/sim/check.h"
#include "tests/sim/client.h"
#include "tests/sim/daemon.h"
#include "tests/sim/kernel.h"
#include "tests/sim/mirror.h"
#include "tests/sim/moments.h"
#include "tests/sim/world.h"

struct node *node_new(struct world *world, uint32_t id)
{
	struct node *node = arena_new(&world->arena, sizeof(*node));

	node->world = world;
	node->id = id;
	node->power_epoch = 1;
	for (uint32_t i = 0; i < world->settings.mirror_count; i++)
		node->has_device[i] = true;
	return node;
}

void node_power_on(struct node *node)
{
	struct world *world = node->world;

	if (node->is_on)
		return;
	TRACE(world, node->id, "power on");
	node->is_on = true;
	node_is_back(node);
	node->clock_offset_ms = random_below(&world->random_io, 1000000);
	node->kernel = kernel_new(node);
	node->daemon_wanted = true;
	bus_start(&world->bus, node->id);
	node_start_daemon(node);
	for (uint32_t i = 0; i < world->settings.mirror_count; i++) {
		if (node->has_device[i])
			admin_create(node, i);
		for (uint32_t j = 0; j < world->settings.clients_per_node; j++)
			client_start(node, i, j);
	}
}

static void count_torn(const struct node *node)
{
	if (moment_is_torn(node))
		COUNT(node->world, TORN_DEATHS);
}

void node_power_off(struct node *node)
{
	struct world *world = node->world;

	if (!node->is_on)
		return;
	TRACE(world, node->id, "power off");
	count_torn(node);
	node->power_epoch++;
	node->is_on = false;
	node->daemon_wanted = false;
	bus_stop(&world->bus, node->id);
	if (node->daemon)
		daemon_kill(node->daemon);
	fiber_set_kill(node->kernel->fibers);
	node->kernel = NULL;
	check_blackout(world);
}

void node_kill_daemon(struct node *node)
{
	if (!node->daemon)
		return;
	daemon_kill(node->daemon);
}

void node_start_daemon(struct node *node)
{
	if (node->is_on && !node->daemon)
		daemon_start(node);
}

static bool is_writing(const struct node *node)
{
	for (uint32_t i = 0; node->kernel && i < node->world->settings.mirror_count; i++)
		for (uint32_t region = 0; region < node->world->mirrors[i]->region_count; region++)
			if (node->kernel->leg_writes[i][region])
				return true;
	return false;
}

void node_cut_off(struct node *node)
{
	node->may_diverge = true;
	node->has_diverged = node->has_diverged || is_writing(node);
}

void node_is_back(struct node *node)
{
	node->may_diverge = false;
	node->has_diverged = false;
}

static void corosync_returns(void *context, uint64_t power_epoch)
{
	struct node *node = context;

	if (node->power_epoch != power_epoch || !node->is_on)
		return;
	TRACE(node->world, node->id, "corosync starts");
	bus_start(&node->world->bus, node->id);
	if (node->daemon)
		bus_join(&node->world->bus, node->id);
}

void node_crash_corosync(struct node *node, uint64_t down_us)
{
	if (!node->is_on || !node->world->bus.nodes[node->id].is_up)
		return;
	TRACE(node->world, node->id, "corosync crashes");
	bus_stop(&node->world->bus, node->id);
	if (!node->world->settings.fencing)
		node_cut_off(node);
	if (node->daemon)
		daemon_push_disconnected(node->daemon);
	clock_after(&node->world->clock, down_us, corosync_returns, node, node->power_epoch);
}
