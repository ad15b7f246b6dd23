/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the engine wants its next tick: an input is about this log, or may be
 * about any; settled when it is done.
 */
#ifndef CLOGD_CLUSTER_DEADLINE_H
#define CLOGD_CLUSTER_DEADLINE_H

struct engine;
struct locallog;

void deadline_of_log_changes(struct engine *engine, const struct locallog *log);
void deadline_of_all_changes(struct engine *engine);
void deadline_log_is_gone(struct engine *engine, const struct locallog *log);
void deadline_settle(struct engine *engine);

#endif
