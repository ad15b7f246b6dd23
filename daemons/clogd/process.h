/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon as a process: one a node, in the background, and in the block I/O
 * path, so it must never wait for memory that needs a mirror to be written.
 */
#ifndef CLOGD_DAEMONS_PROCESS_H
#define CLOGD_DAEMONS_PROCESS_H

#define PROCESS_PID_FILE "/run/cmirrord.pid" /* where LVM looks, and for a POSIX lock on it */
#define PROCESS_RUN_DIR  "/run/clogd"
#define PROCESS_BLACKBOX PROCESS_RUN_DIR "/blackbox" /* where the flight recorder is written */
#define PROCESS_NODE_DIR "/dev" /* device nodes that udev has not made yet: /run is mounted nodev */

/*
 * Forks. Returns in the child, 0 or a negative errno. The parent stays until
 * process_ready(), and exits with 0, or with 1 when the child ends before.
 */
int process_background(void);

/*
 * Takes the lock on the pid file, held until the process ends, and writes the
 * pid. 0, -EAGAIN when another daemon holds it, or a negative errno.
 */
int process_lock(const char *pid_file);

/* Makes PROCESS_RUN_DIR, for root only. */
int process_make_run_directory(void);

/*
 * Locks memory, keeps allocations out of write-back, keeps the out-of-memory
 * killer away. Before any thread is started; what fails is warned of.
 */
void process_protect(void);

/*
 * The calling thread has a processor as soon as Corosync, which runs like this too, has none to do:
 * else the kernel's writers wait for whatever else runs on the node. Threads and processes that it
 * starts do not inherit it. Where it is not allowed that is warned of once. By whoever has the turn (turn.h).
 */
void process_hurry(void);
/* The calling thread has its turn at a processor as any other. */
void process_take_time(void);

/* Starting up is over: lets the parent go. */
void process_ready(void);
/* Removes the pid file. The last thing to do. */
void process_end(const char *pid_file);

#endif
