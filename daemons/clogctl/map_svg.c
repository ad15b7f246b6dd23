/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "daemons/clogctl/region_map.h"
#include "daemons/clogctl/text.h"

#define CELL_PIXELS 10
#define MARGIN      10
#define HEAD        46 /* above the cells: two lines */
#define LEGEND_LINE 18

static const struct {
	const char *fill;
	const char *meaning;
} kinds[CELL_KINDS] = {
	[CELL_IN_SYNC] = {"#b7dfb9", "in sync"},
	[CELL_RETAINED] = {"#9ecae1", "marked, retained by this node"},
	[CELL_DIRTY] = {"#fdd835", "marked dirty"},
	[CELL_PARTLY_UNSYNCED] = {"#ef9a9a", "out of sync, in part"},
	[CELL_UNSYNCED] = {"#c62828", "out of sync"},
	[CELL_RECOVERING] = {"#7e57c2", "being copied"},
};

static void print_escaped(const char *text, FILE *out)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			/* XML has no place for control characters, escaped or not. */
			fputc((unsigned char)*text < ' ' ? '?' : *text, out);
		}
}

static void print_head(const struct region_map *map, const struct map_title *title, FILE *out)
{
	char size[TEXT_NUMBER];

	text_bytes(size, sizeof(size), map->region_bytes);
	fprintf(out, "<text x=\"%d\" y=\"20\" font-weight=\"bold\">", MARGIN);
	print_escaped(*title->name ? title->name : title->uuid, out);
	fprintf(out,
		"</text>\n<text x=\"%d\" y=\"36\">%" PRIu64 " regions of %s; a square is %" PRIu64
		"</text>\n",
		MARGIN, map->regions, size, map->cell_regions);
}

/* Neighbours of a kind in one rectangle: most maps are mostly of one kind. */
static void print_run(const struct region_map *map, size_t first, size_t count, size_t width,
		      FILE *out)
{
	enum cell_kind kind = map_cell_kind(&map->cells[first]);
	uint64_t last = (first + count) * map->cell_regions;

	fprintf(out,
		"<rect x=\"%zu\" y=\"%zu\" width=\"%zu\" height=\"%d\" fill=\"%s\"><title>regions "
		"%" PRIu64 " to %" PRIu64 ": %s</title></rect>\n",
		MARGIN + first % width * CELL_PIXELS, HEAD + first / width * CELL_PIXELS,
		count * CELL_PIXELS - 1, CELL_PIXELS - 1, kinds[kind].fill,
		first * map->cell_regions, (last < map->regions ? last : map->regions) - 1,
		kinds[kind].meaning);
}

static void print_cells(const struct region_map *map, size_t width, FILE *out)
{
	size_t first = 0;

	for (size_t i = 1; i <= map->cell_count; i++) {
		if (i < map->cell_count && i % width != 0 &&
		    map_cell_kind(&map->cells[i]) == map_cell_kind(&map->cells[first]))
			continue;
		print_run(map, first, i - first, width, out);
		first = i;
	}
}

static void print_legend(size_t top, FILE *out)
{
	for (int kind = 0; kind < CELL_KINDS; kind++) {
		size_t y = top + (size_t)kind * LEGEND_LINE;

		fprintf(out,
			"<rect x=\"%d\" y=\"%zu\" width=\"%d\" height=\"%d\" fill=\"%s\"/>"
			"<text x=\"%d\" y=\"%zu\">%s</text>\n",
			MARGIN, y, CELL_PIXELS - 1, CELL_PIXELS - 1, kinds[kind].fill, MARGIN + 18,
			y + CELL_PIXELS - 1, kinds[kind].meaning);
	}
}

void map_print_svg(const struct region_map *map, const struct map_title *title, int width,
		   FILE *out)
{
	size_t columns = (size_t)width;
	size_t rows = (map->cell_count + columns - 1) / columns;
	size_t legend = HEAD + rows * CELL_PIXELS + MARGIN;

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%zu\" height=\"%zu\" "
		"font-family=\"sans-serif\" font-size=\"12\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
		2 * MARGIN + columns * CELL_PIXELS, legend + CELL_KINDS * LEGEND_LINE + MARGIN);
	print_head(map, title, out);
	print_cells(map, columns, out);
	print_legend(legend, out);
	fputs("</svg>\n", out);
}
