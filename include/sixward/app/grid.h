#ifndef SIXWARD_APP_GRID_H
#define SIXWARD_APP_GRID_H

#include "sixward/app/sheet.h"

/* A table on a sheet: its columns are as wide as what is in them. Where all of them are wider than
 * the sheet, the widest of those that may be cut gives way. */

enum { GRID_COLUMNS_MAX = 8 };

struct grid_column {
	const char *head;
	bool is_right; /* numbers */
	bool may_be_cut;
};

struct grid_cell {
	enum sheet_tone tone;
	char *text;
};

struct grid {
	const struct grid_column *columns; /* borrowed */
	size_t column_count;
	struct grid_cell *cells; /* row by row */
	size_t count;
};

void grid_init(struct grid *grid, const struct grid_column *columns, size_t column_count);
void grid_clear(struct grid *grid);

/* The next cell. */
void grid_add(struct grid *grid, enum sheet_tone tone, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* With a line of heads. */
void grid_write(const struct grid *grid, struct sheet *sheet, unsigned indent);

#endif
