/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kernels do: a request and its answer, and the sequences of dm-mirror. */
#include <string.h>

#include "common/regionset.h"
#include "tests/lib/engine_harness.h"
#include "tests/unit/unit.h"

const struct ulog_reply *harness_ask(struct harness *harness, uint32_t node, enum ulog_type type,
				     uint64_t luid)
{
	uint32_t seq = harness_send(harness, node, type, luid);

	harness_run(harness);
	return harness_answer(harness, node, seq);
}

const struct ulog_reply *harness_ask_region(struct harness *harness, uint32_t node,
					    enum ulog_type type, uint64_t luid, uint64_t region)
{
	uint32_t seq = harness_send_regions(harness, node, type, luid, &region, 1);

	harness_run(harness);
	return harness_answer(harness, node, seq);
}

void harness_set_sync(struct harness *harness, uint32_t node, uint64_t luid, uint64_t region,
		      bool in_sync)
{
	uint32_t seq = harness_send_set_sync(harness, node, luid, region, in_sync);

	harness_run(harness);
	assert_int_equal(harness_answer(harness, node, seq)->error, 0);
}

uint64_t harness_get_work(struct harness *harness, uint32_t node, uint64_t luid)
{
	const struct ulog_reply *reply = harness_ask(harness, node, ULOG_GET_RESYNC_WORK, luid);

	assert_int_equal(reply->error, 0);
	return harness_value(reply, 0) ? harness_value(reply, 1) : REGION_NONE;
}

bool harness_in_sync(struct harness *harness, uint32_t node, uint64_t luid, uint64_t region)
{
	const struct ulog_reply *reply =
		harness_ask_region(harness, node, ULOG_IN_SYNC, luid, region);

	assert_int_equal(reply->error, 0);
	return harness_value(reply, 0);
}

uint64_t harness_sync_count(struct harness *harness, uint32_t node, uint64_t luid)
{
	const struct ulog_reply *reply = harness_ask(harness, node, ULOG_GET_SYNC_COUNT, luid);

	assert_int_equal(reply->error, 0);
	return harness_value(reply, 0);
}

/* --- sequences --- */

static void must(struct harness *harness, uint32_t node, enum ulog_type type, uint64_t luid)
{
	assert_int_equal(harness_ask(harness, node, type, luid)->error, 0);
}

void harness_construct(struct harness *harness, uint32_t node, uint64_t luid,
		       const char *constructor)
{
	uint32_t seq = harness_send_ctr(harness, node, luid, constructor, false);

	harness_run(harness);
	assert_int_equal(harness_answer(harness, node, seq)->error, 0);
	must(harness, node, ULOG_GET_REGION_SIZE, luid);
}

void harness_resume(struct harness *harness, uint32_t node, uint64_t luid)
{
	must(harness, node, ULOG_RESUME, luid);
}

void harness_activate(struct harness *harness, uint32_t node, uint64_t luid,
		      const char *constructor)
{
	harness_construct(harness, node, luid, constructor);
	harness_resume(harness, node, luid);
}

void harness_suspend(struct harness *harness, uint32_t node, uint64_t luid)
{
	must(harness, node, ULOG_PRESUSPEND, luid);
	must(harness, node, ULOG_POSTSUSPEND, luid);
}

void harness_mark_flush(struct harness *harness, uint32_t node, uint64_t luid, uint64_t region)
{
	assert_int_equal(harness_ask_region(harness, node, ULOG_MARK_REGION, luid, region)->error,
			 0);
	must(harness, node, ULOG_FLUSH, luid);
}

void harness_clear(struct harness *harness, uint32_t node, uint64_t luid, uint64_t region)
{
	assert_int_equal(harness_ask_region(harness, node, ULOG_CLEAR_REGION, luid, region)->error,
			 0);
	must(harness, node, ULOG_FLUSH, luid);
}

uint64_t harness_recover(struct harness *harness, uint32_t node, uint64_t luid)
{
	uint64_t copied = 0;
	uint64_t region;

	for (; (region = harness_get_work(harness, node, luid)) != REGION_NONE; copied++) {
		harness_set_sync(harness, node, luid, region, true);
		harness_clear(harness, node, luid, region);
	}
	harness_advance(harness, 1000);
	return copied;
}

void harness_cycle(struct harness *harness, uint32_t node, uint64_t luid)
{
	assert_string_equal(harness_node(harness, node)->cycle_uuid, harness->uuid);
	harness_suspend(harness, node, luid);
	harness_resume(harness, node, luid);
	engine_device_cycled(harness_node(harness, node)->engine, harness->now_ms, harness->uuid,
			     0);
	harness_run(harness);
}

/* --- status --- */

struct search {
	const char *uuid;
	struct engine_log_status *status;
	bool found;
};

static void visit(void *context, const struct engine_log_status *log)
{
	struct search *search = context;

	if (strcmp(log->uuid, search->uuid) != 0)
		return;
	*search->status = *log;
	search->found = true;
}

bool harness_status(struct harness *harness, uint32_t node, struct engine_log_status *status)
{
	struct search search = {.uuid = harness->uuid, .status = status};

	engine_status_logs(harness_node(harness, node)->engine, &search, visit);
	return search.found;
}

struct engine_log_status harness_log(struct harness *harness, uint32_t node)
{
	struct engine_log_status status;

	assert_true(harness_status(harness, node, &status));
	return status;
}

/* --- the beginning and the end of most tests --- */

struct harness *harness_new_active(size_t node_count, uint64_t luid, const char *constructor)
{
	struct harness *harness = harness_new(node_count, NULL);

	for (uint32_t node = 1; node <= node_count; node++)
		harness_activate(harness, node, luid, constructor);
	harness_count_from_here(harness);
	return harness;
}

void harness_end(struct harness *harness)
{
	harness_run(harness);
	for (uint32_t node = 1; node <= harness->node_count; node++)
		assert_int_equal(harness_unanswered(harness, node), 0);
	harness_assert_equal_digests(harness);
	harness_free(harness);
}
