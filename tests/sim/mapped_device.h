/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One device of a node (drivers/md/dm.c, dm-ioctl.c): its live and its loaded
 * table, suspending, and the I/O that waits meanwhile.
 */
#ifndef CLOGD_SIM_MAPPED_DEVICE_H
#define CLOGD_SIM_MAPPED_DEVICE_H

#include "tests/sim/mirror_set.h"

struct mapped_device {
	struct kernel *kernel;
	struct mirror *mirror;
	struct mirror_set *live;
	struct mirror_set *loaded;
	bool suspended;
	bool block_io; /* DMF_BLOCK_IO_FOR_SUSPEND */
	bool noflush;  /* DMF_NOFLUSH_SUSPENDING */
	struct list deferred;
	uint32_t pending_io; /* mapped, not ended */
	struct waitlist waiting;
	/* Whoever does more than one step with the device holds this. */
	struct fiber_mutex administration;
	bool closing; /* clients stay away */
	uint32_t open_count;
	struct waitlist closing_waiting;
};

struct mapped_device *mapped_device_new(struct kernel *kernel, struct mirror *mirror);
/* Loads a table; 0 or negative errno. A loaded one is dropped first. From here on: from fibers. */
int mapped_device_load(struct mapped_device *device, uint32_t region_count);
void mapped_device_suspend(struct mapped_device *device, bool noflush);
/* Takes the loaded table, if any, into use. `drop_first`: the old one is destroyed before the new one resumes. */
void mapped_device_resume(struct mapped_device *device, bool drop_first);
void mapped_device_remove(struct mapped_device *device);

/* These two from anywhere. bio->done is called at the end. */
void mapped_device_submit(struct mapped_device *device, struct bio *bio);
void mapped_device_end_io(struct bio *bio);

#endif
