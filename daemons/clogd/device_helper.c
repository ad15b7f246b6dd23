/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/device_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/memory.h"

#define PROGRAM  "/proc/self/exe"
#define MY_NAME  "clogd-device" /* in lists of processes */
#define LINE_MAX (ULOG_UUID_SIZE + DEVICE_NAME_SIZE + 32)

/*
 * In a group of its own, so that a signal to ours does not reach it. Threads
 * block signals; the child must not inherit that. `output` becomes its standard
 * output, or -1.
 */
static int spawn(char *const *arguments, int output, pid_t *child)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int error;

	sigemptyset(&none);
	error = posix_spawnattr_init(&attributes);
	if (error)
		return -error;
	error = posix_spawn_file_actions_init(&actions);
	if (error) {
		(void)posix_spawnattr_destroy(&attributes);
		return -error;
	}
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	if (output >= 0)
		error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (!error)
		error = posix_spawn(child, PROGRAM, &actions, &attributes, arguments, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	return -error;
}

static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

int device_helper_run(enum device_action action, const struct device_entry *entry,
		      const char *node_directory)
{
	char number[32] = "-";
	char *arguments[] = {
		MY_NAME,
		DEVICE_HELPER_OPTION,
		action == DEVICE_CYCLE ? DEVICE_HELPER_CYCLE : DEVICE_HELPER_WAKE,
		(char *)(uintptr_t)entry->uuid,
		number,
		(char *)(uintptr_t)node_directory,
		NULL,
	};
	pid_t child = -1;
	int error;

	if (*entry->name)
		(void)snprintf(number, sizeof(number), "%u:%u", entry->major_number,
			       entry->minor_number);
	error = spawn(arguments, -1, &child);
	return error ? error : wait_for(child);
}

/* A line of the child's: its names and uuids hold no blanks, device-mapper sees to that. */
static void add_line(struct device_list *list, const char *line)
{
	struct device_entry entry = {0};

	_Static_assert(DEVICE_NAME_SIZE == 128 && ULOG_UUID_SIZE == 129, "the widths below");
	if (sscanf(line, "%u %u %127s %128s", &entry.major_number, &entry.minor_number, entry.name,
		   entry.uuid) != 4)
		return;
	list->entries = memory_resize(list->entries, (list->count + 1) * sizeof(entry));
	list->entries[list->count++] = entry;
}

static int read_list(int input, struct device_list *list)
{
	char line[LINE_MAX];
	FILE *stream = fdopen(input, "r");

	if (!stream) {
		close(input);
		return -ENOMEM;
	}
	while (fgets(line, sizeof(line), stream))
		add_line(list, line);
	(void)fclose(stream);
	return 0;
}

int device_helper_list(struct device_list *list)
{
	char *arguments[] = {MY_NAME, DEVICE_HELPER_OPTION, DEVICE_HELPER_LIST, NULL};
	int ends[2];
	pid_t child = -1;
	int error;
	int ended;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	error = spawn(arguments, ends[1], &child);
	close(ends[1]);
	if (error) {
		close(ends[0]);
		return error;
	}
	error = read_list(ends[0], list);
	device_list_sort(list);
	ended = wait_for(child);
	return error ? error : ended;
}
