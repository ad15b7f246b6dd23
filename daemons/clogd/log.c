/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemons/clogd/clock.h"

#define BLACKBOX_BYTES (256 * 1024)
#define LIMIT_MS       10000

static const struct {
	const char *word;
	int priority;
} priorities[] = {
	{"error", LOG_ERR}, {"warning", LOG_WARNING}, {"notice", LOG_NOTICE},
	{"info", LOG_INFO}, {"debug", LOG_DEBUG},
};

static int current_priority;

int log_priority(const char *word)
{
	for (size_t i = 0; i < sizeof(priorities) / sizeof(priorities[0]); i++)
		if (strcmp(priorities[i].word, word) == 0)
			return priorities[i].priority;
	return -1;
}

const char *log_word(int priority)
{
	for (size_t i = 0; i < sizeof(priorities) / sizeof(priorities[0]); i++)
		if (priorities[i].priority == priority)
			return priorities[i].word;
	return "";
}

const char *log_level(void)
{
	for (size_t i = 0; i < sizeof(priorities) / sizeof(priorities[0]); i++)
		if (priorities[i].priority == current_priority)
			return priorities[i].word;
	return "?";
}

static void add_filter(int32_t target, enum qb_log_filter_type type, const char *files,
		       int priority)
{
	(void)qb_log_filter_ctl(target, QB_LOG_FILTER_ADD, type, files, (uint8_t)priority);
}

/* Of the libraries, which log through libqb too, only what is wrong. */
static void set_filters(int32_t target, int priority)
{
	(void)qb_log_filter_ctl(target, QB_LOG_FILTER_CLEAR_ALL, QB_LOG_FILTER_FILE, "*",
				LOG_TRACE);
	add_filter(target, QB_LOG_FILTER_FILE_REGEX, "daemons/", priority);
	add_filter(target, QB_LOG_FILTER_FILE_REGEX, "cluster/", priority);
	add_filter(target, QB_LOG_FILTER_FILE, "*",
		   priority < LOG_WARNING ? priority : LOG_WARNING);
}

void log_set_priority(int priority)
{
	current_priority = priority;
	set_filters(QB_LOG_SYSLOG, priority);
	set_filters(QB_LOG_STDERR, priority);
}

void log_open(const char *name, int priority)
{
	qb_log_init(name, LOG_DAEMON, LOG_EMERG);
	(void)qb_log_ctl(QB_LOG_SYSLOG, QB_LOG_CONF_ENABLED, QB_FALSE);
	qb_log_format_set(QB_LOG_SYSLOG, "%b"); /* it has the rest */
	qb_log_format_set(QB_LOG_STDERR, "%t %7p %b");
	log_set_priority(priority);
	(void)qb_log_ctl(QB_LOG_STDERR, QB_LOG_CONF_ENABLED, QB_TRUE);
	set_filters(QB_LOG_BLACKBOX, LOG_DEBUG);
	(void)qb_log_ctl(QB_LOG_BLACKBOX, QB_LOG_CONF_SIZE, BLACKBOX_BYTES);
	(void)qb_log_ctl(QB_LOG_BLACKBOX, QB_LOG_CONF_THREADED, QB_FALSE);
	(void)qb_log_ctl(QB_LOG_BLACKBOX, QB_LOG_CONF_ENABLED, QB_TRUE);
}

/*
 * systemd names the file that it has given us for standard error. Through the
 * journal's own socket a line keeps its level.
 */
static bool is_journal(int descriptor)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char actual[64];
	struct stat status;

	if (!stream || fstat(descriptor, &status))
		return false;
	(void)snprintf(actual, sizeof(actual), "%" PRIu64 ":%" PRIu64, (uint64_t)status.st_dev,
		       (uint64_t)status.st_ino);
	return strcmp(stream, actual) == 0;
}

static bool use_journal(void)
{
	return is_journal(STDERR_FILENO) &&
	       qb_log_ctl(QB_LOG_SYSLOG, QB_LOG_CONF_USE_JOURNAL, QB_TRUE) == 0;
}

/* libqb crashes on a line between a target's change and the thread's start: so in this order. */
void log_start(bool foreground)
{
	(void)qb_log_ctl(QB_LOG_SYSLOG, QB_LOG_CONF_THREADED, QB_TRUE);
	(void)qb_log_ctl(QB_LOG_STDERR, QB_LOG_CONF_THREADED, QB_TRUE);
	(void)qb_log_thread_start();
	if (!foreground)
		(void)qb_log_ctl(QB_LOG_SYSLOG, QB_LOG_CONF_ENABLED, QB_TRUE);
	else if (use_journal()) {
		(void)qb_log_ctl(QB_LOG_SYSLOG, QB_LOG_CONF_ENABLED, QB_TRUE);
		log_detach();
	}
}

void log_detach(void)
{
	(void)qb_log_ctl(QB_LOG_STDERR, QB_LOG_CONF_ENABLED, QB_FALSE);
}

void log_close(void)
{
	qb_log_fini();
}

int log_dump(const char *path)
{
	ssize_t written = qb_log_blackbox_write_to_file(path);

	return written < 0 ? (int)written : 0;
}

bool log_limit_pass(struct log_limit *limit, unsigned *skipped)
{
	uint64_t now_ms = clock_now_ms();

	if (now_ms < limit->next_ms) {
		limit->skipped++;
		return false;
	}
	*skipped = limit->skipped;
	limit->skipped = 0;
	limit->next_ms = now_ms + LIMIT_MS;
	return true;
}
