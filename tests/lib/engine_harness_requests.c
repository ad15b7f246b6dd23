/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernels: requests as bytes, and what the kernel makes of the replies. */
#include <errno.h>
#include <linux/dm-log-userspace.h>
#include <string.h>

#include "common/memory.h"
#include "tests/lib/engine_harness.h"
#include "tests/unit/unit.h"

#define DEVICE_NAME_ROOM 128 /* DM_NAME_LEN */

static struct harness_request *find_request(struct harness_node *node, uint32_t seq)
{
	for (size_t i = node->request_count; i > 0; i--)
		if (node->requests[i - 1].request.seq == seq)
			return &node->requests[i - 1];
	return NULL;
}

static void remember(struct harness_node *node, const struct ulog_request *request)
{
	if (node->request_count == node->request_capacity) {
		node->request_capacity = node->request_capacity ? 2 * node->request_capacity : 64;
		node->requests = memory_resize(node->requests,
					       node->request_capacity * sizeof(*node->requests));
	}
	assert_null(find_request(node, request->seq));
	node->requests[node->request_count++] = (struct harness_request){.request = *request};
}

int harness_raw(struct harness *harness, uint32_t node, const void *bytes, size_t size)
{
	struct harness_node *it = harness_node(harness, node);
	struct ulog_request request;
	int result = ulog_request_decode(bytes, size, &request);

	if (result < 0)
		return result;
	assert_non_null(it->engine);
	remember(it, &request);
	engine_request(it->engine, harness->now_ms, &request);
	return 0;
}

/* --- replies --- */

/*
 * What dm-log-userspace-base.c offers room for, and needs when there is no error.
 * With -ESRCH the size comes back as the room of the next try, so it must be all of it.
 */
static void check_size(const struct harness_request *request, const struct dm_ulog_request *reply)
{
	uint32_t size = reply->data_size;
	bool is_final = reply->error && reply->error != -ESRCH;

	switch (request->request.type) {
	case ULOG_GET_REGION_SIZE:
	case ULOG_IS_CLEAN:
	case ULOG_IN_SYNC:
	case ULOG_GET_SYNC_COUNT:
		assert_int_equal(size, is_final ? 0 : 8);
		break;
	case ULOG_GET_RESYNC_WORK:
	case ULOG_IS_REMOTE_RECOVERING:
		assert_int_equal(size, is_final ? 0 : 16);
		break;
	case ULOG_CTR:
		assert_true(size <= (request->request.reconnect ? 0 : DEVICE_NAME_ROOM));
		if (size > 0)
			assert_int_equal(reply->data[size - 1], '\0');
		break;
	case ULOG_STATUS_INFO:
	case ULOG_STATUS_TABLE:
		assert_int_equal(size > 0, !is_final);
		break;
	default:
		assert_int_equal(size, 0);
		break;
	}
}

void harness_reply(struct harness_node *node, const struct ulog_reply *reply)
{
	union {
		struct dm_ulog_request header;
		uint8_t bytes[ULOG_REQUEST_BYTES + ULOG_REPLY_DATA_MAX];
	} raw;
	struct harness_request *request = find_request(node, reply->seq);
	int size = ulog_reply_encode(reply, &raw, sizeof(raw));

	assert_non_null(request);
	assert_false(request->answered);
	assert_false(request->dropped);
	assert_int_equal(size, ULOG_REQUEST_BYTES + raw.header.data_size);
	assert_int_equal(raw.header.seq, request->request.seq);
	assert_int_equal(raw.header.luid, request->request.luid);
	assert_int_equal(raw.header.request_type, request->request.type);
	check_size(request, &raw.header);
	request->answered = true;
	request->answered_ms = node->harness->now_ms;
	request->reply = *reply;
}

bool harness_is_answered(struct harness *harness, uint32_t node, uint32_t seq)
{
	const struct harness_request *request = find_request(harness_node(harness, node), seq);

	assert_non_null(request);
	return request->answered;
}

const struct ulog_reply *harness_answer(struct harness *harness, uint32_t node, uint32_t seq)
{
	const struct harness_request *request = find_request(harness_node(harness, node), seq);

	assert_non_null(request);
	if (!request->answered)
		fail_msg("%s of node %u has no answer", ulog_type_name(request->request.type),
			 node);
	return &request->reply;
}

uint64_t harness_value(const struct ulog_reply *reply, size_t index)
{
	uint64_t value;

	assert_true((index + 1) * sizeof(value) <= reply->data_size);
	memcpy(&value, reply->data + index * sizeof(value), sizeof(value));
	return value;
}

size_t harness_unanswered(const struct harness *harness, uint32_t node)
{
	const struct harness_node *it = &harness->nodes[node - 1];
	size_t count = 0;

	for (size_t i = 0; i < it->request_count; i++)
		count += !it->requests[i].answered && !it->requests[i].dropped;
	return count;
}

/* --- requests --- */

static uint32_t send_bytes(struct harness *harness, uint32_t node, struct ulog_request *request)
{
	uint8_t bytes[ULOG_REQUEST_BYTES + ULOG_PAYLOAD_MAX];
	int size;

	strcpy(request->uuid, harness->uuid);
	request->version = harness->version;
	request->seq = ++harness_node(harness, node)->last_seq;
	size = ulog_request_encode(request, bytes, sizeof(bytes));
	assert_true(size > 0);
	assert_int_equal(harness_raw(harness, node, bytes, (size_t)size), 0);
	return request->seq;
}

uint32_t harness_send_regions(struct harness *harness, uint32_t node, enum ulog_type type,
			      uint64_t luid, const uint64_t *regions, uint32_t count)
{
	struct ulog_request request = {.luid = luid, .type = type, .region_count = count};

	if (count > 0)
		memcpy(request.regions, regions, count * sizeof(*regions));
	return send_bytes(harness, node, &request);
}

uint32_t harness_send(struct harness *harness, uint32_t node, enum ulog_type type, uint64_t luid)
{
	return harness_send_regions(harness, node, type, luid, NULL, 0);
}

uint32_t harness_send_ctr(struct harness *harness, uint32_t node, uint64_t luid,
			  const char *constructor, bool reconnect)
{
	struct ulog_request request = {.luid = luid, .type = ULOG_CTR, .reconnect = reconnect};

	strcpy(request.constructor, constructor);
	return send_bytes(harness, node, &request);
}

uint32_t harness_send_set_sync(struct harness *harness, uint32_t node, uint64_t luid,
			       uint64_t region, bool in_sync)
{
	struct ulog_request request = {
		.luid = luid,
		.type = ULOG_SET_REGION_SYNC,
		.region_count = 1,
		.regions = {region},
		.in_sync = in_sync,
	};

	return send_bytes(harness, node, &request);
}

uint32_t harness_send_again(struct harness *harness, uint32_t node, uint32_t seq)
{
	struct harness_request *first = find_request(harness_node(harness, node), seq);
	struct ulog_request request;

	assert_non_null(first);
	first->dropped = true;
	request = first->request;
	return send_bytes(harness, node, &request);
}
