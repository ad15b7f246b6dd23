/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One log's state, as scripts of ordered steps and the state they lead to; regionlog_script.h has the words. */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/regionlog_script.h"

#define TWO "disk 1 16 16 -; disk 2 16 0 - unread; "

struct story {
	const char *name, *script, *state;
};

static const struct story attaching[] = {
	{"the_first_attach_of_a_core_log_starts_out_of_sync", "core 1 16=first",
	 "16 w1 u=0-15 | 1 HA"},
	{"a_core_log_with_nosync_starts_in_sync", "core 1 16 nosync=first", "16 w1 | 1 HA"},
	{"the_first_attach_of_a_disk_log_brings_the_devices_state", "disk 1 16 16 3,5-7=first",
	 "16 w1 u=3,5-7 | 1 HA"},
	{"regions_without_valid_bits_are_out_of_sync", "disk 1 16 10 3=first",
	 "16 w1 u=3,10-15 | 1 HA"},
	{"sync_overrules_the_device", "disk 1 16 16 - sync=first", "16 w1 u=0-15 | 1 HA"},
	{"nosync_overrules_the_device", "disk 1 16 0 3 nosync=first", "16 w1 | 1 HA"},
	{"the_second_attach_finds_the_first_ones_state",
	 "disk 1 16 16 3; mark 1 9; disk 2 16 16 4=ok", "16 w1 u=3 | 1 HA m=9 | 2 HA"},
	{"the_second_attachs_words_do_not_count",
	 TWO "disk 3 16 0 - nosync=ok; disk 4 16 0 - sync=ok", "16 w1 | 1 HA | 2 HA | 3 HA | 4 HA"},
	{"a_device_that_was_not_read_is_refused_at_the_first_attach", "disk 1 16 0 - unread=stale",
	 "0 w0"},
	{"what_was_read_before_others_left_is_stale",
	 "disk 1 16 16 -; detach 1; disk 2 16 16 - stale=stale", "16 w0 | 1 H"},
	{"another_type_is_refused_while_the_log_is_in_use", "disk 1 16 16 3; core 2 16=mismatch",
	 "16 w1 u=3 | 1 HA"},
	{"another_region_size_is_refused_while_the_log_is_in_use",
	 "disk 1 16 16 3; disk 2 8 8 - coarse=mismatch", "16 w1 u=3 | 1 HA"},
	{"with_nobody_attached_the_log_may_take_another_shape",
	 "core 1 16 nosync; detach 1; core 2 32; detach 2; disk 3 16 16 4=first",
	 "16 w3 u=4 | 1 H | 2 H | 3 HA"},
	{"the_node_that_attached_first_is_the_writer_as_long_as_it_can",
	 "disk 3 16 16 -; disk 1 16 0 - unread; disk 2 16 0 - unread",
	 "16 w3 | 1 HA | 2 HA | 3 HA"},
	{"a_writer_that_detaches_leaves_the_device_to_the_lowest",
	 "disk 3 16 16 -; disk 2 16 0 - unread; disk 1 16 0 - unread; detach 3",
	 "16 w1 | 1 HA | 2 HA | 3 H"},
	{"a_writer_whose_daemon_dies_leaves_the_device_too", TWO "mark 1 3; daemon 1",
	 "16 w2 | 1 HAX m=3 | 2 HA"},
};

static const struct story sizes[] = {
	{"a_larger_table_adds_regions_out_of_sync", TWO "disk 2 20 0 - unread=ok",
	 "20 w1 u=16-19 | 1 HA | 2 HA"},
	{"a_larger_table_with_nosync_adds_regions_in_sync", TWO "disk 2 20 0 - unread nosync=ok",
	 "20 w1 | 1 HA | 2 HA"},
	{"the_log_is_as_large_as_the_largest_table",
	 "disk 1 16 16 3; mark 1 12; disk 2 8 0 - unread", "16 w1 u=3 | 1 HA m=12 | 2 HA"},
	{"it_shrinks_when_the_last_larger_table_goes",
	 "disk 1 16 16 3,12; disk 2 8 0 - unread; mark 1 13; unsync 1 14; want 12; detach 1",
	 "8 w2 u=3 | 1 H | 2 HA"},
	{"a_core_log_keeps_what_it_knows_when_it_shrinks_and_grows",
	 "core 1 16 nosync; detach 1; core 1 8=first; detach 1; core 1 12=first",
	 "12 w1 u=8-11 | 1 HA"},
	{"a_dead_nodes_marks_beyond_the_others_tables_wait_for_fencing_too",
	 TWO "disk 2 20 0 - unread; mark 2 18; down 2", "20 w1 u=16-19 | 1 HA | 2 L m=18"},
	{"a_node_that_dies_with_the_largest_table_shrinks_the_log",
	 TWO "disk 2 20 0 - unread; mark 2 18; down 2; fenced 2=1", "16 w1 | 1 HA"},
};

static const struct story marks[] = {
	{"a_mark_of_a_clean_region_changes_its_bit", TWO "mark 1 3=1; mark 2 3=0; mark 1 3=0",
	 "16 w1 | 1 HA m=3 | 2 HA m=3"},
	{"a_clear_changes_the_bit_when_nobody_else_marks",
	 TWO "mark 1 3; mark 2 3; clear 1 3=0; clear 2 3=1; clear 2 3=0", "16 w1 | 1 HA | 2 HA"},
	{"the_bit_of_an_unsynced_region_does_not_change", "disk 1 16 16 3; mark 1 3=0; clear 1 3=0",
	 "16 w1 u=3 | 1 HA"},
	{"marks_outside_the_log_and_of_strangers_are_ignored",
	 TWO "mark 1 16=0; mark 5 3=0; clear 5 3=0", "16 w1 | 1 HA | 2 HA"},
	{"a_release_ends_marks_and_hand_outs_only",
	 "disk 1 16 16 3; mark 1 5; give 1 1=1; unsync 1 9; release 1", "16 w1 u=3,9 | 1 HA p=9"},
	{"a_detach_ends_marks_and_the_attachment", TWO "mark 2 5; unsync 2 9; detach 2",
	 "16 w1 u=9 | 1 HA | 2 H"},
	{"a_node_that_forgets_is_gone", TWO "mark 2 5; forget 2", "16 w1 | 1 HA"},
	{"the_last_detach_keeps_a_core_logs_state",
	 "core 1 4; give 1 1; done 1 0=1; detach 1; core 1 4=first", "4 w1 u=1-3 | 1 HA"},
};

static const struct story deaths[] = {
	{"a_dead_daemons_node_keeps_its_marks", TWO "mark 2 3; give 2 1; daemon 2",
	 "16 w1 | 1 HA | 2 HAX m=3"},
	{"a_dead_daemons_node_that_is_not_attached_is_forgotten", TWO "detach 2; daemon 2",
	 "16 w1 | 1 HA"},
	{"a_kernel_that_reconnects_has_its_marks_still",
	 TWO "mark 2 3; daemon 2; disk 2 16 0 - unread reconnect=ok", "16 w1 | 1 HA | 2 HA m=3"},
	{"a_dead_nodes_marks_are_lost_until_it_is_fenced", TWO "mark 2 3; down 2",
	 "16 w1 | 1 HA | 2 L m=3"},
	{"a_fenced_nodes_marks_are_out_of_sync", TWO "mark 2 3; down 2; fenced 2=1; fenced 2=0",
	 "16 w1 u=3 | 1 HA"},
	{"a_dead_nodes_copies_count_as_writes",
	 "disk 1 16 16 3,4; disk 2 16 0 - unread; give 2 1=1; down 2",
	 "16 w1 u=3-4 | 1 HA | 2 L m=3"},
	{"a_dead_node_without_marks_is_gone", TWO "down 2; fenced 2=0", "16 w1 | 1 HA"},
	{"only_lost_nodes_are_fenced", TWO "mark 2 3; fenced 2=0; fenced 7=0",
	 "16 w1 | 1 HA | 2 HA m=3"},
	{"a_dead_node_that_starts_anew_gives_its_marks_up",
	 TWO "mark 2 3; down 2; disk 2 16 0 - unread=ok", "16 w1 u=3 | 1 HA | 2 HA"},
	{"the_end_of_a_later_daemon_leaves_a_dead_nodes_marks_alone",
	 TWO "mark 2 3; down 2; daemon 2", "16 w1 | 1 HA | 2 L m=3"},
	{"a_dead_node_that_has_nothing_left_gives_its_marks_up", TWO "mark 2 3; down 2; forget 2",
	 "16 w1 u=3 | 1 HA"},
	{"a_node_that_was_cut_off_gets_its_marks_back", TWO "mark 2 3; down 2; rejoin 2 16 3 -",
	 "16 w1 | 1 HA | 2 HA m=3"},
	{"what_was_given_away_meanwhile_is_out_of_sync",
	 TWO "mark 2 3; down 2; fenced 2; give 1 1; done 1 3=1; rejoin 2 16 3,5 9",
	 "16 w1 u=3,5,9 | 1 HA | 2 HA m=3,5 p=9"},
	{"a_node_that_comes_back_taints_the_copies_of_its_regions",
	 TWO "mark 2 3; down 2; fenced 2; give 1 1=1; rejoin 2 16 3 -; done 1 3=0",
	 "16 w1 u=3 | 1 HA | 2 HA m=3"},
	{"nodes_that_an_earlier_daemon_knew_may_hold_marks",
	 "expect 1 1,2; disk 1 16 16 3 reconnect=first", "16 w1 u=3 | 1 HAO | 2 O"},
	{"nothing_is_copied_beside_a_node_that_may_hold_marks",
	 "expect 1 1,2; disk 1 16 16 3 reconnect; release 1; give 1 1=0; fenced 2=1; give 1 1=1",
	 "16 w1 u=3 | 1 HA k=3"},
};

static const struct story recovery[] = {
	{"two_nodes_get_different_regions", "core 1 16; core 2 16; give 1 2=2; give 2 2=2",
	 "16 w1 u=0-15 | 1 HA k=0-1 | 2 HA k=2-3"},
	{"a_region_that_another_marks_is_not_handed_out",
	 "disk 1 16 16 3,4; disk 2 16 0 - unread; mark 2 3; give 1 1=1",
	 "16 w1 u=3-4 | 1 HA k=4 | 2 HA m=3"},
	{"a_region_that_the_node_itself_marks_is", "disk 1 16 16 3; mark 1 3; give 1 1=1",
	 "16 w1 u=3 | 1 HA m=3 k=3"},
	{"a_region_that_another_writes_to_one_leg_is_not_handed_out",
	 TWO "unsync 2 3; give 1 1=0; give 2 1=1", "16 w1 u=3 | 1 HA | 2 HA p=3 k=3"},
	{"a_copy_by_that_node_ends_its_writes_to_one_leg", TWO "unsync 2 3; give 2 1; done 2 3=1",
	 "16 w1 | 1 HA | 2 HA"},
	{"wanted_regions_come_first_oldest_first",
	 "core 1 64; want 40; want 30; want 40; give 1 2=2; give 1 1=1",
	 "64 w1 u=0-63 q=40,30 | 1 HA k=0,30,40"},
	{"a_wanted_region_that_is_copied_is_wanted_no_more",
	 "core 1 64; want 40; want 30; want 20; give 1 2; done 1 30=1; done 1 40=1",
	 "64 w1 u=0-29,31-39,41-63 q=20 | 1 HA"},
	{"regions_in_sync_are_not_wanted", TWO "want 3", "16 w1 | 1 HA | 2 HA"},
	{"a_wanted_region_that_may_not_be_copied_is_passed_over",
	 "core 1 64; core 2 64; mark 2 40; want 40; give 1 1=1",
	 "64 w1 u=0-63 q=40 | 1 HA k=0 | 2 HA m=40"},
	{"a_batch_is_no_more_than_a_fair_share",
	 "core 1 16; core 2 16; give 1 10=2; give 2 10=2; give 1 1=1",
	 "16 w1 u=0-15 | 1 HA k=0-1,4 | 2 HA k=2-3"},
	{"near_the_end_each_gets_one",
	 "disk 1 16 16 3,4; disk 2 16 0 - unread; give 1 10=1; give 2 10=1; give 1 1=0",
	 "16 w1 u=3-4 | 1 HA k=3 | 2 HA k=4"},
	{"a_mark_of_another_taints_a_copy",
	 "disk 1 16 16 3; disk 2 16 0 - unread; give 1 1; mark 2 3; clear 2 3",
	 "16 w1 u=3 | 1 HA k=3 t=3 | 2 HA"},
	{"a_tainted_copy_leaves_the_region_out_of_sync",
	 "disk 1 16 16 3; disk 2 16 0 - unread; give 1 1; mark 2 3; clear 2 3; done 1 3=0; give 1 "
	 "1=1; done 1 3=1",
	 "16 w1 | 1 HA | 2 HA"},
	{"the_nodes_own_mark_does_not_taint", "disk 1 16 16 3; give 1 1; mark 1 3; done 1 3=1",
	 "16 w1 | 1 HA m=3"},
	{"a_write_to_one_leg_by_another_taints",
	 "disk 1 16 16 3; disk 2 16 0 - unread; give 1 1; unsync 2 3; done 1 3=0",
	 "16 w1 u=3 | 1 HA | 2 HA p=3"},
	{"a_copy_that_failed_goes_back", "disk 1 16 16 3; give 1 1; fail 1 3=0; give 1 1=1",
	 "16 w1 u=3 | 1 HA k=3"},
	{"a_copy_that_was_not_handed_out_does_not_count",
	 "disk 1 16 16 3; disk 2 16 0 - unread; done 2 3=0; give 1 1; release 1; done 1 3=0",
	 "16 w1 u=3 | 1 HA | 2 HA"},
	{"a_node_that_is_not_attached_gets_nothing",
	 "core 1 4; core 2 4; detach 2; give 2 1=0; give 7 1=0", "4 w1 u=0-3 | 1 HA | 2 H"},
	{"a_smaller_table_gets_only_regions_it_has",
	 "disk 1 16 16 12; disk 2 8 0 - unread; give 2 1=0", "16 w1 u=12 | 1 HA | 2 HA"},
};

static void run_story(void **state)
{
	const struct story *story = *state;
	struct regionlog *log = regionlog_new("u");
	char text[512];

	regionlog_script_run(log, story->script);
	regionlog_script_describe(log, text, sizeof(text));
	assert_string_equal(text, story->state);
	regionlog_free(log);
}

/* --- questions --- */

static void a_lost_nodes_marks_count_as_out_of_sync(void **state)
{
	struct regionlog *log = regionlog_new("u");

	(void)state;
	regionlog_script_run(log, TWO "mark 2 3; mark 2 5; unsync 1 5; mark 1 9");
	assert_true(regionlog_in_sync(log, 3));
	assert_int_equal(regionlog_sync_count(log, 16), 15);
	assert_int_equal(regionlog_dirty_count(log), 3);
	assert_int_equal(regionlog_first_unsynced(log, 16), 5);
	regionlog_script_run(log, "down 2");
	assert_false(regionlog_in_sync(log, 3));
	assert_int_equal(regionlog_sync_count(log, 16), 14);
	assert_int_equal(regionlog_first_unsynced(log, 16), 3);
	assert_true(regionlog_is_marked(log, 3));
	/* and are not copied yet */
	assert_false(regionlog_has_work(log, 1));
	assert_int_equal(regionlog_hand_out(log, 1, 16), 0);
	regionlog_script_run(log, "fenced 2=1; give 1 16=1; done 1 3=1");
	regionlog_free(log);
}

static void a_table_larger_than_the_log_has_the_rest_out_of_sync(void **state)
{
	struct regionlog *log = regionlog_new("u");

	(void)state;
	regionlog_script_run(log, "disk 1 16 16 -");
	assert_int_equal(regionlog_sync_count(log, 20), 16);
	assert_int_equal(regionlog_first_unsynced(log, 20), 16);
	assert_int_equal(regionlog_first_unsynced(log, 16), 16);
	assert_int_equal(regionlog_sync_count(log, 10), 10);
	regionlog_free(log);
}

static void bits_are_clear_for_what_is_dirty_or_out_of_sync(void **state)
{
	struct regionlog *log = regionlog_new("u");
	uint8_t block[4];

	(void)state;
	regionlog_script_run(
		log,
		"disk 1 32 32 0,9; disk 2 32 0 - unread; mark 1 2; mark 2 31; mark 2 17; down 2");
	memset(block, 0xff, sizeof(block));
	regionlog_render_bits(log, 0, 32, block, 0);
	assert_memory_equal(block, ((const uint8_t[]){0xfa, 0xfd, 0xfd, 0x7f}), 4);
	/* a part of them, at another place of its block */
	memset(block, 0xff, sizeof(block));
	regionlog_render_bits(log, 8, 24, block, 8);
	assert_memory_equal(block, ((const uint8_t[]){0xff, 0xfd, 0xfd, 0xff}), 4);
	regionlog_free(log);
}

static void only_so_many_regions_are_wanted_at_once(void **state)
{
	struct regionlog *log = regionlog_new("u");

	(void)state;
	regionlog_script_run(log, "core 1 200");
	for (uint32_t region = 0; region < 200; region++)
		regionlog_want(log, region);
	assert_int_equal(log->wanted_count, REGIONLOG_WANTED_MAX);
	regionlog_free(log);
}

static void truncated_and_damaged_snapshots_do_not_crash(void **state)
{
	struct regionlog *log = regionlog_new("u");
	struct bytes_buffer buffer = {0};
	struct bytes_reader reader;
	uint64_t random = 3;

	(void)state;
	regionlog_script_run(log,
			     "disk 1 200 200 3-90,99; disk 2 200 0 - unread; mark 1 7; mark 2 8; "
			     "give 1 2; unsync 2 150; want 5; down 2");
	regionlog_encode(log, &buffer);
	for (size_t size = 0; size < buffer.size; size++) {
		bytes_reader_init(&reader, buffer.data, size);
		assert_null(regionlog_decode(&reader));
		assert_true(reader.failed);
	}
	for (int round = 0; round < (unit_is_quick() ? 500 : 20000); round++) {
		size_t at = unit_random(&random) % buffer.size;
		uint8_t before = buffer.data[at];

		buffer.data[at] = (uint8_t)unit_random(&random);
		bytes_reader_init(&reader, buffer.data, buffer.size);
		regionlog_free(regionlog_decode(&reader));
		buffer.data[at] = before;
	}
	bytes_free(&buffer);
	regionlog_free(log);
}

static size_t add_stories(struct CMUnitTest *tests, size_t count, const struct story *stories,
			  size_t story_count)
{
	for (size_t i = 0; i < story_count; i++)
		tests[count++] = (struct CMUnitTest){
			.name = stories[i].name,
			.test_func = run_story,
			.initial_state = (void *)&stories[i],
		};
	return count;
}

int main(void)
{
	struct CMUnitTest tests[128] = {
		cmocka_unit_test(a_lost_nodes_marks_count_as_out_of_sync),
		cmocka_unit_test(a_table_larger_than_the_log_has_the_rest_out_of_sync),
		cmocka_unit_test(bits_are_clear_for_what_is_dirty_or_out_of_sync),
		cmocka_unit_test(only_so_many_regions_are_wanted_at_once),
		cmocka_unit_test(truncated_and_damaged_snapshots_do_not_crash),
	};
	size_t count = 5;

	count = add_stories(tests, count, attaching, ARRAY_SIZE(attaching));
	count = add_stories(tests, count, sizes, ARRAY_SIZE(sizes));
	count = add_stories(tests, count, marks, ARRAY_SIZE(marks));
	count = add_stories(tests, count, deaths, ARRAY_SIZE(deaths));
	count = add_stories(tests, count, recovery, ARRAY_SIZE(recovery));
	return _cmocka_run_group_tests("regionlog", tests, count, NULL, NULL);
}
