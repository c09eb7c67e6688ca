#ifndef SIXWARD_RESOLVE_NEWS_H
#define SIXWARD_RESOLVE_NEWS_H

#include <stdbool.h>
#include <stdint.h>

#include "sixward/dns/packed.h"
#include "sixward/dns/question.h"
#include "sixward/resolve/shard.h"

/* A fact on its way in. All is lent. */

struct news {
	struct shard_place place;
	const struct question *question;
	struct kept_fact fact; /* its head */
	uint16_t instead;      /* the type whose fact it replaces beside its own */
	struct reply *reply;   /* kept as it is; NULL: packed */
	const struct packed *packed;
	struct kept_piece *pieces[PACKED_PIECES_MAX]; /* new ones */
	uint64_t hashes[PACKED_PIECES_MAX];
	bool wants_pieces;
	bool is_kept; /* false: it only drives out what it contradicts */
	uint64_t now_ms;
	uint64_t stale_ms;
};

/* Takes the lock. A new answer takes the whole place of the old one (R2181-5-a), clears the
 * question's failure, and drives out what cannot be true beside it (R8767-7-a). */
void news_store(struct news *news, struct shard *shard);

#endif
