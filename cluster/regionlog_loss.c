/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes and daemons that are lost, what they leave, and how they come back. */
#include "cluster/regionlog_internal.h"
#include "common/planted.h"

void regionlog_give_up_marks(struct regionlog *log, struct regionlog_node *entry)
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
		regionlog_need_node(log, nodes[i])->opaque = !PLANTED(FORGET_OPAQUE);
	}
}

void regionlog_suspect(struct regionlog *log, uint32_t node)
{
	regionlog_need_node(log, node)->opaque = !PLANTED(FORGET_OPAQUE);
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
	struct regionlog_node *entry = regionlog_need_node(log, node);
	uint64_t region;

	entry->holds = true;
	entry->attached = true;
	entry->absent = false;
	entry->lost = false;
	entry->opaque = attach->reconnect;
	entry->region_count = attach->region_count;
	if (attach->region_count > log->region_count)
		regionlog_resize(log, attach->region_count, false);
	regionlog_elect_writer(log);
	drop_ended_marks(entry, marked);
	/* What was given away while the node was cut off may have been written twice: nobody can tell. */
	for (region = regionset_next(marked, 0); region < log->region_count;
	     region = regionset_next(marked, region + 1)) {
		if (regionset_contains(entry->marked, (uint32_t)region) || PLANTED(FORGET_CUT_OFF))
			continue;
		regionset_add(log->unsynced, (uint32_t)region);
		regionlog_mark(log, node, (uint32_t)region);
	}
	for (region = regionset_next(primary_only, 0); region < log->region_count;
	     region = regionset_next(primary_only, region + 1))
		regionlog_unsync(log, node, (uint32_t)region);
}

static void doubt_node(struct regionlog_node *entry)
{
	regionset_clear(entry->working);
	regionset_clear(entry->tainted);
	entry->opaque = entry->opaque || entry->attached;
	entry->attached = false;
	entry->absent = false;
}

void regionlog_doubt(struct regionlog *log)
{
	if (log->type == LOG_TYPE_CORE) {
		regionset_add_range(log->unsynced, 0, log->region_count);
		return;
	}
	for (size_t i = 0; i < log->node_count; i++)
		doubt_node(&log->nodes[i]);
	log->writer = 0;
	log->generation++;
}

bool regionlog_needs_attach(const struct regionlog *log)
{
	bool known = log->region_size_sectors != 0; /* else it is only expected */

	return !regionlog_any_attached(log) && (log->type == LOG_TYPE_DISK || !known);
}

void regionlog_found(struct regionlog *log, const struct regionset *dirty)
{
	regionset_add_all(log->unsynced, dirty);
	regionset_remove_range(log->unsynced, log->region_count, LOGARGS_REGIONS_MAX);
}

void regionlog_daemon_gone(struct regionlog *log, uint32_t node)
{
	struct regionlog_node *entry = regionlog_find_node(log, node);

	if (!entry)
		return;
	if (PLANTED(FORGET_DAEMON))
		regionset_clear(entry->marked);
	if (entry->attached)
		entry->absent = true;
	else if (!entry->opaque && !entry->lost)
		regionlog_forget(log, node);
	regionlog_elect_writer(log);
}

void regionlog_node_down(struct regionlog *log, uint32_t node)
{
	struct regionlog_node *entry = regionlog_find_node(log, node);

	if (!entry)
		return;
	if (PLANTED(FORGET_DEAD))
		regionset_clear(entry->marked);
	/* It may have been copying: until it is gone for good, that is as good as a write. */
	regionset_add_all(entry->marked, entry->working);
	regionset_clear(entry->working);
	regionset_clear(entry->tainted);
	entry->holds = false;
	entry->lost = entry->opaque || !regionset_is_empty(entry->marked);
	regionlog_end_attachment(log, entry);
	regionlog_drop_idle_node(log, node);
}

bool regionlog_awaits_fencing(const struct regionlog_node *entry)
{
	/* An attached one has a kernel that speaks, whatever somebody says of it. */
	return entry->lost || (entry->opaque && !entry->attached);
}

bool regionlog_fenced(struct regionlog *log, uint32_t node)
{
	struct regionlog_node *entry = regionlog_find_node(log, node);

	if (!entry || !regionlog_awaits_fencing(entry))
		return false;
	regionlog_node_down(log, node);
	entry = regionlog_find_node(log, node);
	if (entry)
		regionlog_give_up_marks(log, entry);
	regionlog_drop_idle_node(log, node);
	regionlog_fit_to_tables(log);
	return true;
}
