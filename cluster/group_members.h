/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a process group's members, (node, process id) each, to views of nodes.
 *
 * A daemon started again shows as a process that leaves and one that joins, in
 * either order. A second process of a node takes the first one's place at once:
 * its node changes by PROCDOWN and JOINED, and the first one's leave, when it
 * comes, changes nothing.
 */
#ifndef CLOGD_CLUSTER_GROUP_MEMBERS_H
#define CLOGD_CLUSTER_GROUP_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/view.h"

#define GROUP_MEMBERS_MAX (2 * VIEW_NODES_MAX)

struct group_member {
	uint32_t node;
	uint32_t pid;
	enum view_change change; /* of those that left */
};

struct group_members {
	struct group_member list[GROUP_MEMBERS_MAX];
	size_t count;
};

struct group_confchg {
	const struct group_member *members; /* after the change */
	size_t member_count;
	const struct group_member *left;
	size_t left_count;
	const struct group_member *joined;
	size_t joined_count;
	bool with_ring; /* those that joined did; view.h */
};

enum group_members_result {
	GROUP_MEMBERS_CHANGED,
	GROUP_MEMBERS_SAME,     /* nothing that a node would see */
	GROUP_MEMBERS_TOO_MANY, /* more than a view holds; `members` is as before */
};

/* Applies one change and writes the view that shows it. */
enum group_members_result group_members_apply(struct group_members *members,
					      const struct group_confchg *confchg,
					      struct view *view);

#endif
