/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>

#include "daemons/clogctl/command.h"

enum { OPT_FORCE = 256 };

static const struct option options[] = {{"force", no_argument, NULL, OPT_FORCE},
					{NULL, 0, NULL, 0}};

static int run(const struct command *command, int argc, char **argv)
{
	bool force = false;
	int option;

	while ((option = command_option(command, argc, argv, options)) != -1) {
		if (option != OPT_FORCE)
			return CTL_USAGE;
		force = true;
	}
	if (optind < argc)
		return command_fail(command, "'%s': no words are taken", argv[optind]);
	return command_run_plain(force ? "stop force" : "stop");
}

const struct command stop_command = {
	.name = "stop",
	.arguments = "[--force]",
	.summary = "stop the daemon of this node",
	.help = "Refused while mirrors are live on this node: they need the daemon. To upgrade it\n"
		"under live mirrors, restart it (systemctl restart clogd): they do not notice.\n"
		"\n"
		"  --force  stop under live mirrors; their reads and writes then wait until a\n"
		"           clogd runs again\n"
		"\n"
		"Where Pacemaker runs the daemon, ask Pacemaker: it would start it again.\n"
		"\n"
		"Exit status: 0 it stops; 1 refused, and the mirrors are named; 2 no daemon, or\n"
		"wrong usage.\n"
		"\n"
		"Examples:\n"
		"  clogctl stop\n"
		"  clogctl stop --force\n",
	.run = run,
};
