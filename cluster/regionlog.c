/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One log's replicated state: its nodes, what can be asked of it, and marks. */
#include "cluster/regionlog_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/planted.h"

struct regionlog *regionlog_new(const char *uuid)
{
	struct regionlog *log = memory_new(1, sizeof(*log));

	ulog_uuid_copy(log->uuid, uuid);
	log->unsynced = regionset_new();
	return log;
}

static void free_node(struct regionlog_node *node)
{
	regionset_free(node->marked);
	regionset_free(node->primary_only);
	regionset_free(node->working);
	regionset_free(node->tainted);
}

void regionlog_free(struct regionlog *log)
{
	if (!log)
		return;
	for (size_t i = 0; i < log->node_count; i++)
		free_node(&log->nodes[i]);
	free(log->nodes);
	regionset_free(log->unsynced);
	free(log);
}

struct regionlog_node *regionlog_find_node(const struct regionlog *log, uint32_t node)
{
	for (size_t i = 0; i < log->node_count; i++)
		if (log->nodes[i].node == node)
			return &log->nodes[i];
	return NULL;
}

struct regionlog_node *regionlog_need_node(struct regionlog *log, uint32_t node)
{
	struct regionlog_node *found = regionlog_find_node(log, node);
	size_t at = 0;

	if (found)
		return found;
	while (at < log->node_count && log->nodes[at].node < node)
		at++;
	log->nodes = memory_resize(log->nodes, (log->node_count + 1) * sizeof(*log->nodes));
	memmove(&log->nodes[at + 1], &log->nodes[at], (log->node_count - at) * sizeof(*log->nodes));
	log->node_count++;
	log->nodes[at] = (struct regionlog_node){
		.node = node,
		.marked = regionset_new(),
		.primary_only = regionset_new(),
		.working = regionset_new(),
		.tainted = regionset_new(),
	};
	return &log->nodes[at];
}

/* Entries that say nothing are dropped, so that equal states have equal encodings. */
void regionlog_drop_idle_node(struct regionlog *log, uint32_t node)
{
	struct regionlog_node *found = regionlog_find_node(log, node);
	size_t at;

	if (!found || found->holds || found->attached || found->lost || found->opaque ||
	    !regionset_is_empty(found->marked))
		return;
	at = (size_t)(found - log->nodes);
	free_node(found);
	memmove(found, found + 1, (log->node_count - at - 1) * sizeof(*log->nodes));
	log->node_count--;
}

bool regionlog_any_attached(const struct regionlog *log)
{
	for (size_t i = 0; i < log->node_count; i++)
		if (log->nodes[i].attached)
			return true;
	return false;
}

bool regionlog_is_unused(const struct regionlog *log)
{
	return log->node_count == 0;
}

/* The lowest attached node with a daemon, when the one that was it cannot be any more. */
void regionlog_elect_writer(struct regionlog *log)
{
	const struct regionlog_node *writer = regionlog_find_node(log, log->writer);

	if (writer && writer->attached && !writer->absent)
		return;
	log->writer = 0;
	for (size_t i = 0; i < log->node_count && log->writer == 0; i++)
		if (log->nodes[i].attached && !log->nodes[i].absent)
			log->writer = log->nodes[i].node;
}

static bool marked_by_lost(const struct regionlog *log, uint32_t region)
{
	for (size_t i = 0; i < log->node_count; i++)
		if (log->nodes[i].lost && regionset_contains(log->nodes[i].marked, region))
			return true;
	return false;
}

bool regionlog_in_sync(const struct regionlog *log, uint32_t region)
{
	return !regionset_contains(log->unsynced, region) && !marked_by_lost(log, region);
}

bool regionlog_is_marked(const struct regionlog *log, uint32_t region)
{
	for (size_t i = 0; i < log->node_count; i++)
		if (regionset_contains(log->nodes[i].marked, region))
			return true;
	return false;
}

/* Marks are a window of some thousands at most, so a union of them is cheap. */
static struct regionset *union_of_marks(const struct regionlog *log, bool lost_only)
{
	struct regionset *set = regionset_new();

	for (size_t i = 0; i < log->node_count; i++)
		if (!lost_only || log->nodes[i].lost)
			regionset_add_all(set, log->nodes[i].marked);
	return set;
}

static bool any_lost(const struct regionlog *log)
{
	for (size_t i = 0; i < log->node_count; i++)
		if (log->nodes[i].lost)
			return true;
	return false;
}

uint64_t regionlog_sync_count(const struct regionlog *log, uint64_t region_count)
{
	uint64_t unsynced = regionset_count_range(log->unsynced, 0, region_count);

	if (any_lost(log)) {
		struct regionset *set = union_of_marks(log, true);

		regionset_remove_all(set, log->unsynced);
		unsynced += regionset_count_range(set, 0, region_count);
		regionset_free(set);
	}
	/* A table larger than what the log knows of: the rest is not in sync. */
	if (region_count > log->region_count)
		unsynced += region_count - log->region_count;
	return region_count - unsynced;
}

uint64_t regionlog_dirty_count(const struct regionlog *log)
{
	struct regionset *set = union_of_marks(log, false);
	uint64_t count = regionset_count(set);

	regionset_free(set);
	return count;
}

uint64_t regionlog_first_unsynced(const struct regionlog *log, uint64_t region_count)
{
	uint64_t first = regionset_next(log->unsynced, 0);

	for (size_t i = 0; i < log->node_count; i++) {
		uint64_t lost =
			log->nodes[i].lost ? regionset_next(log->nodes[i].marked, 0) : REGION_NONE;

		if (lost < first)
			first = lost;
	}
	if (log->region_count < region_count && log->region_count < first)
		first = log->region_count;
	return first < region_count ? first : region_count;
}

static void clear_bits(const struct regionset *set, uint64_t first, uint64_t end, uint8_t *block,
		       uint32_t first_bit)
{
	for (uint64_t region = regionset_next(set, first); region < end;
	     region = regionset_next(set, region + 1)) {
		uint32_t bit = first_bit + (uint32_t)(region - first);

		block[bit / 8] &= (uint8_t) ~(1U << (bit % 8));
	}
}

void regionlog_render_bits(const struct regionlog *log, uint64_t first, uint64_t end,
			   uint8_t *block, uint32_t first_bit)
{
	clear_bits(log->unsynced, first, end, block, first_bit);
	for (size_t i = 0; i < log->node_count; i++)
		clear_bits(log->nodes[i].marked, first, end, block, first_bit);
}

static void taint_others(struct regionlog *log, uint32_t node, uint32_t region)
{
	if (PLANTED(SKIP_TAINT))
		return;
	for (size_t i = 0; i < log->node_count; i++)
		if (log->nodes[i].node != node && regionset_contains(log->nodes[i].working, region))
			regionset_add(log->nodes[i].tainted, region);
}

static bool is_clean(const struct regionlog *log, uint32_t region)
{
	return !regionset_contains(log->unsynced, region) && !regionlog_is_marked(log, region);
}

bool regionlog_mark(struct regionlog *log, uint32_t node, uint32_t region)
{
	struct regionlog_node *entry = regionlog_find_node(log, node);
	bool was_clean;

	if (!entry || region >= log->region_count)
		return false;
	was_clean = is_clean(log, region);
	regionset_add(entry->marked, region);
	taint_others(log, node, region);
	return was_clean;
}

bool regionlog_clear(struct regionlog *log, uint32_t node, uint32_t region)
{
	struct regionlog_node *entry = regionlog_find_node(log, node);

	if (!entry || !regionset_remove(entry->marked, region))
		return false;
	return is_clean(log, region);
}

void regionlog_unsync(struct regionlog *log, uint32_t node, uint32_t region)
{
	struct regionlog_node *entry = regionlog_find_node(log, node);

	if (!entry || region >= log->region_count)
		return;
	regionset_add(log->unsynced, region);
	regionset_add(entry->primary_only, region);
	regionset_remove(entry->working, region);
	regionset_remove(entry->tainted, region);
	taint_others(log, node, region);
}
