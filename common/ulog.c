/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/ulog.h"

#include <assert.h>
#include <errno.h>
#include <linux/dm-log-userspace.h>
#include <string.h>

/* The kernel's struct, whose data is not aligned in a received datagram: only offsets of it are used. */
#define AT(field) offsetof(struct dm_ulog_request, field)

static_assert(AT(data) == ULOG_REQUEST_BYTES, "payload follows the request");
static_assert(sizeof(struct dm_ulog_request) == ULOG_REQUEST_BYTES, "no padding at the end");
static_assert(DM_UUID_LEN == ULOG_UUID_SIZE, "room for the kernel's uuid");
static_assert((int)ULOG_CTR == DM_ULOG_CTR, "the kernel's numbers");
static_assert((int)ULOG_TYPE_MAX == DM_ULOG_IS_REMOTE_RECOVERING, "the kernel's numbers");
static_assert(ULOG_REGIONS_MAX * sizeof(uint64_t) == ULOG_PAYLOAD_MAX, "a full payload");

#define REGION_BYTES sizeof(uint64_t)

/* What a type carries from the kernel. */
enum shape {
	SHAPE_NONE,
	SHAPE_STRING,        /* the constructor's */
	SHAPE_REGION,        /* one */
	SHAPE_REGIONS,       /* one or more */
	SHAPE_FLUSH_REGIONS, /* none or more from version 3 on, none before */
	SHAPE_REGION_SYNC,   /* a region and a flag */
};

static const struct {
	const char *name;
	enum shape shape;
} types[ULOG_TYPE_MAX + 1] = {
	[ULOG_CTR] = {"CTR", SHAPE_STRING},
	[ULOG_DTR] = {"DTR", SHAPE_NONE},
	[ULOG_PRESUSPEND] = {"PRESUSPEND", SHAPE_NONE},
	[ULOG_POSTSUSPEND] = {"POSTSUSPEND", SHAPE_NONE},
	[ULOG_RESUME] = {"RESUME", SHAPE_NONE},
	[ULOG_GET_REGION_SIZE] = {"GET_REGION_SIZE", SHAPE_NONE},
	[ULOG_IS_CLEAN] = {"IS_CLEAN", SHAPE_REGION},
	[ULOG_IN_SYNC] = {"IN_SYNC", SHAPE_REGION},
	[ULOG_FLUSH] = {"FLUSH", SHAPE_FLUSH_REGIONS},
	[ULOG_MARK_REGION] = {"MARK_REGION", SHAPE_REGIONS},
	[ULOG_CLEAR_REGION] = {"CLEAR_REGION", SHAPE_REGIONS},
	[ULOG_GET_RESYNC_WORK] = {"GET_RESYNC_WORK", SHAPE_NONE},
	[ULOG_SET_REGION_SYNC] = {"SET_REGION_SYNC", SHAPE_REGION_SYNC},
	[ULOG_GET_SYNC_COUNT] = {"GET_SYNC_COUNT", SHAPE_NONE},
	[ULOG_STATUS_INFO] = {"STATUS_INFO", SHAPE_NONE},
	[ULOG_STATUS_TABLE] = {"STATUS_TABLE", SHAPE_NONE},
	[ULOG_IS_REMOTE_RECOVERING] = {"IS_REMOTE_RECOVERING", SHAPE_REGION},
};

static bool type_is_known(enum ulog_type type)
{
	return (unsigned int)type >= ULOG_CTR && (unsigned int)type <= ULOG_TYPE_MAX;
}

void ulog_uuid_copy(char *to, const char *from)
{
	size_t length = strlen(from);

	assert(length < ULOG_UUID_SIZE);
	memcpy(to, from, length + 1);
}

const char *ulog_type_name(enum ulog_type type)
{
	return type_is_known(type) ? types[type].name : "?";
}

static uint32_t load_u32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static uint64_t load_u64(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static void store_u32(uint8_t *bytes, uint32_t value)
{
	memcpy(bytes, &value, sizeof(value));
}

static void store_u64(uint8_t *bytes, uint64_t value)
{
	memcpy(bytes, &value, sizeof(value));
}

/* Copies the uuid, cut if it does not end in its field. True for a good one. */
static bool load_uuid(const uint8_t *bytes, char *uuid)
{
	size_t length = strnlen((const char *)bytes + AT(uuid), ULOG_UUID_SIZE);
	bool ends = length < ULOG_UUID_SIZE;

	if (!ends)
		length--;
	memcpy(uuid, bytes + AT(uuid), length);
	uuid[length] = '\0';
	return ends && length > 0;
}

/* Whether the bytes hold a request struct and the payload it speaks of. */
static bool is_whole(const uint8_t *bytes, size_t size)
{
	return size >= ULOG_REQUEST_BYTES &&
	       load_u32(bytes + AT(data_size)) <= size - ULOG_REQUEST_BYTES;
}

static int decode_constructor(const uint8_t *data, size_t size, struct ulog_request *request)
{
	size_t length;

	if (size == 0 || size > ULOG_PAYLOAD_MAX)
		return -EINVAL;
	length = strnlen((const char *)data, size);
	/* a NUL may only be the last byte, and not the only one */
	if (length == 0 || size - length > 1)
		return -EINVAL;
	memcpy(request->constructor, data, length);
	request->constructor[length] = '\0';
	request->reconnect = length < size;
	return 0;
}

static int decode_regions(const uint8_t *data, size_t size, struct ulog_request *request)
{
	if (size % REGION_BYTES || size > ULOG_PAYLOAD_MAX)
		return -EINVAL;
	request->region_count = (uint32_t)(size / REGION_BYTES);
	for (uint32_t i = 0; i < request->region_count; i++)
		request->regions[i] = load_u64(data + i * REGION_BYTES);
	return 0;
}

static int decode_region_sync(const uint8_t *data, size_t size, struct ulog_request *request)
{
	if (size != 2 * REGION_BYTES)
		return -EINVAL;
	request->region_count = 1;
	request->regions[0] = load_u64(data);
	request->in_sync = load_u64(data + REGION_BYTES) != 0;
	return 0;
}

static int decode_payload(const uint8_t *data, size_t size, struct ulog_request *request)
{
	switch (types[request->type].shape) {
	case SHAPE_NONE:
		return size ? -EINVAL : 0;
	case SHAPE_STRING:
		return decode_constructor(data, size, request);
	case SHAPE_REGION:
		return size == REGION_BYTES ? decode_regions(data, size, request) : -EINVAL;
	case SHAPE_REGIONS:
		return size ? decode_regions(data, size, request) : -EINVAL;
	case SHAPE_FLUSH_REGIONS:
		if (size && request->version < 3)
			return -EINVAL;
		return decode_regions(data, size, request);
	case SHAPE_REGION_SYNC:
		return decode_region_sync(data, size, request);
	}
	return -ENOSYS;
}

int ulog_request_decode(const void *bytes, size_t size, struct ulog_request *request)
{
	const uint8_t *at = bytes;
	bool uuid_is_good;

	if (!is_whole(at, size))
		return -EBADMSG;
	memset(request, 0, sizeof(*request));
	request->luid = load_u64(at + AT(luid));
	request->version = load_u32(at + AT(version));
	request->seq = load_u32(at + AT(seq));
	request->type = DM_ULOG_REQUEST_TYPE(load_u32(at + AT(request_type)));
	uuid_is_good = load_uuid(at, request->uuid);
	if (request->version == 0 || request->version > DM_ULOG_REQUEST_VERSION)
		return -EPROTO;
	if (!type_is_known(request->type))
		return -ENOSYS;
	if (!uuid_is_good)
		return -EINVAL;
	return decode_payload(at + AT(data), load_u32(at + AT(data_size)), request);
}

void ulog_reply_init(struct ulog_reply *reply, const struct ulog_request *request)
{
	memset(reply, 0, sizeof(*reply));
	reply->luid = request->luid;
	memcpy(reply->uuid, request->uuid, sizeof(reply->uuid));
	reply->version = request->version;
	reply->seq = request->seq;
	reply->type = request->type;
}

void ulog_reply_set_u64(struct ulog_reply *reply, uint64_t value)
{
	store_u64(reply->data, value);
	reply->data_size = sizeof(value);
}

void ulog_reply_set_pair(struct ulog_reply *reply, uint64_t first, uint64_t second)
{
	store_u64(reply->data, first);
	store_u64(reply->data + sizeof(first), second);
	reply->data_size = sizeof(first) + sizeof(second);
}

int ulog_reply_set_string(struct ulog_reply *reply, const char *string, bool count_nul)
{
	size_t size = strlen(string) + (count_nul ? 1 : 0);

	if (size > sizeof(reply->data))
		return -ENOSPC;
	memcpy(reply->data, string, size);
	reply->data_size = (uint32_t)size;
	return 0;
}

/* What requests and replies have in common; `out` has room for it. */
static void encode_fields(uint8_t *out, uint64_t luid, const char *uuid, uint32_t version,
			  uint32_t seq, uint32_t type)
{
	memset(out, 0, ULOG_REQUEST_BYTES);
	store_u64(out + AT(luid), luid);
	memcpy(out + AT(uuid), uuid, strnlen(uuid, ULOG_UUID_SIZE - 1));
	store_u32(out + AT(version), version);
	store_u32(out + AT(seq), seq);
	store_u32(out + AT(request_type), type);
}

int ulog_reply_encode(const struct ulog_reply *reply, void *out, size_t capacity)
{
	uint8_t *at = out;

	assert(reply->data_size <= sizeof(reply->data));
	if (capacity < ULOG_REQUEST_BYTES + reply->data_size)
		return -ENOSPC;
	encode_fields(at, reply->luid, reply->uuid, reply->version, reply->seq, reply->type);
	store_u32(at + AT(error), (uint32_t)reply->error);
	store_u32(at + AT(data_size), reply->data_size);
	memcpy(at + AT(data), reply->data, reply->data_size);
	return (int)(ULOG_REQUEST_BYTES + reply->data_size);
}

static size_t payload_size(const struct ulog_request *request)
{
	switch (types[request->type].shape) {
	case SHAPE_NONE:
		break;
	case SHAPE_STRING:
		return strlen(request->constructor) + (request->reconnect ? 1 : 0);
	case SHAPE_REGION:
	case SHAPE_REGIONS:
	case SHAPE_FLUSH_REGIONS:
		return request->region_count * REGION_BYTES;
	case SHAPE_REGION_SYNC:
		return 2 * REGION_BYTES;
	}
	return 0;
}

int ulog_request_encode(const struct ulog_request *request, void *out, size_t capacity)
{
	uint8_t *at = out;
	size_t size;

	if (!type_is_known(request->type))
		return -ENOSYS;
	if (request->region_count > ULOG_REGIONS_MAX)
		return -EINVAL;
	size = payload_size(request);
	if (capacity < ULOG_REQUEST_BYTES + size)
		return -ENOSPC;
	encode_fields(at, request->luid, request->uuid, request->version, request->seq,
		      request->type);
	store_u32(at + AT(data_size), (uint32_t)size);
	if (request->type == ULOG_CTR) {
		memcpy(at + AT(data), request->constructor, size);
	} else if (request->type == ULOG_SET_REGION_SYNC) {
		store_u64(at + AT(data), request->regions[0]);
		store_u64(at + AT(data) + REGION_BYTES, request->in_sync);
	} else {
		memcpy(at + AT(data), request->regions, size);
	}
	return (int)(ULOG_REQUEST_BYTES + size);
}

int ulog_reply_decode(const void *bytes, size_t size, struct ulog_reply *reply)
{
	const uint8_t *at = bytes;
	bool uuid_is_good;

	if (!is_whole(at, size))
		return -EBADMSG;
	memset(reply, 0, sizeof(*reply));
	reply->luid = load_u64(at + AT(luid));
	uuid_is_good = load_uuid(at, reply->uuid);
	reply->version = load_u32(at + AT(version));
	reply->seq = load_u32(at + AT(seq));
	reply->type = DM_ULOG_REQUEST_TYPE(load_u32(at + AT(request_type)));
	reply->error = (int32_t)load_u32(at + AT(error));
	reply->data_size = load_u32(at + AT(data_size));
	if (!uuid_is_good || reply->data_size > sizeof(reply->data)) {
		reply->data_size = 0;
		return -EINVAL;
	}
	memcpy(reply->data, at + AT(data), reply->data_size);
	return 0;
}
