/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The transport's front: hands each call to the engine behind the group. */
#include <errno.h>

#include "cluster/group_ops.h"

int group_descriptor(const struct group *group)
{
	return group->ops->descriptor(group);
}

void group_dispatch(struct group *group)
{
	group->ops->dispatch(group);
}

uint32_t group_node(const struct group *group)
{
	return group->ops->node(group);
}

int group_send(struct group *group, const void *bytes, size_t size)
{
	if (size > GROUP_MESSAGE_MAX)
		return -EMSGSIZE;
	return group->ops->send(group, bytes, size);
}

void group_free(struct group *group)
{
	if (group)
		group->ops->free(group);
}
