/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <qb/qblog.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemons/clogctl/command.h"

enum { OPTION_SHOW = 256 };

static const struct option options[] = {
	{"show", no_argument, NULL, OPTION_SHOW},
	{NULL, 0, NULL, 0},
};

/* What libqb says of the file's form is not for an administrator. */
static bool is_line(const char *line)
{
	static const char *const others[] = {"Ringbuffer:", " ->", " =>"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strncmp(line, others[i], strlen(others[i])) == 0)
			return false;
	return true;
}

/* False when libqb has found nothing that it knows. */
static bool copy_lines(FILE *file)
{
	bool known = false;
	char *line = NULL;
	size_t size = 0;

	rewind(file);
	while (getline(&line, &size, file) > 0) {
		known = known || !is_line(line);
		if (is_line(line))
			fputs(line, stdout);
	}
	free(line);
	return known;
}

/*
 * libqb's decoder prints to standard output, which is `file` meanwhile, and at
 * the end of each file complains on standard error that there is no more.
 */
static int decode(const char *path, FILE *file)
{
	int output = dup(STDOUT_FILENO);
	int errors = dup(STDERR_FILENO);
	int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (output < 0 || errors < 0 || nothing < 0 || fflush(stdout) ||
	    dup2(fileno(file), STDOUT_FILENO) < 0 || dup2(nothing, STDERR_FILENO) < 0)
		error = -errno;
	else
		(void)qb_log_blackbox_print_from_file(path);
	(void)fflush(stdout);
	(void)dup2(output, STDOUT_FILENO);
	(void)dup2(errors, STDERR_FILENO);
	close(output);
	close(errors);
	close(nothing);
	return error;
}

static FILE *open_memory(void)
{
	int descriptor = memfd_create("clogctl-dump", MFD_CLOEXEC);

	return descriptor < 0 ? NULL : fdopen(descriptor, "w+");
}

static int show(const char *path)
{
	FILE *file;
	bool shown;

	if (access(path, R_OK)) {
		fprintf(stderr, "clogctl dump: %s: %s\n", path, strerror(errno));
		return CTL_ATTENTION;
	}
	file = open_memory();
	if (!file) {
		fprintf(stderr, "clogctl dump: a file in memory: %s\n", strerror(errno));
		return CTL_ATTENTION;
	}
	shown = !decode(path, file) && copy_lines(file);
	(void)fclose(file);
	if (!shown)
		fprintf(stderr, "clogctl dump: %s is not a flight recorder's file\n", path);
	return shown ? CTL_FINE : CTL_ATTENTION;
}

static int dump_and_show(void)
{
	struct answer answer;
	int error = client_ask("dump", &answer);
	int exit_status;

	if (error)
		return command_fail_ask(error);
	answer.text[strcspn(answer.text, "\n")] = '\0';
	exit_status = (int)answer.status;
	if (exit_status == CTL_FINE)
		exit_status = show(answer.text);
	else
		fprintf(stderr, "clogctl dump: %s\n", answer.text);
	free(answer.text);
	return exit_status;
}

static int run(const struct command *command, int argc, char **argv)
{
	bool decoded = false;
	int option;

	while ((option = command_option(command, argc, argv, options)) != -1) {
		if (option == '?')
			return CTL_USAGE;
		decoded = true;
	}
	if (argc - optind > (decoded ? 1 : 0))
		return command_fail(command, "'%s': %s", argv[argc - 1],
				    decoded ? "one file is shown at a time"
					    : "a file goes with '--show' only");
	if (!decoded)
		return command_run_plain("dump");
	return optind < argc ? show(argv[optind]) : dump_and_show();
}

const struct command dump_command = {
	.name = "dump",
	.arguments = "[--show [FILE]]",
	.summary = "write clogd's flight recorder to a file, or read one",
	.help = "clogd keeps its last log lines in memory, debugging lines too, whatever its log\n"
		"level. This writes them to a file and prints its path; so does SIGUSR1.\n"
		"\n"
		"  --show       print the lines instead of the path\n"
		"  --show FILE  print those of a file that was written before; needs no daemon\n"
		"\n"
		"Exit status: 0 done; 1 the file could not be written or read; 2 no daemon, or\n"
		"wrong usage.\n"
		"\n"
		"Examples:\n"
		"  clogctl dump\n"
		"  clogctl dump --show | tail -n 50\n"
		"  clogctl dump --show /run/clogd/blackbox\n",
	.run = run,
};
