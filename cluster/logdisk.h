/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log device: what is to be written, writing it, and reading it. */
#ifndef CLOGD_CLUSTER_LOGDISK_H
#define CLOGD_CLUSTER_LOGDISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk_result;
struct engine;
struct locallog;
struct regionset;

/* A block of the log device (LOGDISK_BLOCK_BYTES) that differs from the state. */
struct changed_block {
	uint64_t block;
	uint64_t first, last; /* positions of the first and the last change since it was written */
	uint64_t first_dirty; /* of the first by which a bit became dirty; UINT64_MAX: none did */
	uint64_t last_dirty;  /* of the last */
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
	bool round_again; /* the device was opened meanwhile: nothing is known of it yet */
	bool urgent;      /* somebody waits */
	uint64_t others_first, others_last; /* what other nodes wait for: positions, 0 for none */
	uint64_t changed_position;          /* of the last change of a bit */
	uint64_t told_position;             /* of the last WRITTEN that was sent, or heard */
	uint64_t heard_position; /* of the last that was heard, by all nodes at this place */
	uint64_t tell_at_ms;     /* not before, when nobody waits for it */
	uint64_t probe_again_ms;
	uint64_t write_at_ms; /* a lazy write, or another try, is due; UINT64_MAX: none */
	/* After a take-over: blocks that the old writer may have had under way, written once more then and then. */
	struct regionset *doubted;
	uint64_t doubt_at_ms; /* UINT64_MAX: never */
	uint64_t doubt_step_ms;
	uint32_t writer;       /* as last seen */
	uint64_t region_count; /* as last seen */
	bool failed_seen;
	uint64_t failed_ms; /* since then */
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
/* Until an input is about the log there is nothing to write, to read, or to tell others. */
bool logdisk_may_rest(const struct engine *engine, const struct locallog *log);
void logdisk_round_done(struct engine *engine, struct locallog *log, int64_t result);
void logdisk_tell(struct engine *engine, struct locallog *log); /* WRITTEN, lazily */

/* logdisk_load.c: reading a log, at its first attach or again */
void logdisk_load(struct engine *engine, struct locallog *log);
/* Makes a set so coarse that it fits one message. */
void logdisk_make_fit(struct engine *engine, const struct locallog *log, struct regionset *unsynced,
		      uint64_t region_count);
void logdisk_load_piece(struct engine *engine, struct locallog *log,
			const struct disk_result *result);

/* logdisk_recheck.c: what only the device knows when its writer died */
void logdisk_recheck(struct engine *engine, struct locallog *log);
void logdisk_recheck_loaded(struct engine *engine, struct locallog *log, int error);
void logdisk_recheck_ordered(struct engine *engine, struct locallog *log, uint64_t ticket);

#endif
