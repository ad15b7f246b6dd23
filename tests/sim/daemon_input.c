/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queues between the world and one daemon's loop. */
#include <errno.h>

#include "tests/sim/check.h"
#include "tests/sim/daemon.h"
#include "tests/sim/message_text.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

static void push(struct daemon *daemon, enum daemon_source source, const struct input *input)
{
	struct input_queue *queue = &daemon->queues[source];
	struct input *copy = arena_copy(&daemon->world->arena, input, sizeof(*input));

	copy->next = NULL;
	*queue->last = copy;
	queue->last = &copy->next;
	queue->count++;
	daemon_wake(daemon);
}

bool daemon_push_request(struct daemon *daemon, const uint8_t *bytes, size_t size)
{
	struct world *world = daemon->world;

	if (daemon->queues[SOURCE_NETLINK].count >= DAEMON_SOCKET_MAX ||
	    random_chance(&world->random_io, world->netlink_loss_per_mille))
		return false;
	push(daemon, SOURCE_NETLINK,
	     &(struct input){.kind = INPUT_REQUEST,
			     .bytes = arena_copy(&world->arena, bytes, size),
			     .size = size});
	return true;
}

void daemon_push_message(struct daemon *daemon, const struct bus_entry *entry, uint64_t history)
{
	push(daemon, SOURCE_GROUP,
	     &(struct input){.kind = INPUT_MESSAGE,
			     .entry_id = entry->id,
			     .history = history,
			     .node = entry->node,
			     .bytes = entry->bytes,
			     .size = entry->size});
}

void daemon_push_view(struct daemon *daemon, const struct view *view, uint64_t entry_id)
{
	push(daemon, SOURCE_GROUP,
	     &(struct input){.kind = INPUT_VIEW,
			     .entry_id = entry_id,
			     .view = arena_copy(&daemon->world->arena, view, sizeof(*view))});
}

void daemon_push_quorum(struct daemon *daemon, enum quorum quorum, const struct ring *ring)
{
	push(daemon, SOURCE_GROUP,
	     &(struct input){.kind = INPUT_QUORUM,
			     .quorum = quorum,
			     .ring = ring->id,
			     .nodes = ring->nodes});
}

void daemon_push_disconnected(struct daemon *daemon)
{
	push(daemon, SOURCE_GROUP, &(struct input){.kind = INPUT_DISCONNECTED});
}

void daemon_push_disk_done(struct daemon *daemon, const struct disk_result *result,
			   size_t data_size)
{
	struct input input = {.kind = INPUT_DISK_DONE, .disk = *result};

	if (result->data)
		input.disk.data = arena_copy(&daemon->world->arena, result->data, data_size);
	push(daemon, SOURCE_DISK, &input);
}

void daemon_push_cycled(struct daemon *daemon, const char *uuid, int result)
{
	push(daemon, SOURCE_ADMIN,
	     &(struct input){.kind = INPUT_CYCLED, .uuid = uuid, .result = result});
}

void daemon_push_fenced(struct daemon *daemon, uint32_t node)
{
	push(daemon, SOURCE_ADMIN, &(struct input){.kind = INPUT_FENCED, .node = node});
}

struct input *daemon_next_input(struct daemon *daemon)
{
	uint32_t start = (uint32_t)random_below(&daemon->world->random_io, SOURCES);

	for (uint32_t i = 0; i < SOURCES; i++) {
		struct input_queue *queue = &daemon->queues[(start + i) % SOURCES];
		struct input *input = queue->first;

		if (!input)
			continue;
		queue->first = input->next;
		if (!queue->first)
			queue->last = &queue->first;
		queue->count--;
		return input;
	}
	return NULL;
}

static void handle_request(struct daemon *daemon, const struct input *input)
{
	struct ulog_request request;
	int error = ulog_request_decode(input->bytes, input->size, &request);

	if (error)
		check_fail(daemon->world, "a kernel's request is refused by the decoder: %d",
			   error);
	else
		engine_request(daemon->engine, daemon_now_ms(daemon), &request);
}

static void handle_view(struct daemon *daemon, const struct input *input)
{
	static const char *const names[] = {"joined", "left", "procdown", "nodedown"};

	static const enum count counts[] = {COUNT_VIEWS_JOINED, COUNT_VIEWS_PROCDOWN,
					    COUNT_VIEWS_PROCDOWN, COUNT_VIEWS_NODEDOWN};

	for (size_t i = 0; i < input->view->change_count; i++)
		daemon->world->counts.of[counts[input->view->changes[i].change]]++;
	for (size_t i = 0; i < input->view->change_count; i++)
		TRACE(daemon->world, daemon->node->id, "view (%zu members): node %u %s",
		      input->view->member_count, input->view->changes[i].node,
		      names[input->view->changes[i].change]);
	daemon->last_entry = input->entry_id;
	engine_view(daemon->engine, daemon_now_ms(daemon), input->view);
}

static void handle_quorum(struct daemon *daemon, const struct input *input)
{
	static const char *const names[] = {"no", "yes", "unsure"};
	uint32_t nodes[NODES_MAX];
	size_t count = 0;

	for (uint32_t id = 1; id <= NODES_MAX; id++)
		if (input->nodes & NODE_BIT(id))
			nodes[count++] = id;
	if (input->quorum == QUORUM_NO)
		COUNT(daemon->world, FROZEN);
	TRACE(daemon->world, daemon->node->id, "quorum: %s, nodes %x", names[input->quorum],
	      input->nodes >> 1);
	daemon->quorum = input->quorum;
	daemon->named |= input->nodes;
	engine_quorum(daemon->engine, daemon_now_ms(daemon), input->quorum, input->ring, nodes,
		      count);
}

static void trace_message(const struct daemon *daemon, const struct input *input)
{
	char text[MESSAGE_TEXT_SIZE];

	if (!daemon->world->trace.out)
		return;
	message_text(input->bytes, input->size, text);
	TRACE(daemon->world, daemon->node->id, "message %llu of node %u: %s",
	      (unsigned long long)input->entry_id, input->node, text);
}

static void handle_message(struct daemon *daemon, const struct input *input)
{
	trace_message(daemon, input);
	daemon->last_entry = input->entry_id;
	daemon->last_history = input->history;
	engine_message(daemon->engine, daemon_now_ms(daemon), input->node, input->bytes,
		       input->size);
	check_position(daemon);
}

void daemon_handle(struct daemon *daemon, const struct input *input)
{
	uint64_t now_ms = daemon_now_ms(daemon);

	switch (input->kind) {
	case INPUT_REQUEST:
		handle_request(daemon, input);
		break;
	case INPUT_MESSAGE:
		handle_message(daemon, input);
		break;
	case INPUT_VIEW:
		handle_view(daemon, input);
		break;
	case INPUT_QUORUM:
		handle_quorum(daemon, input);
		break;
	case INPUT_DISCONNECTED:
		engine_disconnected(daemon->engine, now_ms);
		break;
	case INPUT_DISK_DONE:
		engine_disk_done(daemon->engine, now_ms, &input->disk);
		break;
	case INPUT_CYCLED:
		engine_device_cycled(daemon->engine, now_ms, input->uuid, input->result);
		break;
	case INPUT_FENCED:
		TRACE(daemon->world, daemon->node->id, "told that node %u is fenced", input->node);
		engine_fenced(daemon->engine, now_ms, input->node);
		break;
	}
	check_founding(daemon);
}
