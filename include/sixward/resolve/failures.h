#ifndef SIXWARD_RESOLVE_FAILURES_H
#define SIXWARD_RESOLVE_FAILURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/table.h"
#include "sixward/dns/failure.h"
#include "sixward/dns/question.h"

/* What failed lately and is not asked again yet (RFC 9520): a bounded table without a lock,
 * one in each shard of the cache. */

struct failures_hold {
	uint32_t first_s; /* LIM-25 */
	uint32_t most_s;  /* LIM-26 */
};

struct failures {
	struct table table;
	struct failures_entry *newest, *oldest; /* by when they failed last */
	size_t entries_max;
};

/* Memory that one holds, in octets. */
enum { FAILURES_ENTRY_OCTETS = 576 };

/* When all are in use, the one that failed longest ago gives way (R9520-3.2-d). */
void failures_init(struct failures *failures, size_t entries_max);
void failures_clear(struct failures *failures);
void failures_set_most(struct failures *failures, size_t entries_max);

/* Whether the question is held back still; then `*failure` says why. */
bool failures_find(const struct failures *failures, const struct question *question,
	uint64_t now_ms, struct failure *failure);

/* Forgets the one that failed longest ago, if it is not held any more; false: it is. */
bool failures_drop_ended(struct failures *failures, uint64_t now_ms);

/* R9520-3.2-c: held for `first_s`, twice as long at each renewed failure. One that comes while
 * the entry is still held renews nothing: it was under way before. */
void failures_note(struct failures *failures, const struct question *question,
	const struct failure *failure, const struct failures_hold *hold, uint64_t now_ms);

/* The question was answered: the next failure is a first one again. */
void failures_forget(struct failures *failures, const struct question *question);

#endif
