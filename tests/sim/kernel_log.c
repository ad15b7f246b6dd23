/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/kernel_log.h"

#include <errno.h>
#include <string.h>

#include "tests/sim/check.h"
#include "tests/sim/mirror.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

#define DM_NAME_LEN 128

static void fill_request(const struct kernel_log *log, struct ulog_request *request,
			 enum ulog_type type)
{
	request->luid = log->luid;
	request->type = type;
	request->region_count = 0;
	request->in_sync = false;
	request->reconnect = false;
	memcpy(request->uuid, log->mirror->uuid, strlen(log->mirror->uuid) + 1);
}

int kernel_log_request_once(struct kernel_log *log, enum ulog_type type)
{
	struct ulog_request request;

	fill_request(log, &request, type);
	return kernel_consult(log->kernel, &request, NULL, NULL);
}

/* The daemon went away, or does not know us: CTR every 2 s until it takes it, then RESUME. */
static int reconnect(struct kernel_log *log)
{
	struct ulog_request request;
	int result;

	COUNT(log->kernel->world, RECONNECTS);
	do {
		fiber_sleep_us(2 * US_PER_S);
		fill_request(log, &request, ULOG_CTR);
		request.reconnect = true;
		strcpy(request.constructor, log->constructor);
		result = kernel_consult(log->kernel, &request, NULL, NULL);
	} while (result);
	result = kernel_log_request_once(log, ULOG_RESUME);
	if (!result)
		return 0;
	check_resume_refused(log, result);
	return -ESRCH;
}

int kernel_log_request(struct kernel_log *log, enum ulog_type type, const uint64_t *regions,
		       uint32_t count, bool in_sync, void *data, size_t *data_size)
{
	for (;;) {
		struct ulog_request request;
		int result;

		fill_request(log, &request, type);
		request.region_count = count;
		if (count)
			memcpy(request.regions, regions, count * sizeof(*regions));
		request.in_sync = in_sync;
		result = kernel_consult(log->kernel, &request, data, data_size);
		if (result != -ESRCH)
			return result;
		if (reconnect(log) != 0)
			return -ESRCH;
		/* The room for the next answer is the size of this one, as in fill_pkg(). */
	}
}

/* CTR without its NUL, with room for a device's name. */
static int construct(struct kernel_log *log)
{
	struct ulog_request request;
	char name[DM_NAME_LEN];
	size_t size = sizeof(name);
	int result;

	fill_request(log, &request, ULOG_CTR);
	strcpy(request.constructor, log->constructor);
	result = kernel_consult(log->kernel, &request, name, &size);
	if (result < 0)
		return result;
	if (size && name[size - 1] != '\0') {
		check_fail(log->kernel->world, "CTR returned a device name without its NUL");
		return -EINVAL;
	}
	return 0;
}

static int ask_region_size(struct kernel_log *log)
{
	struct ulog_request request;
	uint64_t value = 0;
	size_t size = sizeof(value);
	int result;

	fill_request(log, &request, ULOG_GET_REGION_SIZE);
	result = kernel_consult(log->kernel, &request, &value, &size);
	if (result)
		return result;
	if (value != log->mirror->settings.region_size_sectors)
		check_fail(log->kernel->world, "GET_REGION_SIZE answers %llu",
			   (unsigned long long)value);
	log->region_size = (uint32_t)value;
	log->region_count = (log->length + log->region_size - 1) / log->region_size;
	return 0;
}

struct kernel_log *kernel_log_new(struct kernel *kernel, struct mirror *mirror,
				  uint32_t region_count, int *error)
{
	struct kernel_log *log = arena_new(&kernel->world->arena, sizeof(*log));

	log->kernel = kernel;
	log->mirror = mirror;
	log->luid = kernel->next_luid;
	kernel->next_luid += 0x100;
	log->length = (uint64_t)region_count * mirror->settings.region_size_sectors;
	log->integrated_flush = mirror->settings.integrated_flush;
	list_init(&log->mark_list);
	list_init(&log->clear_list);
	mirror_constructor(mirror, region_count, log->constructor, sizeof(log->constructor));
	*error = construct(log);
	if (!*error)
		*error = ask_region_size(log);
	return *error ? NULL : log;
}

void kernel_log_destroy(struct kernel_log *log)
{
	if (log->integrated_flush) {
		kernel_log_flush_delayed(log);
		kernel_log_drain_flushes(log);
	}
	log->destroyed = true;
	memset(log->promised, 0, sizeof(log->promised));
	(void)kernel_log_request_once(log, ULOG_DTR);
}

int kernel_log_presuspend(struct kernel_log *log)
{
	return kernel_log_request_once(log, ULOG_PRESUSPEND);
}

int kernel_log_postsuspend(struct kernel_log *log)
{
	if (log->integrated_flush)
		kernel_log_flush_delayed(log);
	memset(log->promised, 0, sizeof(log->promised));
	return kernel_log_request_once(log, ULOG_POSTSUSPEND);
}

int kernel_log_resume(struct kernel_log *log)
{
	log->in_sync_hint = 0;
	return kernel_log_request_once(log, ULOG_RESUME);
}

bool kernel_log_in_sync(struct kernel_log *log, uint32_t region)
{
	uint64_t key = region;
	int64_t in_sync = 0;
	size_t size = sizeof(in_sync);

	if (kernel_log_request(log, ULOG_IN_SYNC, &key, 1, false, &in_sync, &size))
		return false;
	return in_sync == 1;
}

int kernel_log_get_resync_work(struct kernel_log *log, uint32_t *region)
{
	struct {
		int64_t work;
		uint64_t region;
	} answer = {0};
	size_t size = sizeof(answer);
	int result;

	if (log->in_sync_hint >= log->region_count)
		return 0;
	result = kernel_log_request(log, ULOG_GET_RESYNC_WORK, NULL, 0, false, &answer, &size);
	if (result)
		return result;
	if (answer.work && answer.region >= log->region_count) {
		check_fail(log->kernel->world, "GET_RESYNC_WORK hands out region %llu of %llu",
			   (unsigned long long)answer.region,
			   (unsigned long long)log->region_count);
		return 0;
	}
	*region = (uint32_t)answer.region;
	return (int)answer.work;
}

void kernel_log_set_region_sync(struct kernel_log *log, uint32_t region, bool in_sync)
{
	uint64_t key = region;

	if (kernel_log_request(log, ULOG_SET_REGION_SYNC, &key, 1, in_sync, NULL, NULL))
		log->failures++;
}

uint64_t kernel_log_get_sync_count(struct kernel_log *log)
{
	uint64_t count = 0;
	size_t size = sizeof(count);

	if (kernel_log_request(log, ULOG_GET_SYNC_COUNT, NULL, 0, false, &count, &size))
		return 0;
	if (count > log->region_count)
		check_fail(log->kernel->world, "GET_SYNC_COUNT answers %llu of %llu",
			   (unsigned long long)count, (unsigned long long)log->region_count);
	if (count >= log->region_count)
		log->in_sync_hint = log->region_count;
	return count;
}

bool kernel_log_is_remote_recovering(struct kernel_log *log, uint32_t region)
{
	struct {
		int64_t is_recovering;
		uint64_t in_sync_hint;
	} answer = {0};
	size_t size = sizeof(answer);
	uint64_t key = region;

	if (region < log->in_sync_hint)
		return false;
	if (log->kernel->recovering_limit > kernel_jiffies(log->kernel))
		return true;
	log->kernel->recovering_limit = kernel_jiffies(log->kernel) + KERNEL_HZ / 4;
	if (kernel_log_request(log, ULOG_IS_REMOTE_RECOVERING, &key, 1, false, &answer, &size))
		return true;
	log->in_sync_hint = answer.in_sync_hint;
	return answer.is_recovering != 0;
}

int kernel_log_status(struct kernel_log *log)
{
	char line[256];
	size_t size = sizeof(line);

	return kernel_log_request(log, ULOG_STATUS_INFO, NULL, 0, false, line, &size);
}
