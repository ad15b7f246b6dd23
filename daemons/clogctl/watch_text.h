/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `clogctl watch` shows: a page of a size, or a line a log. */
#ifndef CLOGD_CLOGCTL_WATCH_TEXT_H
#define CLOGD_CLOGCTL_WATCH_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "daemons/clogctl/rates.h"
#include "daemons/clogctl/status.h"

struct watch_page {
	int width, height; /* of the terminal */
	bool colour;
};

/* "[#####.....]" of `width` characters, brackets included; full only when all is there. */
void watch_bar(char *text, size_t size, int width, uint64_t part, uint64_t whole);
/* At most height - 1 lines, none longer than the width: the worst logs first when not all fit. */
void watch_print_page(const struct watch_page *page, const struct status *status,
		      const struct rates *rates, FILE *out);

/* One log in one line, without its newline. */
void watch_line(char *text, size_t size, const struct log_status *log, const struct rates *rates);
/* A line is worth printing when this text is another than before: progress counts by whole percents. */
void watch_key(char *text, size_t size, const struct log_status *log);

#endif
