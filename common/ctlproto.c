/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/ctlproto.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define PROTOCOL_VERSION 1

_Static_assert(CTL_LINE_SIZE <= 256, "a line's length is one byte");

void ctl_request_encode(const struct ctl_request *request, struct bytes_buffer *buffer)
{
	bytes_put_u8(buffer, PROTOCOL_VERSION);
	bytes_put_u8(buffer, (uint8_t)request->kind);
	bytes_put_string(buffer, request->line);
}

void ctl_reply_encode(const struct ctl_reply *reply, struct bytes_buffer *buffer)
{
	assert(reply->text_size <= CTL_CHUNK_MAX);
	bytes_put_u8(buffer, PROTOCOL_VERSION);
	bytes_put_u8(buffer, (uint8_t)reply->status);
	bytes_put_u8(buffer, reply->more);
	bytes_put_u32(buffer, (uint32_t)reply->text_size);
	bytes_put_raw(buffer, reply->text, reply->text_size);
}

/* Of another version nothing but the first byte is known. */
static int finish(const struct bytes_reader *reader, size_t size, uint8_t version, bool valid)
{
	if (size && version != PROTOCOL_VERSION)
		return -EPROTO;
	return valid && bytes_reader_done(reader) ? 0 : -EBADMSG;
}

int ctl_request_decode(const void *bytes, size_t size, struct ctl_request *request)
{
	struct bytes_reader reader;
	uint8_t version;
	uint8_t kind;

	bytes_reader_init(&reader, bytes, size);
	version = bytes_get_u8(&reader);
	kind = bytes_get_u8(&reader);
	bytes_get_string(&reader, request->line, sizeof(request->line));
	request->kind = kind == CTL_NEXT ? CTL_NEXT : CTL_RUN;
	return finish(&reader, size, version, kind == CTL_RUN || kind == CTL_NEXT);
}

int ctl_reply_decode(const void *bytes, size_t size, struct ctl_reply *reply)
{
	struct bytes_reader reader;
	uint8_t version;
	uint8_t status;
	uint8_t more;

	bytes_reader_init(&reader, bytes, size);
	version = bytes_get_u8(&reader);
	status = bytes_get_u8(&reader);
	more = bytes_get_u8(&reader);
	reply->text_size = bytes_get_u32(&reader);
	reply->text = (const char *)bytes_get_raw(&reader, reply->text_size);
	reply->status = status <= CTL_USAGE ? (enum ctl_status)status : CTL_USAGE;
	reply->more = more != 0;
	return finish(&reader, size, version,
		      status <= CTL_USAGE && more <= 1 && reply->text_size <= CTL_CHUNK_MAX);
}
