/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogctl/metrics_text.h"

#include <inttypes.h>
#include <string.h>

#include "daemons/clogctl/trouble.h"

#define PREFIX "clogd_"

/* --- the format --- */

struct family {
	const char *name; /* without the prefix, and for counters without "_total" */
	const char *type;
	const char *unit; /* the end of the name; "" for none */
	const char *help;
};

static void print_family(const struct family *family, FILE *out)
{
	fprintf(out, "# TYPE " PREFIX "%s %s\n", family->name, family->type);
	if (*family->unit)
		fprintf(out, "# UNIT " PREFIX "%s %s\n", family->name, family->unit);
	fprintf(out, "# HELP " PREFIX "%s %s\n", family->name, family->help);
}

static void print_escaped(const char *text, FILE *out)
{
	for (; *text; text++)
		switch (*text) {
		case '\\':
			fputs("\\\\", out);
			break;
		case '"':
			fputs("\\\"", out);
			break;
		case '\n':
			fputs("\\n", out);
			break;
		default:
			fputc(*text, out);
		}
}

static void print_label(const char *name, const char *value, bool first, FILE *out)
{
	fprintf(out, "%s%s=\"", first ? "" : ",", name);
	print_escaped(value, out);
	fputc('"', out);
}

/* The beginning of a sample of a log, up to where more labels may follow. */
static void begin_log_sample(const char *name, const char *suffix, const struct log_status *log,
			     FILE *out)
{
	fprintf(out, PREFIX "%s%s{", name, suffix);
	print_label("log", log_title(log), true, out);
	print_label("uuid", log->uuid, false, out);
}

/* --- the node --- */

static void print_node_gauge(const char *name, const char *unit, const char *help, uint64_t value,
			     FILE *out)
{
	struct family family = {name, "gauge", unit, help};

	print_family(&family, out);
	fprintf(out, PREFIX "%s %" PRIu64 "\n", name, value);
}

static void print_build(const struct node_status *node, FILE *out)
{
	static const struct family family = {"build_info", "gauge", "",
					     "The daemon that answers; always 1."};
	char number[24];

	print_family(&family, out);
	fputs(PREFIX "build_info{", out);
	print_label("version", node->version, true, out);
	(void)snprintf(number, sizeof(number), "%" PRIu64, node->protocol);
	print_label("protocol", number, false, out);
	(void)snprintf(number, sizeof(number), "%" PRIu64, node->id);
	print_label("node", number, false, out);
	fputs("} 1\n", out);
}

static void print_hold(const struct node_status *node, FILE *out)
{
	static const struct family family = {
		"hold_seconds", "gauge", "seconds",
		"How long a region stays marked after its last write."};

	print_family(&family, out);
	fprintf(out, PREFIX "hold_seconds %" PRIu64 ".%03" PRIu64 "\n", node->hold_ms / 1000,
		node->hold_ms % 1000);
}

static const struct {
	const char *name;
	const char *help;
} counter_helps[] = {
	/* of the node */
	{"malformed_messages", "Messages of other nodes that were refused."},
	{"kernel_requests", "Requests of the kernel."},
	{"kernel_constructors", "Tables that the kernel has loaded or brought back."},
	{"kernel_replies", "Answers to the kernel."},
	{"kernel_malformed", "Requests of the kernel that were refused."},
	{"kernel_foreign", "Datagrams of other programs, which were ignored."},
	{"kernel_overruns", "Times that the kernel had to drop requests; it repeats them."},
	{"kernel_replies_lost", "Answers that the kernel did not take."},
	{"devices_cycled", "Devices suspended and resumed so that the kernel asks anew."},
	{"device_cycles_busy", "Of these, left to who had suspended the device."},
	{"device_cycles_failed", "Of these, failed."},
	{"devices_woken", "Reads that made a kernel ask for work."},
	/* of a log */
	{"requests", "Requests of this node's kernel."},
	{"marks", "Regions that the kernel was about to write."},
	{"marks_retained", "Of them, those that were still marked and cost nothing."},
	{"clears", "Regions that the kernel has written."},
	{"flushes", "Requests to make marks safe before a write."},
	{"flushes_at_once", "Of them, those that had nothing to wait for."},
	{"operations_sent", "Operations sent to the cluster."},
	{"log_device_writes", "Writes to the log device."},
	{"log_device_errors", "Writes to the log device that failed."},
	{"regions_recovered", "Regions copied by this node."},
	{"requests_held", "Requests that had to wait for quorum or for the cluster's state."},
};

static const char *counter_help(const char *name)
{
	for (size_t i = 0; i < sizeof(counter_helps) / sizeof(counter_helps[0]); i++)
		if (strcmp(counter_helps[i].name, name) == 0)
			return counter_helps[i].help;
	return "A count of this daemon.";
}

static void print_node_counters(const struct node_status *node, FILE *out)
{
	for (size_t i = 0; i < node->counters.count; i++) {
		const struct counter *counter = &node->counters.entries[i];
		struct family family = {counter->name, "counter", "", counter_help(counter->name)};

		print_family(&family, out);
		fprintf(out, PREFIX "%s_total %" PRIu64 "\n", counter->name, counter->value);
	}
}

static void print_node(const struct status *status, FILE *out)
{
	const struct node_status *node = &status->node;

	print_build(node, out);
	print_node_gauge("uptime_seconds", "seconds", "How long the daemon runs.",
			 node->uptime_seconds, out);
	print_node_gauge("quorate", "", "1 when the node has quorum.", node->quorate, out);
	print_node_gauge("joined", "", "1 when the node has the state of the cluster.",
			 node->joined, out);
	print_node_gauge("members", "", "Nodes whose daemons are in the group.",
			 node->members.count, out);
	print_node_gauge("logs", "", "Logs that the cluster has in use.", status->log_count, out);
	print_node_gauge("window_regions", "regions",
			 "Regions of a log that stay marked after their last write, at most.",
			 node->window_regions, out);
	print_hold(node, out);
	print_node_counters(node, out);
}

/* --- logs: a gauge each --- */

static uint64_t region_bytes(const struct log_status *log)
{
	return log->region_bytes;
}

static uint64_t regions(const struct log_status *log)
{
	return log->regions;
}

static uint64_t in_sync(const struct log_status *log)
{
	return log->in_sync;
}

static uint64_t dirty(const struct log_status *log)
{
	return log->dirty;
}

static uint64_t retained(const struct log_status *log)
{
	return log->retained;
}

static uint64_t attached(const struct log_status *log)
{
	return log->attached.count;
}

static uint64_t recovering(const struct log_status *log)
{
	return log->recovering.count;
}

static uint64_t lost(const struct log_status *log)
{
	return log->lost.count;
}

static uint64_t health(const struct log_status *log)
{
	return !log->device_is_dead;
}

static uint64_t severity(const struct log_status *log)
{
	return log_severity(log);
}

static const struct {
	struct family family;
	uint64_t (*value)(const struct log_status *log);
	bool disk_only; /* of logs with a device */
} gauges[] = {
	{{"log_regions", "gauge", "regions", "Regions of the mirror."}, regions, false},
	{{"log_region_size_bytes", "gauge", "bytes", "Bytes of a region."}, region_bytes, false},
	{{"log_in_sync_regions", "gauge", "regions", "Regions whose copies are the same."},
	 in_sync,
	 false},
	{{"log_unsynced_bytes", "gauge", "bytes", "What is left to copy."},
	 log_unsynced_bytes,
	 false},
	{{"log_dirty_regions", "gauge", "regions",
	  "Regions marked by any node: copied again if all nodes died now."},
	 dirty,
	 false},
	{{"log_retained_regions", "gauge", "regions",
	  "Regions that this node keeps marked after their last write."},
	 retained,
	 false},
	{{"log_attached_nodes", "gauge", "nodes", "Nodes that use the mirror."}, attached, false},
	{{"log_recovering_nodes", "gauge", "nodes", "Nodes that copy regions now."},
	 recovering,
	 false},
	{{"log_lost_nodes", "gauge", "nodes", "Dead nodes that are waited for to be fenced."},
	 lost,
	 false},
	{{"log_device_healthy", "gauge", "", "1 while the log device can be written."},
	 health,
	 true},
	{{"log_severity", "gauge", "", "0 fine, 1 warning, 2 critical, as clogctl check has it."},
	 severity,
	 false},
};

static void print_gauges(const struct status *status, FILE *out)
{
	for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++) {
		print_family(&gauges[i].family, out);
		for (size_t j = 0; j < status->log_count; j++) {
			const struct log_status *log = &status->logs[j];

			if (gauges[i].disk_only && !*log->device)
				continue;
			begin_log_sample(gauges[i].family.name, "", log, out);
			fprintf(out, "} %" PRIu64 "\n", gauges[i].value(log));
		}
	}
}

static void print_ratio(const struct status *status, FILE *out)
{
	static const struct family family = {"log_in_sync_ratio", "gauge", "ratio",
					     "Part of the regions that is in sync, 0 to 1."};

	print_family(&family, out);
	for (size_t i = 0; i < status->log_count; i++) {
		const struct log_status *log = &status->logs[i];

		if (!log->regions)
			continue;
		begin_log_sample(family.name, "", log, out);
		fprintf(out, "} %.9g\n", (double)log->in_sync / (double)log->regions);
	}
}

static void print_states(const struct status *status, FILE *out)
{
	static const char *const states[] = {"active", "joining", "suspended", "frozen", "failed"};
	static const struct family family = {"log_state", "gauge", "",
					     "1 for the state that the log is in on this node."};

	print_family(&family, out);
	for (size_t i = 0; i < status->log_count; i++)
		for (size_t j = 0; j < sizeof(states) / sizeof(states[0]); j++) {
			begin_log_sample(family.name, "", &status->logs[i], out);
			print_label("state", states[j], false, out);
			fprintf(out, "} %d\n", strcmp(status->logs[i].state, states[j]) == 0);
		}
}

static void print_marked(const struct status *status, FILE *out)
{
	static const struct family family = {
		"log_marked_regions", "gauge", "regions",
		"Regions marked by a node: copied again if it died now."};

	print_family(&family, out);
	for (size_t i = 0; i < status->log_count; i++) {
		const struct log_status *log = &status->logs[i];

		for (size_t j = 0; j < log->marked.count; j++) {
			char node[24];

			(void)snprintf(node, sizeof(node), "%" PRIu64, log->marked.entries[j].node);
			begin_log_sample(family.name, "", log, out);
			print_label("node", node, false, out);
			fprintf(out, "} %" PRIu64 "\n", log->marked.entries[j].regions);
		}
	}
}

/* --- logs: counters, which only logs of this node have --- */

static const struct counter *find_counter(const struct log_status *log, const char *name)
{
	for (size_t i = 0; i < log->counters.count; i++)
		if (strcmp(log->counters.entries[i].name, name) == 0)
			return &log->counters.entries[i];
	return NULL;
}

/* All samples of a family stand together, so the counters are gone through name by name. */
static void print_counter(const struct status *status, const char *name, FILE *out)
{
	char family_name[128];
	struct family family = {family_name, "counter", "", counter_help(name)};

	(void)snprintf(family_name, sizeof(family_name), "%s%s",
		       strncmp(name, "log_", 4) == 0 ? "" : "log_", name);
	print_family(&family, out);
	for (size_t i = 0; i < status->log_count; i++) {
		const struct counter *counter = find_counter(&status->logs[i], name);

		if (!counter)
			continue;
		begin_log_sample(family_name, "_total", &status->logs[i], out);
		fprintf(out, "} %" PRIu64 "\n", counter->value);
	}
}

static bool seen_before(const struct status *status, size_t end, const char *name)
{
	for (size_t i = 0; i < end; i++)
		if (find_counter(&status->logs[i], name))
			return true;
	return false;
}

static bool has_same_counters(const struct log_status *log, const struct log_status *other)
{
	if (log->counters.count != other->counters.count)
		return false;
	for (size_t i = 0; i < log->counters.count; i++)
		if (strcmp(log->counters.entries[i].name, other->counters.entries[i].name) != 0)
			return false;
	return true;
}

static void print_counters(const struct status *status, FILE *out)
{
	for (size_t i = 0; i < status->log_count; i++) {
		const struct log_status *log = &status->logs[i];

		if (i && has_same_counters(log, &status->logs[i - 1]))
			continue;
		for (size_t j = 0; j < log->counters.count; j++)
			if (!seen_before(status, i, log->counters.entries[j].name))
				print_counter(status, log->counters.entries[j].name, out);
	}
}

void metrics_print(const struct status *status, FILE *out)
{
	print_node(status, out);
	print_gauges(status, out);
	print_ratio(status, out);
	print_states(status, out);
	print_marked(status, out);
	print_counters(status, out);
	fputs("# EOF\n", out);
}
