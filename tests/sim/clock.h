/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual time in microseconds: a queue of events, run in order of time and,
 * at equal times, in the order they were asked for.
 */
#ifndef CLOGD_SIM_CLOCK_H
#define CLOGD_SIM_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define US_PER_MS 1000ULL
#define US_PER_S  1000000ULL

typedef void (*clock_function)(void *context, uint64_t argument);

struct clock_event {
	uint64_t at_us;
	uint64_t sequence;
	clock_function run;
	void *context;
	uint64_t argument;
};

/* Events that were asked for in the order of their time: most are timeouts of one length that never matter. */
struct clock_queue {
	struct clock_event *events;
	size_t first, end, capacity;
};
#define CLOCK_QUEUES 4

struct clock {
	uint64_t now_us;
	uint64_t sequence;
	struct clock_queue queues[CLOCK_QUEUES];
	struct clock_event *heap; /* the rest */
	size_t count;
	size_t capacity;
	uint64_t steps;
};

void clock_free(struct clock *clock);
/* There is no way back: who may change its mind gives an argument and compares it later. */
void clock_after(struct clock *clock, uint64_t delay_us, clock_function run, void *context,
		 uint64_t argument);
/* When the next event is due; false when there is none. */
bool clock_next(const struct clock *clock, uint64_t *at_us);
/* Runs the next event; false when there is none. */
bool clock_step(struct clock *clock);

#endif
