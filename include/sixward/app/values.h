#ifndef SIXWARD_APP_VALUES_H
#define SIXWARD_APP_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "sixward/config/tree.h"

/* What stands in a tree that was made of JSON. What is not there, or is something else, is not
 * known; `map` may be anything, and NULL. */

/* NULL: not known, or null. */
const char *values_text(const struct tree *map, const char *key);

/* The same, and "-". */
const char *values_show(const struct tree *map, const char *key);

/* NAN: not known, or below zero. */
double values_number(const struct tree *map, const char *key);
double values_number_of(const struct tree *value);

bool values_is_true(const struct tree *map, const char *key);

/* Of items; what is no list has none. */
size_t values_count(const struct tree *list);

#endif
