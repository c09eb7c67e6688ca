/* Responses of HTTP/1.1: where they end, and what is in them. It knows no connection; octets that
 * come in pieces are looked at again from the beginning, for they are few. */

#define _GNU_SOURCE

#include "sixward/app/response.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sixward/base/mem.h"

enum { LENGTH_DIGITS_MAX = 9 };

/* What is left to be read. */
struct rest {
	const char *at;
	size_t size;
};

/* How the body ends. */
struct framing {
	bool is_chunked;
	bool has_length;
	size_t length;
};

static void skip(struct rest *rest, size_t size)
{
	rest->at += size;
	rest->size -= size;
}

/* The next line without its end; false if that has not come. */
static bool take_line(struct rest *rest, struct rest *line)
{
	const char *end = memmem(rest->at, rest->size, "\r\n", 2);

	if (!end)
		return false;
	*line = (struct rest){ rest->at, (size_t)(end - rest->at) };
	skip(rest, line->size + 2);
	return true;
}

/* Digits to a number, up to the end or to `stop`. */
static bool read_number(struct rest text, unsigned base, char stop, size_t *number)
{
	static const char digits[] = "0123456789abcdef";
	size_t count = 0;

	*number = 0;
	for (; count < text.size && text.at[count] != stop; count++) {
		int octet = text.at[count] >= 'A' ? text.at[count] | 0x20 : text.at[count];
		const char *digit = octet ? memchr(digits, octet, base) : NULL;

		if (!digit || count == LENGTH_DIGITS_MAX)
			return false;
		*number = *number * base + (size_t)(digit - digits);
	}
	return count > 0;
}

/* "HTTP/1.1 200 OK" */
static bool read_status(struct rest line, unsigned *status)
{
	size_t number;

	if (line.size < 12 || memcmp(line.at, "HTTP/1.", 7) != 0 || line.at[8] != ' ')
		return false;
	if (!read_number((struct rest){ line.at + 9, 3 }, 10, ' ', &number) || number < 200)
		return false;
	*status = (unsigned)number;
	return true;
}

static bool is_word(struct rest text, const char *word)
{
	return text.size == strlen(word) && strncasecmp(text.at, word, text.size) == 0;
}

static struct rest trim(struct rest text)
{
	while (text.size && (*text.at == ' ' || *text.at == '\t'))
		skip(&text, 1);
	while (text.size && (text.at[text.size - 1] == ' ' || text.at[text.size - 1] == '\t'))
		text.size--;
	return text;
}

static bool read_field(struct rest line, struct framing *framing)
{
	const char *colon = memchr(line.at, ':', line.size);
	struct rest name = line;

	if (!colon)
		return false;
	name.size = (size_t)(colon - line.at);
	skip(&line, name.size + 1);
	line = trim(line);
	if (is_word(name, "content-length")) {
		framing->has_length = true;
		return read_number(line, 10, '\0', &framing->length);
	}
	if (is_word(name, "transfer-encoding")) {
		framing->is_chunked = true;
		return is_word(line, "chunked");
	}
	return true;
}

/* All lines up to the empty one. */
static bool read_head(struct rest head, unsigned *status, struct framing *framing)
{
	struct rest line;

	if (!take_line(&head, &line) || !read_status(line, status))
		return false;
	while (take_line(&head, &line) && line.size) {
		if (!read_field(line, framing))
			return false;
	}
	return true;
}

/* Each chunk is a length of hex digits, perhaps extensions behind a semicolon, and its octets. */
static enum response_state take_chunks(struct rest rest, struct response *response)
{
	struct rest line;

	response->body = mem_raw(rest.size + 1);
	while (take_line(&rest, &line)) {
		size_t length;

		if (!read_number(line, 16, ';', &length))
			return RESPONSE_GARBAGE;
		/* What stands behind the last is of no interest, but has to come. */
		if (length == 0)
			return memmem(rest.at, rest.size, "\r\n", 2) ? RESPONSE_WHOLE
								     : RESPONSE_PARTIAL;
		if (rest.size < length + 2)
			return RESPONSE_PARTIAL;
		if (memcmp(rest.at + length, "\r\n", 2) != 0)
			return RESPONSE_GARBAGE;
		memcpy(response->body + response->size, rest.at, length);
		response->size += length;
		skip(&rest, length + 2);
	}
	return RESPONSE_PARTIAL;
}

static enum response_state take_body(
	struct rest rest, const struct framing *framing, bool is_ended, struct response *response)
{
	if (framing->is_chunked)
		return take_chunks(rest, response);
	if (framing->has_length ? rest.size < framing->length : !is_ended)
		return RESPONSE_PARTIAL;
	response->size = framing->has_length ? framing->length : rest.size;
	response->body = mem_raw(response->size + 1);
	memcpy(response->body, rest.at, response->size);
	return RESPONSE_WHOLE;
}

enum response_state response_parse(
	const char *octets, size_t size, bool is_ended, struct response *response)
{
	const char *end = memmem(octets, size, "\r\n\r\n", 4);
	size_t head_size = end ? (size_t)(end - octets) + 4 : size;
	struct framing framing = { 0 };
	enum response_state state = RESPONSE_PARTIAL;

	*response = (struct response){ 0 };
	if (head_size > RESPONSE_HEAD_MAX)
		return RESPONSE_GARBAGE;
	if (end) {
		struct rest head = { octets, head_size };
		struct rest rest = { octets + head_size, size - head_size };

		if (!read_head(head, &response->status, &framing))
			return RESPONSE_GARBAGE;
		state = take_body(rest, &framing, is_ended, response);
	}
	if (state == RESPONSE_WHOLE) {
		response->body[response->size] = '\0';
		return state;
	}
	response_clear(response);
	return is_ended ? RESPONSE_GARBAGE : state;
}

void response_clear(struct response *response)
{
	free(response->body);
	*response = (struct response){ 0 };
}
