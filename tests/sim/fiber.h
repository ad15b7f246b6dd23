/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads of the simulated kernels and clients. A fiber runs until it waits;
 * then time goes on. Fibers of one set (all of one booted node) can be ended
 * together, wherever they stand.
 */
#ifndef CLOGD_SIM_FIBER_H
#define CLOGD_SIM_FIBER_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/arena.h"
#include "tests/sim/clock.h"

struct fiber;

struct fiber_set {
	struct clock *clock;
	struct arena *arena;
	struct fiber *fibers;
	bool killed;
};

/* Fibers waiting for the same thing. All zero is an empty list. */
struct waitlist {
	struct fiber *first;
};

/* One holder; the others wait. */
struct fiber_mutex {
	bool held;
	struct waitlist waiting;
};

#define FIBER_FOREVER UINT64_MAX

struct fiber_set *fiber_set_new(struct clock *clock, struct arena *arena);
/* Ends all fibers of the set; must not be called from one of them. */
void fiber_set_kill(struct fiber_set *set);

void fiber_spawn(struct fiber_set *set, void (*run)(void *context), void *context);
/* The rest is called from within a fiber. */
void fiber_sleep_us(uint64_t delay_us);
/* Waits to be woken; false when `timeout_us` passed first. */
bool waitlist_wait(struct waitlist *list, uint64_t timeout_us);
void fiber_lock(struct fiber_mutex *mutex);
/* These two may be called from anywhere. */
void waitlist_wake(struct waitlist *list);
void fiber_unlock(struct fiber_mutex *mutex);

/* Gives back the stacks kept for reuse. */
void fiber_cleanup(void);

#endif
