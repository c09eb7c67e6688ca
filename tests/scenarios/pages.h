#ifndef SIXWARD_TESTS_SCENARIOS_PAGES_H
#define SIXWARD_TESTS_SCENARIOS_PAGES_H

#include <stddef.h>

/* A text file to its scenarios. A scenario is a block of lines between blank ones; it begins with
 * comment lines, of which the first is its name. Comments between other lines are left out, and a
 * block of nothing but comments is no scenario. */

struct page_line {
	unsigned number; /* from 1 */
	const char *text;
};

struct page_scenario {
	const char *file;
	const char *name;
	struct page_line *lines;
	size_t count;
};

struct page {
	char *text;
	struct page_scenario *scenarios;
	size_t count;
};

/* Ends the process when the file cannot be read. `path` is lent for as long as the page lives. */
void page_read(struct page *page, const char *path);
void page_clear(struct page *page);

#endif
