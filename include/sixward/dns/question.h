#ifndef SIXWARD_DNS_QUESTION_H
#define SIXWARD_DNS_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "sixward/base/table.h"
#include "sixward/dns/name.h"

/* What is asked, as a value: the key of the cache and of look-ups in flight (CCH-a).
 * DO is no part of it: upstream is always asked with DO=1. */

struct question {
	struct name name; /* lower-cased */
	uint16_t type;
	uint16_t rclass;
	bool cd;
	uint64_t scope; /* who is asked: answers of different upstream groups never mix */
};

/* Copies and folds the name. */
struct question question_make(const uint8_t *name, uint16_t type, uint16_t rclass, bool cd);

/* The same in place, of a name whose size is known; what is behind it stays as it is. */
void question_init(struct question *question, const uint8_t *name, size_t size, uint16_t type,
	uint16_t rclass, bool cd);
bool question_equal(const struct question *a, const struct question *b);
uint64_t question_hash(const struct table *table, const struct question *question);

#endif
