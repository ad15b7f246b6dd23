/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/verbs.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "daemons/clogd/log.h"
#include "daemons/clogd/map_json.h"
#include "daemons/clogd/process.h"
#include "daemons/clogd/runtime_internal.h"

__attribute__((format(printf, 4, 5))) static void answer(struct runtime *runtime, uint64_t call,
							 enum ctl_status status, const char *format,
							 ...)
{
	char text[2 * CTL_LINE_SIZE];
	va_list values;

	va_start(values, format);
	(void)vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	ctl_server_answer(runtime->ctl, call, status, memory_string(text));
}

static bool parse_number(const char *text, unsigned long long most, unsigned long long *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *number && *number <= most;
}

static void run_status(struct runtime *runtime, uint64_t call, const char *words)
{
	struct verbs_waiting waiting = {.call = call, .wanted = VERBS_STATUS};

	if (!*words)
		waiting.detail = STATUS_WHOLE;
	else if (strcmp(words, "brief") == 0)
		waiting.detail = STATUS_BRIEF;
	else if (strcmp(words, "digests") == 0)
		waiting.detail = STATUS_DIGESTS;
	else {
		answer(runtime, call, CTL_USAGE, "status: '%s' is not 'brief' or 'digests'\n",
		       words);
		return;
	}
	verbs_wait(runtime, &waiting);
}

static void run_map(struct runtime *runtime, uint64_t call, const char *words)
{
	size_t length = strcspn(words, " ");
	const char *cells = words + length + (words[length] ? 1 : 0);
	unsigned long long cells_max;
	char uuid[CTL_LINE_SIZE];
	char *map;

	(void)snprintf(uuid, sizeof(uuid), "%.*s", (int)length, words);
	if (!*uuid || !parse_number(cells, ENGINE_MAP_CELLS_MAX, &cells_max)) {
		answer(runtime, call, CTL_USAGE,
		       "map: a uuid and a number of cells from 1 to %d are wanted\n",
		       ENGINE_MAP_CELLS_MAX);
		return;
	}
	map = runtime->engine ? map_json(runtime->engine, uuid, (size_t)cells_max) : NULL;
	if (map)
		ctl_server_answer(runtime->ctl, call, CTL_FINE, map);
	else
		answer(runtime, call, CTL_ATTENTION, "no node uses a log '%s'\n", uuid);
}

static void run_fenced(struct runtime *runtime, uint64_t call, const char *words)
{
	unsigned long long node;

	if (!parse_number(words, UINT32_MAX, &node)) {
		answer(runtime, call, CTL_USAGE,
		       "fenced: '%s' is not a node id, a number from 1 on\n", words);
		return;
	}
	if (!runtime->engine || engine_fenced(runtime->engine, clock_now_ms(), (uint32_t)node)) {
		answer(runtime, call, CTL_ATTENTION, "no log waits for node %llu to be fenced\n",
		       node);
		return;
	}
	log_notice("node %llu is fenced, an administrator says", node);
	answer(runtime, call, CTL_FINE, "node %llu counts as fenced\n", node);
	runtime_after_input(runtime);
}

static void run_dump(struct runtime *runtime, uint64_t call, const char *words)
{
	int error = *words ? 0 : log_dump(PROCESS_BLACKBOX);

	if (*words)
		answer(runtime, call, CTL_USAGE, "dump: no words are taken\n");
	else if (error)
		answer(runtime, call, CTL_ATTENTION, "%s: %s\n", PROCESS_BLACKBOX,
		       strerror(-error));
	else
		answer(runtime, call, CTL_FINE, "%s\n", PROCESS_BLACKBOX);
}

static void run_log_level(struct runtime *runtime, uint64_t call, const char *words)
{
	int priority = log_priority(words);

	if (*words && priority < 0) {
		answer(runtime, call, CTL_USAGE,
		       "log-level: '%s' is not one of error, warning, notice, info, debug\n",
		       words);
		return;
	}
	if (*words) {
		log_set_priority(priority);
		log_notice("the log level is '%s' from here on", words);
	}
	answer(runtime, call, CTL_FINE, "%s\n", log_level());
}

static void run_stop(struct runtime *runtime, uint64_t call, const char *words)
{
	bool forced = strcmp(words, "force") == 0;

	if (*words && !forced)
		answer(runtime, call, CTL_USAGE, "stop: '%s' is not 'force'\n", words);
	else if (forced)
		verbs_stop(runtime, call, true);
	else
		verbs_wait(runtime, &(struct verbs_waiting){.call = call, .wanted = VERBS_STOP});
}

static const struct {
	const char *name;
	void (*run)(struct runtime *runtime, uint64_t call, const char *words);
} verbs[] = {
	{"status", run_status},       {"map", run_map},
	{"fenced", run_fenced},       {"dump", run_dump},
	{"log-level", run_log_level}, {"stop", run_stop},
};

void verbs_run(void *context, uint64_t call, const char *line)
{
	struct runtime *runtime = context;
	size_t length = strcspn(line, " ");

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strlen(verbs[i].name) == length && strncmp(line, verbs[i].name, length) == 0) {
			verbs[i].run(runtime, call, line + length + (line[length] ? 1 : 0));
			return;
		}
	answer(runtime, call, CTL_USAGE, "this daemon does not know '%.*s'; is it older?\n",
	       (int)length, line);
}
