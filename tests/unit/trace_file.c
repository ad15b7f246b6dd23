/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/trace_file.h"

#include <inttypes.h>
#include <string.h>

#include "common/memory.h"
#include "tests/unit/unit.h"

#define UUIDS_MAX 16

struct trace_file {
	FILE *stream;
	unsigned int line_number;
	char uuids[UUIDS_MAX][ULOG_UUID_SIZE];
	char text[1024];
};

struct trace_file *trace_file_open(const char *path)
{
	struct trace_file *file = memory_new(1, sizeof(*file));

	file->stream = fopen(path, "r");
	if (!file->stream)
		fail_msg("cannot open %s", path);
	return file;
}

void trace_file_close(struct trace_file *file)
{
	fclose(file->stream);
	free(file);
}

static enum ulog_type type_of(const char *name)
{
	for (int type = ULOG_CTR; type <= ULOG_TYPE_MAX; type++)
		if (strcmp(ulog_type_name((enum ulog_type)type), name) == 0)
			return (enum ulog_type)type;
	fail_msg("no request is called %s", name);
	return ULOG_CTR;
}

static void take_uuid(struct trace_file *file)
{
	unsigned int number;
	char uuid[ULOG_UUID_SIZE];

	assert_int_equal(sscanf(file->text, "uuid %u %128s", &number, uuid), 2);
	assert_in_range(number, 1, UUIDS_MAX);
	memcpy(file->uuids[number - 1], uuid, sizeof(uuid));
}

static void take_numbers(struct trace_line *line, const char *text)
{
	assert_int_equal(line->data_size % sizeof(uint64_t), 0);
	for (uint32_t at = 0; at < line->data_size; at += sizeof(uint64_t)) {
		char *rest;
		uint64_t number = strtoull(text, &rest, 10);

		assert_true(rest > text);
		memcpy(line->data + at, &number, sizeof(number));
		text = rest;
	}
}

static void take_request(struct trace_file *file, struct trace_line *line)
{
	unsigned int uuid;
	char type[32];
	int end = 0;

	assert_int_equal(sscanf(file->text,
				"%lf %" SCNu32 " %31s %" SCNu32 " %" SCNx64 " %u %" SCNu32
				" %" SCNu32 "%n",
				&line->ms, &line->node, type, &line->seq, &line->luid, &uuid,
				&line->version, &line->data_size, &end),
			 8);
	assert_in_range(uuid, 1, UUIDS_MAX);
	assert_true(line->data_size <= sizeof(line->data));
	line->kind = TRACE_REQUEST;
	line->type = type_of(type);
	line->uuid = file->uuids[uuid - 1];
	if (line->type != ULOG_CTR) {
		take_numbers(line, file->text + end);
		return;
	}
	/* behind one blank; not NUL-terminated, as the kernel sends it */
	assert_int_equal(strlen(file->text + end + 1), line->data_size);
	memcpy(line->data, file->text + end + 1, line->data_size);
}

void trace_file_next(struct trace_file *file, struct trace_line *line)
{
	*line = (struct trace_line){.kind = TRACE_END};
	while (fgets(file->text, sizeof(file->text), file->stream)) {
		line->number = ++file->line_number;
		file->text[strcspn(file->text, "\n")] = '\0';
		if (strncmp(file->text, "uuid ", 5) == 0) {
			take_uuid(file);
			continue;
		}
		if (strcmp(file->text, "cluster") == 0)
			line->kind = TRACE_CLUSTER;
		else if (sscanf(file->text, "scenario %63s", line->name) == 1)
			line->kind = TRACE_SCENARIO;
		else
			take_request(file, line);
		return;
	}
}
