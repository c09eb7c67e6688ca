#ifndef ON_SHEET_H
#define ON_SHEET_H

#include "sixward/app/sheet.h"

/* A sheet into memory. */

struct on_sheet {
	struct sheet sheet;
	char *text; /* after on_sheet_read */
	size_t size;
};

void on_sheet_init(struct on_sheet *on, unsigned width, bool is_utf8);

/* All that was written; it stays until on_sheet_clear. */
const char *on_sheet_read(struct on_sheet *on);
void on_sheet_clear(struct on_sheet *on);

/* The widest of its lines, in columns. */
unsigned on_sheet_widest(struct on_sheet *on);

#endif
