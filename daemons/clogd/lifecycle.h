/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the daemon counts as started, and how it ends: signals, and the waits of both. */
#ifndef CLOGD_DAEMONS_LIFECYCLE_H
#define CLOGD_DAEMONS_LIFECYCLE_H

struct runtime;

/*
 * Takes the signals. SIGTERM and SIGINT bring the logs to rest and stop, at the
 * latest after ten seconds or by a second signal; SIGUSR1 writes the blackbox;
 * SIGHUP does nothing. Whoever started us waits no longer than ten seconds for
 * lifecycle_ready().
 */
void lifecycle_open(struct runtime *runtime);
/* The daemon serves the kernel. */
void lifecycle_ready(struct runtime *runtime);
/* As SIGTERM does. */
void lifecycle_begin_stop(struct runtime *runtime);
/* Ends the loop. */
void lifecycle_stop(struct runtime *runtime, int exit_status);

#endif
