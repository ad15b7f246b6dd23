/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot on its way to a joiner: announced in the order (the state is taken
 * at that place), sent in pieces, completed by the events ordered meanwhile.
 * A piece of another transfer, sender or join is not of this one and ignored.
 */
#ifndef CLOGD_CLUSTER_TRANSFER_H
#define CLOGD_CLUSTER_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/view.h"
#include "cluster/wire.h"

struct membership_ports;

/* --- the server's side: any number of joiners --- */
struct transfer_out;
struct transfer_out *transfer_out_new(uint32_t node);
void transfer_out_free(struct transfer_out *out);
/* Announces a snapshot for that join, unless one is under way already. */
void transfer_out_start(struct transfer_out *out, const struct membership_ports *ports,
			uint32_t joiner, uint64_t join_id);
/* The announcement was ordered: this is the place in the order at which the state is taken. */
void transfer_out_begin(struct transfer_out *out, const struct membership_ports *ports,
			const struct wire_snapshot_begin *begin);
/* Sends the next piece of each transfer, unless its last one is on its way: other messages want to pass. */
void transfer_out_pump(struct transfer_out *out, const struct membership_ports *ports);
/* A piece of this node came back in the order. */
void transfer_out_delivered(struct transfer_out *out, uint64_t transfer_id);
void transfer_out_stop(struct transfer_out *out, uint32_t joiner);
void transfer_out_reset(struct transfer_out *out);

/* --- the joiner's side --- */
struct transfer_in;
struct transfer_in *transfer_in_new(void);
void transfer_in_free(struct transfer_in *in);
void transfer_in_begin(struct transfer_in *in, uint32_t sender, uint64_t transfer_id);
/* True when that was the last piece and all are there. */
bool transfer_in_data(struct transfer_in *in, uint32_t sender,
		      const struct wire_snapshot_data *data);
/* Events after the announcement are kept, those before it are part of the snapshot. */
void transfer_in_keep_ops(struct transfer_in *in, uint32_t node, const void *bytes, size_t size);
void transfer_in_keep_view(struct transfer_in *in, const struct view *view);
void transfer_in_sender_left(struct transfer_in *in, uint32_t node);
/* Loads the state and applies what was kept. -EBADMSG when it cannot be read; either way nothing is kept. */
int transfer_in_finish(struct transfer_in *in, const struct membership_ports *ports);
void transfer_in_reset(struct transfer_in *in);

#endif
