/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside a transport: what group.c calls through. Each engine's struct begins with a struct group. */
#ifndef CLOGD_CLUSTER_GROUP_OPS_H
#define CLOGD_CLUSTER_GROUP_OPS_H

#include "cluster/group.h"

struct group_ops {
	int (*descriptor)(const struct group *group);
	void (*dispatch)(struct group *group);
	uint32_t (*node)(const struct group *group);
	int (*send)(struct group *group, const void *bytes, size_t size);
	void (*free)(struct group *group);
};

struct group {
	const struct group_ops *ops;
};

#endif
