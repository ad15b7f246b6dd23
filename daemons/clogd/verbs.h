/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the control socket can be asked: "status" and "fenced NODE". */
#ifndef CLOGD_DAEMONS_VERBS_H
#define CLOGD_DAEMONS_VERBS_H

#include <qb/qbloop.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VERBS_WAITING_MAX 32 /* the control socket has no more clients */

struct runtime;

/* Status calls that wait for the names of the devices. */
struct verbs {
	uint64_t waiting[VERBS_WAITING_MAX];
	size_t waiting_count;
	qb_loop_timer_handle timer;
};

/* A request line of the control socket; `context` is the runtime. */
void verbs_run(void *context, uint64_t call, const char *line);
/* The names are fresh. */
void verbs_names_ready(struct runtime *runtime);

#endif
