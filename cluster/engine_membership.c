/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What membership asks of the engine: to send, to save and load the state, and to follow views. */
#include <errno.h>

#include "cluster/attachment.h"
#include "cluster/carried.h"
#include "cluster/deadline.h"
#include "cluster/engine_internal.h"
#include "cluster/housekeeping.h"
#include "cluster/operations.h"
#include "cluster/peers.h"
#include "cluster/reports.h"

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
	/* After all that this daemon knows of its kernel. */
	engine_send(engine, NULL, &(struct wire_op){.kind = OP_PRESENT});
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

struct membership_ports engine_membership_ports(struct engine *engine)
{
	return (struct membership_ports){
		.context = engine,
		.piece_bytes = engine->settings.snapshot_piece_bytes,
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
}
