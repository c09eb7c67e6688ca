/* Lines to words and values. */

#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/text.h"
#include "sixward/dns/message.h"
#include "sixward/dns/wire.h"

bool word_next(const char **at, char *word)
{
	size_t size = 0;

	*at += strspn(*at, " \t");
	for (; **at && **at != ' ' && **at != '\t'; (*at)++) {
		if (size + 1 < WORD_MAX)
			word[size++] = **at;
	}
	word[size] = '\0';
	return size > 0;
}

bool word_take(const char **at, const char *word)
{
	const char *next = *at;
	char found[WORD_MAX];

	if (!word_next(&next, found) || strcmp(found, word) != 0)
		return false;
	*at = next;
	return true;
}

bool word_number(const char *word, uint64_t *number)
{
	char *end = NULL;

	if (*word < '0' || *word > '9')
		return false;
	*number = strtoull(word, &end, 0);
	return *end == '\0';
}

bool words_range(const char *text, uint64_t *first, uint64_t *last)
{
	char *end = NULL;

	if (*text < '0' || *text > '9')
		return false;
	*first = strtoull(text, &end, 10);
	if (*end != '-')
		return false;
	*last = strtoull(end + 1, &end, 10);
	return *end == ']';
}

bool word_label(const char *word, char letter, unsigned *label)
{
	uint64_t number = 0;

	if (word[0] != letter || (word[1] && !word_number(word + 1, &number)))
		return false;
	*label = (unsigned)number;
	return true;
}

bool word_duration(const char *word, uint64_t *ms)
{
	return text_to_duration(word, ms);
}

static bool class_of(const char *word, uint16_t *rclass)
{
	static const struct {
		const char *word;
		uint16_t rclass;
	} rows[] = { { "IN", CLASS_IN }, { "CH", CLASS_CH }, { "HS", CLASS_HS },
		{ "NONE", CLASS_NONE }, { "ANY", CLASS_ANY } };
	uint64_t number = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].word, word) == 0) {
			*rclass = rows[i].rclass;
			return true;
		}
	}
	if (strncmp(word, "CLASS", 5) != 0 || !word_number(word + 5, &number))
		return false;
	*rclass = (uint16_t)number;
	return true;
}

bool word_type(const char *word, uint16_t *type, uint16_t *rclass)
{
	const char *slash = strchr(word, '/');
	char class_word[16];

	*rclass = CLASS_IN;
	if (slash) {
		(void)snprintf(class_word, sizeof(class_word), "%.*s", (int)(slash - word), word);
		if (!class_of(class_word, rclass))
			return false;
		word = slash + 1;
	}
	return message_parse_type(word, type);
}

bool word_rcode(const char *word, uint16_t *rcode)
{
	char text[MESSAGE_TYPE_TEXT_MAX];
	uint64_t number = 0;

	if (strncmp(word, "RCODE", 5) == 0 && word_number(word + 5, &number)) {
		*rcode = (uint16_t)number;
		return true;
	}
	for (uint16_t i = 0; i < 24; i++) {
		if (strcmp(message_format_rcode(i, text), word) == 0) {
			*rcode = i;
			return true;
		}
	}
	return false;
}

static int hex_of(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* One word; returns its size, or -1. */
static int word_octets(const char *word, uint8_t *octets, size_t room)
{
	size_t length = strlen(word);
	size_t size = 0;

	if (*word == '<') {
		char text[WORD_MAX];
		struct name name;

		(void)snprintf(text, sizeof(text), "%.*s", (int)length - 2, word + 1);
		if (length < 3 || !name_parse(text, &name) || name.size > room)
			return -1;
		memcpy(octets, name.octets, name.size);
		return name.size;
	}
	for (; *word; word += 2) {
		int high = hex_of(word[0]);
		int low = high < 0 ? -1 : hex_of(word[1]);

		if (low < 0 || size == room)
			return -1;
		octets[size++] = (uint8_t)(high * 16 + low);
	}
	return (int)size;
}

int words_octets(const char *text, uint8_t *octets, size_t room)
{
	char word[WORD_MAX];
	size_t size = 0;

	while (word_next(&text, word)) {
		const char *times = strchr(word, '*');
		uint64_t count = 1;

		/* "ab*60" is the octet ab, 60 times. */
		if (times && !word_number(times + 1, &count))
			return -1;
		if (times)
			word[times - word] = '\0';
		for (; count > 0; count--) {
			int got = word_octets(word, octets + size, room - size);

			if (got < 0)
				return -1;
			size += (size_t)got;
		}
	}
	return (int)size;
}

bool words_bound(const char *text, enum word_relation *relation, uint64_t *number)
{
	char word[WORD_MAX];

	*relation = WORD_EXACTLY;
	text += strspn(text, " \t");
	if (*text == '<' || *text == '>') {
		*relation = *text == '<' ? WORD_AT_MOST : WORD_AT_LEAST;
		text++;
	}
	if (*text++ != '=')
		return false;
	return word_next(&text, word) && word_number(word, number) && !word_next(&text, word);
}

bool words_holds(enum word_relation relation, uint64_t bound, uint64_t number)
{
	switch (relation) {
	case WORD_EXACTLY:
		return number == bound;
	case WORD_AT_MOST:
		return number <= bound;
	case WORD_AT_LEAST:
		return number >= bound;
	}
	return false;
}
