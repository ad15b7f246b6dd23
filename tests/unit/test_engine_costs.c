/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an operation costs: messages in the order, writes of the log device. Exact, and so checked (docs/performance.md). */
#include "tests/unit/unit.h"

#include "tests/lib/engine_harness.h"

#define CORE "131072 clustered-core 1024 nosync"
#define DISK "131072 clustered-disk " HARNESS_DEVICE " 1024 nosync"
#define LONG "8192000 clustered-disk " HARNESS_DEVICE " 1024 sync" /* 8,000 regions */
#define LUID 0xffff888012340000ULL

struct cost {
	unsigned int messages, disk_writes;
};

static struct cost cost_of(const struct harness *harness)
{
	struct cost cost = {0};

	for (size_t i = 0; i < harness->node_count; i++) {
		cost.messages += harness->nodes[i].messages;
		cost.disk_writes += harness->nodes[i].disk_writes;
	}
	return cost;
}

static void the_first_write_of_a_region(void **state)
{
	static const struct {
		const char *constructor;
		size_t nodes;
		uint32_t node;
		struct cost cost;
	} cases[] = {
		{CORE, 3, 1, {1, 0}}, {CORE, 3, 3, {1, 0}},
		{DISK, 1, 1, {1, 1}}, {DISK, 3, 1, {1, 1}}, /* the writer */
		{DISK, 3, 3, {2, 1}},                       /* and it says when it has written */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct harness *harness =
			harness_new_active(cases[i].nodes, LUID, cases[i].constructor);
		struct cost cost;

		for (uint64_t region = 10; region < 100; region += 30) {
			harness_count_from_here(harness);
			harness_mark_flush(harness, cases[i].node, LUID, region);
			cost = cost_of(harness);
			assert_int_equal(cost.messages, cases[i].cost.messages);
			assert_int_equal(cost.disk_writes, cases[i].cost.disk_writes);
		}
		harness_end(harness);
	}
}

static void marks_that_come_while_the_device_is_written_share_the_next_write(void **state)
{
	struct harness *harness = harness_new_active(3, LUID, DISK);
	struct cost cost;

	(void)state;
	harness_count_from_here(harness);
	harness->hold_disk = true;
	for (uint64_t region = 0; region < 120; region += 15)
		harness_send_regions(harness, 3, ULOG_MARK_REGION, LUID, &region, 1);
	harness_run(harness);
	harness->hold_disk = false;
	harness_run(harness);
	cost = cost_of(harness);
	assert_int_equal(cost.disk_writes, 2);
	/* As many as may be on their way at once, and what the writer says. */
	assert_true(cost.messages <= 8 + 2);
	harness_end(harness);
}

static uint64_t recover_all(struct harness *harness, size_t nodes)
{
	uint64_t copied = 0, before;

	do {
		before = copied;
		for (uint32_t node = 1; node <= nodes; node++) {
			uint64_t region = harness_get_work(harness, node, LUID);

			if (region == UINT64_MAX)
				continue;
			harness_set_sync(harness, node, LUID, region, true);
			copied++;
		}
	} while (copied > before);
	return copied;
}

static void a_recovery(void **state)
{
	(void)state;
	for (size_t nodes = 1; nodes <= 3; nodes += 2) {
		struct harness *harness = harness_new_active(nodes, LUID, LONG);

		harness_count_from_here(harness);
		assert_int_equal(recover_all(harness, nodes), 8000);
		/* Half a batch a message: 1 in 32; near the end the shares become small. */
		assert_true(cost_of(harness).messages <= 8000 / 32 + 30 * nodes);
		assert_true(cost_of(harness).messages * 16 <= 8000);
		harness_end(harness);
	}
}

#define OTHER_UUID "LVM-harness-log-2"

static void a_log_whose_device_hangs_delays_no_other(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK);
	uint32_t question;

	(void)state;
	harness->uuid = OTHER_UUID;
	for (uint32_t node = 1; node <= 2; node++)
		harness_activate(harness, node, LUID + 1, CORE);
	harness->uuid = HARNESS_UUID;
	harness->hold_bus = harness->hold_disk = true;
	for (uint64_t region = 0; region < 128; region++)
		harness_send_regions(harness, 1, ULOG_MARK_REGION, LUID, &region, 1);
	assert_true(harness_unanswered(harness, 1) > 0);
	harness->uuid = OTHER_UUID;
	for (uint64_t region = 0; region < 128; region++) {
		question = harness_send_regions(harness, 1, ULOG_IN_SYNC, LUID + 1, &region, 1);
		assert_true(harness_is_answered(harness, 1, question));
	}
	harness->hold_bus = harness->hold_disk = false;
	harness_run(harness);
	harness_end(harness);
}

static bool is_resting(struct harness *harness, uint32_t node)
{
	struct engine_log_status status;

	assert_true(harness_status(harness, node, &status));
	return status.resting;
}

static void ticks_pass_over_a_log_at_rest(void **state)
{
	static const char *const constructors[] = {CORE, DISK};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(constructors); i++) {
		struct harness *harness = harness_new_active(2, LUID, constructors[i]);

		for (uint32_t node = 1; node <= 2; node++) {
			harness_advance(harness, 20000);
			assert_true(is_resting(harness, 1));
			assert_true(is_resting(harness, 2));
			/* Asked about, it is looked at once more. */
			(void)harness_ask_region(harness, node, ULOG_IS_CLEAN, LUID, 7);
			assert_false(is_resting(harness, node));
			harness_advance(harness, 1000);
			assert_true(is_resting(harness, node));
			/* What is kept for some time is let go by a tick. */
			harness_mark_flush(harness, node, LUID, 7);
			harness_advance(harness, 1000);
			assert_false(is_resting(harness, node));
			harness_clear(harness, node, LUID, 7);
			harness_advance(harness, 1000);
			assert_false(is_resting(harness, node));
		}
		harness_end(harness);
	}
}

static void a_log_that_is_out_of_sync_does_not_rest(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, "131072 clustered-core 1024");

	(void)state;
	harness_advance(harness, 20000);
	assert_false(is_resting(harness, 1));
	assert_false(is_resting(harness, 2));
	harness_end(harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_write_of_a_region),
		cmocka_unit_test(marks_that_come_while_the_device_is_written_share_the_next_write),
		cmocka_unit_test(a_recovery),
		cmocka_unit_test(a_log_whose_device_hangs_delays_no_other),
		cmocka_unit_test(ticks_pass_over_a_log_at_rest),
		cmocka_unit_test(a_log_that_is_out_of_sync_does_not_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
