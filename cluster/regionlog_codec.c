/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One log in a snapshot. Equal states have equal bytes, so the same bytes make the digest. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/regionlog.h"
#include "cluster/view.h"
#include "common/memory.h"

enum {
	NODE_HOLDS = 1,
	NODE_ATTACHED = 2,
	NODE_ABSENT = 4,
	NODE_LOST = 8,
	NODE_OPAQUE = 16,
	NODE_FLAGS = 31
};

static void encode_node(const struct regionlog_node *node, struct bytes_buffer *buffer)
{
	uint8_t flags = 0;

	flags |= node->holds ? NODE_HOLDS : 0;
	flags |= node->attached ? NODE_ATTACHED : 0;
	flags |= node->absent ? NODE_ABSENT : 0;
	flags |= node->lost ? NODE_LOST : 0;
	flags |= node->opaque ? NODE_OPAQUE : 0;
	bytes_put_u32(buffer, node->node);
	bytes_put_u8(buffer, flags);
	bytes_put_u64(buffer, node->region_count);
	regionset_encode(node->marked, buffer);
	regionset_encode(node->primary_only, buffer);
	regionset_encode(node->working, buffer);
	regionset_encode(node->tainted, buffer);
}

void regionlog_encode(const struct regionlog *log, struct bytes_buffer *buffer)
{
	bytes_put_string(buffer, log->uuid);
	bytes_put_u8(buffer, (uint8_t)log->type);
	bytes_put_u32(buffer, log->region_size_sectors);
	bytes_put_u64(buffer, log->region_count);
	bytes_put_u64(buffer, log->generation);
	bytes_put_u8(buffer, log->failed);
	bytes_put_u32(buffer, log->writer);
	regionset_encode(log->unsynced, buffer);
	bytes_put_u16(buffer, (uint16_t)log->wanted_count);
	for (size_t i = 0; i < log->wanted_count; i++)
		bytes_put_u32(buffer, log->wanted[i]);
	bytes_put_u16(buffer, (uint16_t)log->node_count);
	for (size_t i = 0; i < log->node_count; i++)
		encode_node(&log->nodes[i], buffer);
}

/* Fills every set, with an empty one where the bytes are bad, so that freeing needs no cases. */
static void decode_set(struct bytes_reader *reader, uint64_t region_count, struct regionset **set)
{
	*set = reader->failed ? NULL : regionset_decode(reader, region_count);
	if (!*set) {
		reader->failed = true;
		*set = regionset_new();
	}
}

static void decode_node(struct bytes_reader *reader, uint64_t region_count,
			struct regionlog_node *node)
{
	uint8_t flags;

	node->node = bytes_get_u32(reader);
	flags = bytes_get_u8(reader);
	node->holds = flags & NODE_HOLDS;
	node->attached = flags & NODE_ATTACHED;
	node->absent = flags & NODE_ABSENT;
	node->lost = flags & NODE_LOST;
	node->opaque = flags & NODE_OPAQUE;
	node->region_count = bytes_get_u64(reader);
	if (node->node == 0 || (flags & ~NODE_FLAGS) || node->region_count > LOGARGS_REGIONS_MAX)
		reader->failed = true;
	decode_set(reader, region_count, &node->marked);
	decode_set(reader, region_count, &node->primary_only);
	decode_set(reader, region_count, &node->working);
	decode_set(reader, region_count, &node->tainted);
}

static void decode_nodes(struct bytes_reader *reader, struct regionlog *log)
{
	uint16_t count = bytes_get_u16(reader);

	if (count > VIEW_NODES_MAX) {
		reader->failed = true;
		return;
	}
	log->nodes = memory_new(count ? count : 1, sizeof(*log->nodes));
	for (uint16_t i = 0; i < count; i++) {
		decode_node(reader, log->region_count, &log->nodes[i]);
		log->node_count++;
		if (i > 0 && log->nodes[i].node <= log->nodes[i - 1].node)
			reader->failed = true;
	}
}

static void decode_wanted(struct bytes_reader *reader, struct regionlog *log)
{
	uint16_t count = bytes_get_u16(reader);

	if (count > REGIONLOG_WANTED_MAX) {
		reader->failed = true;
		return;
	}
	for (uint16_t i = 0; i < count; i++) {
		log->wanted[i] = bytes_get_u32(reader);
		if (log->wanted[i] >= log->region_count)
			reader->failed = true;
	}
	log->wanted_count = count;
}

struct regionlog *regionlog_decode(struct bytes_reader *reader)
{
	char uuid[ULOG_UUID_SIZE];
	struct regionlog *log;
	uint8_t type;

	bytes_get_string(reader, uuid, sizeof(uuid));
	log = regionlog_new(uuid);
	type = bytes_get_u8(reader);
	log->type = type == LOG_TYPE_DISK ? LOG_TYPE_DISK : LOG_TYPE_CORE;
	log->region_size_sectors = bytes_get_u32(reader);
	log->region_count = bytes_get_u64(reader);
	log->generation = bytes_get_u64(reader);
	log->failed = bytes_get_u8(reader) != 0;
	log->writer = bytes_get_u32(reader);
	if (uuid[0] == '\0' || type > LOG_TYPE_DISK || log->region_count > LOGARGS_REGIONS_MAX)
		reader->failed = true;
	regionset_free(log->unsynced);
	decode_set(reader, log->region_count, &log->unsynced);
	decode_wanted(reader, log);
	decode_nodes(reader, log);
	if (reader->failed) {
		regionlog_free(log);
		return NULL;
	}
	return log;
}
