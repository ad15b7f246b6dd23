/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the two byte forms of a region set: the canonical one of regionset.h,
 * which peers and digests see, and roaring's portable one, which the library
 * reads and writes. For regionset.c alone. Time and memory are proportional to
 * the bytes, not to the members.
 */
#ifndef CLOGD_COMMON_REGIONCODEC_H
#define CLOGD_COMMON_REGIONCODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

/*
 * Appends the chunks of what the library wrote in canonical form, without the count
 * before them, and returns how many. Its own bytes, so they are trusted.
 */
uint32_t regioncodec_from_portable(const void *portable, size_t size,
				   struct bytes_buffer *canonical);

/*
 * Reads one canonical set and appends its portable form. On false, reader->failed
 * is set: the bytes are not canonical, or a member is not below region_count.
 */
bool regioncodec_to_portable(struct bytes_reader *canonical, uint64_t region_count,
			     struct bytes_buffer *portable);

/* Appends the portable form of the regions in [first, end) whose bits are 0; bit 0 is that of `first`, a multiple of 8. */
void regioncodec_from_zero_bits(const uint8_t *bits, uint64_t first, uint64_t end,
				struct bytes_buffer *portable);

#endif
