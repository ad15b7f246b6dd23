/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogctl/find_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text_append.h"

#define MAPPER    "/dev/mapper/"
#define NAMED_MAX 6 /* logs named in a message */

static bool ends_with(const char *uuid, const char *tail)
{
	size_t length = strlen(uuid);
	size_t tail_length = strlen(tail);

	return tail_length > 0 && tail_length <= length &&
	       strcmp(uuid + length - tail_length, tail) == 0;
}

static bool is_called(const struct log_status *log, const char *word)
{
	const char *name =
		strncmp(word, MAPPER, sizeof(MAPPER) - 1) == 0 ? word + sizeof(MAPPER) - 1 : word;

	return strcmp(log->uuid, word) == 0 || (*log->name && strcmp(log->name, name) == 0);
}

/* "a, b and 3 more" of the logs whose UUID ends in `tail`; "" fits all. */
static void name_logs(const struct status *status, const char *tail, char *text, size_t size)
{
	size_t named = 0;
	size_t fitting = 0;

	for (size_t i = 0; i < status->log_count; i++) {
		const struct log_status *log = &status->logs[i];

		if (*tail && !ends_with(log->uuid, tail))
			continue;
		if (fitting++ < NAMED_MAX) {
			text_append(text, size, "%s%s", named++ ? ", " : "",
				    *tail ? log->uuid : log_title(log));
		}
	}
	if (fitting > named)
		text_append(text, size, " and %zu more", fitting - named);
}

static const struct log_status *find_by_tail(const struct status *status, const char *tail,
					     size_t *count)
{
	const struct log_status *found = NULL;

	*count = 0;
	for (size_t i = 0; i < status->log_count; i++)
		if (ends_with(status->logs[i].uuid, tail)) {
			found = &status->logs[i];
			++*count;
		}
	return found;
}

const struct log_status *find_log(const struct status *status, const char *word, char *reason,
				  size_t reason_size)
{
	const struct log_status *found;
	size_t count;

	for (size_t i = 0; i < status->log_count; i++)
		if (is_called(&status->logs[i], word))
			return &status->logs[i];
	found = find_by_tail(status, word, &count);
	if (count == 1)
		return found;
	(void)snprintf(reason, reason_size, "'%s': ", word);
	if (count) {
		text_append(reason, reason_size,
			    "the UUIDs of %zu logs end so, give more of it: ", count);
		name_logs(status, word, reason, reason_size);
	} else if (status->log_count) {
		text_append(reason, reason_size,
			    "neither a device, a log's UUID nor its end; there are: ");
		name_logs(status, "", reason, reason_size);
	} else {
		text_append(reason, reason_size, "there are no logs");
	}
	return NULL;
}

static void free_all_but(struct status *status, const struct log_status *kept, size_t kept_count)
{
	struct status rest = {.logs = memory_new(status->log_count + 1, sizeof(*rest.logs))};

	for (size_t i = 0; i < status->log_count; i++) {
		bool keep = false;

		for (size_t j = 0; j < kept_count; j++)
			keep = keep || kept[j].uuid == status->logs[i].uuid;
		if (!keep)
			rest.logs[rest.log_count++] = status->logs[i];
	}
	status_free(&rest);
}

int find_logs(struct status *status, char *const *words, size_t word_count, char *reason,
	      size_t reason_size)
{
	struct log_status *kept;
	size_t count = 0;

	if (!word_count)
		return 0;
	kept = memory_new(word_count, sizeof(*kept));
	for (size_t i = 0; i < word_count; i++) {
		const struct log_status *log = find_log(status, words[i], reason, reason_size);
		bool again = false;

		if (!log) {
			free(kept);
			return -ENOENT;
		}
		for (size_t j = 0; j < count; j++)
			again = again || kept[j].uuid == log->uuid;
		if (!again)
			kept[count++] = *log;
	}
	free_all_but(status, kept, count);
	free(status->logs);
	status->logs = kept;
	status->log_count = count;
	return 0;
}
