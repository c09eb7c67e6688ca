#include "heard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sixward/base/log.h"

char heard[8192];
static const char *wanted;

void __wrap_log_write(enum log_level level, const char *words, const struct log_field *fields);
void __wrap_log_record(enum log_level level, const char *words, const struct log_field *fields);

static void add(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void add(const char *format, ...)
{
	size_t at = strlen(heard);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(heard + at, sizeof(heard) - at, format, arguments);
	va_end(arguments);
}

static void hear(
	const char *mark, enum log_level level, const char *words, const struct log_field *fields)
{
	static const char *const levels[] = { [LOG_ERROR] = "error",
		[LOG_WARNING] = "warning",
		[LOG_NOTICE] = "notice",
		[LOG_INFO] = "info",
		[LOG_DEBUG] = "debug" };

	if (wanted && !strstr(words, wanted))
		return;
	add("%s%s: %s", mark, levels[level], words);
	for (; fields && fields->key; fields++) {
		if (fields->text)
			add(" %s=%s", fields->key, fields->text);
		else
			add(" %s=%lld", fields->key, (long long)fields->number);
	}
	add("\n");
}

void __wrap_log_write(enum log_level level, const char *words, const struct log_field *fields)
{
	hear("~", level, words, fields);
}

void __wrap_log_record(enum log_level level, const char *words, const struct log_field *fields)
{
	hear("", level, words, fields);
}

void heard_begin(const char *word)
{
	heard[0] = '\0';
	wanted = word;
}

void heard_expect(const char *lines)
{
	assert_string_equal(heard, lines);
	heard[0] = '\0';
}
