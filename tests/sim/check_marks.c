/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A FLUSH that was answered is a promise: the marked regions are dirty on the
 * log device and in every replica until the CLEAR is sent. Not for a node that
 * was cut off without fencing: what it marked is the others' to give away.
 */
#include <string.h>

#include "tests/sim/check.h"
#include "tests/sim/daemon.h"
#include "tests/sim/disk.h"
#include "tests/sim/kernel_log.h"
#include "tests/sim/mapped_device.h"
#include "tests/sim/mirror.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

static const struct kernel_log *live_log(const struct node *node, uint32_t mirror)
{
	const struct mapped_device *device;

	if (!node || !node->is_on)
		return NULL;
	device = node->kernel->devices[mirror];
	return device && device->live ? device->live->log : NULL;
}

/* A node that was promised the region dirty, or 0. */
static uint32_t promised_to(const struct world *world, uint32_t mirror, uint32_t region)
{
	for (uint32_t id = 1; id <= world->settings.node_count; id++) {
		const struct kernel_log *log = live_log(world->nodes[id], mirror);

		if (log && !world->nodes[id]->may_diverge && log->promised[region])
			return id;
	}
	return 0;
}

static void check_bits(const struct disk *disk, const struct kernel_log *log, uint32_t node,
		       const char *when)
{
	for (uint32_t region = 0; region < log->region_count; region++)
		if (log->promised[region])
			COUNT(disk->world, PROMISES);
	for (uint32_t region = 0; region < log->region_count; region++)
		if (log->promised[region] && disk_says_clean(disk, region) &&
		    !disk_is_late(disk, region))
			check_fail(disk->world,
				   "%s: region %u of %s is clean on the log device, node %u has it "
				   "marked",
				   when, region, disk->mirror->uuid, node);
}

void check_flushed(struct kernel_log *log)
{
	if (log->mirror->log_disk && !log->kernel->node->may_diverge)
		check_bits(log->mirror->log_disk, log, log->kernel->node->id, "FLUSH answered");
}

void check_disk(struct disk *disk, uint32_t node)
{
	for (uint32_t id = 1; id <= disk->world->settings.node_count; id++) {
		const struct kernel_log *log =
			live_log(disk->world->nodes[id], disk->mirror->index);
		char when[40];

		if (!log || disk->world->nodes[id]->may_diverge)
			continue;
		snprintf(when, sizeof(when), "write of node %u landed", node);
		check_bits(disk, log, id, when);
	}
}

/*
 * Has this daemon seen all that was ordered, is there nothing on its way, and is it sure of its quorum? While it is not
 * it hands out nothing, and has not read yet what only a dead writer had marked.
 */
static bool is_current(const struct world *world, const struct daemon *daemon)
{
	struct engine_status status;

	if (!bus_is_caught_up(&world->bus, daemon->node->id) ||
	    !bus_is_quorate(&world->bus, daemon->node->id))
		return false;
	for (int source = 0; source < SOURCES; source++)
		if (daemon->queues[source].count)
			return false;
	if (!world->bus.nodes[daemon->node->id].joined)
		return false;
	engine_status(daemon->engine, &status);
	return status.joined && status.quorate;
}

static bool any_diverges(const struct world *world)
{
	for (uint32_t id = 1; id <= world->settings.node_count; id++)
		if (world->nodes[id]->is_on && world->nodes[id]->may_diverge)
			return true;
	return false;
}

static void check_region(struct world *world, struct daemon *daemon, const struct kernel_log *log,
			 uint32_t region)
{
	const struct mirror *mirror = log->mirror;
	uint32_t holder;

	if (daemon_probe_clean(daemon, mirror->uuid, log->luid, region) != 1)
		return;
	holder = promised_to(world, mirror->index, region);
	if (holder)
		check_fail(world, "region %u of %s is clean to node %u, node %u has it marked",
			   region, mirror->uuid, daemon->node->id, holder);
	COUNT(world, PROBED_CLEAN);
	if (legs_differ(&mirror->legs, region) && !any_diverges(world)) {
		char what[96];

		snprintf(what, sizeof(what), "region %u of %s is clean to node %u", region,
			 mirror->uuid, daemon->node->id);
		legs_fail(&mirror->legs, region, what);
	}
}

static void check_replica(struct world *world, struct daemon *daemon)
{
	for (uint32_t i = 0; i < world->settings.mirror_count; i++) {
		const struct kernel_log *log = live_log(daemon->node, i);

		if (!log || daemon->node->kernel->devices[i]->suspended)
			continue;
		for (uint32_t region = 0; region < log->region_count && !world->failed; region++)
			check_region(world, daemon, log, region);
	}
}

struct known {
	uint64_t luid;
	uint32_t node;
	bool is_known;
};

static bool has_active(const struct engine_log_status *log, uint64_t luid)
{
	for (size_t i = 0; i < log->instance_count; i++)
		if (log->instances[i].luid == luid &&
		    strcmp(log->instances[i].state, "active") == 0)
			return true;
	return false;
}

static void look_for_instance(void *context, const struct engine_log_status *log)
{
	struct known *known = context;

	if (!has_active(log, known->luid))
		return;
	/* What it told when it came back waits for a device that works. */
	known->is_known = log->health != 'D';
	/* Its marks of before are not known yet: a suspend is to come. */
	for (size_t i = 0; i < log->unheard_count; i++)
		if (log->unheard[i] == known->node)
			known->is_known = false;
}

/* Has the kernel met this daemon, with all that it has, and has the log device? */
static bool knows_kernel(const struct daemon *daemon)
{
	for (uint32_t i = 0; i < daemon->world->settings.mirror_count; i++) {
		const struct kernel_log *log = live_log(daemon->node, i);
		struct known known = {.luid = log ? log->luid : 0, .node = daemon->node->id};

		if (log)
			engine_status_logs(daemon->engine, &known, look_for_instance);
		if (log && !known.is_known)
			return false;
	}
	return true;
}

/* A node is in step again when its daemon has been a member long enough to have told its marks. */
static void end_divergence(struct world *world, struct node *node, bool current)
{
	if (!node->daemon)
		return;
	if (!current || !knows_kernel(node->daemon))
		node->daemon->joined_since_us = 0;
	else if (!node->daemon->joined_since_us)
		node->daemon->joined_since_us = world->clock.now_us;
	else if (world->clock.now_us - node->daemon->joined_since_us > 2 * US_PER_S)
		node_is_back(node);
}

void check_replicas(struct world *world)
{
	bool current[NODES_MAX + 1] = {false};

	for (uint32_t id = 1; id <= world->settings.node_count; id++) {
		struct daemon *daemon = world->nodes[id]->daemon;

		current[id] = daemon && is_current(world, daemon);
		end_divergence(world, world->nodes[id], current[id]);
	}
	for (uint32_t id = 1; id <= world->settings.node_count && !world->failed; id++)
		if (current[id])
			check_replica(world, world->nodes[id]->daemon);
}
