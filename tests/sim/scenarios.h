/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scripted stories: what broke earlier implementations, and what administrators do every day. */
#ifndef CLOGD_SIM_SCENARIOS_H
#define CLOGD_SIM_SCENARIOS_H

#include <stdio.h>

/* One story by its name, or all of them with NULL. The number of failed ones. */
int scenarios_run(const char *name, FILE *trace);

#endif
