/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/buffers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/engine.h"
#include "common/memory.h"

#define SMALLEST_BYTES 4096U /* and the alignment: the largest unit of direct I/O */
#define CLASSES        7     /* 4 KiB .. 256 KiB */
#define READY_SMALL    64
#define READY_LARGE    2

_Static_assert(SMALLEST_BYTES << (CLASSES - 1) == DISK_JOB_BYTES_MAX, "the largest job fits");

/* A free buffer holds the link to the next. */
struct spare {
	struct spare *next;
};

struct buffers {
	struct spare *spare[CLASSES];
};

static unsigned class_of(size_t size)
{
	unsigned class = 0;

	assert(size > 0 && size <= DISK_JOB_BYTES_MAX);
	while ((size_t)SMALLEST_BYTES << class < size)
		class ++;
	return class;
}

static uint8_t *make(unsigned class)
{
	void *buffer = aligned_alloc(SMALLEST_BYTES, (size_t)SMALLEST_BYTES << class);

	if (!buffer)
		abort(); /* as memory_new() */
	/* Touched now, not in the middle of a write. */
	return memset(buffer, 0, (size_t)SMALLEST_BYTES << class);
}

uint8_t *buffers_get(struct buffers *buffers, size_t size)
{
	unsigned class = class_of(size);
	struct spare *spare = buffers->spare[class];

	if (!spare)
		return make(class);
	buffers->spare[class] = spare->next;
	return (uint8_t *)spare;
}

void buffers_put(struct buffers *buffers, uint8_t *buffer, size_t size)
{
	unsigned class = class_of(size);
	struct spare *spare = (struct spare *)(void *)buffer;

	spare->next = buffers->spare[class];
	buffers->spare[class] = spare;
}

struct buffers *buffers_new(void)
{
	struct buffers *buffers = memory_new(1, sizeof(*buffers));

	for (int i = 0; i < READY_SMALL; i++)
		buffers_put(buffers, make(0), SMALLEST_BYTES);
	for (int i = 0; i < READY_LARGE; i++)
		buffers_put(buffers, make(CLASSES - 1), DISK_JOB_BYTES_MAX);
	return buffers;
}

void buffers_free(struct buffers *buffers)
{
	for (unsigned class = 0; class < CLASSES; class ++)
		while (buffers->spare[class]) {
			struct spare *spare = buffers->spare[class];

			buffers->spare[class] = spare->next;
			free(spare);
		}
	free(buffers);
}
