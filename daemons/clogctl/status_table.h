/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's status, for people. */
#ifndef CLOGD_CLOGCTL_STATUS_TABLE_H
#define CLOGD_CLOGCTL_STATUS_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "daemons/clogctl/status.h"

/* A line for the node. */
void status_print_node(const struct status *status, bool colour, FILE *out);
/* The node, a line for each log, and a line for each thing that somebody has to act on. */
void status_print(const struct status *status, bool colour, FILE *out);
/* Everything about one log. */
void status_print_log(const struct status *status, const struct log_status *log, bool colour,
		      FILE *out);

#endif
