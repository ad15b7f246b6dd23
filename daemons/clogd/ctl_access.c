/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/ctl_access.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/memory.h"
#include "daemons/clogd/log.h"

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

/* libqb gives the files of a connection to the user that asked, and then fills them. */
static void check_capabilities(void)
{
	static const int needed[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (prctl(PR_CAPBSET_READ, needed[i], 0, 0, 0) == 0) {
			log_warning("the setting group has no effect without CAP_CHOWN, "
				    "CAP_DAC_OVERRIDE and CAP_FOWNER: see clogd.conf(5)");
			return;
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
		check_capabilities();
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
