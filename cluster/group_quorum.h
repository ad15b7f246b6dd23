/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether this node is quorate, from Corosync's two unordered tellers.
 *
 * Two stories behind UNSURE (group.h):
 *  - A node is cut off. CPG tells it that the others are down before quorum
 *    tells it that it is alone: so a view with a node up or down makes quorum
 *    unsure until the totem change that closes this ring's views, and from there
 *    until quorum speaks of the same ring.
 *  - A cut-off node comes back. Quorum may tell it that it is quorate before
 *    CPG has delivered the merged view: quorum of another ring says nothing.
 */
#ifndef CLOGD_CLUSTER_GROUP_QUORUM_H
#define CLOGD_CLUSTER_GROUP_QUORUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/view.h"

struct group_ring {
	uint32_t node;
	uint64_t seq;
};

struct group_quorum {
	bool ring_changing;
	struct group_ring cpg_ring;
	struct group_ring quorum_ring;
	bool known;
	bool quorate;
	uint32_t nodes[VIEW_NODES_MAX]; /* of the cluster, as quorum said last */
	size_t node_count;
	bool say_anew; /* whatever was said last */
	bool reported; /* something was */
	enum quorum reported_quorum;
};

/* The connection is gone: nothing is known. */
void group_quorum_reset(struct group_quorum *group);
/* CPG's view says that a node went up or down. */
void group_quorum_ring_changes(struct group_quorum *group);
/* CPG has delivered the last view of that ring. */
void group_quorum_ring_is(struct group_quorum *group, struct group_ring ring);
/* Quorum's word; more nodes than VIEW_NODES_MAX are cut off. */
void group_quorum_said(struct group_quorum *group, struct group_ring ring, bool quorate,
		       const uint32_t *nodes, size_t node_count);
/* True: `quorum` is news, and has to be told. Until there is a first definite word, nothing is. */
bool group_quorum_take(struct group_quorum *group, enum quorum *quorum);

#endif
