#ifndef SIXWARD_RESOLVE_CLAIMS_H
#define SIXWARD_RESOLVE_CLAIMS_H

#include <stdbool.h>

#include "sixward/base/addr.h"
#include "sixward/base/table.h"
#include "sixward/dns/reply.h"
#include "sixward/net/loop.h"

/* Which questions are on their way upstream, over all workers (R9520-2.3-a): the first to claim one
 * asks, and the others wait for what it learns. Safe from every thread. */

struct claims;

struct claims *claims_new(void);
void claims_free(struct claims *claims); /* nothing may be claimed any more; NULL is fine */

/* A question that is the owner's to ask. The owner's memory, as is the question, from a claims_take
 * that says true until its claims_release. */
struct claims_claim {
	struct table_link link;
	const struct question *question;
	struct claims_wait *waits;
};

/* Who waits. The owner's memory, from claims_take until `call` or a claims_leave that says true. */
struct claims_wait {
	struct claims_shard *shard;          /* whose lock holds for the next three */
	struct claims_claim *claim;          /* NULL: told */
	struct claims_wait *next, *previous; /* of the claim */
	struct loop *loop;                   /* where `call` is called with the wait, once */
	loop_call *call;

	/* What was learned, when called: a reference of the wait's, or NULL and the failure, whose
	 * cause is FAILURE_NONE when the one who asked has gone without a word. */
	struct reply *reply;
	struct failure failure;
	struct endpoint server; /* whose word it is; zeroed: nobody's */
};

/* For claims_take, and good for any table of the owner's, for its key is random. */
uint64_t claims_hash(const struct claims *claims, const struct question *question);

/* True: the question is the caller's to ask, and `claim` to be released. False: `wait` waits. */
bool claims_take(struct claims *claims, struct claims_claim *claim, const struct question *question,
	uint64_t hash, struct claims_wait *wait);

/* Tells all who wait; failure NULL or of FAILURE_NONE: nothing was learned; server NULL: it is
 * nobody's word. */
void claims_release(struct claims *claims, struct claims_claim *claim, struct reply *reply,
	const struct failure *failure, const struct endpoint *server);

/* True: it no longer waits, and is not called. False: the call is on its way. */
bool claims_leave(struct claims_wait *wait);

#endif
