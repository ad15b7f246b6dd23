/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who else may be quorate. With Corosync's two_node, or where a tie is broken,
 * half of the nodes are enough: parted, both halves go on. With fencing each
 * waits until the other is known to be fenced.
 */
#ifndef CLOGD_CLUSTER_RIVALS_H
#define CLOGD_CLUSTER_RIVALS_H

#include <stddef.h>
#include <stdint.h>

#include "cluster/nodelist.h"
#include "cluster/view.h"

struct engine;

/*
 * Nodes that were met, or named by quorum, are not in the cluster, and may go on as far as is known: as many as are here
 * or more, or none.
 */
struct nodelist rivals_list(const struct engine *engine);
/* Before what else comes of that view. */
void rivals_view(struct engine *engine, const struct view *view);
/* The nodes of the cluster, before the engine takes them for such. */
void rivals_hear(struct engine *engine, const uint32_t *nodes, size_t count);
void rivals_fenced(struct engine *engine, uint32_t node);
/* What Corosync says of quorum, and whether it can be relied on. */
void rivals_quorum(struct engine *engine, enum quorum quorum, uint64_t ring);
/* Again, when one of them may have been fenced. */
void rivals_follow(struct engine *engine);

#endif
