/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's status, parsed: what every command prints from. The fields are
 * those of `clogctl status --json`; what the daemon did not say is 0 or "".
 */
#ifndef CLOGD_CLOGCTL_STATUS_H
#define CLOGD_CLOGCTL_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECTOR_BYTES 512

struct json_object;

struct id_list {
	uint64_t *ids; /* owned by the status, as are all lists here */
	size_t count;
};

struct node_regions {
	uint64_t node;
	uint64_t regions; /* in log_status.recovering: one region's number */
};

struct node_regions_list {
	struct node_regions *entries;
	size_t count;
};

struct counter {
	const char *name;
	uint64_t value;
};

struct counter_list {
	struct counter *entries;
	size_t count;
};

struct log_status {
	const char *uuid;
	const char *name;   /* of the device on this node; "" when it has none */
	const char *type;   /* "clustered-disk" or "clustered-core" */
	const char *state;  /* "active", "joining", "suspended", "frozen", "failed" */
	const char *reason; /* why it is not active */
	uint64_t region_bytes;
	uint64_t regions;
	uint64_t in_sync;
	uint64_t dirty;
	uint64_t retained;
	uint64_t writer; /* node; 0: none */
	struct id_list attached;
	struct id_list lost;    /* dead nodes that wait to be fenced */
	struct id_list unheard; /* nodes whose kernels may hold marks that no clogd knows */
	struct node_regions_list recovering;
	struct node_regions_list marked;
	const char *device; /* of the log; "" when it is kept in memory */
	bool device_is_dead;
	bool waits_for_fencing;
	size_t instances; /* tables on this node */
	struct counter_list counters;
};

struct node_status {
	uint64_t id; /* 0: not known yet */
	const char *version;
	uint64_t protocol;
	bool quorate;
	bool joined;
	struct id_list members;
	struct id_list rivals; /* may have quorum as well: writes wait until they are fenced */
	uint64_t uptime_seconds;
	const char *log_level;
	uint64_t window_regions;
	uint64_t hold_ms;
	bool fencing;
	struct counter_list counters;
};

struct status {
	struct json_object *json; /* the strings are borrowed from it */
	struct node_status node;
	struct log_status *logs;
	size_t log_count;
};

/* 0, or -EBADMSG when the text is not a status; then there is nothing to free. */
int status_parse(const char *text, struct status *status);
void status_free(struct status *status);

uint64_t log_unsynced_bytes(const struct log_status *log);
/* The name of the device, or the uuid where this node has none. */
const char *log_title(const struct log_status *log);
/* The node that holds most marks, and how many these are; 0 marks for node 0. */
struct node_regions log_most_marked(const struct log_status *log);

#endif
