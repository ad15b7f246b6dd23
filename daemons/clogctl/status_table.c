/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogctl/status_table.h"

#include <inttypes.h>
#include <string.h>

#include "common/text_append.h"
#include "daemons/clogctl/text.h"
#include "daemons/clogctl/trouble.h"

#define CELL_SIZE      160 /* a uuid fits */
#define UUID_TAIL      32
#define RECOVERING_MAX 3 /* regions named in a cell */

enum column {
	COLUMN_NAME,
	COLUMN_TYPE,
	COLUMN_STATE,
	COLUMN_SYNC,
	COLUMN_NODES,
	COLUMN_WRITER,
	COLUMN_RECOVERY,
	COLUMN_DEVICE,
	COLUMNS,
};

struct row {
	char cells[COLUMNS][CELL_SIZE];
	enum severity severity;
};

/* --- cells --- */

static void fill_name(char *cell, const struct log_status *log)
{
	size_t size = strlen(log->uuid);

	if (*log->name)
		text_append(cell, CELL_SIZE, "%s", log->name);
	else
		text_append(cell, CELL_SIZE, "%s%s", size > UUID_TAIL ? "..." : "",
			    size > UUID_TAIL ? log->uuid + size - UUID_TAIL : log->uuid);
}

static void fill_recovery(char *cell, const struct log_status *log)
{
	size_t count = log->recovering.count;

	for (size_t i = 0; i < count && i < RECOVERING_MAX; i++)
		text_append(cell, CELL_SIZE, "%s%" PRIu64 "@%" PRIu64, i ? "," : "",
			    log->recovering.entries[i].regions, log->recovering.entries[i].node);
	if (count > RECOVERING_MAX)
		text_append(cell, CELL_SIZE, ",+%zu", count - RECOVERING_MAX);
	if (log->waits_for_fencing && strcmp(log->state, "frozen") != 0)
		text_append(cell, CELL_SIZE, "%swaits for fencing", *cell ? "; " : "");
	if (!*cell)
		text_append(cell, CELL_SIZE, "-");
}

static void fill_device(char *cell, const struct log_status *log)
{
	if (*log->device)
		text_append(cell, CELL_SIZE, "%s %s", log->device,
			    log->device_is_dead ? "DEAD" : "alive");
	else
		text_append(cell, CELL_SIZE, "-");
}

static void fill_row(struct row *row, const struct log_status *log)
{
	memset(row, 0, sizeof(*row));
	row->severity = log_severity(log);
	fill_name(row->cells[COLUMN_NAME], log);
	text_append(row->cells[COLUMN_TYPE], CELL_SIZE, "%s", *log->type ? log->type : "-");
	text_append(row->cells[COLUMN_STATE], CELL_SIZE, "%s", log->state);
	text_percent(row->cells[COLUMN_SYNC], CELL_SIZE, log->in_sync, log->regions);
	text_ids(row->cells[COLUMN_NODES], CELL_SIZE, &log->attached);
	if (log->writer)
		text_append(row->cells[COLUMN_WRITER], CELL_SIZE, "%" PRIu64, log->writer);
	else
		text_append(row->cells[COLUMN_WRITER], CELL_SIZE, "-");
	fill_recovery(row->cells[COLUMN_RECOVERY], log);
	fill_device(row->cells[COLUMN_DEVICE], log);
}

/* --- the page --- */

static const struct row titles = {
	.cells = {"NAME", "TYPE", "STATE", "SYNC", "NODES", "WRITER", "RECOVERING", "LOG DEVICE"},
};

static void widen(int *widths, const struct row *row)
{
	for (int i = 0; i < COLUMNS; i++) {
		int width = (int)strlen(row->cells[i]);

		if (width > widths[i])
			widths[i] = width;
	}
}

static const char *paint(enum severity severity)
{
	return severity == SEVERITY_CRITICAL ? TEXT_RED : TEXT_YELLOW;
}

static void print_row(const struct row *row, const int *widths, bool colour, FILE *out)
{
	bool painted = colour && row->severity != SEVERITY_FINE;

	for (int i = 0; i < COLUMNS; i++) {
		if (painted && i == COLUMN_STATE)
			fputs(paint(row->severity), out);
		/* Nothing trails the last column. */
		fprintf(out, "%-*s", i == COLUMNS - 1 ? 0 : widths[i], row->cells[i]);
		if (painted && i == COLUMN_SYNC)
			fputs(TEXT_PLAIN, out);
		fputs(i == COLUMNS - 1 ? "\n" : "  ", out);
	}
}

static const char *quorum_words(const struct node_status *node)
{
	if (node->quorate)
		return "quorate";
	return node->rivals.count ? "half of the cluster, waits for fencing" : "NOT quorate";
}

void status_print_node(const struct status *status, bool colour, FILE *out)
{
	const struct node_status *node = &status->node;
	char members[CELL_SIZE];

	if (!node->id) {
		fprintf(out, "clogd %s: waiting for Corosync\n", node->version);
		return;
	}
	text_ids(members, sizeof(members), &node->members);
	fprintf(out, "node %" PRIu64 ", clogd %s: %s%s%s, members %s\n", node->id, node->version,
		!colour         ? ""
		: node->quorate ? TEXT_GREEN
				: TEXT_RED,
		quorum_words(node), colour ? TEXT_PLAIN : "", members);
}

/* Whom to fence, that all may go on. */
static void print_node_note(const struct node_status *node, bool colour, FILE *out)
{
	struct trouble trouble;

	if (!node->rivals.count)
		return;
	node_trouble(node, &trouble);
	fprintf(out, "\n%s%s%s\n", colour ? paint(trouble.severity) : "", trouble.text,
		colour ? TEXT_PLAIN : "");
}

/* What the table says already, that a log is being copied, is not said again. */
static void print_notes(const struct status *status, bool colour, FILE *out)
{
	bool first = true;

	for (size_t i = 0; i < status->log_count; i++) {
		struct trouble troubles[TROUBLES_MAX];
		size_t count = log_troubles(&status->logs[i], troubles);

		for (size_t j = 0; j < count; j++) {
			if (troubles[j].in_table)
				continue;
			fprintf(out, "%s%s%s:%s %s\n", first ? "\n" : "",
				colour ? paint(troubles[j].severity) : "",
				log_title(&status->logs[i]), colour ? TEXT_PLAIN : "",
				troubles[j].text);
			first = false;
		}
	}
}

void status_print(const struct status *status, bool colour, FILE *out)
{
	int widths[COLUMNS] = {0};
	struct row row;

	status_print_node(status, colour, out);
	if (!status->log_count) {
		fputs("no logs\n", out);
		return;
	}
	widen(widths, &titles);
	for (size_t i = 0; i < status->log_count; i++) {
		fill_row(&row, &status->logs[i]);
		widen(widths, &row);
	}
	print_row(&titles, widths, false, out);
	for (size_t i = 0; i < status->log_count; i++) {
		fill_row(&row, &status->logs[i]);
		print_row(&row, widths, colour, out);
	}
	print_notes(status, colour, out);
	print_node_note(&status->node, colour, out);
}
