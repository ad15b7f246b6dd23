/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogctl/region_map.h"

#include <errno.h>
#include <stdlib.h>

#include "common/memory.h"
#include "daemons/clogctl/json_read.h"
#include "daemons/clogctl/status.h"

static uint64_t count_at(struct json_object *array, size_t index)
{
	return index < json_length(array) ? json_object_get_uint64(json_at(array, index)) : 0;
}

static void parse_cells(struct json_object *json, struct region_map *map)
{
	for (size_t i = 0; i < map->cell_count; i++) {
		uint64_t left = map->regions - i * map->cell_regions;

		map->cells[i] = (struct map_cell){
			.regions = left < map->cell_regions ? left : map->cell_regions,
			.unsynced = count_at(json_member(json, "unsynced"), i),
			.recovering = count_at(json_member(json, "recovering"), i),
			.dirty = count_at(json_member(json, "dirty"), i),
			.retained = count_at(json_member(json, "retained"), i),
		};
		/* What is retained here may not have been ordered yet, or not any more. */
		if (map->cells[i].retained > map->cells[i].dirty)
			map->cells[i].retained = map->cells[i].dirty;
	}
}

int region_map_parse(const char *text, struct region_map *map)
{
	struct json_object *json = json_tokener_parse(text);
	uint64_t cells;

	*map = (struct region_map){
		.region_bytes = json_number(json, "region_size") * SECTOR_BYTES,
		.regions = json_number(json, "regions"),
		.cell_regions = json_number(json, "cell_regions"),
		.cell_count = json_length(json_member(json, "unsynced")),
	};
	cells = map->cell_regions ? (map->regions - 1) / map->cell_regions + 1 : 0;
	if (!map->regions || !map->cell_count || cells != map->cell_count) {
		json_object_put(json);
		return -EBADMSG;
	}
	map->cells = memory_new(map->cell_count, sizeof(*map->cells));
	parse_cells(json, map);
	json_object_put(json);
	return 0;
}

void region_map_free(struct region_map *map)
{
	free(map->cells);
	*map = (struct region_map){.cells = NULL};
}

enum cell_kind map_cell_kind(const struct map_cell *cell)
{
	if (cell->recovering)
		return CELL_RECOVERING;
	if (cell->unsynced)
		return cell->unsynced < cell->regions ? CELL_PARTLY_UNSYNCED : CELL_UNSYNCED;
	if (cell->dirty)
		return cell->retained < cell->dirty ? CELL_DIRTY : CELL_RETAINED;
	return CELL_IN_SYNC;
}
