/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "daemons/clogd/clock.h"
#include "daemons/clogd/device_dm.h"
#include "daemons/clogd/device_helper.h"
#include "daemons/clogd/log.h"

#define REFRESH_MS      1000

/* Something done to one device, in a thread. */
struct task {
	struct work work; /* first */
	struct devices *devices;
	struct lane lane;
	struct task *next; /* in devices->wakes */
	struct device_entry entry;
	bool located; /* the entry was in the cache, so look there first */
	int result;
};

struct scan {
	struct work work; /* first */
	struct devices *devices;
	struct lane lane;
	struct device_list list;
};

struct devices {
	struct devices_settings settings;
	struct device_list known;
	uint64_t known_ms;
	bool known_once;
	bool scanning;
	struct task *wakes; /* under way: at most one a log */
	struct devices_counters counters;
};

struct devices *devices_new(const struct devices_settings *settings)
{
	struct devices *devices = memory_new(1, sizeof(*devices));

	devices->settings = *settings;
	device_dm_init();
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

static int locate(struct task *task)
{
	struct device_list list = {0};
	const struct device_entry *found;
	int error;

	if (task->located && device_dm_has_log(&task->entry))
		return 0;
	error = device_dm_scan(&list);
	found = device_list_find(&list, task->entry.uuid);
	if (found)
		task->entry = *found;
	else if (!error)
		error = -ENOENT;
	device_list_free(&list);
	return error;
}

/*
 * A resume is everybody's: ours would end a suspension that LVM made to change
 * things under the device, or put a table into use before its time.
 */
static int check_idle(const struct task *task)
{
	struct device_state state;
	int error = device_dm_state(&task->entry, &state);

	if (!error && (state.suspended || state.has_inactive_table))
		error = -EBUSY;
	return error;
}

static void run_cycle(struct work *work)
{
	struct task *task = (struct task *)work;

	task->result = locate(task);
	if (!task->result)
		task->result = check_idle(task);
	if (!task->result)
		task->result = device_helper_run(DEVICE_CYCLE, &task->entry, task->devices->settings.node_directory);
}

static void run_wake(struct work *work)
{
	struct task *task = (struct task *)work;

	task->result = locate(task);
	if (!task->result)
		task->result = check_idle(task);
	if (!task->result)
		task->result = device_helper_run(DEVICE_WAKE, &task->entry, task->devices->settings.node_directory);
}

static void run_scan(struct work *work)
{
	(void)device_dm_scan(&((struct scan *)work)->list);
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

static void done_cycle(struct work *work)
{
	struct task *task = (struct task *)work;
	struct devices *devices = task->devices;

	count_cycle(devices, task->result);
	if (task->result && task->result != -EBUSY && task->result != -ENOENT)
		log_error("suspending and resuming %s (log %s) failed: %s", task->entry.name,
			  task->entry.uuid, strerror(-task->result));
	devices->settings.cycled(devices->settings.context, task->entry.uuid, task->result);
	free(task);
}

static void done_wake(struct work *work)
{
	struct task *task = (struct task *)work;
	struct task **link = &task->devices->wakes;

	while (*link != task)
		link = &(*link)->next;
	*link = task->next;
	if (!task->result)
		task->devices->counters.woken++;
	free(task);
}

static void done_scan(struct work *work)
{
	struct scan *scan = (struct scan *)work;
	struct devices *devices = scan->devices;

	device_list_free(&devices->known);
	devices->known = scan->list;
	devices->known_ms = clock_now_ms();
	devices->known_once = true;
	devices->scanning = false;
	free(scan);
	devices->settings.refreshed(devices->settings.context);
}

static struct task *new_task(struct devices *devices, const char *uuid)
{
	struct task *task = memory_new(1, sizeof(*task));
	const struct device_entry *known = device_list_find(&devices->known, uuid);

	task->devices = devices;
	task->located = known != NULL;
	if (known)
		task->entry = *known;
	else
		(void)snprintf(task->entry.uuid, sizeof(task->entry.uuid), "%s", uuid);
	return task;
}

void device_cycle(struct devices *devices, const char *uuid)
{
	struct task *task = new_task(devices, uuid);

	task->work.run = run_cycle;
	task->work.done = done_cycle;
	workers_submit(devices->settings.workers, &task->lane, &task->work);
}

void device_wake(struct devices *devices, const char *uuid)
{
	struct task *task;

	for (task = devices->wakes; task; task = task->next)
		if (strcmp(task->entry.uuid, uuid) == 0)
			return;
	task = new_task(devices, uuid);
	task->next = devices->wakes;
	devices->wakes = task;
	task->work.run = run_wake;
	task->work.done = done_wake;
	workers_submit(devices->settings.workers, &task->lane, &task->work);
}

void devices_refresh(struct devices *devices)
{
	struct scan *scan;

	if (devices->scanning)
		return;
	if (devices->known_once && clock_now_ms() - devices->known_ms < REFRESH_MS) {
		devices->settings.refreshed(devices->settings.context);
		return;
	}
	scan = memory_new(1, sizeof(*scan));
	scan->devices = devices;
	scan->work.run = run_scan;
	scan->work.done = done_scan;
	devices->scanning = true;
	workers_submit(devices->settings.workers, &scan->lane, &scan->work);
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
