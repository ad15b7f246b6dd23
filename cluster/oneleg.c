/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regions that this node's kernel writes to one leg, unmarked, since a write or
 * a copy failed there. The state knows them, and so does the next daemon, unless
 * all daemons die: then only what is kept here tells.
 */
#include <stdlib.h>
#include <string.h>

#include "cluster/engine_internal.h"
#include "cluster/oneleg.h"
#include "common/memory.h"

/* Of an earlier daemon; its kernel has not reconnected yet. */
struct oneleg {
	struct oneleg *next;
	char uuid[ULOG_UUID_SIZE];
	uint64_t luid;
	struct regionset *regions;
};

static struct oneleg **find(struct engine *engine, const char *uuid)
{
	struct oneleg **at = &engine->oneleg;

	while (*at && strcmp((*at)->uuid, uuid) != 0)
		at = &(*at)->next;
	return at;
}

void engine_recall_one_leg(struct engine *engine, const char *uuid, uint64_t luid,
			   const uint32_t *regions, size_t count)
{
	struct oneleg *oneleg;

	if (strlen(uuid) >= ULOG_UUID_SIZE)
		return;
	oneleg = memory_new(1, sizeof(*oneleg));
	ulog_uuid_copy(oneleg->uuid, uuid);
	oneleg->luid = luid;
	oneleg->regions = regionset_new();
	for (size_t i = 0; i < count; i++)
		regionset_add(oneleg->regions, regions[i]);
	oneleg->next = engine->oneleg;
	engine->oneleg = oneleg;
}

/* The table that was live last: no other has written. */
static const struct instance *with_one_leg(const struct locallog *log)
{
	const struct instance *instance = log ? log->instances : NULL;

	while (instance && regionset_is_empty(instance->one_leg))
		instance = instance->next;
	return instance;
}

void oneleg_changed(struct engine *engine, const char *uuid)
{
	const struct instance *instance = with_one_leg(locallog_find(engine, uuid));
	const struct oneleg *recalled = *find(engine, uuid);
	const struct regionset *set = instance   ? instance->one_leg
				      : recalled ? recalled->regions
						 : NULL;
	uint32_t count = set ? (uint32_t)regionset_count(set) : 0;
	uint32_t *regions;

	if (!engine->ports.remember_one_leg)
		return;
	regions = memory_new((size_t)count + 1, sizeof(*regions));
	if (count > 0)
		count = regionset_list(set, 0, regions, count);
	engine->ports.remember_one_leg(engine->ports.context, uuid,
				       instance   ? instance->luid
				       : recalled ? recalled->luid
						  : 0,
				       regions, count);
	free(regions);
}

static void drop(struct oneleg **at)
{
	struct oneleg *oneleg = *at;

	*at = oneleg->next;
	regionset_free(oneleg->regions);
	free(oneleg);
}

void oneleg_take(struct engine *engine, const char *uuid, struct instance *instance)
{
	struct oneleg **at = find(engine, uuid);

	if (!*at || (*at)->luid != instance->luid)
		return;
	regionset_add_all(instance->one_leg, (*at)->regions);
	drop(at);
}

static bool is_recalled_of_another(struct engine *engine, const struct locallog *log,
				   const struct instance *instance)
{
	const struct oneleg *recalled = *find(engine, log->uuid);

	return recalled && recalled->luid != instance->luid;
}

bool oneleg_is_of_another(struct engine *engine, const struct locallog *log,
			  const struct instance *instance)
{
	const struct instance *other = with_one_leg(log);

	return (other && other != instance) || is_recalled_of_another(engine, log, instance);
}

bool oneleg_is_stale(const struct engine *engine, const struct locallog *log)
{
	const struct regionlog_node *own = engine_own_node(engine, log);
	struct regionset *left;
	bool any;

	if (!own || regionset_is_empty(own->primary_only))
		return false;
	left = regionset_copy(own->primary_only);
	regionset_remove_all(left, log->active->one_leg);
	/* Copied by this very table; the word is on its way. */
	regionset_remove_all(left, log->done);
	regionset_remove_all(left, log->reported);
	any = !regionset_is_empty(left);
	regionset_free(left);
	return any;
}

void oneleg_outlived(struct engine *engine, const char *uuid, const struct instance *live)
{
	struct oneleg **at = find(engine, uuid);

	if (!*at || (*at)->luid == live->luid)
		return;
	drop(at);
	oneleg_changed(engine, uuid);
}

void oneleg_gone(struct engine *engine, const char *uuid)
{
	struct oneleg **at = find(engine, uuid);

	if (!*at)
		return;
	drop(at);
	oneleg_changed(engine, uuid);
}

void oneleg_destroyed(struct engine *engine, const char *uuid, uint64_t luid)
{
	const struct oneleg *recalled = *find(engine, uuid);
	const struct regionlog *state = replica_find(engine->replica, uuid);
	const struct regionlog_node *own =
		state ? regionlog_find_node(state, engine->settings.node) : NULL;

	/* Still in the state: when the next table is met, this tells that they are not its own. */
	if (recalled && recalled->luid == luid && !(own && !regionset_is_empty(own->primary_only)))
		oneleg_gone(engine, uuid);
}

void oneleg_free(struct engine *engine)
{
	while (engine->oneleg)
		drop(&engine->oneleg);
}
