/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transport: one closed process group with one agreed order of messages
 * and membership changes. group_cpg.c speaks to Corosync, group_alone.c is the
 * same for a node without a cluster.
 *
 * Everything is called from the daemon's one loop. No call blocks; callbacks
 * come only from group_dispatch().
 */
#ifndef CLOGD_CLUSTER_GROUP_H
#define CLOGD_CLUSTER_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/view.h"

struct group;

struct group_callbacks {
	void *context;
	/* An ordered message, own ones included. `bytes` are borrowed. */
	void (*message)(void *context, uint32_t node, const void *bytes, size_t size);
	/* An ordered membership change; the first one holds this node itself. `view` is borrowed. */
	void (*view)(void *context, const struct view *view);
	/*
	 * Quorum, and the nodes of the cluster (with or without a daemon in the
	 * group). Not ordered with messages, but UNSURE is: it comes before the first
	 * view of each change of the cluster's nodes, be it unsure already, and lasts
	 * until all these views are delivered and quorum has spoken of the same nodes. `ring` numbers the ring of which
	 * quorum speaks: of two rings with a node in common the later one has the higher number, also when Corosync or
	 * the node has restarted in between (it keeps the number on disk).
	 */
	void (*quorum)(void *context, enum quorum quorum, uint64_t ring, const uint32_t *nodes,
		       size_t node_count);
	/* The connection to the cluster is gone; the group reconnects by itself and a new view follows. */
	void (*disconnected)(void *context);
};

/*
 * The engines. `group_cpg_new` starts to join and retries every second while
 * Corosync is not there; neither fails for want of a cluster. NULL, with errno
 * set, when the system has no descriptors to give.
 */
struct group *group_cpg_new(const char *group_name, const struct group_callbacks *callbacks);
struct group *group_alone_new(uint32_t node, const struct group_callbacks *callbacks);

/* File descriptor sets change over a reconnect, so the group is polled through one epoll descriptor. */
int group_descriptor(const struct group *group);
/* To be called while the descriptor is readable. The work of one call is bounded. */
void group_dispatch(struct group *group);
/*
 * This node's id, or 0 while it is not known. It is known before the first
 * callback and never changes: a cluster that gives this node another id is not
 * joined.
 */
uint32_t group_node(const struct group *group);

/* Largest message, bytes. */
#define GROUP_MESSAGE_MAX (960U * 1024U)
/*
 * Sends one message to all. 0, -EAGAIN (flow control: try again after the next
 * dispatch or some milliseconds), -ENOTCONN (no cluster now), -EMSGSIZE.
 */
int group_send(struct group *group, const void *bytes, size_t size);
/* Leaves the group cleanly and frees it. */
void group_free(struct group *group);

#endif
