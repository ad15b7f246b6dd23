/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking device-mapper in a process of its own.
 *
 * Suspending and reading a mirror, and already listing its table, sleep in the
 * kernel until a clogd has answered the mirror's requests. A thread of ours
 * that sleeps so keeps a killed daemon's sockets open: the kernel would go on
 * talking to nobody, and no other daemon could start. A child without our
 * descriptors ends, or goes on, by itself: a device that it has suspended is
 * resumed though the daemon has died meanwhile.
 */
#ifndef CLOGD_DAEMONS_DEVICE_HELPER_H
#define CLOGD_DAEMONS_DEVICE_HELPER_H

#include "daemons/clogd/device_dm.h"

enum device_action { DEVICE_CYCLE, DEVICE_WAKE };

/*
 * These start the child and wait for it: for threads only. 0 or a negative errno.
 * `entry` says the log's uuid, and where the device was last (a name: it is known).
 */
int device_helper_run(enum device_action action, const struct device_entry *entry,
		      const char *node_directory);
/* Fills an empty list, as device_dm_scan(). */
int device_helper_list(struct device_list *list);

#define DEVICE_HELPER_OPTION "--device-helper"
#define DEVICE_HELPER_CYCLE  "cycle" /* UUID MAJOR:MINOR|- DIRECTORY */
#define DEVICE_HELPER_WAKE   "wake"  /* the same */
#define DEVICE_HELPER_LIST   "list"  /* prints lines: MAJOR MINOR NAME UUID */

/* The child's main(), reached by `clogd --device-helper …`; never by hand. The exit status is an errno. */
int device_child_main(int argc, char **argv);

#endif
