/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "cluster/outbox.h"

/* A wire that remembers what went through it, and refuses from some message on. */
struct wire {
	struct bytes_buffer messages[64];
	size_t count;
	size_t refuse_from;
};

static int wire_send(void *context, const void *bytes, size_t size)
{
	struct wire *wire = context;

	if (wire->count >= wire->refuse_from)
		return -EAGAIN;
	bytes_put_raw(&wire->messages[wire->count++], bytes, size);
	return 0;
}

static void wire_free(struct wire *wire)
{
	for (size_t i = 0; i < wire->count; i++)
		bytes_free(&wire->messages[i]);
}

static void put_detach(struct outbox *outbox, uint64_t ticket)
{
	struct wire_op op = {.kind = OP_DETACH, .uuid = "log", .ticket = ticket};

	outbox_operation(outbox, &op, 1);
}

static void put_census(struct outbox *outbox, uint64_t number)
{
	struct bytes_buffer message = {0};

	wire_begin(&message, WIRE_CENSUS, 1);
	wire_census_encode(number, &message);
	outbox_message(outbox, &message);
	assert_null(message.data);
}

static enum wire_kind kind_of(const struct bytes_buffer *message)
{
	struct bytes_reader reader;
	enum wire_kind kind;

	bytes_reader_init(&reader, message->data, message->size);
	assert_int_equal(wire_open(&reader, &kind), 0);
	return kind;
}

/* How many operations a message has; their tickets must go on from *ticket. */
static size_t operations_of(const struct bytes_buffer *message, uint64_t *ticket)
{
	struct bytes_reader reader;
	enum wire_kind kind;
	size_t count = 0;

	bytes_reader_init(&reader, message->data, message->size);
	assert_int_equal(wire_open(&reader, &kind), 0);
	assert_int_equal(kind, WIRE_OPS);
	for (; bytes_left(&reader) > 0; count++) {
		struct wire_op op;

		assert_int_equal(wire_op_decode(&reader, &op), 0);
		assert_int_equal(op.ticket, ++*ticket);
		wire_op_free(&op);
	}
	return count;
}

static void operations_that_come_up_together_share_a_message(void **state)
{
	struct outbox *outbox = outbox_new();
	struct wire wire = {.refuse_from = SIZE_MAX};
	uint64_t ticket = 0;

	(void)state;
	assert_true(outbox_is_empty(outbox));
	for (uint64_t i = 1; i <= 10; i++)
		put_detach(outbox, i);
	assert_false(outbox_is_empty(outbox));
	assert_false(outbox_flush(outbox, wire_send, &wire));
	assert_true(outbox_is_empty(outbox));
	assert_int_equal(wire.count, 1);
	assert_int_equal(operations_of(&wire.messages[0], &ticket), 10);
	wire_free(&wire);
	outbox_free(outbox);
}

static void the_order_of_messages_and_operations_is_kept(void **state)
{
	struct outbox *outbox = outbox_new();
	struct wire wire = {.refuse_from = SIZE_MAX};
	uint64_t ticket = 0;

	(void)state;
	put_detach(outbox, 1);
	put_census(outbox, 5);
	put_detach(outbox, 2);
	assert_false(outbox_flush(outbox, wire_send, &wire));
	assert_int_equal(wire.count, 3);
	assert_int_equal(operations_of(&wire.messages[0], &ticket), 1);
	assert_int_equal(kind_of(&wire.messages[1]), WIRE_CENSUS);
	assert_int_equal(operations_of(&wire.messages[2], &ticket), 1);
	wire_free(&wire);
	outbox_free(outbox);
}

static void with_eight_messages_on_their_way_operations_are_packed(void **state)
{
	struct outbox *outbox = outbox_new();
	struct wire wire = {.refuse_from = SIZE_MAX};
	uint64_t ticket = 0;

	(void)state;
	for (uint64_t i = 1; i <= 100; i++) {
		put_detach(outbox, i);
		assert_false(outbox_flush(outbox, wire_send, &wire));
	}
	assert_int_equal(wire.count, 8);
	outbox_delivered(outbox);
	assert_false(outbox_flush(outbox, wire_send, &wire));
	assert_int_equal(wire.count, 9);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(operations_of(&wire.messages[i], &ticket), 1);
	assert_int_equal(operations_of(&wire.messages[8], &ticket), 92);
	assert_true(outbox_is_empty(outbox));
	wire_free(&wire);
	outbox_free(outbox);
}

static void a_message_does_not_grow_without_end(void **state)
{
	struct outbox *outbox = outbox_new();
	struct wire wire = {.refuse_from = SIZE_MAX};
	uint32_t regions[WIRE_REGIONS_MAX] = {0};
	uint64_t ticket = 0;

	(void)state;
	for (uint64_t i = 1; i <= 6; i++) {
		struct wire_op op = {.kind = OP_UPDATE,
				     .uuid = "log",
				     .ticket = i,
				     .regions = regions,
				     .region_count = WIRE_REGIONS_MAX};

		outbox_operation(outbox, &op, 1);
	}
	assert_false(outbox_flush(outbox, wire_send, &wire));
	assert_true(wire.count > 1);
	for (size_t i = 0; i < wire.count; i++) {
		assert_true(wire.messages[i].size < 64 * 1024);
		operations_of(&wire.messages[i], &ticket);
	}
	assert_int_equal(ticket, 6);
	wire_free(&wire);
	outbox_free(outbox);
}

static void what_is_refused_is_kept_and_goes_first_later(void **state)
{
	struct outbox *outbox = outbox_new();
	struct wire wire = {.refuse_from = 1};
	uint64_t ticket = 1;

	(void)state;
	put_census(outbox, 1);
	put_census(outbox, 2);
	put_detach(outbox, 2);
	assert_true(outbox_flush(outbox, wire_send, &wire));
	assert_int_equal(wire.count, 1);
	assert_false(outbox_is_empty(outbox));
	wire.refuse_from = SIZE_MAX;
	assert_false(outbox_flush(outbox, wire_send, &wire));
	assert_int_equal(wire.count, 3);
	assert_int_equal(kind_of(&wire.messages[1]), WIRE_CENSUS);
	assert_int_equal(operations_of(&wire.messages[2], &ticket), 1);
	wire_free(&wire);
	outbox_free(outbox);
}

static void a_reset_forgets_what_waits_and_what_is_under_way(void **state)
{
	struct outbox *outbox = outbox_new();
	struct wire wire = {.refuse_from = SIZE_MAX};

	(void)state;
	for (uint64_t i = 1; i <= 9; i++) {
		put_detach(outbox, i);
		outbox_flush(outbox, wire_send, &wire);
	}
	assert_int_equal(wire.count, 8);
	outbox_reset(outbox);
	assert_true(outbox_is_empty(outbox));
	put_detach(outbox, 10);
	assert_false(outbox_flush(outbox, wire_send, &wire));
	assert_int_equal(wire.count, 9);
	/* late deliveries of what was sent before do no harm */
	for (int i = 0; i < 20; i++)
		outbox_delivered(outbox);
	put_census(outbox, 1);
	outbox_free(outbox);
	outbox_free(NULL);
	wire_free(&wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations_that_come_up_together_share_a_message),
		cmocka_unit_test(the_order_of_messages_and_operations_is_kept),
		cmocka_unit_test(with_eight_messages_on_their_way_operations_are_packed),
		cmocka_unit_test(a_message_does_not_grow_without_end),
		cmocka_unit_test(what_is_refused_is_kept_and_goes_first_later),
		cmocka_unit_test(a_reset_forgets_what_waits_and_what_is_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
