#ifndef SIXWARD_BASE_LOG_H
#define SIXWARD_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* Log lines are words, then key=value fields, on stderr. The level and format
 * are the only global state of the program. Safe from every thread. */

enum log_level { LOG_ERROR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

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

void log_set(enum log_level level, enum log_format format);

/* Nothing is written until the next log_set: for commands that tell all themselves. */
void log_silence(void);

/* Whether a line of this level would be written: asked before costly fields are made. */
bool log_wants(enum log_level level);

/* Writes one line: `fields` is NULL or ends with a NULL key (LOG_FIELDS makes it).
 * A line that repeats the one before it, fields included, is held back and told
 * as "repeated" with a count when another comes, or at log_flush. */
void log_write(enum log_level level, const char *words, const struct log_field *fields);
void log_flush(void);

#define log_error(words, fields)   log_write(LOG_ERROR, (words), (fields))
#define log_warning(words, fields) log_write(LOG_WARNING, (words), (fields))
#define log_notice(words, fields)  log_write(LOG_NOTICE, (words), (fields))
#define log_info(words, fields)    log_write(LOG_INFO, (words), (fields))

#endif
