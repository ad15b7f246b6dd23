/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemons/clogctl/command.h"
#include "daemons/clogctl/table_line.h"

#define REASON_SIZE 512

enum {
	OPTION_UUID = 256,
	OPTION_LOG,
	OPTION_REGION_SIZE,
	OPTION_SIZE,
	OPTION_SYNC,
	OPTION_NOSYNC,
	OPTION_BLOCK_ON_ERROR,
	OPTION_INTEGRATED_FLUSH,
};

static const struct option options[] = {
	{"uuid", required_argument, NULL, OPTION_UUID},
	{"log", required_argument, NULL, OPTION_LOG},
	{"region-size", required_argument, NULL, OPTION_REGION_SIZE},
	{"size", required_argument, NULL, OPTION_SIZE},
	{"sync", no_argument, NULL, OPTION_SYNC},
	{"nosync", no_argument, NULL, OPTION_NOSYNC},
	{"block-on-error", no_argument, NULL, OPTION_BLOCK_ON_ERROR},
	{"integrated-flush", no_argument, NULL, OPTION_INTEGRATED_FLUSH},
	{NULL, 0, NULL, 0},
};

/* 0 or a negative errno; -ENOTBLK for what is no block device. */
static int look_up(const char *path, struct table_device *device)
{
	struct stat status;
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int error = 0;

	if (descriptor < 0)
		return -errno;
	*device = (struct table_device){.path = path};
	if (fstat(descriptor, &status) ||
	    (S_ISBLK(status.st_mode) && ioctl(descriptor, BLKGETSIZE64, &device->bytes)))
		error = -errno;
	else if (!S_ISBLK(status.st_mode))
		error = -ENOTBLK;
	if (!error)
		device->number = status.st_rdev;
	close(descriptor);
	return error;
}

static int add_device(const struct command *command, const char *what, const char *path,
		      struct table_device *device)
{
	int error = look_up(path, device);

	if (error == -ENOTBLK)
		return command_fail(command, "%s '%s' is not a block device", what, path);
	if (error)
		return command_fail(command, "%s '%s': %s", what, path, strerror(-error));
	return 0;
}

static int parse_size(const struct command *command, const char *name, const char *text,
		      uint64_t *sectors)
{
	if (table_parse_size(text, sectors) && *sectors)
		return 0;
	return command_fail(command,
			    "--%s: '%s' is neither a number of sectors of 512 bytes nor one of "
			    "bytes with K, M or G",
			    name, text);
}

static int set_sync(const struct command *command, enum log_sync sync,
		    struct table_request *request)
{
	if (request->sync != LOG_SYNC_DEFAULT && request->sync != sync)
		return command_fail(command, "'--sync' and '--nosync' exclude each other");
	request->sync = sync;
	return 0;
}

static int set_option(const struct command *command, int option, struct table_request *request)
{
	switch (option) {
	case OPTION_UUID:
		request->uuid = optarg;
		return 0;
	case OPTION_LOG:
		return add_device(command, "log device", optarg, &request->log);
	case OPTION_REGION_SIZE:
		return parse_size(command, "region-size", optarg, &request->region_size_sectors);
	case OPTION_SIZE:
		return parse_size(command, "size", optarg, &request->size_sectors);
	case OPTION_SYNC:
		return set_sync(command, LOG_SYNC_FORCE, request);
	case OPTION_NOSYNC:
		return set_sync(command, LOG_SYNC_NONE, request);
	case OPTION_BLOCK_ON_ERROR:
		request->block_on_error = true;
		return 0;
	case OPTION_INTEGRATED_FLUSH:
		request->integrated_flush = true;
		return 0;
	default:
		return CTL_USAGE;
	}
}

static int add_legs(const struct command *command, char **paths, int count,
		    struct table_request *request)
{
	int failed = 0;

	if (count > TABLE_LEGS_MAX)
		return command_fail(command, "%d legs were given; a mirror has 2 to %d", count,
				    TABLE_LEGS_MAX);
	for (int i = 0; i < count && !failed; i++)
		failed = add_device(command, "leg", paths[i], &request->legs[i]);
	request->leg_count = (size_t)count;
	return failed;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct table_request request = {.region_size_sectors = TABLE_REGION_SIZE};
	char line[TABLE_LINE_SIZE];
	char reason[REASON_SIZE];
	int failed;
	int option;

	while ((option = command_option(command, argc, argv, options)) != -1) {
		failed = set_option(command, option, &request);
		if (failed)
			return failed;
	}
	if (!request.uuid)
		return command_fail(command, "'--uuid' is wanted: a word that is the same on all "
					     "nodes and that no other mirror has");
	failed = add_legs(command, argv + optind, argc - optind, &request);
	if (failed)
		return failed;
	if (table_line(&request, line, sizeof(line), reason, sizeof(reason)))
		return command_fail(command, "%s", reason);
	printf("%s\n", line);
	return CTL_FINE;
}

const struct command table_command = {
	.name = "table",
	.arguments = "--uuid UUID [--log DEVICE] [OPTION]... LEG LEG...",
	.summary = "print the device-mapper table line of a mirror",
	.help = "Prints what 'dmsetup create' wants, after looking whether the devices are there,\n"
		"differ, and are large enough. Nothing is changed, and no daemon is needed. The\n"
		"first leg is the one that is copied to the others. Legs and log device are named\n"
		"as this node knows them; their contents must be the same on all nodes, their\n"
		"names need not be.\n"
		"\n"
		"  --uuid UUID         name of the log: the same on all nodes, of no other\n"
		"                      mirror; 1 to 128 characters without blanks\n"
		"  --log DEVICE        keep the log there; without it in the daemons' memory:\n"
		"                      all is copied again when all of them were gone at once\n"
		"  --region-size SIZE  a power of two, at least 8 sectors; default 1024 (512K)\n"
		"  --size SIZE         of the mirror; default: of the smallest leg\n"
		"  --nosync            take the legs as equal: nothing is copied at first\n"
		"  --sync              copy everything, whatever the log says\n"
		"  --block-on-error    writes wait while the log device fails\n"
		"  --integrated-flush  fewer messages between the kernel and clogd\n"
		"\n"
		"A SIZE is a number of sectors of 512 bytes, or of bytes with K, M or G.\n"
		"\n"
		"Do not pipe it into dmsetup: when a device is refused, dmsetup would get\n"
		"an empty table, and wait for ever.\n"
		"\n"
		"Exit status: 0; 2 a device or a value is refused, and why is said.\n"
		"\n"
		"Examples:\n"
		"  clogctl table --uuid mirror-1 --log /dev/vg/log /dev/vg/leg-a /dev/vg/leg-b\n"
		"  table=$(clogctl table --uuid mirror-1 --log /dev/vg/log \\\n"
		"      /dev/vg/leg-a /dev/vg/leg-b) && dmsetup create mirror-1 --table \"$table\"\n"
		"  clogctl table --uuid mirror-2 --region-size 2M /dev/vg/a /dev/vg/b\n",
	.run = run,
};
