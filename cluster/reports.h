/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines for an operator. */
#ifndef CLOGD_CLUSTER_REPORTS_H
#define CLOGD_CLUSTER_REPORTS_H

#include <stdint.h>

struct engine;
struct locallog;

void reports_quorum_lost(struct engine *engine);
void reports_rivals(struct engine *engine);
void reports_thawed(struct engine *engine);
/* Before the death is applied. */
void reports_node_down(struct engine *engine, uint32_t node);
/* The state may have changed. */
void reports_follow(struct engine *engine, struct locallog *log);

#endif
