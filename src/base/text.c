/* Text to numbers, durations, sizes and switches, and back. Knows nothing of which setting it
 * reads: ranges and complaints are config's. */

#include "sixward/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit durations[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 },
	{ "s", 1000 }, { "ms", 1 }, { 0 } };

static const struct unit sizes[] = { { "GiB", 1 << 30 }, { "MiB", 1 << 20 }, { "KiB", 1 << 10 },
	{ "B", 1 }, { 0 } };

/* Digits at the start; how many, 0 = none or too large. */
static size_t read_digits(const char *text, uint64_t *number)
{
	uint64_t value = 0;
	size_t at = 0;

	for (; text[at] >= '0' && text[at] <= '9'; at++) {
		uint64_t digit = (uint64_t)(text[at] - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return 0;
		value = 10 * value + digit;
	}
	*number = value;
	return at;
}

bool text_to_number(const char *text, uint64_t *number)
{
	uint64_t value;
	size_t digits = read_digits(text, &value);

	if (!digits || text[digits] != '\0')
		return false;
	*number = value;
	return true;
}

static bool read_amount(const char *text, const struct unit *units, uint64_t *amount)
{
	uint64_t value;
	size_t digits = read_digits(text, &value);

	if (!digits)
		return false;
	if (text[digits] == '\0' && value == 0) {
		*amount = 0;
		return true;
	}
	for (const struct unit *unit = units; unit->name; unit++) {
		if (strcmp(text + digits, unit->name) != 0)
			continue;
		if (value > UINT64_MAX / unit->factor)
			return false;
		*amount = value * unit->factor;
		return true;
	}
	return false;
}

bool text_to_duration(const char *text, uint64_t *ms)
{
	return read_amount(text, durations, ms);
}

bool text_to_size(const char *text, uint64_t *octets)
{
	return read_amount(text, sizes, octets);
}

bool text_to_switch(const char *text, bool *value)
{
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return false;
	*value = text[0] == 't';
	return true;
}

static char *write_amount(
	uint64_t amount, const struct unit *units, const char *zero, char out[TEXT_NUMBER_MAX])
{
	if (amount == 0) {
		(void)snprintf(out, TEXT_NUMBER_MAX, "%s", zero);
		return out;
	}
	while (amount % units->factor != 0)
		units++;
	(void)snprintf(out, TEXT_NUMBER_MAX, "%" PRIu64 "%s", amount / units->factor, units->name);
	return out;
}

char *text_from_duration(uint64_t ms, char out[TEXT_NUMBER_MAX])
{
	return write_amount(ms, durations, "0s", out);
}

char *text_from_size(uint64_t octets, char out[TEXT_NUMBER_MAX])
{
	return write_amount(octets, sizes, "0", out);
}

/* 0 to 15; 16 = it is none. */
static unsigned int hex_digit(char character)
{
	if (character >= '0' && character <= '9')
		return (unsigned int)(character - '0');
	if (character >= 'a' && character <= 'f')
		return (unsigned int)(character - 'a') + 10;
	if (character >= 'A' && character <= 'F')
		return (unsigned int)(character - 'A') + 10;
	return 16;
}

bool text_to_octets(const char *text, uint8_t *octets, size_t size)
{
	if (strlen(text) != 2 * size)
		return false;
	for (size_t i = 0; i < 2 * size; i++) {
		if (hex_digit(text[i]) > 15)
			return false;
	}
	for (size_t i = 0; i < size; i++)
		octets[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
	return true;
}

enum { WORD_MAX = 32 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that lead from a to b (optimal
 * string alignment); both have at most WORD_MAX characters. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];
	size_t a_size = strlen(a), b_size = strlen(b);

	for (unsigned k = 0; k <= b_size; k++)
		last[k] = k;
	memcpy(before, last, sizeof(rows[0]));
	for (size_t i = 1; i <= a_size; i++) {
		unsigned *spare = before;

		row[0] = (unsigned)i;
		for (size_t k = 1; k <= b_size; k++) {
			unsigned change = a[i - 1] == b[k - 1] ? 0 : 1;

			row[k] = least(least(last[k] + 1, row[k - 1] + 1), last[k - 1] + change);
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				row[k] = least(row[k], before[k - 2] + 1);
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[b_size];
}

const char *text_nearest(const char *word, const char *const *candidates)
{
	const char *nearest = NULL;
	unsigned best = least((unsigned)strlen(word) / 3, 3) + 1;

	if (strlen(word) > WORD_MAX)
		return NULL;
	for (; *candidates; candidates++) {
		unsigned edits;

		if (strlen(*candidates) > WORD_MAX)
			continue;
		edits = distance(word, *candidates);
		if (edits < best) {
			best = edits;
			nearest = *candidates;
		}
	}
	return nearest;
}
