/* How a line of the log looks, as text and as JSON. Knows nothing of where it goes. */

#include "sixward/base/log_line.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sixward/base/json.h"

enum {
	NUMBER_SIZE = 24,
	TIME_SIZE = 24,
	LINE_TAIL = 48, /* kept for what closes a line: …" and how often it was repeated } and its
			   end */
	LINE_ROOM = LOG_LINE_SIZE - LINE_TAIL,
	FIELD_ROOM = NUMBER_SIZE + 8 /* with what stands around key and value */
};

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

static void put(struct log_line *line, const char *octets, size_t size)
{
	if (line->cut || size > LINE_ROOM - line->used) {
		line->cut = true;
		return;
	}
	memcpy(line->octets + line->used, octets, size);
	line->used += size;
}

static void put_raw(struct log_line *line, const char *text)
{
	put(line, text, strlen(text));
}

/* Of a text that needs no escapes, as much as there is room for. */
static void put_run(struct log_line *line, const char *text, size_t size)
{
	size_t room = line->cut ? 0 : LINE_ROOM - line->used;

	put(line, text, size < room ? size : room);
	line->cut = line->cut || size > room;
}

/* How much of the beginning of a text stands for itself, quoted or not: all of most texts. */
static size_t plain_size(const char *text)
{
	size_t size = 0;

	while (text[size] > ' ' && text[size] < 0x7f && text[size] != '"' && text[size] != '\\')
		size++;
	return size;
}

/* Ends what is open, cut or not. */
static void put_tail(struct log_line *line, const char *text)
{
	size_t size = strlen(text);

	assert(size <= LOG_LINE_SIZE - line->used);
	memcpy(line->octets + line->used, text, size);
	line->used += size;
}

/* U+0080 to U+009F, which terminals obey. */
static bool is_c1_control(const uint8_t *at)
{
	return at[0] == 0xc2 && at[1] < 0xa0;
}

/* The next character of a text as it stands in a line, into `unit`. Returns the octets of the
 * text that it took: fewer than it wrote when it had to be escaped. */
static size_t escape(const char *text, enum log_format format, char unit[JSON_UNIT_SIZE])
{
	size_t taken = json_escape(text, unit);

	if (format == LOG_FORMAT_JSON)
		return taken;
	if (!is_c1_control((const uint8_t *)text) && (unit[0] != '\\' || unit[1] != 'u'))
		return taken;
	(void)snprintf(unit, JSON_UNIT_SIZE, "\\x%02x", (uint8_t)*text);
	return 1;
}

static void put_quoted(struct log_line *line, enum log_format format, const char *text)
{
	char unit[JSON_UNIT_SIZE];

	put_raw(line, "\"");
	while (*text && !line->cut) {
		size_t plain = plain_size(text);

		if (plain) {
			put_run(line, text, plain);
			text += plain;
		} else {
			text += escape(text, format, unit);
			put_raw(line, unit);
		}
	}
	put_tail(line, line->cut ? "…\"" : "\"");
}

/* As text, with quotes and backslashes as they are. */
static void put_bare(struct log_line *line, const char *text)
{
	char unit[JSON_UNIT_SIZE];

	while (*text && !line->cut) {
		size_t taken = plain_size(text);

		if (taken) {
			put_run(line, text, taken);
		} else {
			taken = escape(text, LOG_FORMAT_TEXT, unit);
			put_raw(line, *text == '"' ? "\"" : *text == '\\' ? "\\" : unit);
		}
		text += taken;
	}
	if (line->cut)
		put_tail(line, "…");
}

/* Whether a value needs no quotes. */
static bool is_bare(const char *text)
{
	char unit[JSON_UNIT_SIZE];
	size_t taken;

	if (!*text)
		return false;
	for (text += plain_size(text); *text; text += taken) {
		taken = escape(text, LOG_FORMAT_TEXT, unit);
		if (*text == ' ' || (taken != strlen(unit) && *text != '\\'))
			return false;
	}
	return true;
}

static void put_field(struct log_line *line, enum log_format format, const struct log_field *field)
{
	char number[NUMBER_SIZE];

	/* A key is written whole or not at all, with room for a number. */
	if (line->cut ||
		strlen(field->key) * JSON_UNIT_SIZE + FIELD_ROOM > LINE_ROOM - line->used) {
		line->cut = true;
		return;
	}
	if (format == LOG_FORMAT_JSON) {
		put_raw(line, ",");
		put_quoted(line, format, field->key);
		put_raw(line, ":");
	} else {
		put_raw(line, " ");
		put_bare(line, field->key);
		put_raw(line, "=");
	}
	if (!field->text) {
		(void)snprintf(number, sizeof(number), "%" PRId64, field->number);
		put_raw(line, number);
	} else if (format == LOG_FORMAT_TEXT && is_bare(field->text)) {
		put_bare(line, field->text);
	} else {
		put_quoted(line, format, field->text);
	}
}

/* RFC 3339, in UTC. */
static void put_time(struct log_line *line)
{
	struct timespec now = { 0 };
	struct tm tm = { 0 };
	char text[TIME_SIZE + 1];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &tm);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(text + TIME_SIZE - 5, 6, ".%03uZ", (unsigned)(now.tv_nsec / 1000000) % 1000);
	put(line, text, TIME_SIZE);
}

static void put_json_start(struct log_line *line)
{
	put_raw(line, "{\"time\":\"");
	put_time(line);
	line->start = line->used;
}

void log_line_make(struct log_line *line, enum log_format format, enum log_level level,
	const char *words, const struct log_field *fields)
{
	line->used = 0;
	line->start = 0;
	line->format = format;
	line->cut = false;
	if (format == LOG_FORMAT_JSON) {
		put_json_start(line);
		put_raw(line, "\",\"level\":\"");
		put_raw(line, level_names[level]);
		put_raw(line, "\",\"message\":");
		put_quoted(line, format, words);
	} else {
		put_raw(line, level_names[level]);
		put_raw(line, ": ");
		put_bare(line, words);
	}
	for (; fields && fields->key; fields++)
		put_field(line, format, fields);
	put_tail(line, format == LOG_FORMAT_JSON ? "}\n" : "\n");
}

void log_line_add_repeats(struct log_line *line, uint64_t repeats)
{
	bool is_json = line->format == LOG_FORMAT_JSON;
	size_t used = line->used - (is_json ? 2 : 1);
	char text[LINE_TAIL];

	if (is_json) {
		line->used = 0;
		line->cut = false;
		put_json_start(line);
	}
	line->used = used;
	(void)snprintf(text, sizeof(text),
		is_json ? ",\"repeated\":%" PRIu64 "}\n" : " repeated=%" PRIu64 "\n", repeats);
	put_tail(line, text);
}
