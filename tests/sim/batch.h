/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs seeds, each in a child, so that a crash is a failed seed and not the end. */
#ifndef CLOGD_SIM_BATCH_H
#define CLOGD_SIM_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "tests/sim/run.h"
#include "tests/sim/trace.h"

/* What is told of each seed, in their order. A crash, and a run without end, are failures. */
typedef void (*batch_seen)(void *context, uint64_t seed, const struct run_result *result);

void batch_run(const uint64_t *seeds, size_t count, batch_seen seen, void *context);
/* `count` seeds from `first` on. */
void batch_run_range(uint64_t first, size_t count, batch_seen seen, void *context);
/* One seed in this process. */
void batch_run_here(uint64_t seed, const struct trace *trace, struct run_result *result);
/* Of this process and its children. */
double batch_cpu_seconds(void);

#endif
