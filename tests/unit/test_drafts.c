/* SPDX-License-Identifier: GPL-2.0-or-later */
/* States of logs in pieces: which pieces count, and when a draft comes to nothing. */
#include "tests/unit/unit.h"

#include <string.h>

#include "cluster/replica.h"
#include "common/memory.h"

#define UUID    "LVM-log"
#define REGIONS 200

static struct replica_outcome apply(struct replica *replica, uint32_t node, struct wire_op *op)
{
	struct replica_outcome outcome;

	replica_advance(replica);
	replica_apply(replica, node, op, &outcome);
	wire_op_free(op);
	return outcome;
}

/* All regions of [first, end) are out of sync. */
static bool piece(struct replica *replica, uint32_t node, uint64_t generation, uint64_t first,
		  uint64_t end)
{
	struct wire_op op = {.kind = OP_STATE, .uuid = UUID, .first = first, .end = end};

	op.attach.generation = generation;
	op.attach.region_count = REGIONS;
	op.attach.unsynced = regionset_new();
	regionset_add_range(op.attach.unsynced, first, end);
	return !apply(replica, node, &op).refused;
}

static struct wire_op attach_op(uint64_t generation)
{
	return (struct wire_op){.kind = OP_ATTACH,
				.uuid = UUID,
				.attach = {.type = LOG_TYPE_DISK,
					   .region_size_sectors = 1024,
					   .region_count = REGIONS,
					   .valid_count = REGIONS,
					   .generation = generation}};
}

static enum attach_result attach_drafted(struct replica *replica, uint32_t node,
					 uint64_t generation)
{
	struct wire_op op = attach_op(generation);

	op.attach.drafted = true;
	return apply(replica, node, &op).attach;
}

static enum attach_result attach_with(struct replica *replica, uint32_t node, uint64_t generation)
{
	struct wire_op op = attach_op(generation);

	op.attach.unsynced = regionset_new();
	return apply(replica, node, &op).attach;
}

static void simple(struct replica *replica, uint32_t node, enum wire_op_kind kind)
{
	struct wire_op op = {.kind = kind, .uuid = UUID};

	apply(replica, node, &op);
}

static void the_pieces_make_the_state(void **state)
{
	struct replica *replica = replica_new();

	(void)state;
	assert_true(piece(replica, 2, 0, 0, 50));
	assert_int_equal(replica_drafting_node(replica, UUID), 2);
	assert_true(piece(replica, 2, 0, 50, 51));
	assert_true(piece(replica, 2, 0, 51, REGIONS));
	assert_int_equal(attach_drafted(replica, 2, 0), ATTACH_FIRST);
	assert_int_equal(regionlog_sync_count(replica_find(replica, UUID), REGIONS), 0);
	assert_int_equal(replica_drafting_node(replica, UUID), 0);
	replica_free(replica);
}

static void a_draft_with_a_gap_is_none(void **state)
{
	struct replica *replica = replica_new();

	(void)state;
	assert_false(piece(replica, 2, 0, 50, 60)); /* no beginning */
	assert_true(piece(replica, 2, 0, 0, 50));
	assert_false(piece(replica, 2, 0, 60, REGIONS)); /* a gap */
	assert_false(piece(replica, 2, 0, 40, REGIONS)); /* twice */
	assert_false(piece(replica, 2, 1, 50, REGIONS)); /* read at another time */
	assert_int_equal(attach_drafted(replica, 2, 0), ATTACH_STALE);
	assert_int_equal(replica_drafting_node(replica, UUID), 0);
	replica_free(replica);
}

static void one_node_drafts_and_may_begin_anew(void **state)
{
	struct replica *replica = replica_new();

	(void)state;
	assert_true(piece(replica, 2, 0, 0, 50));
	assert_false(piece(replica, 1, 0, 0, 50));
	assert_true(piece(replica, 2, 0, 0, 70));
	assert_false(piece(replica, 1, 0, 70, REGIONS));
	assert_true(piece(replica, 2, 0, 70, REGIONS));
	/* of nothing: it gives up */
	simple(replica, 1, OP_STATE);
	assert_int_equal(replica_drafting_node(replica, UUID), 2);
	simple(replica, 2, OP_STATE);
	assert_int_equal(replica_drafting_node(replica, UUID), 0);
	assert_true(piece(replica, 1, 0, 0, 50));
	replica_free(replica);
}

/* Somebody who read less attached first; or attached, wrote, and left. */
static void a_draft_of_another_generation_is_stale(void **state)
{
	struct replica *replica = replica_new();
	uint64_t generation;

	(void)state;
	assert_true(piece(replica, 2, 0, 0, REGIONS));
	assert_int_equal(attach_with(replica, 1, 0), ATTACH_FIRST);
	assert_int_equal(replica_drafting_node(replica, UUID), 0);
	generation = replica_generation(replica, UUID);
	assert_false(piece(replica, 2, generation, 0, REGIONS)); /* it is in use */
	simple(replica, 1, OP_DETACH);
	assert_false(piece(replica, 2, generation, 0, REGIONS));
	assert_true(piece(replica, 2, replica_generation(replica, UUID), 0, REGIONS));
	assert_int_equal(attach_drafted(replica, 2, generation), ATTACH_STALE);
	replica_free(replica);
}

static void lose_daemon(struct replica *replica, uint32_t node)
{
	replica_daemon_gone(replica, node);
}

static void lose_node(struct replica *replica, uint32_t node)
{
	replica_node_down(replica, node);
}

static void found_anew(struct replica *replica, uint32_t node)
{
	struct wire_op op = {.kind = OP_FOUNDED};

	replica_found(replica, 77);
	apply(replica, node, &op);
}

static void a_draft_ends_with_its_node(void **state)
{
	static void (*const ends[])(struct replica * replica,
				    uint32_t node) = {lose_daemon, lose_node, found_anew};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct replica *replica = replica_new();

		assert_true(piece(replica, 2, 0, 0, 50));
		if (ends[i] != found_anew)
			ends[i](replica, 1);
		assert_int_equal(replica_drafting_node(replica, UUID), 2);
		ends[i](replica, 2);
		assert_int_equal(replica_drafting_node(replica, UUID), 0);
		replica_free(replica);
	}
}

static struct replica *copy_of(const struct replica *replica)
{
	struct bytes_buffer buffer = {0};
	struct replica *copy;

	replica_encode(replica, &buffer);
	copy = replica_decode(buffer.data, buffer.size);
	/* and not with a byte less */
	assert_null(replica_decode(buffer.data, buffer.size - 1));
	bytes_free(&buffer);
	assert_non_null(copy);
	assert_int_equal(replica_digest(copy), replica_digest(replica));
	return copy;
}

static void drafts_are_in_the_snapshot(void **state)
{
	struct replica *replica = replica_new(), *copy;

	(void)state;
	assert_true(piece(replica, 2, 0, 0, 50));
	copy = copy_of(replica);
	assert_true(piece(copy, 2, 0, 50, REGIONS));
	assert_true(replica_digest(copy) != replica_digest(replica));
	assert_int_equal(attach_drafted(copy, 2, 0), ATTACH_FIRST);
	replica_free(copy);
	replica_free(replica);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pieces_make_the_state),
		cmocka_unit_test(a_draft_with_a_gap_is_none),
		cmocka_unit_test(one_node_drafts_and_may_begin_anew),
		cmocka_unit_test(a_draft_of_another_generation_is_stale),
		cmocka_unit_test(a_draft_ends_with_its_node),
		cmocka_unit_test(drafts_are_in_the_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
