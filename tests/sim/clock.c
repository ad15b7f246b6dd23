/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/clock.h"

#include <stdlib.h>

#include "common/memory.h"

void clock_free(struct clock *clock)
{
	free(clock->heap);
	*clock = (struct clock){0};
}

static bool is_before(const struct clock_event *one, const struct clock_event *other)
{
	if (one->at_us != other->at_us)
		return one->at_us < other->at_us;
	return one->sequence < other->sequence;
}

static void sift_up(struct clock *clock, size_t at)
{
	struct clock_event event = clock->heap[at];

	while (at > 0 && is_before(&event, &clock->heap[(at - 1) / 2])) {
		clock->heap[at] = clock->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	clock->heap[at] = event;
}

static void sift_down(struct clock *clock, size_t at)
{
	struct clock_event event = clock->heap[at];

	for (size_t child = 2 * at + 1; child < clock->count; child = 2 * at + 1) {
		if (child + 1 < clock->count &&
		    is_before(&clock->heap[child + 1], &clock->heap[child]))
			child++;
		if (!is_before(&clock->heap[child], &event))
			break;
		clock->heap[at] = clock->heap[child];
		at = child;
	}
	clock->heap[at] = event;
}

void clock_after(struct clock *clock, uint64_t delay_us, clock_function run, void *context,
		 uint64_t argument)
{
	if (clock->count == clock->capacity) {
		clock->capacity = clock->capacity ? 2 * clock->capacity : 1024;
		clock->heap = memory_resize(clock->heap, clock->capacity * sizeof(*clock->heap));
	}
	clock->heap[clock->count] = (struct clock_event){
		.at_us = clock->now_us + delay_us,
		.sequence = clock->sequence++,
		.run = run,
		.context = context,
		.argument = argument,
	};
	sift_up(clock, clock->count++);
}

bool clock_step(struct clock *clock)
{
	struct clock_event event;

	if (clock->count == 0)
		return false;
	event = clock->heap[0];
	clock->heap[0] = clock->heap[--clock->count];
	if (clock->count > 0)
		sift_down(clock, 0);
	clock->now_us = event.at_us;
	clock->steps++;
	event.run(event.context, event.argument);
	return true;
}
