/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying: what the kernel is told and given, and when its device has to be suspended and resumed for it. */
#ifndef CLOGD_CLUSTER_RECOVERY_H
#define CLOGD_CLUSTER_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct instance;
struct locallog;
struct ulog_request;
struct wire_op;

void recovery_get_work(struct engine *engine, struct locallog *log, struct instance *instance,
		       const struct ulog_request *request);
void recovery_set_sync(struct engine *engine, struct locallog *log, struct instance *instance,
		       const struct ulog_request *request);
void recovery_is_remote(struct engine *engine, struct locallog *log, struct instance *instance,
			const struct ulog_request *request);
bool recovery_in_sync(struct engine *engine, struct locallog *log, struct instance *instance,
		      uint32_t region);
void recovery_ordered(struct engine *engine, struct locallog *log, const struct wire_op *op);
void recovery_report_done(struct engine *engine, struct locallog *log, uint32_t want);
/* The kernel stops copying: what it was handed goes back. */
void recovery_stop(struct engine *engine, struct locallog *log);
void recovery_tick(struct engine *engine, struct locallog *log);

/* recovery_turn.c: a log that asks for a write of its own again and again must not keep another one from asking */
bool recovery_lets_others_ask(const struct engine *engine, const struct locallog *log);
uint64_t recovery_turn_deadline(const struct locallog *log); /* UINT64_MAX: none */
void recovery_end_turn(struct engine *engine, struct locallog *log);

/* recovery_cycle.c: has the device suspended and resumed when its kernel needs it */
void recovery_check_hint(struct engine *engine, struct locallog *log);
void recovery_cycled(struct engine *engine, struct locallog *log, int result);

#endif
