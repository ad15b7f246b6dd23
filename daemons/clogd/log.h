/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's log: libqb's. To syslog when in the background, to standard
 * error in the foreground (to the journal where that is it) and while starting,
 * and all of it into a blackbox in memory. Once log_start() has run a line is handed to a thread, so that a full
 * pipe or a slow syslog stops nobody. Only the loop's thread logs.
 */
#ifndef CLOGD_DAEMONS_LOG_H
#define CLOGD_DAEMONS_LOG_H

#include <qb/qblog.h>
#include <stdbool.h>
#include <stdint.h>

#define log_error(...)   qb_log(LOG_ERR, __VA_ARGS__)
#define log_warning(...) qb_log(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  qb_log(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    qb_log(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   qb_log(LOG_DEBUG, __VA_ARGS__)

/* `priority` is syslog's. Lines go to standard error, at once, until log_start(). */
void log_open(const char *name, int priority);
/* From here on through a thread, and to syslog too when in the background. */
void log_start(bool foreground);
/* In the background, once whoever started us has been told: to syslog only. */
void log_detach(void);
/* Writes what waits. */
void log_close(void);
/* Writes the blackbox to `path`. 0 or a negative errno. */
int log_dump(const char *path);

/* Of what is logged, not of what the blackbox keeps. */
void log_set_priority(int priority);
const char *log_level(void); /* the word for it */

/* "error", "warning", "notice", "info", "debug" to syslog's numbers; -1 for other words. */
int log_priority(const char *word);
/* The other way round. */
const char *log_word(int priority);

/* For lines that an outsider can cause at will: one in ten seconds. All zero to begin with. */
struct log_limit {
	uint64_t next_ms;
	unsigned skipped;
};
/* True when a line may be written; *skipped says how many were not since the last. */
bool log_limit_pass(struct log_limit *limit, unsigned *skipped);

#endif
