/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/fiber.h"

#include <assert.h>
#include <stdlib.h>
#include <ucontext.h>

#include "common/memory.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

#define STACK_BYTES ((size_t)96 * 1024)

struct stack {
	struct stack *next;
	_Alignas(16) unsigned char bytes[STACK_BYTES];
};

/*
 * Where a fiber, or the scheduler, goes on. swapcontext(3) asks the kernel for
 * the signal mask each time, and runs switch a hundred thousand times a second;
 * so only the first entry goes that way, unless the address sanitizer has to
 * follow.
 */
struct switch_point {
	ucontext_t context;
	void *jump[5];
	bool was_entered;
};

struct fiber {
	struct switch_point point;
	struct stack *stack;
	struct fiber_set *set;
	struct fiber *next_in_set;
	struct fiber *next_waiting;
	struct waitlist *list; /* where it waits */
	uint64_t wait_number;  /* tells this wait from earlier ones */
	bool waiting;
	bool timed_out;
	void (*run)(void *context);
	void *argument;
};

/* One simulation a process: the switch between fibers is the one thing that has no world to belong to. */
static struct switch_point scheduler = {.was_entered = true};
static struct fiber *current;
static struct stack *spare_stacks;

#ifdef __SANITIZE_ADDRESS__
static void leap(struct switch_point *from, struct switch_point *to)
{
	swapcontext(&from->context, &to->context);
}
#else
static void __attribute__((noinline)) leap(struct switch_point *from, struct switch_point *to)
{
	if (__builtin_setjmp(from->jump) != 0)
		return;
	if (to->was_entered)
		__builtin_longjmp(to->jump, 1);
	to->was_entered = true;
	setcontext(&to->context);
}
#endif

static struct stack *take_stack(void)
{
	struct stack *stack = spare_stacks;

	if (!stack)
		return malloc(sizeof(*stack));
	spare_stacks = stack->next;
	ASAN_UNPOISON_MEMORY_REGION(stack->bytes, sizeof(stack->bytes));
	return stack;
}

static void give_stack(struct fiber *fiber)
{
	if (!fiber->stack)
		return;
	fiber->stack->next = spare_stacks;
	spare_stacks = fiber->stack;
	fiber->stack = NULL;
}

void fiber_cleanup(void)
{
	while (spare_stacks) {
		struct stack *stack = spare_stacks;

		spare_stacks = stack->next;
		free(stack);
	}
}

struct fiber_set *fiber_set_new(struct clock *clock, struct arena *arena)
{
	struct fiber_set *set = arena_new(arena, sizeof(*set));

	set->clock = clock;
	set->arena = arena;
	return set;
}

void fiber_set_kill(struct fiber_set *set)
{
	assert(!current || current->set != set);
	set->killed = true;
	for (struct fiber *fiber = set->fibers; fiber; fiber = fiber->next_in_set)
		give_stack(fiber);
	set->fibers = NULL;
}

static void unlink_fiber(struct fiber *fiber)
{
	struct fiber **at = &fiber->set->fibers;

	while (*at != fiber)
		at = &(*at)->next_in_set;
	*at = fiber->next_in_set;
}

static void switch_to(struct fiber *fiber)
{
	assert(!current);
	current = fiber;
	leap(&scheduler, &fiber->point);
	if (!current) { /* it ended */
		unlink_fiber(fiber);
		give_stack(fiber);
	}
	current = NULL;
}

static void resume(void *context, uint64_t wait_number)
{
	struct fiber *fiber = context;

	if (fiber->set->killed || fiber->wait_number != wait_number)
		return;
	fiber->wait_number++;
	switch_to(fiber);
}

static void fiber_main(void)
{
	struct fiber *fiber = current;

	fiber->run(fiber->argument);
	current = NULL;
	leap(&fiber->point, &scheduler);
}

void fiber_spawn(struct fiber_set *set, void (*run)(void *context), void *context)
{
	struct fiber *fiber = arena_new(set->arena, sizeof(*fiber));

	assert(!set->killed);
	fiber->set = set;
	fiber->run = run;
	fiber->argument = context;
	fiber->stack = take_stack();
	fiber->next_in_set = set->fibers;
	set->fibers = fiber;
	getcontext(&fiber->point.context);
	fiber->point.context.uc_stack.ss_sp = fiber->stack->bytes;
	fiber->point.context.uc_stack.ss_size = sizeof(fiber->stack->bytes);
	fiber->point.context.uc_link = NULL;
	makecontext(&fiber->point.context, fiber_main, 0);
	clock_after(set->clock, 0, resume, fiber, fiber->wait_number);
}

static void yield(void)
{
	struct fiber *fiber = current;

	assert(fiber);
	current = fiber; /* switch_to() sees that it has not ended */
	leap(&fiber->point, &scheduler);
}

void fiber_sleep_us(uint64_t delay_us)
{
	assert(current);
	clock_after(current->set->clock, delay_us, resume, current, current->wait_number);
	yield();
}

static void leave_list(struct fiber *fiber)
{
	for (struct fiber **at = &fiber->list->first; *at; at = &(*at)->next_waiting)
		if (*at == fiber) {
			*at = fiber->next_waiting;
			return;
		}
}

static void time_out(void *context, uint64_t wait_number)
{
	struct fiber *fiber = context;

	if (fiber->set->killed || fiber->wait_number != wait_number || !fiber->waiting)
		return;
	fiber->waiting = false;
	fiber->timed_out = true;
	leave_list(fiber);
	resume(fiber, wait_number);
}

bool waitlist_wait(struct waitlist *list, uint64_t timeout_us)
{
	struct fiber *fiber = current;

	assert(fiber);
	fiber->waiting = true;
	fiber->timed_out = false;
	fiber->list = list;
	fiber->next_waiting = list->first;
	list->first = fiber;
	if (timeout_us != FIBER_FOREVER)
		clock_after(fiber->set->clock, timeout_us, time_out, fiber, fiber->wait_number);
	yield();
	return !fiber->timed_out;
}

void waitlist_wake(struct waitlist *list)
{
	while (list->first) {
		struct fiber *fiber = list->first;

		list->first = fiber->next_waiting;
		fiber->waiting = false;
		if (!fiber->set->killed)
			clock_after(fiber->set->clock, 0, resume, fiber, fiber->wait_number);
	}
}

void fiber_lock(struct fiber_mutex *mutex)
{
	while (mutex->held)
		waitlist_wait(&mutex->waiting, FIBER_FOREVER);
	mutex->held = true;
}

void fiber_unlock(struct fiber_mutex *mutex)
{
	assert(mutex->held);
	mutex->held = false;
	waitlist_wake(&mutex->waiting);
}
