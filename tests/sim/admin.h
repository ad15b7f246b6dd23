/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What administrators, LVM and the daemon's own helper do to devices; each in a thread of its node. */
#ifndef CLOGD_SIM_ADMIN_H
#define CLOGD_SIM_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

struct daemon;
struct node;

/* Makes the device, trying again until the daemon takes it. */
void admin_create(struct node *node, uint32_t mirror);
/* Removes it; with `again`, makes it again after some time. */
void admin_remove(struct node *node, uint32_t mirror, bool again);
/* Suspends it for a while. */
void admin_cycle(struct node *node, uint32_t mirror, bool noflush);
/* Loads the newest table and takes it into use. */
void admin_reload(struct node *node, uint32_t mirror);
/* dmsetup status */
void admin_status(struct node *node, uint32_t mirror);
void admin_cycle_for_daemon(struct daemon *daemon, const char *uuid);
void admin_wake(struct node *node, const char *uuid);

#endif
