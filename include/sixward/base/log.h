#ifndef SIXWARD_BASE_LOG_H
#define SIXWARD_BASE_LOG_H

#include "sixward/base/counts.h"
#include "sixward/base/log_line.h"

/* The log: lines of words, then key=value fields, on stderr. Level, format and what waits to be
 * written are the only global state of the program. Safe from every thread. */

void log_set(enum log_level level, enum log_format format);

/* Nothing is written until the next log_set: for commands that tell all themselves. */
void log_silence(void);

/* Whether a line of this level would be written: asked before costly fields are made. */
bool log_wants(enum log_level level);

/* Writes one line: `fields` is NULL or ends with a NULL key (LOG_FIELDS makes it). A line that
 * comes again and again, fields included, is held back, and told with a count later (repeats.h). */
void log_write(enum log_level level, const char *words, const struct log_field *fields);

/* Never held back: for lines each of which tells of something of its own, like a query, or answers
 * what somebody just did. */
void log_record(enum log_level level, const char *words, const struct log_field *fields);

/* From now on, and until the process ends, nobody who writes waits for the reader of stderr: a
 * thread hands the lines on, and lines that a slow reader leaves no room for are dropped, and
 * counted. Once, after the process has become who it is to be. */
void log_start(void);

/* Tells what was held back, and waits until all is written, for a second at most. */
void log_flush(void);

void log_add_counts(struct counts *counts);

#define log_error(words, fields)   log_write(LOG_ERROR, (words), (fields))
#define log_warning(words, fields) log_write(LOG_WARNING, (words), (fields))
#define log_notice(words, fields)  log_write(LOG_NOTICE, (words), (fields))
#define log_info(words, fields)    log_write(LOG_INFO, (words), (fields))

#endif
