/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One loaded table of a mirror (drivers/md/dm-raid1.c): its worker, which does
 * one thing after the other and is blocked by every request to the daemon, and
 * the I/O to the legs.
 */
#ifndef CLOGD_SIM_MIRROR_SET_H
#define CLOGD_SIM_MIRROR_SET_H

#include "tests/sim/region_hash.h"

struct mirror_set {
	struct kernel *kernel;
	struct mirror *mirror;
	struct kernel_log *log;
	struct region_hash hash;
	uint32_t region_count;
	uint32_t leg_count;
	uint32_t leg_order[LEGS_MAX]; /* leg of the table's n-th mirror */
	uint32_t default_mirror;      /* index into leg_order */
	uint32_t error_count[LEGS_MAX];
	struct list reads;
	struct list writes;
	struct list failures;
	struct list holds;
	bool errors_handled;
	bool in_sync;
	bool log_failure;
	bool leg_failure;
	bool suspending; /* ms->suspend */
	bool noflush;    /* of the suspend under way: held writes are given back */
	/* the work queue */
	bool work_pending;
	bool stopped;
	uint64_t work_queued; /* number of the newest queued run */
	uint64_t work_done;   /* number of the newest finished run */
	struct waitlist work_waiting;
	struct waitlist flush_waiting;
	bool timer_pending;
	uint64_t timer_number;
	/* Who looks at the table (md->io_barrier): its suspend, and the next table, wait for them. */
	uint32_t readers;
	struct waitlist readers_waiting;
};

/* The constructor: CTR, GET_REGION_SIZE, and the first run of the worker. */
struct mirror_set *mirror_set_new(struct kernel *kernel, struct mirror *mirror,
				  uint32_t region_count, int *error);
void mirror_set_destroy(struct mirror_set *set);
void mirror_set_map(struct mirror_set *set, struct bio *bio);
/* Drops the region's pending count; the device ends the bio then. */
void mirror_set_end_io(struct mirror_set *set, struct bio *bio);
void mirror_set_presuspend(struct mirror_set *set);
void mirror_set_postsuspend(struct mirror_set *set);
void mirror_set_resume(struct mirror_set *set);
void mirror_set_wake(struct mirror_set *set);
void mirror_set_status(struct mirror_set *set);
void mirror_set_wait_for_readers(struct mirror_set *set);
void mirror_set_dispatch_bios(struct mirror_set *set, struct list *bios);

/* mirror_io.c */
void mirror_set_recover(struct mirror_set *set, struct region *region);
void mirror_set_write_all(struct mirror_set *set, struct bio *bio);
void mirror_set_write_default(struct mirror_set *set, struct bio *bio);
void mirror_set_read(struct mirror_set *set, struct bio *bio, uint32_t index);
/* The mirror to read from, or LEGS_MAX when all have failed. */
uint32_t mirror_set_choose(const struct mirror_set *set);
bool mirror_set_any_valid(const struct mirror_set *set);
void mirror_set_hold(struct mirror_set *set, struct bio *bio);

#endif
