#ifndef SIXWARD_RESOLVE_QUERY_H
#define SIXWARD_RESOLVE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns/answer.h"
#include "sixward/local/local.h"
#include "sixward/resolve/hints.h"
#include "sixward/resolve/lookup.h"
#include "sixward/resolve/outcome.h"
#include "sixward/resolve/view.h"

/* One client request: starts its look-ups, keeps the facts, obeys the verdict, answers once. */

/* How long a native AAAA that is known waits for an A to append to it (append-aaaa). As long as a
 * client that races addresses waits between two of them (RFC 8305 section 8): what comes later
 * would have cost it more than the addresses it has, and is there for the next who asks. */
enum { QUERY_APPEND_MS = 250 };

/* Where a request came from, and its answer goes to. */
struct origin {
	struct endpoint client;
	struct addr local; /* the address asked */
	bool stream;       /* TCP */
};

/* A list of requests in progress that their front owns: the UDP listener's, or one per
 * connection. A zeroed list is ready. */
struct query_list {
	struct query *first;
	size_t count;
};

/* A request that the gate admitted. Lent until query_start returns. */
struct request {
	const struct wire *wire; /* header, question and records viewed: one question, opcode 0 */
	struct origin origin;
	size_t limit; /* octets of the response: the client's payload size, or 65535 */
	struct answer_edns edns;
	struct query_list *list;
};

/* The answer's octets, lent; always within the request's limit. */
typedef void query_done(
	void *owner, const struct origin *origin, const uint8_t *octets, size_t size);

/* What an ended request was about, for the query log and `sixward lookup`; all lent. */
struct query_observation {
	const struct question *question;
	const struct origin *origin;
	enum outcome outcome;
	uint16_t rcode;
	uint64_t took_ms;
	const struct reply *reply; /* what was answered; NULL = an error */
	const struct reply *aaaa;  /* the facts, where there were such look-ups */
	const struct reply *a;
	const struct policy *policy;
	int view;                        /* whose policy it is; see view.h */
	const struct prefix *prefix;     /* that the synthesized addresses lie in; NULL = none */
	const struct endpoint *upstream; /* who spoke last of those that were asked for it just now;
					    NULL: all was known, or nobody spoke */
	const struct ede_list *edes;
};

typedef void query_observe(void *owner, const struct query_observation *observation);

struct resolver_parts {
	struct loop *loop;
	struct lookups *lookups;
	struct routes *routes;
	struct local *local;
	const struct views *views;
	struct cache *cache;  /* for finished answers; NULL = none are used */
	struct hints *hints;  /* of all workers; NULL = AAAA and A are always asked at once */
	uint64_t stamp;       /* of all besides policies that an answer depends on (D64-5.4-f): the
				 same with all resolvers that share the cache, and another after each
				 change of settings or own records */
	uint32_t queries_max; /* LIM-07 */
	_Atomic uint32_t *queries; /* in progress with all resolvers that share it; stays the same;
				      NULL = counts for itself */
	uint64_t budget_ms;        /* LIM-03 */
	query_observe *observe;    /* NULL = nobody; otherwise each answer is made anew */
	void *observer;
};

/* One worker's requests. All parts are borrowed and outlive it. */
struct resolver;

struct resolver *resolver_new(const struct resolver_parts *parts);
void resolver_free(struct resolver *resolver); /* after its lists were cancelled */

/* For a reload: used by requests from now on; those in progress keep their policy. */
void resolver_set_parts(struct resolver *resolver, const struct resolver_parts *parts);
void resolver_add_counts(struct resolver *resolver, struct counts *counts);

/* For the gate, which ends what never becomes a request: one count of outcomes for both. */
struct outcomes *resolver_outcomes(struct resolver *resolver);

enum query_state {
	QUERY_ANSWERED, /* `*size` octets are in `out` */
	QUERY_WAITS,    /* done will be called once, later; it is on the list */
	QUERY_DROPPED   /* no answer (MAL-29, or a looping query: UPS-d) */
};

/* `out` has room for the request's limit. `owner` is whom done is called with. */
enum query_state query_start(struct resolver *resolver, const struct request *request, uint8_t *out,
	size_t *size, query_done *done, void *owner);

/* Ends all of the list without answers (R7766-6.2.4-a). */
void query_list_cancel(struct query_list *list);

#endif
