/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the scripted stories are told with. Time goes on only inside these calls. */
#ifndef CLOGD_SIM_STORY_H
#define CLOGD_SIM_STORY_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/world.h"

struct mapped_device;

/* A read or write that a story has started. */
struct story_io {
	struct world *world;
	struct mapped_device *device;
	uint32_t block;
	bool is_write;
	bool is_over;
	int status;
	uint32_t value; /* read, or written */
};

void story_run_ms(struct world *world, uint64_t duration_ms);
/* All nodes on, all devices made, everything in sync and quiet. */
void story_start(struct world *world);
void story_settle(struct world *world);
void story_expect(struct world *world, bool condition, const char *what);
struct mapped_device *story_device(struct world *world, uint32_t node);

struct story_io *story_start_write(struct world *world, uint32_t node, uint32_t block);
struct story_io *story_start_read(struct world *world, uint32_t node, uint32_t block);
/* Until it is over; the story fails when it takes too long. */
void story_wait(struct story_io *io, uint64_t limit_ms);
void story_write(struct world *world, uint32_t node, uint32_t block);

/* As LVM repairs and converts: all nodes load the newest table, all suspend, all resume. */
void story_reload_in_step(struct world *world);

/* stories.c */
struct story {
	const char *name;
	const char *tells;
	uint32_t node_count;
	enum log_type type;
	void (*tell)(struct world *world);
	void (*prepare)(struct settings *settings); /* or NULL */
};
extern const struct story stories[];
extern const size_t story_count;

#endif
