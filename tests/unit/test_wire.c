/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages of the daemons: round trips, refusals, and the bytes that must never change. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "cluster/wire.h"
#include "common/memory.h"
#include "tests/unit/wire_samples.h"

/* --- what a sample says after the trip --- */

static void assert_same_regions(const uint32_t *one, uint32_t one_count, const uint32_t *other,
				uint32_t other_count)
{
	assert_int_equal(one_count, other_count);
	if (one_count > 0)
		assert_memory_equal(one, other, one_count * sizeof(*one));
}

static void assert_same_set(const struct regionset *one, const struct regionset *other)
{
	assert_int_equal(one != NULL, other != NULL);
	if (one)
		assert_true(regionset_equal(one, other));
}

static void assert_same_attach(const struct regionlog_attach *one,
			       const struct regionlog_attach *other)
{
	assert_int_equal(one->type, other->type);
	assert_int_equal(one->region_size_sectors, other->region_size_sectors);
	assert_int_equal(one->region_count, other->region_count);
	assert_int_equal(one->sync, other->sync);
	assert_int_equal(one->reconnect, other->reconnect);
	assert_int_equal(one->generation, other->generation);
	assert_int_equal(one->valid_count, other->valid_count);
	assert_int_equal(one->drafted, other->drafted);
	assert_same_set(one->unsynced, other->unsynced);
}

static void assert_same_op(const struct wire_op *one, const struct wire_op *other)
{
	assert_int_equal(one->kind, other->kind);
	assert_string_equal(one->uuid, other->uuid);
	assert_int_equal(one->ticket, other->ticket);
	assert_same_attach(&one->attach, &other->attach);
	assert_same_regions(one->regions, one->region_count, other->regions, other->region_count);
	assert_same_regions(one->others, one->other_count, other->others, other->other_count);
	assert_int_equal(one->want, other->want);
	assert_int_equal(one->position, other->position);
	assert_int_equal(one->failed, other->failed);
	assert_int_equal(one->node, other->node);
	assert_int_equal(one->first, other->first);
	assert_int_equal(one->end, other->end);
	assert_same_set(one->marked, other->marked);
	assert_same_set(one->primary_only, other->primary_only);
}

/* Exactly as long as given, so that the sanitizers see each byte too many. */
static int decode_op_bytes(const uint8_t *bytes, size_t size, struct wire_op *op, size_t *left)
{
	uint8_t *copy = memory_new(1, size + 1);
	struct bytes_reader reader;
	int result;

	if (size > 0)
		memcpy(copy + 1, bytes, size);
	bytes_reader_init(&reader, copy + 1, size);
	result = wire_op_decode(&reader, op);
	*left = bytes_left(&reader);
	free(copy);
	return result;
}

static void every_operation_comes_back_as_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < wire_sample_op_count; i++) {
		struct bytes_buffer buffer = {0};
		struct wire_op sent, got;
		size_t left;

		wire_sample_op(i, &sent);
		wire_op_encode(&sent, &buffer);
		assert_int_equal(decode_op_bytes(buffer.data, buffer.size, &got, &left), 0);
		assert_int_equal(left, 0);
		assert_same_op(&sent, &got);
		wire_op_free(&sent);
		wire_op_free(&got);
		bytes_free(&buffer);
	}
}

static void there_is_a_sample_of_every_operation(void **state)
{
	bool seen[OP_KIND_MAX + 1] = {false};

	(void)state;
	for (size_t i = 0; i < wire_sample_op_count; i++) {
		struct wire_op op;

		wire_sample_op(i, &op);
		seen[op.kind] = true;
		wire_op_free(&op);
	}
	for (int kind = OP_ATTACH; kind <= OP_KIND_MAX; kind++)
		assert_true(seen[kind]);
}

static void an_operation_of_the_largest_size_comes_back(void **state)
{
	struct wire_op sent = {.kind = OP_UPDATE, .uuid = WIRE_SAMPLE_UUID, .ticket = 1};
	struct bytes_buffer buffer = {0};
	struct wire_op got;
	size_t left;

	(void)state;
	sent.regions = memory_new(WIRE_REGIONS_MAX, sizeof(uint32_t));
	sent.others = memory_new(WIRE_REGIONS_MAX, sizeof(uint32_t));
	sent.region_count = sent.other_count = WIRE_REGIONS_MAX;
	for (uint32_t i = 0; i < WIRE_REGIONS_MAX; i++)
		sent.regions[i] = 0xfffffffeU - (sent.others[i] = 3 * i);
	wire_op_encode(&sent, &buffer);
	assert_int_equal(decode_op_bytes(buffer.data, buffer.size, &got, &left), 0);
	assert_same_op(&sent, &got);
	wire_op_free(&sent);
	wire_op_free(&got);
	bytes_free(&buffer);
}

static void every_truncated_operation_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < wire_sample_op_count; i++) {
		struct bytes_buffer buffer = {0};
		struct wire_op op;
		size_t left;

		wire_sample_op(i, &op);
		wire_op_encode(&op, &buffer);
		wire_op_free(&op);
		for (size_t size = 0; size < buffer.size; size++) {
			assert_int_equal(decode_op_bytes(buffer.data, size, &op, &left), -EBADMSG);
			/* nor is one whose length says that it ends here */
			if (size < 4)
				continue;
			bytes_set_u32(&buffer, 0, (uint32_t)(size - 4));
			assert_int_equal(decode_op_bytes(buffer.data, size, &op, &left), -EBADMSG);
			bytes_set_u32(&buffer, 0, (uint32_t)(buffer.size - 4));
		}
		bytes_free(&buffer);
	}
}

static void an_operation_with_bytes_behind_it_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < wire_sample_op_count; i++) {
		struct bytes_buffer buffer = {0};
		struct wire_op op;
		size_t left;

		wire_sample_op(i, &op);
		wire_op_encode(&op, &buffer);
		wire_op_free(&op);
		bytes_put_u8(&buffer, 0);
		bytes_set_u32(&buffer, 0, (uint32_t)(buffer.size - 4));
		assert_int_equal(decode_op_bytes(buffer.data, buffer.size, &op, &left), -EBADMSG);
		bytes_free(&buffer);
	}
}

/* --- operations that are refused for what they say --- */

/* An operation by hand: kind, uuid, ticket 0, and a body. */
static int decode_made(uint8_t kind, const char *uuid, const uint8_t *body, size_t body_size)
{
	struct bytes_buffer buffer = {0};
	struct wire_op op;
	size_t left;
	int result;

	bytes_put_u32(&buffer, 0);
	bytes_put_u8(&buffer, kind);
	bytes_put_string(&buffer, uuid);
	bytes_put_u64(&buffer, 0);
	if (body_size > 0)
		bytes_put_raw(&buffer, body, body_size);
	bytes_set_u32(&buffer, 0, (uint32_t)(buffer.size - 4));
	result = decode_op_bytes(buffer.data, buffer.size, &op, &left);
	if (result == 0)
		wire_op_free(&op);
	bytes_free(&buffer);
	return result;
}

static void an_operation_of_an_unknown_kind_is_refused(void **state)
{
	(void)state;
	assert_int_equal(decode_made(OP_DETACH, "u", NULL, 0), 0);
	assert_int_equal(decode_made(0, "u", NULL, 0), -EBADMSG);
	assert_int_equal(decode_made(OP_KIND_MAX + 1, "u", NULL, 0), -EBADMSG);
	assert_int_equal(decode_made(255, "u", NULL, 0), -EBADMSG);
}

static void an_operation_on_a_log_needs_a_uuid_and_one_on_a_node_has_none(void **state)
{
	const uint8_t node[4] = {3};
	char uuid[ULOG_UUID_SIZE + 1];

	(void)state;
	assert_int_equal(decode_made(OP_DETACH, "", NULL, 0), -EBADMSG);
	assert_int_equal(decode_made(OP_FENCED, "", node, sizeof(node)), 0);
	assert_int_equal(decode_made(OP_FENCED, "u", node, sizeof(node)), -EBADMSG);
	memset(uuid, 'u', sizeof(uuid));
	uuid[ULOG_UUID_SIZE] = '\0';
	assert_int_equal(decode_made(OP_DETACH, uuid, NULL, 0), -EBADMSG);
	uuid[ULOG_UUID_SIZE - 1] = '\0';
	assert_int_equal(decode_made(OP_DETACH, uuid, NULL, 0), 0);
}

static void more_regions_than_the_limit_are_refused(void **state)
{
	uint8_t *body = memory_new(1, 2 + 4 * (WIRE_REGIONS_MAX + 1));
	const uint8_t many[2] = {0xff, 0xff};

	(void)state;
	body[0] = (WIRE_REGIONS_MAX + 1) & 0xff;
	body[1] = (WIRE_REGIONS_MAX + 1) >> 8;
	assert_int_equal(decode_made(OP_WANT, "u", body, 2 + 4 * (WIRE_REGIONS_MAX + 1)), -EBADMSG);
	body[0] = WIRE_REGIONS_MAX & 0xff;
	body[1] = WIRE_REGIONS_MAX >> 8;
	assert_int_equal(decode_made(OP_WANT, "u", body, 2 + 4 * WIRE_REGIONS_MAX), 0);
	assert_int_equal(decode_made(OP_WANT, "u", many, sizeof(many)), -EBADMSG);
	free(body);
}

static void an_attach_that_makes_no_sense_is_refused(void **state)
{
	static const struct {
		enum log_type type;
		uint64_t region_count;
		enum log_sync sync;
		uint64_t valid_count;
		int result;
	} cases[] = {
		{LOG_TYPE_CORE, 1, LOG_SYNC_NONE, 1, 0},
		{LOG_TYPE_DISK, LOGARGS_REGIONS_MAX, LOG_SYNC_FORCE, 0, 0},
		{LOG_TYPE_DISK, 0, LOG_SYNC_DEFAULT, 0, -EBADMSG},
		{LOG_TYPE_DISK, LOGARGS_REGIONS_MAX + 1, LOG_SYNC_DEFAULT, 0, -EBADMSG},
		{LOG_TYPE_DISK, 8, LOG_SYNC_DEFAULT, 9, -EBADMSG},
		{(enum log_type)2, 8, LOG_SYNC_DEFAULT, 0, -EBADMSG},
		{LOG_TYPE_DISK, 8, (enum log_sync)3, 0, -EBADMSG},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct wire_op op = {.kind = OP_ATTACH, .uuid = "u"};
		struct bytes_buffer buffer = {0};
		struct wire_op got;
		size_t left;

		op.attach.type = cases[i].type;
		op.attach.region_count = cases[i].region_count;
		op.attach.sync = cases[i].sync;
		op.attach.valid_count = cases[i].valid_count;
		wire_op_encode(&op, &buffer);
		assert_int_equal(decode_op_bytes(buffer.data, buffer.size, &got, &left),
				 cases[i].result);
		if (cases[i].result == 0)
			wire_op_free(&got);
		bytes_free(&buffer);
	}
}

static void regions_out_of_range_in_an_attach_are_refused(void **state)
{
	struct wire_op op = {.kind = OP_ATTACH, .uuid = "u"};
	struct bytes_buffer buffer = {0};
	struct wire_op got;
	size_t left;

	(void)state;
	op.attach.region_count = 10;
	op.attach.unsynced = regionset_new();
	regionset_add(op.attach.unsynced, 10);
	wire_op_encode(&op, &buffer);
	assert_int_equal(decode_op_bytes(buffer.data, buffer.size, &got, &left), -EBADMSG);
	wire_op_free(&op);
	bytes_free(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_comes_back_as_it_was),
		cmocka_unit_test(there_is_a_sample_of_every_operation),
		cmocka_unit_test(an_operation_of_the_largest_size_comes_back),
		cmocka_unit_test(every_truncated_operation_is_refused),
		cmocka_unit_test(an_operation_with_bytes_behind_it_is_refused),
		cmocka_unit_test(an_operation_of_an_unknown_kind_is_refused),
		cmocka_unit_test(an_operation_on_a_log_needs_a_uuid_and_one_on_a_node_has_none),
		cmocka_unit_test(more_regions_than_the_limit_are_refused),
		cmocka_unit_test(an_attach_that_makes_no_sense_is_refused),
		cmocka_unit_test(regions_out_of_range_in_an_attach_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
