/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/attached.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/view.h"
#include "common/bytes.h"
#include "common/ulog.h"
#include "daemons/clogd/log.h"

#define PARENT     "/run/clogd"
#define DIRECTORY  PARENT "/attached"
#define PATH_BYTES 96

/* A uuid may hold any byte, so the file is named by a digest; the uuid is the first line. */
static void path_of(const char *uuid, const char *suffix, char *path)
{
	snprintf(path, PATH_BYTES, DIRECTORY "/%016" PRIx64 "%s",
		 bytes_hash(BYTES_HASH_START, uuid, strlen(uuid)), suffix);
}

static int write_nodes(const char *path, const char *uuid, const uint32_t *nodes, size_t count)
{
	FILE *file = fopen(path, "we");
	int result = 0;

	if (!file)
		return -errno;
	fprintf(file, "%s\n", uuid);
	for (size_t i = 0; i < count; i++)
		fprintf(file, "%" PRIu32 "\n", nodes[i]);
	if (ferror(file))
		result = -EIO;
	if (fclose(file) != 0 && result == 0)
		result = -errno;
	return result;
}

void attached_store(const char *uuid, const uint32_t *nodes, size_t count)
{
	char path[PATH_BYTES], fresh[PATH_BYTES];
	int result;

	path_of(uuid, "", path);
	if (count == 0) {
		unlink(path);
		return;
	}
	path_of(uuid, ".new", fresh);
	mkdir(PARENT, 0755);
	mkdir(DIRECTORY, 0700);
	result = write_nodes(fresh, uuid, nodes, count);
	if (result == 0 && rename(fresh, path) < 0)
		result = -errno;
	if (result < 0)
		log_warning("cannot keep the nodes of %s in %s: %s", uuid, path, strerror(-result));
}

static void load_file(const char *path, void *context, attached_fn *take)
{
	char line[ULOG_UUID_SIZE + 2];
	char uuid[ULOG_UUID_SIZE + 2];
	uint32_t nodes[VIEW_NODES_MAX];
	size_t count = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		return;
	if (fgets(uuid, sizeof(uuid), file) && uuid[strcspn(uuid, "\n")] == '\n') {
		uuid[strcspn(uuid, "\n")] = '\0';
		while (count < VIEW_NODES_MAX && fgets(line, sizeof(line), file))
			nodes[count++] = (uint32_t)strtoul(line, NULL, 10);
		take(context, uuid, nodes, count);
	}
	fclose(file);
}

void attached_load(void *context, attached_fn *take)
{
	DIR *directory = opendir(DIRECTORY);
	const struct dirent *entry;
	char path[PATH_BYTES + 256];

	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		/* Sixteen digits; anything longer is a file that was never finished. */
		if (strlen(entry->d_name) != 16)
			continue;
		snprintf(path, sizeof(path), DIRECTORY "/%s", entry->d_name);
		load_file(path, context, take);
	}
	closedir(directory);
}
