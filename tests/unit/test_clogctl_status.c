/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What clogctl makes of a status: values for people, names of logs, troubles, the table, one log. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "daemons/clogctl/find_log.h"
#include "daemons/clogctl/status_table.h"
#include "daemons/clogctl/text.h"
#include "daemons/clogctl/trouble.h"
#include "tests/unit/clogctl_samples.h"

static void values_are_cut_off_not_rounded(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} sizes[] = {
		{0, "0 B"},
		{1023, "1023 B"},
		{1024, "1.0 KiB"},
		{1024 * 1024 - 1, "1023.9 KiB"},
		{3ULL << 19, "1.5 MiB"},
		{1ULL << 50, "1.0 PiB"},
		{UINT64_MAX, "15.9 EiB"},
	};
	static const struct {
		uint64_t part, whole;
		const char *text;
	} percents[] = {
		{0, 0, "-"},
		{0, 7, "0.0%"},
		{1, 3, "33.3%"},
		{2, 3, "66.6%"},
		{999999999, 1000000000, "99.9%"},
		{UINT64_MAX - 1, UINT64_MAX, "99.9%"},
		{7, 7, "100.0%"},
	};
	static const struct {
		uint64_t seconds;
		const char *text;
	} durations[] = {
		{0, "0 s"},
		{59, "59 s"},
		{60, "1 min 00 s"},
		{3599, "59 min 59 s"},
		{3600, "1 h 00 min"},
		{86399, "23 h 59 min"},
		{5 * 86400, "5 d 00 h"},
	};
	char text[TEXT_NUMBER];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		text_bytes(text, sizeof(text), sizes[i].bytes);
		assert_string_equal(text, sizes[i].text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(percents); i++) {
		text_percent(text, sizeof(text), percents[i].part, percents[i].whole);
		assert_string_equal(text, percents[i].text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(durations); i++) {
		text_duration(text, sizeof(text), durations[i].seconds);
		assert_string_equal(text, durations[i].text);
	}
}

static void what_is_no_status_is_refused(void **state)
{
	static const char *const texts[] = {"",
					    "{",
					    "[]",
					    "3",
					    "{}",
					    "{\"node\":{}}",
					    "{\"logs\":[]}",
					    "{\"node\":{},\"logs\":{}}"};
	struct status status;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(status_parse(texts[i], &status), -EBADMSG);
	/* What a daemon does not say counts as nothing. */
	status = sample_status("{\"node\":{},\"logs\":[{}, 3]}");
	assert_int_equal(status.log_count, 2);
	assert_string_equal(status.logs[0].uuid, "");
	assert_int_equal(status.logs[1].attached.count, 0);
	status_free(&status);
}

static void a_log_goes_by_many_names(void **state)
{
	static const struct {
		const char *word;
		const char *uuid; /* NULL: none */
		const char *reason;
	} cases[] = {
		{"fine", "LVM-abcfine", ""},
		{"/dev/mapper/fine", "LVM-abcfine", ""},
		{"LVM-abcmarked", "LVM-abcmarked", ""},
		{"marked", "LVM-abcmarked", ""},
		{"n", NULL,
		 "'n': the UUIDs of 2 logs end so, give more of it: LVM-abcfrozen, LVM-rn"},
		{"en", "LVM-abcfrozen", ""},
		{"rn", "LVM-rn", ""},
		{"LVM", NULL, "'LVM': neither a device"},
		{"", NULL, "'': neither a device"},
		{"/dev/mapper/absent", NULL, "there are: fine, marked, frozen, other"},
	};
	struct status status = sample_status(SAMPLE_STATUS(
		SAMPLE_FINE "," SAMPLE_MARKED "," SAMPLE_FROZEN
			    "," SAMPLE_LOG("other", "LVM-rn", "active", "", 128, "")));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char reason[512] = "";
		const struct log_status *log =
			find_log(&status, cases[i].word, reason, sizeof(reason));

		if (cases[i].uuid)
			assert_string_equal(log ? log->uuid : reason, cases[i].uuid);
		else
			assert_null(log);
		assert_says(reason, cases[i].reason);
	}
	status_free(&status);
}

static void a_name_wins_over_an_end_of_a_uuid(void **state)
{
	char reason[512];
	struct status status = sample_status(SAMPLE_STATUS(
		SAMPLE_LOG("a", "LVM-one", "active", "", 128,
			   "") "," SAMPLE_LOG("one", "LVM-two", "active", "", 128, "")));

	(void)state;
	assert_string_equal(find_log(&status, "one", reason, sizeof(reason))->uuid, "LVM-two");
	status_free(&status);
}

static void only_named_logs_are_kept_in_order(void **state)
{
	char *words[] = {"marked", "fine", "LVM-abcmarked"};
	char *wrong[] = {"fine", "absent"};
	char reason[512];
	struct status status =
		sample_status(SAMPLE_STATUS(SAMPLE_FINE "," SAMPLE_MARKED "," SAMPLE_FROZEN));

	(void)state;
	assert_int_equal(find_logs(&status, NULL, 0, reason, sizeof(reason)), 0);
	assert_int_equal(status.log_count, 3);
	assert_int_equal(find_logs(&status, wrong, 2, reason, sizeof(reason)), -ENOENT);
	assert_says(reason, "'absent'");
	assert_int_equal(status.log_count, 3);
	assert_int_equal(find_logs(&status, words, 3, reason, sizeof(reason)), 0);
	assert_int_equal(status.log_count, 2);
	assert_string_equal(status.logs[0].name, "marked");
	assert_string_equal(status.logs[1].name, "fine");
	status_free(&status);
}

static void the_worst_log_decides(void **state)
{
	static const struct {
		const char *text;
		enum severity severity;
	} cases[] = {
		{SAMPLE_STATUS(""), SEVERITY_FINE},
		{SAMPLE_STATUS(SAMPLE_FINE "," SAMPLE_MARKED "," SAMPLE_NAMELESS), SEVERITY_FINE},
		{SAMPLE_STATUS(SAMPLE_FINE "," SAMPLE_COPYING), SEVERITY_WARNING},
		{SAMPLE_STATUS(SAMPLE_COPYING "," SAMPLE_FROZEN), SEVERITY_CRITICAL},
		{SAMPLE_STATUS(SAMPLE_LOST), SEVERITY_CRITICAL},
		{SAMPLE_STATUS(SAMPLE_LOG("f", "u", "failed", "", 128, "")), SEVERITY_CRITICAL},
		{SAMPLE_STATUS(SAMPLE_LOG("j", "u", "joining", "", 128, "")), SEVERITY_WARNING},
		{"{\"node\":{\"quorate\":false},\"logs\":[]}", SEVERITY_CRITICAL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct status status = sample_status(cases[i].text);

		assert_int_equal(status_severity(&status), cases[i].severity);
		status_free(&status);
	}
}

static char *print_table(const char *text, bool colour)
{
	struct status status = sample_status(text);
	struct printed printed;

	printed_begin(&printed);
	status_print(&status, colour, printed.out);
	printed_end(&printed);
	status_free(&status);
	return printed.text;
}

static void the_table_has_a_line_a_log_and_says_what_to_do(void **state)
{
	char *text = print_table(SAMPLE_STATUS(SAMPLE_FINE "," SAMPLE_COPYING "," SAMPLE_LOST
							   "," SAMPLE_NAMELESS),
				 false);

	(void)state;
	assert_says(text, "node 2, clogd 0.1.0: quorate, members 1,2,3\n"
			  "NAME  ");
	assert_says(text, "\nfine     ");
	assert_says(text, "99.2%   1,2,3  1       9@2 ");
	assert_says(text, "...89012345678901234567890123456789  clustered-disk  suspended  100.0%");
	assert_says(text, "\nlost: dead node 3 not known to be fenced; what it wrote waits to be "
			  "copied: 'clogctl fenced 3' once");
	/* The table says it already. */
	assert_silent(text, "copying: ");
	assert_silent(text, "\033");
	assert_silent(text, " \n");
	free(text);
	text = print_table(SAMPLE_STATUS(SAMPLE_FROZEN), true);
	assert_says(text, TEXT_RED "frozen");
	assert_says(text, "frozen:" TEXT_PLAIN " frozen: no | quorum\n");
	free(text);
	text = print_table(SAMPLE_STATUS(""), false);
	assert_says(text, "no logs\n");
	free(text);
	text = print_table(
		SAMPLE_STATUS(SAMPLE_LOG("unheard", "u", "active", "", 120, "\"unheard\":[2,3],")),
		false);
	assert_says(text, "\nunheard: what the kernel of nodes 2,3 holds is not known");
	free(text);
	text = print_table("{\"node\":{\"version\":\"0.1.0\"},\"logs\":[]}", false);
	assert_says(text, "clogd 0.1.0: waiting for Corosync\n");
	free(text);
}

static void one_log_is_told_in_full(void **state)
{
	struct status status = sample_status(SAMPLE_STATUS(SAMPLE_MARKED "," SAMPLE_COPYING));
	struct printed printed;

	(void)state;
	printed_begin(&printed);
	status_print_log(&status, &status.logs[0], false, printed.out);
	status_print_log(&status, &status.logs[1], false, printed.out);
	printed_end(&printed);
	assert_says(printed.text, "marked\n  uuid          LVM-abcmarked\n");
	assert_says(printed.text, "128 regions (64.0 MiB), each 512.0 KiB (1024 sectors)");
	assert_says(printed.text, "marked dirty  12 regions (6.0 MiB); node 1: 5, node 3: 8\n");
	assert_says(printed.text, "a crash costs 8 regions (4.0 MiB) to copy if node 3 died now, "
				  "12 regions (6.0 MiB) if all did\n");
	assert_says(printed.text, "window        3 retained here; at most 1024 regions (512.0 MiB) "
				  "stay marked after their last write, for 5.0 s\n");
	assert_says(printed.text, "in sync       99.2%, left to copy: 1 region (512.0 KiB)\n");
	assert_says(printed.text, "copying       node 2 from region 9\n");
	assert_says(printed.text, "    flushes              7\n");
	free(printed.text);
	status_free(&status);
}

static void half_of_a_cluster_says_whom_to_fence(void **state)
{
	struct status status = sample_status(SAMPLE_HALF);
	struct printed printed;

	(void)state;
	printed_begin(&printed);
	status_print(&status, false, printed.out);
	printed_end(&printed);
	assert_says(printed.text,
		    "node 1, clogd 0.1.0: half of the cluster, waits for fencing, members 1\n");
	assert_says(printed.text, "\nnode 2 may have quorum as well; writes wait for fencing: "
				  "'clogctl fenced 2' once it cannot write any more\n");
	assert_silent(printed.text, "quorate");
	free(printed.text);
	status_free(&status);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_cut_off_not_rounded),
		cmocka_unit_test(what_is_no_status_is_refused),
		cmocka_unit_test(a_log_goes_by_many_names),
		cmocka_unit_test(a_name_wins_over_an_end_of_a_uuid),
		cmocka_unit_test(only_named_logs_are_kept_in_order),
		cmocka_unit_test(the_worst_log_decides),
		cmocka_unit_test(the_table_has_a_line_a_log_and_says_what_to_do),
		cmocka_unit_test(one_log_is_told_in_full),
		cmocka_unit_test(half_of_a_cluster_says_whom_to_fence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
