#ifndef SIXWARD_UPSTREAM_GROUP_H
#define SIXWARD_UPSTREAM_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/addr.h"
#include "sixward/base/entropy.h"
#include "sixward/dns/message.h"
#include "sixward/net/loop.h"
#include "sixward/upstream/rumours.h"
#include "sixward/upstream/server_survey.h"
#include "sixward/upstream/tally.h"

/* Asks a group of upstreams one question: try, fall back to a stream, fail over; one
 * deadline, one callback (protocol.md section 11). A group belongs to one worker. */

enum {
	GROUP_SERVERS_MAX = 64,   /* what a resolv.conf may add up to */
	GROUP_TRIES_MAX = 6,      /* (upstream, transport) pairs per question: half of LIM-08 */
	GROUP_QUERIES_MAX = 16384 /* in flight; more fail with FAILURE_LIMIT */
};

enum group_order { ORDER_FASTEST, ORDER_LISTED };

struct server_options {
	struct endpoint endpoint;
	bool trust_ad;
	bool via_nat64; /* the endpoint is an IPv4 server's, behind a prefix: for surveys */
};

struct group_options {
	uint64_t scope; /* names the group in questions and in the cache; stable while its settings
			   are */
	enum group_order order;
	struct message_rules rules; /* trust_ad is each server's own */
	const struct server_options *servers;
	size_t server_count;
	struct tally *tally; /* where it counts, borrowed; NULL = its own, of the group's life */
	struct rumours *rumours; /* of all workers, borrowed for life; NULL: there is one worker */
};

struct group;

struct group *group_new(
	struct loop *loop, struct entropy *entropy, const struct group_options *options);

/* Takes no more questions and frees itself when those in flight have ended. */
void group_retire(struct group *group);

/* At once, without callbacks; NULL is fine. */
void group_free(struct group *group);

/* For a reload: the options of the same scope, but for tally and rumours, which stay. Questions in
 * flight go on by the new ones. */
void group_set_options(struct group *group, const struct group_options *options);

/* Replaces the servers (a resolv.conf changed). What is known of those that stay is kept;
 * questions in flight end as they would. */
void group_set_servers(struct group *group, const struct server_options *servers, size_t count);
uint64_t group_scope(const struct group *group);

/* A server of the group; the value is lent. */
typedef void survey_visit(void *owner, const struct server_survey *survey);

/* Each server of now, in order. */
void group_survey(const struct group *group, const uint8_t *zone, survey_visit *visit, void *owner);

/* Where all servers are held, and one has been for long enough: asks for the zone's SOA, so that it
 * is known that one is back also while no client asks. One such question at a time. */
void group_revive(struct group *group, const uint8_t *zone);

struct group_ask {
	uint64_t deadline_ms; /* loop time when the callback comes at the latest (LIM-04) */
	bool stream;          /* UPS-a: TCP first; UDP where that upstream refuses TCP */
	uint8_t tries_max;    /* 0 = GROUP_TRIES_MAX; with less nobody is asked just to learn */
};

/* What came of a question; all lent (take a reference to keep the reply). */
struct group_result {
	struct reply *reply;           /* NULL: a failure */
	const struct failure *failure; /* NULL: a reply */
	const struct endpoint *server; /* whose word it is; NULL: nobody said anything */
	uint8_t tries;                 /* that were made (LIM-08) */
};

typedef void group_done(void *owner, const struct group_result *result);

struct group_query;

struct group_query *group_start(struct group *group, const struct question *question,
	const struct group_ask *ask, group_done *done, void *owner);
void group_cancel(struct group_query *query); /* no callback after it; NULL is fine */

/* UPS-d: a client query that is one of our own on its way back: its id and question are in
 * flight from that source port. Marks the upstream as looping. */
bool group_is_own(
	struct group *group, uint16_t id, uint16_t source_port, const uint8_t *name, uint16_t type);

#endif
