/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fuzz/engine_box.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/engine_internal.h" /* the replica, for box_check_snapshot */
#include "common/disklog.h"
#include "common/memory.h"

#define SETTLE_STEPS 20000

struct box_item {
	struct box_item *next;
	struct disk_job job;
	size_t size;
	uint8_t bytes[];
};

/* What went on in a run: FUZZ_TRACE=1 fuzz_TARGET INPUT */
#define TRACE(...)                                    \
	do {                                          \
		if (getenv("FUZZ_TRACE"))             \
			fprintf(stderr, __VA_ARGS__); \
	} while (0)

static void append(struct box_item **list, struct box_item *item)
{
	while (*list)
		list = &(*list)->next;
	*list = item;
}

static struct box_item *item_new(const void *bytes, size_t size)
{
	struct box_item *item = memory_new(1, sizeof(*item) + size);

	item->size = size;
	if (size)
		memcpy(item->bytes, bytes, size);
	return item;
}

static struct box_item *take(struct box_item **list, bool newest)
{
	struct box_item *item;

	while (newest && *list && (*list)->next)
		list = &(*list)->next;
	item = *list;
	if (item)
		*list = item->next;
	return item;
}

/* --- ports --- */

static void port_reply(void *context, const struct ulog_reply *reply)
{
	struct box *box = context;
	uint8_t bytes[ULOG_REQUEST_BYTES + ULOG_REPLY_DATA_MAX];

	assert(ulog_reply_encode(reply, bytes, sizeof(bytes)) > 0);
	TRACE("  answer %" PRIu32 " %s: %d\n", reply->seq, ulog_type_name(reply->type),
	      reply->error);
	assert(reply->error <= 0);
	if (box->reply)
		box->reply(box->context, reply);
}

static int port_send(void *context, const void *bytes, size_t size)
{
	append(&((struct box *)context)->messages, item_new(bytes, size));
	return 0;
}

static void port_disk(void *context, const struct disk_job *job)
{
	struct box *box = context;
	struct box_item *item;

	if (job->kind == DISK_CLOSE) {
		assert(job->handle == 1 && box->open_handles > 0);
		box->open_handles--;
		return;
	}
	assert(job->id > box->last_job);
	box->last_job = job->id;
	if (job->kind != DISK_OPEN) {
		assert(job->handle == 1 && job->length_bytes > 0 &&
		       job->length_bytes <= DISK_JOB_BYTES_MAX);
		assert(job->offset_bytes % 512 == 0 && job->length_bytes % 512 == 0);
	}
	item = item_new(job->data, job->kind == DISK_WRITE ? job->length_bytes : 0);
	item->job = *job;
	item->job.data = NULL;
	item->job.device = NULL;
	append(&box->jobs, item);
}

static void port_device(void *context, const char *uuid)
{
	(void)context;
	assert(uuid[0] != '\0');
}

static void port_report(void *context, enum report_level level, const char *text)
{
	(void)context;
	(void)level;
	TRACE("  -- %s\n", text);
	assert(text[0] != '\0' && !strchr(text, '\n'));
}

static void port_remember(void *context, const char *uuid, const uint32_t *nodes, size_t count)
{
	(void)context;
	assert(uuid[0] != '\0' && count <= VIEW_NODES_MAX);
	for (size_t i = 0; i < count; i++)
		assert(nodes[i] != 0);
}

/* --- life --- */

struct box *box_new(uint32_t node)
{
	struct disklog_header header = {DISKLOG_MAGIC, DISKLOG_VERSION, BOX_DISK_REGIONS / 2};
	struct box *box = memory_new(1, sizeof(*box));
	struct engine_settings settings;
	struct engine_ports ports = {
		.context = box,
		.reply = port_reply,
		.send = port_send,
		.disk = port_disk,
		.cycle_device = port_device,
		.wake_device = port_device,
		.report = port_report,
		.remember = port_remember,
	};

	engine_settings_init(&settings);
	settings.node = node;
	settings.join_seed = BOX_JOIN_SEED;
	settings.window_regions = 8;
	settings.mark_ahead_regions = 4;
	settings.recovery_batch = 4;
	settings.state_piece_bytes = 32;
	box->node = node;
	box->now_ms = 1000;
	box->engine = engine_new(&settings, &ports, box->now_ms);
	disklog_header_encode(&header, box->device);
	memset(box->device + DISKLOG_BITMAP_OFFSET, 0xff,
	       sizeof(box->device) - DISKLOG_BITMAP_OFFSET);
	box->device[DISKLOG_BITMAP_OFFSET + 1] = 0xf7; /* region 11 */
	return box;
}

void box_free(struct box *box)
{
	struct box_item *item;

	engine_free(box->engine);
	while ((item = take(&box->messages, false)))
		free(item);
	while ((item = take(&box->jobs, false)))
		free(item);
	free(box);
}

/* --- steps --- */

static void peers_answer(struct box *box, const struct box_item *item)
{
	struct wire_hello hello = {
		.version_min = 1, .version_max = 1, .state = HELLO_LIVE, .position = 1000};
	struct bytes_reader reader;
	enum wire_kind kind;

	bytes_reader_init(&reader, item->bytes, item->size);
	if (wire_open(&reader, &kind) < 0 || kind != WIRE_CENSUS ||
	    wire_census_decode(&reader, &hello.census) < 0)
		return;
	for (size_t i = 0; i < box->peer_count; i++) {
		struct bytes_buffer message = {0};

		hello.join_id = box->peers[i];
		wire_begin(&message, WIRE_HELLO, WIRE_VERSION_MIN);
		wire_hello_encode(&hello, &message);
		engine_message(box->engine, box->now_ms, box->peers[i], message.data, message.size);
		bytes_free(&message);
	}
}

bool box_deliver(struct box *box)
{
	struct box_item *item = take(&box->messages, false);

	if (!item)
		return false;
	TRACE("deliver own message of %zu bytes\n", item->size);
	engine_message(box->engine, box->now_ms, box->node, item->bytes, item->size);
	peers_answer(box, item);
	free(item);
	return true;
}

static void end_well(struct box *box, const struct box_item *item, struct disk_result *result)
{
	const struct disk_job *job = &item->job;

	if (job->kind == DISK_OPEN) {
		*result = (struct disk_result){.id = job->id,
					       .result = 1,
					       .size_bytes = BOX_DEVICE_BYTES,
					       .block_bytes = 512,
					       .major = 254,
					       .minor = 3};
		box->open_handles++;
		return;
	}
	if (job->offset_bytes + job->length_bytes > BOX_DEVICE_BYTES) {
		result->result = -EIO;
		return;
	}
	result->result = job->length_bytes;
	if (job->kind == DISK_READ)
		result->data = box->device + job->offset_bytes;
	else
		memcpy(box->device + job->offset_bytes, item->bytes, item->size);
}

bool box_complete(struct box *box, bool newest, int error)
{
	struct box_item *item = take(&box->jobs, newest);
	struct disk_result result;

	if (!item)
		return false;
	result = (struct disk_result){.id = item->job.id, .result = error};
	TRACE("disk job %" PRIu64 " kind %d ends with %d\n", item->job.id, (int)item->job.kind,
	      error);
	if (error == 0)
		end_well(box, item, &result);
	engine_disk_done(box->engine, box->now_ms, &result);
	free(item);
	return true;
}

void box_settle(struct box *box)
{
	unsigned int steps = 0;

	while (box_deliver(box) || box_complete(box, false, 0))
		if (++steps > SETTLE_STEPS)
			abort(); /* talks to itself for ever */
}

void box_pass(struct box *box, uint64_t ms)
{
	box->now_ms += ms;
	engine_tick(box->engine, box->now_ms);
}

static void add_member(struct view *view, uint32_t node)
{
	size_t at = view->member_count++;

	while (at > 0 && view->members[at - 1] > node) {
		view->members[at] = view->members[at - 1];
		at--;
	}
	view->members[at] = node;
}

void box_view(struct box *box, uint32_t node, enum view_change change)
{
	struct view view = {.change_count = 1};
	size_t kept = 0;

	view.changes[0].node = node;
	view.changes[0].change = change;
	for (size_t i = 0; i < box->peer_count; i++)
		if (box->peers[i] != node)
			box->peers[kept++] = box->peers[i];
	box->peer_count = kept;
	if (change == VIEW_JOINED && node != box->node)
		box->peers[box->peer_count++] = node;
	add_member(&view, box->node);
	for (size_t i = 0; i < box->peer_count; i++)
		add_member(&view, box->peers[i]);
	engine_view(box->engine, box->now_ms, &view);
}

void box_quorum(struct box *box, enum quorum quorum)
{
	uint32_t nodes[VIEW_NODES_MAX] = {box->node};

	for (size_t i = 0; i < box->peer_count && i + 1 < VIEW_NODES_MAX; i++)
		nodes[i + 1] = box->peers[i];
	engine_quorum(box->engine, box->now_ms, quorum, 0, nodes, box->peer_count + 1);
}

/* --- requests and operations --- */

uint32_t box_request(struct box *box, struct ulog_request *request)
{
	request->version = 2;
	request->seq = ++box->last_seq;
	TRACE("ask %" PRIu32 " %s %s %" PRIu64 " region %" PRIu64 " at %" PRIu64 " %s\n",
	      request->seq, ulog_type_name(request->type), request->uuid, request->luid,
	      request->region_count ? request->regions[0] : 0, box->now_ms,
	      request->type == ULOG_CTR ? request->constructor : "");
	engine_request(box->engine, box->now_ms, request);
	return request->seq;
}

uint32_t box_ask(struct box *box, const char *uuid, enum ulog_type type, uint64_t luid,
		 uint64_t region)
{
	struct ulog_request request = {
		.luid = luid, .type = type, .region_count = 1, .regions = {region}};

	assert(strlen(uuid) < sizeof(request.uuid));
	strcpy(request.uuid, uuid);
	return box_request(box, &request);
}

void box_construct(struct box *box, const char *uuid, uint64_t luid, const char *table)
{
	struct ulog_request request = {.luid = luid, .type = ULOG_CTR};

	strcpy(request.uuid, uuid);
	strcpy(request.constructor, table);
	box_request(box, &request);
}

void box_operation(struct box *box, uint32_t node, struct wire_op *op)
{
	struct bytes_buffer message = {0};

	wire_begin(&message, WIRE_OPS, WIRE_VERSION_MIN);
	wire_op_encode(op, &message);
	wire_op_free(op);
	engine_message(box->engine, box->now_ms, node, message.data, message.size);
	bytes_free(&message);
}

void box_attach_peer(struct box *box, uint32_t node, const char *uuid)
{
	bool disk = strcmp(uuid, BOX_DISK) == 0;
	struct wire_op op = {
		.kind = OP_ATTACH,
		.attach =
			{
				.type = disk ? LOG_TYPE_DISK : LOG_TYPE_CORE,
				.region_size_sectors = 1024,
				.region_count = disk ? BOX_DISK_REGIONS : 64,
			},
	};

	strcpy(op.uuid, uuid);
	box_operation(box, node, &op);
}

/* --- looking --- */

static void look_at_log(void *context, const struct engine_log_status *log)
{
	static struct engine_map map;
	const struct box *box = context;

	assert(log->state && log->uuid[0] != '\0' && (log->health == 'A' || log->health == 'D'));
	assert(log->in_sync <= log->regions);
	if (!engine_map(box->engine, log->uuid, 64, &map))
		assert(map.cell_count > 0 && map.cell_count <= 64);
}

void box_look(struct box *box)
{
	struct engine_status status;
	uint64_t position;

	engine_status(box->engine, &status);
	assert(status.node == box->node);
	engine_status_logs(box->engine, box, look_at_log);
	(void)engine_digest(box->engine, &position);
	(void)engine_deadline_ms(box->engine);
}

void box_check_snapshot(struct box *box)
{
	struct bytes_buffer bytes = {0};
	struct replica *again;

	replica_encode(box->engine->replica, &bytes);
	again = replica_decode(bytes.data, bytes.size);
	assert(again);
	assert(replica_digest(again) == replica_digest(box->engine->replica));
	replica_free(again);
	bytes_free(&bytes);
}
