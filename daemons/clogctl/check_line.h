/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one line of a monitoring plugin: a word for the state, what is wrong, and performance data. */
#ifndef CLOGD_CLOGCTL_CHECK_LINE_H
#define CLOGD_CLOGCTL_CHECK_LINE_H

#include <stdio.h>

#include "daemons/clogctl/status.h"

enum check_state { CHECK_OK, CHECK_WARNING, CHECK_CRITICAL, CHECK_UNKNOWN }; /* exit statuses */

/* Of the logs in the status; with its newline. */
enum check_state check_print(const struct status *status, FILE *out);
/* Where there is no status: why. */
void check_print_failure(enum check_state state, const char *why, FILE *out);

#endif
