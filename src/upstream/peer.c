/* One upstream server: what is known of it and how it is reached, in one place. Knows no
 * question's search and no other server. */

#include "sixward/upstream/peer.h"

#include <stdlib.h>

#include "sixward/base/log.h"
#include "sixward/base/mem.h"

struct peer *peer_new(struct loop *loop, struct entropy *entropy, struct tally *tally,
	const struct endpoint *endpoint, bool trust_ad)
{
	struct peer *peer = mem_new(sizeof(*peer));

	peer->references = 1;
	peer->endpoint = *endpoint;
	peer->trust_ad = trust_ad;
	peer->tally = tally;
	peer->ports = exchange_ports_new(loop, entropy, tally, endpoint);
	peer->channel = channel_new(loop, entropy, tally, endpoint);
	return peer;
}

struct peer *peer_ref(struct peer *peer)
{
	peer->references++;
	return peer;
}

void peer_unref(struct peer *peer)
{
	if (!peer || --peer->references)
		return;
	ports_free(peer->ports);
	channel_free(peer->channel);
	free(peer);
}

/* What is older counts half as much with each window. */
void peer_note_question(struct peer *peer)
{
	peer->questions++;
	if (++peer->lately_questions == SERVER_SURVEY_LATELY) {
		peer->lately_questions /= 2;
		peer->lately_losses /= 2;
	}
}

void peer_note_unanswered(struct peer *peer)
{
	peer->losses++;
	if (peer->lately_losses < peer->lately_questions)
		peer->lately_losses++;
}

static void log_held(const struct peer *peer, enum transport transport, const char *why)
{
	char text[ENDPOINT_TEXT_MAX];

	count_up(&peer->tally->held);
	log_warning("upstream held",
		LOG_FIELDS(LOG_TEXT("upstream", endpoint_format(&peer->endpoint, text)),
			LOG_TEXT("transport", transport == TRANSPORT_UDP ? "udp" : "tcp"),
			LOG_TEXT("reason", why),
			LOG_NUMBER("hold_ms", peer->health[transport].hold_ms)));
}

void peer_note_reply(struct peer *peer, enum transport transport, uint64_t rtt_ms, uint64_t now_ms)
{
	char text[ENDPOINT_TEXT_MAX];

	count_up(&peer->tally->replies);
	reply_times_note(&peer->times, rtt_ms);
	if (!health_note_reply(&peer->health[transport], rtt_ms, now_ms))
		return;
	log_notice("upstream answers again",
		LOG_FIELDS(LOG_TEXT("upstream", endpoint_format(&peer->endpoint, text)),
			LOG_TEXT("transport", transport == TRANSPORT_UDP ? "udp" : "tcp")));
}

void peer_note_loss(struct peer *peer, enum transport transport, uint64_t sent_ms, uint64_t now_ms)
{
	if (health_note_loss(&peer->health[transport], sent_ms, now_ms))
		log_held(peer, transport, "silent");
}

void peer_note_error(struct peer *peer, enum transport transport, const char *why, uint64_t now_ms)
{
	if (health_note_error(&peer->health[transport], now_ms))
		log_held(peer, transport, why);
}

void peer_note_no_edns(struct peer *peer, uint64_t now_ms)
{
	char text[ENDPOINT_TEXT_MAX];

	if (peer_has_edns(peer, now_ms))
		log_notice("upstream has no EDNS",
			LOG_FIELDS(LOG_TEXT("upstream", endpoint_format(&peer->endpoint, text))));
	peer->no_edns_until_ms = now_ms + PEER_NO_EDNS_MS;
}

bool peer_has_edns(const struct peer *peer, uint64_t now_ms)
{
	return now_ms >= peer->no_edns_until_ms;
}

void peer_note_use(struct peer *peer, bool is_useful, uint64_t now_ms)
{
	peer->useless_ms = now_ms;
	if (is_useful)
		peer->useless = 0;
	else if (peer->useless < PEER_USELESS)
		peer->useless++;
}

/* In the unit of health: a server that is quick to say no is not the fastest. */
static uint32_t cost_of(const struct peer *peer, uint64_t now_ms)
{
	bool is_lately = now_ms - peer->useless_ms < PEER_USELESS_FOR_MS;

	return peer->useless == PEER_USELESS && is_lately ? PEER_USELESS_COST_MS * 16 : 0;
}

struct pick_candidate peer_candidate(const struct peer *peer, uint64_t now_ms)
{
	const struct health *health = &peer->health[TRANSPORT_UDP];

	return (struct pick_candidate){
		.state = health->state,
		.is_known = health_is_known(health),
		.wants_probe = health_wants_probe(health, now_ms),
		.smoothed = health->smoothed + cost_of(peer, now_ms),
		.replied_ms = health->replied_ms,
	};
}

bool peer_is_tcp_only(const struct peer *peer)
{
	return peer->health[TRANSPORT_UDP].state == HEALTH_HELD &&
	       peer->health[TRANSPORT_STREAM].state == HEALTH_GOOD &&
	       peer->health[TRANSPORT_STREAM].has_replied && !channel_is_doubtful(peer->channel);
}

struct server_survey peer_survey(const struct peer *peer)
{
	bool is_tcp_only = peer_is_tcp_only(peer);
	const struct health *health = &peer->health[is_tcp_only ? TRANSPORT_STREAM : TRANSPORT_UDP];

	return (struct server_survey){
		.endpoint = peer->endpoint,
		.via_nat64 = peer->via_nat64,
		.is_held = health->state == HEALTH_HELD,
		.replied_ms = health->replied_ms,
		.silent_ms = health->state == HEALTH_HELD ? health->silent_ms : 0,
		.is_timed = health_is_known(health),
		.rtt_us = (uint32_t)((uint64_t)health->smoothed * 1000 / 16),
		.questions = peer->questions,
		.replies = reply_times_count(&peer->times),
		.losses = peer->losses,
		.lately_questions = peer->lately_questions,
		.lately_losses = peer->lately_losses,
		.times = peer->times,
	};
}

bool peer_note_own(struct peer *peer, uint16_t id, uint16_t source_port, const uint8_t *name,
	uint16_t type, uint64_t now_ms)
{
	char text[ENDPOINT_TEXT_MAX];
	enum transport transport = TRANSPORT_UDP;

	if (!exchange_note_own(peer->ports, id, source_port, name, type)) {
		if (!channel_has_own(peer->channel, id, source_port, name, type))
			return false;
		transport = TRANSPORT_STREAM;
	}
	if (!health_note_error(&peer->health[transport], now_ms))
		return true;
	count_up(&peer->tally->held);
	log_warning("upstream loops",
		LOG_FIELDS(LOG_TEXT("upstream", endpoint_format(&peer->endpoint, text)),
			LOG_TEXT("hint", "it forwards our questions back to this server")));
	return true;
}
