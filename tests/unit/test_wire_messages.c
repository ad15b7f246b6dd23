/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole messages: frames, membership's messages, random bytes, and the frozen bytes of protocol version 1. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cluster/wire.h"
#include "common/memory.h"
#include "tests/unit/wire_golden.h"
#include "tests/unit/wire_samples.h"

/* Reads a message to its end, of whatever kind, as the engine does; 0 when all of it made sense. */
static int read_message(const uint8_t *bytes, size_t size)
{
	struct bytes_reader reader;
	struct wire_hello hello;
	struct wire_snapshot_begin begin;
	struct wire_snapshot_data data;
	enum wire_kind kind;
	uint64_t census;
	int result;

	bytes_reader_init(&reader, bytes, size);
	result = wire_open(&reader, &kind);
	if (result < 0)
		return result;
	if (kind == WIRE_HELLO)
		return wire_hello_decode(&reader, &hello);
	if (kind == WIRE_CENSUS)
		return wire_census_decode(&reader, &census);
	if (kind == WIRE_SNAPSHOT_BEGIN)
		return wire_snapshot_begin_decode(&reader, &begin);
	if (kind == WIRE_SNAPSHOT_DATA)
		return wire_snapshot_data_decode(&reader, &data);
	while (result == 0 && bytes_left(&reader) > 0) {
		struct wire_op op;

		result = wire_op_decode(&reader, &op);
		if (result == 0)
			wire_op_free(&op);
	}
	return result;
}

/* Exactly as long as given, so that the sanitizers see each byte too many. */
static int read_exact(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = memory_new(1, size + 1);
	int result;

	if (size > 0)
		memcpy(copy + 1, bytes, size);
	result = read_message(copy + 1, size);
	free(copy);
	return result;
}

static void open_sample(enum wire_sample_message which, enum wire_kind kind,
			struct bytes_buffer *buffer, struct bytes_reader *reader)
{
	enum wire_kind got;

	wire_sample_message(which, buffer);
	bytes_reader_init(reader, buffer->data, buffer->size);
	assert_int_equal(wire_open(reader, &got), 0);
	assert_int_equal(got, kind);
}

static void a_hello_comes_back_as_it_was(void **state)
{
	struct bytes_buffer buffer = {0};
	struct bytes_reader reader;
	struct wire_hello hello;

	(void)state;
	open_sample(WIRE_SAMPLE_HELLO, WIRE_HELLO, &buffer, &reader);
	assert_int_equal(wire_hello_decode(&reader, &hello), 0);
	assert_int_equal(hello.version_min, 1);
	assert_int_equal(hello.version_max, 3);
	assert_int_equal(hello.state, HELLO_STALE);
	assert_int_equal(hello.join_id, 0x8877665544332211ULL);
	assert_int_equal(hello.lineage, 0xfeed);
	assert_int_equal(hello.era, 7);
	assert_int_equal(hello.position, 500);
	assert_int_equal(hello.census, 99);
	assert_true(hello.unasked);
	bytes_free(&buffer);
}

static void a_census_comes_back_as_it_was_and_is_never_0(void **state)
{
	struct bytes_buffer buffer = {0};
	struct bytes_reader reader;
	uint64_t census;

	(void)state;
	open_sample(WIRE_SAMPLE_CENSUS, WIRE_CENSUS, &buffer, &reader);
	assert_int_equal(wire_census_decode(&reader, &census), 0);
	assert_int_equal(census, 0x0807060504030201ULL);
	bytes_reset(&buffer);
	wire_begin(&buffer, WIRE_CENSUS, 1);
	wire_census_encode(0, &buffer);
	assert_int_equal(read_exact(buffer.data, buffer.size), -EBADMSG);
	bytes_free(&buffer);
}

static void a_snapshot_comes_back_as_it_was(void **state)
{
	struct bytes_buffer buffer = {0};
	struct bytes_reader reader;
	struct wire_snapshot_begin begin;
	struct wire_snapshot_data data;

	(void)state;
	open_sample(WIRE_SAMPLE_BEGIN, WIRE_SNAPSHOT_BEGIN, &buffer, &reader);
	assert_int_equal(wire_snapshot_begin_decode(&reader, &begin), 0);
	assert_int_equal(begin.joiner, 3);
	assert_int_equal(begin.join_id, 0xabcdef);
	assert_int_equal(begin.transfer_id, 4);
	bytes_reset(&buffer);
	open_sample(WIRE_SAMPLE_DATA, WIRE_SNAPSHOT_DATA, &buffer, &reader);
	assert_int_equal(wire_snapshot_data_decode(&reader, &data), 0);
	assert_int_equal(data.joiner, 3);
	assert_int_equal(data.transfer_id, 4);
	assert_int_equal(data.index, 2);
	assert_true(data.last);
	assert_int_equal(data.size, 5);
	assert_memory_equal(data.bytes, "state", 5);
	bytes_free(&buffer);
}

static void every_truncated_message_is_refused(void **state)
{
	(void)state;
	for (int which = 0; which < WIRE_SAMPLE_MESSAGES; which++) {
		struct bytes_buffer buffer = {0};

		wire_sample_message((enum wire_sample_message)which, &buffer);
		assert_int_equal(read_exact(buffer.data, buffer.size), 0);
		for (size_t size = 0; size < buffer.size; size++)
			assert_int_equal(read_exact(buffer.data, size), -EBADMSG);
		bytes_free(&buffer);
	}
}

static void a_message_of_operations_is_refused_when_one_is_cut(void **state)
{
	struct bytes_buffer buffer = {0};
	size_t first_end;
	struct wire_op op;

	(void)state;
	wire_begin(&buffer, WIRE_OPS, 1);
	wire_sample_op(0, &op);
	wire_op_encode(&op, &buffer);
	wire_op_free(&op);
	first_end = buffer.size;
	wire_sample_op(5, &op);
	wire_op_encode(&op, &buffer);
	wire_op_free(&op);
	for (size_t size = 8; size <= buffer.size; size++) {
		bool whole = size == 8 || size == first_end || size == buffer.size;

		assert_int_equal(read_exact(buffer.data, size), whole ? 0 : -EBADMSG);
	}
	bytes_free(&buffer);
}

static void the_frame_is_checked(void **state)
{
	static const struct {
		size_t offset;
		uint8_t value;
		enum wire_sample_message message;
		int result;
	} cases[] = {
		{0, 'C', WIRE_SAMPLE_HELLO, -EBADMSG}, /* magic */
		{3, 0, WIRE_SAMPLE_BEGIN, -EBADMSG},   /* magic */
		{4, 0, WIRE_SAMPLE_BEGIN, -EPROTO},    /* version */
		{4, 2, WIRE_SAMPLE_DATA, -EPROTO},     /* version */
		{4, 2, WIRE_SAMPLE_HELLO, 0},          /* read whatever its sender speaks */
		{4, 2, WIRE_SAMPLE_CENSUS, 0},
		{5, 0, WIRE_SAMPLE_BEGIN, -EBADMSG}, /* kind */
		{5, WIRE_CENSUS + 1, WIRE_SAMPLE_BEGIN, -EBADMSG},
		{10, HELLO_LIVE + 1, WIRE_SAMPLE_HELLO, -EBADMSG}, /* state */
		{8, 4, WIRE_SAMPLE_HELLO, -EBADMSG}, /* version_min above version_max */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bytes_buffer buffer = {0};

		wire_sample_message(cases[i].message, &buffer);
		buffer.data[cases[i].offset] = cases[i].value;
		assert_int_equal(read_exact(buffer.data, buffer.size), cases[i].result);
		bytes_free(&buffer);
	}
}

static void a_later_hello_may_say_more(void **state)
{
	struct bytes_buffer buffer = {0};

	(void)state;
	wire_sample_message(WIRE_SAMPLE_HELLO, &buffer);
	bytes_put_u64(&buffer, 1);
	assert_int_equal(read_exact(buffer.data, buffer.size), 0);
	bytes_free(&buffer);
}

static void random_bytes_never_crash_the_reader(void **state)
{
	uint64_t random = 11;
	uint8_t bytes[300];

	(void)state;
	for (int round = 0; round < (unit_is_quick() ? 2000 : 100000); round++) {
		size_t size = unit_random(&random) % sizeof(bytes);

		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)unit_random(&random);
		/* most get past the frame and into an operation */
		if (size > 16 && round % 8) {
			const uint8_t frame[] = {0x63,
						 0x6c,
						 0x6f,
						 0x67,
						 1,
						 WIRE_OPS,
						 0,
						 0,
						 (uint8_t)(size - 12),
						 0,
						 0,
						 0,
						 (uint8_t)(1 + unit_random(&random) % OP_KIND_MAX),
						 1};

			memcpy(bytes, frame, sizeof(frame));
		}
		read_exact(bytes, size);
	}
}

static void damaged_messages_never_crash_the_reader(void **state)
{
	uint64_t random = 12;

	(void)state;
	for (int round = 0; round < (unit_is_quick() ? 2000 : 50000); round++) {
		struct bytes_buffer buffer = {0};
		struct wire_op op;

		wire_begin(&buffer, WIRE_OPS, 1);
		wire_sample_op(unit_random(&random) % wire_sample_op_count, &op);
		wire_op_encode(&op, &buffer);
		wire_op_free(&op);
		for (int flips = 0; flips < 3; flips++)
			buffer.data[8 + unit_random(&random) % (buffer.size - 8)] =
				(uint8_t)unit_random(&random);
		read_exact(buffer.data, buffer.size);
		bytes_free(&buffer);
	}
}

/* --- frozen bytes --- */

static void to_hex(const struct bytes_buffer *buffer, char *text, size_t capacity)
{
	assert_true(2 * buffer->size < capacity);
	for (size_t i = 0; i < buffer->size; i++)
		snprintf(text + 2 * i, 3, "%02x", buffer->data[i]);
}

static void the_bytes_of_version_1_have_not_changed(void **state)
{
	size_t message_count = WIRE_SAMPLE_MESSAGES;
	char text[2048];

	(void)state;
	assert_int_equal(wire_golden_count, message_count + wire_sample_op_count);
	for (size_t i = 0; i < wire_golden_count; i++) {
		struct bytes_buffer buffer = {0};
		struct wire_op op;

		if (i < message_count) {
			wire_sample_message((enum wire_sample_message)i, &buffer);
		} else {
			wire_sample_op(i - message_count, &op);
			wire_op_encode(&op, &buffer);
			wire_op_free(&op);
		}
		to_hex(&buffer, text, sizeof(text));
		if (getenv("CLOGD_TEST_GOLDEN"))
			printf("\t\"%s\",\n", text);
		else
			assert_string_equal(text, wire_golden[i]);
		bytes_free(&buffer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hello_comes_back_as_it_was),
		cmocka_unit_test(a_census_comes_back_as_it_was_and_is_never_0),
		cmocka_unit_test(a_snapshot_comes_back_as_it_was),
		cmocka_unit_test(every_truncated_message_is_refused),
		cmocka_unit_test(a_message_of_operations_is_refused_when_one_is_cut),
		cmocka_unit_test(the_frame_is_checked),
		cmocka_unit_test(a_later_hello_may_say_more),
		cmocka_unit_test(random_bytes_never_crash_the_reader),
		cmocka_unit_test(damaged_messages_never_crash_the_reader),
		cmocka_unit_test(the_bytes_of_version_1_have_not_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
