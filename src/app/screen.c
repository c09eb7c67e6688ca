/* The terminal: what it is like, and the sequences by which a text replaces another without a
 * flicker. It does not know what is shown. */

#define _GNU_SOURCE

#include "sixward/app/screen.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH = 80, HEIGHT = 24, WIDTH_MIN = 40, WIDTH_MAX = 400 };

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

struct screen_look screen_look(FILE *out)
{
	const char *term = getenv("TERM");
	struct screen_look look = { .is_terminal = isatty(fileno(out)),
		.width = WIDTH,
		.height = HEIGHT,
		.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 };
	struct winsize size;

	if (look.is_terminal && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col) {
		look.width = size.ws_col;
		look.height = size.ws_row;
	}
	if (look.width < WIDTH_MIN)
		look.width = WIDTH_MIN;
	if (look.width > WIDTH_MAX)
		look.width = WIDTH_MAX;
	look.has_colour =
		look.is_terminal && !is_set("NO_COLOR") && (!term || strcmp(term, "dumb") != 0);
	return look;
}

/* The alternate screen, no cursor, no lines that go on in the next. */
void screen_open(FILE *out)
{
	(void)fputs("\033[?1049h\033[?25l\033[?7l", out);
	(void)fflush(out);
}

/* From the top; each line, and the rest below, is wiped behind what is new. */
void screen_draw(FILE *out, const char *text, unsigned height)
{
	char *drawn = NULL;
	size_t size = 0;
	FILE *into = open_memstream(&drawn, &size);

	(void)fputs("\033[H", into);
	for (unsigned row = 0; row < height && *text; row++) {
		size_t length = strcspn(text, "\n");

		(void)fputs(row ? "\n" : "", into);
		(void)fwrite(text, 1, length, into);
		(void)fputs("\033[K", into);
		text += length + (text[length] == '\n');
	}
	(void)fputs("\033[J", into);
	(void)fclose(into);
	(void)fwrite(drawn, 1, size, out);
	(void)fflush(out);
	free(drawn);
}

void screen_close(FILE *out)
{
	(void)fputs("\033[?7h\033[?25h\033[?1049l", out);
	(void)fflush(out);
}
