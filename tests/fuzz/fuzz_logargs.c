/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A constructor string: accepted with values inside their limits, or refused with a reason. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/logargs.h"
#include "common/memory.h"
#include "tests/fuzz/fuzz.h"

static void check_values(const struct logargs *args)
{
	uint64_t size = args->region_size_sectors;

	assert(size >= LOGARGS_REGION_SIZE_MIN && (size & (size - 1)) == 0);
	assert(size <= args->length_sectors);
	assert(args->region_count >= 1 && args->region_count <= LOGARGS_REGIONS_MAX);
	/* the last region begins inside the mirror and reaches its end */
	assert((args->region_count - 1) * size < args->length_sectors);
	assert(args->length_sectors - (args->region_count - 1) * size <= size);
	assert(strlen(args->device) < sizeof(args->device));
	assert((args->device[0] != '\0') == (args->type == LOG_TYPE_DISK));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *string = memory_new(size + 1, 1);
	char reason[128] = "";
	struct logargs args;

	if (size)
		memcpy(string, data, size);
	if (logargs_parse(string, &args, reason, sizeof(reason)) == 0)
		check_values(&args);
	else
		assert(reason[0] != '\0' && strlen(reason) < sizeof(reason));
	free(string);
	return 0;
}
