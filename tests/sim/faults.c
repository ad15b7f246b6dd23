/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/faults.h"

#include "tests/sim/admin.h"
#include "tests/sim/daemon.h"
#include "tests/sim/disk.h"
#include "tests/sim/mapped_device.h"
#include "tests/sim/mirror.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

static enum fault_kind draw_kind(struct world *world)
{
	uint64_t sum = 0, dice;

	for (int kind = 0; kind < FAULT_KINDS; kind++)
		sum += world->settings.fault_weights[kind];
	if (sum == 0)
		return FAULT_KINDS;
	dice = random_below(&world->random_fault, sum);
	for (int kind = 0; kind < FAULT_KINDS; kind++) {
		if (dice < world->settings.fault_weights[kind])
			return (enum fault_kind)kind;
		dice -= world->settings.fault_weights[kind];
	}
	return FAULT_KINDS;
}

void fault_make(struct world *world, enum fault_kind kind)
{
	TRACE(world, 0, "fault: %s", fault_name(kind));
	faults_run_kind(world, kind);
}

/* Some seconds after a late write the log device may lack marks: a second failure then is beyond what is promised. */
static bool is_device_late(const struct world *world)
{
	for (uint32_t i = 0; i < world->settings.mirror_count; i++)
		if (world->mirrors[i]->log_disk && world->mirrors[i]->log_disk->late_count > 0)
			return true;
	return false;
}

static void next_fault(void *context, uint64_t argument)
{
	struct world *world = context;
	enum fault_kind kind;

	(void)argument;
	if (world->is_healing)
		return;
	kind = draw_kind(world);
	if (kind == FAULT_KINDS)
		return;
	if (!is_device_late(world))
		fault_make(world, kind);
	clock_after(&world->clock,
		    1000 + random_delay(&world->random_fault, world->settings.fault_interval_us),
		    next_fault, world, 0);
}

void faults_start(struct world *world)
{
	clock_after(&world->clock, random_delay(&world->random_fault, 10 * US_PER_S), next_fault,
		    world, 0);
}

void faults_reload_all(struct world *world, uint32_t mirror)
{
	for (uint32_t id = 1; id <= world->settings.node_count; id++)
		admin_reload(world->nodes[id], mirror);
}

/*
 * A leg that fails while the mirror comes into sync for the first time is forgotten by the kernel (reset_ms_flags() in
 * do_recovery()), and the write that met it is held: only its region, out of sync for good, shows an administrator where.
 */
static bool wants_new_table(const struct mirror *mirror, const struct mirror_set *set)
{
	return set->log_failure || set->leg_failure || set->log->failures ||
	       !list_is_empty(&set->holds) || set->region_count != mirror->region_count;
}

bool faults_repair(struct world *world)
{
	bool any = false;

	for (uint32_t id = 1; id <= world->settings.node_count; id++) {
		struct node *node = world->nodes[id];

		for (uint32_t i = 0; i < world->settings.mirror_count && node->kernel; i++) {
			struct mapped_device *device = node->kernel->devices[i];

			if (!device || !device->live ||
			    !wants_new_table(world->mirrors[i], device->live))
				continue;
			any = true;
			if (!device->administration.held)
				admin_reload(node, i);
		}
	}
	return any;
}

static void heal_mirror(struct world *world, struct mirror *mirror)
{
	for (uint32_t id = 1; id <= world->settings.node_count; id++) {
		for (uint32_t leg = 0; leg < LEGS_MAX; leg++)
			mirror->legs.broken[id][leg] = false;
		if (!mirror->log_disk)
			continue;
		mirror->log_disk->bad[id] = false;
		mirror->log_disk->bad_open[id] = false;
	}
	if (mirror->log_disk)
		mirror->log_disk->slow_factor = 1;
}

void faults_heal(struct world *world)
{
	TRACE(world, 0, "nothing hurts any more");
	world->is_healing = true;
	world->netlink_loss_per_mille = 0;
	for (uint32_t i = 0; i < world->settings.mirror_count; i++)
		heal_mirror(world, world->mirrors[i]);
	bus_heal(&world->bus);
	for (uint32_t id = 1; id <= world->settings.node_count; id++) {
		struct node *node = world->nodes[id];

		world->bus.nodes[id].is_slow = false;
		node->daemon_wanted = true;
		for (uint32_t i = 0; i < world->settings.mirror_count; i++) {
			if (node->is_on && !node->has_device[i])
				admin_create(node, i);
			node->has_device[i] = true;
		}
		if (!node->is_on)
			node_power_on(node);
		node_start_daemon(node);
	}
}
