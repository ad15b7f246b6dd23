/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What in a status needs an administrator, and what it means. */
#ifndef CLOGD_CLOGCTL_TROUBLE_H
#define CLOGD_CLOGCTL_TROUBLE_H

#include "daemons/clogctl/status.h"

enum severity {
	SEVERITY_FINE,
	SEVERITY_WARNING,  /* it passes by itself, or does no harm yet */
	SEVERITY_CRITICAL, /* I/O stands or fails, or somebody has to act */
};

struct trouble {
	enum severity severity;
	bool in_table;  /* a line of the status table shows it by itself */
	char text[400]; /* one line, without the name of the log */
};

#define TROUBLES_MAX 5

/* The gravest first; returns how many. */
size_t log_troubles(const struct log_status *log, struct trouble *troubles);
enum severity log_severity(const struct log_status *log);

/* FINE with no text when the node is well. */
void node_trouble(const struct node_status *node, struct trouble *trouble);

/* Of the node and of all logs. */
enum severity status_severity(const struct status *status);

#endif
