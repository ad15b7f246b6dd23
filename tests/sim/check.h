/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The promises (DESIGN 5), each watched by its own file; the first one broken
 * ends the run.
 */
#ifndef CLOGD_SIM_CHECK_H
#define CLOGD_SIM_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/ulog.h"

struct daemon;
struct disk;
struct kernel;
struct kernel_log;
struct mapped_device;
struct node;
struct receiving_package;
struct world;

/* check.c */
void check_init(struct world *world);
/* What has happened is beyond what is promised: the run ends here. */
void check_spoil(struct world *world);
void check_fail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* check_answers.c: each request is answered once, and soon when all is well (5). */
void check_answer(const struct receiving_package *package, const struct ulog_reply *reply);
void check_stray_answer(struct kernel *kernel, const struct ulog_reply *reply);
void check_frozen(const struct daemon *daemon, const struct ulog_reply *reply);
void check_answers_in_time(struct world *world);
void check_resume_refused(struct kernel_log *log, int result);
/* The loop does not spin. */
void check_ticked(struct daemon *daemon);

/* check_marks.c: what a kernel was promised to be dirty is dirty, on the device and in each replica (1). */
void check_flushed(struct kernel_log *log);
void check_disk(struct disk *disk, uint32_t node);
void check_replicas(struct world *world);

/* check_data.c: reads return the truth, and what counts as in sync is equal (2, 4). */
void check_read(struct mapped_device *device, uint32_t block, uint32_t acked, uint32_t value);
void check_legs_equal(struct world *world);
/* All nodes are off: what the log device calls clean must be equal. */
void check_blackout(struct world *world);

/* check_digest.c: replicas at the same position are equal (3). */
void check_position(struct daemon *daemon);

/* check_founding.c: a state that is founded without knowing who writes is beyond what is promised. */
void check_founding(struct daemon *daemon);

/* check_converge.c: once nothing hurts any more, all comes to be well. */
bool check_all_joined(struct world *world);
bool check_all_quiet(struct world *world);
bool check_all_in_sync(struct world *world);
void check_explain(struct world *world);

#endif
