#ifndef SIXWARD_DNS_NAMESET_H
#define SIXWARD_DNS_NAMESET_H

#include <stdbool.h>
#include <stddef.h>

#include "sixward/base/table.h"
#include "sixward/dns/name.h"

/* A list of names, each covering itself and all below ("." is every name), with a
 * number kept for each. Built once, then only read. A zeroed nameset is empty. */

struct nameset {
	struct table table;
	size_t count;
	size_t labels_most; /* of any name listed */
};

void nameset_clear(struct nameset *set);

/* False when the name is there already: then the first value stays. */
bool nameset_add(struct nameset *set, const uint8_t *name, size_t value);
bool nameset_covers(const struct nameset *set, const uint8_t *name);

/* The longest listed name that covers `name`, as the part of `name` that it is; its
 * value in `*value` (may be NULL). NULL when none does. */
const uint8_t *nameset_find(const struct nameset *set, const uint8_t *name, size_t *value);

/* Visits every name, in no order. */
typedef void nameset_visit(void *owner, const uint8_t *name, size_t value);
void nameset_each(const struct nameset *set, nameset_visit *visit, void *owner);

#endif
