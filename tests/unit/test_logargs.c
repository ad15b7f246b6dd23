/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/logargs.h"

struct good {
	const char *string;
	struct logargs args;
};

static const struct good good[] = {
	{"131072 clustered-disk 254:3 1024",
	 {131072, LOG_TYPE_DISK, "254:3", 1024, 128, LOG_SYNC_DEFAULT, false}},
	{"131072 clustered-core 1024",
	 {131072, LOG_TYPE_CORE, "", 1024, 128, LOG_SYNC_DEFAULT, false}},
	{"131072 clustered-core 1024 nosync",
	 {131072, LOG_TYPE_CORE, "", 1024, 128, LOG_SYNC_NONE, false}},
	{"131072 clustered-core 1024 sync",
	 {131072, LOG_TYPE_CORE, "", 1024, 128, LOG_SYNC_FORCE, false}},
	{"131072 clustered-core 1024 block_on_error",
	 {131072, LOG_TYPE_CORE, "", 1024, 128, LOG_SYNC_DEFAULT, true}},
	{"131072 clustered-disk 254:3 1024 nosync block_on_error",
	 {131072, LOG_TYPE_DISK, "254:3", 1024, 128, LOG_SYNC_NONE, true}},
	{"131072 clustered-disk 254:3 1024 block_on_error sync",
	 {131072, LOG_TYPE_DISK, "254:3", 1024, 128, LOG_SYNC_FORCE, true}},
	{"131072 clustered-disk /dev/mapper/vg-log 1024",
	 {131072, LOG_TYPE_DISK, "/dev/mapper/vg-log", 1024, 128, LOG_SYNC_DEFAULT, false}},
	{"131072 clustered-disk 4095:1048575 8",
	 {131072, LOG_TYPE_DISK, "4095:1048575", 8, 16384, LOG_SYNC_DEFAULT, false}},
	/* the last region may be short */
	{"131073 clustered-core 1024",
	 {131073, LOG_TYPE_CORE, "", 1024, 129, LOG_SYNC_DEFAULT, false}},
	{"8 clustered-core 8", {8, LOG_TYPE_CORE, "", 8, 1, LOG_SYNC_DEFAULT, false}},
	{"15 clustered-core 8", {15, LOG_TYPE_CORE, "", 8, 2, LOG_SYNC_DEFAULT, false}},
	{" \t131072  clustered-core\t1024 ",
	 {131072, LOG_TYPE_CORE, "", 1024, 128, LOG_SYNC_DEFAULT, false}},
	/* 4,294,967,294 regions are the most there can be */
	{"34359738352 clustered-core 8",
	 {34359738352, LOG_TYPE_CORE, "", 8, 0xfffffffe, LOG_SYNC_DEFAULT, false}},
	{"4294967296 clustered-core 2147483648",
	 {4294967296, LOG_TYPE_CORE, "", 2147483648, 2, LOG_SYNC_DEFAULT, false}},
	{"9223372032559808512 clustered-core 2147483648",
	 {9223372032559808512ULL, LOG_TYPE_CORE, "", 2147483648, 0xfffffffe, LOG_SYNC_DEFAULT,
	  false}},
};

static void accepted_strings_give_their_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		const struct logargs *expected = &good[i].args;
		struct logargs args;
		char reason[160] = "";

		if (logargs_parse(good[i].string, &args, reason, sizeof(reason)))
			fail_msg("%s: %s", good[i].string, reason);
		assert_true(args.length_sectors == expected->length_sectors);
		assert_int_equal(args.type, expected->type);
		assert_string_equal(args.device, expected->device);
		assert_int_equal(args.region_size_sectors, expected->region_size_sectors);
		assert_true(args.region_count == expected->region_count);
		assert_int_equal(args.sync, expected->sync);
		assert_int_equal(args.block_on_error, expected->block_on_error);
	}
}

/* Each is refused with a sentence that holds the given words. */
static const struct {
	const char *string, *reason;
} bad[] = {
	{"", "are needed"},
	{"   ", "are needed"},
	{"131072", "are needed"},
	{"131072 clustered-disk", "needs a log device and a region size"},
	{"131072 clustered-disk 254:3", "needs a log device and a region size"},
	{"131072 clustered-core", "needs a region size"},
	{"131072 disk 254:3 1024", "unknown log type \"disk\""},
	{"131072 clustered-diskette 254:3 1024", "unknown log type"},
	{"131072 clustered 1024", "unknown log type"},
	{"x clustered-core 1024", "length \"x\""},
	{"-1 clustered-core 1024", "length \"-1\""},
	{"+1 clustered-core 1024", "length \"+1\""},
	{"0x20000 clustered-core 1024", "length \"0x20000\""},
	{"18446744073709551616 clustered-core 1024", "is not a number of sectors"},
	{"99999999999999999999999 clustered-core 1024", "is not a number of sectors"},
	{"0 clustered-core 8", "above the length"},
	{"131072 clustered-core 0", "not a power of two"},
	{"131072 clustered-core 4", "at least 8"},
	{"131072 clustered-core 1000", "not a power of two"},
	{"131072 clustered-core 1023", "not a power of two"},
	{"131072 clustered-core 1024k", "region size \"1024k\""},
	{"131072 clustered-core -8", "region size \"-8\""},
	{"131072 clustered-core 4294967296", "below 2^32"},
	{"131072 clustered-core 262144", "above the length"},
	{"7 clustered-core 8", "above the length"},
	{"34359738353 clustered-core 8", "choose a larger region size"},
	{"18446744073709551615 clustered-core 8", "choose a larger region size"},
	{"131072 clustered-disk 1024 254:3", "neither MAJOR:MINOR nor a path"},
	{"131072 clustered-disk log 1024", "neither MAJOR:MINOR nor a path"},
	{"131072 clustered-disk 254: 1024", "neither"},
	{"131072 clustered-disk :3 1024", "neither"},
	{"131072 clustered-disk 254:3:1 1024", "neither"},
	{"131072 clustered-disk 254:-3 1024", "neither"},
	{"131072 clustered-disk 4096:3 1024", "neither"},
	{"131072 clustered-disk 254:1048576 1024", "neither"},
	{"131072 clustered-core 1024 sync sync", "only one of sync and nosync"},
	{"131072 clustered-core 1024 sync nosync", "only one of sync and nosync"},
	{"131072 clustered-core 1024 nosync block_on_error sync", "only one of"},
	{"131072 clustered-core 1024 block_on_error block_on_error", "only once"},
	{"131072 clustered-core 1024 maybe", "unknown argument \"maybe\""},
	{"131072 clustered-core 1024 Sync", "unknown argument"},
	{"131072 clustered-core 1024 integrated_flush", "unknown argument"},
	{"131072 clustered-disk 254:3 1024 sync block_on_error x", "too many"},
	{"1 2 3 4 5 6 7 8 9 10", "too many"},
	{"131072 clustered-core 1024\n", "control characters"},
	{"131072 clustered-disk /dev/\033[31m 1024", "control characters"},
	{"131072 clustered-disk /dev/\177 1024", "control characters"},
};

static void refused_strings_say_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct logargs args;
		char reason[160] = "";

		if (logargs_parse(bad[i].string, &args, reason, sizeof(reason)) != -EINVAL)
			fail_msg("accepted: %s", bad[i].string);
		if (!strstr(reason, bad[i].reason))
			fail_msg("%s: \"%s\" lacks \"%s\"", bad[i].string, reason, bad[i].reason);
		assert_true(strlen(reason) < sizeof(reason) - 1);
	}
}

static void a_device_path_may_fill_its_field(void **state)
{
	char path[LOGARGS_DEVICE_SIZE + 1], string[512], reason[160];
	struct logargs args;

	(void)state;
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[LOGARGS_DEVICE_SIZE - 1] = '\0';
	(void)snprintf(string, sizeof(string), "131072 clustered-disk %s 1024", path);
	assert_int_equal(logargs_parse(string, &args, reason, sizeof(reason)), 0);
	assert_string_equal(args.device, path);

	path[LOGARGS_DEVICE_SIZE - 1] = 'a';
	path[LOGARGS_DEVICE_SIZE] = '\0';
	(void)snprintf(string, sizeof(string), "131072 clustered-disk %s 1024", path);
	assert_int_equal(logargs_parse(string, &args, reason, sizeof(reason)), -EINVAL);
	assert_non_null(strstr(reason, "longer than 255"));
}

static void a_short_reason_is_cut(void **state)
{
	struct logargs args;
	char reason[8] = "???????";

	(void)state;
	assert_int_equal(logargs_parse("131072 clustered-core 9", &args, reason, sizeof(reason)),
			 -EINVAL);
	assert_string_equal(reason, "region ");
	assert_int_equal(logargs_parse("", &args, NULL, 0), -EINVAL);
}

static void a_long_word_is_shown_cut(void **state)
{
	struct logargs args;
	char string[400], reason[512];

	(void)state;
	(void)snprintf(string, sizeof(string), "131072 clustered-core 8 %0300d", 0);
	assert_int_equal(logargs_parse(string, &args, reason, sizeof(reason)), -EINVAL);
	assert_true(strlen(reason) < 200);
}

static void types_have_the_names_of_the_table(void **state)
{
	(void)state;
	assert_string_equal(log_type_name(LOG_TYPE_DISK), "clustered-disk");
	assert_string_equal(log_type_name(LOG_TYPE_CORE), "clustered-core");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted_strings_give_their_values),
		cmocka_unit_test(refused_strings_say_what_is_wrong),
		cmocka_unit_test(a_device_path_may_fill_its_field),
		cmocka_unit_test(a_short_reason_is_cut),
		cmocka_unit_test(a_long_word_is_shown_cut),
		cmocka_unit_test(types_have_the_names_of_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
