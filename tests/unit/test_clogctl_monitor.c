/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What monitoring reads: the plugin's line, and metrics by the rules of their format. */
#include "tests/unit/unit.h"

#include <ctype.h>
#include <string.h>

#include "daemons/clogctl/check_line.h"
#include "daemons/clogctl/metrics_text.h"
#include "tests/unit/clogctl_samples.h"

/* --- check --- */

static void a_check_is_one_line_with_its_state(void **state)
{
	static const struct {
		const char *text;
		enum check_state state;
		const char *line;
	} cases[] = {
		{SAMPLE_STATUS(""), CHECK_OK,
		 "CLOGD OK - no logs, quorate | logs=0;;;0 ill_logs=0;;;0;0 in_sync=100.0%;;;0;100 "
		 "out_of_sync=0B;;;0 dirty=0B;;;0 members=3;;;0\n"},
		{SAMPLE_STATUS(SAMPLE_MARKED), CHECK_OK,
		 "CLOGD OK - 1 log in sync, quorate | logs=1;;;0 ill_logs=0;;;0;1 "
		 "in_sync=100.0%;;;0;100 out_of_sync=0B;;;0 dirty=6291456B;;;0 members=3;;;0\n"},
		{SAMPLE_STATUS(SAMPLE_FINE "," SAMPLE_COPYING), CHECK_WARNING,
		 "CLOGD WARNING - copying: 1 of 128 regions out of sync (512.0 KiB), being copied "
		 "| "
		 "logs=2;;;0 ill_logs=1;;;0;2 in_sync=99.6%;;;0;100 out_of_sync=524288B"},
		/* A bar in a text would begin the data. */
		{SAMPLE_STATUS(SAMPLE_COPYING "," SAMPLE_FROZEN), CHECK_CRITICAL,
		 "CLOGD CRITICAL - frozen: frozen: no / quorum | logs=2"},
		{"{\"node\":{\"members\":[3]},\"logs\":[]}", CHECK_CRITICAL,
		 "CLOGD CRITICAL - no quorum: only node 3 seen | "},
		{SAMPLE_HALF, CHECK_CRITICAL,
		 "CLOGD CRITICAL - node 2 may have quorum as well; writes wait for fencing: "
		 "'clogctl fenced 2' once it cannot write any more; frozen: "},
		{SAMPLE_STATUS(SAMPLE_FROZEN "," SAMPLE_FROZEN "," SAMPLE_FROZEN "," SAMPLE_FROZEN
					     "," SAMPLE_FROZEN),
		 CHECK_CRITICAL, "; and 2 more | "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct status status = sample_status(cases[i].text);
		struct printed printed;

		printed_begin(&printed);
		assert_int_equal(check_print(&status, printed.out), cases[i].state);
		printed_end(&printed);
		assert_says(printed.text, cases[i].line);
		assert_ptr_equal(strchr(printed.text, '\n'), printed.text + printed.size - 1);
		assert_ptr_equal(strchr(printed.text, '|'), strrchr(printed.text, '|'));
		free(printed.text);
		status_free(&status);
	}
}

static void a_check_without_a_status_says_why(void **state)
{
	struct printed printed;

	(void)state;
	printed_begin(&printed);
	check_print_failure(CHECK_UNKNOWN, "not\nknown | here", printed.out);
	printed_end(&printed);
	assert_string_equal(printed.text, "CLOGD UNKNOWN - not/known / here\n");
	free(printed.text);
}

/* --- metrics: a reader as strict as the format --- */

struct reader {
	char family[128];
	char type[16];
	char seen[64][128]; /* families that have begun */
	size_t seen_count;
	size_t samples;
};

static void assert_name(const char *name, size_t length)
{
	assert_true(length > 0 && strncmp(name, "clogd_", 6) == 0);
	for (size_t i = 0; i < length; i++)
		assert_true(islower((unsigned char)name[i]) || isdigit((unsigned char)name[i]) ||
			    name[i] == '_');
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);

	return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

/* "# TYPE name type" begins a family, which must be a new one. */
static void take_type(struct reader *reader, const char *line)
{
	assert_int_equal(sscanf(line, "# TYPE %127s %15s", reader->family, reader->type), 2);
	assert_name(reader->family, strlen(reader->family));
	assert_true(strcmp(reader->type, "gauge") == 0 || strcmp(reader->type, "counter") == 0);
	assert_false(ends_with(reader->family, "_total"));
	for (size_t i = 0; i < reader->seen_count; i++)
		assert_string_not_equal(reader->seen[i], reader->family);
	strcpy(reader->seen[reader->seen_count++], reader->family);
}

/* UNIT and HELP are of the family that has begun; a unit ends its name. */
static void take_comment(struct reader *reader, const char *line)
{
	char family[128];
	char word[128];

	assert_int_equal(sscanf(line, "# %*4s %127s %127s", family, word), 2);
	assert_string_equal(family, reader->family);
	if (strncmp(line, "# UNIT ", 7) == 0)
		assert_true(ends_with(family, word));
	else
		assert_int_equal(strncmp(line, "# HELP ", 7), 0);
}

/* Behind the name: nothing, or labels; returns what follows. */
static const char *skip_labels(const char *at)
{
	bool quoted = false;

	if (*at != '{')
		return at;
	for (at++; *at && (quoted || *at != '}'); at++) {
		if (quoted && *at == '\\') {
			at++;
			assert_true(*at == '\\' || *at == '"' || *at == 'n');
		} else if (*at == '"') {
			quoted = !quoted;
		}
	}
	assert_int_equal(*at, '}');
	return at + 1;
}

static void take_sample(struct reader *reader, const char *line)
{
	size_t length = strcspn(line, "{ ");
	const char *value = skip_labels(line + length);
	const char *suffix = strcmp(reader->type, "counter") == 0 ? "_total" : "";
	char *end;

	assert_name(line, length);
	assert_int_equal(length, strlen(reader->family) + strlen(suffix));
	assert_int_equal(strncmp(line, reader->family, strlen(reader->family)), 0);
	assert_int_equal(strncmp(line + strlen(reader->family), suffix, strlen(suffix)), 0);
	assert_int_equal(*value, ' ');
	(void)strtod(value + 1, &end);
	assert_true(end > value + 1 && *end == '\0');
	reader->samples++;
}

static size_t read_metrics(char *text)
{
	struct reader reader = {.samples = 0};
	char *rest = text;
	char *line;
	bool ended = false;

	assert_true(ends_with(text, "\n"));
	for (line = strsep(&rest, "\n"); rest; line = strsep(&rest, "\n")) {
		assert_false(ended);
		assert_true(*line != '\0');
		if (strcmp(line, "# EOF") == 0)
			ended = true;
		else if (strncmp(line, "# TYPE ", 7) == 0)
			take_type(&reader, line);
		else if (*line == '#')
			take_comment(&reader, line);
		else
			take_sample(&reader, line);
	}
	assert_true(ended);
	return reader.samples;
}

static char *print_metrics(const char *text)
{
	struct status status = sample_status(text);
	struct printed printed;

	printed_begin(&printed);
	metrics_print(&status, printed.out);
	printed_end(&printed);
	status_free(&status);
	return printed.text;
}

static void metrics_follow_the_rules_of_their_format(void **state)
{
	static const struct {
		const char *text;
		size_t least;
	} cases[] = {
		{SAMPLE_STATUS(""), 8},
		{SAMPLE_STATUS(SAMPLE_FINE "," SAMPLE_MARKED "," SAMPLE_COPYING "," SAMPLE_FROZEN
					   "," SAMPLE_LOST "," SAMPLE_NAMELESS),
		 6 * 18},
		{"{\"node\":{},\"logs\":[{}]}", 8},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = print_metrics(cases[i].text);

		assert_true(read_metrics(text) >= cases[i].least);
		free(text);
	}
}

static void metrics_have_the_values_of_the_status(void **state)
{
	char *text = print_metrics(SAMPLE_STATUS(SAMPLE_MARKED "," SAMPLE_FROZEN "," SAMPLE_LOST));

	(void)state;
	assert_says(text, "clogd_build_info{version=\"0.1.0\",protocol=\"1\",node=\"2\"} 1\n");
	assert_says(text, "\nclogd_uptime_seconds 4000\n");
	assert_says(text, "\nclogd_hold_seconds 5.000\n");
	assert_says(text, "\nclogd_kernel_requests_total 17\n");
	assert_says(text,
		    "clogd_log_marked_regions{log=\"marked\",uuid=\"LVM-abcmarked\",node=\"3\"} "
		    "8\n");
	assert_says(text,
		    "clogd_log_state{log=\"frozen\",uuid=\"LVM-abcfrozen\",state=\"frozen\"} 1\n");
	assert_says(text,
		    "clogd_log_state{log=\"frozen\",uuid=\"LVM-abcfrozen\",state=\"active\"} 0\n");
	assert_says(text, "clogd_log_unsynced_bytes{log=\"lost\",uuid=\"LVM-xyzlost\"} 4194304\n");
	assert_says(text, "clogd_log_in_sync_ratio{log=\"lost\",uuid=\"LVM-xyzlost\"} 0.9375\n");
	assert_says(text, "clogd_log_lost_nodes{log=\"lost\",uuid=\"LVM-xyzlost\"} 1\n");
	assert_says(text, "clogd_log_flushes_total{log=\"marked\",uuid=\"LVM-abcmarked\"} 7\n");
	free(text);
}

static void labels_are_escaped(void **state)
{
	char *text = print_metrics(
		SAMPLE_STATUS("{\"uuid\":\"a\\\"b\\\\c\\nd\",\"name\":\"\",\"regions\":1}"));

	(void)state;
	assert_says(text, "uuid=\"a\\\"b\\\\c\\nd\"} 1\n");
	(void)read_metrics(text);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_check_is_one_line_with_its_state),
		cmocka_unit_test(a_check_without_a_status_says_why),
		cmocka_unit_test(metrics_follow_the_rules_of_their_format),
		cmocka_unit_test(metrics_have_the_values_of_the_status),
		cmocka_unit_test(labels_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
