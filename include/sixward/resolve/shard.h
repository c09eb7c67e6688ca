#ifndef SIXWARD_RESOLVE_SHARD_H
#define SIXWARD_RESOLVE_SHARD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/counts.h"
#include "sixward/base/table.h"
#include "sixward/resolve/failures.h"
#include "sixward/resolve/kept.h"

/* One part of the cache, under one lock, which is the cache's to take: everything but init and
 * clear, and what says so, is called with it. */

/* SIEVE: one queue in the order stored, and a hand that goes from the oldest to the newest and
 * takes out what nobody asked for since it passed. One-time scans leave by the first round. */
struct shard {
	pthread_mutex_t lock;
	struct table names;
	struct table pieces;
	struct kept *newest, *oldest, *hand;
	struct kept *sweep; /* a second hand, that takes what has expired */
	size_t octets;      /* of names, pieces and replies */
	size_t facts;
	uint32_t edition;
	struct failures failures;
	struct count count_asked, count_hits, count_failures, count_cuts, count_evicted;
	struct count count_finished, count_stale;
	struct count count_entries, count_octets;
};

/* What a name is looked up by; it is lower-cased. */
struct shard_key {
	const uint8_t *name;
	uint8_t name_size;
	uint16_t rclass;
	bool cd;
	uint64_t scope;
	uint64_t name_hash;
	uint64_t hash;
};

/* What left under the lock, to be freed after it. */
struct shard_gone {
	struct kept *names; /* by `older` */
	struct table_link *pieces;
	struct reply *replies[KEPT_FACTS_MAX];
	size_t reply_count;
};

/* Where one more item of a name is to go. `key`, `most` (what the shard may hold) and `more` are
 * the caller's, who frees what is left of `block`. */
struct shard_place {
	struct shard_key key;
	size_t most;
	struct kept *block; /* for the name, when it has to grow */
	size_t wanted;      /* octets of that */
	size_t more;        /* octets that a new name gets beside */
};

/* With the hash key of another, or one of its own. */
void shard_init(struct shard *shard, const struct table *hashed_like, size_t failures_max);
void shard_clear(struct shard *shard);

struct kept *shard_find(const struct shard *shard, const struct shard_key *key);

/* All that it holds, in octets, as the heap has it; and the counts that say so. */
size_t shard_held(const struct shard *shard);
void shard_note_held(struct shard *shard);

/* Without the lock. */
void shard_free_gone(struct shard_gone *gone);

/* Returns what comes after it, for going on. */
struct kept_item *shard_remove_fact(
	struct shard *shard, struct kept *kept, struct kept_fact *fact, struct shard_gone *gone);
void shard_take_out(struct shard *shard, struct kept *kept, struct shard_gone *gone);

/* Until it holds no more than `most`: what has expired goes first, then what nobody asked for since
 * the hand passed (CCH-g); never `but`. */
void shard_make_room(struct shard *shard, size_t most, const struct kept *but, uint64_t now_ms,
	struct shard_gone *gone);

/* The name of the place's key with room for an item of `size`, be it new; `kept` is what was found
 * of it. NULL: it takes memory, to be made by shard_make_block without the lock; then again. */
struct kept *shard_make_place(struct shard *shard, struct shard_place *place, struct kept *kept,
	size_t size, struct shard_gone *gone);
void shard_make_block(struct shard_place *place);

/* Whether an item of that size were too much even alone. */
bool shard_is_too_large(const struct shard_place *place, size_t size);

/* The pieces that facts share; whoever uses one counts itself in. */
struct kept_piece *shard_find_piece(
	const struct shard *shard, const struct packed_piece *octets, uint64_t hash);
void shard_add_piece(struct shard *shard, struct kept_piece *piece, uint64_t hash);

#endif
