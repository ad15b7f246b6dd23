/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A datagram from the netlink connector: refused, or good for a round trip; answered either way. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/ulog.h"
#include "tests/fuzz/fuzz.h"

static void check_round_trip(const struct ulog_request *request)
{
	uint8_t bytes[ULOG_REQUEST_BYTES + ULOG_PAYLOAD_MAX];
	uint8_t again[sizeof(bytes)];
	int size = ulog_request_encode(request, bytes, sizeof(bytes));
	struct ulog_request back;

	assert(size >= ULOG_REQUEST_BYTES);
	assert(ulog_request_decode(bytes, (size_t)size, &back) == 0);
	assert(ulog_request_encode(&back, again, sizeof(again)) == size);
	assert(memcmp(again, bytes, (size_t)size) == 0);
}

static void check_reply(const struct ulog_request *request, int error)
{
	uint8_t bytes[ULOG_REQUEST_BYTES + ULOG_REPLY_DATA_MAX];
	struct ulog_reply reply;
	int size;

	ulog_reply_init(&reply, request);
	reply.error = error;
	if (error == 0)
		(void)ulog_reply_set_string(&reply, request->constructor, true);
	assert(strlen(reply.uuid) < sizeof(reply.uuid));
	size = ulog_reply_encode(&reply, bytes, sizeof(bytes));
	assert(size == (int)(ULOG_REQUEST_BYTES + reply.data_size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ulog_request request;
	struct ulog_reply reply;
	int error = ulog_request_decode(data, size, &request);

	if (error == 0)
		check_round_trip(&request);
	if (error != -EBADMSG)
		check_reply(&request, error);
	(void)ulog_type_name(error == -EBADMSG ? ULOG_CTR : request.type);
	if (ulog_reply_decode(data, size, &reply) == 0)
		assert(reply.data_size <= sizeof(reply.data));
	return 0;
}
