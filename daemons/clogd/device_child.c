/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The helper process itself: what device_helper.h starts. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "daemons/clogd/device_helper.h"
#include "daemons/clogd/device_node.h"

#define RESUME_TRIES    100
#define RESUME_PAUSE_MS 100
#define READ_BYTES      4096

/* Where the device was last, if it is still there; else among all. */
static int locate(struct device_entry *entry, bool has_hint)
{
	struct device_list list = {0};
	const struct device_entry *found;
	int error;

	if (has_hint && device_dm_has_log(entry))
		return 0;
	error = device_dm_scan(&list);
	found = device_list_find(&list, entry->uuid);
	if (found)
		*entry = *found;
	else if (!error)
		error = -ENOENT;
	device_list_free(&list);
	return error;
}

/*
 * A resume is everybody's: ours would end a suspension that LVM made to change
 * things under the device, or put a table into use before its time.
 */
static int check_idle(const struct device_entry *entry)
{
	struct device_state state;
	int error = device_dm_state(entry, &state);

	if (!error && (state.suspended || state.has_inactive_table))
		error = -EBUSY;
	return error;
}

/* A device left suspended is a node that hangs: this does not give up at once. */
static int resume(const struct device_entry *entry)
{
	struct timespec pause = {.tv_nsec = RESUME_PAUSE_MS * 1000000L};
	int error = device_dm_resume(entry);

	for (int i = 0; i < RESUME_TRIES && error && error != -ENXIO; i++) {
		(void)nanosleep(&pause, NULL);
		error = device_dm_resume(entry);
	}
	return error;
}

/*
 * A signal amid the suspend makes the kernel give it up half-way: dm-mirror has
 * ended its recovery by then, takes nothing back, and the next suspend of this
 * device waits for ever. So whoever stops the daemon must spare this process
 * (KillMode in its unit).
 */
static int cycle(const struct device_entry *entry)
{
	sigset_t all;
	int error;

	sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	/* Our own code may lie on the mirror, and must be there for the resume. */
	(void)mlockall(MCL_CURRENT);
	error = device_dm_suspend(entry);
	return error ? error : resume(entry);
}

static int wake(const struct device_entry *entry, const char *node_directory)
{
	void *buffer = aligned_alloc(READ_BYTES, READ_BYTES);
	int descriptor = device_node_open(node_directory, entry->major_number, entry->minor_number,
					  O_RDONLY | O_DIRECT | O_CLOEXEC);
	int error = descriptor < 0 ? descriptor : 0;

	if (!error && (!buffer || pread(descriptor, buffer, READ_BYTES, 0) < 0))
		error = -errno;
	if (descriptor >= 0)
		close(descriptor);
	free(buffer);
	return error;
}

static int act(char *const *words)
{
	struct device_entry entry = {0};
	bool has_hint = device_node_parse(words[2], &entry.major_number, &entry.minor_number);
	int error;

	if (snprintf(entry.uuid, sizeof(entry.uuid), "%s", words[1]) >= (int)sizeof(entry.uuid))
		return -EINVAL;
	error = locate(&entry, has_hint);
	if (!error)
		error = check_idle(&entry);
	if (error)
		return error;
	return strcmp(words[0], DEVICE_HELPER_CYCLE) == 0 ? cycle(&entry) : wake(&entry, words[3]);
}

static int list(void)
{
	struct device_list devices = {0};
	int error = device_dm_scan(&devices);

	for (size_t i = 0; !error && i < devices.count; i++)
		if (printf("%u %u %s %s\n", devices.entries[i].major_number,
			   devices.entries[i].minor_number, devices.entries[i].name,
			   devices.entries[i].uuid) < 0)
			error = -EIO;
	if (fflush(stdout))
		error = -EIO;
	device_list_free(&devices);
	return error;
}

int device_child_main(int argc, char **argv)
{
	device_dm_init();
	if (argc == 6 &&
	    (strcmp(argv[2], DEVICE_HELPER_CYCLE) == 0 || strcmp(argv[2], DEVICE_HELPER_WAKE) == 0))
		return -act(argv + 2);
	if (argc == 3 && strcmp(argv[2], DEVICE_HELPER_LIST) == 0)
		return -list();
	return EINVAL;
}
