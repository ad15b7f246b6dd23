/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "daemons/clogd/clock.h"
#include "daemons/clogd/device_helper.h"
#include "daemons/clogd/log.h"

#define RENAMED_MS 5000 /* how old names may be that no new table has made stale */

/* Something done to one device, in a thread. */
struct task {
	struct work work; /* first */
	struct devices *devices;
	struct lane lane;
	struct task *next; /* in devices->wakes or ->cycles */
	bool again;        /* asked for once more meanwhile */
	enum device_action action;
	struct device_entry entry; /* without a name: where it is is not known */
	int result;
};

struct scan {
	struct work work; /* first */
	struct devices *devices;
	struct lane lane;
	uint64_t changes; /* when it began */
	struct device_list list;
	int error;
};

struct devices {
	struct devices_settings settings;
	struct device_list known;
	uint64_t known_ms;
	uint64_t changes;       /* of tables */
	uint64_t known_changes; /* as of `known` */
	bool scanning;
	bool awaited;        /* somebody waits for fresh names */
	struct task *wakes;  /* under way: at most one a log */
	struct task *cycles; /* the same */
	struct devices_counters counters;
};

struct devices *devices_new(const struct devices_settings *settings)
{
	struct devices *devices = memory_new(1, sizeof(*devices));

	devices->settings = *settings;
	devices->changes = 1;
	return devices;
}

void devices_free(struct devices *devices)
{
	if (!devices)
		return;
	device_list_free(&devices->known);
	free(devices);
}

/* --- in a thread --- */

static void run_task(struct work *work)
{
	struct task *task = (struct task *)work;

	task->result = device_helper_run(task->action, &task->entry,
					 task->devices->settings.node_directory);
}

static void run_scan(struct work *work)
{
	struct scan *scan = (struct scan *)work;

	scan->error = device_helper_list(&scan->list);
}

/* --- in the loop --- */

static void count_cycle(struct devices *devices, int result)
{
	if (!result)
		devices->counters.cycled++;
	else if (result == -EBUSY)
		devices->counters.cycles_busy++;
	else
		devices->counters.cycles_failed++;
}

static struct task *find_task(struct task *list, const char *uuid)
{
	while (list && strcmp(list->entry.uuid, uuid) != 0)
		list = list->next;
	return list;
}

static void remove_task(struct task **list, const struct task *task)
{
	while (*list != task)
		list = &(*list)->next;
	*list = task->next;
}

static void done_cycle(struct work *work)
{
	struct task *task = (struct task *)work;
	struct devices *devices = task->devices;

	count_cycle(devices, task->result);
	if (task->again) {
		task->again = false;
		workers_submit(devices->settings.workers, &task->lane, &task->work);
		return;
	}
	remove_task(&devices->cycles, task);
	if (task->result && task->result != -EBUSY && task->result != -ENOENT)
		log_error("suspending and resuming %s (log %s) failed: %s", task->entry.name,
			  task->entry.uuid, strerror(-task->result));
	devices->settings.cycled(devices->settings.context, task->entry.uuid, task->result);
	free(task);
}

static void done_wake(struct work *work)
{
	struct task *task = (struct task *)work;

	remove_task(&task->devices->wakes, task);
	if (!task->result)
		task->devices->counters.woken++;
	free(task);
}

static void start_scan(struct devices *devices);

static bool are_fresh(const struct devices *devices)
{
	return devices->known_changes == devices->changes;
}

static void done_scan(struct work *work)
{
	struct scan *scan = (struct scan *)work;
	struct devices *devices = scan->devices;

	if (scan->error)
		log_debug("listing the mirrors failed: %s", strerror(-scan->error));
	device_list_free(&devices->known);
	devices->known = scan->list;
	devices->known_ms = clock_now_ms();
	devices->known_changes = scan->changes;
	devices->scanning = false;
	free(scan);
	if (devices->awaited && !are_fresh(devices)) {
		start_scan(devices);
		return;
	}
	devices->awaited = false;
	devices->settings.refreshed(devices->settings.context);
}

static void start_scan(struct devices *devices)
{
	struct scan *scan = memory_new(1, sizeof(*scan));

	scan->devices = devices;
	scan->changes = devices->changes;
	scan->work.run = run_scan;
	scan->work.done = done_scan;
	devices->scanning = true;
	workers_submit(devices->settings.workers, &scan->lane, &scan->work);
}

static struct task *new_task(struct devices *devices, const char *uuid)
{
	struct task *task = memory_new(1, sizeof(*task));
	const struct device_entry *known = device_list_find(&devices->known, uuid);

	task->devices = devices;
	if (known)
		task->entry = *known;
	else
		(void)snprintf(task->entry.uuid, sizeof(task->entry.uuid), "%s", uuid);
	return task;
}

void device_cycle(struct devices *devices, const char *uuid)
{
	struct task *task = find_task(devices->cycles, uuid);

	/* A suspend may last as long as a request that a dead daemon has taken along. */
	if (task) {
		task->again = true;
		return;
	}
	task = new_task(devices, uuid);
	task->next = devices->cycles;
	devices->cycles = task;
	task->action = DEVICE_CYCLE;
	task->work.run = run_task;
	task->work.done = done_cycle;
	workers_submit(devices->settings.workers, &task->lane, &task->work);
}

void device_wake(struct devices *devices, const char *uuid)
{
	struct task *task;

	if (find_task(devices->wakes, uuid))
		return;
	task = new_task(devices, uuid);
	task->next = devices->wakes;
	devices->wakes = task;
	task->action = DEVICE_WAKE;
	task->work.run = run_task;
	task->work.done = done_wake;
	workers_submit(devices->settings.workers, &task->lane, &task->work);
}

void devices_changed(struct devices *devices)
{
	devices->changes++;
}

void devices_refresh(struct devices *devices)
{
	bool fresh = are_fresh(devices);

	devices->awaited = devices->awaited || !fresh;
	if (!devices->scanning && (!fresh || clock_now_ms() - devices->known_ms > RENAMED_MS))
		start_scan(devices);
	if (fresh)
		devices->settings.refreshed(devices->settings.context);
}

const struct devices_counters *devices_counters(const struct devices *devices)
{
	return &devices->counters;
}

const char *device_name(const struct devices *devices, const char *uuid)
{
	const struct device_entry *known = device_list_find(&devices->known, uuid);

	return known ? known->name : "";
}

void devices_visit(const struct devices *devices, void *context,
		   void (*visit)(void *context, const char *name))
{
	for (size_t i = 0; i < devices->known.count; i++)
		visit(context, devices->known.entries[i].name);
}
