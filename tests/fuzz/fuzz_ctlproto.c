/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket's messages: refused, or the only encoding of what they mean. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/ctlproto.h"
#include "tests/fuzz/fuzz.h"

static void check_request(const uint8_t *data, size_t size)
{
	struct bytes_buffer again = {0};
	struct ctl_request request;
	int error = ctl_request_decode(data, size, &request);

	assert(error == 0 || error == -EPROTO || error == -EBADMSG);
	if (error)
		return;
	assert(strlen(request.line) < sizeof(request.line));
	assert(request.kind == CTL_RUN || request.kind == CTL_NEXT);
	ctl_request_encode(&request, &again);
	assert(again.size == size && memcmp(again.data, data, size) == 0);
	bytes_free(&again);
}

static void check_reply(const uint8_t *data, size_t size)
{
	struct bytes_buffer again = {0};
	struct ctl_reply reply;
	int error = ctl_reply_decode(data, size, &reply);

	assert(error == 0 || error == -EPROTO || error == -EBADMSG);
	if (error)
		return;
	assert(reply.text_size <= CTL_CHUNK_MAX && reply.status <= CTL_USAGE);
	ctl_reply_encode(&reply, &again);
	assert(again.size == size && memcmp(again.data, data, size) == 0);
	bytes_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_request(data, size);
	check_reply(data, size);
	return 0;
}
