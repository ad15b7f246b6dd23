/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for direct I/O: aligned buffers in sizes of powers of two, kept for
 * the next user. Some of each common size are there from the start, so that a
 * write to the log need not ask for memory.
 */
#ifndef CLOGD_DAEMONS_BUFFERS_H
#define CLOGD_DAEMONS_BUFFERS_H

#include <stddef.h>
#include <stdint.h>

struct buffers;

struct buffers *buffers_new(void);
void buffers_free(struct buffers *buffers);
/* At least `size` bytes, 1 .. DISK_JOB_BYTES_MAX, not cleared. */
uint8_t *buffers_get(struct buffers *buffers, size_t size);
/* `size` as it was asked for. */
void buffers_put(struct buffers *buffers, uint8_t *buffer, size_t size);

#endif
