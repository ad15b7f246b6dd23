/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the parts of the runtime: the loop, the engine's ports and the verbs of the control socket. */
#ifndef CLOGD_DAEMONS_RUNTIME_INTERNAL_H
#define CLOGD_DAEMONS_RUNTIME_INTERNAL_H

#include <qb/qbloop.h>

#include "cluster/engine.h"
#include "cluster/group.h"
#include "daemons/clogd/blockio.h"
#include "daemons/clogd/clock.h"
#include "daemons/clogd/ctl_server.h"
#include "daemons/clogd/device.h"
#include "daemons/clogd/netlink.h"
#include "daemons/clogd/options.h"
#include "daemons/clogd/turn.h"
#include "daemons/clogd/verbs.h"
#include "daemons/clogd/workers.h"

struct runtime {
	const struct options *options;
	qb_loop_t *loop;
	int exit_status;
	uint64_t started_ms;

	struct workers *workers;
	struct blockio *blockio;
	struct devices *devices;
	struct group *group;
	struct netlink *netlink; /* NULL until the node's id is known, and once stopping is done */
	struct engine *engine;   /* likewise */
	struct ctl_server *ctl;
	struct verbs verbs;

	int timer;         /* a timerfd */
	uint64_t told_ms;  /* the time that the engine was told last */
	uint64_t armed_ms; /* when it fires */

	bool ready; /* whoever started us was told */
	bool stopping;
};

#define RUNTIME_NEVER UINT64_MAX /* of armed_ms */

/* runtime_inputs.c: callbacks, whose context is the runtime, and the timer's */
void runtime_request(void *context, const struct ulog_request *request);
void runtime_message(void *context, uint32_t node, const void *bytes, size_t size);
void runtime_view(void *context, const struct view *view);
void runtime_quorum(void *context, enum quorum quorum, uint64_t ring, const uint32_t *nodes,
		    size_t node_count);
void runtime_disconnected(void *context);
void runtime_disk_done(void *context, const struct disk_result *result);
void runtime_device_cycled(void *context, const char *uuid, int result);
void runtime_names_ready(void *context);
void runtime_tick(struct runtime *runtime);

/* runtime_ports.c: the engine's ports, with this runtime as their context. */
void runtime_ports_init(struct runtime *runtime, struct engine_ports *ports);
/* After each batch of inputs to the engine, in the loop: starts what it asked for, and sets the timer. */
void runtime_after_input(struct runtime *runtime);

#endif
