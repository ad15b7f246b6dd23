/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "daemons/clogctl/command.h"

static const struct option no_options[] = {{NULL, 0, NULL, 0}};

static bool is_level(const char *word)
{
	static const char *const levels[] = {"error", "warning", "notice", "info", "debug"};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(word, levels[i]) == 0)
			return true;
	return false;
}

static int run(const struct command *command, int argc, char **argv)
{
	char line[CTL_LINE_SIZE];

	if (command_option(command, argc, argv, no_options) != -1)
		return CTL_USAGE;
	if (optind == argc)
		return command_run_plain("log-level");
	if (argc - optind > 1)
		return command_fail(command, "'%s': one level is wanted", argv[optind + 1]);
	if (!is_level(argv[optind]))
		return command_fail(command,
				    "'%s' is not one of error, warning, notice, info, debug",
				    argv[optind]);
	(void)snprintf(line, sizeof(line), "log-level %s", argv[optind]);
	return command_run_plain(line);
}

const struct command log_level_command = {
	.name = "log-level",
	.arguments = "[error|warning|notice|info|debug]",
	.summary = "print or change how much clogd logs",
	.help = "Prints the level, after changing it where one is given. The change holds until\n"
		"clogd is started again; its configuration says what it starts with. The flight\n"
		"recorder ('clogctl dump') always keeps everything.\n"
		"\n"
		"Exit status: 0 done; 2 no daemon, or wrong usage.\n"
		"\n"
		"Examples:\n"
		"  clogctl log-level\n"
		"  clogctl log-level debug\n",
	.run = run,
};
