/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the engine share: the node, its local logs, their
 * instances, and the kernel requests that wait. Private to engine*.c,
 * requests*.c, activity.c, recovery*.c, logdisk*.c and lifecycle.c.
 */
#ifndef CLOGD_CLUSTER_ENGINE_INTERNAL_H
#define CLOGD_CLUSTER_ENGINE_INTERNAL_H

#include "cluster/ended.h"
#include "cluster/engine.h"
#include "cluster/heldset.h"
#include "cluster/membership.h"
#include "cluster/outbox.h"
#include "cluster/replica.h"
#include "cluster/stream.h"
#include "cluster/window.h"
#include "common/regionset.h"

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
	bool suspending;    /* PRESUSPEND was seen: its kernel copies nothing until RESUME */
	bool gave_up;       /* a copy failed: no more work until the next resume */
	bool wants_work;    /* was told that there is none for now */
	uint64_t hint;      /* its kernel never asks about regions below this one */
	bool hint_in_doubt; /* told "all" before its RESUME came: before or after its kernel forgot */
	struct regionset *
		told_clear; /* told "not being recovered": IN_SYNC must stay 1 until the write is marked */
	struct regionset *
		one_leg; /* its kernel writes these to one leg, unmarked, until the table is reloaded */
	/* The log device. */
	int handle; /* -1: none */
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

/* A block of the log device (LOGDISK_BLOCK_BYTES) that differs from the state. */
struct changed_block {
	uint64_t block;
	uint64_t first, last; /* positions of the first and the last change since it was written */
	uint64_t first_dirty; /* of the first by which a bit became dirty; UINT64_MAX: none did */
	bool writing; /* in the round that is out; later changes make an entry of their own */
};

/* What a new writer does before it writes; logdisk_recheck.c. */
enum recheck { RECHECK_NONE, RECHECK_READING, RECHECK_ORDERING };

/*
 * This node's account of the log device. Every attached node keeps it, so that
 * each can go on when the writer is lost: a position is settled when no entry
 * has a bit that became dirty at or before it. One that became clean can wait.
 */
struct logdisk {
	struct changed_block *changed;
	size_t changed_count, changed_capacity;
	uint64_t rewrite_block,
		rewrite_end;      /* blocks to be written whatever they hold; empty when equal */
	uint64_t rewrite_writing; /* of them, in the round: [rewrite_block, rewrite_writing) */
	uint64_t rewrite_first, rewrite_last; /* positions of the first and the last reason to */
	uint64_t resume_position;             /* RESUME is answered when it is settled */
	uint32_t round_jobs;                  /* writes that are out */
	bool round_failed;
	bool urgent;                        /* somebody waits */
	uint64_t others_first, others_last; /* what other nodes wait for: positions, 0 for none */
	uint64_t changed_position;          /* of the last change of a bit */
	uint64_t told_position;             /* of the last WRITTEN */
	uint64_t tell_at_ms;                /* not before, when nobody waits for it */
	uint64_t probe_again_ms;
	uint64_t write_at_ms; /* a lazy write, or another try, is due; UINT64_MAX: none */
	/* After a take-over: blocks that the old writer may have had under way, written once more then and then. */
	struct regionset *doubted;
	uint64_t doubt_at_ms; /* UINT64_MAX: never */
	uint64_t doubt_step_ms;
	uint32_t writer;       /* as last seen */
	uint64_t region_count; /* as last seen */
	bool failed_seen;
	enum recheck recheck;
	uint64_t recheck_ticket;
	/* Loading at the first attach, or for a recheck. */
	struct regionset *loaded;
	uint64_t load_offset;
	uint64_t load_valid;
	uint64_t load_generation;
	/* Too much for the ATTACH; statepieces.c. */
	uint64_t draft_ticket; /* of the piece that is on its way */
	uint64_t drafted_end;  /* regions below it are ordered */
	bool waits_for_draft;  /* of another node, that will attach first */
};
#define LOGDISK_BLOCK_BYTES 4096U

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

struct carried;   /* carried.c */
struct oneleg;    /* oneleg.c */
struct peers;     /* who is attached to a log; peers.c */
struct disk_wait; /* a job that is out; logdisk.c */

struct engine {
	struct engine_settings settings;
	struct engine_ports ports;
	uint64_t now_ms;
	uint64_t delivered_ms;    /* when operations were last delivered */
	bool slept;               /* and nothing that was sent since has come back */
	unsigned int sent_before; /* messages that were on their way when it woke */
	struct replica *replica;
	struct membership *membership;
	struct outbox *outbox;
	bool send_refused;
	enum quorum quorum;
	bool quorum_loss_said;
	uint32_t cluster_nodes[VIEW_NODES_MAX];
	size_t cluster_node_count;
	struct locallog *logs;   /* ascending by uuid */
	struct locallog **index; /* by hash of the uuid; chains of `same_hash` */
	size_t index_size, log_count;
	uint64_t logs_deadline_ms; /* deadline.c: the logs', as of the last input */
	const struct locallog *touched;
	bool touched_all;
	struct disk_wait *jobs;
	struct peers *peers;
	struct oneleg *oneleg;
	struct carried *
		carried; /* own marks of an earlier daemon, over a change of the state; carried.c */
	uint32_t met[VIEW_NODES_MAX]; /* nodes on which a clogd was ever seen */
	size_t met_count;
	uint64_t last_job;
	uint64_t housekeeping_ms, wake_kernels_ms;
	bool quiescing;
	bool ended;     /* requests go back to the kernel */
	bool held_seen; /* some request waits for a state */
	uint64_t malformed_messages;
};

/* engine.c */
bool engine_is_frozen(const struct engine *engine);
bool engine_sees(const struct engine *engine, uint32_t node); /* a node of the cluster */
void engine_report(struct engine *engine, enum report_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void engine_send(struct engine *engine, struct locallog *log,
		 struct wire_op *op); /* fills uuid; frees the op */
struct regionlog *engine_state(const struct engine *engine, const struct locallog *log);
struct regionlog_node *engine_own_node(const struct engine *engine, const struct locallog *log);
const char *engine_short(const char *uuid); /* the tail by which people know a log */

/* engine_membership.c */
struct membership_ports engine_membership_ports(struct engine *engine);

/* locallog.c */
struct locallog *locallog_find(const struct engine *engine, const char *uuid);
struct locallog *locallog_need(struct engine *engine, const char *uuid);
void locallog_free(struct locallog *log);
void locallog_drop_if_unused(struct engine *engine, struct locallog *log);
struct instance *instance_find(const struct locallog *log, uint64_t luid);
struct instance *instance_new(struct locallog *log, uint64_t luid);
void instance_remove(struct engine *engine, struct locallog *log, struct instance *instance);
struct pending *pending_add(struct engine *engine, struct locallog *log,
			    const struct ulog_request *request, enum wait_for wait,
			    uint64_t ticket);
/* Takes the first that `test` likes out of the list; the caller frees it. NULL when there is none. */
struct pending *pending_take(struct locallog *log, enum wait_for wait, uint64_t luid);
void reply_error(struct engine *engine, const struct ulog_request *request, int error);
void reply_u64(struct engine *engine, const struct ulog_request *request, uint64_t value);
void reply_pair(struct engine *engine, const struct ulog_request *request, uint64_t first,
		uint64_t second);

/* deadline.c: an input is about this log, or may be about any; settled when it is done */
void deadline_of_log_changes(struct engine *engine, const struct locallog *log);
void deadline_of_all_changes(struct engine *engine);
void deadline_log_is_gone(struct engine *engine, const struct locallog *log);
void deadline_settle(struct engine *engine);

/* lifecycle.c: CTR, DTR */
void lifecycle_ctr(struct engine *engine, const struct ulog_request *request);
void lifecycle_opened(struct engine *engine, struct locallog *log, struct instance *instance,
		      const struct disk_result *result);
void lifecycle_dtr(struct engine *engine, const struct ulog_request *request);

/* attachment.c: RESUME, PRESUSPEND, POSTSUSPEND, and coming back after a cut */
void attachment_resume(struct engine *engine, struct locallog *log, struct instance *instance,
		       const struct ulog_request *request);
void attachment_loaded(struct engine *engine, struct locallog *log);
/* What was read is no good: the resume that is under way begins anew. */
void attachment_again(struct engine *engine, struct locallog *log);
void attachment_attached(struct engine *engine, struct locallog *log, const struct wire_op *op,
			 const struct replica_outcome *outcome);
void attachment_presuspend(struct engine *engine, struct locallog *log, struct instance *instance,
			   const struct ulog_request *request);
void attachment_postsuspend(struct engine *engine, const struct ulog_request *request);
void attachment_detached(struct engine *engine, struct locallog *log);
/* Goes on with what waits: called after each event that may matter to it. */
void attachment_advance(struct engine *engine, struct locallog *log);
void attachment_rejoin(struct engine *engine, struct locallog *log);
/* Everybody has let the log go, or its state is in doubt: it starts from its device. */
void attachment_anew(struct engine *engine, struct locallog *log);

/* activity.c: marks and flushes; what ends them is in retained.h */
void activity_mark(struct engine *engine, struct locallog *log,
		   const struct ulog_request *request); /* MARK, FLUSH */
bool activity_in_range(const struct locallog *log, const uint64_t *regions, uint32_t count);
uint64_t activity_send(struct engine *engine, struct locallog *log,
		       struct wire_op *op); /* an UPDATE; its ticket */
void activity_ordered(struct engine *engine, struct locallog *log, const struct wire_op *op);
/* Takes an update over: it settles when its ticket is ordered and on the device. */
void activity_await(struct locallog *log, struct update *update);
void activity_settle(struct engine *engine, struct locallog *log);
void activity_fail(struct engine *engine, struct locallog *log);
/* The cluster's state is new: start from what it says of this node. */
void activity_adopt(struct engine *engine, struct locallog *log);
/* Nothing that was sent counts; these marks are sent again under `ticket`. */
void activity_restart(struct engine *engine, struct locallog *log, const struct regionset *marked,
		      uint64_t ticket);
void activity_end(struct engine *engine, struct locallog *log);

/* oneleg.c: regions written to one leg, kept over the daemon's death */
void oneleg_changed(struct engine *engine, const char *uuid);
void oneleg_take(struct engine *engine, const char *uuid,
		 struct instance *instance); /* its kernel reconnects */
/* What the state has was written under another table, not this one's region hash. */
bool oneleg_is_of_another(struct engine *engine, const struct locallog *log,
			  const struct instance *instance);
/* The state has what was written under a table that has not spoken since: it is gone, by all that is known. */
bool oneleg_is_stale(struct engine *engine, const struct locallog *log);
/* This table is the one that is live: what is kept of another is of one that is gone. */
void oneleg_outlived(struct engine *engine, const char *uuid, const struct instance *live);
/* The device is. */
void oneleg_gone(struct engine *engine, const char *uuid);
/* That table is, unheard of but for an earlier daemon. */
void oneleg_destroyed(struct engine *engine, const char *uuid, uint64_t luid);
void oneleg_free(struct engine *engine);

/* carried.c: marks of this node's kernel that only the state knows, when the state is replaced */
void carried_take(struct engine *engine); /* from the state that is given up */
void carried_say(struct engine *engine);  /* to those that have the new one */
void carried_free(struct engine *engine);

/* peers.c: who was attached, kept over the daemon's death */
void peers_follow(struct engine *engine, const char *uuid); /* its nodes may have changed */
void peers_follow_all(struct engine *engine);
/* This node has the state: say what an earlier daemon knew. */
void peers_expect(struct engine *engine);
void peers_expected(struct engine *engine, const char *uuid); /* the cluster knows it now */
void peers_recall(struct engine *engine); /* the state in which it was said has come to nothing */
/* Nodes that run clogd or did, and may live: their kernels may hold marks. Returns how many. */
uint32_t peers_strangers(const struct engine *engine, uint32_t nodes[VIEW_NODES_MAX]);
void peers_meet(struct engine *engine);
void peers_fenced(struct engine *engine, uint32_t node); /* it has to be met again */
/* The device of that log is gone, so its kernel holds nothing. */
void peers_gone(struct engine *engine, const char *uuid);
void peers_free(struct engine *engine);

/* recovery.c */
void recovery_get_work(struct engine *engine, struct locallog *log, struct instance *instance,
		       const struct ulog_request *request);
void recovery_set_sync(struct engine *engine, struct locallog *log, struct instance *instance,
		       const struct ulog_request *request);
void recovery_is_remote(struct engine *engine, struct locallog *log, struct instance *instance,
			const struct ulog_request *request);
bool recovery_in_sync(struct engine *engine, struct locallog *log, struct instance *instance,
		      uint32_t region);
void recovery_ordered(struct engine *engine, struct locallog *log, const struct wire_op *op);
void recovery_report_done(struct engine *engine, struct locallog *log, uint32_t want);
/* The kernel stops copying: what it was handed goes back. */
void recovery_stop(struct engine *engine, struct locallog *log);
void recovery_tick(struct engine *engine, struct locallog *log);

/* recovery_cycle.c: has the device suspended and resumed when its kernel needs it */
void recovery_check_hint(struct engine *engine, struct locallog *log);
void recovery_cycled(struct engine *engine, struct locallog *log, int result);

/* reports.c */
void reports_quorum_lost(struct engine *engine);
void reports_thawed(struct engine *engine);
/* Before the death is applied. */
void reports_node_down(struct engine *engine, uint32_t node);
/* The state may have changed. */
void reports_follow(struct engine *engine, struct locallog *log);

/* logdisk.c: what is to be written; logdisk_round.c: writing it */
/* A bit changed. One that became dirty is written at once. */
void logdisk_changed(struct engine *engine, struct locallog *log, uint32_t region, bool dirty);
/* All blocks from that of `region` on, and the header. */
void logdisk_rewrite(struct engine *engine, struct locallog *log, uint64_t region);
/* The writer says that the device holds everything up to a position. */
void logdisk_written(struct locallog *log, uint64_t position);
bool logdisk_is_settled(const struct locallog *log, uint64_t position);
bool logdisk_is_written(const struct locallog *log); /* the device says what the state says */
/* Another node waits until the device holds all that is ordered now. `always`: it does not know what was told before. */
void logdisk_others_wait(struct engine *engine, struct locallog *log, bool always);
/* This node has not seen what was changed before and may not be written yet: any block may differ, until WRITTEN. */
void logdisk_suspect(struct engine *engine, struct locallog *log);
/* The old writer is gone, this node is the new one. */
void logdisk_take_over(struct engine *engine, struct locallog *log, bool lost_writer);
/* Its last writes may land after ours: ours go out again. */
void logdisk_doubt(struct engine *engine, struct locallog *log);
bool logdisk_is_quiet(const struct locallog *log); /* nothing of this node is being written */
void logdisk_reset(struct locallog *log);
/* Sees who writes now, and starts a round when one is due. */
void logdisk_follow(struct engine *engine, struct locallog *log);
/* When a lazy write is due; UINT64_MAX: none. */
uint64_t logdisk_deadline(const struct engine *engine, const struct locallog *log);
void logdisk_round_done(struct engine *engine, struct locallog *log, int64_t result);
void logdisk_tell(struct engine *engine, struct locallog *log); /* WRITTEN, lazily */

/* diskjob.c: jobs that are out, and who waits for them; logdisk_load.c: reading a log at its first attach */
enum disk_purpose { DISK_FOR_OPEN, DISK_FOR_HEADER, DISK_FOR_LOAD, DISK_FOR_WRITE };
void diskjob_start(struct engine *engine, struct locallog *log, struct instance *instance,
		   enum disk_purpose purpose, struct disk_job *job);
void diskjob_forget_instance(struct engine *engine, const struct instance *instance);
void diskjob_forget_loads(struct engine *engine, const struct locallog *log);
void diskjob_close(struct engine *engine, struct instance *instance);
void diskjob_done(struct engine *engine, const struct disk_result *result);
void diskjob_free_all(struct engine *engine);
void logdisk_load(struct engine *engine, struct locallog *log);
/* Makes a set so coarse that it fits one message. */
void logdisk_make_fit(struct engine *engine, const struct locallog *log, struct regionset *unsynced,
		      uint64_t region_count);
/* logdisk_recheck.c: what only the device knows when its writer died */
void logdisk_recheck(struct engine *engine, struct locallog *log);
void logdisk_recheck_loaded(struct engine *engine, struct locallog *log, int error);
void logdisk_recheck_ordered(struct engine *engine, struct locallog *log, uint64_t ticket);
void logdisk_load_piece(struct engine *engine, struct locallog *log,
			const struct disk_result *result);

/* statepieces.c: a state that is too big for its ATTACH is ordered before it */
void statepieces_reset(struct locallog *log); /* nothing was read, nothing was sent */
/* True: pieces of what was loaded are on their way, attachment_loaded is called again behind the last. */
bool statepieces_begin(struct engine *engine, struct locallog *log);
/* An own piece was ordered. `log` may be NULL: it is gone meanwhile. */
void statepieces_ordered(struct engine *engine, struct locallog *log, const struct wire_op *op,
			 bool refused);
/* Another node's draft may have come to its end. */
void statepieces_follow(struct engine *engine, struct locallog *log);

#endif
