/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Table lines, and what is refused before a kernel or a daemon would refuse it. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "daemons/clogctl/table_line.h"
#include "tests/unit/clogctl_samples.h"

#define MIB (1ULL << 20)

static struct table_request good_request(void)
{
	return (struct table_request){
		.uuid = "mirror-1",
		.legs = {{"/dev/a", 64 * MIB, 1}, {"/dev/b", 65 * MIB, 2}},
		.leg_count = 2,
		.log = {"/dev/log", 4 * MIB, 3},
		.region_size_sectors = 1024,
	};
}

static void assert_line(const struct table_request *request, const char *expected)
{
	char line[TABLE_LINE_SIZE];
	char reason[512] = "";

	if (table_line(request, line, sizeof(line), reason, sizeof(reason)))
		fail_msg("refused: %s", reason);
	assert_string_equal(line, expected);
}

static void assert_refused(const struct table_request *request, const char *why)
{
	char line[TABLE_LINE_SIZE];
	char reason[512] = "";

	assert_int_equal(table_line(request, line, sizeof(line), reason, sizeof(reason)), -EINVAL);
	assert_says(reason, why);
}

static void words_are_counted_and_the_smallest_leg_decides(void **state)
{
	struct table_request request = good_request();

	(void)state;
	assert_line(&request, "0 131072 mirror userspace 4 mirror-1 clustered-disk /dev/log 1024 2 "
			      "/dev/a 0 /dev/b 0 1 handle_errors");
	request.log.path = NULL;
	assert_line(&request, "0 131072 mirror userspace 3 mirror-1 clustered-core 1024 2 "
			      "/dev/a 0 /dev/b 0 1 handle_errors");
	request.sync = LOG_SYNC_NONE;
	request.integrated_flush = true;
	request.size_sectors = 65537;
	assert_line(&request, "0 65537 mirror userspace 5 mirror-1 integrated_flush clustered-core "
			      "1024 nosync 2 /dev/a 0 /dev/b 0 1 handle_errors");
	request = good_request();
	request.sync = LOG_SYNC_FORCE;
	request.block_on_error = true;
	request.legs[2] = (struct table_device){"/dev/c", 70 * MIB, 4};
	request.leg_count = 3;
	assert_line(&request, "0 131072 mirror userspace 6 mirror-1 clustered-disk /dev/log 1024 "
			      "sync block_on_error 3 /dev/a 0 /dev/b 0 /dev/c 0 1 handle_errors");
}

static void names_are_checked(void **state)
{
	struct table_request request = good_request();
	char uuid[TABLE_UUID_MAX + 2];

	(void)state;
	request.uuid = NULL;
	assert_refused(&request, "1 to 128 characters");
	request.uuid = "";
	assert_refused(&request, "1 to 128 characters");
	request.uuid = "two words";
	assert_refused(&request, "'two words'");
	memset(uuid, 'u', sizeof(uuid));
	uuid[TABLE_UUID_MAX + 1] = '\0';
	request.uuid = uuid;
	assert_refused(&request, "1 to 128 characters");
	uuid[TABLE_UUID_MAX] = '\0';
	assert_true(request.uuid == uuid);
	request.legs[1].path = "/dev/my disk";
	assert_refused(&request, "'/dev/my disk' holds blanks");
	request = good_request();
	request.leg_count = 1;
	assert_refused(&request, "1 legs were given; a mirror has 2 to 9");
}

static void one_device_is_used_once(void **state)
{
	struct table_request request = good_request();

	(void)state;
	request.legs[1].number = 1;
	assert_refused(&request, "/dev/a and /dev/b are the same device");
	request = good_request();
	request.log.number = 2;
	assert_refused(&request, "/dev/b is a leg and cannot hold the log too");
}

static void sizes_are_checked(void **state)
{
	struct table_request request = good_request();

	(void)state;
	request.legs[1].bytes = 511;
	assert_refused(&request, "/dev/b has no sectors");
	request = good_request();
	request.size_sectors = 131073;
	assert_refused(&request, "a size of 131073 sectors is more than /dev/a has: 131072");
	request = good_request();
	request.region_size_sectors = 1000;
	assert_refused(&request, "1000 is not a power of two of at least 8 sectors");
	request.region_size_sectors = 4;
	assert_refused(&request, "at least 8 sectors");
	request.region_size_sectors = 262144;
	assert_refused(&request, "above the length of the mirror");
	request.region_size_sectors = 1ULL << 33;
	assert_refused(&request, "below 2^32");
	request = good_request();
	request.legs[0].bytes = request.legs[1].bytes = 1ULL << 60;
	assert_refused(&request, "choose a larger region size");
}

static void the_log_must_fit_its_device(void **state)
{
	struct table_request request = good_request();

	(void)state;
	/* The header and 24,576 bits fill a block of 4 KiB; 131,072 sectors are 16,384 regions of 8. */
	request.region_size_sectors = 8;
	request.log.bytes = 4096;
	assert_line(&request, "0 131072 mirror userspace 4 mirror-1 clustered-disk /dev/log 8 2 "
			      "/dev/a 0 /dev/b 0 1 handle_errors");
	request.log.bytes = 4095;
	assert_refused(&request, "/dev/log has 4095 bytes; 16384 regions need 4096");
	request.log.path = NULL;
	request.log.bytes = 0;
	assert_line(&request, "0 131072 mirror userspace 3 mirror-1 clustered-core 8 2 "
			      "/dev/a 0 /dev/b 0 1 handle_errors");
}

static void sizes_have_units(void **state)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t sectors;
	} cases[] = {
		{"0", true, 0},
		{"1024", true, 1024},
		{"512K", true, 1024},
		{"2M", true, 4096},
		{"1G", true, 2097152},
		{"4K", true, 8},
		{"", false, 0},
		{"K", false, 0},
		{"-1", false, 0},
		{" 1", false, 0},
		{"1k", false, 0},
		{"1KB", false, 0},
		{"1T", false, 0},
		{"0x10", false, 0},
		{"18446744073709551616", false, 0},
		{"18446744073709551615G", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t sectors;

		assert_int_equal(table_parse_size(cases[i].text, &sectors), cases[i].good);
		if (cases[i].good)
			assert_int_equal(sectors, cases[i].sectors);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_counted_and_the_smallest_leg_decides),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(one_device_is_used_once),
		cmocka_unit_test(sizes_are_checked),
		cmocka_unit_test(the_log_must_fit_its_device),
		cmocka_unit_test(sizes_have_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
