/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/kept.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/memory.h"
#include "common/ulog.h"
#include "daemons/clogd/log.h"

#define PARENT "/run/clogd"

static const char *const directories[] = {
	[KEPT_ATTACHED] = PARENT "/attached",
	[KEPT_ONE_LEG] = PARENT "/one-leg",
};

/* A uuid may hold any byte, so the file is named by a digest; the uuid is the first line. */
static void path_of(enum kept_of_log what, const char *uuid, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%016" PRIx64, directories[what],
		 bytes_hash(BYTES_HASH_START, uuid, strlen(uuid)));
}

/* `title`: a first line, or NULL. The file is there whole or as it was. */
static int write_numbers(const char *path, const char *title, const uint32_t *numbers, size_t count)
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
		fprintf(file, "%" PRIu32 "\n", numbers[i]);
	if (ferror(file))
		result = -EIO;
	if (fclose(file) != 0 && result == 0)
		result = -errno;
	if (result == 0 && rename(fresh, path) < 0)
		result = -errno;
	return result;
}

void kept_store(enum kept_of_log what, const char *uuid, const uint32_t *numbers, size_t count)
{
	char path[PATH_MAX];
	int result;

	path_of(what, uuid, path);
	if (count == 0) {
		unlink(path);
		return;
	}
	mkdir(PARENT, 0755);
	mkdir(directories[what], 0700);
	result = write_numbers(path, uuid, numbers, count);
	if (result < 0)
		log_warning("%s: cannot keep it for the next clogd in %s: %s", uuid, path,
			    strerror(-result));
}

void kept_store_one_leg(const char *uuid, uint64_t luid, const uint32_t *regions, size_t count)
{
	uint32_t *numbers = memory_new(count + 2, sizeof(*numbers));

	numbers[0] = (uint32_t)(luid >> 32);
	numbers[1] = (uint32_t)luid;
	for (size_t i = 0; i < count; i++)
		numbers[2 + i] = regions[i];
	kept_store(KEPT_ONE_LEG, uuid, numbers, count > 0 ? count + 2 : 0);
	free(numbers);
}

bool kept_split_one_leg(uint64_t *luid, const uint32_t **regions, size_t *count)
{
	if (*count <= 2)
		return false;
	*luid = (uint64_t)(*regions)[0] << 32 | (*regions)[1];
	*regions += 2;
	*count -= 2;
	return true;
}

/* All that are there; the caller frees them. */
static uint32_t *read_numbers(FILE *file, size_t *count)
{
	uint32_t *numbers = NULL;
	size_t capacity = 0;
	char line[32];

	for (*count = 0; fgets(line, sizeof(line), file); (*count)++) {
		if (*count == capacity) {
			capacity = capacity ? 2 * capacity : 16;
			numbers = memory_resize(numbers, capacity * sizeof(*numbers));
		}
		numbers[*count] = (uint32_t)strtoul(line, NULL, 10);
	}
	return numbers;
}

static void load_file(const char *path, void *context, kept_fn *take)
{
	char uuid[ULOG_UUID_SIZE + 2];
	uint32_t *numbers;
	size_t count;
	FILE *file = fopen(path, "re");

	if (!file)
		return;
	if (fgets(uuid, sizeof(uuid), file) && uuid[strcspn(uuid, "\n")] == '\n') {
		uuid[strcspn(uuid, "\n")] = '\0';
		numbers = read_numbers(file, &count);
		if (count > 0)
			take(context, uuid, numbers, count);
		free(numbers);
	}
	fclose(file);
}

void kept_load(enum kept_of_log what, void *context, kept_fn *take)
{
	DIR *directory = opendir(directories[what]);
	const struct dirent *entry;
	char path[PATH_MAX];

	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		/* Sixteen digits; anything longer is a file that was never finished. */
		if (strlen(entry->d_name) != 16)
			continue;
		snprintf(path, sizeof(path), "%s/%s", directories[what], entry->d_name);
		load_file(path, context, take);
	}
	closedir(directory);
}

static bool path_of_met(char path[PATH_MAX])
{
	const char *directory = getenv("STATE_DIRECTORY");

	return directory && snprintf(path, PATH_MAX, "%s/nodes", directory) < PATH_MAX;
}

void kept_store_met(const uint32_t *nodes, size_t count)
{
	char path[PATH_MAX];
	int result;

	if (!path_of_met(path))
		return;
	result = write_numbers(path, NULL, nodes, count);
	if (result < 0)
		log_warning("cannot keep the nodes that were met in %s: %s", path,
			    strerror(-result));
}

size_t kept_load_met(uint32_t *nodes, size_t capacity)
{
	char path[PATH_MAX];
	FILE *file = path_of_met(path) ? fopen(path, "re") : NULL;
	uint32_t *numbers;
	size_t count;

	if (!file)
		return 0;
	numbers = read_numbers(file, &count);
	fclose(file);
	if (count > capacity)
		count = capacity;
	if (count > 0)
		memcpy(nodes, numbers, count * sizeof(*nodes));
	free(numbers);
	return count;
}
