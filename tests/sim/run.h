/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One seed: hurt the cluster and watch that it keeps its promises, then heal it and watch that it recovers. */
#ifndef CLOGD_SIM_RUN_H
#define CLOGD_SIM_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/counts.h"
#include "tests/sim/settings.h"
#include "tests/sim/trace.h"

struct world;

struct run_result {
	bool failed;
	char failure[512];
	uint64_t virtual_us;
	uint64_t operations;
	uint64_t steps;
	struct counts counts;
};

void run_seed(const struct settings *settings, const struct trace *trace,
	      struct run_result *result);
/* The checkers that look at the whole world now and then. */
void run_start_checks(struct world *world);
/* No more faults; fails the world unless all comes to be well. */
void run_converge(struct world *world);

#endif
