/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemons/clogctl/command.h"

static const struct option no_options[] = {{NULL, 0, NULL, 0}};

static int run(const struct command *command, int argc, char **argv)
{
	char line[CTL_LINE_SIZE];
	unsigned long node;
	char *end;

	if (command_option(command, argc, argv, no_options) != -1)
		return CTL_USAGE;
	if (argc - optind != 1)
		return command_fail(command, "one node id is wanted, %d words were given",
				    argc - optind);
	errno = 0;
	node = strtoul(argv[optind], &end, 10);
	if (*argv[optind] < '0' || *argv[optind] > '9' || *end || errno || !node ||
	    node > UINT32_MAX)
		return command_fail(command,
				    "'%s' is not a node id: a number from 1 to %" PRIu32
				    ", as corosync-quorumtool shows it",
				    argv[optind], UINT32_MAX);
	(void)snprintf(line, sizeof(line), "fenced %lu", node);
	return command_run_plain(line);
}

const struct command fenced_command = {
	.name = "fenced",
	.arguments = "NODE",
	.summary = "say that a dead node cannot write any more",
	.help = "With 'fencing on', regions that a dead node was writing are copied again only\n"
		"once it is known that it cannot write any more. The cluster manager's agent says\n"
		"so; where there is none, or fencing failed and you have cut the power yourself,\n"
		"this does. NODE is Corosync's id of the node.\n"
		"\n"
		"Be certain. A node that still writes makes the copies differ, unseen.\n"
		"\n"
		"Exit status: 0 done; 1 no log waits for that node; 2 no daemon, or wrong usage.\n"
		"\n"
		"Examples:\n"
		"  clogctl status          # names the node that is waited for\n"
		"  clogctl fenced 3\n",
	.run = run,
};
