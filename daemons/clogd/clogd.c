/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clogd: the cluster log daemon. From the command line to the loop, and back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemons/clogd/blackbox.h"
#include "daemons/clogd/device_helper.h"
#include "daemons/clogd/log.h"
#include "daemons/clogd/netlink.h"
#include "daemons/clogd/options.h"
#include "daemons/clogd/process.h"
#include "daemons/clogd/runtime.h"

#define EXIT_USAGE 2
#define NAME       "clogd"

#define BLACKBOX_CRASH_PATH PROCESS_BLACKBOX ".crash"

static int fail(const char *what, int error)
{
	fprintf(stderr, "clogd: %s: %s\n", what, strerror(-error));
	return EXIT_FAILURE;
}

static int fail_netlink(int error)
{
	if (error == -EPERM)
		return fail(
			"talking to the kernel takes CAP_NET_ADMIN and CAP_SYS_ADMIN; run as root",
			error);
	if (error == -EPROTONOSUPPORT)
		return fail("the kernel has no connector (module cn)", error);
	return fail("the kernel's connector", error);
}

static int fail_lock(const char *pid_file, int error)
{
	if (error != -EAGAIN)
		return fail(pid_file, error);
	fprintf(stderr, "clogd: another daemon is running (it holds the lock on %s)\n", pid_file);
	return EXIT_FAILURE;
}

/* As the daemon's process, in the foreground or not. */
static int run(const struct options *options)
{
	int exit_status;
	int error = process_lock(options->pid_file);

	if (error)
		return fail_lock(options->pid_file, error);
	error = process_make_run_directory();
	if (error)
		return fail(PROCESS_RUN_DIR, error);
	log_open(NAME, options->log_priority);
	blackbox_remove_leftovers(NAME);
	blackbox_catch_crashes(BLACKBOX_CRASH_PATH);
	process_protect();
	log_start(options->foreground);
	if (options->realtime)
		process_hurry();
	exit_status = runtime_run(options);
	log_close();
	process_end(options->pid_file);
	return exit_status;
}

int main(int argc, char **argv)
{
	struct options options;
	int error;

	if (argc > 1 && strcmp(argv[1], DEVICE_HELPER_OPTION) == 0)
		return device_child_main(argc, argv);
	switch (options_parse(argc, argv, &options)) {
	case OPTIONS_DONE:
		return EXIT_SUCCESS;
	case OPTIONS_WRONG:
		return EXIT_USAGE;
	case OPTIONS_RUN:
		break;
	}
	error = netlink_probe();
	if (error)
		return fail_netlink(error);
	error = options.foreground ? 0 : process_background();
	if (error)
		return fail("going into the background", error);
	return run(&options);
}
