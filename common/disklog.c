/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/disklog.h"

#include "common/bytes.h"

#define DISKLOG_VERSION_1 1U

void disklog_header_decode(const uint8_t *bytes, struct disklog_header *header)
{
	struct bytes_reader reader;

	bytes_reader_init(&reader, bytes, DISKLOG_HEADER_BYTES);
	header->magic = bytes_get_u32(&reader);
	header->version = bytes_get_u32(&reader);
	header->region_count = bytes_get_u64(&reader);
}

static void store(uint8_t *out, uint64_t value, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

void disklog_header_encode(const struct disklog_header *header, uint8_t *bytes)
{
	store(bytes, header->magic, 4);
	store(bytes + 4, header->version, 4);
	store(bytes + 8, header->region_count, 8);
}

enum disklog_kind disklog_header_kind(const struct disklog_header *header)
{
	if (header->magic != DISKLOG_MAGIC)
		return DISKLOG_NEW;
	/* 1 and 2 differ in the bitmap's byte order, and only on big endian hosts */
	if (header->version == DISKLOG_VERSION || header->version == DISKLOG_VERSION_1)
		return DISKLOG_VALID;
	return DISKLOG_UNSUPPORTED;
}

uint64_t disklog_size_bytes(uint64_t region_count, uint32_t block_bytes)
{
	uint64_t bitmap_bytes = region_count / 8 + (region_count % 8 != 0);
	uint64_t mask = (uint64_t)block_bytes - 1;

	return (DISKLOG_BITMAP_OFFSET + bitmap_bytes + mask) & ~mask;
}

uint64_t disklog_block_of_region(uint32_t region, uint32_t block_bytes)
{
	return (DISKLOG_BITMAP_OFFSET + region / 8U) / block_bytes;
}

/* The number of the region whose bit is the first in byte `byte` of the log, at most region_count. */
static uint64_t region_of_byte(uint64_t byte, uint64_t region_count)
{
	uint64_t in_bitmap = byte > DISKLOG_BITMAP_OFFSET ? byte - DISKLOG_BITMAP_OFFSET : 0;

	return in_bitmap < region_count / 8 + 1 && in_bitmap * 8 < region_count ? in_bitmap * 8
										: region_count;
}

void disklog_block_regions(uint64_t block, uint32_t block_bytes, uint64_t region_count,
			   uint64_t *first, uint64_t *end)
{
	/* the product would wrap; such a block is far behind the last region anyway */
	if (block >= UINT64_MAX / block_bytes) {
		*first = *end = region_count;
		return;
	}
	*first = region_of_byte(block * block_bytes, region_count);
	*end = region_of_byte((block + 1) * block_bytes, region_count);
}

uint32_t disklog_bit_in_block(uint32_t region, uint32_t block_bytes)
{
	uint64_t bit = DISKLOG_BITMAP_OFFSET * 8ULL + region;

	return (uint32_t)(bit % (block_bytes * 8ULL));
}
