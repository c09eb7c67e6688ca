#ifndef SIXWARD_UPSTREAM_PEER_H
#define SIXWARD_UPSTREAM_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "sixward/base/addr.h"
#include "sixward/upstream/channel.h"
#include "sixward/upstream/exchange.h"
#include "sixward/upstream/health.h"
#include "sixward/upstream/pick.h"
#include "sixward/upstream/server_survey.h"

/* One upstream server as one worker sees it: where it is, what we believe of it, the sockets
 * and the connection to it. Counted, for questions in flight outlive a change of servers. */

enum transport { TRANSPORT_UDP, TRANSPORT_STREAM };

enum {
	PEER_NO_EDNS_MS = 15 * 60 * 1000, /* LIM-16 */

	/* Answers without use in a row, until a server that is fast at them counts as slow by so
	 * much for a while. */
	PEER_USELESS = 3,
	PEER_USELESS_COST_MS = 1000,
	PEER_USELESS_FOR_MS = 60000
};

struct peer {
	unsigned references;
	struct endpoint endpoint;
	bool trust_ad;
	bool via_nat64;
	struct health health[2];   /* by transport */
	uint64_t no_edns_until_ms; /* R6891-6.2.2-a */
	uint64_t useless_ms;       /* when it last gave an answer without use */
	uint8_t useless;           /* how many of them in a row, PEER_USELESS at most */
	struct ports *ports;
	struct channel *channel;
	struct tally *tally;
	uint64_t questions; /* these five as in struct server_survey */
	uint64_t losses;
	uint32_t lately_questions;
	uint32_t lately_losses;
	struct reply_times times;
};

struct peer *peer_new(struct loop *loop, struct entropy *entropy, struct tally *tally,
	const struct endpoint *endpoint, bool trust_ad);
struct peer *peer_ref(struct peer *peer);
void peer_unref(struct peer *peer); /* may be called from its sockets' callbacks; NULL is fine */

/* A question was sent; the wait for one is over, or it is known that none will answer it. */
void peer_note_question(struct peer *peer);
void peer_note_unanswered(struct peer *peer);

/* Facts for `health`; what changes a state is logged and counted. */
void peer_note_reply(struct peer *peer, enum transport transport, uint64_t rtt_ms, uint64_t now_ms);
void peer_note_loss(struct peer *peer, enum transport transport, uint64_t sent_ms, uint64_t now_ms);
void peer_note_error(struct peer *peer, enum transport transport, const char *why, uint64_t now_ms);
void peer_note_no_edns(struct peer *peer, uint64_t now_ms);

/* What its answer was worth: SERVFAIL, REFUSED and the like are none. */
void peer_note_use(struct peer *peer, bool is_useful, uint64_t now_ms);
bool peer_has_edns(const struct peer *peer, uint64_t now_ms);

/* What pick needs to know of it. */
struct pick_candidate peer_candidate(const struct peer *peer, uint64_t now_ms);

/* UDP is held, and TCP is known to work: a network that lets only TCP through. */
bool peer_is_tcp_only(const struct peer *peer);

/* All but the zone. */
struct server_survey peer_survey(const struct peer *peer);

/* UPS-d: a question of ours that came back; it is held for that. */
bool peer_note_own(struct peer *peer, uint16_t id, uint16_t source_port, const uint8_t *name,
	uint16_t type, uint64_t now_ms);

#endif
