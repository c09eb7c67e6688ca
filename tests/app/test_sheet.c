/* Text for a terminal: broken, cut, coloured, and never a command to it. Tables and bars as well.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "on_sheet.h"
#include "sixward/app/grid.h"
#include "sixward/app/sparks.h"

static void words_are_broken_at_blanks_and_only_then_within(void **state)
{
	struct on_sheet on;

	(void)state;
	on_sheet_init(&on, 12, true);
	sheet_put(&on.sheet, TONE_PLAIN, "a: ");
	sheet_put_words(&on.sheet, TONE_PLAIN, 3, "one two three ünüünününü 0123456789abcdef");
	sheet_end_line(&on.sheet);
	assert_string_equal(on_sheet_read(&on), "a: one two\n"
						"   three\n"
						"   ünüününün\n"
						"   ü\n"
						"   012345678\n"
						"   9abcdef\n");
	on_sheet_clear(&on);
}

static void what_is_too_long_is_cut_and_shows_it(void **state)
{
	struct on_sheet on;

	(void)state;
	on_sheet_init(&on, 8, true);
	sheet_put(&on.sheet, TONE_PLAIN, "%s", "exactly8");
	sheet_end_line(&on.sheet);
	sheet_put(&on.sheet, TONE_PLAIN, "%s", "ünd neun1");
	sheet_put(&on.sheet, TONE_PLAIN, "no room");
	sheet_end_line(&on.sheet);
	sheet_put_cut(&on.sheet, TONE_PLAIN, 4, "seven");
	sheet_end_line(&on.sheet);
	sheet_put_whole(&on.sheet, "to be copied");
	assert_string_equal(on_sheet_read(&on), "exactly8\nünd neu…\nsev…\nto be copied");
	on_sheet_clear(&on);
}

static void no_text_commands_the_terminal(void **state)
{
	struct on_sheet on;

	(void)state;
	on_sheet_init(&on, 80, true);
	sheet_put(&on.sheet, TONE_PLAIN, "%s",
		"a\033[2Jb\ac\x7f"
		"d\xc2\x9b"
		"e\n");
	sheet_put_words(&on.sheet, TONE_PLAIN, 0, " \033]0;x\a");
	sheet_put_whole(&on.sheet, " \033c\r");
	assert_string_equal(on_sheet_read(&on), "a?[2Jb?c?d?e? ?]0;x? ?c?");
	on_sheet_clear(&on);
}

static void where_ascii_is_all_there_is_the_rest_shows_as_question_marks(void **state)
{
	struct on_sheet on;

	(void)state;
	on_sheet_init(&on, 6, false);
	sheet_put(&on.sheet, TONE_PLAIN, "%s", "für …");
	sheet_end_line(&on.sheet);
	sheet_put(&on.sheet, TONE_PLAIN, "%s", "too long");
	assert_string_equal(on_sheet_read(&on), "f?r ?\ntoo l~");
	on_sheet_clear(&on);
}

static void colours_end_where_they_began(void **state)
{
	struct on_sheet on;

	(void)state;
	on_sheet_init(&on, 80, true);
	on.sheet.has_colour = true;
	sheet_put(&on.sheet, TONE_PLAIN, "a");
	sheet_put(&on.sheet, TONE_BAD, "b");
	sheet_put_words(&on.sheet, TONE_BOLD, 0, "c");
	assert_string_equal(on_sheet_read(&on), "a\033[31mb\033[m\033[1mc\033[m");
	on_sheet_clear(&on);
}

static const struct grid_column columns[] = { { "name", false, true }, { "n", true, false },
	{ "more", false, true } };

static void columns_are_as_wide_as_what_is_in_them(void **state)
{
	struct on_sheet on;
	struct grid grid;

	(void)state;
	on_sheet_init(&on, 40, true);
	grid_init(&grid, columns, 3);
	grid_add(&grid, TONE_PLAIN, "one");
	grid_add(&grid, TONE_PLAIN, "%d", 7);
	grid_add(&grid, TONE_PLAIN, "ü");
	grid_add(&grid, TONE_PLAIN, "another");
	grid_add(&grid, TONE_PLAIN, "1000");
	grid_add(&grid, TONE_PLAIN, "%s", "");
	grid_write(&grid, &on.sheet, 2);
	grid_clear(&grid);
	assert_string_equal(on_sheet_read(&on), "  name        n  more\n"
						"  one         7  ü\n"
						"  another  1000\n");
	on_sheet_clear(&on);
}

static void the_widest_gives_way_and_the_edge_cuts_the_rest(void **state)
{
	struct grid grid;

	(void)state;
	grid_init(&grid, columns, 3);
	grid_add(&grid, TONE_PLAIN, "a name of 22 columns..");
	grid_add(&grid, TONE_PLAIN, "1000");
	grid_add(&grid, TONE_PLAIN, "some thing of 30 columns......");
	for (unsigned width = 60; width > 4; width--) {
		struct on_sheet on;

		on_sheet_init(&on, width, true);
		grid_write(&grid, &on.sheet, 0);
		assert_true(on_sheet_widest(&on) <= width);
		if (width >= 36)
			assert_non_null(strstr(on_sheet_read(&on), "  1000  "));
		if (width == 60)
			assert_null(strstr(on_sheet_read(&on), "…"));
		if (width == 54)
			assert_non_null(strstr(on_sheet_read(&on), "22 columns..  1000"));
		on_sheet_clear(&on);
	}
	grid_clear(&grid);
}

/* Two rows: sixteen steps. */
static void bars_are_as_high_as_their_part_of_the_most(void **state)
{
	static const double values[] = { 0, 0.001, 1, 8, 9, 16 };
	struct sparks sparks;
	struct on_sheet on;

	(void)state;
	on_sheet_init(&on, 80, true);
	sparks_fit(&sparks, values, 6, 8, 80);
	assert_int_equal(sparks.columns, 8);
	assert_true(sparks.most == 16);
	sparks_put_row(&sparks, &on.sheet, TONE_PLAIN, 0, 2);
	sheet_end_line(&on.sheet);
	sparks_put_row(&sparks, &on.sheet, TONE_PLAIN, 1, 2);
	assert_string_equal(on_sheet_read(&on), "      ▁█\n   ▁▁███");
	on_sheet_clear(&on);
	on_sheet_init(&on, 80, false);
	sparks_put_row(&sparks, &on.sheet, TONE_PLAIN, 0, 1);
	assert_string_equal(on_sheet_read(&on), "   ..:|#");
	on_sheet_clear(&on);
}

static void a_short_peak_is_seen_where_moments_share_a_column(void **state)
{
	double values[120] = { [31] = 5, [119] = 1 };
	struct sparks sparks;

	(void)state;
	sparks_fit(&sparks, values, 120, 120, 10);
	assert_int_equal(sparks.columns, 10);
	for (unsigned i = 0; i < 10; i++)
		assert_true(sparks.values[i] == (i == 2 ? 5 : i == 9 ? 1 : 0));
	sparks_fit(&sparks, values, 0, 120, 10);
	assert_true(sparks.most == 0);
	sparks_fit(&sparks, values, 120, 360, 500);
	assert_int_equal(sparks.columns, SPARKS_COLUMNS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_broken_at_blanks_and_only_then_within),
		cmocka_unit_test(what_is_too_long_is_cut_and_shows_it),
		cmocka_unit_test(no_text_commands_the_terminal),
		cmocka_unit_test(where_ascii_is_all_there_is_the_rest_shows_as_question_marks),
		cmocka_unit_test(colours_end_where_they_began),
		cmocka_unit_test(columns_are_as_wide_as_what_is_in_them),
		cmocka_unit_test(the_widest_gives_way_and_the_edge_cuts_the_rest),
		cmocka_unit_test(bars_are_as_high_as_their_part_of_the_most),
		cmocka_unit_test(a_short_peak_is_seen_where_moments_share_a_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
