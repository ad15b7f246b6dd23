/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The regions of one log as a picture of bounded size. */
#include <assert.h>
#include <errno.h>

#include "cluster/engine_internal.h"

/* The sets that make a picture: unions over the nodes. Owned. */
struct layers {
	struct regionset *unsynced;
	struct regionset *recovering;
	struct regionset *dirty;
	struct regionset *retained;
};

/* Beside `unsynced` itself, which may be large and is not copied: what lost nodes had marked. */
static void collect_node(const struct regionlog *state, const struct regionlog_node *node,
			 struct layers *layers)
{
	regionset_add_all(layers->recovering, node->working);
	regionset_add_all(layers->dirty, node->marked);
	if (!node->lost)
		return;
	regionset_add_all(layers->unsynced, node->marked);
	regionset_remove_all(layers->unsynced, state->unsynced);
}

static void collect(const struct regionlog *state, const struct locallog *log,
		    struct layers *layers)
{
	*layers =
		(struct layers){regionset_new(), regionset_new(), regionset_new(), regionset_new()};
	for (size_t i = 0; i < state->node_count; i++)
		collect_node(state, &state->nodes[i], layers);
	if (log)
		window_collect(log->window, layers->retained);
}

static void release(struct layers *layers)
{
	regionset_free(layers->unsynced);
	regionset_free(layers->recovering);
	regionset_free(layers->dirty);
	regionset_free(layers->retained);
}

static void count_cells(const struct regionlog *state, const struct layers *layers,
			struct engine_map *map)
{
	for (size_t i = 0; i < map->cell_count; i++) {
		uint64_t first = i * map->cell_regions;
		uint64_t end = first + map->cell_regions;

		if (end > map->regions)
			end = map->regions;
		map->cells[i] = (struct engine_map_cell){
			.unsynced = regionset_count_range(state->unsynced, first, end) +
				    regionset_count_range(layers->unsynced, first, end),
			.recovering = regionset_count_range(layers->recovering, first, end),
			.dirty = regionset_count_range(layers->dirty, first, end),
			.retained = regionset_count_range(layers->retained, first, end),
		};
	}
}

int engine_map(const struct engine *engine, const char *uuid, size_t cells_max,
	       struct engine_map *map)
{
	const struct regionlog *state = replica_find(engine->replica, uuid);
	struct layers layers;

	assert(cells_max > 0 && cells_max <= ENGINE_MAP_CELLS_MAX);
	if (!state || !state->region_count)
		return -ENOENT;
	map->region_size_sectors = state->region_size_sectors;
	map->regions = state->region_count;
	map->cell_regions = (map->regions + cells_max - 1) / cells_max;
	map->cell_count = (size_t)((map->regions + map->cell_regions - 1) / map->cell_regions);
	collect(state, locallog_find(engine, uuid), &layers);
	count_cells(state, &layers, map);
	release(&layers);
	return 0;
}
