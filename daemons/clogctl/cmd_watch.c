/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/memory.h"
#include "daemons/clogctl/command.h"
#include "daemons/clogctl/find_log.h"
#include "daemons/clogctl/terminal.h"
#include "daemons/clogctl/watch_text.h"

#define INTERVAL_MS     1000
#define INTERVAL_MIN_MS 100
#define INTERVAL_MAX_MS 3600000
#define LINE_SIZE       2048

#define HOME        "\033[H"
#define CLEAR       "\033[2J"
#define CLEAR_LINE  "\033[K"
#define CLEAR_REST  "\033[J"
#define HIDE_CURSOR "\033[?25l"
#define SHOW_CURSOR "\033[?25h"

enum { OPTION_INTERVAL = 256, OPTION_UNTIL };

static const struct option options[] = {
	{"interval", required_argument, NULL, OPTION_INTERVAL},
	{"until-in-sync", no_argument, NULL, OPTION_UNTIL},
	{NULL, 0, NULL, 0},
};

struct watch {
	char **words;
	size_t word_count;
	uint64_t interval_ms;
	bool until_in_sync;
	struct rates *rates;
	/* Lines: what was printed last of each log. */
	struct seen {
		char *uuid;
		char key[LINE_SIZE];
	} * seen;
	size_t seen_count;
	char said[LINE_SIZE]; /* about the daemon */
};

static volatile sig_atomic_t ended;

static void on_end(int number)
{
	(void)number;
	ended = 1;
}

/* So that a page is drawn anew when the terminal changes its size: it ends the pause. */
static void on_resize(int number)
{
	(void)number;
}

/*
 * Signals are taken in a pause, where none gets lost. While the daemon is asked
 * only those that end the watch are, for an answer may be long in coming; what
 * such a one breaks off is no fault of the daemon's.
 */
struct signals {
	sigset_t asking, pausing; /* what is held back */
};

static void catch_signals(struct signals *signals)
{
	struct sigaction end = {.sa_handler = on_end};
	struct sigaction resize = {.sa_handler = on_resize};

	ended = 0;
	(void)sigprocmask(SIG_SETMASK, NULL, &signals->pausing);
	signals->asking = signals->pausing;
	(void)sigaddset(&signals->asking, SIGWINCH);
	(void)sigprocmask(SIG_SETMASK, &signals->asking, NULL);
	(void)sigaction(SIGINT, &end, NULL);
	(void)sigaction(SIGTERM, &end, NULL);
	(void)sigaction(SIGHUP, &end, NULL);
	(void)sigaction(SIGWINCH, &resize, NULL);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void pause_for(uint64_t ms, const struct signals *signals)
{
	struct timespec time = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};
	sigset_t ends;

	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	if (!ended)
		(void)ppoll(NULL, 0, &time, &signals->pausing);
	(void)sigprocmask(SIG_SETMASK, &signals->asking, NULL);
}

/* --- a page --- */

/* At once, each line to its end: nothing flickers and nothing of the last page is left. */
static void draw(const char *text)
{
	fputs(HOME, stdout);
	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n");

		printf("%.*s" CLEAR_LINE "\n", (int)length, line);
		line += length + (line[length] ? 1 : 0);
	}
	fputs(CLEAR_REST, stdout);
	(void)fflush(stdout);
}

static void draw_status(const struct watch *watch, const struct status *status)
{
	struct watch_page page = {.colour = terminal_has_colour()};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	terminal_size(&page.width, &page.height);
	watch_print_page(&page, status, watch->rates, out);
	(void)fclose(out);
	draw(text);
	free(text);
}

/* --- lines --- */

static void print_line(const char *line)
{
	char stamp[64];
	time_t now = time(NULL);
	struct tm local;

	(void)localtime_r(&now, &local);
	(void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S%z", &local);
	printf("%s %s\n", stamp, line);
	(void)fflush(stdout);
}

static struct seen *seen_of(struct watch *watch, const char *uuid)
{
	for (size_t i = 0; i < watch->seen_count; i++)
		if (strcmp(watch->seen[i].uuid, uuid) == 0)
			return &watch->seen[i];
	watch->seen = memory_resize(watch->seen, (watch->seen_count + 1) * sizeof(*watch->seen));
	watch->seen[watch->seen_count] = (struct seen){.uuid = memory_string(uuid)};
	return &watch->seen[watch->seen_count++];
}

/* What is gone is said once, and forgotten. */
static void print_gone(struct watch *watch, const struct status *status)
{
	size_t i = 0;

	while (i < watch->seen_count) {
		bool there = false;
		char line[LINE_SIZE];

		for (size_t j = 0; j < status->log_count; j++)
			there = there || strcmp(status->logs[j].uuid, watch->seen[i].uuid) == 0;
		if (there) {
			i++;
			continue;
		}
		(void)snprintf(line, sizeof(line), "%s: gone", watch->seen[i].uuid);
		print_line(line);
		free(watch->seen[i].uuid);
		watch->seen[i] = watch->seen[--watch->seen_count];
	}
}

static void print_changes(struct watch *watch, const struct status *status)
{
	char line[LINE_SIZE];

	for (size_t i = 0; i < status->log_count; i++) {
		const struct log_status *log = &status->logs[i];
		struct seen *seen = seen_of(watch, log->uuid);
		char key[LINE_SIZE];

		watch_key(key, sizeof(key), log);
		if (strcmp(key, seen->key) == 0)
			continue;
		memcpy(seen->key, key, sizeof(key));
		watch_line(line, sizeof(line), log, watch->rates);
		print_line(line);
	}
	print_gone(watch, status);
}

/* --- both --- */

static void say(struct watch *watch, const char *line)
{
	if (terminal_is_screen())
		draw(line);
	else if (strcmp(line, watch->said) != 0 && *line)
		print_line(line);
	(void)snprintf(watch->said, sizeof(watch->said), "%s", line);
}

static bool all_in_sync(const struct status *status)
{
	for (size_t i = 0; i < status->log_count; i++)
		if (status->logs[i].in_sync < status->logs[i].regions)
			return false;
	return status->node.id != 0;
}

/* A daemon that is not there may come back; a log too. 0, or a negative errno for what does not pass. */
static int fetch(struct watch *watch, struct status *status)
{
	char reason[LINE_SIZE];
	struct answer answer;
	int error = client_ask("status", &answer);

	if (!error) {
		error = status_parse(answer.text, status);
		free(answer.text);
	}
	if (error && ended)
		return -EAGAIN;
	if (error) {
		say(watch, command_ask_error(error));
		return error == -EACCES || error == -EPROTO || error == -EBADMSG ? error : -EAGAIN;
	}
	if (!find_logs(status, watch->words, watch->word_count, reason, sizeof(reason)))
		return 0;
	status_free(status);
	say(watch, reason);
	return -EAGAIN;
}

static int look(struct watch *watch, bool *done)
{
	struct status status;
	int error = fetch(watch, &status);

	if (error)
		return error == -EAGAIN ? 0 : error;
	rates_add(watch->rates, now_ms(), &status);
	if (terminal_is_screen())
		draw_status(watch, &status);
	else
		print_changes(watch, &status);
	watch->said[0] = '\0';
	*done = watch->until_in_sync && all_in_sync(&status);
	status_free(&status);
	return 0;
}

static int run_watch(struct watch *watch)
{
	bool screen = terminal_is_screen();
	struct signals signals;
	bool done = false;
	int error = 0;

	catch_signals(&signals);
	watch->rates = rates_new();
	if (screen)
		fputs(HIDE_CURSOR CLEAR, stdout);
	while (!ended && !done && !error) {
		error = look(watch, &done);
		if (!done && !error)
			pause_for(watch->interval_ms, &signals);
	}
	if (screen)
		fputs(SHOW_CURSOR, stdout);
	rates_free(watch->rates);
	for (size_t i = 0; i < watch->seen_count; i++)
		free(watch->seen[i].uuid);
	free(watch->seen);
	return error ? command_fail_ask(error) : CTL_FINE;
}

static bool parse_interval(const char *text, uint64_t *ms)
{
	double seconds;
	char *end;

	errno = 0;
	seconds = strtod(text, &end);
	if (end == text || *end || errno || !(seconds * 1000 >= INTERVAL_MIN_MS) ||
	    seconds * 1000 > INTERVAL_MAX_MS)
		return false;
	*ms = (uint64_t)(seconds * 1000);
	return true;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct watch watch = {.interval_ms = INTERVAL_MS};
	struct status status;
	int failed;
	int option;

	while ((option = command_option(command, argc, argv, options)) != -1) {
		if (option == '?')
			return CTL_USAGE;
		if (option == OPTION_UNTIL)
			watch.until_in_sync = true;
		else if (!parse_interval(optarg, &watch.interval_ms))
			return command_fail(command,
					    "--interval: '%s' is not a number of seconds from "
					    "0.1 to 3600",
					    optarg);
	}
	watch.words = argv + optind;
	watch.word_count = (size_t)(argc - optind);
	/* What cannot be watched is said before anything is drawn. */
	failed = command_ask_logs(command, COMMAND_BRIEF, watch.words, argc - optind, &status);
	if (failed)
		return failed;
	status_free(&status);
	return run_watch(&watch);
}

const struct command watch_command = {
	.name = "watch",
	.arguments = "[--interval SECONDS] [--until-in-sync] [LOG...]",
	.summary = "follow all logs, or some, live",
	.help = "On a terminal: a page that is drawn again and again, with a bar, the rate of\n"
		"copying (over ten seconds), the time that is left, the regions that are marked\n"
		"dirty, and the requests of this node's kernel a second. Else: a line for each\n"
		"change, with its time. It ends with Ctrl-C, and waits for a clogd that is\n"
		"restarted meanwhile.\n"
		"\n"
		"  --interval SECONDS  look so often, 0.1 to 3600; default 1\n"
		"  --until-in-sync     end when all that is watched is in sync\n"
		"\n"
		"Exit status: 0; 2 no daemon at the start, no such log, or wrong usage.\n"
		"\n"
		"Examples:\n"
		"  clogctl watch\n"
		"  clogctl watch mirror-1 --until-in-sync && echo in sync\n"
		"  clogctl watch | logger -t mirrors\n",
	.run = run,
};
