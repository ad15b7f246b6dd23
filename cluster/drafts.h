/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * States of logs on their way: what a node read from a log device and is too
 * much for its ATTACH, ordered before it in pieces. Part of the replicated state.
 *
 * A log has one draft at a time, of one node; it is taken by that node's
 * attach. It comes to nothing when the node goes, starts anew or gives it up,
 * when the log's generation changes, and when the state is founded anew.
 */
#ifndef CLOGD_CLUSTER_DRAFTS_H
#define CLOGD_CLUSTER_DRAFTS_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/wire.h"
#include "common/bytes.h"
#include "common/regionset.h"

struct draft;

/* All drafts, ascending by uuid. All zero: none. */
struct drafts {
	struct draft *first;
};

void drafts_free(struct drafts *drafts);
/*
 * An ordered piece; the first one of a draft begins at region 0. False: it does
 * not continue what is there, or another node's draft is under way.
 */
bool drafts_add(struct drafts *drafts, uint32_t node, const struct wire_op *op);
/* The set of a complete draft of that node for this attach, or NULL; the caller frees it. No draft of the node is left. */
struct regionset *drafts_take(struct drafts *drafts, const char *uuid, uint32_t node,
			      const struct regionlog_attach *attach);
/* Whose draft it is; 0: there is none. */
uint32_t drafts_node(const struct drafts *drafts, const char *uuid);
/* Each with NULL or 0 for any. */
void drafts_drop(struct drafts *drafts, const char *uuid, uint32_t node);

/* In a snapshot; nothing when there are none. */
void drafts_encode(const struct drafts *drafts, struct bytes_buffer *buffer);
/* Fails the reader when the bytes are malformed. */
void drafts_decode(struct drafts *drafts, struct bytes_reader *reader);

#endif
