/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/membership_world.h"

#include <errno.h>
#include <string.h>

#include "common/memory.h"
#include "tests/unit/unit.h"

struct world_message {
	struct world_message *next;
	struct bytes_buffer buffer;
};

/* --- ports: what a membership does to its node --- */

static void port_send(void *context, struct bytes_buffer *buffer)
{
	struct world_node *node = context;
	struct world_message *message = memory_new(1, sizeof(*message));

	message->buffer = *buffer;
	*buffer = (struct bytes_buffer){0};
	*node->last = message;
	node->last = &message->next;
}

static uint64_t port_position(void *context)
{
	return ((struct world_node *)context)->position;
}

static void port_save(void *context, struct bytes_buffer *buffer)
{
	struct world_node *node = context;

	bytes_put_u64(buffer, node->position);
	bytes_put_u64(buffer, node->history);
	bytes_put_u64(buffer, node->lineage);
	while (buffer->size < node->world->snapshot_bytes)
		bytes_put_u64(buffer, buffer->size);
}

static int port_load(void *context, const void *bytes, size_t size)
{
	struct world_node *node = context;
	struct bytes_reader reader;

	if (node->refuses_load) {
		node->refuses_load = false;
		return -EBADMSG;
	}
	assert_true(size >= node->world->snapshot_bytes);
	bytes_reader_init(&reader, bytes, size);
	node->position = bytes_get_u64(&reader);
	node->history = bytes_get_u64(&reader);
	node->lineage = bytes_get_u64(&reader);
	while (bytes_left(&reader) > 0) {
		size_t at = size - bytes_left(&reader);

		assert_int_equal(bytes_get_u64(&reader), at);
	}
	node->loads++;
	return 0;
}

static uint64_t port_lineage(void *context)
{
	return ((struct world_node *)context)->lineage;
}

static void port_start_empty(void *context, uint64_t lineage)
{
	struct world_node *node = context;

	node->position = 0;
	node->history = BYTES_HASH_START;
	node->lineage = lineage;
	node->empties++;
}

static void port_founded(void *context, uint64_t lineage)
{
	struct world_node *node = context;

	node->lineage = lineage;
	node->foundings++;
}

static void port_apply_ops(void *context, uint32_t from, const void *bytes, size_t size)
{
	struct world_node *node = context;

	node->position++;
	node->history = bytes_hash(bytes_hash(node->history, &from, sizeof(from)), bytes, size);
}

static void port_apply_view(void *context, const struct view *view)
{
	struct world_node *node = context;

	node->position++;
	for (size_t i = 0; i < view->change_count; i++)
		node->history = bytes_hash(node->history, &view->changes[i].node, sizeof(uint32_t));
}

static void port_live(void *context)
{
	((struct world_node *)context)->lives++;
}

static void port_outdated(void *context)
{
	((struct world_node *)context)->outdateds++;
}

/* --- nodes --- */

void world_init(struct world *world)
{
	*world = (struct world){.snapshot_bytes = 16};
	for (uint32_t i = 0; i < WORLD_NODES; i++) {
		world->nodes[i].world = world;
		world->nodes[i].id = i + 1;
		world->nodes[i].last = &world->nodes[i].first;
	}
}

struct world_node *world_node(struct world *world, uint32_t node)
{
	assert_in_range(node, 1, WORLD_NODES);
	return &world->nodes[node - 1];
}

static void empty_outbox(struct world_node *node)
{
	while (node->first) {
		struct world_message *message = node->first;

		node->first = message->next;
		bytes_free(&message->buffer);
		free(message);
	}
	node->last = &node->first;
}

static void stop(struct world_node *node)
{
	membership_free(node->membership);
	node->membership = NULL;
	node->in_group = false;
	empty_outbox(node);
}

void world_fini(struct world *world)
{
	for (size_t i = 0; i < WORLD_NODES; i++)
		stop(&world->nodes[i]);
}

static void start(struct world_node *node)
{
	struct membership_ports ports = {
		.context = node,
		.send = port_send,
		.position = port_position,
		.save = port_save,
		.load = port_load,
		.lineage = port_lineage,
		.piece_bytes = 64U * 1024U,
		.start_empty = port_start_empty,
		.founded = port_founded,
		.apply_ops = port_apply_ops,
		.apply_view = port_apply_view,
		.live = port_live,
		.outdated = port_outdated,
	};

	assert_null(node->membership);
	node->position = node->history = 0;
	node->membership = membership_new(node->id, 1000 * node->id + ++node->starts, &ports);
	membership_quorum(node->membership, QUORUM_YES, 0, NULL, 0);
	node->in_group = true;
}

/* --- views --- */

static void show_view(struct world *world, struct view *view)
{
	view->member_count = 0;
	for (size_t i = 0; i < WORLD_NODES; i++)
		if (world->nodes[i].in_group)
			view->members[view->member_count++] = world->nodes[i].id;
	for (size_t i = 0; i < WORLD_NODES; i++)
		if (world->nodes[i].in_group)
			membership_view(world->nodes[i].membership, view);
}

void world_join(struct world *world, const uint32_t *nodes)
{
	struct view view = {0};

	for (; *nodes; nodes++) {
		start(world_node(world, *nodes));
		view.changes[view.change_count].node = *nodes;
		view.changes[view.change_count++].change = VIEW_JOINED;
	}
	show_view(world, &view);
}

void world_join_one(struct world *world, uint32_t node)
{
	world_join(world, (const uint32_t[]){node, 0});
}

void world_lose(struct world *world, uint32_t node, enum view_change change)
{
	struct view view = {.change_count = 1};

	stop(world_node(world, node));
	view.changes[0].node = node;
	view.changes[0].change = change;
	show_view(world, &view);
}

void world_quorum(struct world *world, uint32_t node, enum quorum quorum)
{
	if (world_node(world, node)->membership)
		membership_quorum(world_node(world, node)->membership, quorum, 0, NULL, 0);
}

static void quorum_of_all(struct world *world, enum quorum quorum)
{
	for (uint32_t node = 1; node <= WORLD_NODES; node++)
		world_quorum(world, node, quorum);
}

static void show_sides(struct world *world, struct world_node *node, const unsigned int *old)
{
	struct view view = {0};

	for (size_t i = 0; i < WORLD_NODES; i++) {
		const struct world_node *other = &world->nodes[i];
		bool was = old[i] == old[node->id - 1];
		bool is = other->side == node->side;

		if (!other->in_group)
			continue;
		if (is)
			view.members[view.member_count++] = other->id;
		if (is == was)
			continue;
		view.changes[view.change_count].node = other->id;
		view.changes[view.change_count++].change = is ? VIEW_JOINED : VIEW_NODEDOWN;
	}
	membership_view(node->membership, &view);
}

static void change_sides(struct world *world, uint32_t from)
{
	unsigned int old[WORLD_NODES];

	quorum_of_all(world, QUORUM_UNSURE);
	for (size_t i = 0; i < WORLD_NODES; i++) {
		old[i] = world->nodes[i].side;
		world->nodes[i].side = world->nodes[i].id >= from;
	}
	for (size_t i = 0; i < WORLD_NODES; i++)
		if (world->nodes[i].in_group)
			show_sides(world, &world->nodes[i], old);
}

void world_part(struct world *world, uint32_t node)
{
	change_sides(world, node);
}

void world_merge(struct world *world, enum quorum quorum)
{
	change_sides(world, WORLD_NODES + 1);
	quorum_of_all(world, quorum);
}

/* --- messages --- */

void world_op(struct world *world, uint32_t node)
{
	struct world_node *it = world_node(world, node);
	struct bytes_buffer buffer = {0};

	wire_begin(&buffer, WIRE_OPS, 1);
	bytes_put_u64(&buffer, it->history + 1);
	port_send(it, &buffer);
}

static void deliver(struct world_node *to, uint32_t from, const struct bytes_buffer *buffer)
{
	struct wire_snapshot_begin begin;
	struct wire_snapshot_data data;
	struct bytes_reader reader;
	struct wire_hello hello;
	enum wire_kind kind;
	uint64_t census;

	bytes_reader_init(&reader, buffer->data, buffer->size);
	assert_int_equal(wire_open(&reader, &kind), 0);
	if (kind == WIRE_HELLO) {
		assert_int_equal(wire_hello_decode(&reader, &hello), 0);
		membership_hello(to->membership, from, &hello);
	} else if (kind == WIRE_CENSUS) {
		assert_int_equal(wire_census_decode(&reader, &census), 0);
		membership_census(to->membership, census);
	} else if (kind == WIRE_SNAPSHOT_BEGIN) {
		assert_int_equal(wire_snapshot_begin_decode(&reader, &begin), 0);
		membership_snapshot_begin(to->membership, from, &begin);
	} else if (kind == WIRE_SNAPSHOT_DATA) {
		assert_int_equal(wire_snapshot_data_decode(&reader, &data), 0);
		membership_snapshot_data(to->membership, from, &data);
	} else {
		membership_ops(to->membership, from, reader.at, bytes_left(&reader));
	}
}

int world_next_kind(struct world *world, uint32_t node)
{
	const struct world_message *message = world_node(world, node)->first;
	struct bytes_reader reader;
	enum wire_kind kind;

	if (!message)
		return 0;
	bytes_reader_init(&reader, message->buffer.data, message->buffer.size);
	assert_int_equal(wire_open(&reader, &kind), 0);
	return (int)kind;
}

bool world_step(struct world *world, uint32_t node)
{
	struct world_node *it = world_node(world, node);
	struct world_message *message = it->first;

	if (!message)
		return false;
	it->first = message->next;
	if (!it->first)
		it->last = &it->first;
	for (size_t i = 0; i < WORLD_NODES; i++)
		if (world->nodes[i].in_group && world->nodes[i].side == it->side)
			deliver(&world->nodes[i], node, &message->buffer);
	/* as the engine: more of a snapshot when the outbox is empty */
	for (size_t i = 0; i < WORLD_NODES; i++)
		if (world->nodes[i].membership && !world->nodes[i].first)
			membership_pump(world->nodes[i].membership);
	bytes_free(&message->buffer);
	free(message);
	return true;
}

void world_run(struct world *world)
{
	bool moved = true;

	for (int rounds = 0; moved; rounds++) {
		assert_true(rounds < 10000);
		moved = false;
		for (uint32_t node = 1; node <= WORLD_NODES; node++)
			moved = world_step(world, node) || moved;
	}
}

bool world_is_equal(struct world *world)
{
	const struct world_node *first = NULL;

	for (size_t i = 0; i < WORLD_NODES; i++) {
		const struct world_node *node = &world->nodes[i];

		if (!node->in_group)
			continue;
		if (!membership_is_live(node->membership))
			return false;
		if (first && (first->position != node->position || first->history != node->history))
			return false;
		first = node;
	}
	return first != NULL;
}
