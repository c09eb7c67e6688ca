/* Domain names in wire format: walk, compare, rewrite, print. Knows nothing of messages but
 * how a compression pointer looks, and allocates nothing. */

#include "sixward/dns/name.h"

#include <assert.h>
#include <string.h>

enum {
	POINTER = 0xc0,
	LABELS_MAX = NAME_SIZE_MAX / 2, /* one octet each, and the root */

	/* In a name where each pointer follows a label or the start there are no more. Without
	 * a bound, pointers to pointers would make every owner of a message cost thousands of
	 * steps (MAL-11). */
	HOPS_MAX = LABELS_MAX + 1
};

/* R4343-3-a: ASCII letters only. */
static inline uint8_t fold(uint8_t octet)
{
	return (uint8_t)(octet | ((uint8_t)(octet - 'A') < 26) << 5);
}

/* Of a name, which is well-formed. */
static size_t size_of(const uint8_t *name)
{
	size_t at = 0;

	while (name[at])
		at += 1U + name[at];
	return at + 1;
}

size_t name_size(const uint8_t *octets, size_t available)
{
	/* R1035-2.3.4-a */
	size_t limit = available < NAME_SIZE_MAX ? available : NAME_SIZE_MAX;
	size_t at = 0;

	while (at < limit) {
		uint8_t length = octets[at];

		if (!length)
			return at + 1;
		if (length > NAME_LABEL_MAX)
			return 0;
		at += 1U + length;
	}
	return 0;
}

/* `out` gets the octets of the name, unless it is NULL. */
static bool walk(const uint8_t *message, size_t size, size_t *at, struct name *out)
{
	size_t segment = *at; /* where the labels at hand began: pointers lead before it */
	size_t place = *at;
	size_t behind = 0; /* the first pointer; 0 = none yet */
	size_t used = 0;
	unsigned int hops = 0;

	while (place < size) {
		uint8_t length = message[place];

		if (length >= POINTER) {
			if (size - place < 2 || ++hops > HOPS_MAX)
				return false;
			if (!behind)
				behind = place + 2;
			place = (size_t)(length & ~POINTER) << 8 | message[place + 1];
			/* A loop would lead forwards somewhere (MAL-11). */
			if (place >= segment)
				return false;
			segment = place;
			continue;
		}
		if (length > NAME_LABEL_MAX || size - place <= length ||
			used + 1 + length > NAME_SIZE_MAX)
			return false;
		if (out)
			memcpy(out->octets + used, message + place, 1U + length);
		used += 1U + length;
		place += 1U + length;
		if (!length) {
			if (out)
				out->size = (uint8_t)used;
			*at = behind ? behind : place;
			return true;
		}
	}
	return false;
}

bool name_read(const uint8_t *message, size_t size, size_t *at, struct name *out)
{
	return walk(message, size, at, out);
}

bool name_skip(const uint8_t *message, size_t size, size_t *at)
{
	/* The root, which owns the OPT of almost every message. */
	if (*at < size && !message[*at]) {
		++*at;
		return true;
	}
	return walk(message, size, at, NULL);
}

struct name name_copy(const uint8_t *name)
{
	struct name copy = { .size = (uint8_t)size_of(name) };

	memcpy(copy.octets, name, copy.size);
	return copy;
}

bool name_equal(const uint8_t *a, const uint8_t *b)
{
	size_t size;

	if (a == b)
		return true;
	size = size_of(a);
	if (size_of(b) != size)
		return false;
	if (memcmp(a, b, size) == 0)
		return true;
	/* Length octets are below 'A', and the names end together or differ before. */
	for (size_t i = 0; i < size; i++) {
		if (a[i] != b[i] && fold(a[i]) != fold(b[i]))
			return false;
	}
	return true;
}

bool name_is_root(const uint8_t *name)
{
	return !name[0];
}

static const uint8_t *without_first(const uint8_t *name, size_t labels)
{
	for (; labels; labels--)
		name += 1 + name[0];
	return name;
}

bool name_is_under(const uint8_t *name, const uint8_t *ancestor)
{
	size_t all = name_labels(name);
	size_t labels = name_labels(ancestor);

	return all >= labels && name_equal(without_first(name, all - labels), ancestor);
}

const uint8_t *name_parent(const uint8_t *name)
{
	return name[0] ? name + 1 + name[0] : name;
}

size_t name_labels(const uint8_t *name)
{
	size_t labels = 0;

	for (; name[0]; name += 1 + name[0])
		labels++;
	return labels;
}

const uint8_t *name_last(const uint8_t *name, size_t labels)
{
	size_t all = name_labels(name);

	assert(labels <= all);
	return without_first(name, all - labels);
}

void name_fold(struct name *name)
{
	for (size_t i = 0; i < name->size; i++)
		name->octets[i] = fold(name->octets[i]);
}

/* Eight octets at once. No carry leaves an octet: all are below 0x80 when something is added. */
static uint64_t fold_eight(uint64_t octets)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t low = octets & ones * 0x7f;
	uint64_t from_a = low + ones * (0x80 - 'A');
	uint64_t beyond_z = low + ones * (0x7f - 'Z');
	uint64_t is_capital = (from_a & ~beyond_z & ~octets) & ones * 0x80;

	return octets | is_capital >> 2;
}

static void copy_eight(const uint8_t *name, uint8_t *out)
{
	uint64_t eight;

	memcpy(&eight, name, sizeof(eight));
	eight = fold_eight(eight);
	memcpy(out, &eight, sizeof(eight));
}

void name_copy_folded(const uint8_t *name, size_t size, uint8_t *out)
{
	if (size < 8) {
		for (size_t i = 0; i < size; i++)
			out[i] = fold(name[i]);
		return;
	}
	for (size_t at = 0; at < size - 8; at += 8)
		copy_eight(name + at, out + at);
	copy_eight(name + size - 8, out + size - 8); /* some of them once more */
}

/* R6672-2.2-a */
enum name_rewrite name_rewrite(
	const uint8_t *name, const uint8_t *owner, const uint8_t *target, struct name *out)
{
	size_t target_size = size_of(target);
	size_t all = name_labels(name);
	size_t labels = name_labels(owner);
	const uint8_t *end;
	size_t kept;

	if (all <= labels)
		return NAME_NOT_BELOW;
	end = without_first(name, all - labels);
	if (!name_equal(end, owner))
		return NAME_NOT_BELOW;
	kept = (size_t)(end - name);
	if (kept + target_size > NAME_SIZE_MAX)
		return NAME_TOO_LONG;

	memmove(out->octets, name, kept); /* the name may lie in `out` */
	memcpy(out->octets + kept, target, target_size);
	out->size = (uint8_t)(kept + target_size);
	return NAME_REWRITTEN;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One octet of a label at `*text`, escaped or not. */
static bool parse_octet(const char **text, uint8_t *octet)
{
	const char *t = *text;
	int number;

	if (t[0] != '\\') {
		/* A blank would end the name in a zone file: nobody means it as part of one. */
		*octet = (uint8_t)t[0];
		*text = t + 1;
		return *octet > ' ' && *octet != 0x7f;
	}
	if (!t[1])
		return false;
	if (!is_digit(t[1])) {
		*octet = (uint8_t)t[1];
		*text = t + 2;
		return true;
	}
	if (!is_digit(t[2]) || !is_digit(t[3]))
		return false;
	number = (t[1] - '0') * 100 + (t[2] - '0') * 10 + (t[3] - '0');
	*octet = (uint8_t)number;
	*text = t + 4;
	return number <= UINT8_MAX;
}

bool name_parse(const char *text, struct name *name)
{
	struct name parsed = { 0 };
	size_t used = 0;

	if (text[0] == '.' && !text[1])
		text++;
	else if (!text[0])
		return false;
	while (*text) {
		size_t length_at = used++;
		size_t length;

		while (*text && *text != '.') {
			/* Room is kept for the root. */
			if (used >= NAME_SIZE_MAX - 1 || !parse_octet(&text, &parsed.octets[used]))
				return false;
			used++;
		}
		length = used - length_at - 1;
		if (!length || length > NAME_LABEL_MAX)
			return false;
		parsed.octets[length_at] = (uint8_t)length;
		if (*text)
			text++;
	}
	parsed.octets[used++] = 0;
	parsed.size = (uint8_t)used;
	*name = parsed;
	return true;
}

static char *format_octet(uint8_t octet, char *out)
{
	if (octet <= ' ' || octet >= 0x7f) {
		*out++ = '\\';
		*out++ = (char)('0' + octet / 100);
		*out++ = (char)('0' + octet / 10 % 10);
		*out++ = (char)('0' + octet % 10);
		return out;
	}
	/* What means something in a zone file (RFC 1035 5.1). */
	if (strchr(".\\\"();@$", octet))
		*out++ = '\\';
	*out++ = (char)octet;
	return out;
}

char *name_format(const uint8_t *name, char text[NAME_TEXT_MAX])
{
	char *out = text;

	if (!name[0])
		*out++ = '.';
	for (; name[0]; name += 1 + name[0]) {
		for (uint8_t i = 1; i <= name[0]; i++)
			out = format_octet(name[i], out);
		*out++ = '.';
	}
	*out = '\0';
	return text;
}
