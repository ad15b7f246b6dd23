/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `clogctl status --json` prints: the engine's view of the node and its logs. */
#ifndef CLOGD_DAEMONS_STATUS_JSON_H
#define CLOGD_DAEMONS_STATUS_JSON_H

#include <stdint.h>

#include "cluster/engine.h"
#include "daemons/clogd/device.h"
#include "daemons/clogd/netlink.h"

enum status_detail {
	STATUS_BRIEF, /* logs without counters: half as long */
	STATUS_WHOLE,
	STATUS_DIGESTS, /* digests of the replicated state too, which take time in proportion to it */
};

struct status_sources {
	const struct engine *engine;            /* NULL: the node's id is not known yet */
	const struct netlink_counters *netlink; /* NULL: no socket yet */
	const struct devices *devices;
	const char *version;
	const char *log_level;
	uint64_t uptime_seconds;
	enum status_detail detail;
};

/* A string from malloc(3). */
char *status_json(const struct status_sources *sources);

#endif
