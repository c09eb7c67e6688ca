/* The list of what the doctor has to say. What it says is not known here. */

#define _GNU_SOURCE

#include "sixward/app/findings.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "sixward/base/mem.h"

static const char *const level_names[LEVEL_COUNT] = {
	[LEVEL_OK] = "ok",
	[LEVEL_NOTE] = "note",
	[LEVEL_WARNING] = "warning",
	[LEVEL_ERROR] = "error",
};

static const struct {
	const char *name, *title;
} subjects[SUBJECT_COUNT] = {
	[SUBJECT_HOST] = { "host", "This host" },
	[SUBJECT_RESOLVER] = { "resolver", "Whom its programs ask" },
	[SUBJECT_DAEMON] = { "daemon", "The daemon" },
	[SUBJECT_UPSTREAMS] = { "upstreams", "Upstreams" },
	[SUBJECT_PREFIXES] = { "prefixes", "Prefixes" },
};

struct findings *findings_new(void)
{
	return mem_new(sizeof(struct findings));
}

void findings_free(struct findings *findings)
{
	if (!findings)
		return;
	for (size_t i = 0; i < findings->count; i++) {
		struct finding *finding = &findings->items[i];

		free(finding->text);
		for (size_t k = 0; k < finding->step_count; k++)
			free(finding->steps[k]);
	}
	free(findings);
}

/* Names of programs, files and interfaces are others' to choose, and terminals obey controls. */
static void clean(char *text)
{
	for (uint8_t *at = (uint8_t *)text; *at; at++) {
		if (*at < ' ' || *at == 0x7f)
			*at = '?';
		else if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
			at[0] = at[1] = '?';
	}
}

static char *print(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

static char *print(const char *format, va_list arguments)
{
	char *text = NULL;

	if (vasprintf(&text, format, arguments) < 0)
		abort(); /* no memory: see base/mem */
	clean(text);
	return text;
}

void findings_add(struct findings *findings, enum finding_subject subject, enum finding_level level,
	const char *id, const char *format, ...)
{
	struct finding *finding;
	va_list arguments;

	if (findings->count == FINDINGS_MAX)
		return;
	finding = &findings->items[findings->count++];
	finding->id = id;
	finding->subject = subject;
	finding->level = level;
	va_start(arguments, format);
	finding->text = print(format, arguments);
	va_end(arguments);
}

void findings_add_step(struct findings *findings, const char *format, ...)
{
	struct finding *finding;
	va_list arguments;

	assert(findings->count);
	finding = &findings->items[findings->count - 1];
	if (finding->step_count == FINDING_STEPS_MAX)
		return;
	va_start(arguments, format);
	finding->steps[finding->step_count++] = print(format, arguments);
	va_end(arguments);
}

size_t findings_count(const struct findings *findings, enum finding_level level)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += findings->items[i].level == level;
	return count;
}

const char *finding_level_name(enum finding_level level)
{
	return level_names[level];
}

const char *finding_subject_name(enum finding_subject subject)
{
	return subjects[subject].name;
}

const char *finding_subject_title(enum finding_subject subject)
{
	return subjects[subject].title;
}
