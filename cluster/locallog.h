/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A log that this node has something to do with: the tables of its kernel, the
 * requests that wait, and what is on its way. Owned by the engine.
 */
#ifndef CLOGD_CLUSTER_LOCALLOG_H
#define CLOGD_CLUSTER_LOCALLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/ended.h"
#include "cluster/engine.h"
#include "cluster/heldset.h"
#include "cluster/logdisk.h"
#include "cluster/stream.h"
#include "cluster/window.h"
#include "common/regionset.h"

struct engine;

enum instance_state {
	INSTANCE_OPENING,  /* CTR waits for its log device */
	INSTANCE_INACTIVE, /* constructed, not resumed */
	INSTANCE_RESUMING,
	INSTANCE_ACTIVE,
	INSTANCE_RELEASING, /* POSTSUSPEND: marks end, the device is written out */
	INSTANCE_SUSPENDED,
};

/* One kernel table: (uuid, luid). */
struct instance {
	struct instance *next;
	uint64_t luid;
	struct logargs args;
	char constructor[ULOG_PAYLOAD_MAX + 1];
	enum instance_state state;
	bool reconnect; /* its kernel knew an earlier daemon */
	bool knocked; /* known here, its kernel constructed it once more: a late answer of an earlier daemon; a RESUME follows */
	bool was_resumed;
	bool suspending;           /* PRESUSPEND was seen: its kernel copies nothing until RESUME */
	bool gave_up;              /* a copy failed: no more work until the next resume */
	bool wants_work;           /* was told that there is none for now */
	uint64_t unheard_until_ms; /* a suspend of which no daemon heard may last until then */
	uint64_t hint;             /* its kernel never asks about regions below this one */
	bool hint_in_doubt; /* told "all" before its RESUME came: before or after its kernel forgot */
	struct regionset *
		told_clear; /* told "not being recovered": IN_SYNC must stay 1 until the write is marked */
	struct regionset *
		one_leg; /* its kernel writes these to one leg, unmarked, until the table is reloaded */
	/* The log device. */
	int handle; /* -1: none, or it could not be opened: each access tries that again */
	uint32_t block_bytes;
	uint32_t major, minor;
	uint64_t size_bytes;
};

enum wait_for {
	WAIT_STATE,   /* for quorum, the cluster's state, or the instance: start over then */
	WAIT_OPEN,    /* CTR: for the device */
	WAIT_RESUME,  /* RESUME: for its attach and the header on the device */
	WAIT_SETTLED, /* for a ticket to be ordered and on the device */
	WAIT_WORK,    /* GET_RESYNC_WORK: for the hand-out */
	WAIT_TURN,    /* IS_REMOTE_RECOVERING: that another log has its turn */
	WAIT_DETACH,  /* POSTSUSPEND */
};

struct pending {
	struct pending *next;
	enum wait_for wait;
	uint64_t ticket;
	uint64_t since_ms;
	struct ulog_request request;
};

/* Marks and clears on their way: ticket, and where they were ordered. */
struct update {
	struct update *next;
	uint64_t ticket;
	uint64_t position; /* 0: not ordered yet */
	uint32_t region_count;
	uint32_t regions[];
};

enum counter {
	COUNTER_REQUESTS,
	COUNTER_MARKS,
	COUNTER_MARKS_RETAINED,
	COUNTER_CLEARS,
	COUNTER_FLUSHES,
	COUNTER_FLUSHES_AT_ONCE,
	COUNTER_OPERATIONS,
	COUNTER_DISK_WRITES,
	COUNTER_DISK_ERRORS,
	COUNTER_RECOVERED,
	COUNTER_TAINTED_ASKED,
	COUNTER_HELD,
	COUNTER_COUNT,
};

/* A log that this node has something to do with. */
struct locallog {
	struct locallog *next, *same_hash;
	bool resting; /* see deadline.h */
	char uuid[ULOG_UUID_SIZE];
	struct instance *instances;
	struct instance *active; /* the one attached, or being attached */
	struct pending *pending;

	uint64_t ticket;              /* last one used */
	uint64_t settled_ticket;      /* all up to it are ordered and on the device */
	uint64_t flush_ticket;        /* what the next FLUSH has to wait for */
	uint64_t marks_ticket;        /* of the newest of `updates` */
	struct heldset kernel_marked; /* the kernel holds these marked */
	struct regionset
		*claimed; /* marked by this node in the cluster once all that was sent is ordered */
	struct regionset *unknown; /* claimed by an earlier daemon: the kernel may hold them */
	struct regionset
		*untold;    /* may have missed a leg, and the kernel need not say so any more */
	uint64_t untold_ms; /* since when, at the latest */
	struct regionset *staged;       /* marked by the kernel, not sent yet */
	struct regionset *staged_ahead; /* streams will mark these; empty after each request */
	struct regionset *unsettled;    /* claimed, not yet ordered and on the device */
	struct window *window;          /* claimed, not held by the kernel */
	struct ended ended;
	struct update *updates;
	struct update **last_update;
	struct streams streams;

	uint64_t started;           /* region the kernel copies now, or REGION_NONE */
	struct regionset *done;     /* copied, not yet said */
	struct regionset *reported; /* said, not ordered yet */
	struct regionset *
		inherited; /* handed out to an earlier daemon: the kernel may be copying one of them */
	bool work_asked; /* an OP_WORK is on its way */
	struct regionset *want_sent;
	bool cycling, cycle_wanted;
	uint64_t attach_ticket, release_ticket;
	bool released; /* OP_RELEASE was ordered */
	bool detach_sent;
	bool reattaching; /* the cluster has forgotten the log, its kernel has not */
	bool opaque; /* its kernel may hold marks of an earlier daemon that nobody knows, until it suspends */
	bool in_doubt; /* cut off: nothing settles until what was sent is sent again */
	uint64_t cycle_again_ms, wake_again_ms, adopted_ms;
	bool was_syncing; /* for the operator's line */
	uint64_t sync_started_ms;
	uint64_t sync_said_ms;
	uint64_t sync_regions; /* at its start */

	struct logdisk disk;
	uint64_t counters[COUNTER_COUNT];
};

struct locallog *locallog_find(const struct engine *engine, const char *uuid);
struct locallog *locallog_need(struct engine *engine, const char *uuid);
void locallog_free(struct locallog *log);
void locallog_drop_if_unused(struct engine *engine, struct locallog *log);
struct instance *instance_find(const struct locallog *log, uint64_t luid);
/* A table that was loaded for it, and is not used yet. */
bool locallog_has_new_table(const struct locallog *log);
struct instance *instance_new(struct locallog *log, uint64_t luid);
void instance_remove(struct engine *engine, struct locallog *log, struct instance *instance);
struct pending *pending_add(struct engine *engine, struct locallog *log,
			    const struct ulog_request *request, enum wait_for wait,
			    uint64_t ticket);
/* Takes the first that waits for that out of the list, of that table or (0) of any; the caller frees it. NULL: none. */
struct pending *pending_take(struct locallog *log, enum wait_for wait, uint64_t luid);
void reply_error(struct engine *engine, const struct ulog_request *request, int error);
void reply_u64(struct engine *engine, const struct ulog_request *request, uint64_t value);
void reply_pair(struct engine *engine, const struct ulog_request *request, uint64_t first,
		uint64_t second);

#endif
