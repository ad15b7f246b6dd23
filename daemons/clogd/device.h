/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This node's mirror devices, found by the uuid of their log. Device-mapper is
 * asked in threads only: it waits for the kernel, which may be waiting for this
 * daemon's answers.
 */
#ifndef CLOGD_DAEMONS_DEVICE_H
#define CLOGD_DAEMONS_DEVICE_H

#include <stdint.h>

#include "daemons/clogd/workers.h"

struct devices;

struct devices_settings {
	struct workers *workers;    /* borrowed; results come from its dispatch */
	const char *node_directory; /* borrowed: where device nodes may be made that /dev lacks */
	void *context;
	/*
	 * A device_cycle() has ended. 0; -ENOENT: no device has that log now;
	 * -EBUSY: somebody else has suspended the device or loaded a new table for
	 * it, and will resume it; or what device-mapper said.
	 */
	void (*cycled)(void *context, const char *uuid, int result);
	/* Names are fresh: device_name() and devices_refresh(). */
	void (*refreshed)(void *context);
};

struct devices_counters {
	uint64_t cycled;
	uint64_t cycles_busy;   /* left to who had suspended the device */
	uint64_t cycles_failed; /* for another reason */
	uint64_t woken;
};

struct devices *devices_new(const struct devices_settings *settings);
void devices_free(struct devices *devices);

/*
 * Suspends and resumes the device that has the log, without a flush. Asked for
 * while that is under way it is done once more, then `cycled` is called once.
 */
void device_cycle(struct devices *devices, const char *uuid);
/* Makes the worker of that mirror in the kernel run, by a read. No answer. */
void device_wake(struct devices *devices, const char *uuid);
/* A table was loaded, resumed or removed: names that were read before this may be wrong. */
void devices_changed(struct devices *devices);
/*
 * `refreshed`, at once when the names are fresh, else when they are. To read a name the kernel asks
 * this daemon, device by device; so one that was changed without a new table may show some seconds late.
 */
void devices_refresh(struct devices *devices);
/* The name of the device that has the log, as of the last refresh, or "". */
const char *device_name(const struct devices *devices, const char *uuid);
/* The name of each device that has such a log, as of the last refresh. */
void devices_visit(const struct devices *devices, void *context,
		   void (*visit)(void *context, const char *name));
const struct devices_counters *devices_counters(const struct devices *devices);

#endif
