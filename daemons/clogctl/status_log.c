/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything about one log, a line a subject. */
#include <inttypes.h>
#include <string.h>

#include "common/text_append.h"
#include "daemons/clogctl/status_table.h"
#include "daemons/clogctl/text.h"
#include "daemons/clogctl/trouble.h"

#define LINE_SIZE 512

static void print_subject(FILE *out, const char *subject, const char *text)
{
	fprintf(out, "  %-13s %s\n", subject, text);
}

/* "128 regions (64.0 MiB)" */
static void append_regions(char *text, const struct log_status *log, uint64_t regions)
{
	char bytes[TEXT_NUMBER];

	text_bytes(bytes, sizeof(bytes), regions * log->region_bytes);
	text_append(text, LINE_SIZE, "%" PRIu64 " region%s (%s)", regions, regions == 1 ? "" : "s",
		    bytes);
}

static void print_state(const struct log_status *log, bool colour, FILE *out)
{
	enum severity severity = log_severity(log);
	char text[LINE_SIZE] = "";

	if (colour)
		text_append(text, sizeof(text), "%s",
			    severity == SEVERITY_FINE      ? TEXT_GREEN
			    : severity == SEVERITY_WARNING ? TEXT_YELLOW
							   : TEXT_RED);
	text_append(text, sizeof(text), "%s%s%s%s", log->state, colour ? TEXT_PLAIN : "",
		    *log->reason ? ": " : "", log->reason);
	print_subject(out, "state", text);
}

static void print_log_device(const struct log_status *log, FILE *out)
{
	char text[LINE_SIZE] = "";

	if (!*log->device) {
		print_subject(out, "log",
			      strcmp(log->type, "clustered-core") == 0
				      ? "in memory (clustered-core)"
				      : "not known on this node (yet)");
		return;
	}
	text_append(text, sizeof(text), "on %s, which is %s (%s)", log->device,
		    log->device_is_dead ? "DEAD" : "alive", log->type);
	if (log->writer)
		text_append(text, sizeof(text), ", written by node %" PRIu64, log->writer);
	print_subject(out, "log", text);
}

static void print_size(const struct log_status *log, FILE *out)
{
	char region[TEXT_NUMBER];
	char text[LINE_SIZE] = "";

	text_bytes(region, sizeof(region), log->region_bytes);
	append_regions(text, log, log->regions);
	text_append(text, sizeof(text), ", each %s (%" PRIu64 " sectors)", region,
		    log->region_bytes / SECTOR_BYTES);
	print_subject(out, "size", text);
}

static void print_sync(const struct log_status *log, FILE *out)
{
	char text[LINE_SIZE];

	text_percent(text, sizeof(text), log->in_sync, log->regions);
	if (log->in_sync < log->regions) {
		text_append(text, sizeof(text), ", left to copy: ");
		append_regions(text, log, log->regions - log->in_sync);
	}
	print_subject(out, "in sync", text);
	if (!log->recovering.count)
		return;
	*text = '\0';
	for (size_t i = 0; i < log->recovering.count; i++)
		text_append(text, sizeof(text), "%snode %" PRIu64 " from region %" PRIu64,
			    i ? ", " : "", log->recovering.entries[i].node,
			    log->recovering.entries[i].regions);
	print_subject(out, "copying", text);
}

/* What is marked is copied again when who marked it dies. */
static void print_marked(const struct log_status *log, FILE *out)
{
	struct node_regions most = log_most_marked(log);
	char text[LINE_SIZE] = "";

	append_regions(text, log, log->dirty);
	for (size_t i = 0; i < log->marked.count; i++)
		text_append(text, sizeof(text), "%snode %" PRIu64 ": %" PRIu64, i ? ", " : "; ",
			    log->marked.entries[i].node, log->marked.entries[i].regions);
	print_subject(out, "marked dirty", text);
	if (!log->dirty)
		return;
	*text = '\0';
	append_regions(text, log, most.regions);
	text_append(text, sizeof(text), " to copy if node %" PRIu64 " died now", most.node);
	if (log->marked.count > 1) {
		text_append(text, sizeof(text), ", ");
		append_regions(text, log, log->dirty);
		text_append(text, sizeof(text), " if all did");
	}
	print_subject(out, "a crash costs", text);
}

static void print_window(const struct node_status *node, const struct log_status *log, FILE *out)
{
	char text[LINE_SIZE] = "";

	if (!node->window_regions) {
		print_subject(out, "window", "none: a region is clean once its writes have ended");
		return;
	}
	text_append(text, sizeof(text), "%" PRIu64 " retained here; at most ", log->retained);
	append_regions(text, log, node->window_regions);
	text_append(text, sizeof(text),
		    " stay marked after their last write, for %" PRIu64 ".%" PRIu64 " s",
		    node->hold_ms / 1000, node->hold_ms % 1000 / 100);
	print_subject(out, "window", text);
}

static void print_troubles(const struct log_status *log, bool colour, FILE *out)
{
	struct trouble troubles[TROUBLES_MAX];
	size_t count = log_troubles(log, troubles);

	for (size_t i = 0; i < count; i++)
		fprintf(out, "  %s%s%s\n",
			!colour                                     ? ""
			: troubles[i].severity == SEVERITY_CRITICAL ? TEXT_RED
								    : TEXT_YELLOW,
			troubles[i].text, colour ? TEXT_PLAIN : "");
}

static void print_counters(const struct log_status *log, FILE *out)
{
	fputs("  since clogd started on this node:\n", out);
	for (size_t i = 0; i < log->counters.count; i++)
		fprintf(out, "    %-20s %" PRIu64 "\n", log->counters.entries[i].name,
			log->counters.entries[i].value);
}

void status_print_log(const struct status *status, const struct log_status *log, bool colour,
		      FILE *out)
{
	char nodes[280];

	fprintf(out, "%s\n", log_title(log));
	print_subject(out, "uuid", log->uuid);
	print_state(log, colour, out);
	print_size(log, out);
	print_sync(log, out);
	print_log_device(log, out);
	text_ids(nodes, sizeof(nodes), &log->attached);
	print_subject(out, "used by nodes", nodes);
	print_marked(log, out);
	print_window(&status->node, log, out);
	print_troubles(log, colour, out);
	if (log->counters.count)
		print_counters(log, out);
}
