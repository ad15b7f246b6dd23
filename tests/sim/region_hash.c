/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/region_hash.h"

#include "tests/sim/check.h"
#include "tests/sim/mirror.h"
#include "tests/sim/mirror_set.h"
#include "tests/sim/world.h"

void region_hash_init(struct region_hash *hash, struct mirror_set *set, struct kernel_log *log)
{
	hash->set = set;
	hash->log = log;
	list_init(&hash->clean);
	list_init(&hash->quiesced);
	list_init(&hash->recovered);
	list_init(&hash->failed);
}

static void bug_on(const struct region_hash *hash, bool condition, const char *what)
{
	if (condition)
		check_fail(hash->log->kernel->world, "the kernel would BUG: %s", what);
}

void region_hash_check_idle(const struct region_hash *hash)
{
	bug_on(hash, !list_is_empty(&hash->quiesced), "quiesced regions at the end");
	for (uint32_t i = 0; i < REGIONS_MAX; i++)
		bug_on(hash, hash->regions[i] && hash->regions[i]->pending,
		       "pending writes at the end");
}

/* __rh_find() with __rh_alloc(): asks the log once more, whoever asked before. */
static struct region *find(struct region_hash *hash, uint32_t key)
{
	struct region *region;
	bool in_sync;

	if (hash->regions[key])
		return hash->regions[key];
	in_sync = kernel_log_in_sync(hash->log, key);
	if (hash->regions[key]) /* lost the race */
		return hash->regions[key];
	region = arena_new(&hash->log->kernel->world->arena, sizeof(*region));
	region->key = key;
	region->state = in_sync ? REGION_CLEAN : REGION_NOSYNC;
	list_init(&region->list);
	list_init(&region->delayed);
	hash->regions[key] = region;
	if (in_sync)
		list_push(&hash->clean, &region->list);
	return region;
}

enum region_state region_hash_state(struct region_hash *hash, uint32_t region)
{
	if (hash->regions[region])
		return hash->regions[region]->state;
	return kernel_log_in_sync(hash->log, region) ? REGION_CLEAN : REGION_NOSYNC;
}

static void complete_resync_work(struct region_hash *hash, struct region *region, bool success)
{
	kernel_log_set_region_sync(hash->log, region->key, success);
	mirror_set_dispatch_bios(hash->set, &region->delayed);
	hash->recovery_in_flight--;
	hash->recovery_count++;
	waitlist_wake(&hash->recovery_waiting);
}

void region_hash_mark_nosync(struct region_hash *hash, uint32_t key)
{
	struct region *region;
	bool recovering;

	kernel_log_set_region_sync(hash->log, key, false);
	region = find(hash, key);
	bug_on(hash, !list_is_empty(&region->list), "a failed write's region is on a list");
	recovering = region->state == REGION_RECOVERING;
	region->state = REGION_NOSYNC;
	if (recovering)
		complete_resync_work(hash, region, false);
}

/* Takes a list over and its regions out of the hash. */
static void grab(struct region_hash *hash, struct list *from, struct list *to)
{
	list_init(to);
	list_move_all(to, from);
	for (struct list *at = to->next; at != to; at = at->next)
		hash->regions[list_entry(at, struct region, list)->key] = NULL;
}

void region_hash_update_states(struct region_hash *hash, bool errors_handled)
{
	struct list clean, recovered, failed;

	grab(hash, &hash->clean, &clean);
	grab(hash, &hash->recovered, &recovered);
	grab(hash, &hash->failed, &failed);
	for (struct list *at = list_pop(&recovered); at; at = list_pop(&recovered)) {
		struct region *region = list_entry(at, struct region, list);

		kernel_log_clear_region(hash->log, region->key);
		complete_resync_work(hash, region, true);
	}
	for (struct list *at = list_pop(&failed); at; at = list_pop(&failed))
		complete_resync_work(hash, list_entry(at, struct region, list), !errors_handled);
	for (struct list *at = list_pop(&clean); at; at = list_pop(&clean))
		kernel_log_clear_region(hash->log, list_entry(at, struct region, list)->key);
	(void)kernel_log_flush(hash->log);
}

void region_hash_inc_pending(struct region_hash *hash, const struct list *bios)
{
	for (const struct list *at = bios->next; at != bios; at = at->next) {
		struct region *region = find(hash, list_entry(at, struct bio, list)->region);

		region->pending++;
		if (region->state != REGION_CLEAN)
			continue;
		region->state = REGION_DIRTY;
		list_remove(&region->list);
		kernel_log_mark_region(hash->log, region->key);
	}
}

void region_hash_dec(struct region_hash *hash, uint32_t key)
{
	struct region *region = hash->regions[key];

	bug_on(hash, !region || region->pending == 0, "a write ends in a region without any");
	if (!region || --region->pending > 0)
		return;
	if (hash->flush_failure) {
		region->state = REGION_NOSYNC;
	} else if (region->state == REGION_RECOVERING) {
		list_append(&hash->quiesced, &region->list);
	} else if (region->state == REGION_DIRTY) {
		region->state = REGION_CLEAN;
		list_push(&hash->clean, &region->list);
	}
	mirror_set_wake(hash->set);
}

void region_hash_delay(struct region_hash *hash, struct bio *bio)
{
	list_append(&find(hash, bio->region)->delayed, &bio->list);
}

static bool prepare_one(struct region_hash *hash)
{
	struct region *region;
	uint32_t key;

	if (kernel_log_get_resync_work(hash->log, &key) <= 0)
		return false;
	region = find(hash, key);
	region->state = REGION_RECOVERING;
	list_remove(&region->list);
	if (!region->pending)
		list_push(&hash->quiesced, &region->list);
	return true;
}

void region_hash_recovery_prepare(struct region_hash *hash)
{
	hash->recovery_in_flight++;
	while (hash->recovery_count > 0) {
		hash->recovery_count--;
		hash->recovery_in_flight++;
		if (!prepare_one(hash)) {
			hash->recovery_in_flight--;
			hash->recovery_count++;
			break;
		}
	}
	hash->recovery_in_flight--;
	waitlist_wake(&hash->recovery_waiting);
}

struct region *region_hash_recovery_start(struct region_hash *hash)
{
	struct list *at = list_pop(&hash->quiesced);

	return at ? list_entry(at, struct region, list) : NULL;
}

void region_hash_recovery_end(struct region_hash *hash, struct region *region, bool success)
{
	list_push(success ? &hash->recovered : &hash->failed, &region->list);
	mirror_set_wake(hash->set);
}

void region_hash_stop_recovery(struct region_hash *hash)
{
	while (hash->recovery_count == 0)
		waitlist_wait(&hash->recovery_waiting, FIBER_FOREVER);
	hash->recovery_count--;
	while (hash->recovery_in_flight)
		waitlist_wait(&hash->recovery_waiting, FIBER_FOREVER);
}

void region_hash_start_recovery(struct region_hash *hash)
{
	hash->recovery_count++;
	waitlist_wake(&hash->recovery_waiting);
	mirror_set_wake(hash->set);
}
