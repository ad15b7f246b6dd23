/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots this node sends. */
#include <stdlib.h>

#include "cluster/membership.h"
#include "cluster/transfer.h"
#include "common/memory.h"

struct outgoing {
	struct outgoing *next;
	uint32_t joiner;
	uint64_t join_id;
	uint64_t transfer_id;
	bool taken; /* the state is in `state` */
	struct bytes_buffer state;
	size_t sent;
	uint32_t index;
	bool on_its_way; /* a piece is */
	bool complete;
};

struct transfer_out {
	uint32_t node;
	uint64_t transfer_count;
	struct outgoing *first;
};

struct transfer_out *transfer_out_new(uint32_t node)
{
	struct transfer_out *out = memory_new(1, sizeof(*out));

	out->node = node;
	return out;
}

static void free_outgoing(struct outgoing *outgoing)
{
	bytes_free(&outgoing->state);
	free(outgoing);
}

void transfer_out_reset(struct transfer_out *out)
{
	while (out->first) {
		struct outgoing *outgoing = out->first;

		out->first = outgoing->next;
		free_outgoing(outgoing);
	}
}

void transfer_out_free(struct transfer_out *out)
{
	if (!out)
		return;
	transfer_out_reset(out);
	free(out);
}

void transfer_out_stop(struct transfer_out *out, uint32_t joiner)
{
	for (struct outgoing **at = &out->first; *at;) {
		struct outgoing *outgoing = *at;

		if (outgoing->joiner != joiner) {
			at = &outgoing->next;
			continue;
		}
		*at = outgoing->next;
		free_outgoing(outgoing);
	}
}

void transfer_out_start(struct transfer_out *out, const struct membership_ports *ports,
			uint32_t joiner, uint64_t join_id)
{
	struct bytes_buffer message = {0};
	struct wire_snapshot_begin begin = {.joiner = joiner, .join_id = join_id};
	struct outgoing *outgoing;

	for (outgoing = out->first; outgoing; outgoing = outgoing->next)
		if (outgoing->joiner == joiner && outgoing->join_id == join_id)
			return;
	transfer_out_stop(out, joiner);
	outgoing = memory_new(1, sizeof(*outgoing));
	outgoing->joiner = joiner;
	outgoing->join_id = join_id;
	/* Unique with the sender's id beside it, and over the sender's restarts with the join's. */
	outgoing->transfer_id = begin.transfer_id = ++out->transfer_count;
	outgoing->next = out->first;
	out->first = outgoing;
	wire_begin(&message, WIRE_SNAPSHOT_BEGIN, WIRE_VERSION_MIN);
	wire_snapshot_begin_encode(&begin, &message);
	ports->send(ports->context, &message);
}

void transfer_out_begin(struct transfer_out *out, const struct membership_ports *ports,
			const struct wire_snapshot_begin *begin)
{
	for (struct outgoing *outgoing = out->first; outgoing; outgoing = outgoing->next) {
		if (outgoing->transfer_id != begin->transfer_id || outgoing->taken)
			continue;
		ports->save(ports->context, &outgoing->state);
		outgoing->taken = true;
	}
}

static void send_piece(struct outgoing *outgoing, const struct membership_ports *ports)
{
	struct bytes_buffer message = {0};
	size_t left = outgoing->state.size - outgoing->sent;
	struct wire_snapshot_data data = {
		.joiner = outgoing->joiner,
		.transfer_id = outgoing->transfer_id,
		.index = outgoing->index++,
		.last = left <= ports->piece_bytes,
		.bytes = outgoing->state.data + outgoing->sent,
		.size = (uint32_t)(left <= ports->piece_bytes ? left : ports->piece_bytes),
	};

	wire_begin(&message, WIRE_SNAPSHOT_DATA, WIRE_VERSION_MIN);
	wire_snapshot_data_encode(&data, &message);
	outgoing->sent += data.size;
	outgoing->on_its_way = true;
	if (data.last) {
		outgoing->complete = true;
		bytes_free(&outgoing->state);
	}
	ports->send(ports->context, &message);
}

void transfer_out_delivered(struct transfer_out *out, uint64_t transfer_id)
{
	for (struct outgoing *outgoing = out->first; outgoing; outgoing = outgoing->next)
		if (outgoing->transfer_id == transfer_id)
			outgoing->on_its_way = false;
}

void transfer_out_pump(struct transfer_out *out, const struct membership_ports *ports)
{
	for (struct outgoing *outgoing = out->first; outgoing; outgoing = outgoing->next)
		if (outgoing->taken && !outgoing->complete && !outgoing->on_its_way)
			send_piece(outgoing, ports);
}
