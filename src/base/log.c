/* Log lines: words, then key=value fields, text or JSON, one write each. The level, the format and
 * the line that may repeat are the program's only global state. */

#include "sixward/base/log.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sixward/base/mem.h"

static _Atomic int level_now = LOG_INFO;
static _Atomic int format_now = LOG_FORMAT_TEXT;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *last_line; /* without its time; under the lock */
static enum log_level last_level;
static uint64_t repeats;

static const char *const level_names[] = { "error", "warning", "notice", "info", "debug" };

void log_set(enum log_level level, enum log_format format)
{
	level_now = (int)level;
	format_now = (int)format;
}

bool log_wants(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&level_now, memory_order_relaxed);
}

bool log_level_parse(const char *text, enum log_level *level)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcmp(level_names[i], text) == 0) {
			*level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

/* Octets of the UTF-8 sequence at `at`; 0 = it is none. */
static size_t utf8_size(const unsigned char *at)
{
	static const struct form {
		unsigned char mask, lead;
		size_t size;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 1, 0 }, { 0xe0, 0xc0, 2, 0x80 }, { 0xf0, 0xe0, 3, 0x800 },
		{ 0xf8, 0xf0, 4, 0x10000 } };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		uint32_t value = at[0] & (unsigned char)~forms[i].mask;

		if ((at[0] & forms[i].mask) != forms[i].lead)
			continue;
		for (size_t k = 1; k < forms[i].size; k++) {
			if ((at[k] & 0xc0) != 0x80)
				return 0;
			value = value << 6 | (at[k] & 0x3f);
		}
		if (value < forms[i].least || value > 0x10ffff ||
			(value >= 0xd800 && value <= 0xdfff))
			return 0;
		return forms[i].size;
	}
	return 0;
}

/* Inside quotes, in both formats: what could end the line or the quotes is escaped. */
static void put_escaped(FILE *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at) {
		size_t size = utf8_size(at);

		if (*at == '"' || *at == '\\')
			(void)fprintf(out, "\\%c", *at);
		else if (*at == '\n')
			(void)fprintf(out, "\\n");
		else if (*at < 0x20 || *at == 0x7f)
			(void)fprintf(out, "\\u%04x", *at);
		else if (size == 0)
			(void)fprintf(out, "\\ufffd");
		else
			(void)fwrite(at, 1, size, out);
		at += size ? size : 1;
	}
}

static bool needs_quotes(const char *text)
{
	if (text[0] == '\0')
		return true;
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		if (*at <= ' ' || *at == '"' || *at == '\\' || *at == '=' || *at >= 0x7f)
			return true;
	}
	return false;
}

static void put_text_line(
	FILE *out, enum log_level level, const char *words, const struct log_field *fields)
{
	(void)fprintf(out, "%s: %s", level_names[level], words);
	for (; fields && fields->key; fields++) {
		(void)fprintf(out, " %s=", fields->key);
		if (!fields->text) {
			(void)fprintf(out, "%" PRId64, fields->number);
		} else if (needs_quotes(fields->text)) {
			(void)fputc('"', out);
			put_escaped(out, fields->text);
			(void)fputc('"', out);
		} else {
			(void)fprintf(out, "%s", fields->text);
		}
	}
}

static void put_json_line(
	FILE *out, enum log_level level, const char *words, const struct log_field *fields)
{
	(void)fprintf(out, "\"level\":\"%s\",\"message\":\"", level_names[level]);
	put_escaped(out, words);
	(void)fputc('"', out);
	for (; fields && fields->key; fields++) {
		(void)fprintf(out, ",\"%s\":", fields->key);
		if (!fields->text) {
			(void)fprintf(out, "%" PRId64, fields->number);
			continue;
		}
		(void)fputc('"', out);
		put_escaped(out, fields->text);
		(void)fputc('"', out);
	}
	(void)fputc('}', out);
}

/* The line without its time; the caller frees it. */
static char *make_line(enum log_level level, const char *words, const struct log_field *fields)
{
	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);

	if (!out)
		return mem_copy_text("");
	if (format_now == LOG_FORMAT_JSON)
		put_json_line(out, level, words, fields);
	else
		put_text_line(out, level, words, fields);
	(void)fclose(out);
	return line;
}

/* One write, so that lines of threads and processes do not mix. The journal stamps text lines. */
static void put_line(const char *line)
{
	char *whole = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&whole, &size);
	ssize_t written;

	if (!out)
		return;
	if (format_now == LOG_FORMAT_JSON) {
		char stamp[32];
		struct timespec now;
		struct tm parts;

		(void)clock_gettime(CLOCK_REALTIME, &now);
		(void)gmtime_r(&now.tv_sec, &parts);
		(void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &parts);
		(void)fprintf(out, "{\"time\":\"%s.%03ldZ\",", stamp, now.tv_nsec / 1000000);
	}
	(void)fprintf(out, "%s\n", line);
	(void)fclose(out);
	written = write(STDERR_FILENO, whole, size);
	(void)written;
	free(whole);
}

/* Under the lock. */
static void tell_repeats(void)
{
	char *line;

	if (!repeats)
		return;
	line = make_line(last_level, "the last line was repeated",
		LOG_FIELDS(LOG_NUMBER("repeated", repeats)));
	repeats = 0;
	put_line(line);
	free(line);
}

void log_write(enum log_level level, const char *words, const struct log_field *fields)
{
	char *line;

	if (!log_wants(level))
		return;
	line = make_line(level, words, fields);
	(void)pthread_mutex_lock(&lock);
	if (last_line && strcmp(last_line, line) == 0) {
		repeats++;
		free(line);
	} else {
		tell_repeats();
		put_line(line);
		free(last_line);
		last_line = line;
		last_level = level;
	}
	(void)pthread_mutex_unlock(&lock);
}

void log_flush(void)
{
	(void)pthread_mutex_lock(&lock);
	tell_repeats();
	free(last_line);
	last_line = NULL;
	(void)pthread_mutex_unlock(&lock);
}
