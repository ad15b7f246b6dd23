/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cluster/group_quorum.h"

#include <string.h>

void group_quorum_reset(struct group_quorum *group)
{
	*group = (struct group_quorum){0};
}

void group_quorum_ring_changes(struct group_quorum *group)
{
	if (group->ring_changing)
		return;
	group->ring_changing = true;
	group->say_anew = true; /* though it may be unsure already */
}

void group_quorum_ring_is(struct group_quorum *group, struct group_ring ring)
{
	group->cpg_ring = ring;
	group->ring_changing = false;
}

static void set_nodes(struct group_quorum *group, const uint32_t *nodes, size_t count)
{
	size_t bytes = count * sizeof(nodes[0]);

	if (count == group->node_count && (count == 0 || !memcmp(group->nodes, nodes, bytes)))
		return;
	group->say_anew = true;
	group->node_count = count;
	if (count)
		memcpy(group->nodes, nodes, bytes);
}

void group_quorum_said(struct group_quorum *group, struct group_ring ring, bool quorate,
		       const uint32_t *nodes, size_t node_count)
{
	group->known = true;
	group->quorate = quorate;
	group->quorum_ring = ring;
	set_nodes(group, nodes, node_count < VIEW_NODES_MAX ? node_count : VIEW_NODES_MAX);
}

static enum quorum find_quorum(const struct group_quorum *group)
{
	if (group->ring_changing || !group->known ||
	    group->cpg_ring.node != group->quorum_ring.node ||
	    group->cpg_ring.seq != group->quorum_ring.seq)
		return QUORUM_UNSURE;
	return group->quorate ? QUORUM_YES : QUORUM_NO;
}

bool group_quorum_take(struct group_quorum *group, enum quorum *quorum)
{
	*quorum = find_quorum(group);
	if (!group->reported && *quorum == QUORUM_UNSURE)
		return false;
	if (group->reported && *quorum == group->reported_quorum && !group->say_anew)
		return false;
	group->reported = true;
	group->reported_quorum = *quorum;
	group->say_anew = false;
	return true;
}
