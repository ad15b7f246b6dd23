/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/clock.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

#define FIRST_EVENTS 1024
/* Sooner ones come and go in the heap, which they keep small. */
#define QUEUED_US (2 * US_PER_S)

void clock_free(struct clock *clock)
{
	for (size_t i = 0; i < CLOCK_QUEUES; i++)
		free(clock->queues[i].events);
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

static void heap_push(struct clock *clock, const struct clock_event *event)
{
	if (clock->count == clock->capacity) {
		clock->capacity = clock->capacity ? 2 * clock->capacity : FIRST_EVENTS;
		clock->heap = memory_resize(clock->heap, clock->capacity * sizeof(*clock->heap));
	}
	clock->heap[clock->count] = *event;
	sift_up(clock, clock->count++);
}

static void heap_pop(struct clock *clock)
{
	clock->heap[0] = clock->heap[--clock->count];
	if (clock->count > 0)
		sift_down(clock, 0);
}

/* The one whose last event is the latest that is not after this one; NULL: none. */
static struct clock_queue *queue_for(struct clock *clock, const struct clock_event *event)
{
	struct clock_queue *best = NULL;
	uint64_t best_us = 0;

	for (size_t i = 0; i < CLOCK_QUEUES; i++) {
		struct clock_queue *queue = &clock->queues[i];
		uint64_t last_us =
			queue->first < queue->end ? queue->events[queue->end - 1].at_us : 0;

		if (last_us > event->at_us || (best && last_us <= best_us))
			continue;
		best = queue;
		best_us = last_us;
	}
	return best;
}

static void queue_push(struct clock_queue *queue, const struct clock_event *event)
{
	if (queue->end == queue->capacity && queue->first > queue->capacity / 2) {
		queue->end -= queue->first;
		memmove(queue->events, queue->events + queue->first,
			queue->end * sizeof(*queue->events));
		queue->first = 0;
	} else if (queue->end == queue->capacity) {
		queue->capacity = queue->capacity ? 2 * queue->capacity : FIRST_EVENTS;
		queue->events =
			memory_resize(queue->events, queue->capacity * sizeof(*queue->events));
	}
	queue->events[queue->end++] = *event;
}

void clock_after(struct clock *clock, uint64_t delay_us, clock_function run, void *context,
		 uint64_t argument)
{
	struct clock_event event = {
		.at_us = clock->now_us + delay_us,
		.sequence = clock->sequence++,
		.run = run,
		.context = context,
		.argument = argument,
	};
	struct clock_queue *queue = delay_us >= QUEUED_US ? queue_for(clock, &event) : NULL;

	if (queue)
		queue_push(queue, &event);
	else
		heap_push(clock, &event);
}

/* NULL when there is none. `queue`: the one that it is in; CLOCK_QUEUES: the heap. */
static const struct clock_event *next_event(const struct clock *clock, size_t *queue)
{
	const struct clock_event *next = clock->count ? &clock->heap[0] : NULL;

	*queue = CLOCK_QUEUES;
	for (size_t i = 0; i < CLOCK_QUEUES; i++) {
		const struct clock_queue *at = &clock->queues[i];

		if (at->first == at->end || (next && !is_before(&at->events[at->first], next)))
			continue;
		next = &at->events[at->first];
		*queue = i;
	}
	return next;
}

bool clock_next(const struct clock *clock, uint64_t *at_us)
{
	size_t queue;
	const struct clock_event *next = next_event(clock, &queue);

	if (next)
		*at_us = next->at_us;
	return next != NULL;
}

bool clock_step(struct clock *clock)
{
	size_t queue;
	const struct clock_event *next = next_event(clock, &queue);
	struct clock_event event;

	if (!next)
		return false;
	event = *next;
	if (queue < CLOCK_QUEUES)
		clock->queues[queue].first++;
	else
		heap_pop(clock);
	clock->now_us = event.at_us;
	clock->steps++;
	event.run(event.context, event.argument);
	return true;
}
