/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may use the control socket: root, the daemon's own user, and the members of one group. */
#ifndef CLOGD_DAEMONS_CTL_ACCESS_H
#define CLOGD_DAEMONS_CTL_ACCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct ctl_access;

/*
 * Looks the group and its members up, which may wait for a directory service:
 * to be called before the loop runs. Who joins the group later is let in after
 * a restart of the daemon. "root" or NULL means no group. NULL, with errno set.
 */
struct ctl_access *ctl_access_new(const char *group);
void ctl_access_free(struct ctl_access *access);
bool ctl_access_allows(const struct ctl_access *access, uid_t uid, gid_t gid);

#endif
