/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration file and the settings it sets. */
#include "unit.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "daemons/clogd/config_file.h"
#include "daemons/clogd/options.h"

#define PATH "test_config_file.conf"

/* In the place of libc's, whose name service keeps memory that valgrind would show. */
struct group *getgrnam(const char *name)
{
	static struct group root = {.gr_name = "root"};

	return strcmp(name, root.gr_name) == 0 ? &root : NULL;
}

struct reading {
	struct options options;
	struct config_lines lines;
	int result;
	char *errors;
};

static void read_path(const char *path, struct reading *reading)
{
	size_t size;
	FILE *errors = open_memstream(&reading->errors, &size);

	reading->options = (struct options){0};
	settings_set_defaults(&reading->options);
	reading->result = config_file_read(path, &reading->options, &reading->lines, errors);
	assert_int_equal(fclose(errors), 0);
}

static void read_bytes(const char *text, size_t length, struct reading *reading)
{
	FILE *file = fopen(PATH, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	read_path(PATH, reading);
	assert_int_equal(unlink(PATH), 0);
}

static void read_text(const char *text, struct reading *reading)
{
	read_bytes(text, strlen(text), reading);
}

static void assert_refused(const char *text, const char *errors)
{
	struct reading reading;

	read_text(text, &reading);
	assert_int_equal(reading.result, -EINVAL);
	assert_string_equal(reading.errors, errors);
	free(reading.errors);
}

static void each_kind_of_setting_is_taken(void **state)
{
	struct reading reading;

	(void)state;
	read_text("# a comment\n"
		  "\n"
		  "window = 7\n"
		  "\thold=250\t # behind a value\r\n"
		  "fencing = on\n"
		  "log-level = debug\n"
		  "group = root\n"
		  "pid-file = /run/x#y.pid",
		  &reading);
	assert_string_equal(reading.errors, "");
	assert_int_equal(reading.result, 0);
	assert_int_equal(reading.options.engine.window_regions, 7);
	assert_int_equal(reading.options.engine.hold_ms, 250);
	assert_true(reading.options.engine.fencing);
	assert_int_equal(reading.options.log_priority, LOG_DEBUG);
	assert_string_equal(reading.options.pid_file, "/run/x#y.pid");
	assert_int_equal(reading.lines.line[settings_find("hold") - settings], 4);
	free(reading.errors);
}

static void what_is_wrong_is_told_with_its_line(void **state)
{
	(void)state;
	assert_refused("\nwindow = 1048577\n",
		       "clogd: " PATH ":2: window: '1048577' is not a number from 0 to 1048576\n");
	assert_refused("recovery-batch = 0\n",
		       "clogd: " PATH ":1: recovery-batch: '0' is not a number from 1 to 64\n");
	assert_refused("hold = -1\n",
		       "clogd: " PATH ":1: hold: '-1' is not a number from 0 to 3600000\n");
	assert_refused("fencing = yes\n",
		       "clogd: " PATH ":1: fencing: 'yes' is not 'on' or 'off'\n");
	assert_refused("log-level =\n",
		       "clogd: " PATH ":1: log-level: '' is not one of error, warning, notice, "
		       "info and debug\n");
	assert_refused("pid-file = x\n",
		       "clogd: " PATH ":1: pid-file: 'x' is not an absolute path\n");
	assert_refused("group = no\033group\n",
		       "clogd: " PATH ":1: group: 'no?group' is not a group of this system\n");
	assert_refused("standalone\n", "clogd: " PATH ":1: standalone: 'name = value' is wanted\n");
}

static void an_unknown_setting_is_told_what_there_is(void **state)
{
	struct reading reading;

	(void)state;
	read_text("windw = 3\n", &reading);
	assert_int_equal(reading.result, -EINVAL);
	for (size_t i = 0; i < SETTINGS_COUNT; i++)
		assert_non_null(strstr(reading.errors, settings[i].name));
	assert_ptr_equal(strstr(reading.errors, "clogd: " PATH ":1: windw: no such setting"),
			 reading.errors);
	free(reading.errors);
}

static void all_that_is_wrong_is_told_at_once(void **state)
{
	(void)state;
	assert_refused("hold = x\nwindow = 1\nwindow = 2\n",
		       "clogd: " PATH ":1: hold: 'x' is not a number from 0 to 3600000\n"
		       "clogd: " PATH ":3: window: set already in line 2\n");
}

static void a_binary_file_is_refused(void **state)
{
	struct reading reading;

	(void)state;
	read_bytes("hold = 1\0\n", 10, &reading);
	assert_int_equal(reading.result, -EINVAL);
	assert_string_equal(reading.errors,
			    "clogd: " PATH ":1: a zero byte: this is no text file\n");
	free(reading.errors);
}

static void a_file_that_cannot_be_read_is_left_to_the_caller(void **state)
{
	struct reading reading;

	(void)state;
	read_path("no-such-file", &reading);
	assert_int_equal(reading.result, -ENOENT);
	assert_string_equal(reading.errors, "");
	free(reading.errors);
	read_path("/", &reading);
	assert_int_equal(reading.result, -EISDIR);
	free(reading.errors);
}

/* Each value that is shown is one that is taken, and means the same. */
static void what_is_shown_can_be_set(void **state)
{
	struct options options = {0};
	char text[SETTING_TEXT_SIZE];
	char again[SETTING_TEXT_SIZE];
	char why[SETTING_WHY_SIZE];

	(void)state;
	settings_set_defaults(&options);
	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		setting_show(&settings[i], &options, text);
		assert_true(setting_set(&settings[i], text, &options, why));
		setting_show(&settings[i], &options, again);
		assert_string_equal(text, again);
	}
}

static char *read_page(const char *name)
{
	char path[4096];
	char *text = calloc(1, 65536);
	FILE *file;

	assert_in_range(snprintf(path, sizeof(path), "%s/man/%s", SOURCES_DIR, name), 1,
			sizeof(path) - 1);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_in_range(fread(text, 1, 65535, file), 1, 65534);
	assert_int_equal(fclose(file), 0);
	return text;
}

static void each_setting_is_in_the_manual(void **state)
{
	char *file_page = read_page("clogd.conf.5");
	char *daemon_page = read_page("clogd.8");
	char expected[64];

	(void)state;
	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		(void)snprintf(expected, sizeof(expected), "\n.It Ic %s = ", settings[i].name);
		assert_non_null(strstr(file_page, expected));
		(void)snprintf(expected, sizeof(expected), "\n.Fl -%s", settings[i].name);
		assert_non_null(strstr(daemon_page, expected));
	}
	free(file_page);
	free(daemon_page);
}

/* With its comment signs taken away, the installed file sets each setting to its default. */
static void the_installed_file_shows_the_defaults(void **state)
{
	FILE *file = fopen(SOURCES_DIR "/etc/clogd.conf", "r");
	char text[8192];
	size_t length;
	char shown[SETTING_TEXT_SIZE];
	char expected[SETTING_TEXT_SIZE];
	struct options defaults = {0};
	struct reading reading;

	(void)state;
	assert_non_null(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	assert_int_equal(fclose(file), 0);
	text[length] = '\0';
	for (char *at = text; (at = strstr(at, "\n#")); at++)
		if (at[2] != ' ')
			at[1] = ' ';
	read_text(text, &reading);
	assert_string_equal(reading.errors, "");
	settings_set_defaults(&defaults);
	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		assert_int_not_equal(reading.lines.line[i], 0);
		setting_show(&settings[i], &reading.options, shown);
		setting_show(&settings[i], &defaults, expected);
		assert_string_equal(shown, expected);
	}
	free(reading.errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_setting_is_taken),
		cmocka_unit_test(what_is_wrong_is_told_with_its_line),
		cmocka_unit_test(an_unknown_setting_is_told_what_there_is),
		cmocka_unit_test(all_that_is_wrong_is_told_at_once),
		cmocka_unit_test(a_binary_file_is_refused),
		cmocka_unit_test(a_file_that_cannot_be_read_is_left_to_the_caller),
		cmocka_unit_test(what_is_shown_can_be_set),
		cmocka_unit_test(each_setting_is_in_the_manual),
		cmocka_unit_test(the_installed_file_shows_the_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
