/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marks and flushes; what ends marks is in retained.h. */
#ifndef CLOGD_CLUSTER_ACTIVITY_H
#define CLOGD_CLUSTER_ACTIVITY_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct locallog;
struct regionset;
struct ulog_request;
struct update;
struct wire_op;

void activity_mark(struct engine *engine, struct locallog *log,
		   const struct ulog_request *request); /* MARK, FLUSH */
bool activity_in_range(const struct locallog *log, const uint64_t *regions, uint32_t count);
uint64_t activity_send(struct engine *engine, struct locallog *log,
		       struct wire_op *op); /* an UPDATE; its ticket */
void activity_ordered(struct engine *engine, struct locallog *log, const struct wire_op *op);
/* Takes an update over: it settles when its ticket is ordered and on the device. */
void activity_await(struct locallog *log, struct update *update);
void activity_settle(struct engine *engine, struct locallog *log);
/* The cluster's state is new: start from what it says of this node. */
void activity_adopt(struct engine *engine, struct locallog *log);
/* Nothing that was sent counts; these marks are sent again under `ticket`. */
void activity_restart(struct engine *engine, struct locallog *log, const struct regionset *marked,
		      uint64_t ticket);
void activity_end(struct engine *engine, struct locallog *log);

#endif
