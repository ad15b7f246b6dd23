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
#include <time.h>
#include <unistd.h>

#include "daemons/clogd/device_node.h"

#define RESUME_TRIES    100
#define RESUME_PAUSE_MS 100
#define READ_BYTES      4096

/* --- the child --- */

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

static int cycle(const struct device_entry *entry)
{
	int error = device_dm_suspend(entry);

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

/* --device-helper cycle|wake NAME MAJOR:MINOR DIRECTORY; the exit status is an errno. */
int device_helper_main(int argc, char **argv)
{
	struct device_entry entry = {0};
	int error = -EINVAL;

	if (argc != 6 || !device_node_parse(argv[4], &entry.major_number, &entry.minor_number))
		return EINVAL;
	(void)snprintf(entry.name, sizeof(entry.name), "%s", argv[3]);
	device_dm_init();
	if (strcmp(argv[2], "cycle") == 0)
		error = cycle(&entry);
	else if (strcmp(argv[2], "wake") == 0)
		error = wake(&entry, argv[5]);
	return -error;
}

/* --- the daemon's thread --- */

/* Threads block signals; the child must not inherit that. */
static int spawn(char *const *arguments, pid_t *child)
{
	posix_spawnattr_t attributes;
	sigset_t none;
	int error;

	sigemptyset(&none);
	error = posix_spawnattr_init(&attributes);
	if (error)
		return -error;
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	error = posix_spawn(child, "/proc/self/exe", NULL, &attributes, arguments, environ);
	(void)posix_spawnattr_destroy(&attributes);
	return -error;
}

int device_helper_run(enum device_action action, const struct device_entry *entry, const char *node_directory)
{
	char number[32];
	char *arguments[] = {
		"clogd-device",
		DEVICE_HELPER_OPTION,
		action == DEVICE_CYCLE ? "cycle" : "wake",
		(char *)entry->name,
		number,
		(char *)node_directory,
		NULL,
	};
	pid_t child;
	int status;
	int error;

	(void)snprintf(number, sizeof(number), "%u:%u", entry->major_number, entry->minor_number);
	error = spawn(arguments, &child);
	if (error)
		return error;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}
