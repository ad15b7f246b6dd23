/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/settings.h"

#include <string.h>

#include "tests/sim/clock.h"

#define PACE_STREAM     10230
#define TWO_NODE_STREAM 10231
#define SHRINK_STREAM   10232
#define OUTAGE_STREAM   10233

static const char *const fault_names[FAULT_KINDS] = {
	[FAULT_POWER_OFF] = "power-off",
	[FAULT_DAEMON_KILL] = "daemon-kill",
	[FAULT_DAEMON_STOP] = "daemon-stop",
	[FAULT_DAEMON_PAUSE] = "daemon-pause",
	[FAULT_ALL_DAEMONS] = "all-daemons",
	[FAULT_PARTITION] = "partition",
	[FAULT_COROSYNC] = "corosync",
	[FAULT_SLOW_BUS] = "slow-bus",
	[FAULT_NETLINK_LOSS] = "netlink",
	[FAULT_SLOW_DISK] = "slow-disk",
	[FAULT_BAD_DISK] = "bad-disk",
	[FAULT_BAD_PATH] = "bad-path",
	[FAULT_CYCLE] = "cycle",
	[FAULT_RELOAD] = "reload",
	[FAULT_GROW] = "grow",
	[FAULT_REMOVE] = "remove",
	[FAULT_STATUS] = "status",
	[FAULT_JOIN_STORM] = "join-storm",
	[FAULT_BLACKOUT] = "blackout",
	[FAULT_SHRINK] = "shrink",
};

const char *fault_name(enum fault_kind kind)
{
	return fault_names[kind];
}

static uint64_t pick(struct random *random, const uint64_t *values, size_t count)
{
	return values[random_below(random, count)];
}
#define PICK(random, ...)                             \
	pick(random, (const uint64_t[]){__VA_ARGS__}, \
	     sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static void draw_mirror(struct mirror_settings *mirror, struct random *random)
{
	uint32_t sync = (uint32_t)random_below(random, 10);

	mirror->type = random_chance(random, 600) ? LOG_TYPE_DISK : LOG_TYPE_CORE;
	mirror->sync = sync < 7 ? LOG_SYNC_DEFAULT : sync < 9 ? LOG_SYNC_NONE : LOG_SYNC_FORCE;
	mirror->region_size_sectors = 1024;
	mirror->region_count = (uint32_t)PICK(random, 16, 24, 48, 96, 128);
	mirror->leg_count = random_chance(random, 150) ? 3 : 2;
	mirror->block_bytes = random_chance(random, 500) ? 512 : 4096;
	mirror->integrated_flush = random_chance(random, 250);
	mirror->handle_errors = random_chance(random, 800);
	mirror->block_on_error = random_chance(random, 200);
}

static void draw_engine(struct settings *settings, struct random *random)
{
	settings->window_regions = (uint32_t)PICK(random, 0, 4, 16, 64, 1024);
	settings->hold_ms = (uint32_t)PICK(random, 200, 1000, 3000, 10000);
	settings->mark_ahead_regions = (uint32_t)PICK(random, 0, 2, 8);
	settings->recovery_batch = (uint32_t)PICK(random, 1, 2, 8, 64);
	settings->fencing = settings->node_count > 2 && random_chance(random, 350);
}

static void draw_world(struct settings *settings, struct random *random)
{
	settings->bus_order_us = PICK(random, 200, 1000, 3000);
	settings->bus_deliver_us = PICK(random, 100, 500, 3000);
	settings->bus_outbox_max = (uint32_t)PICK(random, 2, 8, 64);
	settings->bus_again_per_mille = (uint32_t)PICK(random, 0, 0, 20, 200);
	/* Unused: without this draw every known seed would be another. */
	(void)random_chance(random, 300);
	settings->late_disk_writes = random_chance(random, 300);
	settings->foreign_listener = random_chance(random, 100);
	settings->leg_delay_us = (uint32_t)PICK(random, 300, 1000, 10000, 50000);
	settings->netlink_loss_per_mille = (uint32_t)PICK(random, 20, 100, 400);
}

static void draw_load(struct settings *settings, struct random *random)
{
	settings->clients_per_node = (uint32_t)random_between(random, 1, 4);
	settings->think_us = PICK(random, 50, 150, 400, 1000) * US_PER_MS;
	settings->write_per_mille = (uint32_t)PICK(random, 300, 600, 900);
	settings->pattern = (enum load_pattern)random_below(random, LOAD_PATTERNS);
}

/* A swarm: each seed knows some kinds of trouble only, so that one does not always hide the other. */
static void draw_faults(struct settings *settings, struct random *random)
{
	uint32_t most = (uint32_t)PICK(random, 100, 250, 500, 800);

	for (int kind = 0; kind < FAULT_SHRINK; kind++)
		if (random_chance(random, most))
			settings->fault_weights[kind] = (uint32_t)random_between(random, 1, 10);
	/* The rough ones spoil a whole run for the subtle ones. */
	if (!random_chance(random, 200))
		settings->fault_weights[FAULT_BLACKOUT] = 0;
	if (!random_chance(random, 300))
		settings->fault_weights[FAULT_ALL_DAEMONS] = 0;
	settings->hurt_s = (uint32_t)random_between(random, 30, 150);
	settings->fault_interval_us = PICK(random, 1, 3, 8, 20) * US_PER_S;
}

/* Of a stream of its own: seeds for which it draws the first values tell the story that they told before. */
static void draw_pace(struct settings *settings, uint64_t seed)
{
	struct random random;

	random_init(&random, seed, PACE_STREAM);
	settings->copy_pause_us = PICK(&random, 0, 0, 20, 200) * US_PER_MS;
	settings->fence_per_mille = (uint32_t)PICK(&random, 400, 400, 400, 30);
	settings->state_piece_bytes = (uint32_t)PICK(&random, 32, 32, 64, 16384);
	settings->first_quorum_us = PICK(&random, 0, 0, 0, 5, 100) * US_PER_MS;
	settings->snapshot_piece_bytes = (uint32_t)PICK(&random, 65536, 200, 40);
}

/* Half of the cluster is quorate, which fencing only makes safe; also of a stream of its own. */
static void draw_two_node(struct settings *settings, uint64_t seed)
{
	struct random random;

	random_init(&random, seed, TWO_NODE_STREAM);
	settings->two_node = settings->node_count == 2 && random_chance(&random, 500);
	settings->fencing = settings->fencing || settings->two_node;
}

/* Of a mirror that grows as well, else it is soon a small one; also of a stream of its own. */
static void draw_shrink(struct settings *settings, uint64_t seed)
{
	struct random random;

	random_init(&random, seed, SHRINK_STREAM);
	if (settings->fault_weights[FAULT_GROW] > 0 && random_chance(&random, 400))
		settings->fault_weights[FAULT_SHRINK] = (uint32_t)random_between(&random, 1, 10);
}

/* Devices and paths that are bad for longer than kernels and administrators wait; also of a stream of its own. */
static void draw_outage(struct settings *settings, uint64_t seed)
{
	struct random random;

	random_init(&random, seed, OUTAGE_STREAM);
	settings->outage_factor = (uint32_t)PICK(&random, 1, 1, 1, 8);
}

void settings_draw(struct settings *settings, uint64_t seed)
{
	struct random random;

	memset(settings, 0, sizeof(*settings));
	random_init(&random, seed, 1);
	settings->seed = seed;
	settings->node_count = (uint32_t)PICK(&random, 1, 2, 3, 3, 3, 3, 4, 5);
	settings->mirror_count = random_chance(&random, 250) ? 2 : 1;
	for (uint32_t i = 0; i < MIRRORS_MAX; i++)
		draw_mirror(&settings->mirrors[i], &random);
	draw_engine(settings, &random);
	draw_world(settings, &random);
	draw_load(settings, &random);
	draw_faults(settings, &random);
	draw_pace(settings, seed);
	draw_two_node(settings, seed);
	draw_shrink(settings, seed);
	draw_outage(settings, seed);
}

void settings_calm(struct settings *settings, uint64_t seed, uint32_t node_count,
		   enum log_type type)
{
	memset(settings, 0, sizeof(*settings));
	settings->seed = seed;
	settings->node_count = node_count;
	settings->mirror_count = 1;
	settings->mirrors[0] = (struct mirror_settings){
		.type = type,
		.region_size_sectors = 1024,
		.region_count = 64,
		.leg_count = 2,
		.block_bytes = 512,
		.handle_errors = true,
	};
	settings->window_regions = 16;
	settings->state_piece_bytes = 16384;
	settings->snapshot_piece_bytes = 65536;
	settings->hold_ms = 1000;
	settings->recovery_batch = 8;
	settings->outage_factor = 1;
	settings->bus_order_us = 1000;
	settings->bus_deliver_us = 500;
	settings->bus_outbox_max = 64;
	settings->leg_delay_us = 1000;
	settings->clients_per_node = 1;
	settings->think_us = 100 * US_PER_MS;
	settings->write_per_mille = 700;
}

static void describe_mirror(const struct mirror_settings *mirror, FILE *out)
{
	static const char *const sync_names[] = {"", ", sync", ", nosync"};

	fprintf(out, "  mirror: %s%s, %u regions, %u legs, log blocks of %u bytes%s%s%s\n",
		mirror->type == LOG_TYPE_DISK ? "disk" : "core", sync_names[mirror->sync],
		mirror->region_count, mirror->leg_count, mirror->block_bytes,
		mirror->integrated_flush ? ", integrated flush" : "",
		mirror->handle_errors ? ", handle_errors" : "",
		mirror->block_on_error ? ", block_on_error" : "");
}

void settings_describe(const struct settings *settings, FILE *out)
{
	fprintf(out,
		"seed %llu: %u nodes, window %u, hold %u ms, mark ahead %u, recovery batch %u, "
		"state in pieces of %u bytes, snapshot of %u%s%s\n",
		(unsigned long long)settings->seed, settings->node_count, settings->window_regions,
		settings->hold_ms, settings->mark_ahead_regions, settings->recovery_batch,
		settings->state_piece_bytes, settings->snapshot_piece_bytes,
		settings->fencing ? ", fencing" : "", settings->two_node ? ", two_node" : "");
	for (uint32_t i = 0; i < settings->mirror_count; i++)
		describe_mirror(&settings->mirrors[i], out);
	fprintf(out,
		"  bus: order %llu us, deliver %llu us, outbox %u, again %u/1000, "
		"first quorum %llu ms; leg %u us, copy pause %llu ms%s%s; netlink loss %u/1000\n",
		(unsigned long long)settings->bus_order_us,
		(unsigned long long)settings->bus_deliver_us, settings->bus_outbox_max,
		settings->bus_again_per_mille,
		(unsigned long long)(settings->first_quorum_us / US_PER_MS), settings->leg_delay_us,
		(unsigned long long)(settings->copy_pause_us / US_PER_MS),
		settings->late_disk_writes ? ", late disk writes" : "",
		settings->foreign_listener ? ", foreign listener" : "",
		settings->netlink_loss_per_mille);
	fprintf(out, "  faults for %u s, about every %llu ms:", settings->hurt_s,
		(unsigned long long)(settings->fault_interval_us / US_PER_MS));
	for (int kind = 0; kind < FAULT_KINDS; kind++)
		if (settings->fault_weights[kind])
			fprintf(out, " %s %u", fault_names[kind], settings->fault_weights[kind]);
	fprintf(out, "\n");
}
