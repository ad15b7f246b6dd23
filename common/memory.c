/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
	if (!memory) {
		/* stdio may want memory of its own; a failed message changes nothing */
		(void)fputs("clogd: out of memory\n", stderr);
		abort();
	}
	return memory;
}

void *memory_new(size_t count, size_t size)
{
	/* calloc(3) checks the product; it may return NULL for nothing, callers never get that */
	if (count == 0 || size == 0)
		count = size = 1;
	return must(calloc(count, size));
}

void *memory_resize(void *memory, size_t size)
{
	return must(realloc(memory, size ? size : 1));
}

void *memory_copy(const void *bytes, size_t size)
{
	if (size == 0)
		return NULL;
	return memcpy(must(malloc(size)), bytes, size);
}

char *memory_string(const char *string)
{
	return memory_copy(string, strlen(string) + 1);
}
