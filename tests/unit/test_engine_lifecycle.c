/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables come and go: CTR, DTR, and kernels that meet a new daemon. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "tests/lib/engine_harness.h"

#define CORE  "131072 clustered-core 1024"
#define DISK  "131072 clustered-disk " HARNESS_DEVICE " 1024"
#define OTHER "131072 clustered-disk 254:9 1024"
#define LUID  0xffff888012340000ULL

/* --- CTR --- */

static const struct ulog_reply *ctr(struct harness *harness, uint64_t luid, const char *constructor,
				    bool reconnect)
{
	uint32_t seq = harness_send_ctr(harness, 1, luid, constructor, reconnect);

	harness_run(harness);
	return harness_answer(harness, 1, seq);
}

static void the_first_ctr_of_a_disk_log_returns_its_device(void **state)
{
	struct harness *harness = harness_new(1, NULL);
	const struct ulog_reply *reply = ctr(harness, LUID, DISK, false);

	(void)state;
	assert_int_equal(reply->error, 0);
	assert_int_equal(reply->data_size, sizeof(HARNESS_DEVICE));
	assert_string_equal((const char *)reply->data, HARNESS_DEVICE);
	harness_end(harness);
}

static void a_kernel_of_version_1_knows_no_returned_device(void **state)
{
	static const uint32_t sizes[] = {0, sizeof(HARNESS_DEVICE), sizeof(HARNESS_DEVICE)};

	(void)state;
	for (uint32_t version = 1; version <= 3; version++) {
		struct harness *harness = harness_new(1, NULL);
		const struct ulog_reply *reply;

		harness->version = version;
		reply = ctr(harness, LUID, DISK, false);
		assert_int_equal(reply->error, 0);
		assert_int_equal(reply->version, version);
		assert_int_equal(reply->data_size, sizes[version - 1]);
		harness_end(harness);
	}
}

static void a_core_log_has_no_device_to_return(void **state)
{
	struct harness *harness = harness_new(1, NULL);
	const struct ulog_reply *reply = ctr(harness, LUID, CORE, false);

	(void)state;
	assert_int_equal(reply->error, 0);
	assert_int_equal(reply->data_size, 0);
	harness_end(harness);
}

static void a_kernel_that_reconnects_gets_no_payload(void **state)
{
	struct harness *harness = harness_new(1, NULL);
	const struct ulog_reply *reply = ctr(harness, LUID, DISK, true);

	(void)state;
	assert_int_equal(reply->error, 0);
	assert_int_equal(reply->data_size, 0);
	harness_end(harness);
}

static void a_repeated_ctr_succeeds_without_payload(void **state)
{
	struct harness *harness = harness_new(1, NULL);

	(void)state;
	ctr(harness, LUID, DISK, false);
	for (int reconnect = 0; reconnect < 2; reconnect++) {
		const struct ulog_reply *reply = ctr(harness, LUID, DISK, reconnect);

		assert_int_equal(reply->error, 0);
		assert_int_equal(reply->data_size, 0);
	}
	assert_int_equal(harness_log(harness, 1).instance_count, 1);
	assert_int_equal(harness_device(harness, HARNESS_DEVICE)->opens, 1);
	harness_end(harness);
}

static void ctrs_of_several_threads_wait_for_one_open(void **state)
{
	struct harness *harness = harness_new(1, NULL);
	uint32_t seqs[3];

	(void)state;
	harness->hold_disk = true;
	for (size_t i = 0; i < ARRAY_SIZE(seqs); i++)
		seqs[i] = harness_send_ctr(harness, 1, LUID, DISK, true);
	harness_run(harness);
	harness->hold_disk = false;
	harness_run(harness);
	for (size_t i = 0; i < ARRAY_SIZE(seqs); i++)
		assert_int_equal(harness_answer(harness, 1, seqs[i])->error, 0);
	assert_int_equal(harness_device(harness, HARNESS_DEVICE)->opens, 1);
	harness_end(harness);
}

static void a_table_that_makes_no_sense_is_refused_and_leaves_nothing(void **state)
{
	static const char *const constructors[] = {
		"131072 clustered-core 7",
		"131072 clustered-disk 1024",
		"131072 nonsense 1024",
		/* too many regions for a device of 1 MiB */
		"137438953472 clustered-disk " HARNESS_DEVICE " 1024",
	};
	struct harness *harness = harness_new(1, NULL);
	struct engine_log_status status;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(constructors); i++) {
		assert_int_equal(ctr(harness, LUID, constructors[i], false)->error, -EINVAL);
		assert_false(harness_status(harness, 1, &status));
	}
	assert_int_equal(harness_device(harness, HARNESS_DEVICE)->opens, 0);
	assert_int_equal(harness_node(harness, 1)->errors_reported, ARRAY_SIZE(constructors));
	harness_end(harness);
}

static void a_table_of_another_shape_is_refused_while_the_log_is_in_use(void **state)
{
	struct harness *harness = harness_new(2, NULL);

	(void)state;
	harness_activate(harness, 2, LUID, DISK);
	assert_int_equal(ctr(harness, LUID, CORE, false)->error, -EINVAL);
	assert_int_equal(
		ctr(harness, LUID, "131072 clustered-disk " HARNESS_DEVICE " 2048", false)->error,
		-EINVAL);
	assert_int_equal(ctr(harness, LUID, DISK, false)->error, 0);
	harness_end(harness);
}

static void dtr_closes_the_device_and_forgets_the_log(void **state)
{
	struct harness *harness = harness_new(1, NULL);
	struct engine_log_status status;

	(void)state;
	harness_activate(harness, 1, LUID, DISK);
	harness_suspend(harness, 1, LUID);
	assert_string_equal(harness_log(harness, 1).state, "suspended");
	assert_int_equal(harness_ask(harness, 1, ULOG_DTR, LUID)->error, 0);
	assert_false(harness_status(harness, 1, &status));
	assert_int_equal(harness_device(harness, HARNESS_DEVICE)->opens, 0);
	harness_end(harness);
}

static void a_number_that_the_kernel_uses_again_for_another_log_is_that_logs(void **state)
{
	struct harness *harness = harness_new(1, NULL);
	struct engine_log_status status;

	(void)state;
	/* GET_REGION_SIZE or dm_get_device failed: that constructor ended without a DTR */
	ctr(harness, LUID, DISK, false);
	harness->uuid = "LVM-another-log";
	assert_int_equal(ctr(harness, LUID, OTHER, false)->error, 0);
	harness_resume(harness, 1, LUID);
	harness->uuid = HARNESS_UUID;
	assert_false(harness_status(harness, 1, &status));
	assert_int_equal(harness_device(harness, HARNESS_DEVICE)->opens, 0);
	harness_end(harness);
}

/* --- unknown instances --- */

static void requests_for_an_unknown_instance_make_the_kernel_reconnect(void **state)
{
	static const enum ulog_type types[] = {
		ULOG_GET_REGION_SIZE, ULOG_FLUSH,       ULOG_GET_RESYNC_WORK,
		ULOG_GET_SYNC_COUNT,  ULOG_STATUS_INFO,
	};
	static const enum ulog_type on_regions[] = {ULOG_IS_CLEAN,    ULOG_IN_SYNC,
						    ULOG_MARK_REGION, ULOG_CLEAR_REGION,
						    ULOG_FLUSH,       ULOG_IS_REMOTE_RECOVERING};
	struct harness *harness = harness_new(1, NULL);
	uint32_t seq;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		assert_int_equal(harness_ask(harness, 1, types[i], LUID)->error, -ESRCH);
	for (size_t i = 0; i < ARRAY_SIZE(on_regions); i++)
		assert_int_equal(harness_ask_region(harness, 1, on_regions[i], LUID, 1)->error,
				 -ESRCH);
	seq = harness_send_set_sync(harness, 1, LUID, 1, true);
	assert_int_equal(harness_answer(harness, 1, seq)->error, -ESRCH);
	/* these have no loop around them in the kernel: an error would be final */
	assert_int_equal(harness_ask(harness, 1, ULOG_RESUME, LUID)->error, 0);
	assert_int_equal(harness_ask(harness, 1, ULOG_PRESUSPEND, LUID)->error, 0);
	assert_int_equal(harness_ask(harness, 1, ULOG_POSTSUSPEND, LUID)->error, 0);
	assert_int_equal(harness_ask(harness, 1, ULOG_DTR, LUID)->error, 0);
	harness_end(harness);
}

/* A node's daemon dies with a region marked and comes back; its kernel has not spoken to it yet. */
static struct harness *restarted_with_marks(void)
{
	struct harness *harness = harness_new(2, NULL);

	harness_activate(harness, 1, LUID, DISK " nosync");
	harness_activate(harness, 2, LUID, DISK " nosync");
	harness_mark_flush(harness, 2, LUID, 9);
	harness_kill(harness, 2);
	harness_advance(harness, 1000);
	assert_int_equal(harness_log(harness, 1).dirty, 1);
	harness_start(harness, 2);
	harness_advance(harness, 1000);
	assert_int_equal(harness_log(harness, 1).dirty, 1);
	assert_int_equal(harness_log(harness, 1).attached_count, 2);
	return harness;
}

static void postsuspend_of_an_unknown_instance_ends_its_nodes_marks(void **state)
{
	struct harness *harness = restarted_with_marks();

	(void)state;
	harness_suspend(harness, 2, LUID);
	assert_int_equal(harness_log(harness, 1).dirty, 0);
	assert_int_equal(harness_log(harness, 1).attached_count, 1);
	harness_advance(harness, 2000);
	assert_true(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 9));
	harness_end(harness);
}

/* It may be the old one of two tables; the new one's kernel has only had no reason to speak yet. */
static void dtr_of_an_unknown_instance_ends_nothing_while_its_device_is_there(void **state)
{
	struct harness *harness = restarted_with_marks();
	unsigned int cycles = harness_node(harness, 2)->cycles;

	(void)state;
	assert_int_equal(harness_ask(harness, 2, ULOG_DTR, LUID + 1)->error, 0);
	harness_advance(harness, 1000);
	assert_int_equal(harness_log(harness, 1).dirty, 1);
	assert_int_equal(harness_log(harness, 1).attached_count, 2);
	assert_true(harness_node(harness, 2)->cycles > cycles);
	engine_device_cycled(harness_node(harness, 2)->engine, harness->now_ms, HARNESS_UUID,
			     -ENOENT);
	harness_advance(harness, 1000);
	assert_int_equal(harness_log(harness, 1).dirty, 0);
	assert_int_equal(harness_log(harness, 1).attached_count, 1);
	harness_end(harness);
}

static void a_kernel_that_reconnects_goes_on_where_it_was(void **state)
{
	struct harness *harness = restarted_with_marks();
	uint64_t region = 9;
	uint32_t seq;

	(void)state;
	seq = harness_send_regions(harness, 2, ULOG_CLEAR_REGION, LUID, &region, 1);
	assert_int_equal(harness_answer(harness, 2, seq)->error, -ESRCH);
	seq = harness_send_ctr(harness, 2, LUID, DISK " nosync", true);
	harness_run(harness);
	assert_int_equal(harness_answer(harness, 2, seq)->error, 0);
	harness_resume(harness, 2, LUID);
	assert_int_equal(harness_log(harness, 1).dirty, 1);
	harness_clear(harness, 2, LUID, 9);
	harness_advance(harness, 8000);
	assert_int_equal(harness_log(harness, 1).dirty, 0);
	assert_true(harness_in_sync(harness, 2, LUID, 9));
	harness_end(harness);
}

static void requests_of_other_threads_wait_while_one_reconnects(void **state)
{
	struct harness *harness = restarted_with_marks();
	uint64_t region = 9;
	uint32_t in_sync, mark, resume;

	(void)state;
	harness->hold_bus = true;
	harness_send_ctr(harness, 2, LUID, DISK " nosync", true);
	harness_run(harness);
	in_sync = harness_send_regions(harness, 2, ULOG_IN_SYNC, LUID, &region, 1);
	resume = harness_send(harness, 2, ULOG_RESUME, LUID);
	mark = harness_send_regions(harness, 2, ULOG_MARK_REGION, LUID, &region, 1);
	harness_run(harness);
	assert_false(harness_is_answered(harness, 2, in_sync));
	assert_false(harness_is_answered(harness, 2, mark));
	harness->hold_bus = false;
	harness_run(harness);
	assert_int_equal(harness_answer(harness, 2, resume)->error, 0);
	assert_int_equal(harness_value(harness_answer(harness, 2, in_sync), 0), 1);
	assert_int_equal(harness_answer(harness, 2, mark)->error, 0);
	harness_end(harness);
}

/* A status thread asks between the kernel's resume and the RESUME that comes again: the kernel forgets nothing then. */
static void what_a_kernel_was_told_while_it_resumed_it_was_told(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, CORE " nosync");

	(void)state;
	harness_suspend(harness, 1, LUID);
	assert_int_equal(harness_sync_count(harness, 1, LUID), 128);
	harness_resume(harness, 1, LUID);
	harness_set_sync(harness, 2, LUID, 9, false);
	assert_int_equal(harness_log(harness, 1).in_sync, 127);
	assert_true(harness_in_sync(harness, 1, LUID, 9));
	harness_end(harness);
}

/* Of two tables that met a new daemon the old one attached, and goes: the live one has the device to write. */
static void the_live_table_takes_over_what_the_old_one_attached(void **state)
{
	struct harness *harness = harness_new_active(3, LUID, DISK " nosync");

	(void)state;
	harness_kill(harness, 1);
	harness_start(harness, 1);
	harness_run(harness);
	for (uint64_t luid = LUID; luid <= LUID + 1; luid++) {
		assert_int_equal(ctr(harness, luid, DISK " nosync", true)->error, 0);
		assert_int_equal(harness_ask(harness, 1, ULOG_RESUME, luid)->error, 0);
	}
	harness_suspend(harness, 2, LUID);
	assert_int_equal(harness_ask(harness, 1, ULOG_DTR, LUID)->error, 0);
	harness_mark_flush(harness, 3, LUID, 9);
	assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 9));
	assert_true(harness_in_sync(harness, 1, LUID + 1, 9));
	harness_suspend(harness, 1, LUID + 1);
	harness_end(harness);
}

/* Its CTR was answered by an earlier daemon; another thread's CTR has only begun to open the device here. */
static void a_resume_waits_until_its_log_is_open(void **state)
{
	struct harness *harness = harness_new(1, NULL);
	uint32_t again, resume;

	(void)state;
	assert_int_equal(ctr(harness, LUID, DISK, true)->error, 0);
	assert_int_equal(harness_ask(harness, 1, ULOG_RESUME, LUID)->error, 0);
	harness->hold_disk = true;
	again = harness_send_ctr(harness, 1, LUID + 1, DISK, true);
	resume = harness_send(harness, 1, ULOG_RESUME, LUID + 1);
	harness_run(harness);
	assert_false(harness_is_answered(harness, 1, resume));
	harness->hold_disk = false;
	harness_run(harness);
	assert_int_equal(harness_answer(harness, 1, again)->error, 0);
	assert_int_equal(harness_answer(harness, 1, resume)->error, 0);
	assert_int_equal(harness_ask(harness, 1, ULOG_DTR, LUID)->error, 0);
	harness_mark_flush(harness, 1, LUID + 1, 9);
	assert_false(harness_device_is_clean(harness_device(harness, HARNESS_DEVICE), 9));
	harness_end(harness);
}

/* --- a daemon that ends --- */

static void what_a_daemon_holds_at_its_end_goes_back_to_the_kernel(void **state)
{
	struct harness *harness = harness_new_active(2, LUID, DISK " nosync");
	uint64_t region = 9;
	uint32_t mark, in_sync, ctr;

	(void)state;
	harness->hold_bus = true;
	mark = harness_send_regions(harness, 2, ULOG_MARK_REGION, LUID, &region, 1);
	harness_run(harness);
	assert_false(harness_is_answered(harness, 2, mark));
	engine_hand_back(harness_node(harness, 2)->engine, harness->now_ms);
	assert_int_equal(harness_answer(harness, 2, mark)->error, -ESRCH);
	/* sent before the kernel knew */
	in_sync = harness_send_regions(harness, 2, ULOG_IN_SYNC, LUID, &region, 1);
	ctr = harness_send_ctr(harness, 2, LUID, DISK " nosync", true);
	assert_int_equal(harness_answer(harness, 2, in_sync)->error, -ESRCH);
	assert_int_equal(harness_answer(harness, 2, in_sync)->data_size, sizeof(uint64_t));
	/* its failure would be final */
	assert_false(harness_is_answered(harness, 2, ctr));
	harness->hold_bus = false;
	harness_leave(harness, 2);
	harness_run(harness);
	harness_end(harness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_ctr_of_a_disk_log_returns_its_device),
		cmocka_unit_test(a_kernel_of_version_1_knows_no_returned_device),
		cmocka_unit_test(a_core_log_has_no_device_to_return),
		cmocka_unit_test(a_kernel_that_reconnects_gets_no_payload),
		cmocka_unit_test(a_repeated_ctr_succeeds_without_payload),
		cmocka_unit_test(ctrs_of_several_threads_wait_for_one_open),
		cmocka_unit_test(a_table_that_makes_no_sense_is_refused_and_leaves_nothing),
		cmocka_unit_test(a_table_of_another_shape_is_refused_while_the_log_is_in_use),
		cmocka_unit_test(dtr_closes_the_device_and_forgets_the_log),
		cmocka_unit_test(a_number_that_the_kernel_uses_again_for_another_log_is_that_logs),
		cmocka_unit_test(requests_for_an_unknown_instance_make_the_kernel_reconnect),
		cmocka_unit_test(postsuspend_of_an_unknown_instance_ends_its_nodes_marks),
		cmocka_unit_test(dtr_of_an_unknown_instance_ends_nothing_while_its_device_is_there),
		cmocka_unit_test(a_kernel_that_reconnects_goes_on_where_it_was),
		cmocka_unit_test(requests_of_other_threads_wait_while_one_reconnects),
		cmocka_unit_test(what_a_kernel_was_told_while_it_resumed_it_was_told),
		cmocka_unit_test(the_live_table_takes_over_what_the_old_one_attached),
		cmocka_unit_test(a_resume_waits_until_its_log_is_open),
		cmocka_unit_test(what_a_daemon_holds_at_its_end_goes_back_to_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
