/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemons/clogctl/check_line.h"
#include "daemons/clogctl/command.h"
#include "daemons/clogctl/find_log.h"

static const struct option no_options[] = {{NULL, 0, NULL, 0}};

/* What says nothing of the mirrors is unknown; a daemon that does not serve is a failure. */
static int fail_ask(int error)
{
	enum check_state state =
		error == -ENOENT || error == -ETIMEDOUT ? CHECK_CRITICAL : CHECK_UNKNOWN;

	check_print_failure(state, command_ask_error(error), stdout);
	return (int)state;
}

static int check(char **words, size_t count)
{
	struct answer answer;
	struct status status;
	char reason[2048];
	int error = client_ask("status brief", &answer);
	int exit_status;

	if (error)
		return fail_ask(error);
	error = status_parse(answer.text, &status);
	free(answer.text);
	if (error)
		return fail_ask(error);
	if (find_logs(&status, words, count, reason, sizeof(reason))) {
		check_print_failure(CHECK_CRITICAL, reason, stdout);
		exit_status = CHECK_CRITICAL;
	} else {
		exit_status = (int)check_print(&status, stdout);
	}
	status_free(&status);
	return exit_status;
}

static int run(const struct command *command, int argc, char **argv)
{
	if (command_option(command, argc, argv, no_options) != -1)
		return EXIT_CHECK_UNKNOWN;
	return check(argv + optind, (size_t)(argc - optind));
}

const struct command check_command = {
	.name = "check",
	.arguments = "[LOG...]",
	.summary = "one line and an exit status for monitoring",
	.help = "A plugin for Nagios, Icinga, Checkmk and their like: one line with performance\n"
		"data. With names, only these logs count, and one that is not there is critical.\n"
		"It is to be run as root or as a member of the group given to clogd with --group.\n"
		"\n"
		"Exit status:\n"
		"  0  OK        all logs in sync, the node quorate\n"
		"  1  WARNING   a log is out of sync or not ready yet\n"
		"  2  CRITICAL  a log is frozen or failed, its device is dead, a dead node waits\n"
		"               to be fenced, no quorum, no daemon, or a named log is not there\n"
		"  3  UNKNOWN   clogd does not answer this user, or wrong usage\n"
		"\n"
		"Examples:\n"
		"  clogctl check\n"
		"  clogctl check mirror-1 mirror-2\n",
	.run = run,
};
