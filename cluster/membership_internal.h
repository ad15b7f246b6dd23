/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by membership.c (views, snapshots, quorum) and census.c (who has the state). */
#ifndef CLOGD_CLUSTER_MEMBERSHIP_INTERNAL_H
#define CLOGD_CLUSTER_MEMBERSHIP_INTERNAL_H

#include "cluster/membership.h"
#include "cluster/transfer.h"

struct member {
	uint32_t node;
	bool counted; /* answered the census that goes on */
	bool vouching; /* was no further behind than the last quorum it took part in, when the state was founded anew */
	enum hello_state state;
	uint64_t join_id;
	uint64_t lineage, era;
	uint64_t position;
	uint8_t version_min, version_max;
};

struct membership {
	uint32_t node;
	struct membership_ports ports;
	uint64_t join_id;
	bool has_state; /* live, or once was */
	bool live;
	bool cut_off;  /* since the state was certain, others may have gone on without this node */
	bool outdated; /* others have gone on: its state is behind theirs */
	bool parted;   /* nodes were lost, or all, and no quorum of the rest is known yet */
	enum quorum quorum;
	uint64_t ring; /* of the last certain quorum, and its nodes */
	uint32_t quorate[VIEW_NODES_MAX];
	size_t quorate_count;
	uint64_t
		era; /* the ring of the last quorum found after nodes were lost; 0: never had one */
	bool census; /* not all members have said hello yet */
	uint64_t census_id;  /* 0: not called yet */
	uint64_t decided_id; /* of the last census that came to its end */
	uint64_t census_count;
	uint8_t version;
	struct member members[VIEW_NODES_MAX];
	uint32_t nodes[VIEW_NODES_MAX];
	size_t member_count;
	struct transfer_in *incoming;
	struct transfer_out *outgoing;
};

struct member *membership_find(const struct membership *membership, uint32_t node);
void membership_become_live(struct membership *membership);
/* What this node has is not the cluster's state. */
void membership_step_down(struct membership *membership);

/* Quorum is certain: a new era when it was found again after nodes were lost. */
void membership_count_quorum(struct membership *membership);

/* Asks everybody; the lowest member does it. */
void census_start(struct membership *membership);
/* Asks everybody, whoever else may. */
void census_call(struct membership *membership);
void census_say_hello(struct membership *membership, bool unasked);
/* The lowest member that has the live state, as far as hellos tell; 0 for none. */
uint32_t census_lowest_live(const struct membership *membership);
/* The server: snapshots for those that lack the state. */
void census_serve(struct membership *membership);

#endif
