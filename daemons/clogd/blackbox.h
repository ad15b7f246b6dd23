/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flight recorder around libqb's: what is left of it when the daemon ends
 * badly. libqb keeps it in /dev/shm, where a killed daemon leaves it.
 */
#ifndef CLOGD_DAEMONS_BLACKBOX_H
#define CLOGD_DAEMONS_BLACKBOX_H

/* Removes what dead daemons of that name left in /dev/shm. Only while holding the pid file's lock. */
void blackbox_remove_leftovers(const char *name);
/* A crash (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) writes the recorder to `path`, then ends as it would have. */
void blackbox_catch_crashes(const char *path);

#endif
