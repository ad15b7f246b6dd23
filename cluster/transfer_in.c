/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The snapshot this node receives. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/membership.h"
#include "cluster/transfer.h"
#include "common/memory.h"
#include "common/planted.h"

struct kept_event {
	struct kept_event *next;
	uint32_t node; /* 0: a view */
	struct view view;
	size_t size;
	uint8_t bytes[];
};

struct transfer_in {
	uint32_t sender; /* 0: nothing was announced */
	uint64_t transfer_id;
	uint32_t next_index;
	struct bytes_buffer state;
	struct kept_event *first;
	struct kept_event **last;
};

struct transfer_in *transfer_in_new(void)
{
	struct transfer_in *in = memory_new(1, sizeof(*in));

	in->last = &in->first;
	return in;
}

void transfer_in_reset(struct transfer_in *in)
{
	while (in->first) {
		struct kept_event *event = in->first;

		in->first = event->next;
		free(event);
	}
	in->last = &in->first;
	in->sender = 0;
	in->next_index = 0;
	bytes_free(&in->state);
}

void transfer_in_free(struct transfer_in *in)
{
	if (!in)
		return;
	transfer_in_reset(in);
	free(in);
}

void transfer_in_begin(struct transfer_in *in, uint32_t sender, uint64_t transfer_id)
{
	transfer_in_reset(in);
	in->sender = sender;
	in->transfer_id = transfer_id;
}

bool transfer_in_data(struct transfer_in *in, uint32_t sender,
		      const struct wire_snapshot_data *data)
{
	if (data->index == 0 && PLANTED(STALE_SNAPSHOT))
		transfer_in_begin(in, sender, data->transfer_id);
	if (in->sender != sender || in->transfer_id != data->transfer_id ||
	    in->next_index != data->index)
		return false;
	bytes_put_raw(&in->state, data->bytes, data->size);
	in->next_index++;
	return data->last;
}

static void keep(struct transfer_in *in, struct kept_event *event)
{
	*in->last = event;
	in->last = &event->next;
}

void transfer_in_keep_ops(struct transfer_in *in, uint32_t node, const void *bytes, size_t size)
{
	struct kept_event *event;

	if (in->sender == 0)
		return;
	event = memory_new(1, sizeof(*event) + size);
	event->node = node;
	event->size = size;
	memcpy(event->bytes, bytes, size);
	keep(in, event);
}

void transfer_in_keep_view(struct transfer_in *in, const struct view *view)
{
	struct kept_event *event;

	if (in->sender == 0)
		return;
	event = memory_new(1, sizeof(*event));
	event->view = *view;
	keep(in, event);
}

void transfer_in_sender_left(struct transfer_in *in, uint32_t node)
{
	if (in->sender == node)
		transfer_in_reset(in);
}

int transfer_in_finish(struct transfer_in *in, const struct membership_ports *ports)
{
	int result = ports->load(ports->context, in->state.data, in->state.size);

	for (const struct kept_event *event = PLANTED(DROP_KEPT) ? NULL : in->first;
	     event && result == 0; event = event->next) {
		if (event->node == 0)
			ports->apply_view(ports->context, &event->view);
		else
			ports->apply_ops(ports->context, event->node, event->bytes, event->size);
	}
	transfer_in_reset(in);
	return result;
}
