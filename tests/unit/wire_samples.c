/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/wire_samples.h"

#include <stdarg.h>
#include <string.h>

#include "common/memory.h"

static uint32_t *regions(uint32_t count, uint32_t first)
{
	uint32_t *list = memory_new(count, sizeof(*list));

	for (uint32_t i = 0; i < count; i++)
		list[i] = first + 17 * i;
	return list;
}

static struct regionset *set(uint64_t first, uint64_t end, uint32_t alone)
{
	struct regionset *regionset = regionset_new();

	regionset_add_range(regionset, first, end);
	regionset_add(regionset, alone);
	return regionset;
}

static void attach_of_disk(struct wire_op *op)
{
	op->kind = OP_ATTACH;
	op->attach = (struct regionlog_attach){
		.type = LOG_TYPE_DISK,
		.region_size_sectors = 1024,
		.region_count = 200000,
		.generation = 7,
		.valid_count = 150000,
		.unsynced = set(100, 300, 149999),
	};
}

static void attach_of_core(struct wire_op *op)
{
	op->kind = OP_ATTACH;
	op->attach = (struct regionlog_attach){
		.type = LOG_TYPE_CORE,
		.region_size_sectors = 8,
		.region_count = 1,
		.sync = LOG_SYNC_NONE,
		.reconnect = true,
	};
}

static void release(struct wire_op *op)
{
	op->kind = OP_RELEASE;
}

static void detach(struct wire_op *op)
{
	op->kind = OP_DETACH;
}

static void forget(struct wire_op *op)
{
	op->kind = OP_FORGET;
}

static void update(struct wire_op *op)
{
	op->kind = OP_UPDATE;
	op->regions = regions(3, 0);
	op->region_count = 3;
	op->others = regions(2, 0xffff0000U);
	op->other_count = 2;
}

static void update_of_nothing(struct wire_op *op)
{
	op->kind = OP_UPDATE;
}

static void work(struct wire_op *op)
{
	op->kind = OP_WORK;
	op->regions = regions(2, 5);
	op->region_count = 2;
	op->others = regions(1, 9);
	op->other_count = 1;
	op->want = 32;
}

static void want(struct wire_op *op)
{
	op->kind = OP_WANT;
	op->regions = regions(1, 12);
	op->region_count = 1;
}

static void unsync(struct wire_op *op)
{
	op->kind = OP_UNSYNC;
	op->regions = regions(1, 13);
	op->region_count = 1;
}

static void written(struct wire_op *op)
{
	op->kind = OP_WRITTEN;
	op->position = 0x0102030405060708ULL;
}

static void health(struct wire_op *op)
{
	op->kind = OP_HEALTH;
	op->failed = true;
}

static void rejoin(struct wire_op *op)
{
	op->kind = OP_REJOIN;
	op->attach = (struct regionlog_attach){
		.type = LOG_TYPE_DISK,
		.region_size_sectors = 1024,
		.region_count = 200000,
	};
	op->marked = set(65530, 65540, 3);
	op->primary_only = set(0, 0, 70000);
}

static void expect(struct wire_op *op)
{
	op->kind = OP_EXPECT;
	op->regions = regions(2, 2);
	op->region_count = 2;
}

static void node_down(struct wire_op *op)
{
	op->kind = OP_NODE_DOWN;
	op->node = 2;
}

static void daemon_gone(struct wire_op *op)
{
	op->kind = OP_DAEMON_GONE;
	op->node = 0xfffffffeU;
}

static void fenced(struct wire_op *op)
{
	op->kind = OP_FENCED;
	op->node = 3;
}

static void found(struct wire_op *op)
{
	op->kind = OP_FOUND;
	op->attach.region_count = 200000;
	op->marked = set(65530, 65540, 3);
}

static void founded(struct wire_op *op)
{
	op->kind = OP_FOUNDED;
	op->doubtful = true;
	op->regions = regions(2, 3);
	op->region_count = 2;
}

static void present(struct wire_op *op)
{
	op->kind = OP_PRESENT;
}

static void attach_of_pieces(struct wire_op *op)
{
	attach_of_disk(op);
	regionset_free(op->attach.unsynced);
	op->attach.unsynced = NULL;
	op->attach.drafted = true;
}

static void state_piece(struct wire_op *op)
{
	op->kind = OP_STATE;
	op->first = 65536;
	op->end = 180000;
	op->attach.generation = 7;
	op->attach.region_count = 200000;
	op->attach.unsynced = set(65536, 65540, 179999);
}

static void state_given_up(struct wire_op *op)
{
	op->kind = OP_STATE;
}

static void (*const makers[])(struct wire_op *op) = {
	attach_of_disk,
	attach_of_core,
	release,
	detach,
	forget,
	update,
	update_of_nothing,
	work,
	want,
	unsync,
	written,
	health,
	rejoin,
	node_down,
	daemon_gone,
	fenced,
	expect,
	founded,
	found,
	attach_of_pieces,
	state_piece,
	state_given_up,
	present,
};

const size_t wire_sample_op_count = sizeof(makers) / sizeof(makers[0]);

void wire_sample_op(size_t index, struct wire_op *op)
{
	*op = (struct wire_op){.ticket = 0x1122 + index};
	makers[index](op);
	if ((op->kind < OP_NODE_DOWN || op->kind > OP_FOUNDED) && op->kind != OP_PRESENT)
		strcpy(op->uuid, WIRE_SAMPLE_UUID);
}

static void hello(struct bytes_buffer *buffer)
{
	struct wire_hello message = {
		.version_min = 1,
		.version_max = 3,
		.state = HELLO_STALE,
		.join_id = 0x8877665544332211ULL,
		.lineage = 0xfeed,
		.era = 7,
		.position = 500,
		.census = 99,
		.unasked = true,
	};

	wire_begin(buffer, WIRE_HELLO, 1);
	wire_hello_encode(&message, buffer);
}

void wire_sample_message(enum wire_sample_message which, struct bytes_buffer *buffer)
{
	struct wire_snapshot_begin begin = {.joiner = 3, .join_id = 0xabcdef, .transfer_id = 4};
	struct wire_snapshot_data data = {
		.joiner = 3,
		.transfer_id = 4,
		.index = 2,
		.last = true,
		.bytes = (const uint8_t *)"state",
		.size = 5,
	};

	if (which == WIRE_SAMPLE_HELLO) {
		hello(buffer);
	} else if (which == WIRE_SAMPLE_CENSUS) {
		wire_begin(buffer, WIRE_CENSUS, 1);
		wire_census_encode(0x0807060504030201ULL, buffer);
	} else if (which == WIRE_SAMPLE_BEGIN) {
		wire_begin(buffer, WIRE_SNAPSHOT_BEGIN, 1);
		wire_snapshot_begin_encode(&begin, buffer);
	} else {
		wire_begin(buffer, WIRE_SNAPSHOT_DATA, 1);
		wire_snapshot_data_encode(&data, buffer);
	}
}
