/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/device_node.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static bool parse_number(const char **text, unsigned *number)
{
	unsigned long value;
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	value = strtoul(*text, &end, 10);
	if (errno || value > UINT_MAX)
		return false;
	*text = end;
	*number = (unsigned)value;
	return true;
}

bool device_node_parse(const char *text, unsigned *major_number, unsigned *minor_number)
{
	return parse_number(&text, major_number) && *text++ == ':' &&
	       parse_number(&text, minor_number) && *text == '\0';
}

static bool is_device(int descriptor, dev_t number)
{
	struct stat status;

	return fstat(descriptor, &status) == 0 && S_ISBLK(status.st_mode) &&
	       status.st_rdev == number;
}

/* mkostemp makes a name of our own; the node then takes its place. */
static int open_own_node(const char *directory, dev_t number, int flags)
{
	char path[PATH_MAX];
	int descriptor;

	if (snprintf(path, sizeof(path), "%s/clogd-node-XXXXXX", directory) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	descriptor = mkostemp(path, O_CLOEXEC);
	if (descriptor < 0)
		return -errno;
	close(descriptor);
	if (unlink(path) || mknod(path, S_IFBLK | 0600, number))
		return -errno;
	descriptor = open(path, flags);
	if (descriptor < 0)
		descriptor = -errno;
	(void)unlink(path);
	return descriptor;
}

int device_node_open(const char *directory, unsigned major_number, unsigned minor_number, int flags)
{
	dev_t number = makedev(major_number, minor_number);
	char path[64];
	int descriptor;

	(void)snprintf(path, sizeof(path), "/dev/block/%u:%u", major_number, minor_number);
	descriptor = open(path, flags);
	if (descriptor >= 0 && is_device(descriptor, number))
		return descriptor;
	if (descriptor >= 0) /* a stale link: another device took its target's name */
		close(descriptor);
	else if (errno != ENOENT && errno != ENOTDIR && errno != ENXIO)
		return -errno;
	return open_own_node(directory, number, flags);
}
