/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/blackbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "daemons/clogd/log.h"

#define SHARED_MEMORY "/dev/shm"
#define CRASH_SECONDS 5

static const char *crash_path;

/* --- what is left --- */

/* libqb's names: qb-NAME-PID-blackbox-data and -header. */
static bool is_leftover(const char *file, const char *name)
{
	char prefix[64];
	int length = snprintf(prefix, sizeof(prefix), "qb-%s-", name);
	char *end;
	long pid;

	if (strncmp(file, prefix, (size_t)length) != 0)
		return false;
	pid = strtol(file + length, &end, 10);
	return pid > 0 && strncmp(end, "-blackbox-", 10) == 0 && kill((pid_t)pid, 0) &&
	       errno == ESRCH;
}

void blackbox_remove_leftovers(const char *name)
{
	DIR *directory = opendir(SHARED_MEMORY);
	const struct dirent *entry;

	if (!directory)
		return;
	while ((entry = readdir(directory)))
		if (is_leftover(entry->d_name, name) &&
		    unlinkat(dirfd(directory), entry->d_name, 0) == 0)
			log_debug("%s/%s of a dead daemon removed", SHARED_MEMORY, entry->d_name);
	closedir(directory);
}

/* --- a crash --- */

/*
 * More than POSIX allows in a signal handler, but the process ends here in any
 * case: by a second crash, which finds the default action, or by the alarm when
 * the first came amid libqb's locks.
 */
static void on_crash(int number)
{
	(void)alarm(CRASH_SECONDS);
	(void)qb_log_blackbox_write_to_file(crash_path);
	(void)raise(number);
}

void blackbox_catch_crashes(const char *path)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
	struct sigaction action = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};

	crash_path = path;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaction(signals[i], &action, NULL);
}
