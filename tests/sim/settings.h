/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one seed chooses: the cluster, its mirrors, the load and the faults it may meet. */
#ifndef CLOGD_SIM_SETTINGS_H
#define CLOGD_SIM_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/logargs.h"
#include "tests/sim/random.h"

#define NODES_MAX         16
#define MIRRORS_MAX       2
#define LEGS_MAX          3
#define REGIONS_MAX       256
#define BLOCKS_PER_REGION 4
#define BLOCKS_MAX        (REGIONS_MAX * BLOCKS_PER_REGION)

enum fault_kind {
	FAULT_POWER_OFF,
	FAULT_DAEMON_KILL,
	FAULT_DAEMON_STOP, /* asked to stop, and started again */
	FAULT_DAEMON_PAUSE,
	FAULT_ALL_DAEMONS, /* all killed within a moment */
	FAULT_PARTITION,
	FAULT_COROSYNC, /* the node's corosync crashes, its kernel goes on */
	FAULT_SLOW_BUS,
	FAULT_NETLINK_LOSS,
	FAULT_SLOW_DISK,
	FAULT_BAD_DISK,
	FAULT_BAD_PATH, /* one node's path to one leg */
	FAULT_CYCLE,    /* suspend and resume */
	FAULT_RELOAD,
	FAULT_GROW,
	FAULT_REMOVE, /* remove the device, create it again */
	FAULT_STATUS,
	FAULT_JOIN_STORM,
	FAULT_BLACKOUT, /* power-off of all nodes */
	FAULT_SHRINK,
	FAULT_KINDS,
};

enum load_pattern { LOAD_RANDOM, LOAD_HOT, LOAD_SEQUENTIAL, LOAD_PATTERNS };

struct mirror_settings {
	enum log_type type;
	enum log_sync sync;
	uint32_t region_size_sectors;
	uint32_t region_count;
	uint32_t leg_count;
	uint32_t block_bytes; /* of the log device */
	bool integrated_flush;
	bool handle_errors;
	bool block_on_error;
};

struct settings {
	uint64_t seed;
	uint32_t node_count;
	uint32_t mirror_count;
	struct mirror_settings mirrors[MIRRORS_MAX];

	uint32_t window_regions;
	uint32_t state_piece_bytes;
	uint32_t snapshot_piece_bytes;
	uint32_t hold_ms;
	uint32_t mark_ahead_regions;
	uint32_t recovery_batch;
	bool fencing;
	bool two_node; /* Corosync's: one of two is quorate, once it has seen the other */
	uint32_t fence_per_mille; /* that a node to be fenced is, each time the manager looks */

	uint64_t bus_order_us;   /* until a sent message is ordered, typically */
	uint64_t bus_deliver_us; /* until a node has it then */
	uint32_t bus_outbox_max;
	uint32_t bus_again_per_mille;
	uint64_t first_quorum_us; /* from a joiner's view to what it hears of quorum */
	/*
	 * The sender may deliver what nobody else ever gets ("agreed", not "safe" delivery). Never drawn: a mark that
	 * dies with its sender is not promised (docs/reliability.md), but for what a story tells of the log device.
	 */
	bool bus_agreed_loss;
	/* A killed daemon's disk writes may still land. */
	bool late_disk_writes;
	/* Somebody else listens to the connector group: no -ESRCH while the daemon is away. */
	bool foreign_listener;

	uint32_t clients_per_node;
	uint64_t think_us;
	uint32_t write_per_mille;
	enum load_pattern pattern;
	uint32_t
		outage_factor; /* times the usual: how long log devices and paths to legs are bad */
	uint64_t copy_pause_us; /* between the read and the write of a recovery */
	uint32_t leg_delay_us;

	uint32_t hurt_s;
	uint64_t fault_interval_us;          /* between two faults, typically */
	uint32_t fault_weights[FAULT_KINDS]; /* 0: not in this seed */
	uint32_t netlink_loss_per_mille;     /* while that fault is on */
};

/* Everything from the seed. */
void settings_draw(struct settings *settings, uint64_t seed);
/* A calm cluster of `node_count` nodes with one mirror of 64 regions, for scenarios. */
void settings_calm(struct settings *settings, uint64_t seed, uint32_t node_count,
		   enum log_type type);
void settings_describe(const struct settings *settings, FILE *out);
const char *fault_name(enum fault_kind kind);

#endif
