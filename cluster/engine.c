/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's door: inputs, time, and the wiring of its parts. */
#include "cluster/engine.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/carried.h"
#include "cluster/deadline.h"
#include "cluster/diskjob.h"
#include "cluster/engine_internal.h"
#include "cluster/housekeeping.h"
#include "cluster/oneleg.h"
#include "cluster/operations.h"
#include "cluster/peers.h"
#include "cluster/recovery.h"
#include "cluster/reports.h"
#include "cluster/requests.h"
#include "cluster/retained.h"
#include "cluster/rivals.h"
#include "common/memory.h"
#include "common/planted.h"

void engine_settings_init(struct engine_settings *settings)
{
	*settings = (struct engine_settings){
		.window_regions = 1024,
		.hold_ms = 5000,
		.mark_ahead_regions = 384,
		.recovery_batch = 64,
		.state_piece_bytes = 32 * 1024,
		.snapshot_piece_bytes = 64 * 1024,
	};
}

/* --- services for the parts --- */

bool engine_is_frozen(const struct engine *engine)
{
	bool doubtful = engine->quorum == QUORUM_UNSURE && !PLANTED(UNSURE_IS_QUORATE);

	return engine->quorum == QUORUM_NO || doubtful || !membership_is_live(engine->membership) ||
	       replica_is_unproven(engine->replica);
}

bool engine_sees(const struct engine *engine, uint32_t node)
{
	for (size_t i = 0; i < engine->cluster_node_count; i++)
		if (engine->cluster_nodes[i] == node)
			return true;
	return false;
}

void engine_report(struct engine *engine, enum report_level level, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	engine->ports.report(engine->ports.context, level, text);
}

void engine_send(struct engine *engine, struct locallog *log, struct wire_op *op)
{
	if (log) {
		ulog_uuid_copy(op->uuid, log->uuid);
		log->counters[COUNTER_OPERATIONS]++;
	}
	outbox_operation(engine->outbox, op, membership_version(engine->membership));
	wire_op_free(op);
}

struct regionlog *engine_state(const struct engine *engine, const struct locallog *log)
{
	return replica_find(engine->replica, log->uuid);
}

struct regionlog_node *engine_own_node(const struct engine *engine, const struct locallog *log)
{
	const struct regionlog *state = engine_state(engine, log);

	return state ? regionlog_find_node(state, engine->settings.node) : NULL;
}

const char *engine_short(const char *uuid)
{
	size_t length = strlen(uuid);

	return length > 16 ? uuid + length - 16 : uuid;
}

/* --- life --- */

struct engine *engine_new(const struct engine_settings *settings, const struct engine_ports *ports,
			  uint64_t now_ms)
{
	struct engine *engine = memory_new(1, sizeof(*engine));
	struct membership_ports membership_ports;

	engine->settings = *settings;
	engine->ports = *ports;
	engine->now_ms = now_ms;
	engine->logs_deadline_ms = UINT64_MAX;
	engine->replica = replica_new();
	engine->outbox = outbox_new();
	membership_ports = engine_membership_ports(engine);
	engine->membership = membership_new(settings->node, settings->join_seed, &membership_ports);
	return engine;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	while (engine->logs) {
		struct locallog *log = engine->logs;

		engine->logs = log->next;
		locallog_free(log);
	}
	free(engine->index);
	diskjob_free_all(engine);
	carried_free(engine);
	oneleg_free(engine);
	peers_free(engine);
	membership_free(engine->membership);
	outbox_free(engine->outbox);
	replica_free(engine->replica);
	free(engine);
}

/* --- after each input --- */

static void finish(struct engine *engine)
{
	rivals_follow(engine);
	if (engine->carried)
		carried_settle(engine);
	if (engine->held_seen)
		requests_start_over(engine);
	if (outbox_is_empty(engine->outbox))
		membership_pump(engine->membership);
	engine->send_refused =
		outbox_flush(engine->outbox, engine->ports.send, engine->ports.context);
	deadline_settle(engine);
}

/* Of inputs that may concern any log. */
static void finish_all(struct engine *engine)
{
	deadline_of_all_changes(engine);
	finish(engine);
}

/* --- inputs --- */

/* With a log there is an input twice a second: this daemon slept. Others may have taken it for dead, and gone on. */
#define SLEPT_MS 1000

static void arrive(struct engine *engine, uint64_t now_ms)
{
	if (now_ms >= engine->now_ms + SLEPT_MS) {
		engine->slept = true;
		engine->sent_before = outbox_in_flight(engine->outbox);
	}
	engine->now_ms = now_ms;
}

/* One that was sent after the sleep proves that this node is in the ring now. */
static void own_message_came_back(struct engine *engine)
{
	outbox_delivered(engine->outbox);
	if (engine->sent_before > 0)
		engine->sent_before--;
	else
		engine->slept = false;
}

void engine_request(struct engine *engine, uint64_t now_ms, const struct ulog_request *request)
{
	arrive(engine, now_ms);
	requests_dispatch(engine, request);
	finish(engine);
}

static int take_message(struct engine *engine, uint32_t node, const void *bytes, size_t size)
{
	struct bytes_reader reader;
	enum wire_kind kind;
	struct wire_hello hello;
	struct wire_snapshot_begin begin;
	struct wire_snapshot_data data;
	uint64_t census;
	int result;

	bytes_reader_init(&reader, bytes, size);
	result = wire_open(&reader, &kind);
	if (result < 0)
		return result;
	if (kind != WIRE_OPS)
		deadline_of_all_changes(engine);
	switch (kind) {
	case WIRE_HELLO:
		result = wire_hello_decode(&reader, &hello);
		if (result == 0)
			membership_hello(engine->membership, node, &hello);
		return result;
	case WIRE_CENSUS:
		result = wire_census_decode(&reader, &census);
		if (result == 0)
			membership_census(engine->membership, census);
		return result;
	case WIRE_SNAPSHOT_BEGIN:
		result = wire_snapshot_begin_decode(&reader, &begin);
		if (result == 0)
			membership_snapshot_begin(engine->membership, node, &begin);
		return result;
	case WIRE_SNAPSHOT_DATA:
		result = wire_snapshot_data_decode(&reader, &data);
		if (result == 0)
			membership_snapshot_data(engine->membership, node, &data);
		return result;
	case WIRE_OPS:
		if (node == engine->settings.node)
			own_message_came_back(engine);
		membership_ops(engine->membership, node, reader.at, bytes_left(&reader));
		return 0;
	}
	return -EBADMSG;
}

void engine_message(struct engine *engine, uint64_t now_ms, uint32_t node, const void *bytes,
		    size_t size)
{
	arrive(engine, now_ms);
	if (take_message(engine, node, bytes, size) < 0) {
		engine->malformed_messages++;
		engine_report(
			engine, REPORT_ERROR,
			"message of node %u refused: not one of ours, or of an unknown version",
			node);
	}
	finish(engine);
}

void engine_view(struct engine *engine, uint64_t now_ms, const struct view *view)
{
	arrive(engine, now_ms);
	rivals_view(engine, view);
	membership_view(engine->membership, view);
	peers_meet(engine);
	housekeeping_run(engine);
	finish_all(engine);
}

void engine_quorum(struct engine *engine, uint64_t now_ms, enum quorum quorum, uint64_t ring,
		   const uint32_t *nodes, size_t node_count)
{
	arrive(engine, now_ms);
	if (quorum == QUORUM_NO && engine->quorum != QUORUM_NO)
		reports_quorum_lost(engine);
	rivals_hear(engine, nodes, node_count);
	engine->cluster_node_count = node_count < VIEW_NODES_MAX ? node_count : VIEW_NODES_MAX;
	if (node_count > 0)
		memcpy(engine->cluster_nodes, nodes, engine->cluster_node_count * sizeof(nodes[0]));
	rivals_quorum(engine, quorum, ring);
	housekeeping_run(engine);
	finish_all(engine);
}

void engine_disconnected(struct engine *engine, uint64_t now_ms)
{
	arrive(engine, now_ms);
	engine->quorum = engine->quorum_said = QUORUM_NO;
	engine->cluster_node_count = 0;
	engine->departed.count = 0;
	outbox_reset(engine->outbox);
	membership_disconnected(engine->membership);
	deadline_of_all_changes(engine);
}

void engine_disk_done(struct engine *engine, uint64_t now_ms, const struct disk_result *result)
{
	arrive(engine, now_ms);
	diskjob_done(engine, result);
	finish(engine);
}

void engine_device_cycled(struct engine *engine, uint64_t now_ms, const char *uuid, int result)
{
	struct locallog *log = locallog_find(engine, uuid);

	arrive(engine, now_ms);
	if (log)
		recovery_cycled(engine, log, result);
	else if (result == -ENOENT)
		peers_gone(engine, uuid);
	finish_all(engine);
}

int engine_fenced(struct engine *engine, uint64_t now_ms, uint32_t node)
{
	const struct nodelist rivals = rivals_list(engine);
	struct wire_op op = {.kind = OP_FENCED, .node = node};

	arrive(engine, now_ms);
	/* Fenced once and back again, it lives. */
	if (engine_sees(engine, node) ||
	    (!replica_is_lost(engine->replica, node) && !nodelist_has(&rivals, node)))
		return -ENOENT;
	engine_send(engine, NULL, &op);
	finish_all(engine);
	return 0;
}

/* --- time --- */

static void tick_log(struct engine *engine, struct locallog *log)
{
	bool due = housekeeping_is_due(engine);

	if (retained_deadline(engine, log) <= engine->now_ms || due)
		retained_let_go(engine, log, engine->quiescing);
	logdisk_follow(engine, log);
	recovery_tick(engine, log);
	if (!due)
		return;
	logdisk_tell(engine, log);
	log->resting = deadline_log_may_rest(engine, log);
}

void engine_tick(struct engine *engine, uint64_t now_ms)
{
	arrive(engine, now_ms);
	for (struct locallog *log = engine->logs; log; log = log->next)
		if (!log->resting)
			tick_log(engine, log);
	if (housekeeping_is_due(engine))
		housekeeping_run(engine);
	deadline_recount(engine);
	finish(engine);
}

bool engine_quiesce(struct engine *engine, uint64_t now_ms)
{
	bool quiet = true;

	arrive(engine, now_ms);
	engine->quiescing = true;
	for (struct locallog *log = engine->logs; log; log = log->next) {
		retained_let_go(engine, log, true);
		log->disk.urgent = log->disk.urgent || log->disk.changed_count > 0;
		logdisk_follow(engine, log);
		if (log->disk.writer == engine->settings.node && log->disk.changed_count > 0)
			quiet = false;
	}
	finish_all(engine);
	return (quiet && outbox_is_idle(engine->outbox)) || engine_is_frozen(engine);
}

void engine_hand_back(struct engine *engine, uint64_t now_ms)
{
	arrive(engine, now_ms);
	requests_hand_back(engine);
}
