/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/message_text.h"

#include <inttypes.h>
#include <string.h>

#include "cluster/wire.h"
#include "common/text_append.h"

#define REGIONS_NAMED 8

static const char *const op_names[OP_KIND_MAX + 1] = {
	[OP_ATTACH] = "ATTACH", [OP_RELEASE] = "RELEASE",     [OP_DETACH] = "DETACH",
	[OP_FORGET] = "FORGET", [OP_UPDATE] = "UPDATE",       [OP_WORK] = "WORK",
	[OP_WANT] = "WANT",     [OP_UNSYNC] = "UNSYNC",       [OP_WRITTEN] = "WRITTEN",
	[OP_HEALTH] = "HEALTH", [OP_REJOIN] = "REJOIN",       [OP_EXPECT] = "EXPECT",
	[OP_FOUND] = "FOUND",   [OP_NODE_DOWN] = "NODE_DOWN", [OP_DAEMON_GONE] = "DAEMON_GONE",
	[OP_FENCED] = "FENCED", [OP_FOUNDED] = "FOUNDED",     [OP_PRESENT] = "PRESENT",
	[OP_STATE] = "STATE",
};

static void add_regions(char *text, const char *sign, const uint32_t *regions, uint32_t count)
{
	for (uint32_t i = 0; i < count && i < REGIONS_NAMED; i++)
		text_append(text, MESSAGE_TEXT_SIZE, " %s%" PRIu32, sign, regions[i]);
	if (count > REGIONS_NAMED)
		text_append(text, MESSAGE_TEXT_SIZE, " and %" PRIu32 " more",
			    count - REGIONS_NAMED);
}

static void add_op(char *text, const struct wire_op *op)
{
	text_append(text, MESSAGE_TEXT_SIZE, "%s%s%s", op_names[op->kind], *op->uuid ? " " : "",
		    op->uuid);
	if (op->node)
		text_append(text, MESSAGE_TEXT_SIZE, " node %" PRIu32, op->node);
	if (op->kind == OP_WRITTEN)
		text_append(text, MESSAGE_TEXT_SIZE, " up to %" PRIu64, op->position);
	if (op->kind == OP_WORK && op->want)
		text_append(text, MESSAGE_TEXT_SIZE, " want %" PRIu32, op->want);
	add_regions(text, "+", op->regions, op->region_count);
	add_regions(text, "-", op->others, op->other_count);
}

static void add_ops(char *text, struct bytes_reader *reader)
{
	struct wire_op op;

	for (const char *between = ""; bytes_left(reader) > 0; between = ", ") {
		if (wire_op_decode(reader, &op) < 0)
			return;
		text_append(text, MESSAGE_TEXT_SIZE, "%s", between);
		add_op(text, &op);
		wire_op_free(&op);
	}
}

void message_text(const void *bytes, size_t size, char text[MESSAGE_TEXT_SIZE])
{
	static const char *const kinds[] = {
		[WIRE_HELLO] = "HELLO",
		[WIRE_CENSUS] = "CENSUS",
		[WIRE_SNAPSHOT_BEGIN] = "SNAPSHOT_BEGIN",
		[WIRE_SNAPSHOT_DATA] = "SNAPSHOT_DATA",
	};
	struct bytes_reader reader;
	enum wire_kind kind;

	*text = '\0';
	bytes_reader_init(&reader, bytes, size);
	if (wire_open(&reader, &kind) < 0)
		text_append(text, MESSAGE_TEXT_SIZE, "not one of ours");
	else if (kind == WIRE_OPS)
		add_ops(text, &reader);
	else
		text_append(text, MESSAGE_TEXT_SIZE, "%s", kinds[kind]);
	if (strlen(text) == MESSAGE_TEXT_SIZE - 1)
		memcpy(text + MESSAGE_TEXT_SIZE - 4, "...", 3);
}
