/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/process.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemons/clogd/log.h"

#ifndef PR_SET_IO_FLUSHER /* Linux 5.6 */
#define PR_SET_IO_FLUSHER 57
#endif

#define THREAD_STACK_BYTES (128 * 1024)
#define MAIN_STACK_BYTES   (512 * 1024)

static int ready_pipe = -1; /* to the waiting parent */

/* --- the background --- */

/* The child's last word is one byte, or none when it died. */
static void wait_for_child(int descriptor)
{
	char byte;
	ssize_t got;

	do
		got = read(descriptor, &byte, 1);
	while (got < 0 && errno == EINTR);
	_exit(got == 1 ? 0 : 1);
}

static int replace_by_null(int first, int last)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int error = null < 0 ? -errno : 0;

	for (int descriptor = first; !error && descriptor <= last; descriptor++)
		if (dup2(null, descriptor) < 0)
			error = -errno;
	if (null > last)
		close(null);
	return error;
}

int process_background(void)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0) {
		int error = -errno;

		close(ends[0]);
		close(ends[1]);
		return error;
	}
	if (pid > 0) {
		close(ends[1]);
		wait_for_child(ends[0]);
	}
	close(ends[0]);
	ready_pipe = ends[1];
	(void)setsid();
	if (chdir("/"))
		return -errno;
	return replace_by_null(STDIN_FILENO, STDIN_FILENO);
}

/* --- one a node --- */

/* Was the file that we have locked removed, or replaced, meanwhile? */
static bool is_current(int descriptor, const char *path)
{
	struct stat ours;
	struct stat current;

	return fstat(descriptor, &ours) == 0 && stat(path, &current) == 0 &&
	       ours.st_dev == current.st_dev && ours.st_ino == current.st_ino;
}

static int write_pid(int descriptor)
{
	char text[24];
	int length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(descriptor, 0) || pwrite(descriptor, text, (size_t)length, 0) != length)
		return -errno;
	return 0;
}

/*
 * The descriptor stays open for life: the lock is the process's, and closing
 * any descriptor of the file would drop it.
 */
int process_lock(const char *pid_file)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int descriptor;

	for (;;) {
		descriptor = open(pid_file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (descriptor < 0)
			return -errno;
		if (fcntl(descriptor, F_SETLK, &whole)) {
			int error = errno == EACCES ? -EAGAIN : -errno;

			close(descriptor);
			return error;
		}
		if (is_current(descriptor, pid_file))
			return write_pid(descriptor);
		close(descriptor);
	}
}

int process_make_run_directory(void)
{
	struct stat status;

	if (mkdir(PROCESS_RUN_DIR, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (lstat(PROCESS_RUN_DIR, &status))
		return -errno;
	return S_ISDIR(status.st_mode) && status.st_uid == geteuid() ? 0 : -EEXIST;
}

void process_end(const char *pid_file)
{
	(void)unlink(pid_file);
}

/* --- protection --- */

static void warn(const char *what)
{
	log_warning("%s: %s: under memory pressure this node may hang", what, strerror(errno));
}

/* Locked memory is paid for at once: small stacks, and one heap for all threads. */
static void keep_memory_small(void)
{
	pthread_attr_t attributes;

	(void)mallopt(M_ARENA_MAX, 1);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
	(void)pthread_setattr_default_np(&attributes);
	pthread_attr_destroy(&attributes);
}

static void touch_stack(void)
{
	volatile char stack[MAIN_STACK_BYTES];

	for (size_t i = 0; i < sizeof(stack); i += 4096)
		stack[i] = 0;
}

static void refuse_to_be_killed(void)
{
	static const char score[] = "-1000";
	int descriptor = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (descriptor < 0 ||
	    write(descriptor, score, sizeof(score) - 1) != (ssize_t)sizeof(score) - 1)
		warn("oom_score_adj");
	if (descriptor >= 0)
		close(descriptor);
}

/* A log device is a descriptor, a mirror being cycled some more. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

void process_protect(void)
{
	keep_memory_small();
	raise_descriptor_limit();
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		warn("mlockall");
	touch_stack();
	/* Of the calling thread, and inherited by those it starts. */
	if (prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0))
		warn("PR_SET_IO_FLUSHER");
	refuse_to_be_killed();
}

void process_hurry(void)
{
	struct sched_param parameters = {
		.sched_priority = sched_get_priority_max(SCHED_RR),
	};

	static bool said; /* it is asked for again and again */

	if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &parameters) && !said) {
		said = true;
		log_warning("no real-time priority: %s: writes will wait for other programs",
			    strerror(errno));
	}
}

void process_take_time(void)
{
	(void)sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){0});
}

/* --- telling who started us --- */

void process_ready(void)
{
	if (ready_pipe < 0)
		return;
	/* Nobody reads a daemon's output; its log is elsewhere by now. */
	(void)replace_by_null(STDOUT_FILENO, STDERR_FILENO);
	if (write(ready_pipe, "r", 1) != 1)
		log_debug("the starting process is gone");
	close(ready_pipe);
	ready_pipe = -1;
}
