/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The constructor string of a clustered log:
 *   <target length, sectors> clustered-disk DEVICE REGION_SIZE [sync|nosync] [block_on_error]
 *   <target length, sectors> clustered-core REGION_SIZE [sync|nosync] [block_on_error]
 * DEVICE is MAJOR:MINOR or a path; words are separated by blanks; the words
 * after REGION_SIZE may come in either order. The rules for the region size
 * are the kernel's (dm-log.c, _check_region_size): a power of two of sectors,
 * at least a page (8 sectors), not above the target length.
 */
#ifndef CLOGD_COMMON_LOGARGS_H
#define CLOGD_COMMON_LOGARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_type { LOG_TYPE_CORE = 0, LOG_TYPE_DISK = 1 };
enum log_sync {
	LOG_SYNC_DEFAULT = 0,
	LOG_SYNC_FORCE = 1, /* sync */
	LOG_SYNC_NONE = 2,  /* nosync */
};

#define LOGARGS_DEVICE_SIZE     256 /* with NUL */
#define LOGARGS_REGION_SIZE_MIN 8
#define LOGARGS_REGIONS_MAX     0xfffffffeULL

struct logargs {
	uint64_t length_sectors;
	enum log_type type;
	char device[LOGARGS_DEVICE_SIZE]; /* "" for a core log */
	uint32_t region_size_sectors;
	uint64_t region_count; /* length / region size, rounded up */
	enum log_sync sync;
	bool block_on_error;
};

/* 0, or -EINVAL with a sentence for the administrator in reason[]: what is wrong and what is allowed. */
int logargs_parse(const char *string, struct logargs *args, char *reason, size_t reason_size);

const char *log_type_name(enum log_type type); /* "clustered-disk", "clustered-core" */

#endif
