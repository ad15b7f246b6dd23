/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What device-mapper is asked for: which device's live table has a given log,
 * and its suspension. For the helper process (device_helper.h) only: a table is
 * not even listed without an answer of the daemon.
 */
#ifndef CLOGD_DAEMONS_DEVICE_DM_H
#define CLOGD_DAEMONS_DEVICE_DM_H

#include <stdbool.h>
#include <stddef.h>

#include "common/ulog.h"

#define DEVICE_NAME_SIZE 128 /* with NUL: DM_NAME_LEN */

/* A mirror with a userspace log. */
struct device_entry {
	char uuid[ULOG_UUID_SIZE]; /* of the log */
	char name[DEVICE_NAME_SIZE];
	unsigned major_number;
	unsigned minor_number;
};

struct device_list {
	struct device_entry *entries; /* owned */
	size_t count;
};

/* Once, before any other call. */
void device_dm_init(void);

/* All such devices. Fills an empty list; 0 or a negative errno. */
int device_dm_scan(struct device_list *list);
void device_list_free(struct device_list *list);
/* By uuid: so that they can be found. */
void device_list_sort(struct device_list *list);
const struct device_entry *device_list_find(const struct device_list *list, const char *uuid);

/* Does this device still hold that log? */
bool device_dm_has_log(const struct device_entry *entry);

struct device_state {
	bool suspended;
	bool has_inactive_table;
};
int device_dm_state(const struct device_entry *entry, struct device_state *state);
/* Returns when all that was in flight has ended; what the mirror holds back stays queued, and no file system is frozen. */
int device_dm_suspend(const struct device_entry *entry);
int device_dm_resume(const struct device_entry *entry);

#endif
