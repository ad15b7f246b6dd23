/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pictures of a log's regions. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "daemons/clogctl/region_map.h"
#include "daemons/clogctl/text.h"
#include "tests/unit/clogctl_samples.h"

/* Seven regions, one of each kind, the last two in sync. */
#define SMALL                                                                    \
	"{\"uuid\":\"u\",\"region_size\":1024,\"regions\":7,\"cell_regions\":1," \
	"\"unsynced\":[0,0,0,1,1,0,0],\"recovering\":[0,0,0,0,1,0,0],"           \
	"\"dirty\":[0,1,1,0,0,0,0],\"retained\":[0,1,0,0,0,0,0]}"
/* 1,000 regions in cells of 300. */
#define LARGE                                                                                  \
	"{\"region_size\":8,\"regions\":1000,\"cell_regions\":300,\"unsynced\":[0,1,300,100]," \
	"\"recovering\":[0,0,0,0],\"dirty\":[2,0,0,0],\"retained\":[1,0,0,0]}"

static const struct map_title title = {"mirror", "LVM-<&>"};

static char *draw(const char *json, bool as_svg, int width, bool colour)
{
	struct region_map map;
	struct printed printed;

	assert_int_equal(region_map_parse(json, &map), 0);
	printed_begin(&printed);
	if (as_svg)
		map_print_svg(&map, &title, width, printed.out);
	else
		map_print_text(&map, &title, width, colour, printed.out);
	printed_end(&printed);
	region_map_free(&map);
	return printed.text;
}

static void what_does_not_add_up_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"{}",
		"{\"regions\":7,\"cell_regions\":0,\"unsynced\":[0]}",
		"{\"regions\":7,\"cell_regions\":1,\"unsynced\":[0]}",
		"{\"regions\":0,\"cell_regions\":1,\"unsynced\":[]}",
		"{\"regions\":7,\"cell_regions\":3,\"unsynced\":[0,0,0,0]}",
	};
	struct region_map map;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(region_map_parse(texts[i], &map), -EBADMSG);
}

static void more_retained_than_dirty_is_cut_off(void **state)
{
	char *text = draw("{\"region_size\":8,\"regions\":2,\"cell_regions\":1,\"unsynced\":[0,0],"
			  "\"recovering\":[0,0],\"dirty\":[0,1],\"retained\":[1,1]}",
			  false, 64, false);

	(void)state;
	assert_says(text, "0 .r\n");
	assert_says(text, "elsewhere               0         0 B\n");
	free(text);
}

static void the_worst_of_a_cell_is_shown(void **state)
{
	static const struct {
		struct map_cell cell;
		enum cell_kind kind;
	} cases[] = {
		{{10, 0, 0, 0, 0}, CELL_IN_SYNC},   {{10, 0, 0, 3, 3}, CELL_RETAINED},
		{{10, 0, 0, 3, 2}, CELL_DIRTY},     {{10, 1, 0, 3, 2}, CELL_PARTLY_UNSYNCED},
		{{10, 10, 0, 0, 0}, CELL_UNSYNCED}, {{10, 10, 1, 10, 0}, CELL_RECOVERING},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(map_cell_kind(&cases[i].cell), cases[i].kind);
}

static void a_letter_a_region_where_they_are_few(void **state)
{
	char *text = draw(SMALL, false, 4, false);

	(void)state;
	assert_says(text, "mirror (LVM-<&>): 7 regions of 512.0 KiB\n"
			  "each character stands for a region\n"
			  "0 .rdX\n"
			  "4 C..\n");
	assert_says(text, "  X  out of sync                                                      "
			  "2     1.0 MiB\n");
	assert_silent(text, "in part");
	assert_silent(text, "\033");
	free(text);
}

static void a_letter_for_many_where_they_are_many(void **state)
{
	char *text = draw(LARGE, false, 64, false);

	(void)state;
	assert_says(text, "stands for 300 regions, 1.1 MiB: for the worst of them\n"
			  "  0 dxXX\n");
	assert_says(text, "in part\n");
	/* The legend counts regions, not letters. */
	assert_says(text, "401     1.5 MiB\n");
	free(text);
}

static void colour_ends_with_its_row(void **state)
{
	char *text = draw(SMALL, false, 4, true);

	(void)state;
	assert_says(text, "0 ." TEXT_CYAN "r" TEXT_PLAIN TEXT_YELLOW "d" TEXT_PLAIN TEXT_RED
			  "X" TEXT_PLAIN "\n");
	assert_says(text, "4 " TEXT_GREEN "C" TEXT_PLAIN "..\n");
	free(text);
}

static size_t count(const char *text, const char *part)
{
	size_t found = 0;

	for (text = strstr(text, part); text; text = strstr(text + 1, part))
		found++;
	return found;
}

static void a_drawing_has_neighbours_in_one_rectangle(void **state)
{
	char *text = draw(SMALL, true, 64, false);

	(void)state;
	assert_says(text, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
	assert_says(text, "<title>regions 5 to 6: in sync</title>");
	assert_int_equal(count(text, "<title>"), 6);
	assert_int_equal(count(text, "<rect"), 1 + 6 + CELL_KINDS);
	assert_int_equal(count(text, "</svg>\n"), 1);
	free(text);
	text = draw(LARGE, true, 2, false);
	assert_says(text, "<title>regions 600 to 999: out of sync</title>");
	free(text);
}

static void a_drawing_escapes_names(void **state)
{
	static const struct map_title nameless = {"", "a<b>\"&\033"};
	struct region_map map;
	struct printed printed;

	(void)state;
	assert_int_equal(region_map_parse(SMALL, &map), 0);
	printed_begin(&printed);
	map_print_svg(&map, &nameless, 64, printed.out);
	printed_end(&printed);
	assert_says(printed.text, ">a&lt;b&gt;&quot;&amp;?</text>");
	free(printed.text);
	region_map_free(&map);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_does_not_add_up_is_refused),
		cmocka_unit_test(more_retained_than_dirty_is_cut_off),
		cmocka_unit_test(the_worst_of_a_cell_is_shown),
		cmocka_unit_test(a_letter_a_region_where_they_are_few),
		cmocka_unit_test(a_letter_for_many_where_they_are_many),
		cmocka_unit_test(colour_ends_with_its_row),
		cmocka_unit_test(a_drawing_has_neighbours_in_one_rectangle),
		cmocka_unit_test(a_drawing_escapes_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
