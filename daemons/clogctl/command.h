/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A subcommand, and what they share: options, asking the daemon, saying what went wrong. */
#ifndef CLOGD_CLOGCTL_COMMAND_H
#define CLOGD_CLOGCTL_COMMAND_H

#include <getopt.h>
#include <stdbool.h>

#include "daemons/clogctl/client.h"
#include "daemons/clogctl/status.h"

/* Exit statuses beside those of enum ctl_status. */
#define EXIT_CHECK_UNKNOWN 3 /* of `check` only, as monitoring plugins do */

struct command {
	const char *name;
	const char *arguments;
	const char *summary; /* a line of `clogctl --help` */
	const char *help;    /* the rest of `clogctl NAME --help` */
	int (*run)(const struct command *command, int argc,
		   char **argv); /* argv[0] is its name; returns the exit status */
};

extern const struct command check_command;
extern const struct command dump_command;
extern const struct command fenced_command;
extern const struct command log_level_command;
extern const struct command map_command;
extern const struct command metrics_command;
extern const struct command status_command;
extern const struct command stop_command;
extern const struct command table_command;
extern const struct command watch_command;

void command_print_help(const struct command *command);

/*
 * The next option, as getopt_long(3) gives it; -1 after the last, '?' for one
 * that is not known, which has been said. `options` ends with an empty entry.
 */
int command_option(const struct command *command, int argc, char **argv,
		   const struct option *options);

/* On standard error, with a pointer to the help. Returns CTL_USAGE. */
int command_fail(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Why the daemon gave no answer. Returns CTL_USAGE. */
int command_fail_ask(int error);
/* One line about `error`, without a newline. */
const char *command_ask_error(int error);

/* Brief: without the counters of logs, for those who do not show them: of a thousand logs in half the time. */
enum command_detail { COMMAND_BRIEF, COMMAND_WHOLE };

/* 0 or the exit status of a failure that has been said. On success the caller frees. */
int command_ask_status(enum command_detail detail, struct status *status);
/* The same; then only the logs of these words are kept. */
int command_ask_logs(const struct command *command, enum command_detail detail, char *const *words,
		     int count, struct status *status);
/* Asks, and prints the answer as it is. Returns the exit status. */
int command_run_plain(const char *line);

#endif
