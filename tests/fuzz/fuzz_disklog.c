/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A log device's header, and the arithmetic on what stands in it. */
#include <assert.h>
#include <string.h>

#include "common/bytes.h"
#include "common/disklog.h"
#include "tests/fuzz/fuzz.h"

static void check_block(uint64_t block, uint32_t block_bytes, uint64_t region_count)
{
	uint64_t first, end;

	disklog_block_regions(block, block_bytes, region_count, &first, &end);
	assert(first <= end && end <= region_count);
	if (first == end || end > UINT32_MAX)
		return;
	assert(end - first <= block_bytes * 8ULL);
	assert(disklog_block_of_region((uint32_t)first, block_bytes) == block);
	assert(disklog_block_of_region((uint32_t)(end - 1), block_bytes) == block);
	assert(disklog_bit_in_block((uint32_t)first, block_bytes) + (end - first) <=
	       block_bytes * 8ULL);
	assert((block + 1) * block_bytes <= disklog_size_bytes(region_count, block_bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[DISKLOG_HEADER_BYTES];
	struct disklog_header header;
	struct bytes_reader reader;
	uint32_t block_bytes;

	if (size < DISKLOG_HEADER_BYTES)
		return 0;
	disklog_header_decode(data, &header);
	disklog_header_encode(&header, again);
	assert(memcmp(again, data, sizeof(again)) == 0);
	assert(disklog_header_kind(&header) != DISKLOG_NEW || header.magic != DISKLOG_MAGIC);

	bytes_reader_init(&reader, data + DISKLOG_HEADER_BYTES, size - DISKLOG_HEADER_BYTES);
	block_bytes = 512U << bytes_get_u8(&reader) % 4;
	check_block(bytes_get_u64(&reader), block_bytes, header.region_count);
	check_block(bytes_get_u32(&reader), block_bytes, bytes_get_u32(&reader));
	return 0;
}
