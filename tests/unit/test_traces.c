/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What LVM made kernels ask, asked again: every request has one answer of the right shape and no error. */
#include "tests/unit/unit.h"

#include <linux/dm-log-userspace.h>
#include <string.h>

#include "tests/lib/engine_harness.h"
#include "tests/unit/trace_file.h"

#define NODES      3
#define TABLES_MAX 16

/* The tables that the kernels have at the moment, and the last request of each. */
struct table {
	uint32_t node; /* 0: a free entry */
	uint64_t luid;
	uint32_t last_seq;
};

struct replay {
	struct harness *harness;
	uint64_t scenario_ms; /* the harness's time at its beginning */
	struct table tables[TABLES_MAX];
	unsigned int requests;
	/* Requests of different tables are under way together; else each is answered before the next is sent. */
	bool together;
};

static struct table *find_table(struct replay *replay, uint32_t node, uint64_t luid)
{
	for (size_t i = 0; i < TABLES_MAX; i++)
		if (replay->tables[i].node == node && replay->tables[i].luid == luid)
			return &replay->tables[i];
	return NULL;
}

/* The kernel sends the next request of a table's thread when it has the answer to the last one. */
static void wait_for(struct replay *replay, uint32_t node, uint32_t seq)
{
	struct harness *harness = replay->harness;

	while (!harness_is_answered(harness, node, seq)) {
		bool moved = harness_step_disk(harness);

		moved = harness_step_bus(harness) || moved;
		if (!moved)
			harness_answer(harness, node, seq); /* says which */
	}
}

static void end_cluster(struct replay *replay)
{
	struct harness *harness = replay->harness;

	if (!harness)
		return;
	harness->hold_bus = harness->hold_disk = false;
	harness_advance(harness, 10000);
	for (uint32_t node = 1; node <= NODES; node++) {
		assert_int_equal(harness_unanswered(harness, node), 0);
		assert_int_equal(harness_node(harness, node)->errors_reported, 0);
	}
	harness_assert_equal_digests(harness);
	harness_free(harness);
	replay->harness = NULL;
}

static void begin_cluster(struct replay *replay)
{
	end_cluster(replay);
	replay->harness = harness_new(NODES, NULL);
	memset(replay->tables, 0, sizeof(replay->tables));
}

static void send(struct replay *replay, const struct trace_line *line)
{
	struct {
		struct dm_ulog_request header;
		uint8_t data[ULOG_PAYLOAD_MAX];
	} raw = {0};

	raw.header.luid = line->luid;
	strcpy(raw.header.uuid, line->uuid);
	raw.header.version = line->version;
	raw.header.seq = line->seq;
	raw.header.request_type = line->type;
	raw.header.data_size = line->data_size;
	memcpy(raw.data, line->data, line->data_size);
	assert_int_equal(harness_raw(replay->harness, line->node, &raw,
				     sizeof(raw.header) + line->data_size),
			 0);
	replay->requests++;
}

/* The engines' tables are those of the kernels. */
struct table_count {
	size_t found;
};

static void count_tables(void *context, const struct engine_log_status *log)
{
	((struct table_count *)context)->found += log->instance_count;
}

static void check_tables(struct replay *replay, uint32_t node)
{
	struct table_count count = {0};
	size_t expected = 0;

	for (size_t i = 0; i < TABLES_MAX; i++)
		expected += replay->tables[i].node == node;
	engine_status_logs(harness_node(replay->harness, node)->engine, &count, count_tables);
	assert_int_equal(count.found, expected);
}

static void replay_request(struct replay *replay, const struct trace_line *line)
{
	struct harness *harness = replay->harness;
	struct table *table = find_table(replay, line->node, line->luid);
	uint64_t due = replay->scenario_ms + (uint64_t)line->ms;

	if (due > harness->now_ms)
		harness_advance(harness, due - harness->now_ms);
	if (line->type == ULOG_CTR) {
		assert_null(table);
		table = find_table(replay, 0, 0);
		assert_non_null(table);
		*table = (struct table){.node = line->node, .luid = line->luid};
	} else {
		assert_non_null(table);
		wait_for(replay, line->node, table->last_seq);
		assert_int_equal(harness_answer(harness, line->node, table->last_seq)->error, 0);
	}
	harness->hold_bus = harness->hold_disk = replay->together;
	send(replay, line);
	table->last_seq = line->seq;
	if (!replay->together || line->type == ULOG_DTR) {
		wait_for(replay, line->node, line->seq);
		assert_int_equal(harness_answer(harness, line->node, line->seq)->error, 0);
	}
	if (line->type == ULOG_DTR) {
		*table = (struct table){0};
		check_tables(replay, line->node);
	}
}

static void replay_all(bool together)
{
	struct trace_file *file = trace_file_open(TRACES_DIR "/lvm.trace");
	struct replay replay = {.together = together};
	struct trace_line line;

	for (trace_file_next(file, &line); line.kind != TRACE_END; trace_file_next(file, &line)) {
		if (line.kind == TRACE_CLUSTER) {
			begin_cluster(&replay);
		} else if (line.kind == TRACE_SCENARIO) {
			replay.scenario_ms = replay.harness->now_ms;
		} else {
			replay_request(&replay, &line);
		}
	}
	end_cluster(&replay);
	trace_file_close(file);
	assert_int_equal(replay.requests, 7291);
}

static void each_request_of_lvm_is_answered_before_the_next(void **state)
{
	(void)state;
	replay_all(false);
}

static void requests_of_lvm_that_are_under_way_together_are_all_answered(void **state)
{
	(void)state;
	replay_all(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_request_of_lvm_is_answered_before_the_next),
		cmocka_unit_test(requests_of_lvm_that_are_under_way_together_are_all_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
