/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests are built with the kernel's own struct, replies are read with it. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/dm-log-userspace.h>
#include <string.h>

#include "common/ulog.h"

#define UUID "LVM-q1utjCzw4bunsbyB0lkiwL3uDOf8rMAPcHCKrCjw0nhnIScdI3n7MRM6YTsJCiZV"
#define CTR  "131072 clustered-disk 254:3 1024"

/* A request as the kernel sends it; the decoder gets the bytes at an odd address. */
struct raw {
	struct dm_ulog_request header;
	uint8_t data[1024];
};

static struct raw raw_request(uint32_t type, const void *data, uint32_t size)
{
	struct raw raw = {0};

	raw.header.luid = 0xffff888012345678ULL;
	memcpy(raw.header.uuid, UUID, sizeof(UUID));
	raw.header.version = DM_ULOG_REQUEST_VERSION;
	raw.header.seq = 77;
	raw.header.request_type = type;
	raw.header.data_size = size;
	if (size)
		memcpy(raw.data, data, size);
	return raw;
}

static int decode_bytes(const struct raw *raw, size_t size, struct ulog_request *request)
{
	/* exactly as long as given, so that the sanitizers see each byte too many */
	uint8_t *bytes = malloc(size + 1);
	int result;

	assert_non_null(bytes);
	memcpy(bytes + 1, raw, size);
	result = ulog_request_decode(bytes + 1, size, request);
	free(bytes);
	return result;
}

static int decode(const struct raw *raw, struct ulog_request *request)
{
	return decode_bytes(raw, sizeof(raw->header) + raw->header.data_size, request);
}

static void numbers_and_names_are_the_kernels(void **state)
{
	static const struct {
		int ours, kernels;
		const char *name;
	} cases[] = {
		{ULOG_CTR, DM_ULOG_CTR, "CTR"},
		{ULOG_DTR, DM_ULOG_DTR, "DTR"},
		{ULOG_PRESUSPEND, DM_ULOG_PRESUSPEND, "PRESUSPEND"},
		{ULOG_POSTSUSPEND, DM_ULOG_POSTSUSPEND, "POSTSUSPEND"},
		{ULOG_RESUME, DM_ULOG_RESUME, "RESUME"},
		{ULOG_GET_REGION_SIZE, DM_ULOG_GET_REGION_SIZE, "GET_REGION_SIZE"},
		{ULOG_IS_CLEAN, DM_ULOG_IS_CLEAN, "IS_CLEAN"},
		{ULOG_IN_SYNC, DM_ULOG_IN_SYNC, "IN_SYNC"},
		{ULOG_FLUSH, DM_ULOG_FLUSH, "FLUSH"},
		{ULOG_MARK_REGION, DM_ULOG_MARK_REGION, "MARK_REGION"},
		{ULOG_CLEAR_REGION, DM_ULOG_CLEAR_REGION, "CLEAR_REGION"},
		{ULOG_GET_RESYNC_WORK, DM_ULOG_GET_RESYNC_WORK, "GET_RESYNC_WORK"},
		{ULOG_SET_REGION_SYNC, DM_ULOG_SET_REGION_SYNC, "SET_REGION_SYNC"},
		{ULOG_GET_SYNC_COUNT, DM_ULOG_GET_SYNC_COUNT, "GET_SYNC_COUNT"},
		{ULOG_STATUS_INFO, DM_ULOG_STATUS_INFO, "STATUS_INFO"},
		{ULOG_STATUS_TABLE, DM_ULOG_STATUS_TABLE, "STATUS_TABLE"},
		{ULOG_IS_REMOTE_RECOVERING, DM_ULOG_IS_REMOTE_RECOVERING, "IS_REMOTE_RECOVERING"},
	};

	(void)state;
	assert_int_equal(ARRAY_SIZE(cases), ULOG_TYPE_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(cases[i].ours, cases[i].kernels);
		assert_string_equal(ulog_type_name((enum ulog_type)cases[i].ours), cases[i].name);
	}
	assert_string_equal(ulog_type_name((enum ulog_type)0), "?");
	assert_string_equal(ulog_type_name((enum ulog_type)18), "?");
}

static void the_fields_of_a_request_are_read(void **state)
{
	struct raw raw = raw_request(DM_ULOG_RESUME, NULL, 0);
	struct ulog_request request;

	(void)state;
	assert_int_equal(decode(&raw, &request), 0);
	assert_true(request.luid == 0xffff888012345678ULL);
	assert_string_equal(request.uuid, UUID);
	assert_int_equal(request.version, 3);
	assert_int_equal(request.seq, 77);
	assert_int_equal(request.type, ULOG_RESUME);
	assert_int_equal(request.region_count, 0);
	assert_false(request.reconnect);
}

static void the_type_is_the_low_byte_of_its_field(void **state)
{
	struct raw raw = raw_request(0xabcdef00 | DM_ULOG_RESUME, NULL, 0);
	struct ulog_request request;

	(void)state;
	assert_int_equal(decode(&raw, &request), 0);
	assert_int_equal(request.type, ULOG_RESUME);
}

static void a_cut_request_cannot_be_answered(void **state)
{
	struct raw raw = raw_request(DM_ULOG_CTR, CTR, sizeof(CTR) - 1);
	size_t whole = sizeof(raw.header) + sizeof(CTR) - 1;
	struct ulog_request request;

	(void)state;
	for (size_t size = 0; size < whole; size++)
		assert_int_equal(decode_bytes(&raw, size, &request), -EBADMSG);
	assert_int_equal(decode_bytes(&raw, whole, &request), 0);
	/* netlink pads a datagram */
	assert_int_equal(decode_bytes(&raw, whole + 3, &request), 0);
	raw.header.data_size = UINT32_MAX;
	assert_int_equal(decode_bytes(&raw, sizeof(raw), &request), -EBADMSG);
}

/* Who refuses a request answers it: luid, version, seq, type and uuid are there. */
static void a_refused_request_can_be_answered(void **state)
{
	static const struct {
		uint32_t version, type, data_size;
		int error;
	} cases[] = {
		{0, DM_ULOG_RESUME, 0, -EPROTO},
		{4, DM_ULOG_RESUME, 0, -EPROTO},
		{UINT32_MAX, DM_ULOG_RESUME, 0, -EPROTO},
		{3, 0, 0, -ENOSYS},
		{3, 18, 0, -ENOSYS},
		{1, 255, 0, -ENOSYS},
		{3, DM_ULOG_RESUME, 1, -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct raw raw = raw_request(cases[i].type, "", cases[i].data_size);
		struct ulog_request request;
		struct ulog_reply reply;

		raw.header.version = cases[i].version;
		assert_int_equal(decode(&raw, &request), cases[i].error);
		ulog_reply_init(&reply, &request);
		assert_true(reply.luid == raw.header.luid);
		assert_string_equal(reply.uuid, UUID);
		assert_int_equal(reply.version, cases[i].version);
		assert_int_equal(reply.seq, 77);
		assert_int_equal(reply.type, cases[i].type);
	}
}

static void a_uuid_must_end_in_its_field_and_not_be_empty(void **state)
{
	struct raw raw = raw_request(DM_ULOG_RESUME, NULL, 0);
	struct ulog_request request;

	(void)state;
	memset(raw.header.uuid, 'u', sizeof(raw.header.uuid));
	assert_int_equal(decode(&raw, &request), -EINVAL);
	assert_int_equal(strlen(request.uuid), ULOG_UUID_SIZE - 1);
	raw.header.uuid[ULOG_UUID_SIZE - 1] = '\0';
	assert_int_equal(decode(&raw, &request), 0);
	assert_int_equal(strlen(request.uuid), ULOG_UUID_SIZE - 1);
	raw.header.uuid[0] = '\0';
	assert_int_equal(decode(&raw, &request), -EINVAL);
	assert_string_equal(request.uuid, "");
}

/* For each type and version the payload sizes that are right; all others are refused. */
static void payloads_of_a_wrong_size_are_refused(void **state)
{
	enum { NONE, ONE = 8, PAIR = 16, MANY = -1, NONE_OR_MANY = -2 };
	static const struct {
		uint32_t type, version;
		int sizes;
	} cases[] = {
		{DM_ULOG_DTR, 3, NONE},
		{DM_ULOG_PRESUSPEND, 3, NONE},
		{DM_ULOG_POSTSUSPEND, 3, NONE},
		{DM_ULOG_RESUME, 3, NONE},
		{DM_ULOG_GET_REGION_SIZE, 3, NONE},
		{DM_ULOG_IS_CLEAN, 3, ONE},
		{DM_ULOG_IN_SYNC, 3, ONE},
		{DM_ULOG_FLUSH, 1, NONE},
		{DM_ULOG_FLUSH, 2, NONE},
		{DM_ULOG_FLUSH, 3, NONE_OR_MANY},
		{DM_ULOG_MARK_REGION, 1, MANY},
		{DM_ULOG_MARK_REGION, 3, MANY},
		{DM_ULOG_CLEAR_REGION, 3, MANY},
		{DM_ULOG_GET_RESYNC_WORK, 3, NONE},
		{DM_ULOG_SET_REGION_SYNC, 3, PAIR},
		{DM_ULOG_GET_SYNC_COUNT, 3, NONE},
		{DM_ULOG_STATUS_INFO, 3, NONE},
		{DM_ULOG_STATUS_TABLE, 3, NONE},
		{DM_ULOG_IS_REMOTE_RECOVERING, 3, ONE},
	};
	static const uint8_t zero[ULOG_PAYLOAD_MAX + 16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (uint32_t size = 0; size <= sizeof(zero); size++) {
			struct raw raw = raw_request(cases[i].type, zero, size);
			bool many = size > 0 && size % 8 == 0 && size <= ULOG_PAYLOAD_MAX;
			bool right = cases[i].sizes == MANY           ? many
				     : cases[i].sizes == NONE_OR_MANY ? many || size == 0
								      : (int)size == cases[i].sizes;
			struct ulog_request request;

			raw.header.version = cases[i].version;
			if (decode(&raw, &request) != (right ? 0 : -EINVAL))
				fail_msg("%s, version %u, %u bytes",
					 ulog_type_name((enum ulog_type)cases[i].type),
					 cases[i].version, size);
		}
	}
}

static void regions_are_read_in_order_and_not_judged(void **state)
{
	static const uint32_t types[] = {DM_ULOG_MARK_REGION, DM_ULOG_CLEAR_REGION, DM_ULOG_FLUSH};
	uint64_t regions[ULOG_REGIONS_MAX];
	struct ulog_request request;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(regions); i++)
		regions[i] = UINT64_MAX - i * 3;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct raw raw = raw_request(types[i], regions, sizeof(regions));

		assert_int_equal(decode(&raw, &request), 0);
		assert_int_equal(request.region_count, ULOG_REGIONS_MAX);
		assert_memory_equal(request.regions, regions, sizeof(regions));
	}
}

static void set_region_sync_has_a_region_and_a_flag(void **state)
{
	static const struct {
		int64_t flag;
		bool in_sync;
	} cases[] = {{0, false}, {1, true}, {-1, true}, {INT64_MIN, true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct {
			uint64_t region;
			int64_t in_sync;
		} payload = {4711, cases[i].flag};
		struct raw raw = raw_request(DM_ULOG_SET_REGION_SYNC, &payload, sizeof(payload));
		struct ulog_request request;

		assert_int_equal(decode(&raw, &request), 0);
		assert_int_equal(request.region_count, 1);
		assert_true(request.regions[0] == 4711);
		assert_int_equal(request.in_sync, cases[i].in_sync);
	}
}

static void a_first_ctr_has_no_nul_a_repeated_one_counts_it(void **state)
{
	struct raw first = raw_request(DM_ULOG_CTR, CTR, sizeof(CTR) - 1);
	struct raw repeated = raw_request(DM_ULOG_CTR, CTR, sizeof(CTR));
	struct ulog_request request;

	(void)state;
	/* what follows the payload in the kernel's buffer is not part of it */
	first.data[sizeof(CTR) - 1] = 'x';
	assert_int_equal(decode(&first, &request), 0);
	assert_string_equal(request.constructor, CTR);
	assert_false(request.reconnect);
	assert_int_equal(decode(&repeated, &request), 0);
	assert_string_equal(request.constructor, CTR);
	assert_true(request.reconnect);
}

static void malformed_constructors_are_refused(void **state)
{
	static const struct {
		const char *data;
		uint32_t size;
	} cases[] = {{"", 0}, {"", 1}, {"a\0b", 3}, {"a\0", 3}, {"\0a", 2}};
	uint8_t longest[ULOG_PAYLOAD_MAX + 1];
	struct ulog_request request;
	struct raw raw;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char data[4] = {0};

		memcpy(data, cases[i].data, cases[i].size);
		raw = raw_request(DM_ULOG_CTR, data, cases[i].size);
		assert_int_equal(decode(&raw, &request), -EINVAL);
	}
	memset(longest, 'c', sizeof(longest));
	raw = raw_request(DM_ULOG_CTR, longest, ULOG_PAYLOAD_MAX);
	assert_int_equal(decode(&raw, &request), 0);
	assert_int_equal(strlen(request.constructor), ULOG_PAYLOAD_MAX);
	raw = raw_request(DM_ULOG_CTR, longest, ULOG_PAYLOAD_MAX + 1);
	assert_int_equal(decode(&raw, &request), -EINVAL);
}

static struct ulog_reply reply_to(uint32_t type)
{
	struct raw raw = raw_request(type, "\0\0\0\0\0\0\0", type == DM_ULOG_IN_SYNC ? 8 : 0);
	struct ulog_request request;
	struct ulog_reply reply;

	raw.header.version = 2;
	assert_int_equal(decode(&raw, &request), 0);
	ulog_reply_init(&reply, &request);
	return reply;
}

static void a_reply_has_the_kernels_shape(void **state)
{
	struct ulog_reply reply = reply_to(DM_ULOG_GET_RESYNC_WORK);
	struct raw raw;
	struct {
		int64_t work;
		uint64_t region;
	} answer;

	(void)state;
	reply.error = -ESRCH;
	ulog_reply_set_pair(&reply, 1, 0x123456789aULL);
	memset(&raw, 0xff, sizeof(raw));
	assert_int_equal(ulog_reply_encode(&reply, &raw, sizeof(raw)), sizeof(raw.header) + 16);
	assert_true(raw.header.luid == 0xffff888012345678ULL);
	assert_string_equal(raw.header.uuid, UUID);
	assert_int_equal(raw.header.uuid[ULOG_UUID_SIZE - 1], 0);
	assert_int_equal(raw.header.padding[0], 0);
	assert_int_equal(raw.header.version, 2);
	assert_int_equal(raw.header.error, -ESRCH);
	assert_int_equal(raw.header.seq, 77);
	assert_int_equal(raw.header.request_type, DM_ULOG_GET_RESYNC_WORK);
	assert_int_equal(raw.header.data_size, 16);
	memcpy(&answer, raw.data, sizeof(answer));
	assert_true(answer.work == 1 && answer.region == 0x123456789aULL);
	assert_int_equal(raw.data[16], 0xff);
}

static void a_number_is_eight_bytes(void **state)
{
	struct ulog_reply reply = reply_to(DM_ULOG_IN_SYNC);
	struct raw raw;
	uint64_t value;

	(void)state;
	ulog_reply_set_u64(&reply, 0xfedcba9876543210ULL);
	assert_int_equal(ulog_reply_encode(&reply, &raw, sizeof(raw)), sizeof(raw.header) + 8);
	memcpy(&value, raw.data, sizeof(value));
	assert_true(value == 0xfedcba9876543210ULL);
	assert_int_equal(raw.header.error, 0);
}

static void a_string_counts_its_nul_only_when_asked(void **state)
{
	struct ulog_reply reply = reply_to(DM_ULOG_STATUS_INFO);

	(void)state;
	assert_int_equal(ulog_reply_set_string(&reply, "254:3", true), 0);
	assert_int_equal(reply.data_size, 6);
	assert_memory_equal(reply.data, "254:3", 6);
	assert_int_equal(ulog_reply_set_string(&reply, "1 clustered-core", false), 0);
	assert_int_equal(reply.data_size, 16);
	assert_memory_equal(reply.data, "1 clustered-core", 16);
}

static void a_string_that_does_not_fit_is_refused(void **state)
{
	struct ulog_reply reply = reply_to(DM_ULOG_STATUS_INFO);
	char string[ULOG_REPLY_DATA_MAX + 2];

	(void)state;
	memset(string, 's', sizeof(string));
	string[ULOG_REPLY_DATA_MAX + 1] = '\0';
	assert_int_equal(ulog_reply_set_string(&reply, string, false), -ENOSPC);
	assert_int_equal(reply.data_size, 0);
	string[ULOG_REPLY_DATA_MAX] = '\0';
	assert_int_equal(ulog_reply_set_string(&reply, string, true), -ENOSPC);
	assert_int_equal(ulog_reply_set_string(&reply, string, false), 0);
	assert_int_equal(reply.data_size, ULOG_REPLY_DATA_MAX);
}

static void a_reply_needs_its_room(void **state)
{
	struct ulog_reply reply = reply_to(DM_ULOG_IN_SYNC);
	uint8_t out[ULOG_REQUEST_BYTES + 8];

	(void)state;
	ulog_reply_set_u64(&reply, 1);
	assert_int_equal(ulog_reply_encode(&reply, out, 0), -ENOSPC);
	assert_int_equal(ulog_reply_encode(&reply, out, sizeof(out) - 1), -ENOSPC);
	assert_int_equal(ulog_reply_encode(&reply, out, sizeof(out)), sizeof(out));
}

static void a_reply_comes_back_as_written(void **state)
{
	struct ulog_reply reply = reply_to(DM_ULOG_STATUS_TABLE), back;
	uint8_t out[ULOG_REQUEST_BYTES + ULOG_REPLY_DATA_MAX + 8] = {0};
	const uint32_t too_much = ULOG_REPLY_DATA_MAX + 1;
	int size;

	(void)state;
	reply.error = -EIO;
	assert_int_equal(ulog_reply_set_string(&reply, "clustered-core 1024", false), 0);
	size = ulog_reply_encode(&reply, out, sizeof(out));
	assert_int_equal(ulog_reply_decode(out, (size_t)size, &back), 0);
	assert_true(back.luid == reply.luid);
	assert_string_equal(back.uuid, reply.uuid);
	assert_int_equal(back.version, reply.version);
	assert_int_equal(back.seq, reply.seq);
	assert_int_equal(back.type, reply.type);
	assert_int_equal(back.error, -EIO);
	assert_int_equal(back.data_size, reply.data_size);
	assert_memory_equal(back.data, reply.data, reply.data_size);
	for (int cut = 0; cut < size; cut++)
		assert_int_equal(ulog_reply_decode(out, (size_t)cut, &back), -EBADMSG);
	memcpy(out + offsetof(struct dm_ulog_request, data_size), &too_much, sizeof(too_much));
	assert_int_equal(ulog_reply_decode(out, sizeof(out), &back), -EINVAL);
}

static void assert_same(const struct ulog_request *one, const struct ulog_request *other)
{
	assert_true(one->luid == other->luid);
	assert_string_equal(one->uuid, other->uuid);
	assert_int_equal(one->version, other->version);
	assert_int_equal(one->seq, other->seq);
	assert_int_equal(one->type, other->type);
	assert_int_equal(one->region_count, other->region_count);
	assert_memory_equal(one->regions, other->regions, sizeof(one->regions));
	assert_int_equal(one->in_sync, other->in_sync);
	assert_int_equal(one->reconnect, other->reconnect);
	assert_string_equal(one->constructor, other->constructor);
}

static void requests_come_back_as_written(void **state)
{
	struct ulog_request requests[] = {
		{.type = ULOG_CTR, .version = 3, .constructor = CTR},
		{.type = ULOG_CTR, .version = 2, .constructor = CTR, .reconnect = true},
		{.type = ULOG_DTR, .version = 1},
		{.type = ULOG_STATUS_TABLE, .version = 3},
		{.type = ULOG_IN_SYNC, .version = 3, .region_count = 1, .regions = {99}},
		{.type = ULOG_MARK_REGION,
		 .version = 3,
		 .region_count = 2,
		 .regions = {4, UINT64_MAX}},
		{.type = ULOG_FLUSH, .version = 3, .region_count = 1, .regions = {1}},
		{.type = ULOG_FLUSH, .version = 1},
		{.type = ULOG_SET_REGION_SYNC, .version = 3, .region_count = 1, .regions = {5}},
		{.type = ULOG_SET_REGION_SYNC, .version = 3, .region_count = 1, .in_sync = true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		uint8_t bytes[ULOG_REQUEST_BYTES + ULOG_PAYLOAD_MAX];
		struct ulog_request back;
		int size;

		requests[i].luid = 0x7c761800 + i;
		requests[i].seq = (uint32_t)i;
		memcpy(requests[i].uuid, UUID, sizeof(UUID));
		size = ulog_request_encode(&requests[i], bytes, sizeof(bytes));
		assert_true(size >= ULOG_REQUEST_BYTES);
		assert_int_equal(ulog_request_decode(bytes, (size_t)size, &back), 0);
		assert_same(&back, &requests[i]);
		assert_int_equal(ulog_request_encode(&requests[i], bytes, (size_t)size - 1),
				 -ENOSPC);
	}
}

static void impossible_requests_are_not_written(void **state)
{
	struct ulog_request request = {.type = (enum ulog_type)0, .uuid = UUID, .version = 3};
	uint8_t bytes[ULOG_REQUEST_BYTES + ULOG_PAYLOAD_MAX + 8];

	(void)state;
	assert_int_equal(ulog_request_encode(&request, bytes, sizeof(bytes)), -ENOSYS);
	request.type = ULOG_MARK_REGION;
	request.region_count = ULOG_REGIONS_MAX + 1;
	assert_int_equal(ulog_request_encode(&request, bytes, sizeof(bytes)), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_names_are_the_kernels),
		cmocka_unit_test(the_fields_of_a_request_are_read),
		cmocka_unit_test(the_type_is_the_low_byte_of_its_field),
		cmocka_unit_test(a_cut_request_cannot_be_answered),
		cmocka_unit_test(a_refused_request_can_be_answered),
		cmocka_unit_test(a_uuid_must_end_in_its_field_and_not_be_empty),
		cmocka_unit_test(payloads_of_a_wrong_size_are_refused),
		cmocka_unit_test(regions_are_read_in_order_and_not_judged),
		cmocka_unit_test(set_region_sync_has_a_region_and_a_flag),
		cmocka_unit_test(a_first_ctr_has_no_nul_a_repeated_one_counts_it),
		cmocka_unit_test(malformed_constructors_are_refused),
		cmocka_unit_test(a_reply_has_the_kernels_shape),
		cmocka_unit_test(a_number_is_eight_bytes),
		cmocka_unit_test(a_string_counts_its_nul_only_when_asked),
		cmocka_unit_test(a_string_that_does_not_fit_is_refused),
		cmocka_unit_test(a_reply_needs_its_room),
		cmocka_unit_test(a_reply_comes_back_as_written),
		cmocka_unit_test(requests_come_back_as_written),
		cmocka_unit_test(impossible_requests_are_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
