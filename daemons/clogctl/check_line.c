/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogctl/check_line.h"

#include <inttypes.h>
#include <string.h>

#include "common/text_append.h"
#include "daemons/clogctl/text.h"
#include "daemons/clogctl/trouble.h"

#define TEXT_SIZE 1024
#define SAID_MAX  3 /* troubles told in the line */

static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

/* Of the most severe troubles the first few; the rest are counted. */
struct said {
	char text[TEXT_SIZE];
	size_t told;
	size_t more;
};

static void say(struct said *said, const char *name, const char *text)
{
	if (said->told == SAID_MAX) {
		said->more++;
		return;
	}
	text_append(said->text, sizeof(said->text), "%s%s%s%s", said->told ? "; " : "", name,
		    *name ? ": " : "", text);
	said->told++;
}

static void say_of_severity(struct said *said, const struct status *status, enum severity severity)
{
	struct trouble troubles[TROUBLES_MAX];

	node_trouble(&status->node, &troubles[0]);
	if (troubles[0].severity == severity)
		say(said, "", troubles[0].text);
	for (size_t i = 0; i < status->log_count; i++) {
		size_t count = log_troubles(&status->logs[i], troubles);

		for (size_t j = 0; j < count; j++)
			if (troubles[j].severity == severity)
				say(said, log_title(&status->logs[i]), troubles[j].text);
	}
}

static void say_fine(struct said *said, const struct status *status)
{
	if (status->log_count)
		text_append(said->text, sizeof(said->text), "%zu log%s in sync, quorate",
			    status->log_count, status->log_count == 1 ? "" : "s");
	else
		text_append(said->text, sizeof(said->text), "no logs, quorate");
}

/* A bar would begin the performance data. */
static void print_text(const char *text, FILE *out)
{
	for (; *text; text++)
		fputc(*text == '|' || *text == '\n' ? '/' : *text, out);
}

static void print_data(const struct status *status, FILE *out)
{
	uint64_t regions = 0;
	uint64_t in_sync = 0;
	uint64_t unsynced_bytes = 0;
	uint64_t dirty_bytes = 0;
	size_t ill = 0;
	char percent[TEXT_NUMBER];

	for (size_t i = 0; i < status->log_count; i++) {
		const struct log_status *log = &status->logs[i];

		regions += log->regions;
		in_sync += log->in_sync;
		unsynced_bytes += log_unsynced_bytes(log);
		dirty_bytes += log->dirty * log->region_bytes;
		ill += log_severity(log) != SEVERITY_FINE;
	}
	text_percent(percent, sizeof(percent), in_sync, regions);
	fprintf(out,
		" | logs=%zu;;;0 ill_logs=%zu;;;0;%zu in_sync=%s;;;0;100 out_of_sync=%" PRIu64
		"B;;;0 dirty=%" PRIu64 "B;;;0 members=%zu;;;0\n",
		status->log_count, ill, status->log_count, regions ? percent : "100.0%",
		unsynced_bytes, dirty_bytes, status->node.members.count);
}

enum check_state check_print(const struct status *status, FILE *out)
{
	enum severity severity = status_severity(status);
	struct said said = {.told = 0};

	if (severity == SEVERITY_FINE)
		say_fine(&said, status);
	else
		say_of_severity(&said, status, severity);
	if (said.more)
		text_append(said.text, sizeof(said.text), "; and %zu more", said.more);
	fprintf(out, "CLOGD %s - ", words[severity]);
	print_text(said.text, out);
	print_data(status, out);
	return (enum check_state)severity;
}

void check_print_failure(enum check_state state, const char *why, FILE *out)
{
	fprintf(out, "CLOGD %s - ", words[state]);
	print_text(why, out);
	fputc('\n', out);
}
