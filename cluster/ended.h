/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes of this node that have ended, but of which the cluster may not have
 * heard: marks that were let go, copies that were reported or broken off. A node
 * that is cut off learns of it late, and what it says then is ordered nowhere or
 * among the few; the others have given these regions away, and may have written
 * them at the same time. So they are kept until the message that ended them has
 * come back with quorum, and named after a cut.
 */
#ifndef CLOGD_CLUSTER_ENDED_H
#define CLOGD_CLUSTER_ENDED_H

#include <stdint.h>

#include "cluster/wire.h"
#include "common/regionset.h"

/* Two generations: the older one goes when its last message has come back, however many are sent meanwhile. */
struct ended {
	struct regionset *older, *newer;
	uint64_t older_ticket, newer_ticket; /* of the last message of each */
	uint64_t ordered_ticket;             /* of what came back last */
};

void ended_init(struct ended *ended);
void ended_free(struct ended *ended); /* what it holds */
void ended_forget(struct ended *ended);
/* An OP_UPDATE or OP_WORK of this node, with its ticket. */
void ended_sent(struct ended *ended, const struct wire_op *op);
void ended_ordered(struct ended *ended, uint64_t ticket);
/* There is quorum: what was ordered holds. */
void ended_settle(struct ended *ended);
/* Adds them to `into`. */
void ended_collect(const struct ended *ended, struct regionset *into);

#endif
