/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A daemon that was started anew knows from the state what its kernel has marked,
 * until the kernel itself speaks. Is this node cut off before that, the others
 * give the marks up; back again, they are told once more.
 *
 * The same goes for a log whose end was ordered without quorum, among the few: the
 * others have taken this node for dead, and copied what it went on writing until
 * that suspend. It is told to each state that comes, until there is quorum with one.
 */
#include <stdlib.h>

#include "cluster/attachment_internal.h"
#include "cluster/carried.h"
#include "cluster/engine_internal.h"
#include "common/memory.h"

struct carried {
	struct carried *next;
	struct wire_op rejoin;
	bool ended; /* the log was detached since */
};

static void add(struct engine *engine, const char *uuid, struct carried *carried)
{
	ulog_uuid_copy(carried->rejoin.uuid, uuid);
	carried->next = engine->carried;
	engine->carried = carried;
}

static void take(struct engine *engine, const struct regionlog *state,
		 const struct regionlog_node *own)
{
	struct carried *carried = memory_new(1, sizeof(*carried));

	carried->rejoin = (struct wire_op){
		.kind = OP_REJOIN,
		.absent = true,
		.attach = {.type = state->type,
			   .region_size_sectors = state->region_size_sectors,
			   .region_count = own->region_count,
			   .reconnect = own->opaque},
		.marked = regionset_copy(own->marked),
		.primary_only = regionset_copy(own->primary_only),
	};
	/* What it was copying when its daemon died may be half done. */
	regionset_add_all(carried->rejoin.marked, own->working);
	add(engine, state->uuid, carried);
}

void carried_end(struct engine *engine, struct locallog *log)
{
	struct carried *carried;

	if (!engine_is_frozen(engine))
		return;
	carried = memory_new(1, sizeof(*carried));
	carried->ended = true;
	carried->rejoin = (struct wire_op){
		.kind = OP_REJOIN,
		.attach = attachment_shape_of(log->active),
		.marked = attachment_written(log),
		.primary_only = regionset_new(),
	};
	add(engine, log->uuid, carried);
}

static void drop_those(struct engine *engine, bool ended)
{
	for (struct carried **at = &engine->carried; *at;) {
		struct carried *carried = *at;

		if (carried->ended != ended) {
			at = &carried->next;
			continue;
		}
		*at = carried->next;
		wire_op_free(&carried->rejoin);
		free(carried);
	}
}

void carried_settle(struct engine *engine)
{
	if (!engine_is_frozen(engine) && replica_is_present(engine->replica, engine->settings.node))
		drop_those(engine, true);
}

void carried_take(struct engine *engine)
{
	for (size_t i = 0; i < replica_log_count(engine->replica); i++) {
		const struct regionlog *state = replica_log(engine->replica, i);
		const struct regionlog_node *own =
			regionlog_find_node(state, engine->settings.node);
		const struct locallog *log = locallog_find(engine, state->uuid);

		/* A live instance knows itself what its kernel has. */
		if (own && own->attached &&
		    !(log && log->active && log->active->state != INSTANCE_RESUMING))
			take(engine, state, own);
	}
}

static void say(struct engine *engine, const struct carried *carried)
{
	struct wire_op rejoin = carried->rejoin;
	struct wire_op detach = {.kind = OP_DETACH};

	rejoin.marked = regionset_copy(carried->rejoin.marked);
	rejoin.primary_only = regionset_copy(carried->rejoin.primary_only);
	ulog_uuid_copy(detach.uuid, rejoin.uuid);
	engine_send(engine, NULL, &rejoin);
	if (carried->ended)
		engine_send(engine, NULL, &detach);
}

void carried_say(struct engine *engine)
{
	for (const struct carried *carried = engine->carried; carried; carried = carried->next)
		say(engine, carried);
	/* What is in the state now is taken from it when the next one comes. */
	drop_those(engine, false);
}

void carried_free(struct engine *engine)
{
	drop_those(engine, false);
	drop_those(engine, true);
}
