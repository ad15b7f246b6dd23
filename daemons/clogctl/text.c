/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogctl/text.h"

#include <inttypes.h>
#include <string.h>

#include "common/text_append.h"

#define MINUTE 60U
#define HOUR   3600U
#define DAY    86400U

void text_bytes(char *text, size_t size, uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	size_t unit = 0;
	uint64_t whole = bytes / 1024;
	uint64_t rest = bytes % 1024;

	if (bytes < 1024) {
		(void)snprintf(text, size, "%" PRIu64 " B", bytes);
		return;
	}
	while (whole >= 1024) {
		rest = whole % 1024;
		whole /= 1024;
		unit++;
	}
	(void)snprintf(text, size, "%" PRIu64 ".%" PRIu64 " %s", whole, rest * 10 / 1024,
		       units[unit]);
}

void text_percent(char *text, size_t size, uint64_t part, uint64_t whole)
{
	uint64_t permille;

	if (!whole) {
		(void)snprintf(text, size, "-");
		return;
	}
	permille = part >= whole ? 1000 : (uint64_t)((double)part / (double)whole * 1000);
	if (permille == 1000 && part < whole)
		permille = 999;
	(void)snprintf(text, size, "%" PRIu64 ".%" PRIu64 "%%", permille / 10, permille % 10);
}

void text_duration(char *text, size_t size, uint64_t seconds)
{
	if (seconds < MINUTE)
		(void)snprintf(text, size, "%" PRIu64 " s", seconds);
	else if (seconds < HOUR)
		(void)snprintf(text, size, "%" PRIu64 " min %02" PRIu64 " s", seconds / MINUTE,
			       seconds % MINUTE);
	else if (seconds < DAY)
		(void)snprintf(text, size, "%" PRIu64 " h %02" PRIu64 " min", seconds / HOUR,
			       seconds % HOUR / MINUTE);
	else
		(void)snprintf(text, size, "%" PRIu64 " d %02" PRIu64 " h", seconds / DAY,
			       seconds % DAY / HOUR);
}

void text_ids(char *text, size_t size, const struct id_list *ids)
{
	*text = '\0';
	for (size_t i = 0; i < ids->count; i++)
		text_append(text, size, "%s%" PRIu64, i ? "," : "", ids->ids[i]);
	if (!ids->count)
		text_append(text, size, "-");
}

void text_nodes(char *text, size_t size, const struct id_list *ids)
{
	char numbers[256];

	text_ids(numbers, sizeof(numbers), ids);
	(void)snprintf(text, size, "node%s %s", ids->count == 1 ? "" : "s", numbers);
}
