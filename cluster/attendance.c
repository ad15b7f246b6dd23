/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two short lists of nodes. */
#include "cluster/attendance.h"

void attendance_present(struct attendance *attendance, uint32_t node)
{
	nodelist_add(&attendance->present, node);
	nodelist_drop(&attendance->strangers, node);
}

void attendance_daemon_gone(struct attendance *attendance, uint32_t node)
{
	nodelist_drop(&attendance->present, node);
}

void attendance_node_gone(struct attendance *attendance, uint32_t node)
{
	nodelist_drop(&attendance->present, node);
	nodelist_drop(&attendance->strangers, node);
}

void attendance_found(struct attendance *attendance, const uint32_t *nodes, uint32_t count)
{
	attendance->strangers.count = 0;
	for (uint32_t i = 0; i < count; i++)
		if (!nodelist_has(&attendance->present, nodes[i]))
			nodelist_add(&attendance->strangers, nodes[i]);
}

bool attendance_is_present(const struct attendance *attendance, uint32_t node)
{
	return nodelist_has(&attendance->present, node);
}

bool attendance_is_stranger(const struct attendance *attendance, uint32_t node)
{
	return nodelist_has(&attendance->strangers, node);
}

static void encode(const struct nodelist *list, struct bytes_buffer *buffer)
{
	bytes_put_u32(buffer, list->count);
	for (uint32_t i = 0; i < list->count; i++)
		bytes_put_u32(buffer, list->nodes[i]);
}

void attendance_encode(const struct attendance *attendance, struct bytes_buffer *buffer)
{
	encode(&attendance->present, buffer);
	encode(&attendance->strangers, buffer);
}

static void decode(struct nodelist *list, struct bytes_reader *reader)
{
	uint32_t count = bytes_get_u32(reader);

	if (count > VIEW_NODES_MAX)
		reader->failed = true;
	for (uint32_t i = 0; i < count && !reader->failed; i++)
		list->nodes[list->count++] = bytes_get_u32(reader);
}

void attendance_decode(struct attendance *attendance, struct bytes_reader *reader)
{
	decode(&attendance->present, reader);
	decode(&attendance->strangers, reader);
}
