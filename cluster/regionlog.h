/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The replicated state of one mirror log. Every function that changes it is a
 * deterministic step of an ordered event: equal states and equal events give
 * equal states on every node.
 *
 * Regions are indices below `region_count`; callers check ranges first. A
 * region is in sync when it is neither in `unsynced` nor marked by a lost node.
 */
#ifndef CLOGD_CLUSTER_REGIONLOG_H
#define CLOGD_CLUSTER_REGIONLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/logargs.h"
#include "common/regionset.h"
#include "common/ulog.h"

#define REGIONLOG_WANTED_MAX 64

/* What one node has to do with the log. */
struct regionlog_node {
	uint32_t node;
	bool holds;    /* has an instance that was attached once: a core log lives as long */
	bool attached; /* its kernel has the mirror resumed */
	bool absent;   /* its daemon is gone, its kernel is not (PROCDOWN) */
	bool lost;     /* the node is down and not yet known to be fenced: its marks wait */
	bool opaque; /* its kernel may hold marks that no daemon remembers: nobody else copies anything */
	uint64_t region_count;    /* of its table */
	struct regionset *marked; /* its kernel may be writing these */
	struct regionset *
		primary_only; /* its kernel may write these to one leg, unmarked: only it may recover them */
	struct regionset *working; /* handed out to it for recovery */
	struct regionset *tainted; /* part of working: written by others since the hand-out */
};

struct regionlog {
	char uuid[ULOG_UUID_SIZE];
	enum log_type type;
	uint32_t region_size_sectors;
	uint64_t region_count; /* largest of the attached nodes' */
	uint64_t
		generation; /* counts first attaches and last detaches: what was read from the device in between is stale */
	bool failed; /* the log device could not be written */
	/*
	 * The node that writes the log device, 0: none. It stays as long as it can:
	 * a change while a write is under way could let the old one land last.
	 */
	uint32_t writer;
	struct regionset *unsynced;
	struct regionlog_node *nodes; /* ascending by node */
	size_t node_count;
	uint32_t wanted
		[REGIONLOG_WANTED_MAX]; /* unsynced regions that somebody waits to write, oldest first */
	size_t wanted_count;
};

/* An attach as it was ordered. */
struct regionlog_attach {
	enum log_type type;
	uint32_t region_size_sectors;
	uint64_t region_count;
	enum log_sync sync;   /* LOG_SYNC_DEFAULT for all but the first resume of an instance */
	bool reconnect;       /* a kernel that was attached all the while meets a new daemon */
	uint64_t generation;  /* the log's when its device was read */
	uint64_t valid_count; /* regions below it have bits on the device */
	/*
	 * As read from the device; NULL when it was not read. The log takes the members
	 * over. With `drafted` they were ordered before, in pieces (drafts.h).
	 */
	struct regionset *unsynced;
	bool drafted;
};

struct regionlog *regionlog_new(const char *uuid);
void regionlog_free(struct regionlog *log);

struct regionlog_node *regionlog_find_node(const struct regionlog *log, uint32_t node);
bool regionlog_any_attached(const struct regionlog *log);
/* No node has anything to do with it any more. */
bool regionlog_is_unused(const struct regionlog *log);

/* --- questions --- */
bool regionlog_in_sync(const struct regionlog *log, uint32_t region);
bool regionlog_is_marked(const struct regionlog *log, uint32_t region);
uint64_t regionlog_sync_count(const struct regionlog *log, uint64_t region_count);
uint64_t regionlog_dirty_count(const struct regionlog *log);
/* Lowest region that is not in sync, or `region_count`. */
uint64_t regionlog_first_unsynced(const struct regionlog *log, uint64_t region_count);
/* Clears the bits of the regions [first, end) that are dirty or unsynced from an all-ones bitmap. */
void regionlog_render_bits(const struct regionlog *log, uint64_t first, uint64_t end,
			   uint8_t *block, uint32_t first_bit);

/* --- ordered steps --- */
enum attach_result {
	ATTACH_OK,    /* others are attached, or the log's state was kept */
	ATTACH_FIRST, /* the state came from this attach */
	ATTACH_STALE, /* nobody is attached and what was read is of another generation: read again */
	ATTACH_MISMATCH, /* another type or region size is in use */
};
enum attach_result regionlog_attach(struct regionlog *log, uint32_t node,
				    const struct regionlog_attach *attach);
/*
 * A fresh daemon of `origin` says that these nodes were attached when it was
 * last alive: their kernels may hold marks. Nodes that the log knows are left
 * alone, and all but `origin` when the log is known at all.
 */
void regionlog_expect(struct regionlog *log, uint32_t origin, const uint32_t *nodes,
		      uint32_t count);
/* The node's marks and hand-outs end, clean; those it was lost with become unsynced. */
void regionlog_release(struct regionlog *log, uint32_t node);
/* The same, and the node is not attached any more. */
void regionlog_detach(struct regionlog *log, uint32_t node);
/* The node has no instance left. */
void regionlog_forget(struct regionlog *log, uint32_t node);
/* True when a bit on the device changed. */
bool regionlog_mark(struct regionlog *log, uint32_t node, uint32_t region);
bool regionlog_clear(struct regionlog *log, uint32_t node, uint32_t region);
/*
 * A node that was cut off says all that it may be writing; with `reconnect`,
 * all that its daemon knows. Of the rest of `attach` only the count of regions
 * is of interest: its kernel never let go.
 */
void regionlog_rejoin(struct regionlog *log, uint32_t node, const struct regionlog_attach *attach,
		      const struct regionset *marked, const struct regionset *primary_only);
/* The device calls these dirty, for a reason that died with its writer. */
void regionlog_found(struct regionlog *log, const struct regionset *dirty);
/* A write of `node` reached one leg only. */
void regionlog_unsync(struct regionlog *log, uint32_t node, uint32_t region);
/* The state is in doubt and that node does not speak: its kernel may hold marks, whatever the log knows of it. */
void regionlog_suspect(struct regionlog *log, uint32_t node);
/*
 * Others may have gone on without this state. What they marked is on the log
 * device: everybody has to attach to it anew, the first reads it. A core log has
 * nothing but this state, so nothing of it is in sync.
 */
void regionlog_doubt(struct regionlog *log);
/* Only an attach can bring it back: from its device, or at all. */
bool regionlog_needs_attach(const struct regionlog *log);
/* Its daemon died; what its kernel holds stays. */
void regionlog_daemon_gone(struct regionlog *log, uint32_t node);
/* Node down: its marks, if any, stay with it, lost, until regionlog_fenced makes them unsynced. */
void regionlog_node_down(struct regionlog *log, uint32_t node);
bool regionlog_awaits_fencing(const struct regionlog_node *entry);
bool regionlog_fenced(struct regionlog *log, uint32_t node); /* true when it was lost */

/* --- recovery (regionlog_recovery.c) --- */
/* Somebody waits to write this unsynced region. */
void regionlog_want(struct regionlog *log, uint32_t region);
/* A copy ended; true when the region is in sync now. */
bool regionlog_recovered(struct regionlog *log, uint32_t node, uint32_t region, bool success);
/* Hands out up to `count` regions more; returns how many. */
uint32_t regionlog_hand_out(struct regionlog *log, uint32_t node, uint32_t count);
/* Would a hand-out give this node anything? */
bool regionlog_has_work(const struct regionlog *log, uint32_t node);

/* --- snapshot (regionlog_codec.c) --- */
void regionlog_encode(const struct regionlog *log, struct bytes_buffer *buffer);
/* NULL with reader->failed set when the bytes are malformed. */
struct regionlog *regionlog_decode(struct bytes_reader *reader);

#endif
