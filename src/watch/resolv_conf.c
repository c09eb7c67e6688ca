/* The nameserver lines of a resolv.conf(5): text in, endpoints out. */

#include "sixward/watch/resolv_conf.h"

#include <string.h>

enum { DNS_PORT = 53 };

static const char BLANKS[] = " \t\r";

/* Reads one line, without its end. */
static bool read_line(const char *line, size_t size, struct endpoint *out)
{
	static const char keyword[] = "nameserver";
	char word[ENDPOINT_TEXT_MAX];
	size_t length = sizeof(keyword) - 1;
	size_t end;

	if (size <= length || memcmp(line, keyword, length) != 0 || !strchr(BLANKS, line[length]))
		return false;
	while (length < size && line[length] != '\0' && strchr(BLANKS, line[length]))
		length++;
	for (end = length; end < size && line[end] != '\0' && !strchr(BLANKS, line[end]);)
		end++;
	if (end - length >= sizeof(word))
		return false;
	memcpy(word, line + length, end - length);
	word[end - length] = '\0';
	*out = (struct endpoint){ .port = DNS_PORT };
	return addr_parse(word, &out->addr);
}

size_t resolv_conf_read(const char *text, size_t size, struct endpoint *out, size_t most)
{
	size_t count = 0;
	size_t at = 0;

	while (at < size && count < most) {
		const char *line = text + at;
		const char *end = memchr(line, '\n', size - at);
		size_t length = end ? (size_t)(end - line) : size - at;

		if (read_line(line, length, &out[count]))
			count++;
		at += length + 1;
	}
	return count;
}
