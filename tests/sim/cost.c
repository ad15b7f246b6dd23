/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First writes of regions, one at a time, from the node that writes the log device and from the last
 * one. Corosync's token goes round: ordering takes HOP_US a node, delivery DELIVER_US.
 */
#include "tests/sim/cost.h"

#include "tests/sim/daemon.h"
#include "tests/sim/fiber.h"
#include "tests/sim/mirror.h"
#include "tests/sim/node.h"
#include "tests/sim/story.h"

#define HOP_US     300
#define DELIVER_US 300
#define WRITES     40
enum from { FROM_ANY, FROM_WRITER, FROM_OTHER };

struct cost {
	uint64_t messages;
	uint64_t us;
	bool failed;
};

static void prepare(struct settings *settings, uint32_t node_count, enum log_type type)
{
	settings_calm(settings, 1, node_count, type);
	settings->clients_per_node = 0;
	settings->window_regions = 1024;
	settings->hold_ms = 60000;
	settings->bus_order_us = HOP_US * node_count;
	settings->bus_deliver_us = DELIVER_US;
}

static void take_writer(void *context, const struct engine_log_status *log)
{
	*(uint32_t *)context = log->writer;
}

/* The writer is who came first. */
static uint32_t choose(const struct world *world, enum from from)
{
	uint32_t last = world->settings.node_count;
	uint32_t writer = last;

	engine_status_logs(world->nodes[1]->daemon->engine, &writer, take_writer);
	if (from == FROM_WRITER)
		return writer;
	return from == FROM_OTHER && writer == last ? last - 1 : last;
}

static struct cost write_some(uint32_t node_count, enum log_type type, enum from from)
{
	const struct trace quiet = {0};
	struct settings settings;
	struct world *world;
	struct cost cost = {0};
	uint64_t messages;
	uint32_t node;

	prepare(&settings, node_count, type);
	world = world_new(&settings, &quiet);
	story_start(world);
	node = choose(world, from);
	story_write(world, node, 0); /* its kernel hears that all is in sync */
	story_settle(world);
	messages = world->bus.next_entry;
	for (uint32_t i = 1; i <= WRITES; i++) {
		uint64_t started_us = world->clock.now_us;

		/* Not one after the other: that would be a stream, which is marked ahead. */
		story_write(world, node, i * 37 % 64 * BLOCKS_PER_REGION);
		cost.us += world->clock.now_us - started_us;
	}
	cost.messages = world->bus.next_entry - messages;
	cost.failed = world->failed;
	world_free(world);
	fiber_cleanup();
	return cost;
}

/* A message for the marks; from another node than the writer one more, which says that the device has them. */
static int one_line(FILE *out, uint32_t node_count, enum from from)
{
	static const char *const names[] = {"core log", "disk log, writer", "disk log, other"};
	struct cost cost =
		write_some(node_count, from == FROM_ANY ? LOG_TYPE_CORE : LOG_TYPE_DISK, from);
	uint64_t most = WRITES * (from == FROM_OTHER ? 2 : 1) + 2;

	fprintf(out, "%5u  %-16s  %8.2f  %5.2f\n", node_count, names[from],
		(double)cost.messages / WRITES, (double)cost.us / WRITES / US_PER_MS);
	return cost.failed || cost.messages > most;
}

int cost_print(FILE *out)
{
	static const uint32_t counts[] = {1, 2, 3, 4, 8, 16};
	int failed = 0;

	fprintf(out,
		"nodes  write to          messages     ms   (ordering: %d us a node and %d us)\n",
		HOP_US, DELIVER_US);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		failed += one_line(out, counts[i], FROM_ANY);
		failed += one_line(out, counts[i], FROM_WRITER);
		if (counts[i] > 1)
			failed += one_line(out, counts[i], FROM_OTHER);
	}
	return failed;
}
