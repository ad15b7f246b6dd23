/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/ctl_access.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"

struct ctl_access {
	bool has_group;
	gid_t gid;
	uid_t *members;
	size_t member_count;
};

static void add_members(struct ctl_access *access, char *const *names)
{
	for (; *names; names++) {
		const struct passwd *user = getpwnam(*names);

		if (!user)
			continue;
		access->members = memory_resize(access->members, (access->member_count + 1) *
									 sizeof(*access->members));
		access->members[access->member_count++] = user->pw_uid;
	}
}

struct ctl_access *ctl_access_new(const char *group)
{
	struct ctl_access *access;
	const struct group *found = NULL;

	if (group && strcmp(group, "root") != 0) {
		errno = 0;
		found = getgrnam(group);
		if (!found) {
			errno = errno ? errno : ENOENT;
			return NULL;
		}
	}
	access = memory_new(1, sizeof(*access));
	if (found) {
		access->has_group = true;
		access->gid = found->gr_gid;
		add_members(access, found->gr_mem);
	}
	return access;
}

void ctl_access_free(struct ctl_access *access)
{
	if (!access)
		return;
	free(access->members);
	free(access);
}

bool ctl_access_allows(const struct ctl_access *access, uid_t uid, gid_t gid)
{
	if (uid == 0 || uid == geteuid() || (access->has_group && gid == access->gid))
		return true;
	for (size_t i = 0; i < access->member_count; i++)
		if (access->members[i] == uid)
			return true;
	return false;
}
