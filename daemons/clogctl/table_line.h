/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device-mapper table line for a cluster mirror, made of sizes and names that were looked up before. */
#ifndef CLOGD_CLOGCTL_TABLE_LINE_H
#define CLOGD_CLOGCTL_TABLE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/logargs.h"

#define TABLE_LEGS_MAX    9 /* dm-raid1.c: the copies that kcopyd writes at once, and the source */
#define TABLE_UUID_MAX    128 /* characters */
#define TABLE_LINE_SIZE   4096
#define TABLE_REGION_SIZE 1024 /* sectors, where none is given */

struct table_device {
	const char *path;
	uint64_t bytes;
	uint64_t number; /* of the device: two paths of one device have the same */
};

struct table_request {
	const char *uuid;
	struct table_device legs[TABLE_LEGS_MAX];
	size_t leg_count;
	struct table_device log; /* path NULL: the log is kept in memory */
	uint64_t region_size_sectors;
	uint64_t size_sectors; /* 0: as large as the smallest leg */
	enum log_sync sync;
	bool block_on_error;
	bool integrated_flush;
};

/* The line, without a newline. 0, or -EINVAL with a sentence: what is wrong and what is allowed. */
int table_line(const struct table_request *request, char *line, size_t line_size, char *reason,
	       size_t reason_size);

/* "1024" sectors, or bytes with a unit: "512K", "2M", "1G". False when it is neither. */
bool table_parse_size(const char *text, uint64_t *sectors);

#endif
