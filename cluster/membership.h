/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is in the group, who has the state, and how the others get it.
 *
 * After a view with joins the lowest member calls a census and every member says
 * hello with what it knows. When all have, each decides alike: those with the
 * live state keep it; with none, the furthest of those that were cut off founds
 * it anew; with none of these either, the lowest node starts with an empty
 * state (census.c). The lowest live member
 * serves: it announces a snapshot by an ordered message, so that its place in
 * the order is known to all, and sends the bytes behind it. The joiner keeps
 * what is ordered after the announcement and applies it on top.
 */
#ifndef CLOGD_CLUSTER_MEMBERSHIP_H
#define CLOGD_CLUSTER_MEMBERSHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/view.h"
#include "cluster/wire.h"

struct membership;

/* What membership needs of its owner. Nothing here may call back into it. */
struct membership_ports {
	void *context;
	uint32_t piece_bytes; /* of a snapshot in one message */
	/* Queue a message; the buffer is taken over. */
	void (*send)(void *context, struct bytes_buffer *message);
	uint64_t (*position)(void *context);
	/* The whole state as it is now. */
	void (*save)(void *context, struct bytes_buffer *buffer);
	/* Replace the state; -EBADMSG when malformed. */
	int (*load)(void *context, const void *bytes, size_t size);
	uint64_t (*lineage)(void *context);
	/* Start with an empty state, of that lineage. */
	void (*start_empty)(void *context, uint64_t lineage);
	/* The state is founded anew on what this node knows; others may have gone on without it. */
	void (*founded)(void *context, uint64_t lineage);
	/* An ordered event of the state: exactly those that the live members apply. */
	void (*apply_ops)(void *context, uint32_t node, const void *bytes, size_t size);
	void (*apply_view)(void *context, const struct view *view);
	/* This node has the state from here on. */
	void (*live)(void *context);
	/* This node's state is not the cluster's any more; it will be replaced. */
	void (*outdated)(void *context);
};

struct membership *membership_new(uint32_t node, uint64_t join_seed,
				  const struct membership_ports *ports);
void membership_free(struct membership *membership);

/* Inputs, in their order. */
void membership_view(struct membership *membership, const struct view *view);
void membership_census(struct membership *membership, uint64_t census);
void membership_hello(struct membership *membership, uint32_t node, const struct wire_hello *hello);
void membership_snapshot_begin(struct membership *membership, uint32_t node,
			       const struct wire_snapshot_begin *begin);
void membership_snapshot_data(struct membership *membership, uint32_t node,
			      const struct wire_snapshot_data *data);
void membership_ops(struct membership *membership, uint32_t node, const void *bytes, size_t size);
/* `ring`, and the nodes in it, as in group.h; 0: not known. */
void membership_quorum(struct membership *membership, enum quorum quorum, uint64_t ring,
		       const uint32_t *nodes, size_t count);
/* The connection to the cluster is gone. */
void membership_disconnected(struct membership *membership);
/* Sends more of the snapshots that are under way; call when the outbox has room. */
void membership_pump(struct membership *membership);

bool membership_is_live(const struct membership *membership);
bool membership_is_member(const struct membership *membership, uint32_t node);
/*
 * When the state was founded anew, this member was no further behind than the
 * last quorum that its node was part of. If that holds for each node of a
 * quorate cluster, nobody can have gone on without all of them.
 */
bool membership_vouches(const struct membership *membership, uint32_t node);
/* The lowest live member: it does what one node must do for all. */
bool membership_is_server(const struct membership *membership);
/* The version all members speak. */
uint8_t membership_version(const struct membership *membership);
const uint32_t *membership_members(const struct membership *membership, size_t *count);

#endif
