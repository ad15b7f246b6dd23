/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One engine with nothing around it but a queue of what it sent, a queue of its
 * disk jobs and a small log device in memory. Nothing moves by itself: messages
 * come back in the order and jobs end when the target says so.
 */
#ifndef CLOGD_TESTS_FUZZ_ENGINE_BOX_H
#define CLOGD_TESTS_FUZZ_ENGINE_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/engine.h"
#include "cluster/wire.h"

#define BOX_DEVICE       "254:3"
#define BOX_DEVICE_BYTES (8U * 1024U)
#define BOX_JOIN_SEED    0x5eed
#define BOX_CORE         "LVM-core" /* two logs for the targets that need some */
#define BOX_DISK         "LVM-disk"
#define BOX_DISK_REGIONS 4096
#define BOX_CORE_TABLE   "65536 clustered-core 1024"
#define BOX_DISK_TABLE   "4194304 clustered-disk " BOX_DEVICE " 1024"

struct box_item;

struct box {
	struct engine *engine;
	uint32_t node;
	uint64_t now_ms;
	uint32_t last_seq;
	uint64_t last_job;
	struct box_item *messages, *jobs;
	uint32_t peers
		[VIEW_NODES_MAX]; /* members beside this node: live, and they answer each census */
	size_t peer_count;
	int open_handles;
	uint8_t device[BOX_DEVICE_BYTES];
	/* Each reply; NULL for none. */
	void (*reply)(void *context, const struct ulog_reply *reply);
	void *context;
};

/* A live node alone in its cluster, or, with peers, one that has just asked to join. */
struct box *box_new(uint32_t node);
void box_free(struct box *box);

/* The oldest message that was sent comes back; false when there is none. */
bool box_deliver(struct box *box);
/* The oldest job, or the newest, ends with `error`, or well with 0; false when there is none. */
bool box_complete(struct box *box, bool newest, int error);
/* Both, until nothing is left: aborts when there is no end to it. */
void box_settle(struct box *box);
void box_pass(struct box *box, uint64_t ms); /* time passes, with one tick at its end */

/* A view of this node and its peers after one change. */
void box_view(struct box *box, uint32_t node, enum view_change change);
void box_quorum(struct box *box, enum quorum quorum);

/* Fills seq and version, and gives the request to the engine. Returns the seq. */
uint32_t box_request(struct box *box, struct ulog_request *request);
uint32_t box_ask(struct box *box, const char *uuid, enum ulog_type type, uint64_t luid,
		 uint64_t region);
void box_construct(struct box *box, const char *uuid, uint64_t luid, const char *table);
/* An operation as if `node` had sent it; frees it. */
void box_operation(struct box *box, uint32_t node, struct wire_op *op);
/* Peers attach to a log as this node would. */
void box_attach_peer(struct box *box, uint32_t node, const char *uuid);

/* Asks for everything that can be seen. */
void box_look(struct box *box);
/* The replicated state survives being written and read: else no node could join any more. */
void box_check_snapshot(struct box *box);

#endif
