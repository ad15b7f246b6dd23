/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which region is recovered by whom, and whether the copy counts. */
#include <string.h>

#include "cluster/regionlog.h"
#include "common/planted.h"

void regionlog_want(struct regionlog *log, uint32_t region)
{
	if (!regionset_contains(log->unsynced, region) || log->wanted_count == REGIONLOG_WANTED_MAX)
		return;
	for (size_t i = 0; i < log->wanted_count; i++)
		if (log->wanted[i] == region)
			return;
	log->wanted[log->wanted_count++] = region;
}

static void unwant(struct regionlog *log, uint32_t region)
{
	for (size_t i = 0; i < log->wanted_count; i++) {
		if (log->wanted[i] != region)
			continue;
		log->wanted_count--;
		memmove(&log->wanted[i], &log->wanted[i + 1],
			(log->wanted_count - i) * sizeof(log->wanted[0]));
		return;
	}
}

bool regionlog_recovered(struct regionlog *log, uint32_t node, uint32_t region, bool success)
{
	struct regionlog_node *entry = regionlog_find_node(log, node);
	bool tainted;

	/* Not handed out, or taken back by a suspend: a copy that nobody can vouch for. */
	if (!entry || !regionset_remove(entry->working, region))
		return false;
	success = success || PLANTED(BROKEN_OFF_COPY);
	tainted = regionset_remove(entry->tainted, region);
	/* Its own kernel finished the copy, so its own hash knows the region again. */
	if (success)
		regionset_remove(entry->primary_only, region);
	if (!success || tainted)
		return false;
	regionset_remove(log->unsynced, region);
	unwant(log, region);
	return true;
}

/* A copy is safe only when no other node writes the region, or may do so without saying. */
static bool may_work_on(const struct regionlog *log, uint32_t node, uint32_t region)
{
	for (size_t i = 0; i < log->node_count; i++) {
		const struct regionlog_node *other = &log->nodes[i];

		if (regionset_contains(other->working, region) && !PLANTED(DOUBLE_HAND_OUT))
			return false;
		if (other->node == node)
			continue;
		if (other->opaque)
			return false;
		if ((regionset_contains(other->marked, region) && !PLANTED(HAND_OUT_MARKED)) ||
		    regionset_contains(other->primary_only, region))
			return false;
	}
	return true;
}

/* The next region for a node at or after `from`, or REGION_NONE. */
static uint64_t next_candidate(const struct regionlog *log, const struct regionlog_node *entry,
			       uint64_t from)
{
	for (size_t i = 0; i < log->node_count; i++)
		if (log->nodes[i].opaque && log->nodes[i].node != entry->node)
			return REGION_NONE;
	for (uint64_t region = regionset_next(log->unsynced, from); region < entry->region_count;
	     region = regionset_next(log->unsynced, region + 1))
		if (may_work_on(log, entry->node, (uint32_t)region))
			return region;
	return REGION_NONE;
}

static uint32_t hand_out_wanted(struct regionlog *log, struct regionlog_node *entry, uint32_t count)
{
	uint32_t given = 0;

	for (size_t i = 0; i < log->wanted_count && given < count; i++) {
		uint32_t region = log->wanted[i];

		if (region >= entry->region_count || !regionset_contains(log->unsynced, region) ||
		    !may_work_on(log, entry->node, region))
			continue;
		regionset_add(entry->working, region);
		given++;
	}
	return given;
}

/* What is left is shared: near the end one node must not keep what the others could copy. */
static uint32_t fair_share(const struct regionlog *log, uint32_t count)
{
	uint64_t share = regionset_count(log->unsynced) / (4 * log->node_count);

	if (share == 0)
		share = 1;
	return share < count ? (uint32_t)share : count;
}

uint32_t regionlog_hand_out(struct regionlog *log, uint32_t node, uint32_t count)
{
	struct regionlog_node *entry = regionlog_find_node(log, node);
	uint32_t given;
	uint64_t region = 0;

	if (!entry || !entry->attached || count == 0)
		return 0;
	count = fair_share(log, count);
	given = hand_out_wanted(log, entry, count);
	while (given < count && (region = next_candidate(log, entry, region)) != REGION_NONE) {
		regionset_add(entry->working, (uint32_t)region);
		given++;
		region++;
	}
	return given;
}

bool regionlog_has_work(const struct regionlog *log, uint32_t node)
{
	const struct regionlog_node *entry = regionlog_find_node(log, node);

	return entry && entry->attached && next_candidate(log, entry, 0) != REGION_NONE;
}
