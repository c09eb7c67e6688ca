/* Lines for whoever runs the server: words, then fields, as text or as JSON. Knows nothing of
 * who writes; its level, its format and the last line are the only globals of the program.
 * What fields hold may come from the network, so nothing in them can break out of its line. */

#include "sixward/base/log.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sixward/base/json.h"

enum {
	LINE_SIZE = 4096, /* PIPE_BUF of Linux: lines of several processes do not mix */
	LINE_TAIL = 8,    /* kept for what closes a line: …"} and the line's end */
	LINE_ROOM = LINE_SIZE - LINE_TAIL,
	NUMBER_SIZE = 24,
	FIELD_ROOM = NUMBER_SIZE + 8 /* with what stands around key and value */
};

struct line {
	char octets[LINE_SIZE];
	size_t used;
	size_t start; /* behind the time, which does not make a line another */
	bool cut;
};

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

static _Atomic unsigned int wanted_levels = LOG_INFO + 1; /* the first of them; 0 = silence */
static _Atomic unsigned int wanted_format = LOG_FORMAT_TEXT;

static struct {
	pthread_mutex_t lock; /* over what follows, and over the order of lines */
	struct line line;
	enum log_level level;
	int64_t repeats;
} last = { .lock = PTHREAD_MUTEX_INITIALIZER };

void log_set(enum log_level level, enum log_format format)
{
	atomic_store_explicit(&wanted_levels, level + 1U, memory_order_relaxed);
	atomic_store_explicit(&wanted_format, format, memory_order_relaxed);
}

void log_silence(void)
{
	atomic_store_explicit(&wanted_levels, 0, memory_order_relaxed);
}

bool log_wants(enum log_level level)
{
	return level < atomic_load_explicit(&wanted_levels, memory_order_relaxed);
}

static void put(struct line *line, const char *octets, size_t size)
{
	if (line->cut || size > LINE_ROOM - line->used) {
		line->cut = true;
		return;
	}
	memcpy(line->octets + line->used, octets, size);
	line->used += size;
}

static void put_raw(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

/* Ends what is open, cut or not. */
static void put_tail(struct line *line, const char *text)
{
	size_t size = strlen(text);

	assert(size <= LINE_SIZE - line->used);
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

static void put_quoted(struct line *line, enum log_format format, const char *text)
{
	char unit[JSON_UNIT_SIZE];

	put_raw(line, "\"");
	while (*text && !line->cut) {
		text += escape(text, format, unit);
		put_raw(line, unit);
	}
	put_tail(line, line->cut ? "…\"" : "\"");
}

/* As text, with quotes and backslashes as they are. */
static void put_bare(struct line *line, const char *text)
{
	char unit[JSON_UNIT_SIZE];

	while (*text && !line->cut) {
		size_t taken = escape(text, LOG_FORMAT_TEXT, unit);

		if (*text == '"' || *text == '\\')
			put(line, text, 1);
		else
			put_raw(line, unit);
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
	for (; *text; text += taken) {
		taken = escape(text, LOG_FORMAT_TEXT, unit);
		if (*text == ' ' || (taken != strlen(unit) && *text != '\\'))
			return false;
	}
	return true;
}

static void put_field(struct line *line, enum log_format format, const struct log_field *field)
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
static void put_time(struct line *line)
{
	struct timespec now = { 0 };
	struct tm tm = { 0 };
	char text[32];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &tm);
	put(line, text, strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm));
	(void)snprintf(text, sizeof(text), ".%03uZ", (unsigned int)(now.tv_nsec / 1000000) % 1000);
	put_raw(line, text);
}

static void make(
	struct line *line, enum log_level level, const char *words, const struct log_field *fields)
{
	enum log_format format =
		(enum log_format)atomic_load_explicit(&wanted_format, memory_order_relaxed);

	line->used = 0;
	line->start = 0;
	line->cut = false;
	if (format == LOG_FORMAT_JSON) {
		put_raw(line, "{\"time\":\"");
		put_time(line);
		line->start = line->used;
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

/* One write, whatever comes of it: there is nowhere to complain. */
static void emit(const struct line *line)
{
	ssize_t written;

	do {
		written = write(STDERR_FILENO, line->octets, line->used);
	} while (written < 0 && errno == EINTR);
}

static bool same(const struct line *a, const struct line *b)
{
	size_t size = a->used - a->start;

	return size == b->used - b->start &&
	       !memcmp(a->octets + a->start, b->octets + b->start, size);
}

/* Under the lock. */
static void tell_repeats(void)
{
	struct line line;

	if (!last.repeats)
		return;
	make(&line, last.level, "the last line was repeated",
		LOG_FIELDS(LOG_NUMBER("repeated", last.repeats)));
	emit(&line);
	last.repeats = 0;
}

void log_write(enum log_level level, const char *words, const struct log_field *fields)
{
	struct line line;

	if (!log_wants(level))
		return;
	make(&line, level, words, fields);
	(void)pthread_mutex_lock(&last.lock);
	if (same(&line, &last.line)) {
		last.repeats++;
	} else {
		tell_repeats();
		emit(&line);
		last.line = line;
		last.level = level;
	}
	(void)pthread_mutex_unlock(&last.lock);
}

void log_flush(void)
{
	(void)pthread_mutex_lock(&last.lock);
	tell_repeats();
	last.line.used = last.line.start = 0; /* the next is written, whatever it is */
	(void)pthread_mutex_unlock(&last.lock);
}
