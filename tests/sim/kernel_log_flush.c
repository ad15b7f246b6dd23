/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marks and clears wait in the kernel for a flush, which sends them in groups. */
#include <string.h>

#include "tests/sim/check.h"
#include "tests/sim/kernel_log.h"
#include "tests/sim/world.h"

#define FLUSH_GROUP_MAX  32
#define DELAYED_FLUSH_US (3 * US_PER_S)

struct flush_entry {
	struct list list;
	enum ulog_type type;
	uint64_t region;
};

static void queue(struct kernel_log *log, struct list *list, enum ulog_type type, uint32_t region)
{
	struct flush_entry *entry = arena_new(&log->kernel->world->arena, sizeof(*entry));

	entry->type = type;
	entry->region = region;
	list_push(list, &entry->list);
}

void kernel_log_mark_region(struct kernel_log *log, uint32_t region)
{
	queue(log, &log->mark_list, ULOG_MARK_REGION, region);
}

void kernel_log_clear_region(struct kernel_log *log, uint32_t region)
{
	queue(log, &log->clear_list, ULOG_CLEAR_REGION, region);
}

/* From here on the daemon may let go of them. */
static void take_back_promises(struct kernel_log *log, const struct list *clears)
{
	for (const struct list *at = clears->next; at != clears; at = at->next)
		log->promised[list_entry(at, struct flush_entry, list)->region] = false;
}

static void note_promises(struct kernel_log *log, const struct list *marks)
{
	for (const struct list *at = marks->next; at != marks; at = at->next)
		log->promised[list_entry(at, struct flush_entry, list)->region] = true;
	check_flushed(log);
}

static int flush_one_by_one(struct kernel_log *log, const struct list *entries)
{
	int result = 0;

	for (const struct list *at = entries->next; at != entries && !result; at = at->next) {
		struct flush_entry *entry = list_entry(at, struct flush_entry, list);

		result = kernel_log_request(log, entry->type, &entry->region, 1, false, NULL, NULL);
	}
	return result;
}

static int flush_by_group(struct kernel_log *log, struct list *entries, bool with_payload)
{
	struct list sent;
	int result = 0;

	list_init(&sent);
	while (!list_is_empty(entries) && !result) {
		uint64_t group[FLUSH_GROUP_MAX];
		uint32_t count = 0;
		enum ulog_type type = ULOG_FLUSH;

		while (count < FLUSH_GROUP_MAX && !list_is_empty(entries)) {
			struct flush_entry *entry =
				list_entry(list_pop(entries), struct flush_entry, list);

			group[count++] = entry->region;
			if (!with_payload)
				type = entry->type;
			list_push(&sent, &entry->list);
		}
		result = kernel_log_request(log, type, group, count, false, NULL, NULL);
		if (result && !with_payload) {
			list_move_all(entries, &sent);
			result = flush_one_by_one(log, entries);
			break;
		}
	}
	list_move_all(entries, &sent);
	return result;
}

static void run_delayed_flush(void *context)
{
	struct kernel_log *log = context;

	/* One piece of work does not run beside itself. */
	while (log->flush_running)
		waitlist_wait(&log->flush_waiting, FIBER_FOREVER);
	log->flush_running = true;
	log->flush_scheduled = false;
	(void)kernel_log_request(log, ULOG_FLUSH, NULL, 0, false, NULL, NULL);
	log->flush_running = false;
	log->flush_works--;
	waitlist_wake(&log->flush_waiting);
}

static void start_delayed_flush(void *context, uint64_t number)
{
	struct kernel_log *log = context;

	if (log->flush_number != number || log->kernel->fibers->killed || log->destroyed)
		return;
	log->flush_number++;
	log->flush_works++;
	fiber_spawn(log->kernel->fibers, run_delayed_flush, log);
}

void kernel_log_flush_delayed(struct kernel_log *log)
{
	if (!log->flush_scheduled)
		return;
	start_delayed_flush(log, log->flush_number);
	kernel_log_drain_flushes(log);
}

void kernel_log_drain_flushes(struct kernel_log *log)
{
	while (log->flush_works)
		waitlist_wait(&log->flush_waiting, FIBER_FOREVER);
}

/* Only clears: the flush may wait for company. Marks: what waited is done with. */
static void schedule_flush(struct kernel_log *log, bool no_marks)
{
	if (no_marks && !log->flush_scheduled) {
		clock_after(&log->kernel->world->clock, DELAYED_FLUSH_US, start_delayed_flush, log,
			    ++log->flush_number);
		log->flush_scheduled = true;
	} else {
		log->flush_number++;
		log->flush_scheduled = false;
	}
}

int kernel_log_flush(struct kernel_log *log)
{
	struct list marks, clears;
	bool no_marks;
	int result;

	list_init(&marks);
	list_init(&clears);
	list_move_all(&marks, &log->mark_list);
	list_move_all(&clears, &log->clear_list);
	no_marks = list_is_empty(&marks);
	if (no_marks && list_is_empty(&clears))
		return 0;
	take_back_promises(log, &clears);
	result = flush_by_group(log, &clears, false);
	if (result)
		return result;
	result = flush_by_group(log, &marks, log->integrated_flush);
	if (result)
		return result;
	if (!log->integrated_flush)
		result = kernel_log_request(log, ULOG_FLUSH, NULL, 0, false, NULL, NULL);
	else
		schedule_flush(log, no_marks);
	if (!result)
		note_promises(log, &marks);
	return result;
}
