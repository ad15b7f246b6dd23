/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes come to a log and go; its size follows the tables of those that are there. */
#include "cluster/regionlog_internal.h"

/* A lost node counts until it is fenced: it may be writing what lies beyond the tables of the others. */
static uint64_t largest_table(const struct regionlog *log)
{
	uint64_t largest = 0;

	for (size_t i = 0; i < log->node_count; i++)
		if ((log->nodes[i].attached || log->nodes[i].lost) &&
		    log->nodes[i].region_count > largest)
			largest = log->nodes[i].region_count;
	return largest;
}

void regionlog_fit_to_tables(struct regionlog *log)
{
	if (regionlog_any_attached(log) && largest_table(log) != log->region_count)
		regionlog_resize(log, largest_table(log), false);
}

void regionlog_resize(struct regionlog *log, uint64_t region_count, bool new_in_sync)
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
	regionlog_resize(log, attach->region_count, true);
	if (attach->sync == LOG_SYNC_NONE)
		return;
	if (attach->sync == LOG_SYNC_FORCE) {
		regionset_add_range(log->unsynced, 0, attach->region_count);
		return;
	}
	regionset_move(log->unsynced, attach->unsynced);
	regionset_add_range(log->unsynced, attach->valid_count, attach->region_count);
}

/* A core log has nothing but its memory: new, or as it was left. */
static void start_from_memory(struct regionlog *log, const struct regionlog_attach *attach)
{
	regionlog_resize(log, attach->region_count, attach->sync == LOG_SYNC_NONE);
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
		log->wanted_count = 0;
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
		regionlog_resize(log, attach->region_count, attach->sync == LOG_SYNC_NONE);
	}
	entry = regionlog_need_node(log, node);
	/* Marks of a former life: this one's kernel cannot vouch for them. */
	if (entry->lost)
		regionlog_give_up_marks(log, entry);
	if (!entry->attached)
		entry->opaque = attach->reconnect;
	entry->holds = true;
	entry->attached = true;
	entry->absent = false;
	entry->region_count = attach->region_count;
	regionlog_fit_to_tables(log);
	regionlog_elect_writer(log);
	return result;
}

void regionlog_release(struct regionlog *log, uint32_t node)
{
	struct regionlog_node *entry = regionlog_find_node(log, node);

	if (!entry)
		return;
	/* A life later, nobody can say that these writes reached both legs. */
	if (entry->lost)
		regionlog_give_up_marks(log, entry);
	regionset_clear(entry->marked);
	regionset_clear(entry->working);
	regionset_clear(entry->tainted);
	entry->opaque = false;
}

void regionlog_end_attachment(struct regionlog *log, struct regionlog_node *entry)
{
	if (!entry->attached)
		return;
	entry->attached = false;
	entry->absent = false;
	regionlog_elect_writer(log);
	regionset_clear(entry->primary_only);
	if (!regionlog_any_attached(log))
		log->generation++;
	regionlog_fit_to_tables(log);
}

void regionlog_detach(struct regionlog *log, uint32_t node)
{
	struct regionlog_node *entry = regionlog_find_node(log, node);

	if (!entry)
		return;
	regionlog_release(log, node);
	regionlog_end_attachment(log, entry);
	regionlog_drop_idle_node(log, node);
}

void regionlog_forget(struct regionlog *log, uint32_t node)
{
	struct regionlog_node *entry = regionlog_find_node(log, node);

	if (!entry)
		return;
	entry->holds = false;
	regionlog_detach(log, node);
}
