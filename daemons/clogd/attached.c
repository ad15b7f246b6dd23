/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/attached.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
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
static void path_of(const char *uuid, char *path)
{
	snprintf(path, PATH_BYTES, DIRECTORY "/%016" PRIx64,
		 bytes_hash(BYTES_HASH_START, uuid, strlen(uuid)));
}

/* `title`: a first line, or NULL. The file is there whole or as it was. */
static int write_nodes(const char *path, const char *title, const uint32_t *nodes, size_t count)
{
	char fresh[PATH_MAX];
	FILE *file;
	int result = 0;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh))
		return -ENAMETOOLONG;
	file = fopen(fresh, "we");
	if (!file)
		return -errno;
	if (title)
		fprintf(file, "%s\n", title);
	for (size_t i = 0; i < count; i++)
		fprintf(file, "%" PRIu32 "\n", nodes[i]);
	if (ferror(file))
		result = -EIO;
	if (fclose(file) != 0 && result == 0)
		result = -errno;
	if (result == 0 && rename(fresh, path) < 0)
		result = -errno;
	return result;
}

void attached_store(const char *uuid, const uint32_t *nodes, size_t count)
{
	char path[PATH_BYTES];
	int result;

	path_of(uuid, path);
	if (count == 0) {
		unlink(path);
		return;
	}
	mkdir(PARENT, 0755);
	mkdir(DIRECTORY, 0700);
	result = write_nodes(path, uuid, nodes, count);
	if (result < 0)
		log_warning("cannot keep the nodes of %s in %s: %s", uuid, path, strerror(-result));
}

static size_t read_nodes(FILE *file, uint32_t *nodes, size_t capacity)
{
	char line[32];
	size_t count = 0;

	while (count < capacity && fgets(line, sizeof(line), file))
		nodes[count++] = (uint32_t)strtoul(line, NULL, 10);
	return count;
}

static void load_file(const char *path, void *context, attached_fn *take)
{
	char uuid[ULOG_UUID_SIZE + 2];
	uint32_t nodes[VIEW_NODES_MAX];
	FILE *file = fopen(path, "re");

	if (!file)
		return;
	if (fgets(uuid, sizeof(uuid), file) && uuid[strcspn(uuid, "\n")] == '\n') {
		uuid[strcspn(uuid, "\n")] = '\0';
		take(context, uuid, nodes, read_nodes(file, nodes, VIEW_NODES_MAX));
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

static bool path_of_met(char *path)
{
	const char *directory = getenv("STATE_DIRECTORY");

	return directory && snprintf(path, PATH_MAX, "%s/nodes", directory) < PATH_MAX;
}

void attached_store_met(const uint32_t *nodes, size_t count)
{
	char path[PATH_MAX];
	int result;

	if (!path_of_met(path))
		return;
	result = write_nodes(path, NULL, nodes, count);
	if (result < 0)
		log_warning("cannot keep the nodes that were met in %s: %s", path,
			    strerror(-result));
}

size_t attached_load_met(uint32_t *nodes, size_t capacity)
{
	char path[PATH_MAX];
	FILE *file = path_of_met(path) ? fopen(path, "re") : NULL;
	size_t count;

	if (!file)
		return 0;
	count = read_nodes(file, nodes, capacity);
	fclose(file);
	return count;
}
