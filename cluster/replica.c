/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All logs at one position: finding, adding and dropping them. */
#include <stdlib.h>
#include <string.h>

#include "cluster/replica_internal.h"
#include "common/memory.h"

struct replica *replica_new(void)
{
	return memory_new(1, sizeof(struct replica));
}

void replica_free(struct replica *replica)
{
	if (!replica)
		return;
	for (size_t i = 0; i < replica->log_count; i++)
		regionlog_free(replica->logs[i]);
	free(replica->logs);
	drafts_free(&replica->drafts);
	free(replica);
}

uint64_t replica_position(const struct replica *replica)
{
	return replica->position;
}

void replica_advance(struct replica *replica)
{
	replica->position++;
}

size_t replica_place_of(const struct replica *replica, const char *uuid, bool *found)
{
	size_t low = 0;
	size_t high = replica->log_count;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(replica->logs[middle]->uuid, uuid);

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct regionlog *replica_find(const struct replica *replica, const char *uuid)
{
	bool found;
	size_t at = replica_place_of(replica, uuid, &found);

	return found ? replica->logs[at] : NULL;
}

size_t replica_log_count(const struct replica *replica)
{
	return replica->log_count;
}

struct regionlog *replica_log(const struct replica *replica, size_t index)
{
	return replica->logs[index];
}

void replica_insert(struct replica *replica, size_t at, struct regionlog *log)
{
	replica->logs =
		memory_resize(replica->logs, (replica->log_count + 1) * sizeof(struct regionlog *));
	memmove(&replica->logs[at + 1], &replica->logs[at],
		(replica->log_count - at) * sizeof(struct regionlog *));
	replica->logs[at] = log;
	replica->log_count++;
}

struct regionlog *replica_need_log(struct replica *replica, const char *uuid)
{
	bool found;
	size_t at = replica_place_of(replica, uuid, &found);

	if (!found) {
		replica_insert(replica, at, regionlog_new(uuid));
		replica->logs[at]->generation = replica->generation;
	}
	return replica->logs[at];
}

uint64_t replica_generation(const struct replica *replica, const char *uuid)
{
	const struct regionlog *log = replica_find(replica, uuid);

	return log ? log->generation : replica->generation;
}

uint32_t replica_drafting_node(const struct replica *replica, const char *uuid)
{
	return drafts_node(&replica->drafts, uuid);
}

static void dispose(struct replica *replica, struct regionlog *log)
{
	if (log->generation >= replica->generation)
		replica->generation = log->generation + 1;
	regionlog_free(log);
}

void replica_remove_at(struct replica *replica, size_t at)
{
	replica->log_count--;
	memmove(&replica->logs[at], &replica->logs[at + 1],
		(replica->log_count - at) * sizeof(struct regionlog *));
}

void replica_drop_if_unused(struct replica *replica, const char *uuid)
{
	bool found;
	size_t at = replica_place_of(replica, uuid, &found);

	if (!found || !regionlog_is_unused(replica->logs[at]))
		return;
	dispose(replica, replica->logs[at]);
	replica_remove_at(replica, at);
}

void replica_drop_unused(struct replica *replica)
{
	size_t kept = 0;

	for (size_t i = 0; i < replica->log_count; i++) {
		if (regionlog_is_unused(replica->logs[i]))
			dispose(replica, replica->logs[i]);
		else
			replica->logs[kept++] = replica->logs[i];
	}
	replica->log_count = kept;
}

void replica_found(struct replica *replica, uint64_t lineage)
{
	replica->lineage = lineage;
	replica->unproven = true;
	/* Each of its daemons says anew what it knows. */
	replica->attendance = (struct attendance){0};
}

uint64_t replica_lineage(const struct replica *replica)
{
	return replica->lineage;
}

bool replica_is_unproven(const struct replica *replica)
{
	return replica->unproven;
}

bool replica_is_present(const struct replica *replica, uint32_t node)
{
	return attendance_is_present(&replica->attendance, node);
}

bool replica_is_lost(const struct replica *replica, uint32_t node)
{
	if (attendance_is_stranger(&replica->attendance, node))
		return true;
	for (size_t i = 0; i < replica->log_count; i++) {
		const struct regionlog_node *entry = regionlog_find_node(replica->logs[i], node);

		if (entry && regionlog_awaits_fencing(entry))
			return true;
	}
	return false;
}
