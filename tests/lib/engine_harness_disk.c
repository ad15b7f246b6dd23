/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log devices in memory. Handles are positions in the list of devices, times 16, plus the node. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/disklog.h"
#include "common/memory.h"
#include "tests/lib/engine_harness.h"
#include "tests/unit/unit.h"

#define DEVICE_BYTES (1024U * 1024U)

struct harness_job {
	struct harness_job *next;
	uint32_t node; /* 0: its daemon is gone */
	struct disk_job job;
	char device[LOGARGS_DEVICE_SIZE];
	uint8_t *data;
};

struct harness_device *harness_device(struct harness *harness, const char *name)
{
	struct harness_device *device = harness->devices;

	while (device && strcmp(device->name, name) != 0)
		device = device->next;
	if (device)
		return device;
	device = memory_new(1, sizeof(*device));
	assert_true(strlen(name) < sizeof(device->name));
	strcpy(device->name, name);
	if (sscanf(name, "%u:%u", &device->major, &device->minor) != 2)
		device->major = device->minor = 0;
	device->block_bytes = 512;
	device->size_bytes = DEVICE_BYTES;
	device->bytes = memory_new(1, DEVICE_BYTES);
	device->next = harness->devices;
	harness->devices = device;
	return device;
}

static int handle_of(struct harness *harness, const struct harness_device *device, uint32_t node)
{
	int index = 0;

	/* counted from the end, where no device is added */
	for (const struct harness_device *it = device->next; it; it = it->next)
		index++;
	(void)harness;
	return index * 16 + (int)node;
}

static struct harness_device *device_of(struct harness *harness, int handle, uint32_t node)
{
	assert_int_equal(handle % 16, node);
	for (struct harness_device *it = harness->devices; it; it = it->next)
		if (handle_of(harness, it, node) == handle) {
			assert_true(it->opens > 0);
			return it;
		}
	fail();
	return NULL;
}

static void check_job(struct harness *harness, uint32_t node, const struct disk_job *job)
{
	const struct harness_device *device;

	if (job->kind == DISK_OPEN)
		return;
	device = device_of(harness, job->handle, node);
	if (job->kind == DISK_CLOSE)
		return;
	assert_int_equal(job->offset_bytes % device->block_bytes, 0);
	assert_int_equal(job->length_bytes % device->block_bytes, 0);
	assert_in_range(job->length_bytes, 1, DISK_JOB_BYTES_MAX);
	assert_true(job->offset_bytes + job->length_bytes <= device->size_bytes);
}

void harness_disk_submit(struct harness_node *node, const struct disk_job *job)
{
	struct harness *harness = node->harness;
	struct harness_job *entry;

	check_job(harness, node->id, job);
	if (job->kind == DISK_CLOSE) {
		device_of(harness, job->handle, node->id)->opens--;
		return;
	}
	entry = memory_new(1, sizeof(*entry));
	entry->node = node->id;
	entry->job = *job;
	if (job->kind == DISK_OPEN)
		strcpy(entry->device, job->device);
	if (job->kind == DISK_WRITE)
		entry->data = memory_copy(job->data, job->length_bytes);
	node->disk_reads += job->kind == DISK_READ;
	node->disk_writes += job->kind == DISK_WRITE;
	*harness->last_job = entry;
	harness->last_job = &entry->next;
}

static void open_device(struct harness *harness, const struct harness_job *entry,
			struct disk_result *result)
{
	struct harness_device *device = harness_device(harness, entry->device);

	if (device->is_gone) {
		result->result = -ENXIO;
		return;
	}
	device->opens++;
	result->result = handle_of(harness, device, entry->node);
	result->size_bytes = device->size_bytes;
	result->block_bytes = device->block_bytes;
	result->major = device->major;
	result->minor = device->minor;
}

static void transfer(struct harness *harness, const struct harness_job *entry,
		     struct disk_result *result)
{
	struct harness_device *device = device_of(harness, entry->job.handle, entry->node);
	uint8_t *place = device->bytes + entry->job.offset_bytes;

	if (device->fails) {
		result->result = -EIO;
		return;
	}
	result->result = entry->job.length_bytes;
	if (entry->job.kind == DISK_READ)
		result->data = place;
	else
		memcpy(place, entry->data, entry->job.length_bytes);
}

bool harness_step_disk(struct harness *harness)
{
	struct harness_job *entry = harness->first_job;
	struct disk_result result = {0};

	if (!entry)
		return false;
	harness->first_job = entry->next;
	if (!harness->first_job)
		harness->last_job = &harness->first_job;
	if (entry->node != 0) {
		result.id = entry->job.id;
		if (entry->job.kind == DISK_OPEN)
			open_device(harness, entry, &result);
		else
			transfer(harness, entry, &result);
		engine_disk_done(harness_node(harness, entry->node)->engine, harness->now_ms,
				 &result);
	}
	free(entry->data);
	free(entry);
	return true;
}

void harness_disk_forget(struct harness *harness, uint32_t node)
{
	for (struct harness_job *entry = harness->first_job; entry; entry = entry->next)
		if (entry->node == node)
			entry->node = 0;
}

void harness_disk_free_all(struct harness *harness)
{
	while (harness->first_job) {
		struct harness_job *entry = harness->first_job;

		harness->first_job = entry->next;
		free(entry->data);
		free(entry);
	}
	while (harness->devices) {
		struct harness_device *device = harness->devices;

		harness->devices = device->next;
		free(device->bytes);
		free(device);
	}
}

/* --- what is on a device --- */

void harness_device_set_header(struct harness_device *device, uint32_t magic, uint32_t version,
			       uint64_t region_count)
{
	struct disklog_header header = {magic, version, region_count};

	disklog_header_encode(&header, device->bytes);
}

uint64_t harness_device_region_count(const struct harness_device *device)
{
	struct disklog_header header;

	disklog_header_decode(device->bytes, &header);
	assert_int_equal(header.magic, DISKLOG_MAGIC);
	assert_int_equal(header.version, DISKLOG_VERSION);
	return header.region_count;
}

void harness_device_set_bits(struct harness_device *device, uint64_t first, uint64_t end,
			     bool clean)
{
	for (uint64_t region = first; region < end; region++) {
		uint8_t *byte = &device->bytes[DISKLOG_BITMAP_OFFSET + region / 8];

		*byte = (uint8_t)((*byte & ~(1U << (region % 8))) |
				  ((unsigned int)clean << (region % 8)));
	}
}

bool harness_device_is_clean(const struct harness_device *device, uint64_t region)
{
	return device->bytes[DISKLOG_BITMAP_OFFSET + region / 8] >> (region % 8) & 1;
}

uint64_t harness_device_count_clean(const struct harness_device *device, uint64_t end)
{
	uint64_t count = 0;

	for (uint64_t region = 0; region < end; region++)
		count += harness_device_is_clean(device, region);
	return count;
}
