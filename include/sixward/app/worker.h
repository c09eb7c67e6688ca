#ifndef SIXWARD_APP_WORKER_H
#define SIXWARD_APP_WORKER_H

#include <stdbool.h>

#include "sixward/app/passed.h"
#include "sixward/base/counts.h"
#include "sixward/config/config.h"
#include "sixward/front/limit.h"
#include "sixward/front/shares.h"
#include "sixward/net/loop.h"
#include "sixward/resolve/query.h"

/* One loop with all its rooms, built from a config. Knows nothing of other workers. */

/* What all workers use: borrowed, and outlives them. */
struct worker_common {
	struct cache *cache;
	struct claims *claims;   /* NULL: there is one worker */
	struct rumours *rumours; /* the same */
	struct hints *hints;
	struct shares *shares;
	struct cookies *cookies;   /* NULL = off */
	_Atomic uint32_t *queries; /* in progress, of all (LIM-07) */
	struct limit *answers;     /* both NULL = no limit */
	struct limit *errors;
	/* The servers of `upstreams` have changed: told by the first worker. NULL = nobody cares.
	 */
	void (*upstreams_changed)(void *owner);
	void *owner;
	const struct passed *passed; /* NULL = every socket is opened here */
	unsigned number;             /* of the worker, from 0 */
	bool is_alone;               /* one worker: its sockets are not shared */
	bool is_first;               /* the one that logs what every worker notices */
};

struct worker;

/* Takes a reference to the config. Listens nowhere yet. `observe` may be NULL. */
struct worker *worker_new(struct loop *loop, struct config *config,
	const struct worker_common *common, query_observe *observe, void *observer);
void worker_free(struct worker *worker); /* NULL is fine */

/* Opens what the config lists and is not open yet, and closes what it lists no more: sockets that
 * stay keep what is in them. False: `*failed` and `*error` (negative errno) say what could not be
 * had; the others are open. */
bool worker_listen(struct worker *worker, struct endpoint *failed, int *error);

/* Another config, from the next query on; cookies NULL = off. `policies` stand in the place of its
 * own, the top's first, then each view's. On the worker's thread. */
void worker_apply(struct worker *worker, struct config *config, struct policy *const *policies,
	struct cookies *cookies);

/* The same config with other policies, from the next query on; what is reached via NAT64 follows
 * them. On the worker's thread. */
void worker_set_policies(struct worker *worker, struct policy *const *policies);

/* The servers of `upstreams` as of now, but for those reached via NAT64. Returns how many. */
size_t worker_upstreams(struct worker *worker, struct endpoint *out, size_t room);

/* What it knows of its upstream servers; on its thread. Of those that are held it will know more
 * the next time, for it asks them. */
void worker_survey(struct worker *worker, survey_visit *visit, void *owner);

/* Who is told of each query's end from now on; NULL = nobody. */
void worker_set_observer(struct worker *worker, query_observe *observe, void *observer);

/* No more queries are taken; those in progress are still answered. */
void worker_quiesce(struct worker *worker);

struct resolver *worker_resolver(struct worker *worker);
void worker_add_counts(struct worker *worker, struct counts *counts);

#endif
