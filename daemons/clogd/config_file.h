/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration file: lines of `name = value`, names as of the long
 * options. A `#` at the start of a line or behind a blank begins a comment.
 */
#ifndef CLOGD_DAEMONS_CONFIG_FILE_H
#define CLOGD_DAEMONS_CONFIG_FILE_H

#include <stdio.h>

#include "daemons/clogd/settings.h"

#define CONFIG_FILE_DEFAULT "/etc/clogd/clogd.conf"

/* The line that each setting was last set in, by its index in settings[]; 0: in none. */
struct config_lines {
	unsigned line[SETTINGS_COUNT];
};

/*
 * Sets what the file says. Each line that is wrong is told of on `errors`, with
 * file, line number and what is allowed. 0; -EINVAL when there was one; or why
 * the file cannot be read, which is left to the caller to tell.
 */
int config_file_read(const char *path, struct options *options, struct config_lines *lines,
		     FILE *errors);

#endif
