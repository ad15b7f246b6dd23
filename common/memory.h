/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Allocation that never returns NULL.
 *
 * Memory that cannot be had ends the process: the daemon is small, locked in
 * memory, and built to be restarted under a running kernel, so a half-applied
 * ordered event is the worse outcome.
 */
#ifndef CLOGD_COMMON_MEMORY_H
#define CLOGD_COMMON_MEMORY_H

#include <stddef.h>

/* Zeroed memory of `count` times `size` bytes; freed with free(3). */
void *memory_new(size_t count, size_t size);
/* As realloc(3); the added bytes are not set. */
void *memory_resize(void *memory, size_t size);
/* A copy of `size` bytes, or NULL for size 0. */
void *memory_copy(const void *bytes, size_t size);
/* A copy of a string. */
char *memory_string(const char *string);

#endif
