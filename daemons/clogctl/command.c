/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogctl/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text_append.h"
#include "daemons/clogctl/find_log.h"

#define REASON_SIZE 2048

void command_print_help(const struct command *command)
{
	printf("Usage: clogctl %s%s%s\n\n%s", command->name, *command->arguments ? " " : "",
	       command->arguments, command->help);
}

static int fail_option(const struct command *command, const char *word,
		       const struct option *options)
{
	char allowed[256] = "";

	for (; options->name; options++)
		text_append(allowed, sizeof(allowed), "%s --%s", *allowed ? "," : "; there are",
			    options->name);
	return command_fail(command, "'%s' is not an option of it%s", word,
			    *allowed ? allowed : ", it has none");
}

int command_option(const struct command *command, int argc, char **argv,
		   const struct option *options)
{
	int option;

	opterr = 0;
	option = getopt_long(argc, argv, ":", options, NULL);
	if (option == ':')
		(void)command_fail(command, "'%s' wants a value", argv[optind - 1]);
	else if (option == '?')
		(void)fail_option(command, argv[optind - 1], options);
	return option == ':' ? '?' : option;
}

int command_fail(const struct command *command, const char *format, ...)
{
	va_list values;

	fprintf(stderr, "clogctl %s: ", command->name);
	va_start(values, format);
	(void)vfprintf(stderr, format, values);
	va_end(values);
	fprintf(stderr, "\nTry 'clogctl %s --help'.\n", command->name);
	return CTL_USAGE;
}

const char *command_ask_error(int error)
{
	switch (error) {
	case -ENOENT:
		return "no clogd runs on this node";
	case -EACCES:
		return "clogd does not answer this user (it does root, and the group given by "
		       "--group)";
	case -ETIMEDOUT:
		return "clogd does not answer in time";
	case -EBUSY:
		return "clogd answers too many others at once; try again";
	case -EPROTO:
		return "the clogd that runs is of another version; restart it";
	case -EBADMSG:
		return "what clogd says is not understood; is it of another version?";
	default:
		return strerror(-error);
	}
}

int command_fail_ask(int error)
{
	fprintf(stderr, "clogctl: %s\n", command_ask_error(error));
	return CTL_USAGE;
}

int command_ask_status(enum command_detail detail, struct status *status)
{
	struct answer answer;
	int error = client_ask(detail == COMMAND_BRIEF ? "status brief" : "status", &answer);

	if (error)
		return command_fail_ask(error);
	error = status_parse(answer.text, status);
	free(answer.text);
	return error ? command_fail_ask(error) : 0;
}

int command_ask_logs(const struct command *command, enum command_detail detail, char *const *words,
		     int count, struct status *status)
{
	char reason[REASON_SIZE];
	int failed = command_ask_status(detail, status);

	if (failed || !find_logs(status, words, (size_t)count, reason, sizeof(reason)))
		return failed;
	status_free(status);
	return command_fail(command, "%s", reason);
}

int command_run_plain(const char *line)
{
	struct answer answer;
	int error = client_ask(line, &answer);
	int exit_status;

	if (error)
		return command_fail_ask(error);
	fprintf(answer.status == CTL_FINE ? stdout : stderr, "%s%s",
		answer.status == CTL_FINE ? "" : "clogctl: ", answer.text);
	exit_status = (int)answer.status;
	free(answer.text);
	return exit_status;
}
