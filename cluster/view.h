/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One ordered membership change of the group. Node ids are Corosync's, never 0. */
#ifndef CLOGD_CLUSTER_VIEW_H
#define CLOGD_CLUSTER_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIEW_NODES_MAX 64

enum view_change {
	VIEW_JOINED,
	VIEW_LEFT,     /* the daemon left by itself */
	VIEW_PROCDOWN, /* the daemon died; its node and kernel live on */
	VIEW_NODEDOWN, /* the node is gone, or cut off */
};

struct view {
	uint32_t members[VIEW_NODES_MAX]; /* after the change, ascending */
	size_t member_count;
	struct {
		uint32_t node;
		enum view_change change;
		bool with_ring; /* joined, and not by itself: its node's ring and ours became one */
	} changes[2 * VIEW_NODES_MAX];
	size_t change_count;
};

/*
 * What is known of quorum. UNSURE from the moment a node was lost or found until
 * the quorum of that new membership is known: nothing may change meanwhile.
 */
enum quorum { QUORUM_NO, QUORUM_YES, QUORUM_UNSURE };

#endif
