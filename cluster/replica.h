/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The replicated state: every log of the cluster at one position in the order
 * of events. Changed only by ordered operations and views, the same on every
 * node; knows nothing of kernels, devices or this node.
 */
#ifndef CLOGD_CLUSTER_REPLICA_H
#define CLOGD_CLUSTER_REPLICA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/regionlog.h"
#include "cluster/wire.h"

struct replica;

struct replica *replica_new(void);
void replica_free(struct replica *replica);

/* Ordered events seen so far. */
uint64_t replica_position(const struct replica *replica);
void replica_advance(struct replica *replica);

/* Logs are ordered by uuid; the pointers are good until the next operation. */
struct regionlog *replica_find(const struct replica *replica, const char *uuid);
size_t replica_log_count(const struct replica *replica);
struct regionlog *replica_log(const struct replica *replica, size_t index);

/* What the device of a log says is stale once this number has changed; also for a log that is not known. */
uint64_t replica_generation(const struct replica *replica, const char *uuid);

/* Whose state of that log is on its way in pieces; 0: nobody's. */
uint32_t replica_drafting_node(const struct replica *replica, const char *uuid);

/* What an operation did, for the node's own machinery. */
struct replica_outcome {
	struct regionlog *log; /* NULL when there is none, or it is gone now */
	enum attach_result attach;
	bool bits_changed; /* all bits of the device may have changed, not only those of the operation's regions */
	uint64_t changed_from; /* then: the first region whose bit may differ from the device */
	bool refused;          /* the operation makes no sense here and changed nothing */
};
void replica_apply(struct replica *replica, uint32_t origin, const struct wire_op *op,
		   struct replica_outcome *outcome);
/* Membership, for every log. */
void replica_daemon_gone(struct replica *replica, uint32_t node);
void replica_node_down(struct replica *replica, uint32_t node);
/* Does a log wait for that node to be fenced? */
bool replica_is_lost(const struct replica *replica, uint32_t node);

/*
 * Founded anew, empty or on what one node knew: nothing is to be relied on until
 * OP_FOUNDED says whether others may have gone on without that node, and which
 * nodes of the cluster may be strangers (attendance.h).
 */
void replica_found(struct replica *replica, uint64_t lineage);
uint64_t replica_lineage(const struct replica *replica);
bool replica_is_unproven(const struct replica *replica);
/* Has that node's daemon said here what its kernel may hold? */
bool replica_is_present(const struct replica *replica, uint32_t node);

/* Whole state with its position. */
void replica_encode(const struct replica *replica, struct bytes_buffer *buffer);
/* NULL when malformed. */
struct replica *replica_decode(const void *bytes, size_t size);
uint64_t replica_digest(const struct replica *replica);

#endif
