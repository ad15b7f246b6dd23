/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A log whose state is too much for one message: it is ordered in pieces, before the attach. */
#include "tests/unit/unit.h"

#include "common/disklog.h"
#include "tests/lib/engine_harness.h"

#define REGIONS 1024
#define DISK    "1048576 clustered-disk " HARNESS_DEVICE " 1024"
#define LUID    0xffff888012340000ULL
#define DIRTY   (REGIONS / 8) /* every eighth */

/* A piece has room for a dozen of scattered regions. */
static struct harness *harness_of_pieces(size_t node_count)
{
	struct engine_settings settings;
	struct harness *harness;
	struct harness_device *device;

	engine_settings_init(&settings);
	settings.state_piece_bytes = 32;
	harness = harness_new(node_count, &settings);
	device = harness_device(harness, HARNESS_DEVICE);
	harness_device_set_header(device, DISKLOG_MAGIC, 2, REGIONS);
	harness_device_set_bits(device, 0, REGIONS, true);
	for (uint64_t region = 3; region < REGIONS; region += 8)
		harness_device_set_bits(device, region, region + 1, false);
	for (uint32_t node = 1; node <= node_count; node++)
		harness_construct(harness, node, LUID, DISK);
	return harness;
}

static void assert_states(struct harness *harness, uint32_t nodes)
{
	for (uint32_t node = 1; node <= nodes; node++) {
		assert_int_equal(harness_log(harness, node).in_sync, REGIONS - DIRTY);
		assert_false(harness_in_sync(harness, node, LUID, REGIONS - 5));
		assert_true(harness_in_sync(harness, node, LUID, REGIONS - 4));
	}
}

/* Delivers events until `node` has sent that many messages since the count began. */
static void run_until_sent(struct harness *harness, uint32_t node, unsigned int messages)
{
	while (harness_node(harness, node)->messages < messages)
		assert_true(harness_step_disk(harness) || harness_step_bus(harness));
}

static void each_piece_waits_for_the_one_before(void **state)
{
	struct harness *harness = harness_of_pieces(2);
	uint32_t seq;

	(void)state;
	harness_count_from_here(harness);
	seq = harness_send(harness, 1, ULOG_RESUME, LUID);
	for (unsigned int sent = 1; !harness_is_answered(harness, 1, seq); sent++) {
		while (harness_step_disk(harness))
			;
		assert_true(harness_node(harness, 1)->messages <= sent);
		if (!harness_step_bus(harness))
			harness_run(harness);
	}
	assert_in_range(harness_node(harness, 1)->messages, DIRTY / 12, DIRTY);
	harness_resume(harness, 2, LUID);
	assert_states(harness, 2);
	harness_assert_equal_digests(harness);
	harness_end(harness);
}

static void a_small_state_goes_with_the_attach(void **state)
{
	struct harness *harness = harness_of_pieces(2);
	struct harness_device *device = harness_device(harness, HARNESS_DEVICE);

	(void)state;
	harness_device_set_bits(device, 0, REGIONS, true);
	harness_device_set_bits(device, 100, 700, false);
	harness_count_from_here(harness);
	harness_resume(harness, 1, LUID);
	assert_int_equal(harness_node(harness, 1)->messages, 1);
	assert_int_equal(harness_log(harness, 2).in_sync, REGIONS - 600);
	harness_end(harness);
}

/* Both read the device; the second waits for what the first one sends. */
static void one_node_sends_the_state_for_all(void **state)
{
	struct harness *harness = harness_of_pieces(3);

	(void)state;
	harness_count_from_here(harness);
	for (uint32_t node = 1; node <= 3; node++)
		harness_send(harness, node, ULOG_RESUME, LUID);
	harness_run(harness);
	assert_states(harness, 3);
	/* A first piece that came too late, and the attach. */
	assert_int_equal(harness_node(harness, 2)->messages, 2);
	assert_int_equal(harness_node(harness, 3)->messages, 2);
	harness_end(harness);
}

/* The others hear of it and begin themselves. */
static void a_sender_that_is_gone_keeps_nobody_waiting(void **state)
{
	static void (*const ends[])(struct harness * harness, uint32_t node) = {
		harness_kill, harness_leave, harness_node_down};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct harness *harness = harness_of_pieces(3);
		uint32_t seq;

		harness_count_from_here(harness);
		harness_send(harness, 1, ULOG_RESUME, LUID);
		run_until_sent(harness, 1, 3);
		seq = harness_send(harness, 2, ULOG_RESUME, LUID);
		run_until_sent(harness, 1, 5);
		assert_false(harness_is_answered(harness, 2, seq));
		ends[i](harness, 1);
		harness_run(harness);
		assert_true(harness_is_answered(harness, 2, seq));
		harness_resume(harness, 3, LUID);
		assert_int_equal(harness_log(harness, 3).in_sync, REGIONS - DIRTY);
		harness_end(harness);
	}
}

/* Its table is gone in the middle: nobody would ever send the rest. */
static void a_state_that_nobody_wants_any_more_is_given_up(void **state)
{
	struct harness *harness = harness_of_pieces(2);
	uint32_t seq;

	(void)state;
	harness_count_from_here(harness);
	harness_send(harness, 1, ULOG_RESUME, LUID);
	run_until_sent(harness, 1, 3);
	seq = harness_send(harness, 2, ULOG_RESUME, LUID);
	while (harness_step_disk(harness))
		;
	harness_send(harness, 1, ULOG_DTR, LUID);
	harness_run(harness);
	assert_true(harness_is_answered(harness, 2, seq));
	assert_int_equal(harness_log(harness, 2).in_sync, REGIONS - DIRTY);
	harness_end(harness);
}

static void a_daemon_that_ends_does_not_send_the_rest(void **state)
{
	struct harness *harness = harness_of_pieces(2);

	(void)state;
	harness_count_from_here(harness);
	harness_send(harness, 1, ULOG_RESUME, LUID);
	run_until_sent(harness, 1, 3);
	harness_quiesce(harness, 1);
	assert_in_range(harness_node(harness, 1)->messages, 3, 5);
	harness_leave(harness, 1);
	harness_resume(harness, 2, LUID);
	assert_int_equal(harness_log(harness, 2).in_sync, REGIONS - DIRTY);
	harness_end(harness);
}

static void a_daemon_that_joins_in_the_middle_has_the_pieces(void **state)
{
	struct harness *harness = harness_of_pieces(3);

	(void)state;
	harness_kill(harness, 3);
	harness_run(harness);
	harness_count_from_here(harness);
	harness_send(harness, 1, ULOG_RESUME, LUID);
	run_until_sent(harness, 1, 4);
	harness_start(harness, 3);
	harness_run(harness);
	harness_assert_equal_digests(harness);
	assert_int_equal(harness_log(harness, 3).in_sync, REGIONS - DIRTY);
	assert_states(harness, 1);
	harness_end(harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_piece_waits_for_the_one_before),
		cmocka_unit_test(a_small_state_goes_with_the_attach),
		cmocka_unit_test(one_node_sends_the_state_for_all),
		cmocka_unit_test(a_sender_that_is_gone_keeps_nobody_waiting),
		cmocka_unit_test(a_state_that_nobody_wants_any_more_is_given_up),
		cmocka_unit_test(a_daemon_that_ends_does_not_send_the_rest),
		cmocka_unit_test(a_daemon_that_joins_in_the_middle_has_the_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
