/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/summary.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemons/clogd/runtime_internal.h"

/* What the mirrors that are in use on this node add up to. */
struct count {
	const struct devices *devices;
	size_t live;
	size_t failed;
	size_t fencing; /* wait for a node to be fenced */
	size_t unsynced;
	uint64_t regions; /* of those that are out of sync */
	uint64_t in_sync;
	char name[64]; /* of one that is out of sync */
	bool nameless; /* it has the uuid there */
};

static void count_log(void *context, const struct engine_log_status *log)
{
	struct count *count = context;
	const char *name = device_name(count->devices, log->uuid);

	if (log->instance_count == 0)
		return;
	count->live++;
	count->failed += strcmp(log->state, "failed") == 0;
	count->fencing += log->waits_for_fencing;
	if (log->in_sync == log->regions)
		return;
	count->unsynced++;
	count->regions += log->regions;
	count->in_sync += log->in_sync;
	count->nameless = !*name;
	(void)snprintf(count->name, sizeof(count->name), "%.60s", *name ? name : log->uuid);
}

__attribute__((format(printf, 2, 3))) static void add(char *line, const char *format, ...)
{
	size_t length = strlen(line);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line + length, SUMMARY_SIZE - length, format, arguments);
	va_end(arguments);
}

static void add_sync(char *line, const struct count *count)
{
	/* Rounded down: 100 % is all of it. */
	unsigned percent = (unsigned)(count->in_sync * 100 / count->regions);

	if (count->unsynced == 1)
		add(line, ", %s %u%% in sync", count->name, percent);
	else
		add(line, ", %zu out of sync (%u%%)", count->unsynced, percent);
}

static void add_mirrors(char *line, const struct count *count, bool fencing)
{
	if (count->live == 0) {
		add(line, "; no mirrors");
		return;
	}
	add(line, "; %zu mirror%s", count->live, count->live == 1 ? "" : "s");
	if (count->failed)
		add(line, ", log device of %zu failed", count->failed);
	if (fencing && count->fencing)
		add(line, ", %zu wait for fencing", count->fencing);
	if (count->unsynced)
		add_sync(line, count);
	else
		add(line, ", all in sync");
}

bool summary_write(const struct runtime *runtime, char *line)
{
	struct count count = {.devices = runtime->devices};
	struct engine_status status;

	*line = '\0';
	if (!runtime->engine) {
		add(line, "waiting for Corosync");
		return true;
	}
	engine_status(runtime->engine, &status);
	engine_status_logs(runtime->engine, &count, count_log);
	add(line, "node %" PRIu32 ": ", status.node);
	if (!status.member_count)
		add(line, "waiting for Corosync");
	else if (status.rivals.count)
		add(line, "half of the cluster, writes wait for fencing");
	else if (!status.quorate)
		add(line, "no quorum, writes wait");
	else if (!status.joined)
		add(line, "joining the cluster");
	else
		add(line, "quorate, %zu node%s", status.member_count,
		    status.member_count == 1 ? "" : "s");
	add_mirrors(line, &count, status.quorate && status.settings->fencing);
	return !count.nameless;
}
