/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Suspending, resuming and reading a mirror in a process of its own.
 *
 * Each of these sleeps in the kernel until a clogd has answered the mirror's
 * requests. A thread of ours that sleeps so keeps a killed daemon's sockets
 * open: the kernel would go on talking to nobody, and no other daemon could
 * start. A child without our descriptors ends, or goes on, by itself: a device
 * that it has suspended is resumed though the daemon has died meanwhile.
 */
#ifndef CLOGD_DAEMONS_DEVICE_HELPER_H
#define CLOGD_DAEMONS_DEVICE_HELPER_H

#include "daemons/clogd/device_dm.h"

enum device_action { DEVICE_CYCLE, DEVICE_WAKE };

/* Starts the child and waits for it: for threads only. 0 or a negative errno. */
int device_helper_run(enum device_action action, const struct device_entry *entry, const char *node_directory);

/* The child's main(), reached by `clogd --device-helper …`; never by hand. */
int device_helper_main(int argc, char **argv);

#define DEVICE_HELPER_OPTION "--device-helper"

#endif
