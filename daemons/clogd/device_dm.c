/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/device_dm.h"

#include <errno.h>
#include <libdevmapper.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "common/memory.h"

/* Errors come back as numbers. */
__attribute__((format(printf, 5, 6))) static void library_log(int level, const char *file, int line,
							      int error, const char *format, ...)
{
	(void)level;
	(void)file;
	(void)line;
	(void)error;
	(void)format;
}

void device_dm_init(void)
{
	dm_log_with_errno_init(library_log);
	(void)dm_udev_set_sync_support(0);
}

static int run_task(struct dm_task *task)
{
	if (dm_task_run(task))
		return 0;
	return dm_task_get_errno(task) ? -dm_task_get_errno(task) : -EIO;
}

static struct dm_task *new_task(int type, const struct device_entry *entry)
{
	struct dm_task *task = dm_task_create(type);

	if (task && dm_task_set_major(task, (int)entry->major_number) &&
	    dm_task_set_minor(task, (int)entry->minor_number))
		return task;
	if (task)
		dm_task_destroy(task);
	return NULL;
}

/* The word after "userspace <count> " of a mirror's parameters. */
static bool parse_log_uuid(const char *parameters, char *uuid)
{
	static const char log_type[] = "userspace ";
	const char *word = parameters;
	size_t length;

	if (strncmp(word, log_type, sizeof(log_type) - 1) != 0)
		return false;
	word += sizeof(log_type) - 1;
	word += strspn(word, "0123456789");
	if (*word != ' ')
		return false;
	word++;
	length = strcspn(word, " ");
	if (length == 0 || length >= ULOG_UUID_SIZE)
		return false;
	memcpy(uuid, word, length);
	uuid[length] = '\0';
	return true;
}

static bool find_log(struct dm_task *table, char *uuid)
{
	void *next = NULL;

	do {
		uint64_t start;
		uint64_t length;
		char *type = NULL;
		char *parameters = NULL;

		next = dm_get_next_target(table, next, &start, &length, &type, &parameters);
		if (type && parameters && strcmp(type, "mirror") == 0 &&
		    parse_log_uuid(parameters, uuid))
			return true;
	} while (next);
	return false;
}

/* Reads the live table of a device. 0 with the log's uuid, -ENOENT when it has none. */
static int read_log_uuid(const struct device_entry *entry, char *uuid)
{
	struct dm_task *task = new_task(DM_DEVICE_TABLE, entry);
	int error;

	if (!task)
		return -ENOMEM;
	error = run_task(task);
	if (!error && !find_log(task, uuid))
		error = -ENOENT;
	dm_task_destroy(task);
	return error;
}

static void add_entry(struct device_list *list, const struct dm_names *device)
{
	struct device_entry entry = {
		.major_number = major(device->dev),
		.minor_number = minor(device->dev),
	};

	if (read_log_uuid(&entry, entry.uuid))
		return;
	(void)snprintf(entry.name, sizeof(entry.name), "%s", device->name);
	list->entries = memory_resize(list->entries, (list->count + 1) * sizeof(entry));
	list->entries[list->count++] = entry;
}

int device_dm_scan(struct device_list *list)
{
	struct dm_task *task = dm_task_create(DM_DEVICE_LIST);
	const struct dm_names *device;
	int error;

	if (!task)
		return -ENOMEM;
	error = run_task(task);
	device = error ? NULL : dm_task_get_names(task);
	while (device && device->dev) {
		add_entry(list, device);
		if (!device->next)
			break;
		device = (const struct dm_names *)(const void *)((const char *)device +
								 device->next);
	}
	dm_task_destroy(task);
	device_list_sort(list);
	return error;
}

void device_list_free(struct device_list *list)
{
	free(list->entries);
	memset(list, 0, sizeof(*list));
}

static int compare_entries(const void *one, const void *other)
{
	return strcmp(((const struct device_entry *)one)->uuid,
		      ((const struct device_entry *)other)->uuid);
}

static int compare_uuid(const void *uuid, const void *entry)
{
	return strcmp(uuid, ((const struct device_entry *)entry)->uuid);
}

void device_list_sort(struct device_list *list)
{
	if (list->count)
		qsort(list->entries, list->count, sizeof(*list->entries), compare_entries);
}

const struct device_entry *device_list_find(const struct device_list *list, const char *uuid)
{
	if (!list->count)
		return NULL;
	return bsearch(uuid, list->entries, list->count, sizeof(*list->entries), compare_uuid);
}

bool device_dm_has_log(const struct device_entry *entry)
{
	char uuid[ULOG_UUID_SIZE];

	return !read_log_uuid(entry, uuid) && strcmp(uuid, entry->uuid) == 0;
}

int device_dm_state(const struct device_entry *entry, struct device_state *state)
{
	struct dm_task *task = new_task(DM_DEVICE_INFO, entry);
	struct dm_info info;
	int error = task ? run_task(task) : -ENOMEM;

	if (!error && (!dm_task_get_info(task, &info) || !info.exists))
		error = -ENXIO;
	if (!error)
		*state = (struct device_state){
			.suspended = info.suspended,
			.has_inactive_table = info.inactive_table,
		};
	if (task)
		dm_task_destroy(task);
	return error;
}

int device_dm_suspend(const struct device_entry *entry)
{
	struct dm_task *task = new_task(DM_DEVICE_SUSPEND, entry);
	int error = task ? -EINVAL : -ENOMEM;

	if (task && dm_task_no_flush(task) && dm_task_skip_lockfs(task))
		error = run_task(task);
	if (task)
		dm_task_destroy(task);
	return error;
}

int device_dm_resume(const struct device_entry *entry)
{
	struct dm_task *task = new_task(DM_DEVICE_RESUME, entry);
	int error = task ? run_task(task) : -ENOMEM;

	if (task)
		dm_task_destroy(task);
	return error;
}
