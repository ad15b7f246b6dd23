/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/mirror_set.h"

#include <errno.h>

#include "tests/sim/check.h"
#include "tests/sim/mapped_device.h"
#include "tests/sim/mirror.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

#define DELAYED_WAKE_US (US_PER_S / 5)

void mirror_set_wake(struct mirror_set *set)
{
	if (set->work_pending)
		return;
	set->work_pending = true;
	set->work_queued++;
	waitlist_wake(&set->work_waiting);
}

static void delayed_wake_fires(void *context, uint64_t number)
{
	struct mirror_set *set = context;

	if (number != set->timer_number || set->kernel->fibers->killed)
		return;
	set->timer_pending = false;
	mirror_set_wake(set);
}

static void delayed_wake(struct mirror_set *set)
{
	if (set->timer_pending)
		return;
	set->timer_pending = true;
	clock_after(&set->kernel->world->clock, DELAYED_WAKE_US, delayed_wake_fires, set,
		    ++set->timer_number);
}

static void queue_bio(struct mirror_set *set, struct bio *bio, bool is_write)
{
	struct list *list = is_write ? &set->writes : &set->reads;
	bool should_wake = list_is_empty(list);

	list_append(list, &bio->list);
	if (should_wake)
		mirror_set_wake(set);
}

void mirror_set_dispatch_bios(struct mirror_set *set, struct list *bios)
{
	for (struct list *at = list_pop(bios); at; at = list_pop(bios))
		queue_bio(set, list_entry(at, struct bio, list), true);
}

/* Reads never go directly: userspace_in_sync() cannot answer without blocking. */
void mirror_set_map(struct mirror_set *set, struct bio *bio)
{
	bio->set = set;
	bio->error_legs = 0;
	bio->status = 0;
	queue_bio(set, bio, bio->is_write);
}

void mirror_set_end_io(struct mirror_set *set, struct bio *bio)
{
	if (bio->is_write)
		region_hash_dec(&set->hash, bio->region);
}

static void do_recovery(struct mirror_set *set)
{
	struct region *region;

	region_hash_recovery_prepare(&set->hash);
	while ((region = region_hash_recovery_start(&set->hash)))
		mirror_set_recover(set, region);
	if (set->in_sync || kernel_log_get_sync_count(set->log) != set->region_count)
		return;
	set->in_sync = true;
	set->leg_failure = false;
	for (uint32_t i = 0; i < LEGS_MAX; i++)
		set->error_count[i] = 0;
}

static void do_reads(struct mirror_set *set, struct list *reads)
{
	for (struct list *at = list_pop(reads); at; at = list_pop(reads)) {
		struct bio *bio = list_entry(at, struct bio, list);
		enum region_state state = region_hash_state(&set->hash, bio->region);
		uint32_t index = set->default_mirror;

		if (state == REGION_CLEAN || state == REGION_DIRTY)
			index = mirror_set_choose(set);
		else if (set->error_count[index])
			index = LEGS_MAX;
		if (index != LEGS_MAX) {
			mirror_set_read(set, bio, index);
		} else {
			bio->status = -EIO;
			mapped_device_end_io(bio);
		}
	}
}

/* Which legs a write goes to is decided here, before its region is looked at again and marked. */
static void classify(struct mirror_set *set, struct list *writes, struct list *sync,
		     struct list *nosync, struct list *recover)
{
	struct list requeue;

	list_init(&requeue);
	for (struct list *at = list_pop(writes); at; at = list_pop(writes)) {
		struct bio *bio = list_entry(at, struct bio, list);

		if (kernel_log_is_remote_recovering(set->log, bio->region)) {
			list_append(&requeue, &bio->list);
			COUNT(set->kernel->world, PUT_BACK);
			continue;
		}
		switch (region_hash_state(&set->hash, bio->region)) {
		case REGION_CLEAN:
		case REGION_DIRTY:
			list_append(sync, &bio->list);
			break;
		case REGION_NOSYNC:
			list_append(nosync, &bio->list);
			break;
		case REGION_RECOVERING:
			list_append(recover, &bio->list);
			break;
		}
	}
	if (!list_is_empty(&requeue)) {
		list_move_all(&set->writes, &requeue);
		delayed_wake(set);
	}
}

/* The log is asked twice for a region that is not in the hash; the legs were chosen by the first answer. */
static void count_changed_minds(struct mirror_set *set, const struct list *sync,
				const struct list *nosync)
{
	for (const struct list *at = sync->next; at != sync; at = at->next)
		if (set->hash.regions[list_entry(at, struct bio, list)->region]->state ==
		    REGION_NOSYNC)
			COUNT(set->kernel->world, CHANGED_MIND);
	for (const struct list *at = nosync->next; at != nosync; at = at->next)
		if (set->hash.regions[list_entry(at, struct bio, list)->region]->state !=
		    REGION_NOSYNC)
			COUNT(set->kernel->world, CHANGED_MIND);
}

static void do_writes(struct mirror_set *set, struct list *writes)
{
	struct list sync, nosync, recover;

	if (list_is_empty(writes))
		return;
	list_init(&sync);
	list_init(&nosync);
	list_init(&recover);
	classify(set, writes, &sync, &nosync, &recover);
	region_hash_inc_pending(&set->hash, &sync);
	region_hash_inc_pending(&set->hash, &nosync);
	count_changed_minds(set, &sync, &nosync);
	if (kernel_log_flush(set->log)) {
		set->log_failure = true;
		COUNT(set->kernel->world, LOG_FAILURES);
	}
	if (set->log_failure && set->errors_handled) {
		list_move_all(&set->failures, &sync);
		mirror_set_wake(set);
	}
	for (struct list *at = list_pop(&sync); at; at = list_pop(&sync))
		mirror_set_write_all(set, list_entry(at, struct bio, list));
	for (struct list *at = list_pop(&recover); at; at = list_pop(&recover)) {
		region_hash_delay(&set->hash, list_entry(at, struct bio, list));
		COUNT(set->kernel->world, DELAYED);
	}
	for (struct list *at = list_pop(&nosync); at; at = list_pop(&nosync)) {
		if (set->leg_failure && set->errors_handled) {
			list_append(&set->failures, at);
			mirror_set_wake(set);
		} else {
			mirror_set_write_default(set, list_entry(at, struct bio, list));
		}
	}
}

static void do_failures(struct mirror_set *set, struct list *failures)
{
	for (struct list *at = list_pop(failures); at; at = list_pop(failures)) {
		struct bio *bio = list_entry(at, struct bio, list);

		if (!set->log_failure) {
			set->in_sync = false;
			region_hash_mark_nosync(&set->hash, bio->region);
		}
		if (!mirror_set_any_valid(set)) {
			bio->status = -EIO;
			mapped_device_end_io(bio);
		} else if (set->errors_handled) {
			mirror_set_hold(set, bio);
		} else {
			mapped_device_end_io(bio);
		}
	}
}

static void do_mirror(struct mirror_set *set)
{
	struct list reads, writes, failures;

	list_init(&reads);
	list_init(&writes);
	list_init(&failures);
	list_move_all(&reads, &set->reads);
	list_move_all(&writes, &set->writes);
	list_move_all(&failures, &set->failures);
	region_hash_update_states(&set->hash, set->errors_handled);
	do_recovery(set);
	do_reads(set, &reads);
	do_writes(set, &writes);
	do_failures(set, &failures);
}

/* kmirrord: the work queue runs one piece of work at a time. */
static void run_worker(void *context)
{
	struct mirror_set *set = context;

	for (;;) {
		uint64_t number;

		while (!set->work_pending && !set->stopped)
			waitlist_wait(&set->work_waiting, FIBER_FOREVER);
		if (!set->work_pending)
			return;
		fiber_sleep_us(random_delay(&set->kernel->world->random_io, 50));
		set->work_pending = false;
		number = set->work_queued;
		do_mirror(set);
		set->work_done = number;
		waitlist_wake(&set->flush_waiting);
	}
}

/* flush_workqueue(): what is queued now has run then. */
static void flush_work(struct mirror_set *set)
{
	uint64_t number = set->work_queued;

	while (set->work_done < number)
		waitlist_wait(&set->flush_waiting, FIBER_FOREVER);
}

static void order_legs(struct mirror_set *set)
{
	for (uint32_t i = 0; i < set->leg_count; i++)
		set->leg_order[i] = (i + set->mirror->legs.primary) % set->leg_count;
}

struct mirror_set *mirror_set_new(struct kernel *kernel, struct mirror *mirror,
				  uint32_t region_count, int *error)
{
	struct kernel_log *log = kernel_log_new(kernel, mirror, region_count, error);
	struct mirror_set *set;

	if (!log)
		return NULL;
	set = arena_new(&kernel->world->arena, sizeof(*set));
	set->kernel = kernel;
	set->mirror = mirror;
	set->log = log;
	set->region_count = region_count;
	set->leg_count = mirror->settings.leg_count;
	set->errors_handled = mirror->settings.handle_errors;
	order_legs(set);
	region_hash_init(&set->hash, set, log);
	list_init(&set->reads);
	list_init(&set->writes);
	list_init(&set->failures);
	list_init(&set->holds);
	fiber_spawn(kernel->fibers, run_worker, set);
	mirror_set_wake(set);
	return set;
}

void mirror_set_destroy(struct mirror_set *set)
{
	set->timer_number++;
	flush_work(set);
	set->stopped = true;
	waitlist_wake(&set->work_waiting);
	region_hash_check_idle(&set->hash);
	kernel_log_destroy(set->log);
}

void mirror_set_status(struct mirror_set *set)
{
	set->readers++;
	kernel_log_get_sync_count(set->log);
	kernel_log_status(set->log);
	set->readers--;
	waitlist_wake(&set->readers_waiting);
}

void mirror_set_wait_for_readers(struct mirror_set *set)
{
	while (set->readers)
		waitlist_wait(&set->readers_waiting, FIBER_FOREVER);
}

void mirror_set_presuspend(struct mirror_set *set)
{
	struct list holds;

	set->suspending = true;
	list_init(&holds);
	list_move_all(&holds, &set->holds);
	for (struct list *at = list_pop(&holds); at; at = list_pop(&holds))
		mirror_set_hold(set, list_entry(at, struct bio, list));
	region_hash_stop_recovery(&set->hash);
	(void)kernel_log_presuspend(set->log);
	flush_work(set);
}

void mirror_set_postsuspend(struct mirror_set *set)
{
	(void)kernel_log_postsuspend(set->log);
}

void mirror_set_resume(struct mirror_set *set)
{
	set->suspending = false;
	(void)kernel_log_resume(set->log);
	region_hash_start_recovery(&set->hash);
}
