/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clogctl: asks the clogd of this node. A table of subcommands, each in a file of its own. */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "daemons/clogctl/command.h"

static const struct command *const commands[] = {
	&status_command, &watch_command, &map_command,       &check_command, &metrics_command,
	&fenced_command, &dump_command,  &log_level_command, &table_command, &stop_command,
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
	fputs("Usage: clogctl COMMAND [ARGUMENT]...\n"
	      "Shows and directs the cluster mirror logs that the clogd of this node keeps.\n"
	      "\n",
	      stdout);
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n"
	      "  -h, --help     print this and exit; 'clogctl COMMAND --help' says more, with\n"
	      "                 examples\n"
	      "  -V, --version  print the version and exit\n"
	      "\n"
	      "A log is named by its device (mirror-1, /dev/mapper/mirror-1), by its UUID, or by\n"
	      "an end of the UUID that no other has.\n"
	      "\n"
	      "Exit status: 0 fine; 1 something needs attention (a log out of sync, frozen or\n"
	      "failed, no quorum), or what was asked for could not be done; 2 no daemon, not\n"
	      "allowed, or wrong usage. 'check' has the statuses of a monitoring plugin.\n",
	      stdout);
}

static const struct command *find_command(const char *word)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(word, commands[i]->name) == 0)
			return commands[i];
	return NULL;
}

static int fail_command(const char *word)
{
	if (*word)
		fprintf(stderr, "clogctl: '%s' is not a command; there are", word);
	else
		fputs("clogctl: a command is wanted, one of", stderr);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(stderr, "%s %s", i ? "," : "", commands[i]->name);
	fputs("\nTry 'clogctl --help'.\n", stderr);
	return CTL_USAGE;
}

/* Anywhere before a "--": a question for help is not to be answered with an error. */
static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	const struct command *command = find_command(word);
	int exit_status;

	if (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0) {
		printf("clogctl %s\n", PACKAGE_VERSION);
		return CTL_FINE;
	}
	if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
		print_help();
		return CTL_FINE;
	}
	if (!command)
		return fail_command(word);
	if (wants_help(argc - 1, argv + 1)) {
		command_print_help(command);
		return CTL_FINE;
	}
	exit_status = command->run(command, argc - 1, argv + 1);
	if (fflush(stdout) || ferror(stdout)) {
		perror("clogctl: standard output");
		return CTL_USAGE;
	}
	return exit_status;
}
