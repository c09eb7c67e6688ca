#ifndef SIXWARD_RESOLVE_CACHE_H
#define SIXWARD_RESOLVE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/counts.h"
#include "sixward/dns/reply.h"
#include "sixward/resolve/finished.h"

/* Question to reply or failure, and finished answers beside them: facts as received, bounded in
 * octets, aged (protocol.md 10.1 to 10.3). One for all workers; shards with short locks inside.
 * Times are the loop's milliseconds, one clock for all workers. */

struct cache_options {
	size_t size;       /* octets, counted with overhead; 0 = keeps nothing but failures */
	bool nxdomain_cut; /* R8020-2-a */
	uint32_t failure_first_s; /* LIM-25 */
	uint32_t failure_most_s;  /* LIM-26 */
	uint32_t stale_s; /* how long expired data is kept on (R8767-5-a); 0 = never served */
	bool prefetch;    /* LIM-37 */
};

struct cache;

struct cache *cache_new(const struct cache_options *options);
void cache_free(struct cache *cache);

/* For a reload; a smaller size evicts at once. */
void cache_set_options(struct cache *cache, const struct cache_options *options);

enum cache_kind { CACHE_MISS, CACHE_REPLY, CACHE_FAILURE };

struct cache_hit {
	enum cache_kind kind;
	struct reply *reply; /* the caller's reference */
	uint32_t age_s;      /* rounded up, so that TTLs are rounded down (CCH-b) */
	bool is_cut;         /* an NXDOMAIN of a name above (R8020-2-a) */
	bool wants_refresh;  /* popular and near its end; told once in its lifetime (LIM-37) */
	uint64_t edition;    /* of all that is kept for the name: changes with any part of it */
	bool is_popular;     /* asked for before: a finished answer is worth its memory */
	struct failure failure;
};

/* Never served beyond its lifetime. An NXDOMAIN answers every type (R2308-5-b). */
void cache_find(struct cache *cache, const struct question *question, uint64_t now_ms,
	struct cache_hit *hit);

/* Replaces what is there for the question, drives out what the name cannot have beside it
 * (R8767-7-a), and clears its failure. A reply with lifetime 0 is not kept, but replaces all the
 * same (R8767-4-c); one of another RCODE leaves all as it is. The denied name of an NXDOMAIN is
 * kept for itself as well. */
void cache_store(
	struct cache *cache, const struct question *question, struct reply *reply, uint64_t now_ms);

/* What has expired, but not for longer than `stale_s` (R8767-4-a): for those whom upstream has
 * failed, or keeps waiting. False: there is none. An NXDOMAIN answers every type. */
bool cache_find_stale(struct cache *cache, const struct question *question, uint64_t now_ms,
	struct cache_hit *hit);

/* The finished answer for that question (its type is the key's), copied; false: there is none
 * that is in force. Counts as a hit. */
bool cache_find_finished(struct cache *cache, const struct question *question,
	const struct finished_key *key, uint64_t now_ms, union finished_copy *copy);

/* Keeps it beside the facts of `edition`, unless these have changed since; takes it over. Of the
 * few that a name may have the oldest gives way. */
void cache_keep_finished(struct cache *cache, const struct question *question, uint64_t edition,
	struct finished *finished, uint64_t now_ms);

/* R9520-3.2-c: held 5 s at first, 30 s where there is stale data (R8767-5-a), and twice as long at
 * each renewed failure. */
void cache_store_failure(struct cache *cache, const struct question *question,
	const struct failure *failure, uint64_t now_ms);
void cache_add_counts(struct cache *cache, struct counts *counts);

/* What is held now: replies, and octets by the cache's own account, which is the heap's. */
size_t cache_entries(struct cache *cache);
size_t cache_octets(struct cache *cache);

#endif
