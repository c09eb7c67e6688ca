#ifndef SIXWARD_BASE_JSON_H
#define SIXWARD_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* JSON text (RFC 8259), written onto a FILE as it is told: one value, indented, and the end of the
 * line behind it. Whether all of it got there, the FILE knows. */

enum {
	JSON_DEPTH_MAX = 16,
	JSON_UNIT_SIZE = 7 /* the longest escape, \u0000, and NUL */
};

/* The next character of a text, which is not at its end, as it stands between quotes, into `unit`.
 * Returns the octets of the text that it took: fewer than it wrote when it had to be escaped. An
 * octet of no UTF-8 becomes the character of its number. */
size_t json_escape(const char *text, char unit[JSON_UNIT_SIZE]);

struct json {
	FILE *out;
	unsigned depth;
	bool has_items;               /* where we are */
	char closing[JSON_DEPTH_MAX]; /* what closes each that is open */
};

struct json json_over(FILE *out);

/* `key` is NULL in a list and for the outermost. */
void json_open_object(struct json *json, const char *key);
void json_open_list(struct json *json, const char *key);
void json_close(struct json *json);

void json_text(struct json *json, const char *key, const char *text); /* NULL = null */
void json_number(struct json *json, const char *key, int64_t number);
void json_decimal(struct json *json, const char *key, int64_t thousandths);
void json_numbers(struct json *json, const char *key, const uint64_t *numbers, size_t count);
void json_switch(struct json *json, const char *key, bool is_on);
void json_null(struct json *json, const char *key);

#endif
