#ifndef SIXWARD_RESOLVE_FACT_H
#define SIXWARD_RESOLVE_FACT_H

#include <stdbool.h>
#include <stdint.h>

#include "sixward/dns64/aged.h"
#include "sixward/dns64/policy.h"
#include "sixward/dns64/verdict.h"
#include "sixward/local/local.h"
#include "sixward/resolve/lookup.h"

/* One thing that a request wants to know, wherever it comes from: own records, the cache,
 * upstream. A zeroed fact is unknown, and nobody's. */

struct fact {
	struct question question; /* as it is looked up: behind own aliases for their target */
	struct reply *alias;      /* of own records, that leads elsewhere */
	struct reply *reply;      /* NULL while unknown, and after a failure */
	struct failure failure;   /* read when the cause is not FAILURE_NONE */
	struct lookup *lookup;    /* on its way */
	uint32_t age_s;
	bool is_tried; /* whether it is known here and now has been found out */
	bool is_late;  /* unknown when time was up (D64-5.1.3-b) */
	bool is_local; /* the name is one of our own records */
	bool is_cut;
	bool is_stale; /* the reply has expired (R8767-4-a); its TTLs mean nothing */
	bool is_stale_tried;
	bool is_cached_failure;
	bool is_popular;  /* what a finished answer may be made of: see cache.h */
	uint64_t edition; /* 0 = not as the cache has it for the question */
};

struct fact_sources {
	const struct local *local;
	struct lookups *lookups;
	const struct routes *routes;
};

/* The question's scope is filled in. `fact` is zeroed but for what it held before: clear it. */
void fact_init(struct fact *fact, const struct question *question, uint64_t scope);
void fact_clear(struct fact *fact); /* cancels its look-up */

/* LOC-c: whether the name is one of our records; then they say what is known, or where to go
 * on asking. Class IN only. */
bool fact_take_record(struct fact *fact, const struct fact_sources *sources);

/* Once: special names if `special` (or behind an alias), then the cache; without `recursion`
 * neither cache nor upstream is asked (ACL-c). */
void fact_try(struct fact *fact, const struct fact_sources *sources, bool special, bool recursion);

/* What the look-up that the owner started has found; `fact->lookup` is gone. A failure leaves stale
 * data in its place (R8767-4-c). */
void fact_note(struct fact *fact, const struct lookup_result *result, uint8_t links_max);

/* Once, when upstream has failed the fact, or keeps it waiting: stale data in its place, if there
 * is any. Not for what was not asked of the cache, and not over a DNSSEC failure (row 21). */
void fact_take_stale(struct fact *fact, const struct fact_sources *sources);

/* A failure, or an RCODE other than 0 and 3. */
bool fact_has_failed(const struct fact *fact);

/* Neither known nor given up. */
bool fact_is_open(const struct fact *fact);
struct aged_reply fact_aged(const struct fact *fact);

/* As the verdict sees it. */
enum found fact_found_aaaa(const struct fact *fact, const struct policy *policy);
enum found fact_found_a(const struct fact *fact, const struct policy *policy);

#endif
