/* A sheet into memory. */

#define _GNU_SOURCE

#include "on_sheet.h"

#include <stdlib.h>
#include <string.h>

void on_sheet_init(struct on_sheet *on, unsigned width, bool is_utf8)
{
	*on = (struct on_sheet){ 0 };
	on->sheet = (struct sheet){
		.out = open_memstream(&on->text, &on->size), .width = width, .is_utf8 = is_utf8
	};
}

const char *on_sheet_read(struct on_sheet *on)
{
	(void)fflush(on->sheet.out);
	return on->text;
}

void on_sheet_clear(struct on_sheet *on)
{
	(void)fclose(on->sheet.out);
	free(on->text);
}

unsigned on_sheet_widest(struct on_sheet *on)
{
	char *text = strdup(on_sheet_read(on));
	unsigned widest = 0;

	for (char *rest = NULL, *line = strtok_r(text, "\n", &rest); line;
		line = strtok_r(NULL, "\n", &rest))
		if (sheet_width(line) > widest)
			widest = sheet_width(line);
	free(text);
	return widest;
}
