#ifndef SIXWARD_RESOLVE_HINTS_H
#define SIXWARD_RESOLVE_HINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns/name.h"

/* Names that had a usable AAAA when they were asked for last: what is asked for again when the
 * cache has lost it need not ask for A as well. A guess, which a wrong one costs a round trip: it
 * may forget, and very rarely mistakes one name for another. One for all workers, without a
 * lock, of a fixed size. */

enum { HINTS_SETS = 4096, HINTS_IN_SET = 16 }; /* a set is a line of the processor's cache */

struct hints;

struct hints *hints_new(void);
void hints_free(struct hints *hints); /* NULL is fine */

/* Names are lower-cased. */
bool hints_find(const struct hints *hints, const struct name *name);
void hints_note(struct hints *hints, const struct name *name);
void hints_forget(struct hints *hints, const struct name *name);

#endif
