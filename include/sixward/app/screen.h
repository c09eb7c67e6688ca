#ifndef SIXWARD_APP_SCREEN_H
#define SIXWARD_APP_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

/* The terminal behind a FILE, if there is one. */

struct screen_look {
	bool is_terminal;
	unsigned width; /* 80 where nobody says */
	unsigned height;
	bool is_utf8;    /* by the locale: setlocale is the caller's */
	bool has_colour; /* NO_COLOR and TERM=dumb have none */
};

struct screen_look screen_look(FILE *out);

/* All of a terminal for texts that replace each other in place; what stood there comes back with
 * screen_close. Lines that are too long are cut by the terminal, and those too many are left out.
 */
void screen_open(FILE *out);
void screen_draw(FILE *out, const char *text, unsigned height);
void screen_close(FILE *out);

#endif
