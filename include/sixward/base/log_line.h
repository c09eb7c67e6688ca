#ifndef SIXWARD_BASE_LOG_LINE_H
#define SIXWARD_BASE_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One line of the log, as text or as JSON: level, words, key=value fields. What they hold may come
 * from the network, and cannot break out of its field, nor out of the line. */

enum log_level { LOG_ERROR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

enum { LOG_LINE_SIZE = 4096 }; /* PIPE_BUF of Linux: lines of several processes do not mix */

/* One key=value. `text` NULL means that `number` is the value. Text is quoted
 * and escaped where it holds spaces, quotes or control octets. */
struct log_field {
	const char *key;
	const char *text;
	int64_t number;
};

#define LOG_FIELDS(...)                                                                            \
	(const struct log_field[])                                                                 \
	{                                                                                          \
		__VA_ARGS__,                                                                       \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}
#define LOG_TEXT(k, v)                                                                             \
	{                                                                                          \
		.key = (k), .text = (v)                                                            \
	}
#define LOG_NUMBER(k, v)                                                                           \
	{                                                                                          \
		.key = (k), .number = (int64_t)(v)                                                 \
	}

struct log_line {
	char octets[LOG_LINE_SIZE];
	size_t used;
	size_t start; /* behind the time, which does not make a line another */
	enum log_format format;
	bool cut;
};

/* `fields` is NULL or ends with a NULL key. A JSON line has the time of now. */
void log_line_make(struct log_line *line, enum log_format format, enum log_level level,
	const char *words, const struct log_field *fields);

/* A made line, as of now, with one more field: how often it was not written. */
void log_line_add_repeats(struct log_line *line, uint64_t repeats);

#endif
