#ifndef SIXWARD_RESOLVE_STALE_H
#define SIXWARD_RESOLVE_STALE_H

#include "sixward/dns/reply.h"

/* Answers made of expired facts (RFC 8767). */

enum { STALE_TTL_S = 30 }; /* LIM-27 */

/* R8767-4-a: the same records, each for 30 s; a new reply of age 0 without AD, the caller's. */
struct reply *stale_reply(const struct question *question, const struct reply *reply);

#endif
