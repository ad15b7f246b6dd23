/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the control socket can be asked:
 *   status            JSON: this node and all logs
 *   status brief      the same, without the counters of logs
 *   status digests    the same as "status", with digests of the replicated state
 *   map UUID CELLS    JSON: the regions of a log, in at most CELLS cells
 *   fenced NODE       that node cannot write any more
 *   dump              writes the flight recorder; the answer is the file's path
 *   log-level         the answer is a level
 *   log-level LEVEL   sets it
 *   stop              ends the daemon; refused, with their names, while mirrors are live
 *   stop force        not refused
 */
#ifndef CLOGD_DAEMONS_VERBS_H
#define CLOGD_DAEMONS_VERBS_H

#include <qb/qbloop.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemons/clogd/status_json.h"

#define VERBS_WAITING_MAX 32 /* the control socket has no more clients */

struct runtime;

/* Calls that wait for the names of the devices. */
enum verbs_wanted { VERBS_STATUS, VERBS_STOP };
struct verbs_waiting {
	uint64_t call;
	enum verbs_wanted wanted;
	enum status_detail detail;
};
struct verbs {
	struct verbs_waiting waiting[VERBS_WAITING_MAX];
	size_t waiting_count;
	qb_loop_timer_handle timer;
};

/* A request line of the control socket; `context` is the runtime. */
void verbs_run(void *context, uint64_t call, const char *line);
/* The names are fresh. */
void verbs_names_ready(struct runtime *runtime);

/* Of verbs_wait.c, for verbs.c: answered with fresh names, if device-mapper tells them in time. */
void verbs_wait(struct runtime *runtime, const struct verbs_waiting *waiting);
/* Of verbs_stop.c: stops, or refuses, at once. */
void verbs_stop(struct runtime *runtime, uint64_t call, bool forced);

#endif
