#ifndef SIXWARD_TESTS_SCENARIOS_WORDS_H
#define SIXWARD_TESTS_SCENARIOS_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns/name.h"

/* Lines to words and values. */

enum { WORD_MAX = 1100 };

/* The next word of `*at` into `word` (WORD_MAX octets; longer ones are cut), and moves behind it.
 * False at the end. */
bool word_next(const char **at, char *word);

/* Moves behind the next word if it is this one. */
bool word_take(const char **at, const char *word);

bool word_number(const char *word, uint64_t *number);
bool words_range(const char *text, uint64_t *first, uint64_t *last); /* "1-40]" */

/* "R12" with letter 'R'; the letter alone is 0. */
bool word_label(const char *word, char letter, unsigned *label);
bool word_duration(const char *word, uint64_t *ms);

/* "AAAA", "CH/TXT", "CLASS300/A". */
bool word_type(const char *word, uint16_t *type, uint16_t *rclass);
bool word_rcode(const char *word, uint16_t *rcode);

/* Hex words, and <names>, up to the end of the text. Returns the size, or -1. */
int words_octets(const char *text, uint8_t *octets, size_t room);

/* "<=", ">=" or "=", then a number. */
enum word_relation { WORD_EXACTLY, WORD_AT_MOST, WORD_AT_LEAST };
bool words_bound(const char *text, enum word_relation *relation, uint64_t *number);
bool words_holds(enum word_relation relation, uint64_t bound, uint64_t number);

#endif
