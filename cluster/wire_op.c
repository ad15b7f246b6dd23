/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ordered operations on logs, bytes <-> structs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/wire.h"
#include "common/memory.h"

void wire_op_free(struct wire_op *op)
{
	free(op->regions);
	free(op->others);
	regionset_free(op->attach.unsynced);
	regionset_free(op->marked);
	regionset_free(op->primary_only);
	*op = (struct wire_op){0};
}

uint32_t *wire_op_regions(const struct regionset *set, uint64_t from, uint32_t *count)
{
	uint64_t left =
		from < REGION_NONE ? regionset_count_range(set, from, UINT64_C(1) << 32) : 0;
	uint32_t *regions;

	*count = left < WIRE_REGIONS_MAX ? (uint32_t)left : WIRE_REGIONS_MAX;
	if (*count == 0)
		return NULL;
	regions = memory_new(*count, sizeof(*regions));
	*count = regionset_list(set, from, regions, *count);
	return regions;
}

static void put_numbers(struct bytes_buffer *buffer, const uint32_t *regions, uint32_t count)
{
	bytes_put_u16(buffer, (uint16_t)count);
	for (uint32_t i = 0; i < count; i++)
		bytes_put_u32(buffer, regions[i]);
}

static void get_numbers(struct bytes_reader *reader, uint32_t **regions, uint32_t *count)
{
	uint16_t number = bytes_get_u16(reader);

	if (number > WIRE_REGIONS_MAX || bytes_left(reader) < 4 * (size_t)number) {
		reader->failed = true;
		return;
	}
	if (number == 0)
		return;
	*regions = memory_new(number, sizeof(**regions));
	*count = number;
	for (uint16_t i = 0; i < number; i++)
		(*regions)[i] = bytes_get_u32(reader);
}

/* Where the state is that an ATTACH brings. */
enum { STATE_NONE, STATE_HERE, STATE_DRAFTED };

static void put_attach(struct bytes_buffer *buffer, const struct regionlog_attach *attach)
{
	uint8_t where;

	bytes_put_u8(buffer, (uint8_t)attach->type);
	bytes_put_u32(buffer, attach->region_size_sectors);
	bytes_put_u64(buffer, attach->region_count);
	bytes_put_u8(buffer, (uint8_t)attach->sync);
	bytes_put_u8(buffer, attach->reconnect);
	bytes_put_u64(buffer, attach->generation);
	bytes_put_u64(buffer, attach->valid_count);
	where = attach->unsynced ? STATE_HERE : STATE_NONE;
	if (attach->drafted)
		where = STATE_DRAFTED;
	bytes_put_u8(buffer, where);
	if (where == STATE_HERE)
		regionset_encode(attach->unsynced, buffer);
}

static void get_attach(struct bytes_reader *reader, struct regionlog_attach *attach)
{
	uint8_t type = bytes_get_u8(reader);
	uint8_t sync, where;

	attach->type = type == LOG_TYPE_DISK ? LOG_TYPE_DISK : LOG_TYPE_CORE;
	attach->region_size_sectors = bytes_get_u32(reader);
	attach->region_count = bytes_get_u64(reader);
	sync = bytes_get_u8(reader);
	attach->sync = sync <= LOG_SYNC_NONE ? (enum log_sync)sync : LOG_SYNC_DEFAULT;
	attach->reconnect = bytes_get_u8(reader) != 0;
	attach->generation = bytes_get_u64(reader);
	attach->valid_count = bytes_get_u64(reader);
	if (type > LOG_TYPE_DISK || sync > LOG_SYNC_NONE || attach->region_count == 0 ||
	    attach->region_count > LOGARGS_REGIONS_MAX ||
	    attach->valid_count > attach->region_count)
		reader->failed = true;
	where = bytes_get_u8(reader);
	if (where > STATE_DRAFTED)
		reader->failed = true;
	attach->drafted = where == STATE_DRAFTED;
	if (where == STATE_HERE && !reader->failed)
		attach->unsynced = regionset_decode(reader, attach->region_count);
}

static void put_state(struct bytes_buffer *buffer, const struct wire_op *op)
{
	bytes_put_u64(buffer, op->attach.generation);
	bytes_put_u64(buffer, op->attach.region_count);
	bytes_put_u64(buffer, op->first);
	bytes_put_u64(buffer, op->end);
	if (op->end)
		regionset_encode(op->attach.unsynced, buffer);
}

static void get_state(struct bytes_reader *reader, struct wire_op *op)
{
	op->attach.generation = bytes_get_u64(reader);
	op->attach.region_count = bytes_get_u64(reader);
	op->first = bytes_get_u64(reader);
	op->end = bytes_get_u64(reader);
	if (op->attach.region_count > LOGARGS_REGIONS_MAX || op->end > op->attach.region_count ||
	    (op->first >= op->end && op->end != 0) || (op->end == 0 && op->first != 0))
		reader->failed = true;
	if (op->end == 0 || reader->failed)
		return;
	op->attach.unsynced = regionset_decode(reader, op->end);
	if (op->attach.unsynced && regionset_next(op->attach.unsynced, 0) < op->first)
		reader->failed = true;
}

static void put_body(struct bytes_buffer *buffer, const struct wire_op *op)
{
	switch (op->kind) {
	case OP_ATTACH:
		put_attach(buffer, &op->attach);
		break;
	case OP_UPDATE:
	case OP_WORK:
		put_numbers(buffer, op->regions, op->region_count);
		put_numbers(buffer, op->others, op->other_count);
		bytes_put_u32(buffer, op->want);
		break;
	case OP_WANT:
	case OP_UNSYNC:
	case OP_EXPECT:
		put_numbers(buffer, op->regions, op->region_count);
		break;
	case OP_WRITTEN:
		bytes_put_u64(buffer, op->position);
		break;
	case OP_HEALTH:
		bytes_put_u8(buffer, op->failed);
		break;
	case OP_REJOIN:
		put_attach(buffer, &op->attach);
		regionset_encode(op->marked, buffer);
		regionset_encode(op->primary_only, buffer);
		bytes_put_u8(buffer, op->absent);
		break;
	case OP_FOUND:
		bytes_put_u64(buffer, op->attach.region_count);
		regionset_encode(op->marked, buffer);
		break;
	case OP_NODE_DOWN:
	case OP_DAEMON_GONE:
	case OP_FENCED:
		bytes_put_u32(buffer, op->node);
		break;
	case OP_FOUNDED:
		bytes_put_u8(buffer, op->doubtful);
		put_numbers(buffer, op->regions, op->region_count);
		break;
	case OP_STATE:
		put_state(buffer, op);
		break;
	case OP_RELEASE:
	case OP_DETACH:
	case OP_FORGET:
	case OP_PRESENT:
		break;
	}
}

static void get_body(struct bytes_reader *reader, struct wire_op *op)
{
	switch (op->kind) {
	case OP_ATTACH:
		get_attach(reader, &op->attach);
		break;
	case OP_UPDATE:
	case OP_WORK:
		get_numbers(reader, &op->regions, &op->region_count);
		get_numbers(reader, &op->others, &op->other_count);
		op->want = bytes_get_u32(reader);
		break;
	case OP_WANT:
	case OP_UNSYNC:
	case OP_EXPECT:
		get_numbers(reader, &op->regions, &op->region_count);
		break;
	case OP_WRITTEN:
		op->position = bytes_get_u64(reader);
		break;
	case OP_HEALTH:
		op->failed = bytes_get_u8(reader) != 0;
		break;
	case OP_REJOIN:
		get_attach(reader, &op->attach);
		if (!reader->failed)
			op->marked = regionset_decode(reader, op->attach.region_count);
		if (op->marked)
			op->primary_only = regionset_decode(reader, op->attach.region_count);
		op->absent = bytes_get_u8(reader) != 0;
		break;
	case OP_FOUND:
		op->attach.region_count = bytes_get_u64(reader);
		if (op->attach.region_count > LOGARGS_REGIONS_MAX)
			reader->failed = true;
		else
			op->marked = regionset_decode(reader, op->attach.region_count);
		break;
	case OP_NODE_DOWN:
	case OP_DAEMON_GONE:
	case OP_FENCED:
		op->node = bytes_get_u32(reader);
		break;
	case OP_FOUNDED:
		op->doubtful = bytes_get_u8(reader) != 0;
		get_numbers(reader, &op->regions, &op->region_count);
		break;
	case OP_STATE:
		get_state(reader, op);
		break;
	case OP_RELEASE:
	case OP_DETACH:
	case OP_FORGET:
	case OP_PRESENT:
		break;
	}
}

void wire_op_encode(const struct wire_op *op, struct bytes_buffer *buffer)
{
	size_t start = buffer->size;

	bytes_put_u32(buffer, 0);
	bytes_put_u8(buffer, (uint8_t)op->kind);
	bytes_put_string(buffer, op->uuid);
	bytes_put_u64(buffer, op->ticket);
	put_body(buffer, op);
	bytes_set_u32(buffer, start, (uint32_t)(buffer->size - start - 4));
}

static bool is_of_node(enum wire_op_kind kind)
{
	return (kind >= OP_NODE_DOWN && kind <= OP_FOUNDED) || kind == OP_PRESENT;
}

int wire_op_decode(struct bytes_reader *reader, struct wire_op *op)
{
	uint32_t size = bytes_get_u32(reader);
	const uint8_t *bytes = bytes_get_raw(reader, size);
	struct bytes_reader body;
	uint8_t kind;

	*op = (struct wire_op){0};
	if (!bytes)
		return -EBADMSG;
	bytes_reader_init(&body, bytes, size);
	kind = bytes_get_u8(&body);
	bytes_get_string(&body, op->uuid, sizeof(op->uuid));
	op->ticket = bytes_get_u64(&body);
	if (body.failed || kind < OP_ATTACH || kind > OP_KIND_MAX)
		return -EBADMSG;
	op->kind = (enum wire_op_kind)kind;
	if (is_of_node(op->kind) != (op->uuid[0] == '\0'))
		return -EBADMSG;
	get_body(&body, op);
	if (bytes_reader_done(&body))
		return 0;
	wire_op_free(op);
	return -EBADMSG;
}
