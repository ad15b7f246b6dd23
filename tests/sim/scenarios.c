/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/scenarios.h"
int scenarios_run(const char *name, FILE *trace) { (void)name; (void)trace; return 0; }
