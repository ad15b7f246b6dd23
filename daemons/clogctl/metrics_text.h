/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The status as OpenMetrics text, for Prometheus and its like. Only types are
 * used that the older text format knows too (gauge, counter), so that the file
 * collector of node_exporter reads it.
 */
#ifndef CLOGD_CLOGCTL_METRICS_TEXT_H
#define CLOGD_CLOGCTL_METRICS_TEXT_H

#include <stdio.h>

#include "daemons/clogctl/status.h"

void metrics_print(const struct status *status, FILE *out);

#endif
