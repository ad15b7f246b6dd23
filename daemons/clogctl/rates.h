/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How fast logs get in sync and are asked, over the last seconds of statuses. The time is the caller's. */
#ifndef CLOGD_CLOGCTL_RATES_H
#define CLOGD_CLOGCTL_RATES_H

#include <stdbool.h>
#include <stdint.h>

#include "daemons/clogctl/status.h"

struct rates;

struct rates *rates_new(void);
void rates_free(struct rates *rates);
/* Logs that are not in the status are forgotten. */
void rates_add(struct rates *rates, uint64_t now_ms, const struct status *status);

struct log_rate {
	bool known;                     /* there are two moments to compare */
	uint64_t sync_bytes_per_second; /* 0: nothing gets in sync */
	uint64_t seconds_left;          /* until all is in sync; only with a rate */
	double requests_per_second;     /* of this node's kernel */
};
struct log_rate rates_of(const struct rates *rates, const char *uuid);

#endif
