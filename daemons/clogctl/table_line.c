/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogctl/table_line.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/disklog.h"
#include "common/text_append.h"
#include "daemons/clogctl/text.h"

#define LOG_BLOCK_BYTES 4096 /* what the log device is written in */

struct reason {
	char *text;
	size_t size;
};

static int __attribute__((format(printf, 2, 3)))
refuse(const struct reason *reason, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	(void)vsnprintf(reason->text, reason->size, format, values);
	va_end(values);
	return -EINVAL;
}

bool table_parse_size(const char *text, uint64_t *sectors)
{
	static const char units[] = "KMG";
	const char *unit;
	unsigned int shift;
	char *end;

	errno = 0;
	*sectors = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || errno)
		return false;
	if (!*end)
		return true;
	unit = strchr(units, *end);
	if (!unit || end[1])
		return false;
	shift = 10 * (unsigned int)(unit - units + 1) - 9; /* of sectors */
	if (*sectors > UINT64_MAX >> shift)
		return false;
	*sectors <<= shift;
	return true;
}

static bool is_word(const char *text)
{
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7f)
			return false;
	return *text != '\0';
}

static int check_names(const struct table_request *request, const struct reason *reason)
{
	if (!request->uuid || !is_word(request->uuid) || strlen(request->uuid) > TABLE_UUID_MAX)
		return refuse(reason,
			      "the UUID '%s' is not a word of 1 to %d characters without blanks",
			      request->uuid ? request->uuid : "", TABLE_UUID_MAX);
	if (request->leg_count < 2 || request->leg_count > TABLE_LEGS_MAX)
		return refuse(reason, "%zu legs were given; a mirror has 2 to %d",
			      request->leg_count, TABLE_LEGS_MAX);
	for (size_t i = 0; i < request->leg_count; i++)
		if (!is_word(request->legs[i].path))
			return refuse(reason,
				      "the path '%s' holds blanks, which a table cannot: use "
				      "another name of the device",
				      request->legs[i].path);
	return 0;
}

static int check_distinct(const struct table_request *request, const struct reason *reason)
{
	for (size_t i = 0; i < request->leg_count; i++) {
		const struct table_device *leg = &request->legs[i];

		for (size_t j = 0; j < i; j++)
			if (request->legs[j].number == leg->number)
				return refuse(reason, "%s and %s are the same device",
					      request->legs[j].path, leg->path);
		if (request->log.path && request->log.number == leg->number)
			return refuse(reason, "%s is a leg and cannot hold the log too", leg->path);
	}
	return 0;
}

static int find_size(const struct table_request *request, uint64_t *sectors,
		     const struct reason *reason)
{
	const struct table_device *smallest = &request->legs[0];

	for (size_t i = 1; i < request->leg_count; i++)
		if (request->legs[i].bytes < smallest->bytes)
			smallest = &request->legs[i];
	*sectors = smallest->bytes / 512;
	if (!*sectors)
		return refuse(reason, "%s has no sectors", smallest->path);
	if (request->size_sectors > *sectors)
		return refuse(reason, "a size of %" PRIu64 " sectors is more than %s has: %" PRIu64,
			      request->size_sectors, smallest->path, *sectors);
	if (request->size_sectors)
		*sectors = request->size_sectors;
	return 0;
}

/* The words that the daemon gets, checked by what the daemon checks them with. */
static int check_log(const struct table_request *request, uint64_t sectors, const char *words,
		     const struct reason *reason)
{
	char constructor[TABLE_LINE_SIZE + TEXT_NUMBER];
	struct logargs args;
	uint64_t needed;

	(void)snprintf(constructor, sizeof(constructor), "%" PRIu64 " %s", sectors, words);
	if (logargs_parse(constructor, &args, reason->text, reason->size))
		return -EINVAL;
	if (!request->log.path)
		return 0;
	needed = disklog_size_bytes(args.region_count, LOG_BLOCK_BYTES);
	if (request->log.bytes < needed)
		return refuse(reason,
			      "log device %s has %" PRIu64 " bytes; %" PRIu64
			      " regions need %" PRIu64 ": use a larger device or larger regions",
			      request->log.path, request->log.bytes, args.region_count, needed);
	return 0;
}

static void write_log_words(const struct table_request *request, char *words, size_t size)
{
	static const char *const sync_words[] = {
		[LOG_SYNC_DEFAULT] = "", [LOG_SYNC_FORCE] = " sync", [LOG_SYNC_NONE] = " nosync"};

	*words = '\0';
	text_append(words, size, "%s",
		    log_type_name(request->log.path ? LOG_TYPE_DISK : LOG_TYPE_CORE));
	if (request->log.path)
		text_append(words, size, " %s", request->log.path);
	text_append(words, size, " %" PRIu64 "%s%s", request->region_size_sectors,
		    sync_words[request->sync], request->block_on_error ? " block_on_error" : "");
}

static unsigned int count_words(const char *text)
{
	unsigned int count = 1;

	for (; *text; text++)
		count += *text == ' ';
	return count;
}

int table_line(const struct table_request *request, char *line, size_t line_size, char *reason_text,
	       size_t reason_size)
{
	const struct reason reason = {reason_text, reason_size};
	char words[TABLE_LINE_SIZE];
	uint64_t sectors = 0;
	int error = check_names(request, &reason);

	if (!error)
		error = check_distinct(request, &reason);
	if (!error)
		error = find_size(request, &sectors, &reason);
	write_log_words(request, words, sizeof(words));
	if (!error)
		error = check_log(request, sectors, words, &reason);
	if (error)
		return error;
	*line = '\0';
	text_append(line, line_size, "0 %" PRIu64 " mirror userspace %u %s%s %s %zu", sectors,
		    count_words(words) + 1 + request->integrated_flush, request->uuid,
		    request->integrated_flush ? " integrated_flush" : "", words,
		    request->leg_count);
	for (size_t i = 0; i < request->leg_count; i++)
		text_append(line, line_size, " %s 0", request->legs[i].path);
	text_append(line, line_size, " 1 handle_errors");
	return strlen(line) + 1 < line_size ? 0 : refuse(&reason, "the paths are too long");
}
