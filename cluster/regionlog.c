/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One log's replicated state: attachment, marks and what a lost node leaves. Recovery is in regionlog_recovery.c. */
#include "cluster/regionlog.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

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

static struct regionlog_node *need_node(struct regionlog *log, uint32_t node)
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
static void drop_idle_node(struct regionlog *log, uint32_t node)
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
static void elect_writer(struct regionlog *log)
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

static uint64_t largest_table(const struct regionlog *log)
{
	uint64_t largest = 0;

	for (size_t i = 0; i < log->node_count; i++)
		if (log->nodes[i].attached && log->nodes[i].region_count > largest)
			largest = log->nodes[i].region_count;
	return largest;
}

static void resize(struct regionlog *log, uint64_t region_count, bool new_in_sync)
{
	uint64_t old = log->region_count;

	if (region_count > old && !new_in_sync)
		regionset_add_range(log->unsynced, old, region_count);
	if (region_count < old) {
		regionset_remove_range(log->unsynced, region_count, old);
		for (size_t i = 0; i < log->node_count; i++) {
			regionset_remove_range(log->nodes[i].marked, region_count, old);
			regionset_remove_range(log->nodes[i].primary_only, region_count, old);
			regionset_remove_range(log->nodes[i].working, region_count, old);
			regionset_remove_range(log->nodes[i].tainted, region_count, old);
		}
		for (size_t i = 0; i < log->wanted_count; i++)
			if (log->wanted[i] >= region_count)
				log->wanted[i--] = log->wanted[--log->wanted_count];
	}
	log->region_count = region_count;
}

/* Nobody is attached: the state of a disk log is what its device says. */
static void start_from_device(struct regionlog *log, const struct regionlog_attach *attach)
{
	regionset_clear(log->unsynced);
	resize(log, attach->region_count, true);
	if (attach->sync == LOG_SYNC_NONE)
		return;
	if (attach->sync == LOG_SYNC_FORCE) {
		regionset_add_range(log->unsynced, 0, attach->region_count);
		return;
	}
	regionset_add_all(log->unsynced, attach->unsynced);
	regionset_add_range(log->unsynced, attach->valid_count, attach->region_count);
}

/* A core log has nothing but its memory: new, or as it was left. */
static void start_from_memory(struct regionlog *log, const struct regionlog_attach *attach)
{
	resize(log, attach->region_count, attach->sync == LOG_SYNC_NONE);
	if (attach->sync == LOG_SYNC_FORCE)
		regionset_add_range(log->unsynced, 0, attach->region_count);
}

static enum attach_result attach_first(struct regionlog *log, const struct regionlog_attach *attach)
{
	bool same_shape = log->type == attach->type &&
			  log->region_size_sectors == attach->region_size_sectors;

	if (attach->type == LOG_TYPE_DISK &&
	    (!attach->unsynced || attach->generation != log->generation))
		return ATTACH_STALE;
	if (!same_shape && log->region_count != 0) {
		/* The same UUID with another shape: a different log, nothing of the old one holds. */
		regionset_clear(log->unsynced);
		for (size_t i = 0; i < log->node_count; i++)
			regionset_clear(log->nodes[i].marked);
		log->region_count = 0;
	}
	log->type = attach->type;
	log->region_size_sectors = attach->region_size_sectors;
	log->failed = false;
	log->generation++;
	if (attach->type == LOG_TYPE_DISK)
		start_from_device(log, attach);
	else
		start_from_memory(log, attach);
	return ATTACH_FIRST;
}

static void give_up_marks(struct regionlog *log, struct regionlog_node *entry)
{
	regionset_add_all(log->unsynced, entry->marked);
	regionset_clear(entry->marked);
	entry->lost = false;
	entry->opaque = false;
}

/*
 * All daemons were gone at once, their kernels were not: what the device shows
 * dirty may be written right now by any node that was attached, until that node
 * has suspended and resumed.
 */
void regionlog_expect(struct regionlog *log, uint32_t origin, const uint32_t *nodes, uint32_t count)
{
	bool known = log->node_count > 0;

	for (uint32_t i = 0; i < count; i++) {
		if (regionlog_find_node(log, nodes[i]) || (known && nodes[i] != origin) ||
		    nodes[i] == 0)
			continue;
		need_node(log, nodes[i])->opaque = true;
	}
}

enum attach_result regionlog_attach(struct regionlog *log, uint32_t node,
				    const struct regionlog_attach *attach)
{
	enum attach_result result = ATTACH_OK;
	struct regionlog_node *entry;

	if (!regionlog_any_attached(log)) {
		result = attach_first(log, attach);
		if (result == ATTACH_STALE)
			return result;
	} else if (log->type != attach->type ||
		   log->region_size_sectors != attach->region_size_sectors) {
		return ATTACH_MISMATCH;
	} else if (attach->region_count > log->region_count) {
		resize(log, attach->region_count, attach->sync == LOG_SYNC_NONE);
	}
	entry = need_node(log, node);
	if (!entry->attached)
		entry->opaque = attach->reconnect;
	/* A node that starts anew cannot be writing what it marked before. */
	if (entry->lost && !attach->reconnect)
		give_up_marks(log, entry);
	entry->lost = false;
	entry->holds = true;
	entry->attached = true;
	entry->absent = false;
	entry->region_count = attach->region_count;
	if (largest_table(log) != log->region_count)
		resize(log, largest_table(log), false);
	elect_writer(log);
	return result;
}

void regionlog_release(struct regionlog *log, uint32_t node)
{
	struct regionlog_node *entry = regionlog_find_node(log, node);

	if (!entry)
		return;
	regionset_clear(entry->marked);
	regionset_clear(entry->working);
	regionset_clear(entry->tainted);
	entry->opaque = false;
}

static void detach(struct regionlog *log, struct regionlog_node *entry)
{
	if (!entry->attached)
		return;
	entry->attached = false;
	entry->absent = false;
	elect_writer(log);
	regionset_clear(entry->primary_only);
	if (!regionlog_any_attached(log))
		log->generation++;
	else if (largest_table(log) != log->region_count)
		resize(log, largest_table(log), false);
}

void regionlog_detach(struct regionlog *log, uint32_t node)
{
	struct regionlog_node *entry = regionlog_find_node(log, node);

	if (!entry)
		return;
	regionlog_release(log, node);
	detach(log, entry);
	drop_idle_node(log, node);
}

void regionlog_forget(struct regionlog *log, uint32_t node)
{
	struct regionlog_node *entry = regionlog_find_node(log, node);

	if (!entry)
		return;
	entry->holds = false;
	regionlog_detach(log, node);
}

static void taint_others(struct regionlog *log, uint32_t node, uint32_t region)
{
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

/* What the node does not name it has cleared; only the message that said so was lost. */
static void drop_ended_marks(struct regionlog_node *entry, const struct regionset *marked)
{
	struct regionset *ended = regionset_copy(entry->marked);

	regionset_remove_all(ended, marked);
	regionset_remove_all(entry->marked, ended);
	regionset_free(ended);
}

void regionlog_rejoin(struct regionlog *log, uint32_t node, const struct regionlog_attach *attach,
		      const struct regionset *marked, const struct regionset *primary_only)
{
	struct regionlog_node *entry = need_node(log, node);
	uint64_t region;

	entry->holds = true;
	entry->attached = true;
	entry->absent = false;
	entry->lost = false;
	entry->opaque = false;
	entry->region_count = attach->region_count;
	if (attach->region_count > log->region_count)
		resize(log, attach->region_count, false);
	elect_writer(log);
	drop_ended_marks(entry, marked);
	/* What was given away while the node was cut off may have been written twice: nobody can tell. */
	for (region = regionset_next(marked, 0); region < log->region_count;
	     region = regionset_next(marked, region + 1)) {
		if (regionset_contains(entry->marked, (uint32_t)region))
			continue;
		regionset_add(log->unsynced, (uint32_t)region);
		regionlog_mark(log, node, (uint32_t)region);
	}
	for (region = regionset_next(primary_only, 0); region < log->region_count;
	     region = regionset_next(primary_only, region + 1))
		regionlog_unsync(log, node, (uint32_t)region);
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

void regionlog_daemon_gone(struct regionlog *log, uint32_t node)
{
	struct regionlog_node *entry = regionlog_find_node(log, node);

	if (!entry)
		return;
	if (entry->attached)
		entry->absent = true;
	else if (!entry->opaque)
		regionlog_forget(log, node);
	elect_writer(log);
}

void regionlog_node_down(struct regionlog *log, uint32_t node)
{
	struct regionlog_node *entry = regionlog_find_node(log, node);

	if (!entry)
		return;
	/* It may have been copying: until it is gone for good, that is as good as a write. */
	regionset_add_all(entry->marked, entry->working);
	regionset_clear(entry->working);
	regionset_clear(entry->tainted);
	entry->holds = false;
	entry->lost = entry->opaque || !regionset_is_empty(entry->marked);
	detach(log, entry);
	drop_idle_node(log, node);
}

bool regionlog_fenced(struct regionlog *log, uint32_t node)
{
	struct regionlog_node *entry = regionlog_find_node(log, node);

	if (!entry || !(entry->lost || entry->opaque))
		return false;
	regionlog_node_down(log, node);
	entry = regionlog_find_node(log, node);
	if (entry)
		give_up_marks(log, entry);
	drop_idle_node(log, node);
	return true;
}
