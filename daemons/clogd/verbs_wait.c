/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs that may have to wait for the names of the devices: "status" and "stop". */
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "config.h"
#include "daemons/clogd/log.h"
#include "daemons/clogd/runtime_internal.h"
#include "daemons/clogd/status_json.h"

#define NAMES_WAIT_NS (2000ULL * 1000 * 1000)

static char *make_status(const struct runtime *runtime, enum status_detail detail)
{
	struct status_sources sources = {
		.engine = runtime->engine,
		.netlink = runtime->netlink ? netlink_counters(runtime->netlink) : NULL,
		.devices = runtime->devices,
		.version = PACKAGE_VERSION,
		.log_level = log_level(),
		.uptime_seconds = (clock_now_ms() - runtime->started_ms) / 1000,
		.detail = detail,
	};

	return status_json(&sources);
}

static void answer_waiting(struct runtime *runtime)
{
	struct verbs *verbs = &runtime->verbs;

	while (verbs->waiting_count) {
		const struct verbs_waiting *waiting = &verbs->waiting[--verbs->waiting_count];

		if (waiting->wanted == VERBS_STOP)
			verbs_stop(runtime, waiting->call, false);
		else
			ctl_server_answer(runtime->ctl, waiting->call, CTL_FINE,
					  make_status(runtime, waiting->detail));
	}
}

void verbs_names_ready(struct runtime *runtime)
{
	if (runtime->verbs.timer)
		(void)qb_loop_timer_del(runtime->loop, runtime->verbs.timer);
	runtime->verbs.timer = 0;
	answer_waiting(runtime);
}

static void names_are_late(void *data)
{
	struct runtime *runtime = data;

	turn_take();
	runtime->verbs.timer = 0;
	answer_waiting(runtime);
	turn_give();
}

/*
 * The names come from device-mapper, which may be stuck just when an operator
 * asks for the status: then the names of the last time have to do.
 */
void verbs_wait(struct runtime *runtime, const struct verbs_waiting *waiting)
{
	struct verbs *verbs = &runtime->verbs;

	if (verbs->waiting_count == VERBS_WAITING_MAX)
		answer_waiting(runtime);
	verbs->waiting[verbs->waiting_count++] = *waiting;
	if (!verbs->timer)
		(void)qb_loop_timer_add(runtime->loop, QB_LOOP_MED, NAMES_WAIT_NS, runtime,
					names_are_late, &verbs->timer);
	devices_refresh(runtime->devices);
}
