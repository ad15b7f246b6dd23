/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon and its mirrors in one line, for an operator who looks at `systemctl status`. */
#ifndef CLOGD_DAEMONS_SUMMARY_H
#define CLOGD_DAEMONS_SUMMARY_H

#include <stdbool.h>

struct runtime;

#define SUMMARY_SIZE 256

/* At most SUMMARY_SIZE with its zero byte; no newline. False when a name that it wants is not known. */
bool summary_write(const struct runtime *runtime, char *line);

#endif
