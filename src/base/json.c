/* JSON text: the quotes, commas and escapes of it. Knows nothing of what is told. */

#include "sixward/base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

/* The octets of the well-formed UTF-8 sequence at `at` that has more than one (RFC 3629 4);
 * 0 when there is none. */
static size_t utf8_size(const uint8_t *at)
{
	static const struct row {
		uint8_t first, last, second_from, second_to, size;
	} rows[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, /* no surrogates */
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];

		if (at[0] < row->first || at[0] > row->last)
			continue;
		if (at[1] < row->second_from || at[1] > row->second_to)
			return 0;
		for (size_t j = 2; j < row->size; j++)
			if (at[j] >> 6 != 2)
				return 0;
		return row->size;
	}
	return 0;
}

size_t json_escape(const char *text, char unit[JSON_UNIT_SIZE])
{
	static const char shorts[] = "\"\"\\\\\nn\rr\tt";
	const uint8_t *at = (const uint8_t *)text;
	size_t size = utf8_size(at);

	for (size_t i = 0; i + 1 < sizeof(shorts); i += 2) {
		if (*text != shorts[i])
			continue;
		unit[0] = '\\';
		unit[1] = shorts[i + 1];
		unit[2] = 0;
		return 1;
	}
	if (*at >= ' ' && *at < 0x7f)
		size = 1;
	if (size) {
		memcpy(unit, text, size);
		unit[size] = 0;
		return size;
	}
	(void)snprintf(unit, JSON_UNIT_SIZE, "\\u%04x", *at);
	return 1;
}

static void put_quoted(struct json *json, const char *text)
{
	char unit[JSON_UNIT_SIZE];

	(void)fputc('"', json->out);
	while (*text) {
		text += json_escape(text, unit);
		(void)fputs(unit, json->out);
	}
	(void)fputc('"', json->out);
}

static void put_line_end(const struct json *json)
{
	(void)fputc('\n', json->out);
	for (unsigned i = 0; i < json->depth; i++)
		(void)fputs("  ", json->out);
}

/* What stands before a value. */
static void begin(struct json *json, const char *key)
{
	assert(!key == (!json->depth || json->closing[json->depth - 1] == ']'));
	if (json->has_items)
		(void)fputc(',', json->out);
	if (json->depth)
		put_line_end(json);
	json->has_items = true;
	if (!key)
		return;
	put_quoted(json, key);
	(void)fputs(": ", json->out);
}

static void end(const struct json *json)
{
	if (!json->depth)
		(void)fputc('\n', json->out);
}

static void open_pair(struct json *json, const char *key, const char pair[2])
{
	assert(json->depth < JSON_DEPTH_MAX);
	begin(json, key);
	(void)fputc(pair[0], json->out);
	json->closing[json->depth++] = pair[1];
	json->has_items = false;
}

struct json json_over(FILE *out)
{
	return (struct json){ .out = out };
}

void json_open_object(struct json *json, const char *key)
{
	open_pair(json, key, "{}");
}

void json_open_list(struct json *json, const char *key)
{
	open_pair(json, key, "[]");
}

void json_close(struct json *json)
{
	assert(json->depth);
	json->depth--;
	if (json->has_items)
		put_line_end(json);
	(void)fputc(json->closing[json->depth], json->out);
	json->has_items = true;
	end(json);
}

void json_text(struct json *json, const char *key, const char *text)
{
	if (!text) {
		json_null(json, key);
		return;
	}
	begin(json, key);
	put_quoted(json, text);
	end(json);
}

void json_number(struct json *json, const char *key, int64_t number)
{
	begin(json, key);
	(void)fprintf(json->out, "%" PRId64, number);
	end(json);
}

void json_decimal(struct json *json, const char *key, int64_t thousandths)
{
	uint64_t size = thousandths < 0 ? 0 - (uint64_t)thousandths : (uint64_t)thousandths;

	begin(json, key);
	(void)fprintf(json->out, "%s%" PRIu64 ".%03u", thousandths < 0 ? "-" : "", size / 1000,
		(unsigned)(size % 1000));
	end(json);
}

/* A list in one line. */
void json_numbers(struct json *json, const char *key, const uint64_t *numbers, size_t count)
{
	begin(json, key);
	for (size_t i = 0; i < count; i++)
		(void)fprintf(json->out, "%s%" PRIu64, i ? ", " : "[", numbers[i]);
	(void)fputs(count ? "]" : "[]", json->out);
	end(json);
}

void json_switch(struct json *json, const char *key, bool is_on)
{
	begin(json, key);
	(void)fputs(is_on ? "true" : "false", json->out);
	end(json);
}

void json_null(struct json *json, const char *key)
{
	begin(json, key);
	(void)fputs("null", json->out);
	end(json);
}
