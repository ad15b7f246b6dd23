/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cluster/nodelist.h"

bool nodelist_has(const struct nodelist *list, uint32_t node)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (list->nodes[i] == node)
			return true;
	return false;
}

void nodelist_add(struct nodelist *list, uint32_t node)
{
	if (list->count < VIEW_NODES_MAX && !nodelist_has(list, node))
		list->nodes[list->count++] = node;
}

void nodelist_drop(struct nodelist *list, uint32_t node)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < list->count; i++)
		if (list->nodes[i] != node)
			list->nodes[kept++] = list->nodes[i];
	list->count = kept;
}
