/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "common/ctlproto.h"
#include "common/memory.h"

static void a_request_comes_back_as_written(void **state)
{
	struct ctl_request request = {.kind = CTL_RUN, .line = "fenced 3"};
	struct ctl_request got;
	struct bytes_buffer buffer = {0};

	(void)state;
	ctl_request_encode(&request, &buffer);
	assert_int_equal(ctl_request_decode(buffer.data, buffer.size, &got), 0);
	assert_int_equal(got.kind, CTL_RUN);
	assert_string_equal(got.line, "fenced 3");
	bytes_free(&buffer);
}

static void a_reply_comes_back_as_written(void **state)
{
	struct ctl_reply reply = {
		.status = CTL_ATTENTION, .more = true, .text = "abc", .text_size = 3};
	struct ctl_reply got;
	struct bytes_buffer buffer = {0};

	(void)state;
	ctl_reply_encode(&reply, &buffer);
	assert_int_equal(ctl_reply_decode(buffer.data, buffer.size, &got), 0);
	assert_int_equal(got.status, CTL_ATTENTION);
	assert_true(got.more);
	assert_int_equal(got.text_size, 3);
	assert_memory_equal(got.text, "abc", 3);
	bytes_free(&buffer);
}

static void the_largest_piece_fits_a_message(void **state)
{
	char *text = memory_new(1, CTL_CHUNK_MAX);
	struct ctl_reply reply = {.text = text, .text_size = CTL_CHUNK_MAX};
	struct bytes_buffer buffer = {0};

	(void)state;
	ctl_reply_encode(&reply, &buffer);
	assert_true(buffer.size + 64 <= CTL_MESSAGE_MAX);
	bytes_free(&buffer);
	free(text);
}

/* Every cut of a good message, and one byte too many, is refused. */
static void wrong_lengths_are_refused(void **state)
{
	struct ctl_request request = {.kind = CTL_RUN, .line = "status"};
	struct ctl_reply reply = {.status = CTL_FINE, .text = "text", .text_size = 4};
	struct ctl_request got_request;
	struct ctl_reply got_reply;
	struct bytes_buffer buffer = {0};

	(void)state;
	ctl_request_encode(&request, &buffer);
	for (size_t size = 0; size < buffer.size; size++)
		assert_int_equal(ctl_request_decode(buffer.data, size, &got_request), -EBADMSG);
	bytes_put_u8(&buffer, 0);
	assert_int_equal(ctl_request_decode(buffer.data, buffer.size, &got_request), -EBADMSG);

	bytes_reset(&buffer);
	ctl_reply_encode(&reply, &buffer);
	for (size_t size = 0; size < buffer.size; size++)
		assert_int_equal(ctl_reply_decode(buffer.data, size, &got_reply), -EBADMSG);
	bytes_put_u8(&buffer, 0);
	assert_int_equal(ctl_reply_decode(buffer.data, buffer.size, &got_reply), -EBADMSG);
	bytes_free(&buffer);
}

static void wrong_values_are_refused(void **state)
{
	static const uint8_t unknown_kind[] = {1, 3, 0};
	static const uint8_t nul_in_line[] = {1, CTL_RUN, 2, 'a', 0};
	static const uint8_t unknown_status[] = {1, 3, 0, 0, 0, 0, 0};
	static const uint8_t odd_flag[] = {1, 0, 2, 0, 0, 0, 0};
	struct ctl_request request;
	struct ctl_reply reply;

	(void)state;
	assert_int_equal(ctl_request_decode(unknown_kind, sizeof(unknown_kind), &request),
			 -EBADMSG);
	assert_int_equal(ctl_request_decode(nul_in_line, sizeof(nul_in_line), &request), -EBADMSG);
	assert_int_equal(ctl_reply_decode(unknown_status, sizeof(unknown_status), &reply),
			 -EBADMSG);
	assert_int_equal(ctl_reply_decode(odd_flag, sizeof(odd_flag), &reply), -EBADMSG);
}

static void another_version_is_told_apart(void **state)
{
	static const uint8_t version_two[] = {2, 0xff};
	struct ctl_request request;
	struct ctl_reply reply;

	(void)state;
	assert_int_equal(ctl_request_decode(version_two, sizeof(version_two), &request), -EPROTO);
	assert_int_equal(ctl_reply_decode(version_two, sizeof(version_two), &reply), -EPROTO);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_comes_back_as_written),
		cmocka_unit_test(a_reply_comes_back_as_written),
		cmocka_unit_test(the_largest_piece_fits_a_message),
		cmocka_unit_test(wrong_lengths_are_refused),
		cmocka_unit_test(wrong_values_are_refused),
		cmocka_unit_test(another_version_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
