/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "config.h"
#include "daemons/clogd/log.h"
#include "daemons/clogd/runtime_internal.h"
#include "daemons/clogd/status_json.h"

#define NAMES_WAIT_NS (500ULL * 1000 * 1000)

/* --- status --- */

static char *make_status(const struct runtime *runtime)
{
	struct status_sources sources = {
		.engine = runtime->engine,
		.netlink = runtime->netlink ? netlink_counters(runtime->netlink) : NULL,
		.devices = runtime->devices,
		.version = PACKAGE_VERSION,
		.uptime_seconds = (clock_now_ms() - runtime->started_ms) / 1000,
	};

	return status_json(&sources);
}

/* One status serves all that wait. */
static void answer_waiting(struct runtime *runtime)
{
	struct verbs *verbs = &runtime->verbs;
	char *text;

	if (!verbs->waiting_count)
		return;
	text = make_status(runtime);
	while (verbs->waiting_count)
		ctl_server_answer(runtime->ctl, verbs->waiting[--verbs->waiting_count], CTL_FINE,
				  memory_string(text));
	free(text);
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

	runtime->verbs.timer = 0;
	answer_waiting(runtime);
}

/*
 * The names come from device-mapper, which may be stuck just when an operator
 * asks for the status: then the names of the last time have to do.
 */
static void run_status(struct runtime *runtime, uint64_t call)
{
	struct verbs *verbs = &runtime->verbs;

	if (verbs->waiting_count == VERBS_WAITING_MAX)
		answer_waiting(runtime);
	verbs->waiting[verbs->waiting_count++] = call;
	if (!verbs->timer)
		(void)qb_loop_timer_add(runtime->loop, QB_LOOP_MED, NAMES_WAIT_NS, runtime,
					names_are_late, &verbs->timer);
	devices_refresh(runtime->devices);
}

/* --- fenced --- */

static void answer(struct runtime *runtime, uint64_t call, enum ctl_status status, const char *text)
{
	ctl_server_answer(runtime->ctl, call, status, memory_string(text));
}

static bool parse_node(const char *text, uint32_t *node)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	*node = (uint32_t)value;
	return *text >= '0' && *text <= '9' && !*end && !errno && value && value <= UINT32_MAX;
}

static void run_fenced(struct runtime *runtime, uint64_t call, const char *word)
{
	char text[128];
	uint32_t node;

	if (!parse_node(word, &node)) {
		answer(runtime, call, CTL_USAGE,
		       "fenced: a node id is wanted, a number from 1 on\n");
		return;
	}
	if (!runtime->engine || engine_fenced(runtime->engine, clock_now_ms(), node)) {
		(void)snprintf(text, sizeof(text), "no log waits for node %u to be fenced\n", node);
		answer(runtime, call, CTL_ATTENTION, text);
		return;
	}
	log_notice("node %u is fenced, an administrator says", node);
	(void)snprintf(text, sizeof(text), "node %u counts as fenced\n", node);
	answer(runtime, call, CTL_FINE, text);
	runtime_after_input(runtime);
}

void verbs_run(void *context, uint64_t call, const char *line)
{
	static const char fenced[] = "fenced ";
	struct runtime *runtime = context;

	if (strcmp(line, "status") == 0)
		run_status(runtime, call);
	else if (strncmp(line, fenced, sizeof(fenced) - 1) == 0)
		run_fenced(runtime, call, line + sizeof(fenced) - 1);
	else
		answer(runtime, call, CTL_USAGE,
		       "this daemon knows 'status' and 'fenced NODE' only\n");
}
