/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "daemons/clogctl/command.h"
#include "daemons/clogctl/status_table.h"
#include "daemons/clogctl/terminal.h"
#include "daemons/clogctl/trouble.h"

enum { OPTION_JSON = 256, OPTION_DIGESTS };

static const struct option options[] = {
	{"json", no_argument, NULL, OPTION_JSON},
	{"digests", no_argument, NULL, OPTION_DIGESTS},
	{NULL, 0, NULL, 0},
};

static int exit_status_of(const struct status *status)
{
	return status_severity(status) == SEVERITY_FINE ? CTL_FINE : CTL_ATTENTION;
}

static int print_json(bool digests)
{
	struct answer answer;
	struct status status;
	int error = client_ask(digests ? "status digests" : "status", &answer);
	int exit_status;

	if (error)
		return command_fail_ask(error);
	error = status_parse(answer.text, &status);
	if (!error)
		printf("%s\n", answer.text);
	free(answer.text);
	if (error)
		return command_fail_ask(error);
	exit_status = exit_status_of(&status);
	status_free(&status);
	return exit_status;
}

static int print_text(const struct command *command, char **words, int count)
{
	bool colour = terminal_has_colour();
	struct status status;
	int failed = command_ask_logs(command, count ? COMMAND_WHOLE : COMMAND_BRIEF, words, count,
				      &status);
	int exit_status;

	if (failed)
		return failed;
	if (!count)
		status_print(&status, colour, stdout);
	for (size_t i = 0; count && i < status.log_count; i++) {
		if (i)
			fputc('\n', stdout);
		status_print_log(&status, &status.logs[i], colour, stdout);
	}
	exit_status = exit_status_of(&status);
	status_free(&status);
	return exit_status;
}

static int run(const struct command *command, int argc, char **argv)
{
	bool as_json = false;
	bool digests = false;
	int option;

	while ((option = command_option(command, argc, argv, options)) != -1) {
		if (option == '?')
			return CTL_USAGE;
		as_json = as_json || option == OPTION_JSON;
		digests = digests || option == OPTION_DIGESTS;
	}
	if (digests && !as_json)
		return command_fail(command, "'--digests' goes with '--json'");
	if (as_json && optind < argc)
		return command_fail(command, "'%s': '--json' takes no names, it prints all logs",
				    argv[optind]);
	return as_json ? print_json(digests) : print_text(command, argv + optind, argc - optind);
}

const struct command status_command = {
	.name = "status",
	.arguments = "[--json [--digests] | LOG...]",
	.summary = "this node and all logs, or everything about some",
	.help = "Prints a line for this node and one for each log of the cluster; with names, all\n"
		"that is known of these logs: why one is frozen or failed, what is left to copy,\n"
		"and what would have to be copied if a node crashed now.\n"
		"\n"
		"  --json     all of it, for programs\n"
		"  --digests  with it: digests of the replicated state, equal on all nodes; they\n"
		"             take time in proportion to what is out of sync\n"
		"\n"
		"Exit status: 0 all is well; 1 a log is out of sync, frozen, failed or waits for\n"
		"fencing, or the node has no quorum; 2 no daemon, or wrong usage.\n"
		"\n"
		"Examples:\n"
		"  clogctl status\n"
		"  clogctl status mirror-1\n"
		"  clogctl status --json | jq '.logs[] | select(.in_sync < .regions) | .name'\n",
	.run = run,
};
