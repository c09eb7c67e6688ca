#ifndef SIXWARD_RESOLVE_SPLICE_H
#define SIXWARD_RESOLVE_SPLICE_H

#include <stdint.h>

#include "sixward/dns/reply.h"
#include "sixward/dns64/aged.h"

/* An alias chain that was asked for in parts (D64-5.1.5-d). */

/* `first`, which ends in an alias, and `rest`, the answer for its last target: one reply of age
 * 0 to `question`, the caller's. NULL: the links together loop or exceed `links_max`. */
struct reply *splice_replies(const struct question *question, const struct aged_reply *first,
	const struct aged_reply *rest, uint8_t links_max);

/* The question for the last target of `first`; its scope is for the caller to fill in. */
struct question splice_question(const struct question *question, const struct reply *first);

#endif
