/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listing goes through libdevmapper, one caller at a time: the library keeps
 * state of its own. Suspend and resume are bare ioctls: a suspend may sleep for
 * as long as a leg's path takes to fail, and no other mirror may wait for it.
 */
#include "daemons/clogd/device_dm.h"

#include <errno.h>
#include <fcntl.h>
#include <libdevmapper.h>
#include <linux/dm-ioctl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/memory.h"

#define CONTROL_PATH "/dev/" DM_DIR "/" DM_CONTROL_NODE

static pthread_mutex_t library_lock = PTHREAD_MUTEX_INITIALIZER;

/* Errors come back as numbers, and the log belongs to the loop's thread. */
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

/* --- the library's part; all with the lock held --- */

static int run_task(struct dm_task *task)
{
	if (dm_task_run(task))
		return 0;
	return dm_task_get_errno(task) ? -dm_task_get_errno(task) : -EIO;
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

/* Reads the live table of a device. 0 with the log's uuid, -ENOENT when it has none. */
static int read_log_uuid(unsigned major_number, unsigned minor_number, char *uuid)
{
	struct dm_task *task = dm_task_create(DM_DEVICE_TABLE);
	void *next = NULL;
	int error;

	if (!task)
		return -ENOMEM;
	error = dm_task_set_major(task, (int)major_number) &&
				dm_task_set_minor(task, (int)minor_number)
			? run_task(task)
			: -EINVAL;
	if (!error) {
		error = -ENOENT;
		do {
			uint64_t start;
			uint64_t length;
			char *type = NULL;
			char *parameters = NULL;

			next = dm_get_next_target(task, next, &start, &length, &type, &parameters);
			if (type && parameters && strcmp(type, "mirror") == 0 &&
			    parse_log_uuid(parameters, uuid))
				error = 0;
		} while (next && error);
	}
	dm_task_destroy(task);
	return error;
}

static void add_entry(struct device_list *list, const struct dm_names *device)
{
	struct device_entry entry = {
		.major_number = major(device->dev),
		.minor_number = minor(device->dev),
	};

	if (read_log_uuid(entry.major_number, entry.minor_number, entry.uuid))
		return;
	(void)snprintf(entry.name, sizeof(entry.name), "%s", device->name);
	list->entries = memory_resize(list->entries, (list->count + 1) * sizeof(entry));
	list->entries[list->count++] = entry;
}

static int list_devices(struct device_list *list)
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
	return error;
}

/* --- the calls --- */

int device_dm_scan(struct device_list *list)
{
	int error;

	pthread_mutex_lock(&library_lock);
	error = list_devices(list);
	pthread_mutex_unlock(&library_lock);
	return error;
}

void device_list_free(struct device_list *list)
{
	free(list->entries);
	memset(list, 0, sizeof(*list));
}

const struct device_entry *device_list_find(const struct device_list *list, const char *uuid)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->entries[i].uuid, uuid) == 0)
			return &list->entries[i];
	return NULL;
}

bool device_dm_has_log(const struct device_entry *entry)
{
	char uuid[ULOG_UUID_SIZE];
	int error;

	pthread_mutex_lock(&library_lock);
	error = read_log_uuid(entry->major_number, entry->minor_number, uuid);
	pthread_mutex_unlock(&library_lock);
	return !error && strcmp(uuid, entry->uuid) == 0;
}

static int call_device(const struct device_entry *entry, unsigned long command, uint32_t flags,
		       struct dm_ioctl *call)
{
	int control = open(CONTROL_PATH, O_RDWR | O_CLOEXEC);
	int error;

	if (control < 0)
		return -errno;
	memset(call, 0, sizeof(*call));
	call->version[0] = DM_VERSION_MAJOR; /* 4.0.0: what every kernel understands */
	call->data_size = sizeof(*call);
	call->data_start = sizeof(*call);
	call->dev = makedev(entry->major_number, entry->minor_number);
	call->flags = flags;
	error = ioctl(control, command, call) ? -errno : 0;
	close(control);
	return error;
}

int device_dm_state(const struct device_entry *entry, struct device_state *state)
{
	struct dm_ioctl call = {0};
	int error = call_device(entry, DM_DEV_STATUS, 0, &call);

	if (error)
		return error;
	state->suspended = call.flags & DM_SUSPEND_FLAG;
	state->has_inactive_table = call.flags & DM_INACTIVE_PRESENT_FLAG;
	return 0;
}

int device_dm_suspend(const struct device_entry *entry)
{
	struct dm_ioctl call = {0};

	return call_device(entry, DM_DEV_SUSPEND,
			   DM_SUSPEND_FLAG | DM_NOFLUSH_FLAG | DM_SKIP_LOCKFS_FLAG, &call);
}

int device_dm_resume(const struct device_entry *entry)
{
	struct dm_ioctl call = {0};

	return call_device(entry, DM_DEV_SUSPEND, 0, &call);
}
