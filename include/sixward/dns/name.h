#ifndef SIXWARD_DNS_NAME_H
#define SIXWARD_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Domain names in wire format, uncompressed. A `const uint8_t *` that a function
 * calls a name is well-formed and ends with the root label; only name_size,
 * name_read and name_skip take octets from outside. Letters compare ASCII-case-insensitively,
 * any other octet as it is (R4343-3-a). */

enum {
	NAME_SIZE_MAX = 255, /* R1035-2.3.4-a */
	NAME_LABEL_MAX = 63,
	NAME_TEXT_MAX = 1025 /* every octet as \DDD, and NUL */
};

/* A name as a value. A zeroed one (size 0) is none; the root has size 1. */
struct name {
	uint8_t size;
	uint8_t octets[NAME_SIZE_MAX];
};

/* The size of the uncompressed name at the start of `octets`, or 0: cut off, over
 * 255, a compression pointer or another label type. */
size_t name_size(const uint8_t *octets, size_t available);

/* Reads a possibly compressed name at `*at` of a message, and moves `*at` behind it.
 * Pointers must lead backwards, and be no more than a name can have labels. False leaves
 * `*at` alone. */
bool name_read(const uint8_t *message, size_t size, size_t *at, struct name *out);

/* The same without taking the name. */
bool name_skip(const uint8_t *message, size_t size, size_t *at);

struct name name_copy(const uint8_t *name);
bool name_equal(const uint8_t *a, const uint8_t *b);
bool name_is_root(const uint8_t *name);

/* Whether `name` is `ancestor` or below it. */
bool name_is_under(const uint8_t *name, const uint8_t *ancestor);

/* The name without its first label; the root gives itself. */
const uint8_t *name_parent(const uint8_t *name);

/* Labels, the root not counted. */
size_t name_labels(const uint8_t *name);

/* The part of `name` that has `labels` labels, counted from the root; name has as many. */
const uint8_t *name_last(const uint8_t *name, size_t labels);

/* Lower-cases A to Z in place. */
void name_fold(struct name *name);
void name_copy_folded(const uint8_t *name, size_t size, uint8_t *out);

enum name_rewrite { NAME_REWRITTEN, NAME_NOT_BELOW, NAME_TOO_LONG };

/* RFC 6672 2.2: `name` strictly below `owner` with that end replaced by `target`, which
 * may not lie in `out`; unless rewritten, `out` stays as it is. */
enum name_rewrite name_rewrite(
	const uint8_t *name, const uint8_t *owner, const uint8_t *target, struct name *out);

/* Presentation format with \. and \DDD escapes; a missing last dot is fine. Blanks and
 * control octets must be escaped. False leaves `name` as it was. */
bool name_parse(const char *text, struct name *name);

/* With the last dot, into NAME_TEXT_MAX octets. Returns `text`. */
char *name_format(const uint8_t *name, char text[NAME_TEXT_MAX]);

#endif
