/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One booted kernel: what the mirrors of a node share, and the transfer of
 * requests to the daemon (drivers/md/dm-log-userspace-transfer.c).
 */
#ifndef CLOGD_SIM_KERNEL_H
#define CLOGD_SIM_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ulog.h"
#include "tests/sim/fiber.h"
#include "tests/sim/list.h"
#include "tests/sim/settings.h"

struct mapped_device;
struct node;
struct world;

#define KERNEL_HZ 250
#define JIFFY_US  (US_PER_S / KERNEL_HZ)

/* A request that waits for its answer. */
struct receiving_package {
	struct list list;
	struct kernel *kernel;
	uint32_t seq;
	enum ulog_type type;
	uint64_t luid;
	uint64_t sent_us;
	bool lost; /* the daemon never got it, or its answer never came */
	uint32_t daemon_epoch;
	bool complete;
	int error;
	size_t capacity; /* for data, in bytes */
	size_t data_size;
	uint8_t *data;
	struct waitlist waiting;
};

struct kernel {
	struct world *world;
	struct node *node;
	struct fiber_set *fibers;
	uint32_t ulog_seq;
	uint64_t next_luid;
	struct list receiving;
	uint64_t
		recovering_limit; /* jiffies; the `static limit` of userspace_is_remote_recovering() */
	struct mapped_device *devices[MIRRORS_MAX];
	/* /run: what the daemon keeps over its own death. */
	struct {
		uint32_t nodes[NODES_MAX];
		size_t count;
	} remembered[MIRRORS_MAX];
	struct {
		uint32_t regions[REGIONS_MAX];
		size_t count;
		uint64_t luid;
	} one_leg[MIRRORS_MAX];                        /* also in /run */
	uint16_t leg_writes[MIRRORS_MAX][REGIONS_MAX]; /* on their way to the legs */
};

struct kernel *kernel_new(struct node *node);
uint64_t kernel_jiffies(const struct kernel *kernel);
/* A reply of the daemon. */
void kernel_answer(struct kernel *kernel, const uint8_t *bytes, size_t size);
/* That request's answer never comes. */
void kernel_lose_answer(struct kernel *kernel, uint32_t seq);

/*
 * dm_consult_userspace(): sends `request` (version, seq are filled in), waits
 * for its answer, sends it again after 15 s. *data_size is the room and then
 * the size of data[]. From a fiber only.
 */
int kernel_consult(struct kernel *kernel, struct ulog_request *request, void *data,
		   size_t *data_size);

#endif
