/* Tables on a sheet: how wide columns are, and who gives way. */

#include "sixward/app/grid.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

#include "sixward/base/mem.h"

enum { GAP = 2, CUT_MIN = 12 };

void grid_init(struct grid *grid, const struct grid_column *columns, size_t column_count)
{
	assert(column_count <= GRID_COLUMNS_MAX);
	*grid = (struct grid){ .columns = columns, .column_count = column_count };
}

void grid_clear(struct grid *grid)
{
	for (size_t i = 0; i < grid->count; i++)
		free(grid->cells[i].text);
	free(grid->cells);
	*grid = (struct grid){ 0 };
}

void grid_add(struct grid *grid, enum sheet_tone tone, const char *format, ...)
{
	char text[SHEET_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	grid->cells = mem_resize_array(grid->cells, grid->count + 1, sizeof(*grid->cells));
	grid->cells[grid->count++] = (struct grid_cell){ tone, mem_copy_text(text) };
}

static unsigned measure(const struct grid *grid, unsigned widths[GRID_COLUMNS_MAX])
{
	unsigned total = 0;

	assert(grid->column_count);
	for (size_t i = 0; i < grid->column_count; i++)
		widths[i] = sheet_width(grid->columns[i].head);
	for (size_t i = 0; i < grid->count; i++) {
		unsigned width = sheet_width(grid->cells[i].text);
		unsigned *column = &widths[i % grid->column_count];

		if (width > *column)
			*column = width;
	}
	for (size_t i = 0; i < grid->column_count; i++)
		total += widths[i] + (i ? GAP : 0);
	return total;
}

/* NULL: none can give way any more. */
static unsigned *widest(const struct grid *grid, unsigned widths[GRID_COLUMNS_MAX])
{
	unsigned *found = NULL;

	for (size_t i = 0; i < grid->column_count; i++) {
		if (grid->columns[i].may_be_cut && widths[i] > CUT_MIN &&
			(!found || widths[i] > *found))
			found = &widths[i];
	}
	return found;
}

static void fit(const struct grid *grid, unsigned room, unsigned widths[GRID_COLUMNS_MAX])
{
	unsigned total = measure(grid, widths);
	unsigned *column;

	while (total > room && (column = widest(grid, widths))) {
		--*column;
		total--;
	}
}

/* A row of cells, or of heads where there are none. */
static void write_row(const struct grid *grid, const struct grid_cell *cells,
	const unsigned widths[GRID_COLUMNS_MAX], struct sheet *sheet, unsigned indent)
{
	unsigned column = indent;

	for (size_t i = 0; i < grid->column_count; i++) {
		const char *text = cells ? cells[i].text : grid->columns[i].head;
		unsigned width = sheet_width(text);
		unsigned lead =
			grid->columns[i].is_right && width < widths[i] ? widths[i] - width : 0;

		if (width && column + lead < sheet->width)
			sheet_go_to(sheet, column + lead);
		sheet_put_cut(sheet, cells ? cells[i].tone : TONE_FAINT, widths[i], text);
		column += widths[i] + GAP;
	}
	sheet_end_line(sheet);
}

void grid_write(const struct grid *grid, struct sheet *sheet, unsigned indent)
{
	unsigned widths[GRID_COLUMNS_MAX];

	fit(grid, sheet->width > indent ? sheet->width - indent : 0, widths);
	write_row(grid, NULL, widths, sheet, indent);
	for (size_t i = 0; i + grid->column_count <= grid->count; i += grid->column_count)
		write_row(grid, &grid->cells[i], widths, sheet, indent);
}
