/* Text for a terminal. It knows columns and colours, and not what is said. */

#include "sixward/app/sheet.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

/* The character at `text`, in octets; `*shown`: what is printed for it. */
static size_t next_character(const struct sheet *sheet, const char *text, const char **shown)
{
	const uint8_t *at = (const uint8_t *)text;
	size_t size = 1;

	while ((at[size] & 0xc0) == 0x80)
		size++;
	/* C0, DEL, and C1 in UTF-8. */
	if (at[0] < ' ' || at[0] == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0) ||
		(at[0] >= 0x80 && !sheet->is_utf8))
		*shown = "?";
	else
		*shown = text;
	return size;
}

unsigned sheet_width(const char *text)
{
	unsigned width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static void begin_tone(struct sheet *sheet, enum sheet_tone tone)
{
	static const char *const codes[] = {
		[TONE_PLAIN] = "",
		[TONE_BOLD] = "\033[1m",
		[TONE_FAINT] = "\033[2m",
		[TONE_ACCENT] = "\033[36m",
		[TONE_GOOD] = "\033[32m",
		[TONE_WARNING] = "\033[33m",
		[TONE_BAD] = "\033[31m",
	};

	if (sheet->has_colour)
		(void)fputs(codes[tone], sheet->out);
}

static void end_tone(struct sheet *sheet, enum sheet_tone tone)
{
	if (sheet->has_colour && tone != TONE_PLAIN)
		(void)fputs("\033[m", sheet->out);
}

/* The first `count` characters. */
static const char *put_characters(struct sheet *sheet, const char *text, unsigned count)
{
	for (; count && *text; count--) {
		const char *shown;
		size_t size = next_character(sheet, text, &shown);

		(void)fwrite(shown, 1, shown == text ? size : 1, sheet->out);
		sheet->column++;
		text += size;
	}
	return text;
}

static unsigned left_of(const struct sheet *sheet)
{
	return sheet->column < sheet->width ? sheet->width - sheet->column : 0;
}

void sheet_put_cut(struct sheet *sheet, enum sheet_tone tone, unsigned width, const char *text)
{
	unsigned room = width < left_of(sheet) ? width : left_of(sheet);

	begin_tone(sheet, tone);
	if (sheet_width(text) <= room) {
		(void)put_characters(sheet, text, room);
	} else if (room) {
		(void)put_characters(sheet, text, room - 1);
		(void)put_characters(sheet, sheet->is_utf8 ? "…" : "~", 1);
	}
	end_tone(sheet, tone);
}

void sheet_put(struct sheet *sheet, enum sheet_tone tone, const char *format, ...)
{
	char text[SHEET_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	sheet_put_cut(sheet, tone, sheet->width, text);
}

/* A word of which no line is wide enough is broken. */
static void put_word(struct sheet *sheet, unsigned indent, const char *word, size_t size)
{
	const char *end = word + size;

	while (word < end) {
		const char *shown;

		if (!left_of(sheet) && sheet->column > indent) {
			sheet_end_line(sheet);
			sheet_go_to(sheet, indent);
		}
		size = next_character(sheet, word, &shown);
		(void)put_characters(sheet, word, 1);
		word += size;
	}
}

void sheet_put_words(struct sheet *sheet, enum sheet_tone tone, unsigned indent, const char *text)
{
	bool is_first = true;

	begin_tone(sheet, tone);
	for (; *text; is_first = false) {
		size_t size = strcspn(text, " ");
		unsigned width = 0;

		for (size_t i = 0; i < size; i++)
			width += (text[i] & 0xc0) != 0x80;
		if (!is_first && width + 1 > left_of(sheet)) {
			sheet_end_line(sheet);
			sheet_go_to(sheet, indent);
		} else if (!is_first) {
			(void)put_characters(sheet, " ", 1);
		}
		put_word(sheet, indent, text, size);
		text += size + (text[size] == ' ');
	}
	end_tone(sheet, tone);
}

void sheet_put_whole(struct sheet *sheet, const char *text)
{
	(void)put_characters(sheet, text, (unsigned)strlen(text));
}

void sheet_go_to(struct sheet *sheet, unsigned column)
{
	for (; sheet->column < column; sheet->column++)
		(void)fputc(' ', sheet->out);
}

void sheet_end_line(struct sheet *sheet)
{
	(void)fputc('\n', sheet->out);
	sheet->column = 0;
}
