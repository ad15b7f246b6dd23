/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The regions a mirror is busy with (drivers/md/dm-region-hash.c). Not in the
 * hash means: no write pending, ask the log.
 */
#ifndef CLOGD_SIM_REGION_HASH_H
#define CLOGD_SIM_REGION_HASH_H

#include "tests/sim/bio.h"
#include "tests/sim/kernel_log.h"

struct mirror_set;

enum region_state { REGION_CLEAN, REGION_DIRTY, REGION_NOSYNC, REGION_RECOVERING };

struct region {
	uint32_t key;
	enum region_state state;
	struct list list; /* clean, quiesced, recovered, failed, or none */
	uint32_t pending;
	struct list delayed; /* bios */
};

struct region_hash {
	struct mirror_set *set;
	struct kernel_log *log;
	struct region *regions[REGIONS_MAX]; /* NULL: not in the hash */
	bool flush_failure;
	uint32_t recovery_in_flight;
	uint32_t recovery_count; /* semaphore: 0 while recovery is stopped */
	struct waitlist recovery_waiting;
	struct list clean;
	struct list quiesced;
	struct list recovered;
	struct list failed;
};

void region_hash_init(struct region_hash *hash, struct mirror_set *set, struct kernel_log *log);
/* The kernel's BUG_ON conditions at the end of a table. */
void region_hash_check_idle(const struct region_hash *hash);
enum region_state region_hash_state(struct region_hash *hash, uint32_t region);
void region_hash_update_states(struct region_hash *hash, bool errors_handled);
void region_hash_inc_pending(struct region_hash *hash, const struct list *bios);
void region_hash_dec(struct region_hash *hash, uint32_t region);
void region_hash_delay(struct region_hash *hash, struct bio *bio);
void region_hash_mark_nosync(struct region_hash *hash, uint32_t region);

void region_hash_recovery_prepare(struct region_hash *hash);
/* A region that is quiet now and can be copied, or NULL. */
struct region *region_hash_recovery_start(struct region_hash *hash);
void region_hash_recovery_end(struct region_hash *hash, struct region *region, bool success);
void region_hash_stop_recovery(struct region_hash *hash);
void region_hash_start_recovery(struct region_hash *hash);

#endif
