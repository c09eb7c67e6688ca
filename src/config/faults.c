/* A list of complaints about a configuration. */

#include "sixward/config/faults.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"

enum { TEXT_MAX = 512 };

void faults_clear(struct faults *faults)
{
	for (size_t i = 0; i < faults->count; i++) {
		free(faults->items[i].path);
		free(faults->items[i].text);
	}
	free(faults->items);
	*faults = (struct faults){ 0 };
}

bool faults_are_full(const struct faults *faults)
{
	return faults->count >= FAULTS_MAX;
}

/* The same complaint at the same place, met twice because views read the top's settings again. */
static bool is_known(const struct faults *faults, unsigned line, unsigned column, const char *text)
{
	for (size_t i = 0; i < faults->count; i++) {
		const struct fault *fault = &faults->items[i];

		if (fault->line == line && fault->column == column &&
			strcmp(fault->text, text) == 0)
			return true;
	}
	return false;
}

/* What was found is shown on terminals and in logs: control octets are not let through. */
static void make_harmless(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
	}
}

void faults_add(struct faults *faults, bool is_warning, unsigned line, unsigned column,
	const char *path, const char *format, ...)
{
	char text[TEXT_MAX];
	struct fault *fault;
	va_list arguments;

	if (faults_are_full(faults)) {
		faults->errors += is_warning ? 0 : 1;
		return;
	}
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	make_harmless(text);
	if (is_known(faults, line, column, text))
		return;
	faults->errors += is_warning ? 0 : 1;
	faults->items = mem_resize_array(faults->items, faults->count + 1, sizeof(*faults->items));
	fault = &faults->items[faults->count++];
	*fault = (struct fault){ .is_warning = is_warning,
		.line = line,
		.column = column,
		.path = mem_copy_text(path),
		.text = mem_copy_text(text) };
	make_harmless(fault->path);
}

static int on_compare(const void *a, const void *b)
{
	const struct fault *const *x = a;
	const struct fault *const *y = b;

	if ((*x)->line != (*y)->line)
		return (*x)->line < (*y)->line ? -1 : 1;
	if ((*x)->column != (*y)->column)
		return (*x)->column < (*y)->column ? -1 : 1;
	return *x < *y ? -1 : 1; /* as added */
}

void faults_print(const struct faults *faults, const char *file, FILE *out)
{
	const struct fault **order = mem_new_array(faults->count, sizeof(const struct fault *));

	for (size_t i = 0; i < faults->count; i++)
		order[i] = &faults->items[i];
	if (faults->count)
		qsort(order, faults->count, sizeof(const struct fault *), on_compare);
	for (size_t i = 0; i < faults->count; i++) {
		const struct fault *fault = order[i];

		(void)fprintf(out, "%s:", file);
		if (fault->line)
			(void)fprintf(out, "%u:%u:", fault->line, fault->column);
		(void)fprintf(out, " %s%s%s%s\n", fault->is_warning ? "warning: " : "", fault->path,
			fault->path[0] ? ": " : "", fault->text);
	}
	if (faults_are_full(faults))
		(void)fprintf(out, "%s: there are more\n", file);
	free(order);
}
