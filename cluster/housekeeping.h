/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the lowest live member does for all: it turns what is known outside the
 * order (nodes without a daemon, fencing that nobody waits for) into ordered
 * operations.
 */
#ifndef CLOGD_CLUSTER_HOUSEKEEPING_H
#define CLOGD_CLUSTER_HOUSEKEEPING_H

#include <stdbool.h>
#include <stdint.h>

struct engine;

void housekeeping_run(struct engine *engine);
bool housekeeping_is_due(const struct engine *engine);
uint64_t housekeeping_deadline(const struct engine *engine);

#endif
