/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogctl/status_table.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define RED   "\033[31m"
#define GREEN "\033[32m"
#define PLAIN "\033[0m"

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
	bool attention;
};

/* --- reading the JSON: what is missing counts as empty --- */

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	(void)json_object_object_get_ex(object, key, &value);
	return value;
}

static uint64_t number(struct json_object *object, const char *key)
{
	return json_object_get_uint64(member(object, key));
}

static bool flag(struct json_object *object, const char *key)
{
	return json_object_get_boolean(member(object, key));
}

static const char *string(struct json_object *object, const char *key)
{
	const char *value = json_object_get_string(member(object, key));

	return value ? value : "";
}

static size_t length(struct json_object *array)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

/* --- what needs attention --- */

static bool is_dead(struct json_object *log)
{
	return strcmp(string(member(log, "log_device"), "health"), "D") == 0;
}

static bool log_needs_attention(struct json_object *log)
{
	const char *state = string(log, "state");

	return strcmp(state, "frozen") == 0 || strcmp(state, "failed") == 0 || is_dead(log) ||
	       flag(log, "waits_for_fencing") || number(log, "in_sync") < number(log, "regions");
}

bool status_needs_attention(struct json_object *status)
{
	struct json_object *logs = member(status, "logs");

	if (!flag(member(status, "node"), "quorate"))
		return true;
	for (size_t i = 0; i < length(logs); i++)
		if (log_needs_attention(json_object_array_get_idx(logs, i)))
			return true;
	return false;
}

/* --- cells --- */

__attribute__((format(printf, 2, 3))) static void append(char *cell, const char *format, ...)
{
	size_t used = strlen(cell);
	va_list values;

	va_start(values, format);
	(void)vsnprintf(cell + used, CELL_SIZE - used, format, values);
	va_end(values);
}

static void fill_ids(char *cell, struct json_object *ids)
{
	for (size_t i = 0; i < length(ids); i++)
		append(cell, "%s%" PRIu64, i ? "," : "",
		       json_object_get_uint64(json_object_array_get_idx(ids, i)));
	if (!*cell)
		append(cell, "-");
}

static void fill_name(char *cell, struct json_object *log)
{
	const char *name = string(log, "name");
	const char *uuid = string(log, "uuid");
	size_t size = strlen(uuid);

	if (*name)
		append(cell, "%s", name);
	else
		append(cell, "%s%s", size > UUID_TAIL ? "..." : "",
		       size > UUID_TAIL ? uuid + size - UUID_TAIL : uuid);
}

/* 100 only when all are in sync: it is cut off, not rounded. */
static void fill_sync(char *cell, struct json_object *log)
{
	uint64_t regions = number(log, "regions");
	uint64_t in_sync = number(log, "in_sync");
	uint64_t permille;

	if (!regions) {
		append(cell, "-");
		return;
	}
	permille = in_sync >= regions ? 1000 : (uint64_t)((double)in_sync / (double)regions * 1000);
	if (permille == 1000 && in_sync < regions)
		permille = 999;
	append(cell, "%" PRIu64 ".%" PRIu64 "%%", permille / 10, permille % 10);
}

static void fill_recovery(char *cell, struct json_object *log)
{
	struct json_object *recovering = member(log, "recovering");
	size_t count = length(recovering);

	for (size_t i = 0; i < count && i < RECOVERING_MAX; i++) {
		struct json_object *entry = json_object_array_get_idx(recovering, i);

		append(cell, "%s%" PRIu64 "@%" PRIu64, i ? "," : "", number(entry, "region"),
		       number(entry, "node"));
	}
	if (count > RECOVERING_MAX)
		append(cell, ",+%zu", count - RECOVERING_MAX);
	if (flag(log, "waits_for_fencing"))
		append(cell, "%swaits for fencing", *cell ? "; " : "");
	if (!*cell)
		append(cell, "-");
}

static void fill_device(char *cell, struct json_object *log)
{
	const char *device = string(member(log, "log_device"), "device");

	if (*device)
		append(cell, "%s %s", device, is_dead(log) ? "DEAD" : "alive");
	else
		append(cell, "-");
}

static void fill_row(struct row *row, struct json_object *log)
{
	uint64_t writer = number(log, "writer");

	memset(row, 0, sizeof(*row));
	row->attention = log_needs_attention(log);
	fill_name(row->cells[COLUMN_NAME], log);
	append(row->cells[COLUMN_TYPE], "%s", string(log, "type"));
	append(row->cells[COLUMN_STATE], "%s", string(log, "state"));
	fill_sync(row->cells[COLUMN_SYNC], log);
	fill_ids(row->cells[COLUMN_NODES], member(log, "attached"));
	if (writer)
		append(row->cells[COLUMN_WRITER], "%" PRIu64, writer);
	else
		append(row->cells[COLUMN_WRITER], "-");
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

static void print_row(const struct row *row, const int *widths, bool colour, FILE *out)
{
	bool paint = colour && row->attention;

	for (int i = 0; i < COLUMNS; i++) {
		if (paint && i == COLUMN_STATE)
			fputs(RED, out);
		/* Nothing trails the last column. */
		fprintf(out, "%-*s", i == COLUMNS - 1 ? 0 : widths[i], row->cells[i]);
		if (paint && i == COLUMN_SYNC)
			fputs(PLAIN, out);
		fputs(i == COLUMNS - 1 ? "\n" : "  ", out);
	}
}

static void print_node(struct json_object *node, bool colour, FILE *out)
{
	bool quorate = flag(node, "quorate");
	char members[CELL_SIZE] = "";

	fill_ids(members, member(node, "members"));
	fprintf(out, "node %" PRIu64 ", clogd %s: %s%s%s, members %s\n", number(node, "id"),
		string(node, "version"), colour ? (quorate ? GREEN : RED) : "",
		quorate ? "quorate" : "NOT quorate", colour ? PLAIN : "", members);
}

void status_print(struct json_object *status, bool colour, FILE *out)
{
	struct json_object *logs = member(status, "logs");
	int widths[COLUMNS] = {0};
	struct row row;

	print_node(member(status, "node"), colour, out);
	if (!length(logs)) {
		fputs("no logs\n", out);
		return;
	}
	widen(widths, &titles);
	for (size_t i = 0; i < length(logs); i++) {
		fill_row(&row, json_object_array_get_idx(logs, i));
		widen(widths, &row);
	}
	print_row(&titles, widths, false, out);
	for (size_t i = 0; i < length(logs); i++) {
		fill_row(&row, json_object_array_get_idx(logs, i));
		print_row(&row, widths, colour, out);
	}
}
