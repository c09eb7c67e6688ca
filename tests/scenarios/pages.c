/* A text file to its scenarios. Knows lines, blocks and comments, and nothing of what they say. */

#include "pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = NULL;
	size_t size = 0;
	size_t got;

	if (!file) {
		perror(path);
		exit(2);
	}
	do {
		text = mem_resize_array(text, size + 4097, 1);
		got = fread(text + size, 1, 4096, file);
		size += got;
	} while (got > 0);
	text[size] = '\0';
	(void)fclose(file);
	return text;
}

static void add_line(struct page_scenario *scenario, unsigned number, const char *text)
{
	scenario->lines =
		mem_resize_array(scenario->lines, scenario->count + 1, sizeof(scenario->lines[0]));
	scenario->lines[scenario->count++] = (struct page_line){ .number = number, .text = text };
}

static void close_block(struct page *page, struct page_scenario *block)
{
	if (block->count > 0) {
		page->scenarios = mem_resize_array(
			page->scenarios, page->count + 1, sizeof(page->scenarios[0]));
		page->scenarios[page->count++] = *block;
	}
	*block = (struct page_scenario){ .file = block->file };
}

void page_read(struct page *page, const char *path)
{
	struct page_scenario block = { .file = path };
	unsigned number = 0;
	char *line;
	char *next;

	*page = (struct page){ .text = read_file(path) };
	for (line = page->text; line; line = next) {
		char *end = line + strcspn(line, "\n");

		next = *end ? end + 1 : NULL;
		*end = '\0';
		number++;
		while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
			*--end = '\0';
		if (end == line)
			close_block(page, &block);
		else if (*line != '#')
			add_line(&block, number, line);
		else if (!block.name)
			block.name = line + strspn(line, "# ");
	}
	close_block(page, &block);
}

void page_clear(struct page *page)
{
	for (size_t i = 0; i < page->count; i++)
		free(page->scenarios[i].lines);
	free(page->scenarios);
	free(page->text);
	*page = (struct page){ 0 };
}
