/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stories themselves. Each is a few sentences; the checkers watch all the time. */
#include "tests/sim/admin.h"
#include "tests/sim/check.h"
#include "tests/sim/daemon.h"
#include "tests/sim/disk.h"
#include "tests/sim/faults.h"
#include "tests/sim/mapped_device.h"
#include "tests/sim/mirror.h"
#include "tests/sim/node.h"
#include "tests/sim/story.h"

#define REGION(region) ((region)*BLOCKS_PER_REGION)

static struct legs *legs_of(struct world *world)
{
	return &world->mirrors[0]->legs;
}

/* --- what broke earlier implementations --- */

/*
 * 1. A prepares a snapshot for B. 2. B leaves and joins again, and A's marks go
 * on. 3. The old snapshot arrives: B must not take it. Replicas are compared at
 * every message.
 */
static void tell_stale_snapshot(struct world *world)
{
	struct node *joiner = world->nodes[3];

	story_start(world);
	world->compare_always = true;
	for (uint32_t i = 0; i < 60 && !world->failed; i++) {
		node_kill_daemon(joiner);
		story_start_write(world, 1, REGION(i % 64));
		world_run_us(world, random_below(&world->random_fault, 3000));
		node_start_daemon(joiner);
		story_start_write(world, 2, REGION((i + 7) % 64) + 1);
		world_run_us(world, random_below(&world->random_fault, 9000));
	}
	story_run_ms(world, 5000);
	story_settle(world);
	check_legs_equal(world);
}

/*
 * 1. The mirror is in sync. 2. A's path to the primary leg fails; A reports the
 * region and holds its write. 3. B, whose paths work, writes the same region.
 * 4. The primary leg is given up: the other becomes the primary on all nodes.
 * B's write must have reached it.
 */
static void tell_lost_write(struct world *world)
{
	struct story_io *held, *read;
	struct mirror *mirror = world->mirrors[0];

	story_start(world);
	for (uint32_t id = 1; id <= world->settings.node_count; id++)
		story_write(world, id, REGION(id)); /* its kernel hears that all is in sync */
	story_settle(world);
	legs_of(world)->broken[1][0] = true;
	held = story_start_write(world, 1, REGION(5));
	story_run_ms(world, 200);
	story_expect(world, !held->is_over, "a write that failed on one leg is held");
	story_write(world, 2, REGION(5) + 1);
	story_expect(world,
		     legs_of(world)->content[1][REGION(5) + 1] ==
			     mirror->blocks[REGION(5) + 1].acked,
		     "the other node's write reaches both legs");
	legs_of(world)->primary = 1;
	legs_of(world)->broken[1][0] = false;
	story_reload_in_step(world);
	story_wait(held, 5000);
	story_settle(world);
	check_legs_equal(world);
	read = story_start_read(world, 2, REGION(5) + 1);
	story_wait(read, 1000);
}

/* --- nodes --- */

/* A node dies between its two legs. The survivors copy what it had marked, and are never told to wait for it. */
static void tell_node_dies_writing(struct world *world)
{
	story_start(world);
	for (uint32_t i = 0; i < 8; i++)
		story_start_write(world, 3, REGION(10 + i));
	world_run_us(world, 6500);
	for (uint32_t region = 0; region < 64 && !legs_differ(legs_of(world), region); region++)
		world_run_us(world, 20);
	node_power_off(world->nodes[3]);
	story_run_ms(world, 15000);
	story_write(world, 1, REGION(11));
	story_write(world, 2, REGION(12));
	story_run_ms(world, 5000);
	check_legs_equal(world);
	node_power_on(world->nodes[3]);
	story_run_ms(world, 10000);
	story_settle(world);
}

/*
 * 1. The wire of the node that writes the log is cut with the token in its hand: its marks are ordered, and nobody else
 * has them. 2. It writes them to the log device, answers its kernel, and loses power between the legs. 3. The next
 * writer finds them on the device.
 */
static void tell_marks_die_with_their_writer(struct world *world)
{
	story_start(world);
	for (uint32_t i = 0; i < 8 && !world->failed; i++) {
		for (uint32_t j = 0; j < 4; j++)
			story_start_write(world, 1, REGION((8 * i + 2 * j) % 64) + i % 4);
		world_run_us(world, random_below(&world->random_fault, 1500));
		bus_partition(&world->bus, NODE_BIT(1));
		world_run_us(world, random_below(&world->random_fault, 30000));
		node_power_off(world->nodes[1]);
		bus_heal(&world->bus);
		story_run_ms(world, 10000);
		check_legs_equal(world);
		node_power_on(world->nodes[1]);
		story_run_ms(world, 15000);
		/* It shall write the log again. */
		for (uint32_t id = 2; id <= 3; id++)
			admin_cycle(world->nodes[id], 0, true);
		story_run_ms(world, 2000);
	}
	story_settle(world);
	check_legs_equal(world);
}

static void tell_late_joiner(struct world *world)
{
	world->nodes[3]->has_device[0] = false;
	node_power_on(world->nodes[1]);
	node_power_on(world->nodes[2]);
	story_run_ms(world, 10000);
	for (uint32_t i = 0; i < 64; i++)
		story_write(world, 1 + i % 2, REGION(i));
	node_power_on(world->nodes[3]);
	admin_create(world->nodes[3], 0);
	for (uint32_t i = 0; i < 64; i++)
		story_write(world, 1 + i % 2, REGION(i) + 2);
	story_settle(world);
	story_write(world, 3, REGION(63));
	story_settle(world);
	check_legs_equal(world);
}

/* Everybody loses power at once; what the log device calls clean must be equal. */
static void tell_blackout(struct world *world)
{
	story_start(world);
	for (uint32_t id = 1; id <= 3; id++)
		for (uint32_t i = 0; i < 6; i++)
			story_start_write(world, id, REGION(10 * id + i));
	story_run_ms(world, 7);
	for (uint32_t id = 1; id <= 3; id++)
		node_power_off(world->nodes[id]);
	story_run_ms(world, 1000);
	world_start(world);
	story_run_ms(world, 10000);
	story_settle(world);
	check_legs_equal(world);
}

/* --- daemons --- */

static void tell_daemon_restarts(struct world *world)
{
	story_start(world);
	for (uint32_t i = 0; i < 12 && !world->failed; i++) {
		struct node *node = world->nodes[1 + i % 3];

		node_kill_daemon(node);
		story_run_ms(world, 150);
		node_start_daemon(node);
		story_run_ms(world, 4000);
	}
	story_run_ms(world, 10000);
	story_settle(world);
	check_legs_equal(world);
}

static void tell_all_daemons_die(struct world *world)
{
	story_start(world);
	for (uint32_t i = 0; i < 4 && !world->failed; i++) {
		for (uint32_t id = 1; id <= 3; id++)
			node_kill_daemon(world->nodes[id]);
		story_run_ms(world, 300);
		for (uint32_t id = 1; id <= 3; id++)
			node_start_daemon(world->nodes[id]);
		story_run_ms(world, 10000);
	}
	story_run_ms(world, 20000);
	story_settle(world);
	check_legs_equal(world);
}

/* --- tables --- */

static void tell_grow(struct world *world)
{
	story_start(world);
	mirror_resize(world->mirrors[0], 100);
	faults_reload_all(world, 0);
	story_run_ms(world, 4000);
	story_write(world, 1, REGION(99));
	story_write(world, 2, REGION(70));
	story_settle(world);
	check_legs_equal(world);
}

/* With little to copy left and all nodes writing there, suspends come in between. */
static void tell_suspend_in_recovery(struct world *world)
{
	world_start(world);
	for (uint32_t i = 0; i < 40 && !world->failed; i++) {
		story_run_ms(world, 37);
		admin_cycle(world->nodes[1 + i % 3], 0, true);
	}
	story_run_ms(world, 10000);
	story_settle(world);
	check_legs_equal(world);
}

/*
 * While a mirror is copied for the first time all nodes write to it. A write to
 * one leg only and another node's copy of the region must never pass for sync.
 */
static void tell_writes_in_recovery(struct world *world)
{
	world_start(world);
	for (uint32_t i = 0; i < 64 && !world->failed; i++) {
		story_run_ms(world, 5);
		for (uint32_t id = 1; id <= 3; id++)
			if (story_device(world, id) && story_device(world, id)->live)
				story_start_write(world, id, REGION((17 * i + id) % 64));
	}
	story_run_ms(world, 20000);
	story_settle(world);
	check_legs_equal(world);
}

/* --- a log device that does not come back --- */

static void log_device_dies(struct world *world)
{
	struct disk *disk = world->mirrors[0]->log_disk;

	disk->was_bad = true;
	for (uint32_t id = 1; id <= world->settings.node_count; id++)
		disk->bad[id] = disk->bad_open[id] = true;
}

static void restart_daemons(struct world *world)
{
	for (uint32_t id = 1; id <= 3; id++) {
		node_kill_daemon(world->nodes[id]);
		node_start_daemon(world->nodes[id]);
		story_run_ms(world, 4000);
	}
}

/* What is held by the daemons and what the kernels copy must not keep the tables from going. */
static void replace_dead_log(struct world *world, void (*meanwhile)(struct world *world))
{
	struct story_io *writes[64];

	log_device_dies(world);
	for (uint32_t i = 0; i < 64; i++)
		writes[i] = story_start_write(world, 1 + i % 3, REGION(i));
	story_run_ms(world, 3000);
	story_expect(world, !writes[0]->is_over, "a write waits for the log device");
	if (meanwhile)
		meanwhile(world);
	mirror_replace_log(world->mirrors[0]);
	story_reload_in_step(world);
	for (uint32_t i = 0; i < 64; i++)
		story_wait(writes[i], 20000);
	story_settle(world);
	check_legs_equal(world);
}

static void tell_dead_log_is_replaced(struct world *world)
{
	story_start(world);
	replace_dead_log(world, NULL);
}

static void tell_dead_log_is_replaced_by_other_daemons(struct world *world)
{
	story_start(world);
	replace_dead_log(world, restart_daemons);
}

static void tell_dead_log_is_replaced_in_recovery(struct world *world)
{
	struct mirror *mirror = world->mirrors[0];

	story_start(world);
	mirror->sync_now = LOG_SYNC_FORCE;
	story_reload_in_step(world);
	mirror->sync_now = LOG_SYNC_DEFAULT;
	story_run_ms(world, random_between(&world->random_fault, 200, 600));
	replace_dead_log(world, NULL);
}

/* --- quorum --- */

/* The minority is cut off while all write: it freezes, comes back, and nobody has lost a write. */
static void tell_partition(struct world *world)
{
	story_start(world);
	for (uint32_t i = 0; i < 3 && !world->failed; i++) {
		bus_partition(&world->bus, NODE_BIT(1 + i));
		story_run_ms(world, 8000);
		bus_heal(&world->bus);
		story_run_ms(world, 15000);
	}
	story_settle(world);
	check_legs_equal(world);
}

static void no_clients(struct settings *settings)
{
	settings->clients_per_node = 0;
}

static void agreed_loss(struct settings *settings)
{
	settings->clients_per_node = 0;
	settings->leg_delay_us = 20000;
	settings->bus_agreed_loss = true;
}

static void slow_legs(struct settings *settings)
{
	settings->clients_per_node = 0;
	settings->leg_delay_us = 20000;
}

static void block_on_error(struct settings *settings)
{
	slow_legs(settings);
	settings->mirrors[0].block_on_error = true;
}

static void busy(struct settings *settings)
{
	settings->clients_per_node = 3;
	settings->think_us = 20000;
}

const struct story stories[] = {
	{"stale_snapshot", "an old snapshot is not taken", 3, LOG_TYPE_DISK, tell_stale_snapshot,
	 no_clients},
	{"lost_write", "a node is told 1 by IN_SYNC until it has resumed", 3, LOG_TYPE_DISK,
	 tell_lost_write, no_clients},
	{"lost_write_core", "the same without a log device", 2, LOG_TYPE_CORE, tell_lost_write,
	 no_clients},
	{"node_dies_writing", "what a dead node had marked is copied", 3, LOG_TYPE_DISK,
	 tell_node_dies_writing, slow_legs},
	{"node_dies_writing_core", "the same without a log device", 3, LOG_TYPE_CORE,
	 tell_node_dies_writing, slow_legs},
	{"marks_die_with_their_writer", "what only a dead writer had marked is on the log device",
	 3, LOG_TYPE_DISK, tell_marks_die_with_their_writer, agreed_loss},
	{"late_joiner", "a node joins a mirror in use", 3, LOG_TYPE_DISK, tell_late_joiner,
	 no_clients},
	{"blackout", "all nodes lose power", 3, LOG_TYPE_DISK, tell_blackout, slow_legs},
	{"daemon_restarts", "daemons die under load", 3, LOG_TYPE_DISK, tell_daemon_restarts, busy},
	{"daemon_restarts_core", "the same without a log device", 3, LOG_TYPE_CORE,
	 tell_daemon_restarts, busy},
	{"all_daemons_die", "and all of them at once", 3, LOG_TYPE_DISK, tell_all_daemons_die,
	 busy},
	{"grow", "a larger table under load", 3, LOG_TYPE_DISK, tell_grow, busy},
	{"suspend_in_recovery", "suspends while all is copied", 3, LOG_TYPE_DISK,
	 tell_suspend_in_recovery, busy},
	{"writes_in_recovery", "writes while all is copied", 3, LOG_TYPE_CORE,
	 tell_writes_in_recovery, no_clients},
	{"dead_log_is_replaced", "a log device that held writes is replaced", 3, LOG_TYPE_DISK,
	 tell_dead_log_is_replaced, block_on_error},
	{"dead_log_is_replaced_by_other_daemons",
	 "the same after all daemons have died, one by one", 3, LOG_TYPE_DISK,
	 tell_dead_log_is_replaced_by_other_daemons, block_on_error},
	{"dead_log_is_replaced_in_recovery", "the same while all is copied", 3, LOG_TYPE_DISK,
	 tell_dead_log_is_replaced_in_recovery, block_on_error},
	{"partition", "a minority comes back", 3, LOG_TYPE_DISK, tell_partition, busy},
};
const size_t story_count = sizeof(stories) / sizeof(stories[0]);
