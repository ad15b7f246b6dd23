/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What waits for a log device that failed: with block_on_error it is held until the device works again or the table is
 * being replaced, else it gets -EIO.
 */
#ifndef CLOGD_CLUSTER_LOGFAILURE_H
#define CLOGD_CLUSTER_LOGFAILURE_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct instance;
struct locallog;
struct ulog_request;

/* The log failed, and what would wait for its device is not held. */
bool logfailure_is_answered(const struct engine *engine, const struct locallog *log);
void logfailure_answer(struct engine *engine, struct locallog *log,
		       const struct ulog_request *request);
/* Of an instance that becomes active; 0 where each PRESUSPEND is heard. */
uint64_t logfailure_unheard_until(const struct engine *engine, const struct instance *instance);
/* Answers what waits and is not to be held (any more). */
void logfailure_answer_unheld(struct engine *engine, struct locallog *log);

#endif
