/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One node's clogd without its I/O: kernel requests, ordered messages, views,
 * quorum, disk completions and time go in; replies, messages, disk jobs and
 * device requests come out through struct engine_ports. Deterministic: the
 * same calls give the same output. The daemon and the simulator run this code.
 *
 * Rules of the door:
 *  - every call carries the time, `now_ms`, of one monotonic clock;
 *  - ports only record or start what they are asked for: they never call back
 *    into the engine before the call that caused them has returned;
 *  - every disk job is completed exactly once, by engine_disk_done.
 */
#ifndef CLOGD_CLUSTER_ENGINE_H
#define CLOGD_CLUSTER_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/nodelist.h"
#include "cluster/view.h"
#include "common/logargs.h"
#include "common/ulog.h"

struct engine;

enum disk_job_kind {
	DISK_OPEN, /* path, or MAJOR:MINOR; result: handle >= 0, size_bytes, block_bytes, major, minor */
	DISK_READ,  /* result: bytes read (== length) */
	DISK_WRITE, /* result: bytes written (== length), and on stable storage */
	DISK_CLOSE, /* no completion */
};

/* Offsets and lengths are multiples of the device's block_bytes. */
struct disk_job {
	uint64_t id; /* the engine's, given back in the completion */
	enum disk_job_kind kind;
	int handle;         /* all but OPEN */
	const char *device; /* OPEN; borrowed for the call only */
	uint64_t offset_bytes;
	uint32_t length_bytes; /* at most DISK_JOB_BYTES_MAX */
	const uint8_t *data;   /* WRITE; borrowed for the call only: the port copies */
};
#define DISK_JOB_BYTES_MAX (256U * 1024U)

struct disk_result {
	uint64_t id;
	int64_t result;        /* per kind above, or negative errno */
	const uint8_t *data;   /* READ; borrowed */
	uint64_t size_bytes;   /* OPEN from here on */
	uint32_t block_bytes;  /* unit of direct I/O: 512 .. 4096 */
	uint32_t major, minor; /* of the device; 0:0 for a plain file */
};

/* What an operator hears about. `text` is one finished line without a newline. */
enum report_level {
	REPORT_ERROR = 3,
	REPORT_WARNING = 4,
	REPORT_NOTICE = 5,
	REPORT_INFO = 6,
	REPORT_DEBUG = 7,
};

struct engine_ports {
	void *context;
	void (*reply)(void *context, const struct ulog_reply *reply);
	/* As group_send(): 0, -EAGAIN, -ENOTCONN. After -EAGAIN the engine tries again at engine_tick. */
	int (*send)(void *context, const void *bytes, size_t size);
	void (*disk)(void *context, const struct disk_job *job);
	/*
	 * Suspend and resume this node's device that has the log `uuid`, so that its
	 * kernel forgets what it was told. Answered by engine_device_cycled.
	 */
	void (*cycle_device)(void *context, const char *uuid);
	/* Make the kernel's worker of that device run once (a read is enough), so that it asks for work. No answer. */
	void (*wake_device)(void *context, const char *uuid);
	void (*report)(void *context, enum report_level level, const char *text);
	/*
	 * Keep, for the next daemon of this node, the nodes that are attached to the log or may hold marks in it.
	 * count 0: none are. NULL: nothing is kept.
	 */
	void (*remember)(void *context, const char *uuid, const uint32_t *nodes, size_t count);
	/* Keep, for the next daemon of this node, what its kernel writes to one leg only; count 0: nothing. NULL: nothing is kept. */
	void (*remember_one_leg)(void *context, const char *uuid, uint64_t luid,
				 const uint32_t *regions, size_t count);
	/* Keep, over reboots too, the nodes on which a clogd was ever met. NULL: nothing is kept. */
	void (*met)(void *context, const uint32_t *nodes, size_t count);
};

struct engine_settings {
	uint32_t node; /* own id, not 0 */
	/* differs between two starts of a daemon (join ids are drawn from it) */
	uint64_t join_seed;
	uint32_t window_regions;     /* retained marks a log and node: 0 retains nothing */
	uint32_t hold_ms;            /* a retained mark is let go after this */
	uint32_t mark_ahead_regions; /* 0: none */
	uint32_t recovery_batch;     /* regions handed out at once, 1 .. 64 */
	bool fencing;                /* a dead node's regions wait for engine_fenced */
	/* A log's state is ordered in pieces of this size when it is larger; at least 32. */
	uint32_t state_piece_bytes;
	uint32_t snapshot_piece_bytes; /* of what a daemon that joins is sent, in one message */
};
/* The defaults; node and join_seed stay 0. */
void engine_settings_init(struct engine_settings *settings);

struct engine *engine_new(const struct engine_settings *settings, const struct engine_ports *ports,
			  uint64_t now_ms);
void engine_free(struct engine *engine);

/* What an earlier daemon of this node gave to `remember`; before any input. */
void engine_recall(struct engine *engine, const char *uuid, const uint32_t *nodes, size_t count);
/* What was given to `remember_one_leg`; before any input. */
void engine_recall_one_leg(struct engine *engine, const char *uuid, uint64_t luid,
			   const uint32_t *regions, size_t count);
/* What was given to `met`; before any input. */
void engine_recall_met(struct engine *engine, const uint32_t *nodes, size_t count);

/* --- inputs --- */
void engine_request(struct engine *engine, uint64_t now_ms, const struct ulog_request *request);
void engine_message(struct engine *engine, uint64_t now_ms, uint32_t node, const void *bytes,
		    size_t size);
void engine_view(struct engine *engine, uint64_t now_ms, const struct view *view);
/* As in group.h. */
void engine_quorum(struct engine *engine, uint64_t now_ms, enum quorum quorum, uint64_t ring,
		   const uint32_t *nodes, size_t node_count);
void engine_disconnected(struct engine *engine, uint64_t now_ms);
void engine_disk_done(struct engine *engine, uint64_t now_ms, const struct disk_result *result);
void engine_device_cycled(struct engine *engine, uint64_t now_ms, const char *uuid, int result);
/* An administrator or the cluster manager says that this node is fenced. 0, -ENOENT when no log waits for that node, or it is there. */
int engine_fenced(struct engine *engine, uint64_t now_ms, uint32_t node);
/* Time passes; also tries what -EAGAIN refused. Call it no later than engine_deadline_ms. */
void engine_tick(struct engine *engine, uint64_t now_ms);
/* When engine_tick is wanted at the latest; UINT64_MAX for never. */
uint64_t engine_deadline_ms(const struct engine *engine);
/*
 * Asked to stop: lets go of what is retained and writes the logs out. True when
 * nothing is left to wait for; call again after each input until then.
 */
bool engine_quiesce(struct engine *engine, uint64_t now_ms);
/*
 * The last input but requests: what is held, and what comes yet, goes back to
 * the kernel, which asks the next daemon 2 s later. Unanswered it would be 15 s.
 */
void engine_hand_back(struct engine *engine, uint64_t now_ms);

/* --- what can be seen --- */
struct engine_instance_status {
	uint64_t luid;
	const char *state; /* "inactive", "active", "suspended" */
};
struct engine_recovering {
	uint32_t node;
	uint64_t region;
};
struct engine_marks {
	uint32_t node;
	uint64_t regions; /* would be copied again if this node died now */
};
struct engine_counter {
	const char *name; /* snake_case */
	uint64_t value;
};
struct engine_log_status {
	const char *uuid;
	enum log_type type;
	const char *state; /* active, joining, suspended, frozen, failed */
	const char
		*reason; /* for an operator: why it is not active, half a sentence; "" when it is */
	uint32_t region_size_sectors;
	uint64_t regions;
	uint64_t in_sync;
	uint64_t dirty;           /* marked anywhere, retained included */
	uint64_t retained;        /* of this node */
	const uint32_t *attached; /* node ids, ascending */
	size_t attached_count;
	uint32_t writer;     /* 0: none */
	uint64_t generation; /* counts first attaches and last detaches */
	const struct engine_recovering *recovering;
	size_t recovering_count;
	const char *device; /* of the log; "" for core */
	char health;        /* 'A' or 'D' */
	const struct engine_instance_status *instances;
	size_t instance_count;
	const struct engine_counter *counters;
	size_t counter_count;
	const struct engine_marks *marked; /* of the nodes that have marks, ascending by node */
	size_t marked_count;
	bool waits_for_fencing;
	const uint32_t *lost; /* the dead nodes whose fencing is waited for, ascending */
	size_t lost_count;
	/* Nodes whose kernels may hold marks that no daemon knows, ascending: until they have suspended, nobody else copies. */
	const uint32_t *unheard;
	size_t unheard_count;
	bool resting; /* ticks pass it over until an input is about it */
};
struct engine_status {
	uint32_t node;
	uint16_t protocol;
	bool quorate; /* for certain */
	bool joined;  /* state is that of the cluster */
	const uint32_t *members;
	size_t member_count;
	struct nodelist
		rivals; /* may be quorate as well as this half of a cluster: it waits for their fencing */
	const struct engine_counter *counters; /* of the node */
	size_t counter_count;
	const struct engine_settings *settings;
};
void engine_status(const struct engine *engine, struct engine_status *status);
/* Each log, ordered by uuid; everything is borrowed for the call. */
void engine_status_logs(const struct engine *engine, void *context,
			void (*visit)(void *context, const struct engine_log_status *log));
/* Ordered events seen so far. */
uint64_t engine_position(const struct engine *engine);
/*
 * Digests of the replicated state, of all logs and of one (0 when the cluster does not know it); equal
 * on two joined nodes at the same position. They take time in proportion to the state.
 */
uint64_t engine_digest(const struct engine *engine, uint64_t *position);
uint64_t engine_log_digest(const struct engine *engine, const char *uuid);

/* The regions of a log, counted by cells of equal length (the last may be shorter). */
#define ENGINE_MAP_CELLS_MAX 4096
struct engine_map_cell {
	uint64_t unsynced;
	uint64_t recovering; /* of them, handed out to be copied */
	uint64_t dirty;      /* marked anywhere, retained included */
	uint64_t retained;   /* of this node */
};
struct engine_map {
	uint32_t region_size_sectors;
	uint64_t regions;
	uint64_t cell_regions; /* in each cell but the last */
	size_t cell_count;
	struct engine_map_cell cells[ENGINE_MAP_CELLS_MAX];
};
/* At most `cells_max` cells, 1 .. ENGINE_MAP_CELLS_MAX. 0, or -ENOENT when the cluster knows no such log. */
int engine_map(const struct engine *engine, const char *uuid, size_t cells_max,
	       struct engine_map *map);

#endif
