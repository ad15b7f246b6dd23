/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How an administrator names a log. */
#ifndef CLOGD_CLOGCTL_FIND_LOG_H
#define CLOGD_CLOGCTL_FIND_LOG_H

#include "daemons/clogctl/status.h"

/*
 * The log with that device-mapper name (a path below /dev/mapper too), that
 * UUID, or else the only one whose UUID ends so. NULL with a line in
 * reason[] that begins with the word: that there is none, or which fit.
 */
const struct log_status *find_log(const struct status *status, const char *word, char *reason,
				  size_t reason_size);

/* Keeps these logs only, in the order of the words; all when there is no word. 0, or -ENOENT with a reason. */
int find_logs(struct status *status, char *const *words, size_t word_count, char *reason,
	      size_t reason_size);

#endif
