/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cluster/outbox.h"

#include <errno.h>
#include <stdlib.h>

#include "common/memory.h"

/* Packing needs something to wait for: at most this many messages with operations are on their way. */
#define IN_FLIGHT_MAX 8
#define PACK_BYTES    (16U * 1024U)

struct entry {
	struct entry *next;
	bool operations;
	struct bytes_buffer message;
};

struct outbox {
	struct entry *first;
	struct entry **last;
	struct entry *packing; /* the entry that takes more operations, or NULL */
	unsigned int in_flight;
};

struct outbox *outbox_new(void)
{
	struct outbox *outbox = memory_new(1, sizeof(*outbox));

	outbox->last = &outbox->first;
	return outbox;
}

static void pop(struct outbox *outbox)
{
	struct entry *entry = outbox->first;

	outbox->first = entry->next;
	if (!outbox->first)
		outbox->last = &outbox->first;
	if (outbox->packing == entry)
		outbox->packing = NULL;
	bytes_free(&entry->message);
	free(entry);
}

void outbox_reset(struct outbox *outbox)
{
	while (outbox->first)
		pop(outbox);
	outbox->in_flight = 0;
}

void outbox_free(struct outbox *outbox)
{
	if (!outbox)
		return;
	outbox_reset(outbox);
	free(outbox);
}

static struct entry *append(struct outbox *outbox)
{
	struct entry *entry = memory_new(1, sizeof(*entry));

	*outbox->last = entry;
	outbox->last = &entry->next;
	return entry;
}

void outbox_message(struct outbox *outbox, struct bytes_buffer *message)
{
	append(outbox)->message = *message;
	*message = (struct bytes_buffer){0};
	outbox->packing = NULL;
}

void outbox_operation(struct outbox *outbox, const struct wire_op *op, uint8_t version)
{
	if (!outbox->packing || outbox->packing->message.size > PACK_BYTES) {
		outbox->packing = append(outbox);
		outbox->packing->operations = true;
		wire_begin(&outbox->packing->message, WIRE_OPS, version);
	}
	wire_op_encode(op, &outbox->packing->message);
}

void outbox_delivered(struct outbox *outbox)
{
	if (outbox->in_flight > 0)
		outbox->in_flight--;
}

bool outbox_flush(struct outbox *outbox, outbox_send_fn *send, void *context)
{
	while (outbox->first) {
		struct entry *entry = outbox->first;

		if (entry->operations && outbox->in_flight >= IN_FLIGHT_MAX)
			return false;
		if (send(context, entry->message.data, entry->message.size) < 0)
			return true;
		if (entry->operations)
			outbox->in_flight++;
		pop(outbox);
	}
	return false;
}

unsigned int outbox_in_flight(const struct outbox *outbox)
{
	return outbox->in_flight;
}

bool outbox_is_empty(const struct outbox *outbox)
{
	return !outbox->first;
}

bool outbox_is_idle(const struct outbox *outbox)
{
	return outbox_is_empty(outbox) && outbox->in_flight == 0;
}
