/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All logs at one position: how operations find their log, generations, and snapshots of everything. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "cluster/replica.h"
#include "common/memory.h"

static struct replica_outcome apply(struct replica *replica, uint32_t node, struct wire_op *op)
{
	struct replica_outcome outcome;

	replica_advance(replica);
	replica_apply(replica, node, op, &outcome);
	wire_op_free(op);
	return outcome;
}

static struct replica_outcome simple(struct replica *replica, uint32_t node, enum wire_op_kind kind,
				     const char *uuid)
{
	struct wire_op op = {.kind = kind};

	strcpy(op.uuid, uuid);
	return apply(replica, node, &op);
}

static struct replica_outcome of_node(struct replica *replica, enum wire_op_kind kind,
				      uint32_t node)
{
	struct wire_op op = {.kind = kind, .node = node};

	return apply(replica, 1, &op);
}

static struct replica_outcome attach(struct replica *replica, uint32_t node, const char *uuid,
				     enum log_type type, uint64_t generation)
{
	struct wire_op op = {
		.kind = OP_ATTACH,
		.attach = {.type = type,
			   .region_size_sectors = 1024,
			   .region_count = 16,
			   .sync = LOG_SYNC_NONE,
			   .generation = generation},
	};

	strcpy(op.uuid, uuid);
	if (type == LOG_TYPE_DISK)
		op.attach.unsynced = regionset_new();
	return apply(replica, node, &op);
}

static struct replica_outcome update(struct replica *replica, uint32_t node, const char *uuid,
				     uint32_t marked, uint32_t cleared)
{
	struct wire_op op = {.kind = OP_UPDATE, .region_count = 1, .other_count = 1};

	strcpy(op.uuid, uuid);
	op.regions = memory_copy(&marked, sizeof(marked));
	op.others = memory_copy(&cleared, sizeof(cleared));
	return apply(replica, node, &op);
}

static void logs_are_ordered_by_uuid(void **state)
{
	static const char *const uuids[] = {"m", "a", "z", "b", "ma"};
	static const char *const ordered[] = {"a", "b", "m", "ma", "z"};
	struct replica *replica = replica_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(uuids); i++)
		assert_int_equal(attach(replica, 1, uuids[i], LOG_TYPE_CORE, 0).attach,
				 ATTACH_FIRST);
	assert_int_equal(replica_log_count(replica), ARRAY_SIZE(uuids));
	for (size_t i = 0; i < ARRAY_SIZE(ordered); i++) {
		assert_string_equal(replica_log(replica, i)->uuid, ordered[i]);
		assert_ptr_equal(replica_find(replica, ordered[i]), replica_log(replica, i));
	}
	assert_null(replica_find(replica, "aa"));
	assert_int_equal(replica_position(replica), 5);
	replica_free(replica);
}

static void an_operation_on_an_unknown_log_is_refused_and_changes_nothing(void **state)
{
	static const enum wire_op_kind kinds[] = {OP_RELEASE, OP_DETACH,  OP_FORGET,
						  OP_UPDATE,  OP_WORK,    OP_WANT,
						  OP_UNSYNC,  OP_WRITTEN, OP_HEALTH};
	struct replica *replica = replica_new();
	uint64_t digest;

	(void)state;
	attach(replica, 1, "a", LOG_TYPE_CORE, 0);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct wire_op op = {.kind = kinds[i], .uuid = "b"};
		struct replica_outcome outcome;

		digest = replica_digest(replica);
		replica_apply(replica, 1, &op, &outcome);
		assert_true(outcome.refused);
		assert_null(outcome.log);
		assert_int_equal(replica_digest(replica), digest);
	}
	replica_free(replica);
}

static void a_log_that_nobody_holds_is_gone(void **state)
{
	struct replica *replica = replica_new();

	(void)state;
	attach(replica, 1, "a", LOG_TYPE_CORE, 0);
	attach(replica, 2, "a", LOG_TYPE_CORE, 0);
	assert_non_null(simple(replica, 1, OP_FORGET, "a").log);
	assert_null(simple(replica, 2, OP_FORGET, "a").log);
	assert_int_equal(replica_log_count(replica), 0);
	replica_free(replica);
}

static void clears_of_an_update_come_before_its_marks(void **state)
{
	struct replica *replica = replica_new();

	(void)state;
	attach(replica, 1, "a", LOG_TYPE_CORE, 0);
	update(replica, 1, "a", 3, 4);
	assert_true(regionlog_is_marked(replica_find(replica, "a"), 3));
	update(replica, 1, "a", 3, 3);
	assert_true(regionlog_is_marked(replica_find(replica, "a"), 3));
	update(replica, 1, "a", 4, 3);
	assert_false(regionlog_is_marked(replica_find(replica, "a"), 3));
	replica_free(replica);
}

static void a_generation_is_never_used_twice(void **state)
{
	struct replica *replica = replica_new();
	uint64_t read;

	(void)state;
	read = replica_generation(replica, "a");
	assert_int_equal(attach(replica, 1, "a", LOG_TYPE_DISK, read).attach, ATTACH_FIRST);
	assert_int_not_equal(replica_generation(replica, "a"), read);
	simple(replica, 1, OP_DETACH, "a");
	/* read before the first attach, or during it: stale */
	assert_true(attach(replica, 2, "a", LOG_TYPE_DISK, read).refused);
	assert_true(attach(replica, 2, "a", LOG_TYPE_DISK, read + 1).refused);
	/* and stale still when the log was gone in between */
	simple(replica, 1, OP_FORGET, "a");
	assert_int_equal(replica_log_count(replica), 0);
	for (uint64_t old = read; old < replica_generation(replica, "a"); old++)
		assert_int_equal(attach(replica, 2, "a", LOG_TYPE_DISK, old).attach, ATTACH_STALE);
	assert_int_equal(
		attach(replica, 2, "a", LOG_TYPE_DISK, replica_generation(replica, "a")).attach,
		ATTACH_FIRST);
	replica_free(replica);
}

static void a_refused_first_attach_leaves_no_log_and_uses_no_generation(void **state)
{
	struct replica *replica = replica_new();
	uint64_t generation = replica_generation(replica, "a");

	(void)state;
	assert_true(attach(replica, 2, "a", LOG_TYPE_DISK, generation + 7).refused);
	assert_int_equal(replica_log_count(replica), 0);
	assert_int_equal(replica_generation(replica, "a"), generation);
	replica_free(replica);
}

static void an_outcome_says_from_where_on_the_device_is_behind(void **state)
{
	struct replica *replica = replica_new();
	struct replica_outcome outcome;
	struct wire_op op = {
		.kind = OP_ATTACH,
		.uuid = "a",
		.attach = {.type = LOG_TYPE_DISK,
			   .region_size_sectors = 1024,
			   .region_count = 100,
			   .valid_count = 60},
	};

	(void)state;
	op.attach.unsynced = regionset_new();
	outcome = apply(replica, 1, &op);
	assert_true(outcome.bits_changed);
	assert_int_equal(outcome.changed_from, 60);
	op = (struct wire_op){.kind = OP_ATTACH, .uuid = "a"};
	op.attach = (struct regionlog_attach){
		.type = LOG_TYPE_DISK, .region_size_sectors = 1024, .region_count = 130};
	outcome = apply(replica, 2, &op);
	assert_true(outcome.bits_changed);
	assert_int_equal(outcome.changed_from, 100);
	op = (struct wire_op){.kind = OP_ATTACH, .uuid = "a"};
	op.attach = (struct regionlog_attach){
		.type = LOG_TYPE_DISK, .region_size_sectors = 1024, .region_count = 130};
	outcome = apply(replica, 3, &op);
	assert_false(outcome.bits_changed);
	replica_free(replica);
}

static void nodes_that_come_and_go_concern_every_log(void **state)
{
	struct replica *replica = replica_new();

	(void)state;
	for (int i = 0; i < 5; i++) {
		const char uuid[2] = {(char)('a' + i), '\0'};

		attach(replica, 2, uuid, LOG_TYPE_CORE, 0);
		if (i % 2 == 0)
			attach(replica, 1, uuid, LOG_TYPE_CORE, 0);
	}
	update(replica, 2, "d", 3, 0);
	update(replica, 2, "a", 4, 0);
	of_node(replica, OP_DAEMON_GONE, 2);
	assert_true(regionlog_find_node(replica_find(replica, "e"), 2)->absent);
	assert_false(replica_is_lost(replica, 2));
	of_node(replica, OP_NODE_DOWN, 2);
	/* b is nobody's now; d is held by what is lost */
	assert_null(replica_find(replica, "b"));
	assert_non_null(replica_find(replica, "d"));
	assert_true(replica_is_lost(replica, 2));
	of_node(replica, OP_FENCED, 2);
	assert_false(replica_is_lost(replica, 2));
	assert_null(replica_find(replica, "d"));
	assert_int_equal(replica_log_count(replica), 3);
	assert_false(regionlog_in_sync(replica_find(replica, "a"), 4));
	replica_free(replica);
}

/* Lost to this state, it has been back with others since, and marked more: all of it is on the device only. */
static void in_a_state_that_is_in_doubt_a_lost_node_may_hold_any_mark(void **state)
{
	static const uint32_t stranger = 2;
	struct replica *replica = replica_new();
	struct wire_op op = {.kind = OP_FOUNDED, .doubtful = true, .region_count = 1};

	(void)state;
	attach(replica, 1, "a", LOG_TYPE_CORE, 0);
	attach(replica, 2, "a", LOG_TYPE_CORE, 0);
	update(replica, 2, "a", 3, 0);
	of_node(replica, OP_NODE_DOWN, 2);
	replica_found(replica, 7);
	op.regions = memory_copy(&stranger, sizeof(stranger));
	apply(replica, 1, &op);
	assert_true(regionlog_find_node(replica_find(replica, "a"), 2)->opaque);
	assert_false(regionlog_has_work(replica_find(replica, "a"), 1));
	of_node(replica, OP_FENCED, 2);
	assert_true(regionlog_has_work(replica_find(replica, "a"), 1));
	replica_free(replica);
}

static struct replica_outcome founded(struct replica *replica, const uint32_t *nodes,
				      uint32_t count)
{
	struct wire_op op = {.kind = OP_FOUNDED, .region_count = count};

	op.regions = memory_copy(nodes, count * sizeof(nodes[0]));
	return apply(replica, 1, &op);
}

/* Killed as soon as it had joined, it never said what its kernel holds. */
static void a_daemon_that_joined_and_said_nothing_leaves_a_stranger(void **state)
{
	static const uint32_t nodes[] = {1, 2, 3};
	struct replica *replica = replica_new();

	(void)state;
	replica_found(replica, 7);
	apply(replica, 1, &(struct wire_op){.kind = OP_PRESENT});
	apply(replica, 3, &(struct wire_op){.kind = OP_PRESENT});
	founded(replica, nodes, ARRAY_SIZE(nodes));
	assert_false(replica_is_lost(replica, 1));
	assert_false(replica_is_lost(replica, 3));
	assert_true(replica_is_lost(replica, 2));
	of_node(replica, OP_DAEMON_GONE, 2);
	assert_true(replica_is_lost(replica, 2));
	attach(replica, 1, "a", LOG_TYPE_CORE, 0);
	assert_true(regionlog_find_node(replica_find(replica, "a"), 2)->opaque);
	replica_free(replica);
}

static void a_daemon_speaks_for_its_kernel_until_it_is_gone_or_the_state_is_anew(void **state)
{
	static const uint32_t nodes[] = {2, 3};
	struct replica *replica = replica_new();

	(void)state;
	replica_found(replica, 7);
	founded(replica, nodes, ARRAY_SIZE(nodes));
	apply(replica, 2, &(struct wire_op){.kind = OP_PRESENT});
	assert_false(replica_is_lost(replica, 2));
	of_node(replica, OP_NODE_DOWN, 3);
	assert_false(replica_is_lost(replica, 3));
	replica_found(replica, 8);
	founded(replica, nodes, ARRAY_SIZE(nodes));
	assert_true(replica_is_lost(replica, 2));
	assert_true(replica_is_lost(replica, 3));
	replica_free(replica);
}

/* --- snapshots --- */

static struct replica *some_logs(void)
{
	struct replica *replica = replica_new();

	for (int i = 0; i < 6; i++) {
		char uuid[16];

		snprintf(uuid, sizeof(uuid), "log%d", i);
		attach(replica, 1 + (uint32_t)i % 3, uuid, i % 2 ? LOG_TYPE_DISK : LOG_TYPE_CORE,
		       replica_generation(replica, uuid));
		update(replica, 1 + (uint32_t)i % 3, uuid, (uint32_t)i, 0);
	}
	simple(replica, 1, OP_FORGET, "log0");
	return replica;
}

static void a_snapshot_brings_everything_and_its_position(void **state)
{
	struct replica *replica = some_logs();
	struct bytes_buffer buffer = {0};
	struct replica *copy;

	(void)state;
	replica_encode(replica, &buffer);
	copy = replica_decode(buffer.data, buffer.size);
	assert_non_null(copy);
	assert_int_equal(replica_position(copy), 13);
	assert_int_equal(replica_log_count(copy), 5);
	assert_int_equal(replica_digest(copy), replica_digest(replica));
	assert_int_equal(replica_generation(copy, "unknown"),
			 replica_generation(replica, "unknown"));
	/* and the same steps lead to the same state */
	update(replica, 2, "log1", 9, 1);
	update(copy, 2, "log1", 9, 1);
	assert_int_equal(replica_digest(copy), replica_digest(replica));
	update(copy, 2, "log1", 10, 1);
	replica_advance(replica);
	assert_int_not_equal(replica_digest(copy), replica_digest(replica));
	replica_free(copy);
	replica_free(replica);
	bytes_free(&buffer);
}

static void truncated_damaged_and_unordered_snapshots_are_refused(void **state)
{
	struct replica *replica = some_logs();
	struct bytes_buffer buffer = {0};
	uint64_t random = 5;

	(void)state;
	replica_encode(replica, &buffer);
	for (size_t size = 0; size < buffer.size; size++) {
		uint8_t *copy = memory_new(1, size + 1);

		memcpy(copy + 1, buffer.data, size);
		assert_null(replica_decode(copy + 1, size));
		free(copy);
	}
	for (int round = 0; round < (unit_is_quick() ? 500 : 20000); round++) {
		size_t at = unit_random(&random) % buffer.size;
		uint8_t before = buffer.data[at];

		buffer.data[at] = (uint8_t)unit_random(&random);
		replica_free(replica_decode(buffer.data, buffer.size));
		buffer.data[at] = before;
	}
	/* "log1" becomes "log9": not in order any more */
	for (size_t i = 0; i + 4 <= buffer.size; i++)
		if (memcmp(buffer.data + i, "log1", 4) == 0)
			buffer.data[i + 3] = '9';
	assert_null(replica_decode(buffer.data, buffer.size));
	bytes_put_u8(&buffer, 0);
	assert_null(replica_decode(buffer.data, buffer.size));
	replica_free(replica);
	bytes_free(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logs_are_ordered_by_uuid),
		cmocka_unit_test(an_operation_on_an_unknown_log_is_refused_and_changes_nothing),
		cmocka_unit_test(a_log_that_nobody_holds_is_gone),
		cmocka_unit_test(clears_of_an_update_come_before_its_marks),
		cmocka_unit_test(a_generation_is_never_used_twice),
		cmocka_unit_test(a_refused_first_attach_leaves_no_log_and_uses_no_generation),
		cmocka_unit_test(an_outcome_says_from_where_on_the_device_is_behind),
		cmocka_unit_test(nodes_that_come_and_go_concern_every_log),
		cmocka_unit_test(in_a_state_that_is_in_doubt_a_lost_node_may_hold_any_mark),
		cmocka_unit_test(a_daemon_that_joined_and_said_nothing_leaves_a_stranger),
		cmocka_unit_test(
			a_daemon_speaks_for_its_kernel_until_it_is_gone_or_the_state_is_anew),
		cmocka_unit_test(a_snapshot_brings_everything_and_its_position),
		cmocka_unit_test(truncated_damaged_and_unordered_snapshots_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
