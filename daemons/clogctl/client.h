/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One question to the daemon of this node. */
#ifndef CLOGD_CLOGCTL_CLIENT_H
#define CLOGD_CLOGCTL_CLIENT_H

#include <stddef.h>

#include "common/ctlproto.h"

struct answer {
	enum ctl_status status;
	char *text; /* owned: free(3); NUL-terminated */
	size_t size;
};

/*
 * Waits up to ten seconds for each piece. 0, or a negative errno: -ENOENT no
 * daemon, -EACCES not allowed, -ETIMEDOUT, -EPROTO a daemon of another version.
 */
int client_ask(const char *line, struct answer *answer);

#endif
