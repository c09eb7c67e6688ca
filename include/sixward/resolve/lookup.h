#ifndef SIXWARD_RESOLVE_LOOKUP_H
#define SIXWARD_RESOLVE_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "sixward/local/local.h"
#include "sixward/resolve/cache.h"
#include "sixward/resolve/claims.h"
#include "sixward/upstream/routes.h"

/* One question from the cache, by joining one in flight, or from upstream. Belongs to one
 * worker; the cache behind it is shared. A flight goes on to its own deadline (LIM-04) when
 * nobody waits any more, to fill the cache. */

enum { LOOKUPS_LATE_MS = 1800 }; /* LIM-27: from then on stale data will do (R8767-5-a) */

struct lookups;

/* What a reload may change. */
struct lookups_terms {
	const struct local *local; /* special names are not asked on for; NULL = none are */
	uint8_t links_max;    /* LIM-20, over all links of a chain that is asked for in parts */
	uint32_t flights_max; /* further questions fail with FAILURE_LIMIT */
};

struct lookups_options {
	struct loop *loop;
	struct cache *cache;
	struct claims *claims; /* of all workers; NULL: there is one */
	struct routes *routes;
	uint64_t resolve_ms; /* LIM-04 */
	struct lookups_terms terms;
};

struct lookups *lookups_new(const struct lookups_options *options);
void lookups_free(struct lookups *lookups); /* flights end without callbacks */
void lookups_add_counts(struct lookups *lookups, struct counts *counts);
void lookups_set_terms(struct lookups *lookups, const struct lookups_terms *terms);
uint8_t lookups_links_max(const struct lookups *lookups);

struct lookup_result {
	struct reply *reply; /* NULL: see failure */
	uint32_t age_s;
	bool is_cut;            /* see cache.h */
	bool is_stale;          /* it has expired (R8767-4-a); then age_s is 0 */
	bool is_cached_failure; /* EDE-04: held since an earlier query */
	bool is_popular;        /* see cache.h */
	uint64_t edition;       /* the same; 0 = not as the cache has it */
	struct failure failure;
	const struct endpoint *server; /* who said so just now, lent; NULL: it was known before, or
					  nobody said anything */
};

/* What the cache knows; false: nothing. The reply is the caller's reference. `question->scope`
 * is the route's. While the question has been on its way for LOOKUPS_LATE_MS, stale data counts as
 * known (R8767-7-a). What is popular and near its end is asked for anew, and nobody waits
 * (CCH-g, LIM-37). */
bool lookup_now(
	struct lookups *lookups, const struct question *question, struct lookup_result *result);

/* Expired data, for those whom a look-up has failed or keeps waiting; false: there is none. The
 * reply is the caller's reference. */
bool lookup_stale(
	struct lookups *lookups, const struct question *question, struct lookup_result *result);

/* The result is lent. */
typedef void lookup_done(void *owner, const struct lookup_result *result);

struct lookup;

/* Asks upstream, or joins (R9520-2.3-a), after lookup_now said no. An incomplete alias chain
 * is asked on for its last target (D64-5.1.5-d), in GROUP_TRIES_MAX tries over all its parts:
 * a client's AAAA and A look-ups together keep to LIM-08. One callback, later. */
struct lookup *lookup_start(struct lookups *lookups, const struct question *question, bool stream,
	lookup_done *done, void *owner);
void lookup_cancel(struct lookup *lookup); /* NULL is fine; the flight goes on */

#endif
