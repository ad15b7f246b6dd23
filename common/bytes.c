/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

#define FNV_PRIME        0x100000001b3ULL
#define BUFFER_MIN_BYTES 64U

void bytes_reader_init(struct bytes_reader *reader, const void *bytes, size_t size)
{
	static const uint8_t nothing[1];

	reader->at = bytes ? bytes : nothing; /* NULL + 0 is undefined in C */
	reader->end = reader->at + size;
	reader->failed = false;
}

size_t bytes_left(const struct bytes_reader *reader)
{
	return (size_t)(reader->end - reader->at);
}

bool bytes_reader_done(const struct bytes_reader *reader)
{
	return !reader->failed && bytes_left(reader) == 0;
}

const uint8_t *bytes_get_raw(struct bytes_reader *reader, size_t size)
{
	const uint8_t *at = reader->at;

	if (reader->failed || size > bytes_left(reader)) {
		reader->failed = true;
		return NULL;
	}
	reader->at += size;
	return at;
}

static uint64_t get_little_endian(struct bytes_reader *reader, size_t size)
{
	const uint8_t *bytes = bytes_get_raw(reader, size);
	uint64_t value = 0;

	if (!bytes)
		return 0;
	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

uint8_t bytes_get_u8(struct bytes_reader *reader)
{
	return (uint8_t)get_little_endian(reader, 1);
}

uint16_t bytes_get_u16(struct bytes_reader *reader)
{
	return (uint16_t)get_little_endian(reader, 2);
}

uint32_t bytes_get_u32(struct bytes_reader *reader)
{
	return (uint32_t)get_little_endian(reader, 4);
}

uint64_t bytes_get_u64(struct bytes_reader *reader)
{
	return get_little_endian(reader, 8);
}

void bytes_get_string(struct bytes_reader *reader, char *out, size_t capacity)
{
	size_t size = bytes_get_u8(reader);
	const uint8_t *bytes = bytes_get_raw(reader, size);

	assert(capacity > 0);
	out[0] = '\0';
	if (!bytes)
		size = 0;
	if (size >= capacity || (size && memchr(bytes, '\0', size))) {
		reader->failed = true;
		return;
	}
	if (size) {
		memcpy(out, bytes, size);
		out[size] = '\0';
	}
}

/* Room for `size` more bytes, counted as used. */
static uint8_t *put_room(struct bytes_buffer *buffer, size_t size)
{
	uint8_t *room;

	assert(size <= SIZE_MAX / 2 - buffer->size);
	if (buffer->size + size > buffer->capacity) {
		size_t capacity = buffer->capacity ? buffer->capacity : BUFFER_MIN_BYTES;

		while (capacity < buffer->size + size)
			capacity *= 2;
		buffer->data = memory_resize(buffer->data, capacity);
		buffer->capacity = capacity;
	}
	room = buffer->data + buffer->size;
	buffer->size += size;
	return room;
}

static void store_little_endian(uint8_t *out, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

void bytes_put_u8(struct bytes_buffer *buffer, uint8_t value)
{
	*put_room(buffer, 1) = value;
}

void bytes_put_u16(struct bytes_buffer *buffer, uint16_t value)
{
	store_little_endian(put_room(buffer, 2), value, 2);
}

void bytes_put_u32(struct bytes_buffer *buffer, uint32_t value)
{
	store_little_endian(put_room(buffer, 4), value, 4);
}

void bytes_put_u64(struct bytes_buffer *buffer, uint64_t value)
{
	store_little_endian(put_room(buffer, 8), value, 8);
}

void bytes_put_raw(struct bytes_buffer *buffer, const void *bytes, size_t size)
{
	if (size)
		memcpy(put_room(buffer, size), bytes, size);
}

void bytes_put_string(struct bytes_buffer *buffer, const char *string)
{
	size_t size = strlen(string);

	assert(size <= UINT8_MAX);
	bytes_put_u8(buffer, (uint8_t)size);
	bytes_put_raw(buffer, string, size);
}

void bytes_set_u32(struct bytes_buffer *buffer, size_t offset, uint32_t value)
{
	assert(buffer->size >= 4 && offset <= buffer->size - 4);
	store_little_endian(buffer->data + offset, value, 4);
}

void bytes_reset(struct bytes_buffer *buffer)
{
	buffer->size = 0;
}

void bytes_free(struct bytes_buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct bytes_buffer){0};
}

uint64_t bytes_hash(uint64_t hash, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * FNV_PRIME;
	return hash;
}
