/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/arena.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

#define CHUNK_BYTES ((size_t)256 * 1024)

struct arena_chunk {
	struct arena_chunk *next;
	size_t used;
	size_t size;
	_Alignas(16) unsigned char bytes[];
};

void *arena_new(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->chunks;
	size_t rounded = (size + 15) & ~(size_t)15;

	if (!chunk || chunk->size - chunk->used < rounded) {
		size_t bytes = rounded > CHUNK_BYTES ? rounded : CHUNK_BYTES;

		chunk = memory_new(1, sizeof(*chunk) + bytes);
		chunk->size = bytes;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	chunk->used += rounded;
	return chunk->bytes + chunk->used - rounded;
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
	void *copy = arena_new(arena, size ? size : 1);

	if (size)
		memcpy(copy, bytes, size);
	return copy;
}

void arena_free(struct arena *arena)
{
	while (arena->chunks) {
		struct arena_chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		free(chunk);
	}
}
