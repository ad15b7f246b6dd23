/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The regions of a log by cells, parsed, and the two pictures of them. */
#ifndef CLOGD_CLOGCTL_REGION_MAP_H
#define CLOGD_CLOGCTL_REGION_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct map_cell {
	uint64_t regions; /* that it stands for */
	uint64_t unsynced;
	uint64_t recovering; /* of these, handed out to be copied */
	uint64_t dirty;
	uint64_t retained; /* of these, by this node */
};

struct region_map {
	uint64_t region_bytes;
	uint64_t regions;
	uint64_t cell_regions;
	struct map_cell *cells; /* owned */
	size_t cell_count;
};

/* What a cell shows: the worst of its regions; the later kinds win. */
enum cell_kind {
	CELL_IN_SYNC,
	CELL_RETAINED,        /* marked, and no write of this node's kernel is under way */
	CELL_DIRTY,           /* marked: being written */
	CELL_PARTLY_UNSYNCED, /* not all of its regions are in sync */
	CELL_UNSYNCED,
	CELL_RECOVERING, /* being copied */
	CELL_KINDS,
};

/* 0, or -EBADMSG; then there is nothing to free. */
int region_map_parse(const char *text, struct region_map *map);
void region_map_free(struct region_map *map);
enum cell_kind map_cell_kind(const struct map_cell *cell);

/* Whose map it is, for its head. */
struct map_title {
	const char *name;
	const char *uuid;
};

/* In characters, `width` cells a row, with a legend. */
void map_print_text(const struct region_map *map, const struct map_title *title, int width,
		    bool colour, FILE *out);
/* A drawing of its own, `width` cells a row. */
void map_print_svg(const struct region_map *map, const struct map_title *title, int width,
		   FILE *out);

#endif
