/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has the state: every member answers the census with what it knows, and
 * each decides alike.
 *
 * A node that never had quorum knows nothing that counts. One that was cut off
 * may know the latest: its era is the number of the ring whose quorum was found
 * last after nodes were lost. Only one side of a partition finds one, and any two
 * quorums have a node in common: the later ring has the higher number, also when
 * no daemon that knew of the earlier one is left. One that has seen others go on
 * is behind for certain.
 */
#include "cluster/membership_internal.h"

static enum hello_state own_state(const struct membership *membership)
{
	if (membership->has_state && membership->live && !membership->cut_off)
		return HELLO_LIVE;
	if (!membership->has_state || membership->era == 0)
		return HELLO_FRESH;
	return membership->outdated ? HELLO_OUTDATED : HELLO_STALE;
}

void census_say_hello(struct membership *membership, bool unasked)
{
	struct bytes_buffer message = {0};
	struct wire_hello hello = {
		.version_min = WIRE_VERSION_MIN,
		.version_max = WIRE_VERSION_MAX,
		.state = own_state(membership),
		.join_id = membership->join_id,
		.lineage = membership->has_state
				   ? membership->ports.lineage(membership->ports.context)
				   : 0,
		.era = membership->era,
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

uint32_t census_lowest_live(const struct membership *membership)
{
	for (size_t i = 0; i < membership->member_count; i++)
		if (membership->members[i].state == HELLO_LIVE)
			return membership->members[i].node;
	return 0;
}

/*
 * Not in a census: it has answered, and what it says then may come after a decision to found another state, of which
 * it is not true. What it said before its answer comes before any decision.
 */
bool membership_is_server(const struct membership *membership)
{
	return !membership->census && membership_is_live(membership) &&
	       census_lowest_live(membership) == membership->node;
}

void census_serve(struct membership *membership)
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

static bool knows_more(const struct member *member, const struct member *other)
{
	if (member->state != other->state)
		return member->state > other->state;
	if (member->era != other->era)
		return member->era > other->era;
	return member->position > other->position;
}

/* Nobody has the live state: the one that knows most, the lowest of equals, founds it. */
static struct member *find_authority(struct membership *membership)
{
	struct member *best = NULL;

	for (size_t i = 0; i < membership->member_count; i++)
		if (!best || knows_more(&membership->members[i], best))
			best = &membership->members[i];
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

/*
 * This node's answer was not "live". It may have become so since, by a snapshot whose end came before the decision.
 * Unsure of that one, it needs another: under its old join it has been served.
 */
static void settle_own_state(struct membership *membership)
{
	if (membership_is_live(membership)) {
		census_say_hello(membership, true);
		return;
	}
	if (membership->live)
		membership->join_id++;
	membership_step_down(membership);
	membership->outdated = true;
}

/* A node that was cut off for a moment need not have seen it: with a state of its own it meets those that founded one. */
static bool live_ones_differ(const struct membership *membership)
{
	const struct member *first = membership_find(membership, census_lowest_live(membership));

	for (size_t i = 0; first && i < membership->member_count; i++)
		if (membership->members[i].state == HELLO_LIVE &&
		    membership->members[i].lineage != first->lineage)
			return true;
	return false;
}

static void found(struct membership *membership)
{
	struct member *authority = find_authority(membership);
	bool fresh = authority->state == HELLO_FRESH;

	for (size_t i = 0; i < membership->member_count; i++) {
		struct member *member = &membership->members[i];

		member->vouching = member->state == HELLO_STALE;
		if (member->state == HELLO_LIVE)
			member->state = HELLO_OUTDATED;
	}
	authority->state = HELLO_LIVE;
	/* Snapshots that are under way were taken before. */
	transfer_in_reset(membership->incoming);
	transfer_out_reset(membership->outgoing);
	if (authority->node != membership->node) {
		membership_step_down(membership);
		/* Without quorum the authority cannot go on either. */
		membership->outdated = membership->outdated || membership->quorum != QUORUM_NO;
		return;
	}
	if (fresh)
		membership->ports.start_empty(membership->ports.context, membership->census_id);
	else
		membership->ports.founded(membership->ports.context, membership->census_id);
	membership_become_live(membership);
	if (membership->quorum == QUORUM_YES)
		membership_count_quorum(membership);
	/* Without quorum others may go on still: the next census has to ask again. */
	membership->cut_off = membership->quorum == QUORUM_NO;
}

static void decide(struct membership *membership)
{
	const struct member *self = membership_find(membership, membership->node);

	membership->census = false;
	membership->decided_id = membership->census_id;
	agree_on_version(membership);
	if (!census_lowest_live(membership) || live_ones_differ(membership))
		found(membership);
	else if (self->state != HELLO_LIVE)
		settle_own_state(membership);
	if (membership->quorum == QUORUM_YES)
		membership->parted = false;
	/* Its join came to nothing since it answered: nobody has heard of the new one. */
	if (self->join_id != membership->join_id)
		census_say_hello(membership, true);
	census_serve(membership);
}

static void decide_when_counted(struct membership *membership)
{
	for (size_t i = 0; i < membership->member_count; i++)
		if (!membership->members[i].counted)
			return;
	if (membership->census && membership->member_count > 0)
		decide(membership);
}

/* Its number comes of the asker's join id, which is drawn: no two censuses share one. */
void census_call(struct membership *membership)
{
	struct bytes_buffer message = {0};
	uint64_t mix[2] = {membership->join_id, ++membership->census_count};
	uint64_t census = bytes_hash(BYTES_HASH_START, mix, sizeof(mix)) | 1;

	wire_begin(&message, WIRE_CENSUS, WIRE_VERSION_MIN);
	wire_census_encode(census, &message);
	membership->ports.send(membership->ports.context, &message);
}

void census_start(struct membership *membership)
{
	membership->census = true;
	membership->census_id = 0;
	if (membership->nodes[0] == membership->node)
		census_call(membership);
}

void membership_census(struct membership *membership, uint64_t census)
{
	membership->census = true;
	membership->census_id = census;
	for (size_t i = 0; i < membership->member_count; i++)
		membership->members[i].counted = false;
	census_say_hello(membership, false);
}

void membership_hello(struct membership *membership, uint32_t node, const struct wire_hello *hello)
{
	struct member *member = membership_find(membership, node);

	/* In a census only answers count; what was said before the last decision may be overtaken by it. */
	if (!member || (hello->unasked && membership->census) ||
	    hello->census != (hello->unasked ? membership->decided_id : membership->census_id))
		return;
	member->state = hello->state;
	member->join_id = hello->join_id;
	member->lineage = hello->lineage;
	member->era = hello->era;
	member->position = hello->position;
	member->version_min = hello->version_min;
	member->version_max = hello->version_max;
	if (hello->state == HELLO_LIVE && membership_is_live(membership) &&
	    hello->era > membership->era)
		membership->era = hello->era;
	if (!hello->unasked)
		member->counted = true;
	/* It has what was sent; should it fall behind once more, that is another transfer. */
	if (hello->state == HELLO_LIVE)
		transfer_out_stop(membership->outgoing, node);
	if (membership->census)
		decide_when_counted(membership);
	else
		census_serve(membership);
}

bool membership_vouches(const struct membership *membership, uint32_t node)
{
	const struct member *member = membership_find(membership, node);

	return member && member->vouching;
}
