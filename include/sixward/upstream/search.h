#ifndef SIXWARD_UPSTREAM_SEARCH_H
#define SIXWARD_UPSTREAM_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns/message.h"
#include "sixward/net/timer.h"
#include "sixward/upstream/peer.h"
#include "sixward/upstream/rumours.h"

/* One question on its way through the servers of a group: repeats, the stream when datagrams do
 * not do, other servers (protocol.md 11); one deadline, one answer. It may linger behind its
 * answer, to learn whether a server that kept silent answers after all. */

enum {
	SEARCH_TRIES_MAX = 6, /* (server, transport) pairs: half of LIM-08 */
	SEARCH_PEERS_MAX = 3, /* LIM-06 */
	SEARCH_LINGER_MS = 1000,
	SEARCH_LINGERING_MAX = 256, /* at once, of one group */
	SEARCH_MEASURE_EVERY = 32   /* questions until one also measures another server */
};

/* What all searches of a group go by; the group's, and outlives them. */
struct search_terms {
	struct loop *loop;
	struct tally *tally;
	struct rumours *rumours; /* NULL: nobody to tell */
	uint32_t heard;          /* edition of the rumours */
	struct message_rules rules;
	bool by_speed;       /* the fastest first, else the first listed */
	struct peer **peers; /* as of now: may be replaced while searches are on their way */
	size_t peer_count;
	size_t lingering;
	unsigned until_measure;
};

struct search;

/* What came of a search. */
struct search_result {
	struct reply *reply; /* lent; NULL: a failure */
	struct failure failure;
	struct endpoint server; /* whose word it is; zeroed: nobody said anything */
	uint8_t tries;          /* that were made, probes included */
	bool lingers; /* the struct is still in use until `search_rested`, else it is the caller's
			 again */
};

typedef void search_done(void *owner, const struct search_result *result);

/* It lingers no more. */
typedef void search_rested(void *owner);

struct attempt {
	struct search *search;
	struct peer *peer; /* a reference */
	enum transport transport;
	bool is_over;     /* nothing is expected of it any more */
	bool is_answered; /* by anything that matched */
	bool is_probe;    /* beside another attempt; not repeated */
	bool edns;
	bool dropped_edns; /* by a server that disliked it */
	uint8_t sent;      /* transmissions */
	uint8_t waited;    /* of them, those whose wait is over */
	uint8_t mismatches;
	uint64_t due_ms; /* when to do more */
	struct exchange exchanges[HEALTH_TRANSMISSIONS];
	struct channel_request request;
};

/* The caller's memory. */
struct search {
	struct search_terms *terms;
	struct question question;
	search_done *done;
	search_rested *rested;
	void *owner;
	struct timer *timer;
	uint64_t deadline_ms;
	bool is_stream;   /* UPS-a: stream first */
	bool is_answered; /* by some server, with an error */
	bool lingers;
	struct failure failure; /* of all that failed so far */
	uint8_t tries_max;
	size_t attempt_count;
	struct attempt attempts[SEARCH_TRIES_MAX];
};

struct search_ask {
	const struct question *question; /* copied */
	uint64_t deadline_ms;
	bool is_stream;
	uint8_t tries_max; /* 1 to SEARCH_TRIES_MAX */
	bool is_refused;   /* there are too many: it fails, in a turn of its own */
	search_done *done;
	search_rested *rested;
	void *owner;
};

/* A zeroed struct becomes one that searches may be started in, one at a time. */
void search_init(struct search *search, struct search_terms *terms);
void search_clear(struct search *search);
void search_start(struct search *search, const struct search_ask *ask);

/* Neither callback comes any more. */
void search_cancel(struct search *search);

#endif
