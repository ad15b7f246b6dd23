/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What group_cpg.c (the connection, and the group's calls) and group_cpg_events.c (what Corosync says) share. */
#ifndef CLOGD_CLUSTER_GROUP_CPG_INTERNAL_H
#define CLOGD_CLUSTER_GROUP_CPG_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/group_cpg_link.h"
#include "cluster/group_members.h"
#include "cluster/group_ops.h"
#include "cluster/group_quorum.h"

struct group_cpg {
	struct group group;
	struct group_callbacks callbacks;
	struct cpg_link_request request;
	uint32_t node;
	int poll;
	int timer;
	int attempt;              /* of cpg_link_start(), or -1 */
	struct cpg_link *link;    /* NULL while not connected */
	bool broken;              /* the link failed; dispatch takes it down */
	const char *last_trouble; /* said once, not each second */

	struct group_members members;
	bool joined;
	struct group_quorum quorum;
};

/* The next dispatch takes the link down. */
void group_cpg_mark_broken(struct group_cpg *group);

/* Names the callbacks, which find the group by request->context. */
void group_cpg_set_events(struct cpg_link_request *request);

#endif
