/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The `userspace` dirty log of one table (drivers/md/dm-log-userspace-base.c).
 * Functions are called from fibers and block, as in the kernel.
 */
#ifndef CLOGD_SIM_KERNEL_LOG_H
#define CLOGD_SIM_KERNEL_LOG_H

#include "tests/sim/kernel.h"

struct mirror;

struct kernel_log {
	struct kernel *kernel;
	struct mirror *mirror;
	uint64_t luid;
	char constructor[256];
	uint32_t region_size;
	uint64_t region_count;
	uint64_t length; /* sectors */
	struct list mark_list;
	struct list clear_list;
	uint64_t in_sync_hint;
	bool integrated_flush;
	bool flush_scheduled;  /* sched_flush */
	uint64_t flush_number; /* tells a delayed flush that it was cancelled */
	uint32_t flush_works;  /* queued for now, or running */
	bool flush_running;
	struct waitlist flush_waiting;
	bool destroyed;
	uint32_t failures; /* of what must not fail */
	/* What the daemon has promised: FLUSH answered, CLEAR not sent yet. */
	bool promised[REGIONS_MAX];
};

/* CTR and GET_REGION_SIZE. NULL with *error set when the daemon refused. */
struct kernel_log *kernel_log_new(struct kernel *kernel, struct mirror *mirror,
				  uint32_t region_count, int *error);
void kernel_log_destroy(struct kernel_log *log);
int kernel_log_presuspend(struct kernel_log *log);
int kernel_log_postsuspend(struct kernel_log *log);
int kernel_log_resume(struct kernel_log *log);
bool kernel_log_in_sync(struct kernel_log *log, uint32_t region);
int kernel_log_get_resync_work(struct kernel_log *log, uint32_t *region);
void kernel_log_set_region_sync(struct kernel_log *log, uint32_t region, bool in_sync);
uint64_t kernel_log_get_sync_count(struct kernel_log *log);
bool kernel_log_is_remote_recovering(struct kernel_log *log, uint32_t region);
int kernel_log_status(struct kernel_log *log);

/* kernel_log_flush.c */
void kernel_log_mark_region(struct kernel_log *log, uint32_t region);
void kernel_log_clear_region(struct kernel_log *log, uint32_t region);
int kernel_log_flush(struct kernel_log *log);
/* flush_delayed_work(): runs a scheduled flush at once, and waits for it. */
void kernel_log_flush_delayed(struct kernel_log *log);
/* destroy_workqueue(): none is left when it returns. */
void kernel_log_drain_flushes(struct kernel_log *log);

/* userspace_do_request(): with the reconnect loop. */
int kernel_log_request(struct kernel_log *log, enum ulog_type type, const uint64_t *regions,
		       uint32_t count, bool in_sync, void *data, size_t *data_size);
/* dm_consult_userspace(): without. */
int kernel_log_request_once(struct kernel_log *log, enum ulog_type type);

#endif
