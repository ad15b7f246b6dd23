/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What systemd hears of the daemon: that it is ready, one line of what it does,
 * and that its loop turns. Without systemd nothing is said and nothing runs.
 */
#ifndef CLOGD_DAEMONS_SUPERVISION_H
#define CLOGD_DAEMONS_SUPERVISION_H

struct runtime;

/* Ready; from here on the line follows what the engine does, and the watchdog is fed by the loop. */
void supervision_ready(struct runtime *runtime);
/* `why` is a line. */
void supervision_stopping(const char *why);

#endif
