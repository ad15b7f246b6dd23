/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a cluster as a joiner gets it: read alone, and in two pieces by
 * an engine whose kernel waits for it and goes on with whatever it says.
 */
#include <assert.h>
#include <string.h>

#include "cluster/replica.h"
#include "common/memory.h"
#include "tests/fuzz/engine_box.h"
#include "tests/fuzz/fuzz.h"

#define LUID 7

static bool decodes(const uint8_t *data, size_t size)
{
	struct replica *replica = replica_decode(data, size);
	struct bytes_buffer one = {0}, other = {0};
	struct replica *again;

	if (!replica)
		return false;
	replica_encode(replica, &one);
	again = replica_decode(one.data, one.size);
	assert(again);
	replica_encode(again, &other);
	assert(one.size == other.size && memcmp(one.data, other.data, one.size) == 0);
	bytes_free(&one);
	bytes_free(&other);
	replica_free(again);
	replica_free(replica);
	return true;
}

static struct box *joiner(void)
{
	struct box *box = box_new(2);

	box->peers[0] = 1;
	box->peer_count = 1;
	box_construct(box, BOX_CORE, LUID, BOX_CORE_TABLE);
	box_construct(box, BOX_DISK, LUID, BOX_DISK_TABLE);
	box_settle(box);
	box_view(box, 2, VIEW_JOINED);
	box_quorum(box, QUORUM_YES);
	box_ask(box, BOX_CORE, ULOG_RESUME, LUID, 0);
	box_ask(box, BOX_DISK, ULOG_RESUME, LUID, 0);
	return box;
}

/* The lowest member asks who knows what. */
static void census(struct box *box)
{
	struct wire_hello hello = {
		.version_min = 1, .version_max = 1, .state = HELLO_LIVE, .join_id = 1, .census = 9};
	struct bytes_buffer message = {0};

	wire_begin(&message, WIRE_CENSUS, WIRE_VERSION_MIN);
	wire_census_encode(hello.census, &message);
	engine_message(box->engine, box->now_ms, 1, message.data, message.size);
	bytes_reset(&message);
	wire_begin(&message, WIRE_HELLO, WIRE_VERSION_MIN);
	wire_hello_encode(&hello, &message);
	engine_message(box->engine, box->now_ms, 1, message.data, message.size);
	bytes_free(&message);
	box_settle(box);
}

static void piece(struct box *box, uint32_t index, bool last, const uint8_t *data, size_t size)
{
	struct wire_snapshot_data content = {.joiner = 2,
					     .transfer_id = 3,
					     .index = index,
					     .last = last,
					     .bytes = data,
					     .size = (uint32_t)size};
	struct bytes_buffer message = {0};

	wire_begin(&message, WIRE_SNAPSHOT_DATA, WIRE_VERSION_MIN);
	wire_snapshot_data_encode(&content, &message);
	engine_message(box->engine, box->now_ms, 1, message.data, message.size);
	bytes_free(&message);
}

static void update(struct box *box, const char *uuid)
{
	struct wire_op op = {
		.kind = OP_UPDATE, .regions = memory_new(1, sizeof(uint32_t)), .region_count = 1};

	op.regions[0] = 9;
	strcpy(op.uuid, uuid);
	box_operation(box, 1, &op);
}

static bool transfer(struct box *box, const uint8_t *data, size_t size)
{
	struct wire_snapshot_begin begin = {
		.joiner = 2, .join_id = BOX_JOIN_SEED, .transfer_id = 3};
	struct bytes_buffer message = {0};
	struct engine_status status;

	wire_begin(&message, WIRE_SNAPSHOT_BEGIN, WIRE_VERSION_MIN);
	wire_snapshot_begin_encode(&begin, &message);
	engine_message(box->engine, box->now_ms, 1, message.data, message.size);
	bytes_free(&message);
	piece(box, 0, false, data, size / 2);
	box_attach_peer(box, 1, BOX_DISK);
	update(box, BOX_CORE);
	piece(box, 1, true, data + size / 2, size - size / 2);
	engine_status(box->engine, &status);
	return status.joined;
}

static void kernel_goes_on(struct box *box, const char *uuid)
{
	static const enum ulog_type types[] = {
		ULOG_GET_RESYNC_WORK, ULOG_IS_REMOTE_RECOVERING,
		ULOG_IN_SYNC,         ULOG_MARK_REGION,
		ULOG_FLUSH,           ULOG_GET_SYNC_COUNT,
		ULOG_CLEAR_REGION,    ULOG_STATUS_INFO,
		ULOG_SET_REGION_SYNC,
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		box_ask(box, uuid, types[i], LUID, 9);
		box_settle(box);
	}
	update(box, uuid);
	box_pass(box, 2500);
	box_settle(box);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool good = decodes(data, size);
	struct box *box = joiner();
	bool joined;

	census(box);
	joined = transfer(box, data, size);
	assert(joined == good);
	box_settle(box);
	box_look(box);
	kernel_goes_on(box, BOX_CORE);
	kernel_goes_on(box, BOX_DISK);
	box_view(box, 1, VIEW_NODEDOWN);
	box_quorum(box, QUORUM_YES);
	for (int i = 0; i < 4; i++) {
		box_pass(box, 3000);
		box_settle(box);
	}
	box_look(box);
	if (joined)
		box_check_snapshot(box);
	box_free(box);
	return 0;
}
