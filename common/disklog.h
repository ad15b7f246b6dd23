/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's `disk` mirror log on its device (drivers/md/dm-log.c), version 2:
 * little endian; magic, version, u64 nr_regions at byte 0; the bitmap at byte
 * 1024, bit n of it set = region n clean. Bytes in, values out: no file here.
 */
#ifndef CLOGD_COMMON_DISKLOG_H
#define CLOGD_COMMON_DISKLOG_H

#include <stddef.h>
#include <stdint.h>

#define DISKLOG_MAGIC         0x4D695272U /* "MiRr" */
#define DISKLOG_VERSION       2U
#define DISKLOG_BITMAP_OFFSET 1024U
#define DISKLOG_HEADER_BYTES  16U

struct disklog_header {
	uint32_t magic;
	uint32_t version;
	/* may lie above the real count: all bits are valid then (LVM writes 2^64-1) */
	uint64_t region_count;
};

/* bytes[DISKLOG_HEADER_BYTES] both ways. */
void disklog_header_decode(const uint8_t *bytes, struct disklog_header *header);
void disklog_header_encode(const struct disklog_header *header, uint8_t *bytes);

/* What the header says of the bits that follow. */
enum disklog_kind {
	DISKLOG_NEW,         /* no magic: a new log, no bit counts */
	DISKLOG_VALID,       /* version 2, or 1 (the kernel takes 1 as 2 on little endian hosts) */
	DISKLOG_UNSUPPORTED, /* our magic with another version: refuse, do not overwrite */
};
enum disklog_kind disklog_header_kind(const struct disklog_header *header);

/* Bytes the whole log needs, header and bitmap, rounded up to block_bytes (a power of two, 512 .. 4096). */
uint64_t disklog_size_bytes(uint64_t region_count, uint32_t block_bytes);

/*
 * Block arithmetic. Block 0 holds the header and, when block_bytes > 1024, the
 * first bits. The regions of block b are [first, end); empty when b holds none.
 */
uint64_t disklog_block_of_region(uint32_t region, uint32_t block_bytes);
void disklog_block_regions(uint64_t block, uint32_t block_bytes, uint64_t region_count,
			   uint64_t *first, uint64_t *end);
/* The bit of a region inside its block, counted from the block's first byte. */
uint32_t disklog_bit_in_block(uint32_t region, uint32_t block_bytes);

#endif
