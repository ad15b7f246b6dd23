/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Block devices by number. Nodes without udev need not list a device in /dev. Thread safe; opening may block. */
#ifndef CLOGD_DAEMONS_DEVICE_NODE_H
#define CLOGD_DAEMONS_DEVICE_NODE_H

#include <stdbool.h>

/* "MAJOR:MINOR", decimal, and nothing else. */
bool device_node_parse(const char *text, unsigned *major_number, unsigned *minor_number);

/*
 * Opens /dev/block/MAJOR:MINOR, or, where that is missing, a node made for the
 * purpose in `directory` and removed again. Returns a descriptor or a negative errno.
 */
int device_node_open(const char *directory, unsigned major_number, unsigned minor_number,
		     int flags);

#endif
