/* Failures and extended DNS errors (RFC 8914) as values. Text from outside becomes harmless
 * here: valid UTF-8 without control octets. Knows nothing of the wire. */

#include "sixward/dns/failure.h"

#include <string.h>

/* The next free item with the code set, or NULL. */
static struct ede *next_item(struct ede_list *list, uint16_t code)
{
	struct ede *item;

	for (uint8_t i = 0; i < list->count; i++) {
		if (list->items[i].code == code)
			return NULL;
	}
	if (list->count >= EDE_COUNT_MAX)
		return NULL;
	item = &list->items[list->count++];
	*item = (struct ede){ .code = code };
	return item;
}

/* Appends all of `octets` or nothing (LIM-30). */
static bool append(struct ede *item, size_t *length, const void *octets, size_t size)
{
	if (size > EDE_TEXT_MAX - *length)
		return false;
	memcpy(item->text + *length, octets, size);
	*length += size;
	return true;
}

/* The octets of the printable UTF-8 character (RFC 3629) at the start, or 0: a control
 * character, an overlong form, a surrogate, beyond U+10FFFF, cut off, or no UTF-8 at all. */
static size_t character_size(const uint8_t *octets, size_t size)
{
	static const struct {
		uint8_t first; /* to the next row's first */
		uint8_t size;
		uint8_t low; /* of the second octet */
		uint8_t high;
	} rows[] = {
		{ 0x00, 0, 0, 0 },
		{ 0x20, 1, 0, 0 },
		{ 0x7f, 0, 0, 0 },
		{ 0xc2, 2, 0xa0, 0xbf }, /* U+0080 to U+009F are control characters */
		{ 0xc3, 2, 0x80, 0xbf },
		{ 0xe0, 3, 0xa0, 0xbf },
		{ 0xe1, 3, 0x80, 0xbf },
		{ 0xed, 3, 0x80, 0x9f },
		{ 0xee, 3, 0x80, 0xbf },
		{ 0xf0, 4, 0x90, 0xbf },
		{ 0xf1, 4, 0x80, 0xbf },
		{ 0xf4, 4, 0x80, 0x8f },
		{ 0xf5, 0, 0, 0 },
	};
	size_t row = sizeof(rows) / sizeof(rows[0]) - 1;

	while (octets[0] < rows[row].first)
		row--;
	if (rows[row].size > size)
		return 0;
	if (rows[row].size > 1 && (octets[1] < rows[row].low || octets[1] > rows[row].high))
		return 0;
	for (size_t i = 2; i < rows[row].size; i++) {
		if ((octets[i] & 0xc0) != 0x80)
			return 0;
	}
	return rows[row].size;
}

void ede_add(struct ede_list *list, uint16_t code, const char *text)
{
	struct ede *item = next_item(list, code);
	size_t size;

	if (!item || !text)
		return;
	size = strnlen(text, EDE_TEXT_MAX + 1);
	if (size > EDE_TEXT_MAX) {
		size = EDE_TEXT_MAX;
		while (size && ((uint8_t)text[size] & 0xc0) == 0x80)
			size--;
	}
	memcpy(item->text, text, size);
}

/* R8914-2-a, R8914-3-c */
void ede_add_octets(struct ede_list *list, uint16_t code, const char *prefix, const uint8_t *octets,
	uint16_t size)
{
	struct ede *item = next_item(list, code);
	size_t length = 0;
	size_t left = size;

	if (!item)
		return;
	if (!append(item, &length, prefix, strlen(prefix)))
		return;
	while (left && !octets[left - 1])
		left--;
	while (left) {
		size_t step = character_size(octets, left);

		if (!append(item, &length, step ? (const void *)octets : "?", step ? step : 1))
			return;
		if (!step)
			step = 1;
		octets += step;
		left -= step;
	}
}

/* D64-5.5-nvb */
bool ede_is_dnssec(uint16_t code)
{
	return (code >= 5 && code <= 12) || code == 25 || code == 27;
}

bool failure_is_dnssec(const struct failure *failure)
{
	for (uint8_t i = 0; i < failure->edes.count; i++) {
		if (ede_is_dnssec(failure->edes.items[i].code))
			return true;
	}
	return false;
}
