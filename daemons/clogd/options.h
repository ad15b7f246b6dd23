/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's command line. */
#ifndef CLOGD_DAEMONS_OPTIONS_H
#define CLOGD_DAEMONS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/engine.h"

struct options {
	bool foreground;
	bool standalone;
	uint32_t node; /* standalone: this node's id */
	uint32_t socket_buffer_bytes;
	int log_priority;  /* syslog's */
	const char *group; /* may use the control socket, besides root */
	const char *pid_file;
	struct engine_settings engine; /* node and join_seed stay 0 */
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_DONE,  /* help or version was printed: exit 0 */
	OPTIONS_WRONG, /* said why on standard error: exit 2 */
};

/* Strings in *options point into argv. */
enum options_result options_parse(int argc, char **argv, struct options *options);

#endif
