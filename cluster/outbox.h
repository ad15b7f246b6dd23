/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages on their way out. Operations are packed: those that come up while
 * earlier messages are on their way share the next one.
 */
#ifndef CLOGD_CLUSTER_OUTBOX_H
#define CLOGD_CLUSTER_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/wire.h"

struct outbox;

typedef int outbox_send_fn(void *context, const void *bytes, size_t size);

struct outbox *outbox_new(void);
void outbox_free(struct outbox *outbox);
/* A message of its own; the buffer is taken over. */
void outbox_message(struct outbox *outbox, struct bytes_buffer *message);
/* One operation; encoded now. */
void outbox_operation(struct outbox *outbox, const struct wire_op *op, uint8_t version);
/* One of our own messages with operations came back in the order. */
void outbox_delivered(struct outbox *outbox);
/* Sends what may be sent. True when something is refused for now (-EAGAIN) and must be tried again later. */
bool outbox_flush(struct outbox *outbox, outbox_send_fn *send, void *context);
/* Messages with operations that were sent and have not come back. */
unsigned int outbox_in_flight(const struct outbox *outbox);
bool outbox_is_empty(const struct outbox *outbox);
/* Empty, and all operations that were sent have come back in the order. */
bool outbox_is_idle(const struct outbox *outbox);
/* Forgets all: the connection is gone. */
void outbox_reset(struct outbox *outbox);

#endif
