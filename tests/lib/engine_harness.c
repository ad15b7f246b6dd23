/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes, daemons and their ports. */
#include "tests/lib/engine_harness.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/memory.h"
#include "tests/unit/unit.h"

/* --- ports --- */

static void port_reply(void *context, const struct ulog_reply *reply)
{
	harness_reply(context, reply);
}

static int port_send(void *context, const void *bytes, size_t size)
{
	struct harness_node *node = context;

	if (node->refuses_sends)
		return -EAGAIN;
	if (!node->member)
		return -ENOTCONN;
	node->messages++;
	harness_bus_send(node->harness, node->id, bytes, size);
	return 0;
}

static void port_disk(void *context, const struct disk_job *job)
{
	harness_disk_submit(context, job);
}

static void port_cycle_device(void *context, const char *uuid)
{
	struct harness_node *node = context;

	node->cycles++;
	strcpy(node->cycle_uuid, uuid);
}

static void port_wake_device(void *context, const char *uuid)
{
	struct harness_node *node = context;

	(void)uuid;
	node->wakes++;
}

static void port_report(void *context, enum report_level level, const char *text)
{
	struct harness_node *node = context;
	size_t length;

	if (level == REPORT_ERROR)
		node->errors_reported++;
	strcpy(node->last_report, text);
	length = strlen(node->reports);
	(void)snprintf(node->reports + length, sizeof(node->reports) - length, "%s\n", text);
	if (getenv("CLOGD_TEST_VERBOSE"))
		print_message("%8llu node %u: %s\n", (unsigned long long)node->harness->now_ms,
			      node->id, text);
}

static void port_remember(void *context, const char *uuid, const uint32_t *nodes, size_t count)
{
	struct harness_node *node = context;
	struct harness_memory *memory = node->memory;

	while (memory->uuid[0] && strcmp(memory->uuid, uuid) != 0)
		memory++;
	assert_true(memory < node->memory + ARRAY_SIZE(node->memory));
	strcpy(memory->uuid, uuid);
	memcpy(memory->nodes, nodes, count * sizeof(*nodes));
	memory->count = count;
}

static void port_remember_one_leg(void *context, const char *uuid, uint64_t luid,
				  const uint32_t *regions, size_t count)
{
	struct harness_one_leg *one_leg = &((struct harness_node *)context)->one_leg;

	assert_true(count <= ARRAY_SIZE(one_leg->regions));
	strcpy(one_leg->uuid, uuid);
	one_leg->luid = luid;
	memcpy(one_leg->regions, regions, count * sizeof(*regions));
	one_leg->count = count;
}

/* --- the cluster --- */

struct harness *harness_new_stopped(size_t node_count, const struct engine_settings *settings)
{
	struct harness *harness = memory_new(1, sizeof(*harness));

	assert_true(node_count <= HARNESS_NODES_MAX);
	harness->now_ms = 1000000;
	harness->uuid = HARNESS_UUID;
	harness->version = 3;
	harness->last_event = &harness->first_event;
	harness->last_job = &harness->first_job;
	harness->node_count = node_count;
	if (settings)
		harness->settings = *settings;
	else
		engine_settings_init(&harness->settings);
	for (size_t i = 0; i < node_count; i++) {
		harness->nodes[i].harness = harness;
		harness->nodes[i].id = (uint32_t)i + 1;
		harness->nodes[i].up = true;
	}
	return harness;
}

struct harness *harness_new(size_t node_count, const struct engine_settings *settings)
{
	struct harness *harness = harness_new_stopped(node_count, settings);

	for (uint32_t node = 1; node <= node_count; node++)
		harness_start(harness, node);
	harness_run(harness);
	for (size_t i = 0; i < node_count; i++) {
		struct engine_status status;

		engine_status(harness->nodes[i].engine, &status);
		assert_true(status.joined && status.quorate);
	}
	return harness;
}

void harness_free(struct harness *harness)
{
	for (size_t i = 0; i < harness->node_count; i++) {
		engine_free(harness->nodes[i].engine);
		free(harness->nodes[i].requests);
	}
	harness_event_free_all(harness);
	harness_disk_free_all(harness);
	free(harness);
}

struct harness_node *harness_node(struct harness *harness, uint32_t node)
{
	assert_in_range(node, 1, harness->node_count);
	return &harness->nodes[node - 1];
}

static size_t nodes_up(const struct harness *harness, uint32_t *nodes)
{
	size_t count = 0;

	for (size_t i = 0; i < harness->node_count; i++)
		if (harness->nodes[i].up)
			nodes[count++] = harness->nodes[i].id;
	return count;
}

void harness_start(struct harness *harness, uint32_t node)
{
	struct harness_node *it = harness_node(harness, node);
	struct engine_settings settings = harness->settings;
	struct engine_ports ports = {
		.context = it,
		.reply = port_reply,
		.send = port_send,
		.disk = port_disk,
		.cycle_device = port_cycle_device,
		.wake_device = port_wake_device,
		.report = port_report,
		.remember = port_remember,
		.remember_one_leg = port_remember_one_leg,
	};
	bool was_up = it->up;

	assert_null(it->engine);
	it->up = true;
	settings.node = node;
	settings.join_seed = 1000 * node + ++it->starts;
	it->engine = engine_new(&settings, &ports, harness->now_ms);
	for (size_t i = 0; i < ARRAY_SIZE(it->memory); i++)
		if (it->memory[i].count > 0)
			engine_recall(it->engine, it->memory[i].uuid, it->memory[i].nodes,
				      it->memory[i].count);
	if (it->one_leg.count > 0)
		engine_recall_one_leg(it->engine, it->one_leg.uuid, it->one_leg.luid,
				      it->one_leg.regions, it->one_leg.count);
	if (was_up)
		harness_quorum(harness, node, QUORUM_YES);
	else
		harness_quorum_all(harness, QUORUM_YES);
	harness_order_change(harness, node, VIEW_JOINED);
}

static void lose_daemon(struct harness *harness, uint32_t node, enum view_change change)
{
	struct harness_node *it = harness_node(harness, node);

	assert_non_null(it->engine);
	engine_free(it->engine);
	it->engine = NULL;
	harness_disk_forget(harness, node);
	for (size_t i = 0; i < it->request_count; i++)
		it->requests[i].dropped = it->requests[i].dropped || !it->requests[i].answered;
	harness_order_change(harness, node, (int)change);
}

void harness_kill(struct harness *harness, uint32_t node)
{
	lose_daemon(harness, node, VIEW_PROCDOWN);
}

void harness_leave(struct harness *harness, uint32_t node)
{
	lose_daemon(harness, node, VIEW_LEFT);
}

void harness_node_down(struct harness *harness, uint32_t node)
{
	harness_node(harness, node)->up = false;
	memset(harness_node(harness, node)->memory, 0, sizeof(harness_node(harness, node)->memory));
	harness_node(harness, node)->one_leg.count = 0;
	if (harness_node(harness, node)->engine)
		lose_daemon(harness, node, VIEW_NODEDOWN);
	else
		harness_quorum_all(harness, QUORUM_YES);
}

void harness_quorum(struct harness *harness, uint32_t node, enum quorum quorum)
{
	uint32_t nodes[HARNESS_NODES_MAX];
	size_t count = nodes_up(harness, nodes);

	if (harness_node(harness, node)->engine)
		engine_quorum(harness_node(harness, node)->engine, harness->now_ms, quorum, 0,
			      nodes, count);
}

void harness_quorum_all(struct harness *harness, enum quorum quorum)
{
	for (uint32_t node = 1; node <= harness->node_count; node++)
		harness_quorum(harness, node, quorum);
}

/* --- partitions --- */

/* What a node sees when the sides change: those that it lost, or found. */
static void show_sides(struct harness *harness, struct harness_node *it,
		       const unsigned int *old_sides)
{
	struct view view = {0};

	for (size_t i = 0; i < harness->node_count; i++) {
		const struct harness_node *other = &harness->nodes[i];
		bool was = old_sides[i] == old_sides[it->id - 1];
		bool is = other->side == it->side;

		if (!other->member)
			continue;
		if (is)
			view.members[view.member_count++] = other->id;
		if (was == is)
			continue;
		view.changes[view.change_count].node = other->id;
		view.changes[view.change_count++].change = is ? VIEW_JOINED : VIEW_NODEDOWN;
	}
	engine_view(it->engine, harness->now_ms, &view);
}

static void change_sides(struct harness *harness, const unsigned int *sides)
{
	unsigned int old_sides[HARNESS_NODES_MAX];

	assert_null(harness->first_event);
	harness_quorum_all(harness, QUORUM_UNSURE);
	for (size_t i = 0; i < harness->node_count; i++) {
		old_sides[i] = harness->nodes[i].side;
		harness->nodes[i].side = sides[i];
	}
	for (size_t i = 0; i < harness->node_count; i++)
		if (harness->nodes[i].engine)
			show_sides(harness, &harness->nodes[i], old_sides);
}

static void quorum_of_sides(struct harness *harness)
{
	for (size_t i = 0; i < harness->node_count; i++) {
		struct harness_node *it = &harness->nodes[i];
		uint32_t nodes[HARNESS_NODES_MAX];
		size_t count = 0;

		for (size_t j = 0; j < harness->node_count; j++)
			if (harness->nodes[j].side == it->side && harness->nodes[j].up)
				nodes[count++] = harness->nodes[j].id;
		if (it->engine)
			engine_quorum(it->engine, harness->now_ms,
				      it->side == 0 ? QUORUM_YES : QUORUM_NO, 0, nodes, count);
	}
}

void harness_cut_off(struct harness *harness, uint32_t node)
{
	unsigned int sides[HARNESS_NODES_MAX];

	for (size_t i = 0; i < harness->node_count; i++)
		sides[i] = i + 1 >= node;
	change_sides(harness, sides);
	quorum_of_sides(harness);
}

void harness_heal(struct harness *harness)
{
	const unsigned int sides[HARNESS_NODES_MAX] = {0};

	change_sides(harness, sides);
	quorum_of_sides(harness);
}
