/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounded little-endian readers and writers.
 *
 * Failure is sticky: after the first read past the end every value is 0 and
 * `failed` stays set, so a decoder checks once, at its end.
 */
#ifndef CLOGD_COMMON_BYTES_H
#define CLOGD_COMMON_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes_reader {
	const uint8_t *at; /* borrowed */
	const uint8_t *end;
	bool failed;
};

void bytes_reader_init(struct bytes_reader *reader, const void *bytes, size_t size);
uint8_t bytes_get_u8(struct bytes_reader *reader);
uint16_t bytes_get_u16(struct bytes_reader *reader);
uint32_t bytes_get_u32(struct bytes_reader *reader);
uint64_t bytes_get_u64(struct bytes_reader *reader);
/* The next `size` bytes, borrowed, or NULL with `failed` set. */
const uint8_t *bytes_get_raw(struct bytes_reader *reader, size_t size);
/* A string with a u8 length before it, NUL-terminated into out[capacity]; a NUL inside or too long fails. */
void bytes_get_string(struct bytes_reader *reader, char *out, size_t capacity);
size_t bytes_left(const struct bytes_reader *reader);
/* True when nothing failed and nothing is left over. */
bool bytes_reader_done(const struct bytes_reader *reader);

/* A growing buffer; owns its memory. All zero is a valid empty buffer. */
struct bytes_buffer {
	uint8_t *data;
	size_t size;
	size_t capacity;
};

void bytes_put_u8(struct bytes_buffer *buffer, uint8_t value);
void bytes_put_u16(struct bytes_buffer *buffer, uint16_t value);
void bytes_put_u32(struct bytes_buffer *buffer, uint32_t value);
void bytes_put_u64(struct bytes_buffer *buffer, uint64_t value);
void bytes_put_raw(struct bytes_buffer *buffer, const void *bytes, size_t size);
/* A string of at most 255 bytes, with a u8 length before it. */
void bytes_put_string(struct bytes_buffer *buffer, const char *string);
/* Overwrites four bytes written before; `offset` + 4 must not pass the end. */
void bytes_set_u32(struct bytes_buffer *buffer, size_t offset, uint32_t value);
/* Empties the buffer and keeps its memory. */
void bytes_reset(struct bytes_buffer *buffer);
void bytes_free(struct bytes_buffer *buffer);

/* FNV-1a, 64 bits: digests of replicated state. Start with BYTES_HASH_START. */
#define BYTES_HASH_START 0xcbf29ce484222325ULL
uint64_t bytes_hash(uint64_t hash, const void *bytes, size_t size);

#endif
