/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Views, quorum and snapshots as membership sees them; who has the state is census.c. */
#include <stdlib.h>
#include <string.h>

#include "cluster/membership_internal.h"
#include "common/memory.h"

struct membership *membership_new(uint32_t node, uint64_t join_seed,
				  const struct membership_ports *ports)
{
	struct membership *membership = memory_new(1, sizeof(*membership));

	membership->node = node;
	membership->ports = *ports;
	membership->join_id = join_seed;
	membership->version = WIRE_VERSION_MAX;
	membership->incoming = transfer_in_new();
	membership->outgoing = transfer_out_new(node);
	return membership;
}

void membership_free(struct membership *membership)
{
	if (!membership)
		return;
	transfer_in_free(membership->incoming);
	transfer_out_free(membership->outgoing);
	free(membership);
}

struct member *membership_find(const struct membership *membership, uint32_t node)
{
	for (size_t i = 0; i < membership->member_count; i++)
		if (membership->members[i].node == node)
			return (struct member *)&membership->members[i];
	return NULL;
}

/* Whoever has the lineage's state has its count. */
static void adopt_era(struct membership *membership)
{
	for (size_t i = 0; i < membership->member_count; i++)
		if (membership->members[i].era > membership->era)
			membership->era = membership->members[i].era;
}

/* Two quorums have a node in common, so the later one's ring has the higher number. */
static void begin_era(struct membership *membership)
{
	membership->era =
		membership->ring > membership->era ? membership->ring : membership->era + 1;
}

void membership_become_live(struct membership *membership)
{
	adopt_era(membership);
	membership->live = true;
	membership->has_state = true;
	membership->cut_off = false;
	membership->outdated = false;
	if (membership->quorum == QUORUM_YES && membership->era == 0)
		begin_era(membership);
	membership->ports.live(membership->ports.context);
}

void membership_step_down(struct membership *membership)
{
	if (membership->live)
		membership->ports.outdated(membership->ports.context);
	membership->live = false;
}

static void take_members(struct membership *membership, const struct view *view)
{
	struct member kept[VIEW_NODES_MAX];

	for (size_t i = 0; i < view->member_count; i++) {
		const struct member *old = membership_find(membership, view->members[i]);

		kept[i] = old ? *old : (struct member){.node = view->members[i]};
		membership->nodes[i] = view->members[i];
	}
	membership->member_count = view->member_count;
	memcpy(membership->members, kept, view->member_count * sizeof(kept[0]));
}

static bool has_joins(const struct view *view)
{
	for (size_t i = 0; i < view->change_count; i++)
		if (view->changes[i].change == VIEW_JOINED)
			return true;
	return false;
}

static void drop_leavers(struct membership *membership, const struct view *view)
{
	for (size_t i = 0; i < view->change_count; i++) {
		struct member *member = membership_find(membership, view->changes[i].node);

		if (view->changes[i].change == VIEW_JOINED)
			continue;
		transfer_out_stop(membership->outgoing, view->changes[i].node);
		transfer_in_sender_left(membership->incoming, view->changes[i].node);
		if (member)
			*member = (struct member){.node = member->node};
	}
}

/*
 * Nodes are found while it is not known that we were the ones to go on without
 * those that were lost. A snapshot that is under way is of one that was parted
 * with us, and so no more the latest than what it has itself.
 */
static void cut_off_by_parting(struct membership *membership)
{
	membership->cut_off = true;
	if (membership->live)
		return;
	transfer_in_reset(membership->incoming);
	membership->join_id++;
}

/*
 * It was in the ring of our last quorum, and comes out of another one: the two were parted in between, though no view
 * said so, for its node had no daemon then.
 */
static bool was_parted_unseen(const struct membership *membership, uint32_t node, bool with_ring)
{
	for (size_t i = 0; with_ring && i < membership->quorate_count; i++)
		if (membership->quorate[i] == node)
			return true;
	return false;
}

static void note_parting(struct membership *membership, const struct view *view)
{
	for (size_t i = 0; i < view->change_count; i++) {
		if (view->changes[i].change == VIEW_NODEDOWN ||
		    was_parted_unseen(membership, view->changes[i].node,
				      view->changes[i].with_ring))
			membership->parted = true;
		if (view->changes[i].change == VIEW_JOINED && membership->parted)
			cut_off_by_parting(membership);
	}
}

static bool has_leavers(const struct view *view)
{
	for (size_t i = 0; i < view->change_count; i++)
		if (view->changes[i].change != VIEW_JOINED)
			return true;
	return false;
}

void membership_view(struct membership *membership, const struct view *view)
{
	note_parting(membership, view);
	drop_leavers(membership, view);
	take_members(membership, view);
	if (membership->live)
		membership->ports.apply_view(membership->ports.context, view);
	else
		transfer_in_keep_view(membership->incoming, view);
	/* The one that was to ask, or to answer, may have left: ask again. */
	if (has_joins(view) || !census_lowest_live(membership) ||
	    (membership->census && has_leavers(view)))
		census_start(membership);
	else
		census_serve(membership);
}

void membership_snapshot_begin(struct membership *membership, uint32_t node,
			       const struct wire_snapshot_begin *begin)
{
	if (node == membership->node)
		transfer_out_begin(membership->outgoing, &membership->ports, begin);
	if (begin->joiner == membership->node && begin->join_id == membership->join_id &&
	    !membership->live)
		transfer_in_begin(membership->incoming, node, begin->transfer_id);
}

static void finish_join(struct membership *membership)
{
	struct member *self = membership_find(membership, membership->node);

	if (transfer_in_finish(membership->incoming, &membership->ports) < 0) {
		membership->join_id++;
		census_say_hello(membership, true);
		return;
	}
	/* In a census its answer counts, not what it has become since: everybody has to decide alike. */
	if (self && !membership->census)
		self->state = HELLO_LIVE;
	membership_become_live(membership);
	/* It was sent before quorum was lost. */
	membership->cut_off = membership->quorum == QUORUM_NO;
	census_say_hello(membership, true);
}

void membership_snapshot_data(struct membership *membership, uint32_t node,
			      const struct wire_snapshot_data *data)
{
	if (node == membership->node)
		transfer_out_delivered(membership->outgoing, data->transfer_id);
	if (data->joiner != membership->node || membership->live)
		return;
	if (transfer_in_data(membership->incoming, node, data))
		finish_join(membership);
}

void membership_ops(struct membership *membership, uint32_t node, const void *bytes, size_t size)
{
	if (membership->live)
		membership->ports.apply_ops(membership->ports.context, node, bytes, size);
	else
		transfer_in_keep_ops(membership->incoming, node, bytes, size);
}

/* Others may have gone on while this node was cut off, and their daemons be gone by now: no view tells of them then. */
static bool may_be_behind(const struct membership *membership)
{
	return membership->live && membership->cut_off && membership->era > 0;
}

void membership_count_quorum(struct membership *membership)
{
	if (!membership_is_live(membership) || (!membership->parted && membership->era > 0))
		return;
	begin_era(membership);
	census_say_hello(membership, true);
}

void membership_quorum(struct membership *membership, enum quorum quorum, uint64_t ring,
		       const uint32_t *nodes, size_t count)
{
	/* A change of nodes on top of an unknown quorum: the others may have had it meanwhile. */
	if (quorum == QUORUM_NO || (quorum == QUORUM_UNSURE && membership->quorum != QUORUM_YES))
		membership->cut_off = true;
	membership->quorum = quorum;
	if (quorum != QUORUM_YES)
		return;
	membership->ring = ring;
	membership->quorate_count = count;
	if (count > 0)
		memcpy(membership->quorate, nodes, count * sizeof(nodes[0]));
	/* The view of a merge comes before: in a census the hello has already said what is known. */
	if (!membership->census && may_be_behind(membership)) {
		census_call(membership);
		return;
	}
	if (!membership->census)
		membership->cut_off = false;
	membership_count_quorum(membership);
	membership->parted = false;
	if (!membership->census)
		census_serve(membership);
}

void membership_disconnected(struct membership *membership)
{
	membership->cut_off = true;
	membership->parted = true;
	membership->member_count = 0;
	membership->census = false;
	membership->quorum = QUORUM_NO;
	membership->join_id++;
	transfer_in_reset(membership->incoming);
	transfer_out_reset(membership->outgoing);
	membership_step_down(membership);
}

void membership_pump(struct membership *membership)
{
	transfer_out_pump(membership->outgoing, &membership->ports);
}

bool membership_is_live(const struct membership *membership)
{
	/* Cut off, it may be the authority yet, but the census has to say so first. */
	return membership->live && !membership->cut_off;
}

bool membership_is_member(const struct membership *membership, uint32_t node)
{
	return membership_find(membership, node) != NULL;
}

uint8_t membership_version(const struct membership *membership)
{
	return membership->version;
}

const uint32_t *membership_members(const struct membership *membership, size_t *count)
{
	*count = membership->member_count;
	return membership->nodes;
}
