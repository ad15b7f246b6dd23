/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run: the cluster, its clock and its chances. */
#ifndef CLOGD_SIM_WORLD_H
#define CLOGD_SIM_WORLD_H

#include "tests/sim/arena.h"
#include "tests/sim/bus.h"
#include "tests/sim/clock.h"
#include "tests/sim/counts.h"
#include "tests/sim/random.h"
#include "tests/sim/settings.h"
#include "tests/sim/trace.h"

struct checks;
struct mirror;
struct node;

struct world {
	struct settings settings;
	struct clock clock;
	struct arena arena;
	struct trace trace;
	struct random random_io; /* delays of disks and daemons */
	struct random random_bus;
	struct random random_load;
	struct random random_fault;
	struct bus bus;
	struct node *nodes[NODES_MAX + 1]; /* by id */
	uint32_t all_nodes;                /* bits */
	struct mirror *mirrors[MIRRORS_MAX];
	struct checks *checks;
	uint32_t netlink_loss_per_mille;
	bool load_stopped;
	bool is_healing;     /* no more faults */
	bool compare_always; /* replicas, at each message */
	uint64_t healthy_since_us;
	uint64_t next_bio;
	struct counts counts;
	uint64_t operations;
	bool spoiled; /* what happened is beyond what a daemon can make good: the run ends */
	bool failed;
	char failure[512];
};

struct world *world_new(const struct settings *settings, const struct trace *trace);
void world_free(struct world *world);
/* All nodes get power. */
void world_start(struct world *world);
/* Time goes on; false as soon as something has failed. */
bool world_run_us(struct world *world, uint64_t duration_us);
/* Until the condition holds; false when it does not within that time, or something has failed. */
bool world_run_until(struct world *world, uint64_t duration_us,
		     bool (*condition)(struct world *world));

#endif
