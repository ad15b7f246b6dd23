/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogctl/watch_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text_append.h"
#include "daemons/clogctl/status_table.h"
#include "daemons/clogctl/text.h"
#include "daemons/clogctl/trouble.h"

#define NAME_MAX_WIDTH 24
#define BAR_MIN        12
#define BAR_MAX        42
#define NAME_MIN_WIDTH 8
#define FIXED_WIDTH    57 /* of all but the name and the bar */
#define FRAME_LINES    4  /* node, empty, titles, and the shell's line below */

void watch_bar(char *text, size_t size, int width, uint64_t part, uint64_t whole)
{
	int cells = width - 2;
	int full = 0;

	if (whole)
		full = part >= whole ? cells : (int)((double)part / (double)whole * cells);
	if (full == cells && part < whole)
		full = cells - 1;
	*text = '\0';
	text_append(text, size, "[");
	for (int i = 0; i < cells; i++)
		text_append(text, size, "%c", i < full ? '#' : '.');
	text_append(text, size, "]");
}

static void describe_rate(char *rate, char *left, size_t size, const struct log_status *log,
			  const struct rates *rates)
{
	struct log_rate of = rates_of(rates, log->uuid);

	(void)snprintf(rate, size, "-");
	(void)snprintf(left, size, "-");
	if (!of.known || log->in_sync >= log->regions)
		return;
	text_bytes(rate, size, of.sync_bytes_per_second);
	text_append(rate, size, "/s");
	if (of.sync_bytes_per_second)
		text_duration(left, size, of.seconds_left);
}

/* --- the page --- */

/* A name that is too long loses its beginning: the end tells UUIDs apart. */
static void short_title(char *text, size_t size, const struct log_status *log, int width)
{
	const char *title = log_title(log);
	size_t length = strlen(title);

	if (length > (size_t)width)
		(void)snprintf(text, size, "..%s", title + length - ((size_t)width - 2));
	else
		(void)snprintf(text, size, "%s", title);
}

static void print_row(const struct watch_page *page, const struct log_status *log,
		      const struct rates *rates, int name_width, int bar_width, FILE *out)
{
	struct log_rate of = rates_of(rates, log->uuid);
	enum severity severity = log_severity(log);
	const char *paint = severity == SEVERITY_CRITICAL  ? TEXT_RED
			    : severity == SEVERITY_WARNING ? TEXT_YELLOW
							   : TEXT_GREEN;
	char name[NAME_MAX_WIDTH + 8];
	char bar[BAR_MAX + 8];
	char percent[TEXT_NUMBER];
	char rate[TEXT_NUMBER];
	char left[TEXT_NUMBER];

	short_title(name, sizeof(name), log, name_width);
	watch_bar(bar, sizeof(bar), bar_width, log->in_sync, log->regions);
	text_percent(percent, sizeof(percent), log->in_sync, log->regions);
	describe_rate(rate, left, sizeof(rate), log, rates);
	fprintf(out, "%-*s  %s%-9s %s %6s%s %12s %11s %6" PRIu64 " %5.0f\n", name_width, name,
		page->colour ? paint : "", log->state, bar, percent, page->colour ? TEXT_PLAIN : "",
		rate, left, log->dirty, of.requests_per_second);
}

static int compare_worst(const void *one, const void *other)
{
	const struct log_status *a = one;
	const struct log_status *b = other;
	int order = (int)log_severity(b) - (int)log_severity(a);

	return order ? order : strcmp(log_title(a), log_title(b));
}

/* In the order of the status where all fit, else the worst first. A copy, owned by the caller. */
static struct log_status *order_logs(const struct status *status, size_t rows)
{
	size_t bytes = status->log_count * sizeof(*status->logs);
	struct log_status *logs = memory_copy(status->logs, bytes);

	if (rows < status->log_count)
		qsort(logs, status->log_count, sizeof(*logs), compare_worst);
	return logs;
}

static int clamp(int value, int least, int most)
{
	return value < least ? least : value > most ? most : value;
}

static int name_width_for(const struct watch_page *page, const struct status *status)
{
	int width = (int)strlen("NAME");

	for (size_t i = 0; i < status->log_count; i++) {
		int length = (int)strlen(log_title(&status->logs[i]));

		if (length > width)
			width = length;
	}
	return clamp(width, NAME_MIN_WIDTH,
		     clamp(page->width - FIXED_WIDTH - BAR_MIN, NAME_MIN_WIDTH, NAME_MAX_WIDTH));
}

/* How many logs get a row: one line is kept to say how many do not. */
static size_t rows_for(const struct watch_page *page, size_t logs)
{
	size_t room = page->height > FRAME_LINES + 1 ? (size_t)(page->height - FRAME_LINES) : 1;

	return logs <= room ? logs : room - (room > 1 ? 1 : 0);
}

void watch_print_page(const struct watch_page *page, const struct status *status,
		      const struct rates *rates, FILE *out)
{
	int name_width = name_width_for(page, status);
	int bar_width = clamp(page->width - name_width - FIXED_WIDTH, BAR_MIN, BAR_MAX);
	size_t rows = rows_for(page, status->log_count);
	struct log_status *logs;

	status_print_node(status, page->colour, out);
	if (!status->log_count) {
		fputs("no logs\n", out);
		return;
	}
	fprintf(out, "\n%-*s  %-9s %-*s %12s %11s %6s %5s\n", name_width, "NAME", "STATE",
		bar_width + 7, "IN SYNC", "COPY RATE", "TIME LEFT", "DIRTY", "REQ/s");
	logs = order_logs(status, rows);
	for (size_t i = 0; i < rows; i++)
		print_row(page, &logs[i], rates, name_width, bar_width, out);
	if (rows < status->log_count)
		fprintf(out, "and %zu more, none in a worse state\n", status->log_count - rows);
	free(logs);
}

/* --- lines --- */

void watch_line(char *text, size_t size, const struct log_status *log, const struct rates *rates)
{
	struct trouble troubles[TROUBLES_MAX];
	size_t count = log_troubles(log, troubles);
	char percent[TEXT_NUMBER];
	char nodes[280];
	char rate[TEXT_NUMBER];
	char left[TEXT_NUMBER];

	text_percent(percent, sizeof(percent), log->in_sync, log->regions);
	text_nodes(nodes, sizeof(nodes), &log->attached);
	describe_rate(rate, left, sizeof(rate), log, rates);
	(void)snprintf(text, size, "%s: %s, %s in sync", log_title(log), log->state, percent);
	if (*rate != '-')
		text_append(text, size, ", %s", rate);
	if (*left != '-')
		text_append(text, size, ", %s left", left);
	text_append(text, size, ", %s%s", log->attached.count ? "used by " : "used by no node",
		    log->attached.count ? nodes : "");
	for (size_t i = 0; i < count; i++)
		if (troubles[i].severity == SEVERITY_CRITICAL)
			text_append(text, size, "; %s", troubles[i].text);
}

void watch_key(char *text, size_t size, const struct log_status *log)
{
	uint64_t percent =
		log->regions ? (uint64_t)((double)log->in_sync / (double)log->regions * 100) : 0;
	char nodes[280];
	char lost[280];

	text_ids(nodes, sizeof(nodes), &log->attached);
	text_ids(lost, sizeof(lost), &log->lost);
	(void)snprintf(text, size, "%s %s %s %d %" PRIu64 " %d %s %s", log->name, log->state,
		       log->reason, log->device_is_dead, percent, log->in_sync < log->regions,
		       nodes, lost);
}
