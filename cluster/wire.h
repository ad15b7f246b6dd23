/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemons tell each other. Little endian, versioned, length-checked.
 *
 * A message is: u32 magic, u8 version, u8 kind, u16 0, then the kind's body.
 * WIRE_OPS carries ordered operations on logs one after the other, each with a
 * u32 length before it; a receiver skips none: an operation it cannot read
 * makes the whole message malformed. docs/protocol.md tells the story.
 */
#ifndef CLOGD_CLUSTER_WIRE_H
#define CLOGD_CLUSTER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/regionlog.h"
#include "common/bytes.h"

#define WIRE_MAGIC       0x676f6c63U /* "clog" */
#define WIRE_VERSION_MIN 1           /* of the protocol this daemon can speak */
#define WIRE_VERSION_MAX 1
#define WIRE_REGIONS_MAX 4096 /* in one operation */

enum wire_kind {
	WIRE_HELLO = 1,
	WIRE_SNAPSHOT_BEGIN = 2,
	WIRE_SNAPSHOT_DATA = 3,
	WIRE_OPS = 4,
	WIRE_CENSUS = 5,
};

enum wire_op_kind {
	OP_ATTACH = 1,
	OP_RELEASE = 2, /* marks end, the node goes on writing the device until OP_DETACH */
	OP_DETACH = 3,
	OP_FORGET = 4,
	OP_UPDATE = 5, /* marks and clears */
	OP_WORK = 6,   /* recovery done, failed, and more wanted */
	OP_WANT = 7,
	OP_UNSYNC = 8,
	OP_WRITTEN = 9, /* the device holds everything up to a position */
	OP_HEALTH = 10,
	OP_REJOIN = 11,
	OP_EXPECT = 12, /* nodes whose kernels may hold marks that no daemon remembers */
	OP_FOUND = 13,  /* regions that the device calls dirty, without a reason in the state */
	/* Of nodes, not of a log: */
	OP_NODE_DOWN = 14,   /* a node without a daemon left the cluster */
	OP_DAEMON_GONE = 15, /* a node is there, its daemon is not */
	OP_FENCED = 16,      /* a lost node cannot write any more */
	OP_FOUNDED = 17,     /* the state that was founded anew is known to be the latest, or not */
	/* Of a log again: */
	OP_STATE =
		18, /* a piece of the state that the next ATTACH brings; of nothing: there will be none */
	/* Of a node: */
	OP_PRESENT =
		19, /* the sender's daemon has the state, and has said what its kernel may hold */
};
#define OP_KIND_MAX OP_PRESENT

/* One operation. Arrays and sets are owned; wire_op_free() frees them. */
struct wire_op {
	enum wire_op_kind kind;
	char uuid[ULOG_UUID_SIZE]; /* "" for those of nodes */
	uint64_t ticket; /* the sender's, given back to it at delivery; 0 when nobody waits */
	struct regionlog_attach attach;
	uint32_t *
		regions; /* UPDATE: marked; WORK: recovered; WANT, UNSYNC; EXPECT, FOUNDED: nodes */
	uint32_t region_count;
	uint32_t *others; /* UPDATE: cleared; WORK: failed */
	uint32_t other_count;
	uint32_t want;       /* WORK: regions to be handed out */
	uint64_t position;   /* WRITTEN */
	bool failed;         /* HEALTH */
	uint32_t node;       /* NODE_DOWN, DAEMON_GONE, FENCED */
	bool doubtful;       /* FOUNDED: others may have gone on */
	uint64_t first, end; /* STATE: all that was read of these regions is in attach.unsynced */
	struct regionset *marked; /* REJOIN, FOUND; both say the count of regions in `attach` */
	struct regionset *primary_only; /* REJOIN */
	bool absent;                    /* REJOIN: for a kernel that has not met this daemon */
};

void wire_op_free(struct wire_op *op);
/* The members of a set that are at least `from`, ascending, as many as one operation takes, for it to own. NULL: none. */
uint32_t *wire_op_regions(const struct regionset *set, uint64_t from, uint32_t *count);

/* Starts a message in an empty buffer. */
void wire_begin(struct bytes_buffer *buffer, enum wire_kind kind, uint8_t version);
/* 0 with the kind and the reader at the body, or -EBADMSG (not ours, cut off), -EPROTO (a version we do not speak). */
int wire_open(struct bytes_reader *reader, enum wire_kind *kind);

/* Appends one operation, with its length, to a WIRE_OPS message. */
void wire_op_encode(const struct wire_op *op, struct bytes_buffer *buffer);
/* The next operation; 0, or -EBADMSG with nothing to free. */
int wire_op_decode(struct bytes_reader *reader, struct wire_op *op);

enum hello_state {
	HELLO_FRESH = 0,    /* knows nothing */
	HELLO_OUTDATED = 1, /* knew the state up to `position`; others have gone on since */
	HELLO_STALE = 2,    /* knew the state up to `position`, was cut off since */
	HELLO_LIVE = 3,     /* has the state */
};
struct wire_hello {
	uint8_t version_min, version_max;
	enum hello_state state;
	uint64_t join_id;
	uint64_t
		lineage; /* drawn when its state was founded: live ones that differ did not come from each other */
	uint64_t
		era; /* ring of the last quorum found after nodes were lost, as far as this state goes; 0: it never had quorum */
	uint64_t position;
	uint64_t census; /* which census this answers; unasked: the last one that was decided */
	bool unasked;    /* a change of state, said by itself */
};
void wire_hello_encode(const struct wire_hello *hello, struct bytes_buffer *buffer);
int wire_hello_decode(struct bytes_reader *reader, struct wire_hello *hello);

/* Everybody is asked for a hello. The number is drawn, so that no older hello can be taken for an answer. */
void wire_census_encode(uint64_t census, struct bytes_buffer *buffer);
int wire_census_decode(struct bytes_reader *reader, uint64_t *census);

/* Snapshot of the state at the delivery of this message follows, for that join of that node. */
struct wire_snapshot_begin {
	uint32_t joiner;
	uint64_t join_id;
	uint64_t transfer_id;
};
void wire_snapshot_begin_encode(const struct wire_snapshot_begin *begin,
				struct bytes_buffer *buffer);
int wire_snapshot_begin_decode(struct bytes_reader *reader, struct wire_snapshot_begin *begin);

struct wire_snapshot_data {
	uint32_t joiner;
	uint64_t transfer_id;
	uint32_t index; /* from 0 */
	bool last;
	const uint8_t *bytes; /* borrowed */
	uint32_t size;
};
void wire_snapshot_data_encode(const struct wire_snapshot_data *data, struct bytes_buffer *buffer);
int wire_snapshot_data_decode(struct bytes_reader *reader, struct wire_snapshot_data *data);

#endif
