/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include <string.h>

#include "common/disklog.h"

static const uint32_t block_sizes[] = {512, 1024, 2048, 4096};

/* What LVM writes on a new log volume. */
static const uint8_t lvm_header[DISKLOG_HEADER_BYTES] = {
	'r', 'R', 'i', 'M', 2, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};

static void the_header_of_lvm_is_read(void **state)
{
	struct disklog_header header;

	(void)state;
	disklog_header_decode(lvm_header, &header);
	assert_int_equal(header.magic, DISKLOG_MAGIC);
	assert_int_equal(header.version, DISKLOG_VERSION);
	assert_true(header.region_count == UINT64_MAX);
	assert_int_equal(disklog_header_kind(&header), DISKLOG_VALID);
}

static void a_header_is_written_as_it_was_read(void **state)
{
	struct disklog_header header = {DISKLOG_MAGIC, DISKLOG_VERSION, UINT64_MAX};
	uint8_t bytes[DISKLOG_HEADER_BYTES + 1];

	(void)state;
	memset(bytes, 0xa5, sizeof(bytes));
	disklog_header_encode(&header, bytes);
	assert_memory_equal(bytes, lvm_header, sizeof(lvm_header));
	assert_int_equal(bytes[DISKLOG_HEADER_BYTES], 0xa5);
	header.region_count = 0x0102030405060708;
	disklog_header_encode(&header, bytes);
	disklog_header_decode(bytes, &header);
	assert_true(header.region_count == 0x0102030405060708);
	assert_int_equal(bytes[8], 8);
}

static void the_kind_follows_the_kernel(void **state)
{
	static const struct {
		uint32_t magic, version;
		enum disklog_kind kind;
	} cases[] = {
		{DISKLOG_MAGIC, 2, DISKLOG_VALID},
		{DISKLOG_MAGIC, 1, DISKLOG_VALID},
		{DISKLOG_MAGIC, 0, DISKLOG_UNSUPPORTED},
		{DISKLOG_MAGIC, 3, DISKLOG_UNSUPPORTED},
		{DISKLOG_MAGIC, UINT32_MAX, DISKLOG_UNSUPPORTED},
		{0, 0, DISKLOG_NEW},
		{0, 2, DISKLOG_NEW},
		{UINT32_MAX, UINT32_MAX, DISKLOG_NEW},
		{DISKLOG_MAGIC ^ 1, 2, DISKLOG_NEW},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct disklog_header header = {cases[i].magic, cases[i].version, 7};

		assert_int_equal(disklog_header_kind(&header), cases[i].kind);
	}
}

static void the_size_is_header_and_bitmap_in_whole_blocks(void **state)
{
	static const struct {
		uint64_t region_count;
		uint32_t block_bytes;
		uint64_t size_bytes;
	} cases[] = {
		{1, 512, 1536},
		{8 * 512, 512, 1536},
		{8 * 512 + 1, 512, 2048},
		{1, 1024, 2048},
		{1, 4096, 4096},
		{8 * 3072, 4096, 4096},
		{8 * 3072 + 1, 4096, 8192},
		{0, 512, 1024},
		{0, 4096, 4096},
		{0xfffffffe, 512, 1024 + (1ULL << 29)},
		{0xfffffffe, 4096, 4096 + (1ULL << 29)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_true(disklog_size_bytes(cases[i].region_count, cases[i].block_bytes) ==
			    cases[i].size_bytes);
}

static void region_zero_is_the_first_bit_at_byte_1024(void **state)
{
	(void)state;
	assert_true(disklog_block_of_region(0, 512) == 2);
	assert_int_equal(disklog_bit_in_block(0, 512), 0);
	assert_true(disklog_block_of_region(0, 1024) == 1);
	assert_int_equal(disklog_bit_in_block(0, 1024), 0);
	assert_true(disklog_block_of_region(0, 2048) == 0);
	assert_int_equal(disklog_bit_in_block(0, 2048), 8192);
	assert_true(disklog_block_of_region(0, 4096) == 0);
	assert_int_equal(disklog_bit_in_block(0, 4096), 8192);
}

/* Every region has one bit, at byte 1024 + n / 8, bit n % 8, whatever the block size. */
static void blocks_cut_the_bitmap_without_gap_or_overlap(void **state)
{
	const uint64_t region_count = 100003;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(block_sizes); i++) {
		uint32_t block_bytes = block_sizes[i];
		uint64_t blocks = disklog_size_bytes(region_count, block_bytes) / block_bytes;
		uint64_t next = 0;

		for (uint64_t block = 0; block < blocks; block++) {
			uint64_t first, end;

			disklog_block_regions(block, block_bytes, region_count, &first, &end);
			assert_true(first == next && end >= first);
			for (uint64_t region = first; region < end; region++) {
				uint32_t bit = disklog_bit_in_block((uint32_t)region, block_bytes);

				assert_true(disklog_block_of_region((uint32_t)region,
								    block_bytes) == block);
				assert_true(bit < block_bytes * 8);
				assert_true(block * block_bytes * 8 + bit ==
					    DISKLOG_BITMAP_OFFSET * 8 + region);
			}
			next = end;
		}
		assert_true(next == region_count);
	}
}

static void blocks_without_regions_are_empty(void **state)
{
	static const struct {
		uint64_t block;
		uint32_t block_bytes;
		uint64_t region_count;
	} cases[] = {
		{0, 512, 100},
		{1, 512, 100},
		{0, 1024, 100},
		{3, 512, 100},
		{3, 512, 4096},
		{2, 512, 0},
		{1, 4096, 100},
		{1ULL << 40, 4096, 0xfffffffe},
		{UINT64_MAX, 512, 0xfffffffe},
		{UINT64_MAX / 512 - 1, 512, 0xfffffffe},
		{1ULL << 61, 512, 0xfffffffe},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t first = 1, end = 2;

		disklog_block_regions(cases[i].block, cases[i].block_bytes, cases[i].region_count,
				      &first, &end);
		assert_true(first == end);
	}
}

static void the_last_of_four_billion_regions_is_in_the_last_block(void **state)
{
	const uint64_t region_count = 0xfffffffe;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(block_sizes); i++) {
		uint64_t last =
			disklog_size_bytes(region_count, block_sizes[i]) / block_sizes[i] - 1;
		uint64_t first, end;

		assert_true(disklog_block_of_region(0xfffffffd, block_sizes[i]) == last);
		disklog_block_regions(last, block_sizes[i], region_count, &first, &end);
		assert_true(first <= 0xfffffffd && end == region_count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_header_of_lvm_is_read),
		cmocka_unit_test(a_header_is_written_as_it_was_read),
		cmocka_unit_test(the_kind_follows_the_kernel),
		cmocka_unit_test(the_size_is_header_and_bitmap_in_whole_blocks),
		cmocka_unit_test(region_zero_is_the_first_bit_at_byte_1024),
		cmocka_unit_test(blocks_cut_the_bitmap_without_gap_or_overlap),
		cmocka_unit_test(blocks_without_regions_are_empty),
		cmocka_unit_test(the_last_of_four_billion_regions_is_in_the_last_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
