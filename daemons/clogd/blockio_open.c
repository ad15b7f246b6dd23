/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens a log device: by path, or by number, even where /dev does not list it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "daemons/clogd/blockio_internal.h"
#include "daemons/clogd/device_node.h"

#define FILE_BLOCK_BYTES 512
#define BLOCK_BYTES_MIN  512
#define BLOCK_BYTES_MAX  4096

#define OPEN_FLAGS (O_RDWR | O_DSYNC | O_CLOEXEC)

/* Plain files do without O_DIRECT: not every file system has it. */
static int open_path(const char *path)
{
	struct stat status;
	int flags = OPEN_FLAGS;

	if (stat(path, &status))
		return -errno;
	if (S_ISBLK(status.st_mode))
		flags |= O_DIRECT;
	else if (!S_ISREG(status.st_mode))
		return -ENOTBLK;
	int descriptor = open(path, flags);
	return descriptor < 0 ? -errno : descriptor;
}

static int probe_device(int descriptor, const struct stat *status, struct disk_result *result)
{
	uint64_t size_bytes;
	int block_bytes;

	if (ioctl(descriptor, BLKGETSIZE64, &size_bytes) ||
	    ioctl(descriptor, BLKSSZGET, &block_bytes))
		return -errno;
	if (block_bytes < BLOCK_BYTES_MIN || block_bytes > BLOCK_BYTES_MAX)
		return -EINVAL;
	result->size_bytes = size_bytes;
	result->block_bytes = (uint32_t)block_bytes;
	result->major = major(status->st_rdev);
	result->minor = minor(status->st_rdev);
	return 0;
}

static int probe(int descriptor, struct disk_result *result)
{
	struct stat status;

	if (fstat(descriptor, &status))
		return -errno;
	if (S_ISBLK(status.st_mode))
		return probe_device(descriptor, &status, result);
	result->size_bytes = (uint64_t)status.st_size;
	result->block_bytes = FILE_BLOCK_BYTES;
	return 0;
}

int blockio_open(const char *device, const char *node_directory, struct disk_result *result)
{
	unsigned major_number;
	unsigned minor_number;
	int descriptor;
	int error;

	if (device_node_parse(device, &major_number, &minor_number))
		descriptor = device_node_open(node_directory, major_number, minor_number,
					      OPEN_FLAGS | O_DIRECT);
	else
		descriptor = open_path(device);
	if (descriptor < 0)
		return descriptor;
	error = probe(descriptor, result);
	if (error) {
		close(descriptor);
		return error;
	}
	return descriptor;
}
