/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "daemons/clogctl/region_map.h"
#include "daemons/clogctl/text.h"

static const struct {
	char letter;
	const char *colour;
	const char *meaning;
} kinds[CELL_KINDS] = {
	[CELL_IN_SYNC] = {'.', "", "in sync"},
	[CELL_RETAINED] = {'r', TEXT_CYAN, "marked, its writes have ended (retained by this node)"},
	[CELL_DIRTY] = {'d', TEXT_YELLOW, "marked dirty: being written, or retained elsewhere"},
	[CELL_PARTLY_UNSYNCED] = {'x', TEXT_RED, "out of sync, in part"},
	[CELL_UNSYNCED] = {'X', TEXT_RED, "out of sync"},
	[CELL_RECOVERING] = {'C', TEXT_GREEN, "being copied"},
};

static void print_head(const struct region_map *map, const struct map_title *title, FILE *out)
{
	char size[TEXT_NUMBER];
	char cell[TEXT_NUMBER];

	text_bytes(size, sizeof(size), map->region_bytes);
	text_bytes(cell, sizeof(cell), map->region_bytes * map->cell_regions);
	fprintf(out, "%s%s%s%s: %" PRIu64 " regions of %s\n", title->name, *title->name ? " (" : "",
		title->uuid, *title->name ? ")" : "", map->regions, size);
	if (map->cell_regions > 1)
		fprintf(out,
			"each character stands for %" PRIu64
			" regions, %s: for the worst of them\n",
			map->cell_regions, cell);
	else
		fputs("each character stands for a region\n", out);
}

static void print_row(const struct region_map *map, size_t first, size_t end, bool colour,
		      FILE *out)
{
	const char *painted = "";

	for (size_t i = first; i < end; i++) {
		enum cell_kind kind = map_cell_kind(&map->cells[i]);

		if (colour && kinds[kind].colour != painted) {
			fprintf(out, "%s%s", *painted ? TEXT_PLAIN : "", kinds[kind].colour);
			painted = kinds[kind].colour;
		}
		fputc(kinds[kind].letter, out);
	}
	fprintf(out, "%s\n", *painted ? TEXT_PLAIN : "");
}

static void print_cells(const struct region_map *map, int width, bool colour, FILE *out)
{
	char last[TEXT_NUMBER];
	int label = snprintf(last, sizeof(last), "%" PRIu64, map->regions - 1);

	for (size_t first = 0; first < map->cell_count; first += (size_t)width) {
		size_t end = first + (size_t)width;

		fprintf(out, "%*" PRIu64 " ", label, first * map->cell_regions);
		print_row(map, first, end < map->cell_count ? end : map->cell_count, colour, out);
	}
}

static uint64_t count_regions(const struct region_map *map, enum cell_kind kind)
{
	uint64_t count = 0;

	for (size_t i = 0; i < map->cell_count; i++) {
		const struct map_cell *cell = &map->cells[i];

		switch (kind) {
		case CELL_IN_SYNC:
			count += cell->regions - cell->unsynced;
			break;
		case CELL_RETAINED:
			count += cell->retained;
			break;
		case CELL_DIRTY:
			count += cell->dirty - cell->retained;
			break;
		case CELL_UNSYNCED:
		case CELL_PARTLY_UNSYNCED:
			count += cell->unsynced;
			break;
		case CELL_RECOVERING:
			count += cell->recovering;
			break;
		case CELL_KINDS:
			break;
		}
	}
	return count;
}

static void print_legend(const struct region_map *map, bool colour, FILE *out)
{
	for (int kind = 0; kind < CELL_KINDS; kind++) {
		uint64_t count = count_regions(map, (enum cell_kind)kind);
		bool painted = colour && *kinds[kind].colour;
		char bytes[TEXT_NUMBER];

		if (kind == CELL_PARTLY_UNSYNCED && map->cell_regions == 1)
			continue;
		text_bytes(bytes, sizeof(bytes), count * map->region_bytes);
		fprintf(out, "  %s%c%s  ", painted ? kinds[kind].colour : "", kinds[kind].letter,
			painted ? TEXT_PLAIN : "");
		/* The next line counts them. */
		if (kind == CELL_PARTLY_UNSYNCED)
			fprintf(out, "%s\n", kinds[kind].meaning);
		else
			fprintf(out, "%-54s%12" PRIu64 "  %10s\n", kinds[kind].meaning, count,
				bytes);
	}
}

void map_print_text(const struct region_map *map, const struct map_title *title, int width,
		    bool colour, FILE *out)
{
	print_head(map, title, out);
	print_cells(map, width, colour, out);
	print_legend(map, colour, out);
}
