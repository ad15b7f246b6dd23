/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What replica.c (the logs), replica_apply.c (operations) and replica_codec.c (snapshots) share. */
#ifndef CLOGD_CLUSTER_REPLICA_INTERNAL_H
#define CLOGD_CLUSTER_REPLICA_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/attendance.h"
#include "cluster/drafts.h"
#include "cluster/replica.h"

struct replica {
	uint64_t position;
	uint64_t generation; /* above that of every log that was dropped */
	uint64_t lineage;    /* drawn when it was founded */
	bool unproven;
	struct attendance attendance;
	struct regionlog **logs; /* ascending by uuid */
	size_t log_count;
	struct drafts drafts;
};

/* Where the log is, or where it would have to be. */
size_t replica_place_of(const struct replica *replica, const char *uuid, bool *found);
void replica_insert(struct replica *replica, size_t at, struct regionlog *log);
/* The log, made where there is none. */
struct regionlog *replica_need_log(struct replica *replica, const char *uuid);
/* Out of the list; the caller frees it. */
void replica_remove_at(struct replica *replica, size_t at);
/* Logs that no node has anything to do with are gone, and with them a core log's memory. */
void replica_drop_if_unused(struct replica *replica, const char *uuid);
void replica_drop_unused(struct replica *replica);

#endif
