/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The census after a view, and its decision. The snapshot itself travels in transfer.c. */
#include "cluster/membership.h"

#include <stdlib.h>
#include <string.h>

#include "cluster/transfer.h"
#include "common/memory.h"

struct member {
	uint32_t node;
	bool counted; /* answered the census that goes on */
	enum hello_state state;
	uint64_t join_id;
	uint64_t position;
	uint8_t version_min, version_max;
};

struct membership {
	uint32_t node;
	struct membership_ports ports;
	uint64_t join_id;
	bool has_state; /* live, or once was */
	bool live;
	bool cut_off; /* since the state was certain, others may have gone on without this node */
	bool parted;  /* nodes were lost, and no quorum of the rest is known yet */
	enum quorum quorum;
	bool census;         /* not all members have said hello yet */
	uint64_t census_id;  /* 0: not called yet */
	uint64_t decided_id; /* of the last census that came to its end */
	uint64_t census_count;
	uint8_t version;
	struct member members[VIEW_NODES_MAX];
	uint32_t nodes[VIEW_NODES_MAX];
	size_t member_count;
	struct transfer_in *incoming;
	struct transfer_out *outgoing;
};

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

static struct member *find_member(const struct membership *membership, uint32_t node)
{
	for (size_t i = 0; i < membership->member_count; i++)
		if (membership->members[i].node == node)
			return (struct member *)&membership->members[i];
	return NULL;
}

static enum hello_state own_state(const struct membership *membership)
{
	if (!membership->has_state)
		return HELLO_FRESH;
	return membership->live && !membership->cut_off ? HELLO_LIVE : HELLO_STALE;
}

static void send_hello(struct membership *membership, bool unasked)
{
	struct bytes_buffer message = {0};
	struct wire_hello hello = {
		.version_min = WIRE_VERSION_MIN,
		.version_max = WIRE_VERSION_MAX,
		.state = own_state(membership),
		.join_id = membership->join_id,
		.position = membership->has_state
				    ? membership->ports.position(membership->ports.context)
				    : 0,
		.census = unasked ? membership->decided_id : membership->census_id,
		.unasked = unasked,
	};

	wire_begin(&message, WIRE_HELLO, WIRE_VERSION_MIN);
	wire_hello_encode(&hello, &message);
	membership->ports.send(membership->ports.context, &message);
}

/* The lowest member that has the live state, as far as hellos tell; 0 for none. */
static uint32_t lowest_live(const struct membership *membership)
{
	for (size_t i = 0; i < membership->member_count; i++)
		if (membership->members[i].state == HELLO_LIVE)
			return membership->members[i].node;
	return 0;
}

bool membership_is_server(const struct membership *membership)
{
	return membership_is_live(membership) && lowest_live(membership) == membership->node;
}

static void serve(struct membership *membership)
{
	if (!membership_is_server(membership))
		return;
	for (size_t i = 0; i < membership->member_count; i++) {
		const struct member *member = &membership->members[i];

		if (member->join_id != 0 && member->state != HELLO_LIVE)
			transfer_out_start(membership->outgoing, &membership->ports, member->node,
					   member->join_id);
	}
}

static void become_live(struct membership *membership)
{
	membership->live = true;
	membership->has_state = true;
	membership->cut_off = false;
	membership->ports.live(membership->ports.context);
}

/* Nobody has the live state: the one that knows most, the lowest of equals, starts it. */
static const struct member *find_authority(const struct membership *membership)
{
	const struct member *best = NULL;

	for (size_t i = 0; i < membership->member_count; i++) {
		const struct member *member = &membership->members[i];

		if (!best || member->state > best->state ||
		    (member->state == best->state && member->position > best->position))
			best = member;
	}
	return best;
}

static void agree_on_version(struct membership *membership)
{
	uint8_t version = WIRE_VERSION_MAX;

	for (size_t i = 0; i < membership->member_count; i++)
		if (membership->members[i].version_max < version)
			version = membership->members[i].version_max;
	membership->version = version < WIRE_VERSION_MIN ? WIRE_VERSION_MIN : version;
}

static void step_down(struct membership *membership)
{
	if (membership->live)
		membership->ports.outdated(membership->ports.context);
	membership->live = false;
}

/* This node's answer was not "live". It may have become so since, by a snapshot whose end came before the decision. */
static void settle_own_state(struct membership *membership)
{
	if (membership_is_live(membership))
		send_hello(membership, true);
	else
		step_down(membership);
}

static void decide(struct membership *membership)
{
	struct member *authority;

	membership->census = false;
	membership->decided_id = membership->census_id;
	agree_on_version(membership);
	if (!lowest_live(membership)) {
		authority = find_member(membership, find_authority(membership)->node);
		if (authority->node == membership->node) {
			if (authority->state == HELLO_FRESH)
				membership->ports.start_empty(membership->ports.context);
			become_live(membership);
		} else {
			step_down(membership);
		}
		authority->state = HELLO_LIVE;
	} else if (find_member(membership, membership->node)->state != HELLO_LIVE) {
		settle_own_state(membership);
	}
	serve(membership);
}

static void decide_when_counted(struct membership *membership)
{
	for (size_t i = 0; i < membership->member_count; i++)
		if (!membership->members[i].counted)
			return;
	if (membership->census && membership->member_count > 0)
		decide(membership);
}

/* The lowest member asks. Its number comes of its join id, which is drawn: no two censuses share one. */
static void start_census(struct membership *membership)
{
	struct bytes_buffer message = {0};
	uint64_t mix[2] = {membership->join_id, ++membership->census_count};
	uint64_t census = bytes_hash(BYTES_HASH_START, mix, sizeof(mix)) | 1;

	membership->census = true;
	membership->census_id = 0;
	if (membership->nodes[0] != membership->node)
		return;
	wire_begin(&message, WIRE_CENSUS, WIRE_VERSION_MIN);
	wire_census_encode(census, &message);
	membership->ports.send(membership->ports.context, &message);
}

void membership_census(struct membership *membership, uint64_t census)
{
	membership->census = true;
	membership->census_id = census;
	for (size_t i = 0; i < membership->member_count; i++)
		membership->members[i].counted = false;
	send_hello(membership, false);
}

static void take_members(struct membership *membership, const struct view *view)
{
	struct member kept[VIEW_NODES_MAX];

	for (size_t i = 0; i < view->member_count; i++) {
		const struct member *old = find_member(membership, view->members[i]);

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
		struct member *member = find_member(membership, view->changes[i].node);

		if (view->changes[i].change == VIEW_JOINED)
			continue;
		transfer_out_stop(membership->outgoing, view->changes[i].node);
		transfer_in_sender_left(membership->incoming, view->changes[i].node);
		if (member)
			*member = (struct member){.node = member->node};
	}
}

/* Nodes are found while it is not known that we were the ones to go on without those that were lost. */
static void note_parting(struct membership *membership, const struct view *view)
{
	for (size_t i = 0; i < view->change_count; i++) {
		if (view->changes[i].change == VIEW_NODEDOWN)
			membership->parted = true;
		else if (view->changes[i].change == VIEW_JOINED && membership->parted)
			membership->cut_off = true;
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
	if (has_joins(view) || !lowest_live(membership) ||
	    (membership->census && has_leavers(view)))
		start_census(membership);
	else
		serve(membership);
}

void membership_hello(struct membership *membership, uint32_t node, const struct wire_hello *hello)
{
	struct member *member = find_member(membership, node);

	/* Said before the last decision, it may be overtaken by it. */
	if (!member ||
	    hello->census != (hello->unasked ? membership->decided_id : membership->census_id))
		return;
	member->state = hello->state;
	member->join_id = hello->join_id;
	member->position = hello->position;
	member->version_min = hello->version_min;
	member->version_max = hello->version_max;
	if (!hello->unasked)
		member->counted = true;
	/* It has what was sent; should it fall behind once more, that is another transfer. */
	if (hello->state == HELLO_LIVE)
		transfer_out_stop(membership->outgoing, node);
	if (membership->census)
		decide_when_counted(membership);
	else
		serve(membership);
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
	struct member *self = find_member(membership, membership->node);

	if (transfer_in_finish(membership->incoming, &membership->ports) < 0) {
		membership->join_id++;
		send_hello(membership, true);
		return;
	}
	if (self)
		self->state = HELLO_LIVE;
	become_live(membership);
	send_hello(membership, true);
}

void membership_snapshot_data(struct membership *membership, uint32_t node,
			      const struct wire_snapshot_data *data)
{
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

void membership_quorum(struct membership *membership, enum quorum quorum)
{
	/* A change of nodes on top of an unknown quorum: the others may have had it meanwhile. */
	if (quorum == QUORUM_NO || (quorum == QUORUM_UNSURE && membership->quorum != QUORUM_YES))
		membership->cut_off = true;
	/* The view of a merge comes before: in a census the hello has already said what is known. */
	if (quorum == QUORUM_YES && !membership->census)
		membership->cut_off = false;
	if (quorum == QUORUM_YES)
		membership->parted = false;
	membership->quorum = quorum;
}

void membership_disconnected(struct membership *membership)
{
	membership->cut_off = true;
	membership->member_count = 0;
	membership->census = false;
	membership->quorum = QUORUM_NO;
	membership->join_id++;
	transfer_in_reset(membership->incoming);
	transfer_out_reset(membership->outgoing);
	step_down(membership);
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
	return find_member(membership, node) != NULL;
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
