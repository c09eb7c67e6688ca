#ifndef SIXWARD_APP_SHEET_H
#define SIXWARD_APP_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Text for a terminal, line by line: broken or cut at its width, coloured where it may be. What is
 * written is text and nothing else: control characters, which could command the terminal, show as
 * "?", and so does what is no ASCII where only that is understood. */

enum { SHEET_TEXT_MAX = 1024 };

enum sheet_tone {
	TONE_PLAIN,
	TONE_BOLD,
	TONE_FAINT,
	TONE_ACCENT,
	TONE_GOOD,
	TONE_WARNING,
	TONE_BAD,
};

struct sheet {
	FILE *out;
	unsigned width; /* in columns */
	bool is_utf8;
	bool has_colour;
	unsigned column; /* where we are, from 0 */
};

/* How many columns a text takes. */
unsigned sheet_width(const char *text);

/* What fits into the line. */
void sheet_put(struct sheet *sheet, enum sheet_tone tone, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, and into no more than `width` columns: what is longer ends in "…". */
void sheet_put_cut(struct sheet *sheet, enum sheet_tone tone, unsigned width, const char *text);

/* Words, in as many lines as they need; those behind the first begin at `indent`. */
void sheet_put_words(struct sheet *sheet, enum sheet_tone tone, unsigned indent, const char *text);

/* All of it, however long: what is to be copied. */
void sheet_put_whole(struct sheet *sheet, const char *text);

/* Blanks up to a column. */
void sheet_go_to(struct sheet *sheet, unsigned column);
void sheet_end_line(struct sheet *sheet);

#endif
