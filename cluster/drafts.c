/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cluster/drafts.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/planted.h"

struct draft {
	struct draft *next;
	char uuid[ULOG_UUID_SIZE];
	uint32_t node;
	uint64_t generation;   /* the log's when its device was read */
	uint64_t region_count; /* of the table */
	uint64_t end;          /* what was read of the regions below it is here */
	struct regionset *unsynced;
};

static void free_draft(struct draft *draft)
{
	regionset_free(draft->unsynced);
	free(draft);
}

void drafts_free(struct drafts *drafts)
{
	drafts_drop(drafts, NULL, 0);
}

void drafts_drop(struct drafts *drafts, const char *uuid, uint32_t node)
{
	for (struct draft **at = &drafts->first; *at;) {
		struct draft *draft = *at;

		if ((uuid && strcmp(draft->uuid, uuid) != 0) || (node && draft->node != node)) {
			at = &draft->next;
			continue;
		}
		*at = draft->next;
		free_draft(draft);
	}
}

static struct draft *find(const struct drafts *drafts, const char *uuid)
{
	struct draft *draft = drafts->first;

	while (draft && strcmp(draft->uuid, uuid) != 0)
		draft = draft->next;
	return draft;
}

uint32_t drafts_node(const struct drafts *drafts, const char *uuid)
{
	const struct draft *draft = find(drafts, uuid);

	return draft ? draft->node : 0;
}

static struct draft *start(struct drafts *drafts, uint32_t node, const struct wire_op *op)
{
	struct draft **at = &drafts->first;
	struct draft *draft = memory_new(1, sizeof(*draft));

	while (*at && strcmp((*at)->uuid, op->uuid) < 0)
		at = &(*at)->next;
	ulog_uuid_copy(draft->uuid, op->uuid);
	draft->node = node;
	draft->generation = op->attach.generation;
	draft->region_count = op->attach.region_count;
	draft->unsynced = regionset_new();
	draft->next = *at;
	*at = draft;
	return draft;
}

bool drafts_add(struct drafts *drafts, uint32_t node, const struct wire_op *op)
{
	struct draft *draft;

	if (op->first == 0)
		drafts_drop(drafts, op->uuid, node);
	draft = find(drafts, op->uuid);
	if (op->first == 0 && !draft)
		draft = start(drafts, node, op);
	if (!draft || draft->node != node || draft->end != op->first ||
	    draft->generation != op->attach.generation ||
	    draft->region_count != op->attach.region_count)
		return false;
	if (op->first == 0 || !PLANTED(FIRST_PIECE))
		regionset_add_all(draft->unsynced, op->attach.unsynced);
	draft->end = op->end;
	return true;
}

struct regionset *drafts_take(struct drafts *drafts, const char *uuid, uint32_t node,
			      const struct regionlog_attach *attach)
{
	struct draft *draft = find(drafts, uuid);
	struct regionset *unsynced = NULL;

	if (!draft || draft->node != node)
		return NULL;
	if (attach->drafted && draft->generation == attach->generation &&
	    draft->region_count == attach->region_count && draft->end == draft->region_count) {
		unsynced = draft->unsynced;
		draft->unsynced = NULL;
	}
	drafts_drop(drafts, uuid, node);
	return unsynced;
}

void drafts_encode(const struct drafts *drafts, struct bytes_buffer *buffer)
{
	for (const struct draft *draft = drafts->first; draft; draft = draft->next) {
		bytes_put_string(buffer, draft->uuid);
		bytes_put_u32(buffer, draft->node);
		bytes_put_u64(buffer, draft->generation);
		bytes_put_u64(buffer, draft->region_count);
		bytes_put_u64(buffer, draft->end);
		regionset_encode(draft->unsynced, buffer);
	}
}

static struct draft *decode_draft(struct bytes_reader *reader)
{
	struct draft *draft = memory_new(1, sizeof(*draft));

	bytes_get_string(reader, draft->uuid, sizeof(draft->uuid));
	draft->node = bytes_get_u32(reader);
	draft->generation = bytes_get_u64(reader);
	draft->region_count = bytes_get_u64(reader);
	draft->end = bytes_get_u64(reader);
	if (draft->uuid[0] == '\0' || draft->node == 0 ||
	    draft->region_count > LOGARGS_REGIONS_MAX || draft->end == 0 ||
	    draft->end > draft->region_count)
		reader->failed = true;
	else
		draft->unsynced = regionset_decode(reader, draft->end);
	return draft;
}

void drafts_decode(struct drafts *drafts, struct bytes_reader *reader)
{
	struct draft **last = &drafts->first;
	const char *previous = "";

	while (!reader->failed && bytes_left(reader) > 0) {
		struct draft *draft = decode_draft(reader);

		*last = draft;
		last = &draft->next;
		if (strcmp(draft->uuid, previous) <= 0)
			reader->failed = true;
		previous = draft->uuid;
	}
}
