/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function a kind of trouble. Each comes with its end. */
#include "tests/sim/admin.h"
#include "tests/sim/check.h"
#include "tests/sim/daemon.h"
#include "tests/sim/disk.h"
#include "tests/sim/faults.h"
#include "tests/sim/mapped_device.h"
#include "tests/sim/mirror.h"
#include "tests/sim/moments.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

static struct node *any_node(struct world *world)
{
	return world->nodes[1 + random_below(&world->random_fault, world->settings.node_count)];
}

static uint32_t any_mirror(struct world *world)
{
	return (uint32_t)random_below(&world->random_fault, world->settings.mirror_count);
}

static uint64_t between_ms(struct world *world, uint64_t low, uint64_t high)
{
	return random_between(&world->random_fault, low, high) * US_PER_MS;
}

/* --- power --- */

static void power_returns(void *context, uint64_t argument)
{
	(void)argument;
	node_power_on(context);
}

static void cut_power(struct node *node)
{
	struct world *world = node->world;

	if (!node->is_on || (node->may_diverge && !world->settings.fencing))
		return;
	node_power_off(node);
	clock_after(&world->clock, between_ms(world, 4000, 40000), power_returns, node, 0);
}

static void cut_power_now(struct world *world, struct node *node)
{
	(void)world;
	cut_power(node);
}

static enum moment any_moment(struct world *world, enum moment bad)
{
	return random_chance(&world->random_fault, 700) ? bad : MOMENT_ANY;
}

static void power_off(struct world *world)
{
	enum moment bad = random_chance(&world->random_fault, 700) ? MOMENT_TORN : MOMENT_UNEVEN;

	moment_wait(world, any_node(world), any_moment(world, bad), cut_power_now);
}

static void blackout(struct world *world)
{
	for (uint32_t id = 1; id <= world->settings.node_count; id++)
		if (world->nodes[id]->may_diverge)
			return;
	for (uint32_t id = 1; id <= world->settings.node_count; id++)
		cut_power(world->nodes[id]);
}

/* --- the daemon --- */

static void daemon_returns(void *context, uint64_t power_epoch)
{
	struct node *node = context;

	if (node->power_epoch == power_epoch && node->daemon_wanted)
		node_start_daemon(node);
}

static void kill_daemon(struct node *node, uint64_t down_us)
{
	if (node->has_diverged)
		return;
	node_kill_daemon(node);
	clock_after(&node->world->clock, down_us, daemon_returns, node, node->power_epoch);
}

static uint64_t down_time(struct world *world)
{
	return random_chance(&world->random_fault, 700) ? between_ms(world, 10, 1500)
							: between_ms(world, 1500, 20000);
}

static void kill_daemon_now(struct world *world, struct node *node)
{
	kill_daemon(node, down_time(world));
}

static void daemon_kill_one(struct world *world)
{
	moment_wait(world, any_node(world), any_moment(world, MOMENT_BUSY), kill_daemon_now);
}

static void wait_for_stop(void *context, uint64_t power_epoch)
{
	struct node *node = context;

	if (node->power_epoch != power_epoch)
		return;
	if (node->daemon)
		clock_after(&node->world->clock, 200 * US_PER_MS, wait_for_stop, node, power_epoch);
	else
		daemon_returns(node, power_epoch);
}

static void daemon_stop_one(struct world *world)
{
	struct node *node = any_node(world);

	if (!node->daemon || node->daemon->stopping || node->has_diverged)
		return;
	daemon_stop(node->daemon);
	clock_after(&world->clock, between_ms(world, 100, 5000), wait_for_stop, node,
		    node->power_epoch);
	/* systemd's patience */
	clock_after(&world->clock, 30 * US_PER_S, daemon_returns, node, node->power_epoch);
}

static void daemon_pause_one(struct world *world)
{
	struct node *node = any_node(world);

	if (node->daemon)
		daemon_pause(node->daemon, random_chance(&world->random_fault, 800)
						   ? between_ms(world, 20, 3000)
						   : between_ms(world, 3000, 20000));
}

static void all_daemons(struct world *world)
{
	for (uint32_t id = 1; id <= world->settings.node_count; id++)
		kill_daemon(world->nodes[id], down_time(world));
}

static void storm_strikes(void *context, uint64_t strikes)
{
	struct node *node = context;

	if (!node->daemon || node->world->is_healing)
		return;
	kill_daemon(node, between_ms(node->world, 1, 100));
	if (strikes > 1)
		clock_after(&node->world->clock, between_ms(node->world, 5, 500), storm_strikes,
			    node, strikes - 1);
}

static void join_storm(struct world *world)
{
	uint64_t nodes = random_u64(&world->random_fault);

	for (uint32_t id = 1; id <= world->settings.node_count; id++)
		if (nodes & NODE_BIT(id))
			storm_strikes(world->nodes[id], random_between(&world->random_fault, 2, 6));
}

/* --- the network --- */

static void wire_returns(void *context, uint64_t argument)
{
	struct world *world = context;

	(void)argument;
	bus_heal(&world->bus);
}

static void partition_now(struct world *world, struct node *node)
{
	uint32_t nodes = (uint32_t)random_u64(&world->random_fault) & world->all_nodes;

	(void)node;

	if (nodes == 0 || nodes == world->all_nodes)
		return;
	bus_partition(&world->bus, nodes);
	TRACE(world, 0, "nodes %x are cut off", nodes >> 1);
	clock_after(&world->clock, between_ms(world, 500, 20000), wire_returns, world, 0);
}

static void partition(struct world *world)
{
	moment_wait(world, NULL, any_moment(world, MOMENT_UNEVEN), partition_now);
}

static void crash_corosync_now(struct world *world, struct node *node)
{
	node_crash_corosync(node, between_ms(world, 500, 10000));
}

static void corosync(struct world *world)
{
	moment_wait(world, any_node(world), any_moment(world, MOMENT_UNEVEN), crash_corosync_now);
}

static void bus_is_quick_again(void *context, uint64_t argument)
{
	struct bus_node *node = context;

	(void)argument;
	node->is_slow = false;
}

static void slow_bus(struct world *world)
{
	struct bus_node *node = &world->bus.nodes[any_node(world)->id];

	node->is_slow = true;
	clock_after(&world->clock, between_ms(world, 500, 10000), bus_is_quick_again, node, 0);
}

static void netlink_is_good_again(void *context, uint64_t argument)
{
	struct world *world = context;

	(void)argument;
	world->netlink_loss_per_mille = 0;
}

static void netlink_loss(struct world *world)
{
	world->netlink_loss_per_mille = world->settings.netlink_loss_per_mille;
	clock_after(&world->clock, between_ms(world, 500, 10000), netlink_is_good_again, world, 0);
}

/* --- disks --- */

static void disk_is_good_again(void *context, uint64_t argument)
{
	struct disk *disk = context;

	(void)argument;
	disk->slow_factor = 1;
	for (uint32_t id = 1; id <= NODES_MAX; id++)
		disk->bad[id] = disk->bad_open[id] = false;
	faults_repair(disk->world);
}

static void slow_disk(struct world *world)
{
	struct disk *disk = world->mirrors[any_mirror(world)]->log_disk;

	if (!disk)
		return;
	disk->slow_factor = (uint32_t)random_between(&world->random_fault, 10, 3000);
	clock_after(&world->clock, between_ms(world, 500, 10000), disk_is_good_again, disk, 0);
}

static uint64_t outage(struct world *world)
{
	return between_ms(world, 100, 8000) * world->settings.outage_factor;
}

/* A kernel that does not handle errors writes on without a log: nothing can be promised then. */
static void bad_disk(struct world *world)
{
	struct mirror *mirror = world->mirrors[any_mirror(world)];
	struct disk *disk = mirror->log_disk;
	uint32_t nodes = random_chance(&world->random_fault, 500) ? world->all_nodes
								  : NODE_BIT(any_node(world)->id);
	bool open_too = random_chance(&world->random_fault, 500);

	if (!disk || !mirror->settings.handle_errors)
		return;
	disk->was_bad = true;
	for (uint32_t id = 1; id <= NODES_MAX; id++)
		if (nodes & NODE_BIT(id)) {
			disk->bad[id] = true;
			disk->bad_open[id] = open_too;
		}
	clock_after(&world->clock, outage(world), disk_is_good_again, disk, 0);
}

static void path_is_good_again(void *context, uint64_t argument)
{
	struct legs *legs = context;

	(void)argument;
	for (uint32_t id = 1; id <= NODES_MAX; id++)
		for (uint32_t leg = 0; leg < LEGS_MAX; leg++)
			legs->broken[id][leg] = false;
	faults_repair(legs->world);
}

/* Never the first leg: a node that then reads another one than the rest is beyond what a log can mend. */
static void bad_path(struct world *world)
{
	struct mirror *mirror = world->mirrors[any_mirror(world)];

	if (!mirror->settings.handle_errors)
		return;
	mirror->legs.broken[any_node(world)->id][1] = true;
	clock_after(&world->clock, outage(world), path_is_good_again, &mirror->legs, 0);
}

/* --- administration --- */

static void cycle(struct world *world)
{
	/* noflush: else a held write is answered with an error */
	admin_cycle(any_node(world), any_mirror(world), true);
}

static void reload(struct world *world)
{
	uint32_t mirror = any_mirror(world);

	if (random_chance(&world->random_fault, 500))
		faults_reload_all(world, mirror);
	else
		admin_reload(any_node(world), mirror);
}

static void grow(struct world *world)
{
	uint32_t index = any_mirror(world);
	struct mirror *mirror = world->mirrors[index];
	uint32_t more = (uint32_t)random_between(&world->random_fault, 1, 24);

	if (mirror->region_count + more > REGIONS_MAX)
		return;
	mirror_resize(mirror, mirror->region_count + more);
	faults_reload_all(world, index);
}

static void shrink(struct world *world)
{
	uint32_t index = any_mirror(world);
	struct mirror *mirror = world->mirrors[index];
	uint32_t less = (uint32_t)random_between(&world->random_fault, 1, 24);

	if (mirror->region_count <= less)
		return;
	mirror_resize(mirror, mirror->region_count - less);
	faults_reload_all(world, index);
}

static void remove_one(struct world *world)
{
	admin_remove(any_node(world), any_mirror(world), true);
}

static void status(struct world *world)
{
	admin_status(any_node(world), any_mirror(world));
}

static void (*const kinds[FAULT_KINDS])(struct world *world) = {
	[FAULT_POWER_OFF] = power_off,
	[FAULT_DAEMON_KILL] = daemon_kill_one,
	[FAULT_DAEMON_STOP] = daemon_stop_one,
	[FAULT_DAEMON_PAUSE] = daemon_pause_one,
	[FAULT_ALL_DAEMONS] = all_daemons,
	[FAULT_PARTITION] = partition,
	[FAULT_COROSYNC] = corosync,
	[FAULT_SLOW_BUS] = slow_bus,
	[FAULT_NETLINK_LOSS] = netlink_loss,
	[FAULT_SLOW_DISK] = slow_disk,
	[FAULT_BAD_DISK] = bad_disk,
	[FAULT_BAD_PATH] = bad_path,
	[FAULT_CYCLE] = cycle,
	[FAULT_RELOAD] = reload,
	[FAULT_GROW] = grow,
	[FAULT_REMOVE] = remove_one,
	[FAULT_STATUS] = status,
	[FAULT_JOIN_STORM] = join_storm,
	[FAULT_BLACKOUT] = blackout,
	[FAULT_SHRINK] = shrink,
};

void faults_run_kind(struct world *world, enum fault_kind kind)
{
	kinds[kind](world);
}
