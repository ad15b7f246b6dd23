/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/text_append.h"
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

static void add_sync(char *line, const struct count *count)
{
	/* Rounded down: 100 % is all of it. */
	unsigned percent = (unsigned)(count->in_sync * 100 / count->regions);

	if (count->unsynced == 1)
		text_append(line, SUMMARY_SIZE, ", %s %u%% in sync", count->name, percent);
	else
		text_append(line, SUMMARY_SIZE, ", %zu out of sync (%u%%)", count->unsynced,
			    percent);
}

static void add_mirrors(char *line, const struct count *count, bool fencing)
{
	if (count->live == 0) {
		text_append(line, SUMMARY_SIZE, "; no mirrors");
		return;
	}
	text_append(line, SUMMARY_SIZE, "; %zu mirror%s", count->live, count->live == 1 ? "" : "s");
	if (count->failed)
		text_append(line, SUMMARY_SIZE, ", log device of %zu failed", count->failed);
	if (fencing && count->fencing)
		text_append(line, SUMMARY_SIZE, ", %zu wait for fencing", count->fencing);
	if (count->unsynced)
		add_sync(line, count);
	else
		text_append(line, SUMMARY_SIZE, ", all in sync");
}

bool summary_write(const struct runtime *runtime, char *line)
{
	struct count count = {.devices = runtime->devices};
	struct engine_status status;

	*line = '\0';
	if (!runtime->engine) {
		text_append(line, SUMMARY_SIZE, "waiting for Corosync");
		return true;
	}
	engine_status(runtime->engine, &status);
	engine_status_logs(runtime->engine, &count, count_log);
	text_append(line, SUMMARY_SIZE, "node %" PRIu32 ": ", status.node);
	if (!status.member_count)
		text_append(line, SUMMARY_SIZE, "waiting for Corosync");
	else if (status.rivals.count)
		text_append(line, SUMMARY_SIZE, "half of the cluster, writes wait for fencing");
	else if (!status.quorate)
		text_append(line, SUMMARY_SIZE, "no quorum, writes wait");
	else if (!status.joined)
		text_append(line, SUMMARY_SIZE, "joining the cluster");
	else
		text_append(line, SUMMARY_SIZE, "quorate, %zu node%s", status.member_count,
			    status.member_count == 1 ? "" : "s");
	add_mirrors(line, &count, status.quorate && status.settings->fencing);
	return !count.nameless;
}
