/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon was told: by its configuration file and, which counts more, by its command line. */
#ifndef CLOGD_DAEMONS_OPTIONS_H
#define CLOGD_DAEMONS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/engine.h"

struct options {
	bool foreground;
	/* From here on: see settings.c. */
	bool standalone;
	uint32_t node; /* standalone: this node's id */
	uint32_t socket_buffer_bytes;
	bool realtime;
	bool io_uring;
	int log_priority; /* syslog's */
	char group[64];   /* may use the control socket, besides root */
	char pid_file[128];
	struct engine_settings engine; /* node and join_seed stay 0 */
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_DONE,  /* help, version or the checked configuration was printed: exit 0 */
	OPTIONS_WRONG, /* said why on standard error: exit 2 */
};

enum options_result options_parse(int argc, char **argv, struct options *options);

#endif
