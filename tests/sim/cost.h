/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a write costs in clusters of different size: messages, and virtual time. */
#ifndef CLOGD_SIM_COST_H
#define CLOGD_SIM_COST_H

#include <stdio.h>

/* A table. Returns the number of cases that failed or cost more than they may. */
int cost_print(FILE *out);

#endif
