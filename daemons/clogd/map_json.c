/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/map_json.h"

#include <stdlib.h>

#include "common/memory.h"
#include "daemons/clogd/json_add.h"

static uint64_t unsynced(const struct engine_map_cell *cell)
{
	return cell->unsynced;
}

static uint64_t recovering(const struct engine_map_cell *cell)
{
	return cell->recovering;
}

static uint64_t dirty(const struct engine_map_cell *cell)
{
	return cell->dirty;
}

static uint64_t retained(const struct engine_map_cell *cell)
{
	return cell->retained;
}

/* One count of each cell. */
static void add_layer(struct json_object *object, const char *key, const struct engine_map *map,
		      uint64_t (*count)(const struct engine_map_cell *cell))
{
	struct json_object *array = json_object_new_array_ext((int)map->cell_count);

	for (size_t i = 0; i < map->cell_count; i++)
		json_object_array_add(array, json_object_new_uint64(count(&map->cells[i])));
	json_add(object, key, array);
}

char *map_json(const struct engine *engine, const char *uuid, size_t cells_max)
{
	struct engine_map *map = memory_new(1, sizeof(*map));
	struct bytes_buffer text = {0};
	struct json_object *object;

	if (engine_map(engine, uuid, cells_max, map)) {
		free(map);
		return NULL;
	}
	object = json_object_new_object();
	json_add_string(object, "uuid", uuid);
	json_add_number(object, "region_size", map->region_size_sectors);
	json_add_number(object, "regions", map->regions);
	json_add_number(object, "cell_regions", map->cell_regions);
	add_layer(object, "unsynced", map, unsynced);
	add_layer(object, "recovering", map, recovering);
	add_layer(object, "dirty", map, dirty);
	add_layer(object, "retained", map, retained);
	free(map);
	json_append(&text, object);
	bytes_put_u8(&text, 0);
	return (char *)text.data;
}
