/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/message_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cluster/wire.h"

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

__attribute__((format(printf, 2, 3))) static void add(char *text, const char *format, ...)
{
	size_t length = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text + length, MESSAGE_TEXT_SIZE - length, format, arguments);
	va_end(arguments);
}

static void add_regions(char *text, const char *sign, const uint32_t *regions, uint32_t count)
{
	for (uint32_t i = 0; i < count && i < REGIONS_NAMED; i++)
		add(text, " %s%" PRIu32, sign, regions[i]);
	if (count > REGIONS_NAMED)
		add(text, " and %" PRIu32 " more", count - REGIONS_NAMED);
}

static void add_op(char *text, const struct wire_op *op)
{
	add(text, "%s%s%s", op_names[op->kind], *op->uuid ? " " : "", op->uuid);
	if (op->node)
		add(text, " node %" PRIu32, op->node);
	if (op->kind == OP_WRITTEN)
		add(text, " up to %" PRIu64, op->position);
	if (op->kind == OP_WORK && op->want)
		add(text, " want %" PRIu32, op->want);
	add_regions(text, "+", op->regions, op->region_count);
	add_regions(text, "-", op->others, op->other_count);
}

static void add_ops(char *text, struct bytes_reader *reader)
{
	struct wire_op op;

	for (const char *between = ""; bytes_left(reader) > 0; between = ", ") {
		if (wire_op_decode(reader, &op) < 0)
			return;
		add(text, "%s", between);
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
		add(text, "not one of ours");
	else if (kind == WIRE_OPS)
		add_ops(text, &reader);
	else
		add(text, "%s", kinds[kind]);
	if (strlen(text) == MESSAGE_TEXT_SIZE - 1)
		memcpy(text + MESSAGE_TEXT_SIZE - 4, "...", 3);
}
