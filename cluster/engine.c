/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's door: inputs, time, and the wiring of its parts. */
#include "cluster/engine.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/engine_internal.h"
#include "cluster/housekeeping.h"
#include "cluster/operations.h"
#include "cluster/requests.h"
#include "common/memory.h"
#include "common/planted.h"

void engine_settings_init(struct engine_settings *settings)
{
	*settings = (struct engine_settings){
		.window_regions = 1024,
		.hold_ms = 5000,
		.mark_ahead_regions = 64,
		.recovery_batch = 64,
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

/* --- what membership asks of us --- */

static void port_send(void *context, struct bytes_buffer *message)
{
	struct engine *engine = context;

	outbox_message(engine->outbox, message);
}

static uint64_t port_position(void *context)
{
	return replica_position(((struct engine *)context)->replica);
}

static void port_save(void *context, struct bytes_buffer *buffer)
{
	replica_encode(((struct engine *)context)->replica, buffer);
}

static int port_load(void *context, const void *bytes, size_t size)
{
	struct engine *engine = context;
	struct replica *replica = replica_decode(bytes, size);

	if (!replica) {
		engine_report(engine, REPORT_ERROR,
			      "the snapshot cannot be read (%zu bytes); asking for another", size);
		return -EBADMSG;
	}
	carried_take(engine);
	if (replica_is_unproven(engine->replica))
		peers_recall(engine);
	replica_free(engine->replica);
	engine->replica = replica;
	for (struct locallog *log = engine->logs; log; log = log->next) {
		logdisk_reset(log);
		if (log->active && log->active->args.type == LOG_TYPE_DISK)
			logdisk_suspect(engine, log);
	}
	return 0;
}

static uint64_t port_lineage(void *context)
{
	return replica_lineage(((struct engine *)context)->replica);
}

static void port_start_empty(void *context, uint64_t lineage)
{
	struct engine *engine = context;

	peers_recall(engine);
	replica_free(engine->replica);
	engine->replica = replica_new();
	replica_found(engine->replica, lineage);
}

static void port_founded(void *context, uint64_t lineage)
{
	replica_found(((struct engine *)context)->replica, lineage);
}

static void port_apply_ops(void *context, uint32_t node, const void *bytes, size_t size)
{
	struct engine *engine = context;

	engine->delivered_ms = engine->now_ms;
	if (operations_apply(engine, node, bytes, size) < 0) {
		engine->malformed_messages++;
		engine_report(engine, REPORT_ERROR, "malformed message of node %u dropped", node);
	}
}

static void apply_change(struct engine *engine, uint32_t node, enum view_change change)
{
	switch (change) {
	case VIEW_JOINED:
		replica_node_joined(engine->replica, node);
		engine_report(engine, REPORT_NOTICE, "node %u joined", node);
		break;
	case VIEW_LEFT:
	case VIEW_PROCDOWN:
		replica_daemon_gone(engine->replica, node);
		engine_report(engine, change == VIEW_LEFT ? REPORT_NOTICE : REPORT_WARNING,
			      "clogd of node %u %s", node,
			      change == VIEW_LEFT ? "left" : "died; its kernel lives on");
		break;
	case VIEW_NODEDOWN:
		reports_node_down(engine, node);
		replica_node_down(engine->replica, node);
		break;
	}
}

static void port_apply_view(void *context, const struct view *view)
{
	struct engine *engine = context;

	replica_advance(engine->replica);
	for (size_t i = 0; i < view->change_count; i++)
		apply_change(engine, view->changes[i].node, view->changes[i].change);
	peers_follow_all(engine);
	for (struct locallog *log = engine->logs; log; log = log->next)
		operations_follow(engine, log);
}

static void port_live(void *context)
{
	struct engine *engine = context;

	engine_report(engine, REPORT_NOTICE, "this node has the state of the cluster");
	deadline_of_all_changes(engine);
	/* Before a reconnecting instance attaches, and takes over what is said here. */
	carried_say(engine);
	for (struct locallog *log = engine->logs; log; log = log->next) {
		log->cycle_wanted = true;
		attachment_rejoin(engine, log);
		/* What was found may be lost with all that was sent. */
		if (log->disk.recheck == RECHECK_ORDERING)
			logdisk_recheck(engine, log);
	}
	peers_expect(engine);
	housekeeping_run(engine);
}

static void port_outdated(void *context)
{
	struct engine *engine = context;

	engine_report(engine, REPORT_WARNING,
		      "cut off from the cluster: its state is fetched anew");
	outbox_reset(engine->outbox);
	for (struct locallog *log = engine->logs; log; log = log->next)
		log->in_doubt = true;
}

/* --- life --- */

struct engine *engine_new(const struct engine_settings *settings, const struct engine_ports *ports,
			  uint64_t now_ms)
{
	struct engine *engine = memory_new(1, sizeof(*engine));
	struct membership_ports membership_ports = {
		.context = engine,
		.send = port_send,
		.position = port_position,
		.save = port_save,
		.load = port_load,
		.lineage = port_lineage,
		.start_empty = port_start_empty,
		.founded = port_founded,
		.apply_ops = port_apply_ops,
		.apply_view = port_apply_view,
		.live = port_live,
		.outdated = port_outdated,
	};

	engine->settings = *settings;
	engine->ports = *ports;
	engine->now_ms = now_ms;
	engine->logs_deadline_ms = UINT64_MAX;
	engine->replica = replica_new();
	engine->outbox = outbox_new();
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

static bool is_ready(const struct engine *engine, const struct pending *pending)
{
	const struct locallog *log = locallog_find(engine, pending->request.uuid);
	const struct instance *instance = log ? instance_find(log, pending->request.luid) : NULL;

	if (engine_is_frozen(engine))
		return false;
	if (!instance)
		return true;
	if (pending->request.type == ULOG_RESUME)
		return instance->state != INSTANCE_OPENING &&
		       instance->state != INSTANCE_RELEASING &&
		       (!log->active || log->active == instance);
	return instance->state != INSTANCE_OPENING && instance->state != INSTANCE_RESUMING &&
	       !(instance->reconnect && !instance->was_resumed);
}

static struct pending *take_ready(struct engine *engine, struct locallog *log)
{
	for (struct pending **at = &log->pending; *at; at = &(*at)->next) {
		struct pending *pending = *at;

		if (pending->wait != WAIT_STATE || !is_ready(engine, pending))
			continue;
		*at = pending->next;
		return pending;
	}
	return NULL;
}

static bool has_held(const struct locallog *log)
{
	for (const struct pending *pending = log->pending; pending; pending = pending->next)
		if (pending->wait == WAIT_STATE)
			return true;
	return false;
}

/* A request that is started over may end its log or wake another: begin at the start again. */
static void start_over(struct engine *engine)
{
	struct locallog *log = engine->logs;

	engine->held_seen = false;
	while (log) {
		struct pending *pending = take_ready(engine, log);

		if (!pending) {
			engine->held_seen = engine->held_seen || has_held(log);
			log = log->next;
			continue;
		}
		requests_dispatch(engine, &pending->request);
		free(pending);
		log = engine->logs;
	}
}

static void finish(struct engine *engine)
{
	if (engine->held_seen)
		start_over(engine);
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
	membership_view(engine->membership, view);
	peers_meet(engine);
	housekeeping_run(engine);
	finish_all(engine);
}

void engine_quorum(struct engine *engine, uint64_t now_ms, enum quorum quorum,
		   const uint32_t *nodes, size_t node_count)
{
	bool was_frozen = engine_is_frozen(engine);

	arrive(engine, now_ms);
	if (quorum == QUORUM_NO && engine->quorum != QUORUM_NO)
		reports_quorum_lost(engine);
	engine->quorum = quorum;
	engine->cluster_node_count = node_count < VIEW_NODES_MAX ? node_count : VIEW_NODES_MAX;
	if (node_count > 0)
		memcpy(engine->cluster_nodes, nodes, engine->cluster_node_count * sizeof(nodes[0]));
	membership_quorum(engine->membership, quorum);
	if (was_frozen && !engine_is_frozen(engine)) {
		reports_thawed(engine);
		for (struct locallog *log = engine->logs; log; log = log->next)
			operations_follow(engine, log);
	}
	housekeeping_run(engine);
	finish_all(engine);
}

void engine_disconnected(struct engine *engine, uint64_t now_ms)
{
	arrive(engine, now_ms);
	engine->quorum = QUORUM_NO;
	engine->cluster_node_count = 0;
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
	struct wire_op op = {.kind = OP_FENCED, .node = node};

	arrive(engine, now_ms);
	/* Fenced once and back again, it lives. */
	if (!replica_is_lost(engine->replica, node) || engine_sees(engine, node))
		return -ENOENT;
	engine_send(engine, NULL, &op);
	finish_all(engine);
	return 0;
}

/* --- time --- */

void engine_tick(struct engine *engine, uint64_t now_ms)
{
	arrive(engine, now_ms);
	for (struct locallog *log = engine->logs; log; log = log->next) {
		if (activity_deadline(engine, log) <= now_ms || housekeeping_is_due(engine))
			activity_let_go(engine, log, engine->quiescing);
		logdisk_follow(engine, log);
		recovery_tick(engine, log);
		if (housekeeping_is_due(engine))
			logdisk_tell(engine, log);
	}
	if (housekeeping_is_due(engine))
		housekeeping_run(engine);
	finish_all(engine);
}

bool engine_quiesce(struct engine *engine, uint64_t now_ms)
{
	bool quiet = true;

	arrive(engine, now_ms);
	engine->quiescing = true;
	for (struct locallog *log = engine->logs; log; log = log->next) {
		activity_let_go(engine, log, true);
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
