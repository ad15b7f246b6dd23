/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "daemons/clogd/config_file.h"
#include "daemons/clogd/settings.h"

enum {
	OPT_CONFIG = 256,
	OPT_CHECK_CONFIG,
	OPT_SETTING, /* the first of SETTINGS_COUNT */
};

/* Options that are no settings. */
static const struct option own_options[] = {
	{"foreground", no_argument, NULL, 'f'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{"config", required_argument, NULL, OPT_CONFIG},
	{"check-config", no_argument, NULL, OPT_CHECK_CONFIG},
};
#define OWN_COUNT (sizeof(own_options) / sizeof(own_options[0]))

/* The command line, read but for the values of settings. */
struct command {
	bool foreground;
	bool help;
	bool version;
	bool check;
	const char *config; /* NULL: the default, which may be missing */
	const char *values[SETTINGS_COUNT];
};

/* --- what is printed --- */

static void print_setting(const struct setting *setting, const struct options *defaults)
{
	char name[40];
	char value[SETTING_TEXT_SIZE];
	const char *line = setting->help;
	const char *end;

	(void)snprintf(name, sizeof(name), "%s%s%s%s", setting->name, setting->bare ? "[=" : " ",
		       setting->value, setting->bare ? "]" : "");
	printf("      --%-22s", name);
	while ((end = strchr(line, '\n'))) {
		printf("%.*s\n%30s", (int)(end - line), line, "");
		line = end + 1;
	}
	setting_show(setting, defaults, value);
	printf("%s (default %s)\n", line, value);
}

static void print_help(const struct options *defaults)
{
	printf("Usage: clogd [OPTION]...\n"
	       "Keeps the dirty-region logs of device-mapper mirrors that a cluster shares.\n"
	       "\n"
	       "  -f, --foreground            stay in the foreground and log to standard error\n"
	       "      --config PATH           instead of %s\n"
	       "      --check-config          read it, say what is wrong with it or what is in\n"
	       "                              effect, and exit\n"
	       "  -h, --help                  print this and exit\n"
	       "  -V, --version               print the version and exit\n"
	       "\n"
	       "Settings; the file has them as lines of NAME = VALUE:\n",
	       CONFIG_FILE_DEFAULT);
	for (size_t i = 0; i < SETTINGS_COUNT; i++)
		print_setting(&settings[i], defaults);
	printf("\nExit status: 0 stopped when asked to, 1 failed, 2 wrong option or setting.\n");
}

static void print_in_effect(const char *path, bool exists, const struct options *options)
{
	char value[SETTING_TEXT_SIZE];

	printf("# %s: %s. In effect:\n", path, exists ? "good" : "not there");
	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		setting_show(&settings[i], options, value);
		printf("%s%s = %s\n",
		       settings[i].offset == offsetof(struct options, node) && !options->standalone
			       ? "# "
			       : "",
		       settings[i].name, value);
	}
}

/* --- the command line --- */

static void make_long_options(struct option *all)
{
	memcpy(all, own_options, sizeof(own_options));
	for (size_t i = 0; i < SETTINGS_COUNT; i++)
		all[OWN_COUNT + i] = (struct option){
			.name = settings[i].name,
			.has_arg = settings[i].bare ? optional_argument : required_argument,
			.val = OPT_SETTING + (int)i,
		};
	all[OWN_COUNT + SETTINGS_COUNT] = (struct option){0};
}

static bool take_option(int option, const char *value, struct command *command)
{
	switch (option) {
	case 'f':
		command->foreground = true;
		return true;
	case 'h':
		command->help = true;
		return true;
	case 'V':
		command->version = true;
		return true;
	case OPT_CONFIG:
		command->config = value;
		return true;
	case OPT_CHECK_CONFIG:
		command->check = true;
		return true;
	default:
		if (option < OPT_SETTING)
			return false; /* getopt_long() has said why */
		command->values[option - OPT_SETTING] = value ? value : "on";
		return true;
	}
}

static bool read_command_line(int argc, char **argv, struct command *command)
{
	struct option all[OWN_COUNT + SETTINGS_COUNT + 1];
	int option;

	make_long_options(all);
	while ((option = getopt_long(argc, argv, "fhV", all, NULL)) != -1)
		if (!take_option(option, optarg, command))
			return false;
	if (optind < argc) {
		fprintf(stderr, "clogd: '%s': no arguments but options are taken\n", argv[optind]);
		return false;
	}
	return true;
}

/* --- file, then command line, then how they go together --- */

static const char *config_path(const struct command *command)
{
	return command->config ? command->config : CONFIG_FILE_DEFAULT;
}

static bool apply_file(const struct command *command, struct options *options,
		       struct config_lines *lines, bool *exists)
{
	int error = config_file_read(config_path(command), options, lines, stderr);

	*exists = error != -ENOENT;
	if (!*exists && !command->config)
		return true;
	if (error && error != -EINVAL)
		fprintf(stderr, "clogd: %s: %s\n", config_path(command), strerror(-error));
	return !error;
}

static bool apply_values(const struct command *command, struct options *options)
{
	char why[SETTING_WHY_SIZE];
	bool good = true;

	for (size_t i = 0; i < SETTINGS_COUNT; i++)
		if (command->values[i] &&
		    !setting_set(&settings[i], command->values[i], options, why)) {
			fprintf(stderr, "clogd: --%s: %s\n", settings[i].name, why);
			good = false;
		}
	return good;
}

static bool check_together(const struct command *command, const struct config_lines *lines,
			   const struct options *options)
{
	size_t node = (size_t)(settings_find("node-id") - settings);

	if (options->standalone || (!command->values[node] && !lines->line[node]))
		return true;
	if (command->values[node])
		fprintf(stderr, "clogd: --node-id: ");
	else
		fprintf(stderr, "clogd: %s:%u: node-id: ", config_path(command), lines->line[node]);
	fprintf(stderr, "allowed with standalone only; in a cluster the id is Corosync's\n");
	return false;
}

static enum options_result fail(void)
{
	fprintf(stderr, "Try 'clogd --help'.\n");
	return OPTIONS_WRONG;
}

enum options_result options_parse(int argc, char **argv, struct options *options)
{
	struct command command = {0};
	struct config_lines lines;
	bool exists;
	bool good;

	*options = (struct options){0};
	settings_set_defaults(options);
	if (!read_command_line(argc, argv, &command))
		return fail();
	if (command.help) {
		print_help(options);
		return OPTIONS_DONE;
	}
	if (command.version) {
		printf("clogd %s\n", PACKAGE_VERSION);
		return OPTIONS_DONE;
	}
	good = apply_file(&command, options, &lines, &exists);
	/* All that is wrong is told at once. */
	good = apply_values(&command, options) && good;
	if (!good || !check_together(&command, &lines, options))
		return fail();
	options->foreground = command.foreground;
	if (!command.check)
		return OPTIONS_RUN;
	print_in_effect(config_path(&command), exists, options);
	return OPTIONS_DONE;
}
