/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the recordings in tests/unit/traces; the form is described in traces/compact. */
#ifndef CLOGD_TESTS_UNIT_TRACE_FILE_H
#define CLOGD_TESTS_UNIT_TRACE_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/ulog.h"

enum trace_line_kind {
	TRACE_END,
	TRACE_CLUSTER,  /* fresh nodes from here on */
	TRACE_SCENARIO, /* time begins again */
	TRACE_REQUEST,
};

struct trace_line {
	enum trace_line_kind kind;
	unsigned int number;
	char name[64]; /* SCENARIO */
	/* REQUEST */
	double ms;
	uint32_t node;
	enum ulog_type type;
	uint32_t seq;
	uint64_t luid;
	const char *uuid;
	uint32_t version;
	uint32_t data_size;
	uint8_t data[ULOG_PAYLOAD_MAX];
};

struct trace_file;

/* Both fail the test when the file cannot be had or read. */
struct trace_file *trace_file_open(const char *path);
void trace_file_next(struct trace_file *file, struct trace_line *line);
void trace_file_close(struct trace_file *file);

#endif
