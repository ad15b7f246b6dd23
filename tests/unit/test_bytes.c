/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include <string.h>

#include "common/bytes.h"
#include "common/memory.h"

static void values_come_back_as_written(void **state)
{
	struct bytes_buffer buffer = {0};
	struct bytes_reader reader;
	char string[8];

	(void)state;
	bytes_put_u8(&buffer, 0xfe);
	bytes_put_u16(&buffer, 0xfedc);
	bytes_put_u32(&buffer, 0xfedcba98);
	bytes_put_u64(&buffer, 0xfedcba9876543210);
	bytes_put_string(&buffer, "mirror");
	bytes_put_raw(&buffer, "xyz", 3);
	bytes_reader_init(&reader, buffer.data, buffer.size);
	assert_int_equal(bytes_get_u8(&reader), 0xfe);
	assert_int_equal(bytes_get_u16(&reader), 0xfedc);
	assert_int_equal(bytes_get_u32(&reader), 0xfedcba98);
	assert_true(bytes_get_u64(&reader) == 0xfedcba9876543210);
	bytes_get_string(&reader, string, sizeof(string));
	assert_string_equal(string, "mirror");
	assert_int_equal(bytes_left(&reader), 3);
	assert_false(bytes_reader_done(&reader));
	assert_memory_equal(bytes_get_raw(&reader, 3), "xyz", 3);
	assert_true(bytes_reader_done(&reader));
	bytes_free(&buffer);
}

static void numbers_are_little_endian(void **state)
{
	static const uint8_t expected[] = {0x01, 0x03, 0x02, 0x07, 0x06, 0x05, 0x04, 0x0f,
					   0x0e, 0x0d, 0x0c, 0x0b, 0x0a, 0x09, 0x08};
	struct bytes_buffer buffer = {0};

	(void)state;
	bytes_put_u8(&buffer, 0x01);
	bytes_put_u16(&buffer, 0x0203);
	bytes_put_u32(&buffer, 0x04050607);
	bytes_put_u64(&buffer, 0x08090a0b0c0d0e0f);
	assert_int_equal(buffer.size, sizeof(expected));
	assert_memory_equal(buffer.data, expected, sizeof(expected));
	bytes_free(&buffer);
}

static void reading_past_the_end_fails_for_good(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3, 4, 5};
	struct bytes_reader reader;

	(void)state;
	bytes_reader_init(&reader, bytes, sizeof(bytes));
	assert_int_equal(bytes_get_u16(&reader), 0x0201);
	assert_int_equal(bytes_get_u32(&reader), 0);
	assert_true(reader.failed);
	/* what would still fit is refused as well */
	assert_int_equal(bytes_get_u8(&reader), 0);
	assert_null(bytes_get_raw(&reader, 1));
	assert_null(bytes_get_raw(&reader, 0));
	assert_false(bytes_reader_done(&reader));
}

static void an_empty_reader_is_done_at_once(void **state)
{
	struct bytes_reader reader;

	(void)state;
	bytes_reader_init(&reader, NULL, 0);
	assert_true(bytes_reader_done(&reader));
	assert_non_null(bytes_get_raw(&reader, 0));
	assert_true(bytes_reader_done(&reader));
	assert_int_equal(bytes_get_u64(&reader), 0);
	assert_true(reader.failed);
}

static void a_size_beyond_all_memory_is_refused(void **state)
{
	static const uint8_t bytes[4];
	struct bytes_reader reader;

	(void)state;
	bytes_reader_init(&reader, bytes, sizeof(bytes));
	assert_null(bytes_get_raw(&reader, SIZE_MAX));
	assert_true(reader.failed);
}

static void bad_strings_are_refused(void **state)
{
	static const struct {
		const char *what;
		uint8_t bytes[8];
		size_t size;
		bool good;
	} cases[] = {
		{"empty", {0}, 1, true},
		{"as long as allowed", {3, 'a', 'b', 'c'}, 4, true},
		{"one too long", {4, 'a', 'b', 'c', 'd'}, 5, false},
		{"NUL inside", {3, 'a', 0, 'c'}, 4, false},
		{"NUL at its end", {3, 'a', 'b', 0}, 4, false},
		{"cut", {3, 'a', 'b'}, 3, false},
		{"no length", {0}, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bytes_reader reader;
		char out[4] = "???";

		bytes_reader_init(&reader, cases[i].bytes, cases[i].size);
		bytes_get_string(&reader, out, sizeof(out));
		if (reader.failed == cases[i].good)
			fail_msg("%s", cases[i].what);
		assert_int_equal(strlen(out), cases[i].good ? cases[i].bytes[0] : 0);
	}
}

static void a_buffer_grows_and_keeps_its_contents(void **state)
{
	struct bytes_buffer buffer = {0};
	struct bytes_reader reader;

	(void)state;
	for (uint32_t i = 0; i < 10000; i++)
		bytes_put_u32(&buffer, i * 7);
	bytes_reader_init(&reader, buffer.data, buffer.size);
	for (uint32_t i = 0; i < 10000; i++)
		assert_int_equal(bytes_get_u32(&reader), i * 7);
	assert_true(bytes_reader_done(&reader));
	bytes_free(&buffer);
	assert_null(buffer.data);
	assert_int_equal(buffer.size, 0);
}

static void reset_keeps_the_memory(void **state)
{
	struct bytes_buffer buffer = {0};
	uint8_t *data;

	(void)state;
	bytes_put_u64(&buffer, 1);
	data = buffer.data;
	bytes_reset(&buffer);
	assert_int_equal(buffer.size, 0);
	bytes_put_u8(&buffer, 9);
	assert_ptr_equal(buffer.data, data);
	assert_int_equal(data[0], 9);
	bytes_free(&buffer);
}

static void a_number_can_be_set_later(void **state)
{
	static const uint8_t expected[] = {7, 4, 3, 2, 1, 8};
	struct bytes_buffer buffer = {0};

	(void)state;
	bytes_put_u8(&buffer, 7);
	bytes_put_u32(&buffer, 0);
	bytes_put_u8(&buffer, 8);
	bytes_set_u32(&buffer, 1, 0x01020304);
	assert_memory_equal(buffer.data, expected, sizeof(expected));
	bytes_free(&buffer);
}

static void putting_nothing_changes_nothing(void **state)
{
	struct bytes_buffer buffer = {0};

	(void)state;
	bytes_put_raw(&buffer, NULL, 0);
	assert_int_equal(buffer.size, 0);
	bytes_put_string(&buffer, "");
	assert_int_equal(buffer.size, 1);
	bytes_free(&buffer);
}

/* Published vectors of FNV-1a, 64 bits. */
static void the_hash_is_fnv_1a(void **state)
{
	(void)state;
	assert_true(bytes_hash(BYTES_HASH_START, "", 0) == BYTES_HASH_START);
	assert_true(bytes_hash(BYTES_HASH_START, "a", 1) == 0xaf63dc4c8601ec8cULL);
	assert_true(bytes_hash(BYTES_HASH_START, "foobar", 6) == 0x85944171f73967e8ULL);
	assert_true(bytes_hash(bytes_hash(BYTES_HASH_START, "foo", 3), "bar", 3) ==
		    0x85944171f73967e8ULL);
}

static void new_memory_is_zero_and_copies_are_equal(void **state)
{
	static const uint8_t zero[64];
	uint8_t *memory = memory_new(8, 8);
	char *string = memory_string("log");
	char *copy = memory_copy("abc", 3);

	(void)state;
	assert_memory_equal(memory, zero, sizeof(zero));
	memory = memory_resize(memory, 128);
	assert_memory_equal(memory, zero, sizeof(zero));
	assert_string_equal(string, "log");
	assert_memory_equal(copy, "abc", 3);
	assert_null(memory_copy("abc", 0));
	free(memory);
	free(string);
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_back_as_written),
		cmocka_unit_test(numbers_are_little_endian),
		cmocka_unit_test(reading_past_the_end_fails_for_good),
		cmocka_unit_test(an_empty_reader_is_done_at_once),
		cmocka_unit_test(a_size_beyond_all_memory_is_refused),
		cmocka_unit_test(bad_strings_are_refused),
		cmocka_unit_test(a_buffer_grows_and_keeps_its_contents),
		cmocka_unit_test(reset_keeps_the_memory),
		cmocka_unit_test(a_number_can_be_set_later),
		cmocka_unit_test(putting_nothing_changes_nothing),
		cmocka_unit_test(the_hash_is_fnv_1a),
		cmocka_unit_test(new_memory_is_zero_and_copies_are_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
