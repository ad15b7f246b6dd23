/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A short list of nodes, each once, in the order in which they came. Of fixed size; {0} is nobody. */
#ifndef CLOGD_CLUSTER_NODELIST_H
#define CLOGD_CLUSTER_NODELIST_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/view.h"

struct nodelist {
	uint32_t nodes[VIEW_NODES_MAX];
	uint32_t count;
};

bool nodelist_has(const struct nodelist *list, uint32_t node);
/* Does nothing when the node is there already, or there is no room. */
void nodelist_add(struct nodelist *list, uint32_t node);
void nodelist_drop(struct nodelist *list, uint32_t node);

#endif
