/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clogctl: asks the clogd of this node. A table of subcommands. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "daemons/clogctl/client.h"
#include "daemons/clogctl/status_table.h"

struct command {
	const char *name;
	const char *arguments;
	const char *help;
	int (*run)(int argc, char **argv); /* argv[0] is the subcommand; returns the exit status */
};

static int run_status(int argc, char **argv);
static int run_fenced(int argc, char **argv);

static const struct command commands[] = {
	{"status", "[--json]", "show this node and all logs", run_status},
	{"fenced", "NODE", "say that NODE cannot write any more", run_fenced},
};

static void print_help(FILE *out)
{
	fputs("Usage: clogctl COMMAND\n\nCommands:\n", out);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(out, "  %-7s %-9s  %s\n", commands[i].name, commands[i].arguments,
			commands[i].help);
	fputs("\n"
	      "  -h, --help         print this and exit\n"
	      "  -V, --version      print the version and exit\n"
	      "\n"
	      "Exit status: 0 fine, 1 something needs attention (a log out of sync, frozen\n"
	      "or failed, or no quorum), 2 no daemon or wrong usage.\n",
	      out);
}

static int fail_usage(const char *word, const char *why)
{
	fprintf(stderr, "clogctl: '%s': %s\nTry 'clogctl --help'.\n", word, why);
	return CTL_USAGE;
}

static int fail_ask(int error)
{
	switch (error) {
	case -ENOENT:
		fputs("clogctl: no clogd runs on this node\n", stderr);
		break;
	case -EACCES:
		fputs("clogctl: clogd does not answer this user (it does root, and the group given "
		      "by --group)\n",
		      stderr);
		break;
	case -ETIMEDOUT:
		fputs("clogctl: clogd does not answer in time\n", stderr);
		break;
	case -EBUSY:
		fputs("clogctl: clogd answers too many others at once; try again\n", stderr);
		break;
	case -EPROTO:
		fputs("clogctl: the clogd that runs is of another version; restart it\n", stderr);
		break;
	default:
		fprintf(stderr, "clogctl: asking clogd: %s\n", strerror(-error));
	}
	return CTL_USAGE;
}

/* --- status --- */

static bool wants_colour(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !getenv("NO_COLOR") && terminal &&
	       strcmp(terminal, "dumb") != 0;
}

static int show(const struct answer *answer, bool as_json)
{
	struct json_object *status = json_tokener_parse(answer->text);
	int exit_status;

	if (!status) {
		fputs("clogctl: what clogd says is not JSON\n", stderr);
		return CTL_USAGE;
	}
	exit_status = status_needs_attention(status) ? CTL_ATTENTION : CTL_FINE;
	if (as_json)
		printf("%s\n", answer->text);
	else
		status_print(status, wants_colour(), stdout);
	json_object_put(status);
	return exit_status;
}

static int run_status(int argc, char **argv)
{
	bool as_json = argc >= 2 && strcmp(argv[1], "--json") == 0;
	bool digests = argc == 3 && as_json && strcmp(argv[2], "--digests") == 0;
	struct answer answer;
	int exit_status;
	int error;

	if (argc > 1 && !(as_json && (argc == 2 || digests)))
		return fail_usage(argv[argc - 1], "status takes --json only");
	error = client_ask(digests ? "status digests" : "status", &answer);
	if (error)
		return fail_ask(error);
	exit_status = show(&answer, as_json);
	free(answer.text);
	return exit_status;
}

/* --- fenced --- */

static int run_fenced(int argc, char **argv)
{
	struct answer answer;
	char line[CTL_LINE_SIZE];
	int error;

	if (argc != 2)
		return fail_usage(argv[0], "one node id is wanted");
	if (snprintf(line, sizeof(line), "fenced %s", argv[1]) >= (int)sizeof(line))
		return fail_usage(argv[1], "not a node id");
	error = client_ask(line, &answer);
	if (error)
		return fail_ask(error);
	fputs(answer.text, answer.status == CTL_FINE ? stdout : stderr);
	free(answer.text);
	return (int)answer.status;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
		print_help(stdout);
		return CTL_FINE;
	}
	if (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0) {
		printf("clogctl %s\n", PACKAGE_VERSION);
		return CTL_FINE;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(word, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return fail_usage(word, "not a command");
}
