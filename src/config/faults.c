/* A list of complaints about a configuration. */

#include "sixward/config/faults.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"

enum { TEXT_MAX = 512, FAULTS_MAX = 1000 };

void faults_clear(struct faults *faults)
{
	for (size_t i = 0; i < faults->count; i++) {
		free(faults->items[i].path);
		free(faults->items[i].text);
	}
	free(faults->items);
	*faults = (struct faults){ 0 };
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

void faults_add(struct faults *faults, bool is_warning, unsigned line, unsigned column,
	const char *path, const char *format, ...)
{
	char text[TEXT_MAX];
	struct fault *fault;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (!is_warning)
		faults->errors++;
	if (faults->count >= FAULTS_MAX || is_known(faults, line, column, text))
		return;
	faults->items = mem_resize_array(faults->items, faults->count + 1, sizeof(*faults->items));
	fault = &faults->items[faults->count++];
	*fault = (struct fault){ .is_warning = is_warning,
		.line = line,
		.column = column,
		.path = mem_copy_text(path),
		.text = mem_copy_text(text) };
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
	if (faults->count >= FAULTS_MAX)
		(void)fprintf(out, "%s: there are more\n", file);
	free(order);
}
