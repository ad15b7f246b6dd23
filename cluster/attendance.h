/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which nodes' daemons speak for their kernels, as everybody heard it in the
 * order of events, and which nodes are strangers: nodes of the cluster for
 * which no daemon does, so that what their kernels hold is not known.
 */
#ifndef CLOGD_CLUSTER_ATTENDANCE_H
#define CLOGD_CLUSTER_ATTENDANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/nodelist.h"
#include "common/bytes.h"

/* {0} is nobody. */
struct attendance {
	struct nodelist present;
	struct nodelist strangers;
};

/* The node's daemon has the state, and has said what its kernel may hold. */
void attendance_present(struct attendance *attendance, uint32_t node);
/* Its daemon is gone; what its kernel holds is known from before. */
void attendance_daemon_gone(struct attendance *attendance, uint32_t node);
/* It writes nothing any more. */
void attendance_node_gone(struct attendance *attendance, uint32_t node);
/* Founded anew: those of the `count` nodes that are not present are strangers, and nobody else. */
void attendance_found(struct attendance *attendance, const uint32_t *nodes, uint32_t count);
bool attendance_is_present(const struct attendance *attendance, uint32_t node);
bool attendance_is_stranger(const struct attendance *attendance, uint32_t node);

void attendance_encode(const struct attendance *attendance, struct bytes_buffer *buffer);
/* Too many nodes fail the reader. */
void attendance_decode(struct attendance *attendance, struct bytes_reader *reader);

#endif
