/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bus, the clock, and running both. */
#include <string.h>

#include "common/memory.h"
#include "tests/lib/engine_harness.h"
#include "tests/unit/unit.h"

/* A message, or (size 0) a change of the group's members. */
struct harness_event {
	struct harness_event *next;
	uint32_t node;
	unsigned int side;
	int change;
	size_t size;
	uint8_t bytes[];
};

static struct harness_event *append(struct harness *harness, uint32_t node, size_t size)
{
	struct harness_event *event = memory_new(1, sizeof(*event) + size);

	event->node = node;
	event->side = harness_node(harness, node)->side;
	event->size = size;
	*harness->last_event = event;
	harness->last_event = &event->next;
	return event;
}

void harness_bus_send(struct harness *harness, uint32_t node, const void *bytes, size_t size)
{
	assert_true(size > 0);
	memcpy(append(harness, node, size)->bytes, bytes, size);
}

void harness_order_change(struct harness *harness, uint32_t node, int change)
{
	append(harness, node, 0)->change = change;
}

void harness_event_free_all(struct harness *harness)
{
	while (harness->first_event) {
		struct harness_event *event = harness->first_event;

		harness->first_event = event->next;
		free(event);
	}
}

static void deliver_message(struct harness *harness, const struct harness_event *event)
{
	for (size_t i = 0; i < harness->node_count; i++) {
		struct harness_node *node = &harness->nodes[i];

		if (node->engine && node->member && node->side == event->side)
			engine_message(node->engine, harness->now_ms, event->node, event->bytes,
				       event->size);
	}
}

static void deliver_view(struct harness *harness, const struct harness_event *event)
{
	struct view view = {.change_count = 1};

	harness_node(harness, event->node)->member = event->change == VIEW_JOINED;
	view.changes[0].node = event->node;
	view.changes[0].change = (enum view_change)event->change;
	for (size_t i = 0; i < harness->node_count; i++)
		if (harness->nodes[i].member && harness->nodes[i].side == event->side)
			view.members[view.member_count++] = harness->nodes[i].id;
	if (event->change == VIEW_NODEDOWN)
		harness_quorum_all(harness, QUORUM_UNSURE);
	for (size_t i = 0; i < harness->node_count; i++) {
		struct harness_node *node = &harness->nodes[i];

		if (node->engine && node->member && node->side == event->side)
			engine_view(node->engine, harness->now_ms, &view);
	}
	if (event->change == VIEW_NODEDOWN)
		harness_quorum_all(harness, QUORUM_YES);
}

bool harness_step_bus(struct harness *harness)
{
	struct harness_event *event = harness->first_event;

	if (!event)
		return false;
	harness->first_event = event->next;
	if (!harness->first_event)
		harness->last_event = &harness->first_event;
	harness->events_delivered++;
	if (event->size > 0)
		deliver_message(harness, event);
	else
		deliver_view(harness, event);
	free(event);
	return true;
}

#define RUN_STEPS_MAX 200000

void harness_run(struct harness *harness)
{
	bool moved = true;

	for (int steps = 0; moved; steps++) {
		moved = !harness->hold_bus && harness_step_bus(harness);
		moved = (!harness->hold_disk && harness_step_disk(harness)) || moved;
		assert_true(steps < RUN_STEPS_MAX);
	}
}

static uint64_t next_deadline(const struct harness *harness)
{
	uint64_t deadline = UINT64_MAX;

	for (size_t i = 0; i < harness->node_count; i++)
		if (harness->nodes[i].engine &&
		    engine_deadline_ms(harness->nodes[i].engine) < deadline)
			deadline = engine_deadline_ms(harness->nodes[i].engine);
	return deadline;
}

void harness_advance(struct harness *harness, uint64_t ms)
{
	uint64_t end = harness->now_ms + ms;

	harness_run(harness);
	while (harness->now_ms < end) {
		uint64_t deadline = next_deadline(harness);

		/* a deadline that is over already: the next millisecond will do */
		if (deadline <= harness->now_ms)
			deadline = harness->now_ms + 1;
		harness->now_ms = deadline < end ? deadline : end;
		for (size_t i = 0; i < harness->node_count; i++)
			if (harness->nodes[i].engine)
				engine_tick(harness->nodes[i].engine, harness->now_ms);
		harness_run(harness);
	}
}

void harness_count_from_here(struct harness *harness)
{
	for (size_t i = 0; i < harness->node_count; i++) {
		harness->nodes[i].messages = 0;
		harness->nodes[i].disk_reads = 0;
		harness->nodes[i].disk_writes = 0;
		*harness->nodes[i].reports = '\0';
	}
}

void harness_assert_equal_digests(struct harness *harness)
{
	uint64_t digest = 0, position = 0;
	bool any = false;

	for (size_t i = 0; i < harness->node_count; i++) {
		struct engine_status status;
		uint64_t its_digest, its_position;

		if (!harness->nodes[i].engine)
			continue;
		engine_status(harness->nodes[i].engine, &status);
		if (!status.joined)
			continue;
		its_digest = engine_digest(harness->nodes[i].engine, &its_position);
		if (any) {
			assert_int_equal(its_position, position);
			assert_int_equal(its_digest, digest);
		}
		any = true;
		digest = its_digest;
		position = its_position;
	}
}

void harness_quiesce(struct harness *harness, uint32_t node)
{
	struct engine *engine = harness_node(harness, node)->engine;

	for (int tries = 0; !engine_quiesce(engine, harness->now_ms); tries++) {
		assert_true(tries < 100);
		harness_advance(harness, 10);
	}
}
