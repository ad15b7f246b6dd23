/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One machine: power, kernel, corosync and daemon. */
#ifndef CLOGD_SIM_NODE_H
#define CLOGD_SIM_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/settings.h"

struct daemon;
struct kernel;
struct world;

struct node {
	struct world *world;
	uint32_t id;
	uint32_t power_epoch; /* changes when power is lost */
	bool is_on;
	struct kernel *kernel;  /* NULL while off */
	struct daemon *daemon;  /* NULL while none runs */
	uint32_t daemon_epochs; /* started so far */
	uint64_t clock_offset_ms;
	bool daemon_wanted;           /* systemd starts it again */
	bool has_device[MIRRORS_MAX]; /* what is configured to be active here */
	uint32_t met[NODES_MAX];      /* on its disk: nodes on which its daemons have met a clogd */
	size_t met_count;
	bool may_diverge;  /* it was cut off unfenced: what it writes is its own until it is back */
	bool has_diverged; /* and it has written, or may have: only its daemon can tell */
};

struct node *node_new(struct world *world, uint32_t id);
/* Power: the kernel boots, corosync and clogd start, then the configured devices are made. */
void node_power_on(struct node *node);
void node_power_off(struct node *node);
void node_kill_daemon(struct node *node);
void node_start_daemon(struct node *node);
/* The others take it for dead, and it lives. */
void node_cut_off(struct node *node);
void node_is_back(struct node *node);
/* Corosync crashes, and comes back after `down_us`. */
void node_crash_corosync(struct node *node, uint64_t down_us);

#endif
