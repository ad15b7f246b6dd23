/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemons/clogctl/command.h"
#include "daemons/clogctl/region_map.h"
#include "daemons/clogctl/terminal.h"

#define ROWS        16
#define ROWS_MAX    64
#define WIDTH_STEP  16 /* of a row of characters, so that rows begin at round numbers */
#define WIDTH_MAX   64
#define LABEL_WIDTH 11 /* the longest number of a region, and a blank */
#define SVG_WIDTH   64
#define SVG_ROWS    32

enum { OPTION_SVG = 256, OPTION_JSON, OPTION_ROWS };

static const struct option options[] = {
	{"svg", no_argument, NULL, OPTION_SVG},
	{"json", no_argument, NULL, OPTION_JSON},
	{"rows", required_argument, NULL, OPTION_ROWS},
	{NULL, 0, NULL, 0},
};

struct picture {
	int form; /* OPTION_SVG, OPTION_JSON, or 0 for text */
	int rows; /* at most */
	int width;
};

static int text_width(void)
{
	int width;
	int height;

	terminal_size(&width, &height);
	width = (width - LABEL_WIDTH) / WIDTH_STEP * WIDTH_STEP;
	if (width < WIDTH_STEP)
		return WIDTH_STEP;
	return width < WIDTH_MAX ? width : WIDTH_MAX;
}

static int draw(const struct picture *picture, const struct log_status *log, const char *text)
{
	struct map_title title = {.name = log->name, .uuid = log->uuid};
	struct region_map map;
	int error;

	if (picture->form == OPTION_JSON) {
		printf("%s\n", text);
		return CTL_FINE;
	}
	error = region_map_parse(text, &map);
	if (error)
		return command_fail_ask(error);
	if (picture->form == OPTION_SVG)
		map_print_svg(&map, &title, picture->width, stdout);
	else
		map_print_text(&map, &title, picture->width, terminal_has_colour(), stdout);
	region_map_free(&map);
	return CTL_FINE;
}

static int ask_and_draw(const struct picture *picture, const struct log_status *log)
{
	char line[CTL_LINE_SIZE];
	struct answer answer;
	int exit_status;
	int error;

	(void)snprintf(line, sizeof(line), "map %s %d", log->uuid, picture->width * picture->rows);
	error = client_ask(line, &answer);
	if (error)
		return command_fail_ask(error);
	exit_status = (int)answer.status;
	if (exit_status == CTL_FINE)
		exit_status = draw(picture, log, answer.text);
	else
		fprintf(stderr, "clogctl map: %s", answer.text);
	free(answer.text);
	return exit_status;
}

static int parse_rows(const struct command *command, const char *text, int *rows)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (end == text || *end || errno || value < 1 || value > ROWS_MAX)
		return command_fail(command, "--rows: '%s' is not a number from 1 to %d", text,
				    ROWS_MAX);
	*rows = (int)value;
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct picture picture = {.rows = 0};
	struct status status;
	int failed = 0;
	int option;

	while ((option = command_option(command, argc, argv, options)) != -1) {
		if (option == '?')
			return CTL_USAGE;
		if (option == OPTION_ROWS)
			failed = parse_rows(command, optarg, &picture.rows);
		else if (picture.form && picture.form != option)
			failed = command_fail(command, "'--svg' and '--json' exclude each other");
		else
			picture.form = option;
		if (failed)
			return failed;
	}
	if (argc - optind != 1)
		return command_fail(command, "one log is wanted, %d words were given",
				    argc - optind);
	picture.width = picture.form == OPTION_SVG ? SVG_WIDTH : text_width();
	if (!picture.rows)
		picture.rows = picture.form == OPTION_SVG ? SVG_ROWS : ROWS;
	failed = command_ask_logs(command, COMMAND_BRIEF, argv + optind, 1, &status);
	if (failed)
		return failed;
	failed = ask_and_draw(&picture, &status.logs[0]);
	status_free(&status);
	return failed;
}

const struct command map_command = {
	.name = "map",
	.arguments = "[--svg | --json] [--rows N] LOG",
	.summary = "the regions of a log as a picture",
	.help = "Draws which regions are in sync, marked dirty, retained, out of sync or being\n"
		"copied: a character a region, or, where there are more, a character for many,\n"
		"which shows the worst of them. Each row begins with the number of its first\n"
		"region.\n"
		"\n"
		"  --svg     a drawing on standard output instead\n"
		"  --json    the counts by cell, for programs\n"
		"  --rows N  at most so many rows, 1 to 64; default 16, of a drawing 32\n"
		"\n"
		"Exit status: 0; 1 no node uses the log; 2 no daemon, no such log, wrong usage.\n"
		"\n"
		"Examples:\n"
		"  clogctl map mirror-1\n"
		"  clogctl map --svg mirror-1 > mirror-1.svg\n"
		"  watch -n 1 clogctl map mirror-1\n",
	.run = run,
};
