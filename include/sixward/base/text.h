#ifndef SIXWARD_BASE_TEXT_H
#define SIXWARD_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text to numbers, durations, sizes and switches as config.md writes them, and back. */

enum { TEXT_NUMBER_MAX = 24 };

/* Decimal digits only. */
bool text_to_number(const char *text, uint64_t *number);

/* "500ms", "5s", "10m", "1h", "1d"; only 0 needs no unit. In milliseconds. */
bool text_to_duration(const char *text, uint64_t *ms);

/* "512B", "64KiB", "64MiB", "1GiB"; only 0 needs no unit. In octets. */
bool text_to_size(const char *text, uint64_t *octets);

/* "true" or "false". */
bool text_to_switch(const char *text, bool *value);

/* The shortest exact form in the largest unit that divides; returns `out`. */
char *text_from_duration(uint64_t ms, char out[TEXT_NUMBER_MAX]);
char *text_from_size(uint64_t octets, char out[TEXT_NUMBER_MAX]);

/* Hex digits to exactly `size` octets, either case. */
bool text_to_octets(const char *text, uint8_t *octets, size_t size);

/* The candidate closest to `word` by edits (insert, delete, replace, swap of
 * neighbours), at most a third of its length and 3 away; NULL when none is close.
 * `candidates` ends with NULL. */
const char *text_nearest(const char *word, const char *const *candidates);

#endif
