/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the engine wants its next tick: an input is about this log, or may be
 * about any; settled when it is done. A log may rest when no passing of time
 * changes anything for it; it rests until an input is about it.
 */
#ifndef CLOGD_CLUSTER_DEADLINE_H
#define CLOGD_CLUSTER_DEADLINE_H

#include <stdbool.h>

struct engine;
struct locallog;

void deadline_of_log_changes(struct engine *engine, struct locallog *log);
void deadline_of_all_changes(struct engine *engine);
void deadline_log_is_gone(struct engine *engine, const struct locallog *log);
void deadline_settle(struct engine *engine);
/* After a tick: what did not rest has been looked at. */
void deadline_recount(struct engine *engine);
bool deadline_log_may_rest(const struct engine *engine, const struct locallog *log);

#endif
