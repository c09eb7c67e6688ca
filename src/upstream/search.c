/* One question on its way through the servers of a group. Each event is written down with its
 * attempt, and then the search asks again what is to be done. Knows the group's terms, but not
 * who asked, nor what becomes of the answer. */

#include "sixward/upstream/search.h"

#include <assert.h>
#include <string.h>

#include "sixward/upstream/judge.h"

enum { PEERS_LOOKED_AT = 64 };
#define NEVER UINT64_MAX

static void on_exchange(void *owner, struct exchange *exchange, enum exchange_result result,
	const struct wire *wire, bool is_cut);
static void on_request(void *owner, struct channel_request *request, enum channel_result result,
	const struct wire *wire);
static bool begin_stream(struct search *search, struct peer *peer, bool is_probe);

static uint64_t now_of(const struct search *search)
{
	return loop_now_ms(search->terms->loop);
}

static struct health *health_of(struct attempt *attempt)
{
	return &attempt->peer->health[attempt->transport];
}

/* Once for each transmission. */
static void note_unanswered(struct attempt *attempt)
{
	if (attempt->waited == attempt->sent)
		return;
	attempt->waited = attempt->sent;
	peer_note_unanswered(attempt->peer);
}

/* Its last transmission is unanswered. What one worker has waited for, the others need not. */
static void note_loss(struct attempt *attempt, uint64_t now_ms)
{
	struct rumours *rumours = attempt->search->terms->rumours;
	struct peer *peer = attempt->peer;
	uint64_t sent_ms = attempt->exchanges[attempt->sent - 1].sent_ms;
	bool was_good = peer->health[TRANSPORT_UDP].state == HEALTH_GOOD;

	note_unanswered(attempt);
	peer_note_loss(peer, TRANSPORT_UDP, sent_ms, now_ms);
	if (rumours && was_good && peer->health[TRANSPORT_UDP].state != HEALTH_GOOD)
		rumours_tell(rumours, &peer->endpoint, sent_ms);
}

/* What other workers found since we last listened: the same as if we had lost it, unless we
 * know better. */
static void hear(struct search_terms *terms)
{
	uint32_t edition = terms->rumours ? rumours_edition(terms->rumours) : terms->heard;

	if (edition == terms->heard)
		return;
	terms->heard = edition;
	for (size_t i = 0; i < terms->peer_count; i++) {
		struct peer *peer = terms->peers[i];
		struct health *health = &peer->health[TRANSPORT_UDP];
		uint64_t sent_ms = 0;

		if (health->state == HEALTH_GOOD &&
			rumours_find(terms->rumours, &peer->endpoint, &sent_ms))
			peer_note_loss(peer, TRANSPORT_UDP, sent_ms, loop_now_ms(terms->loop));
	}
}

/* Lets go of what is in flight. */
static void attempt_stop(struct attempt *attempt)
{
	if (attempt->transport == TRANSPORT_STREAM)
		channel_cancel(&attempt->request);
	else
		for (unsigned i = 0; i < attempt->sent; i++)
			exchange_cancel(&attempt->exchanges[i]);
	attempt->is_over = true;
	attempt->due_ms = NEVER;
}

static void attempts_clear(struct search *search)
{
	for (size_t i = 0; i < search->attempt_count; i++) {
		attempt_stop(&search->attempts[i]);
		peer_unref(search->attempts[i].peer);
	}
	search->attempt_count = 0;
}

/* A server that has not said a word since it was asked, and nothing to anyone else either. */
static bool is_silent(struct attempt *attempt)
{
	const struct health *health = health_of(attempt);
	uint64_t first_ms = attempt->exchanges[0].sent_ms;

	return attempt->transport == TRANSPORT_UDP && !attempt->is_over && !attempt->is_answered &&
	       attempt->sent &&
	       (attempt->is_probe || !health->has_replied || health->replied_ms < first_ms);
}

/* Whether there is something to learn yet: then what is silent goes on, all else is stopped. */
static bool linger(struct search *search)
{
	bool lingers = false;

	for (size_t i = 0; i < search->attempt_count; i++) {
		struct attempt *attempt = &search->attempts[i];

		if (is_silent(attempt) && search->terms->lingering < SEARCH_LINGERING_MAX)
			lingers = true;
		else
			attempt_stop(attempt);
	}
	return lingers;
}

/* Of those who said anything at all the last one asked. */
static const struct attempt *find_answered(const struct search *search)
{
	for (size_t i = search->attempt_count; i > 0; i--)
		if (search->attempts[i - 1].is_answered)
			return &search->attempts[i - 1];
	return NULL;
}

/* Lets go first, then tells. `said` NULL: no one word ended it. */
static void end(struct search *search, const struct attempt *said, struct reply *reply,
	const struct failure *failure)
{
	struct search_result result = { .reply = reply, .tries = (uint8_t)search->attempt_count };

	if (!said)
		said = find_answered(search);
	if (said)
		result.server = said->peer->endpoint;

	if (failure) {
		result.failure = *failure;
		/* What a server said was of no use, and no try was left to ask it again. */
		if (failure->cause == FAILURE_NONE)
			result.failure.cause = FAILURE_LIMIT;
		count_up(&search->terms->tally->failures);
	}
	result.lingers = linger(search);
	search->lingers = result.lingers;
	if (result.lingers) {
		search->terms->lingering++;
		timer_start(search->timer, SEARCH_LINGER_MS);
	} else {
		timer_stop(search->timer);
		attempts_clear(search);
	}
	search->done(search->owner, &result);
	reply_unref(reply);
}

static void rest(struct search *search)
{
	search->lingers = false;
	search->terms->lingering--;
	timer_stop(search->timer);
	attempts_clear(search);
	search->rested(search->owner);
}

static void add_failure(struct search *search, enum failure_cause cause)
{
	struct failure failure = { .cause = cause };

	judge_merge(&search->failure, &failure);
}

static bool was_tried(const struct search *search, const struct peer *peer)
{
	for (size_t i = 0; i < search->attempt_count; i++)
		if (search->attempts[i].peer == peer)
			return true;
	return false;
}

static bool was_tried_over(
	const struct search *search, const struct peer *peer, enum transport transport)
{
	for (size_t i = 0; i < search->attempt_count; i++)
		if (search->attempts[i].peer == peer && search->attempts[i].transport == transport)
			return true;
	return false;
}

static size_t peers_tried(const struct search *search)
{
	size_t count = 0;

	for (size_t i = 0; i < search->attempt_count; i++) {
		size_t first = 0;

		while (search->attempts[first].peer != search->attempts[i].peer)
			first++;
		count += first == i;
	}
	return count;
}

static struct attempt *attempt_add(
	struct search *search, struct peer *peer, enum transport transport, bool is_probe)
{
	struct attempt *attempt = NULL;

	if (search->attempt_count >= search->tries_max || was_tried_over(search, peer, transport))
		return NULL;
	attempt = &search->attempts[search->attempt_count++];
	/* What is sent with is set when it is sent: most searches touch one exchange. */
	memset(attempt, 0, offsetof(struct attempt, exchanges));
	attempt->request.list = NULL;
	attempt->search = search;
	attempt->peer = peer_ref(peer);
	attempt->transport = transport;
	attempt->is_probe = is_probe;
	attempt->edns = peer_has_edns(peer, now_of(search));
	attempt->due_ms = NEVER;
	return attempt;
}

/* False when nothing is on its way now. */
static bool transmit(struct attempt *attempt)
{
	struct search *search = attempt->search;
	struct tally *tally = search->terms->tally;
	uint64_t now_ms = now_of(search);
	struct exchange_ask ask = {
		.question = &search->question,
		.ad = attempt->peer->trust_ad,
		.edns = attempt->edns,
		.mismatches = &attempt->mismatches,
		.done = on_exchange,
		.owner = attempt,
	};
	int error = 0;

	assert(attempt->sent < HEALTH_TRANSMISSIONS);
	if (!exchange_start(&attempt->exchanges[attempt->sent], attempt->peer->ports, &ask, now_ms,
		    &error)) {
		peer_note_error(attempt->peer, TRANSPORT_UDP, "unreachable", now_ms);
		add_failure(search, FAILURE_NETWORK);
		attempt_stop(attempt);
		return false;
	}
	attempt->sent++;
	attempt->due_ms = now_ms + health_wait_ms(health_of(attempt), attempt->sent);
	count_up(&tally->udp);
	peer_note_question(attempt->peer);
	if (attempt->sent > 1)
		count_up(&tally->repeats);
	return true;
}

static bool begin_udp(struct search *search, struct peer *peer, bool is_probe)
{
	struct attempt *attempt = attempt_add(search, peer, TRANSPORT_UDP, is_probe);

	return attempt && transmit(attempt);
}

static void begin_udp_probe(struct search *search, struct peer *peer)
{
	health_note_probe(&peer->health[TRANSPORT_UDP], now_of(search));
	if (begin_udp(search, peer, true))
		count_up(&search->terms->tally->probes);
}

/* When to ask another server too: connecting takes its time. */
static uint64_t stream_wait_ms(struct attempt *attempt)
{
	enum { OPEN_MIN = 200, CONNECTING_MIN = HEALTH_WAIT_UNKNOWN };
	uint32_t least = channel_is_open(attempt->peer->channel) ? OPEN_MIN : CONNECTING_MIN;
	uint32_t wait = health_wait_ms(health_of(attempt), 1);

	return wait > least ? wait : least;
}

static bool send_stream(struct attempt *attempt)
{
	struct search *search = attempt->search;
	struct channel_ask ask = {
		.question = &search->question,
		.ad = attempt->peer->trust_ad,
		.edns = attempt->edns,
		.done = on_request,
		.owner = attempt,
	};

	if (!channel_start(attempt->peer->channel, &attempt->request, &ask)) {
		add_failure(search, FAILURE_NETWORK);
		attempt_stop(attempt);
		return false;
	}
	attempt->sent++;
	peer_note_question(attempt->peer);
	attempt->due_ms = now_of(search) + stream_wait_ms(attempt);
	return true;
}

static bool begin_stream(struct search *search, struct peer *peer, bool is_probe)
{
	struct attempt *attempt = attempt_add(search, peer, TRANSPORT_STREAM, is_probe);

	return attempt && send_stream(attempt);
}

/* A server that this question has not been sent to. UPS-a: over the stream if that is how the
 * client came, and over UDP where the server refuses it; while its stream is in doubt, both. */
static bool begin(struct search *search, struct peer *peer)
{
	bool began = false;

	if (!search->is_stream && !peer_is_tcp_only(peer))
		return begin_udp(search, peer, false);
	if (!search->is_stream && search->tries_max == SEARCH_TRIES_MAX &&
		health_wants_probe(&peer->health[TRANSPORT_UDP], now_of(search)))
		begin_udp_probe(search, peer);
	if (channel_is_doubtful(peer->channel)) {
		began = begin_udp(search, peer, false);
		if (channel_is_refusing(peer->channel))
			return began;
	}
	if (begin_stream(search, peer, began))
		return true;
	return began || begin_udp(search, peer, false);
}

static size_t candidates_of(struct search *search, struct pick_candidate *candidates)
{
	const struct search_terms *terms = search->terms;
	uint64_t now_ms = now_of(search);
	size_t count = terms->peer_count < PEERS_LOOKED_AT ? terms->peer_count : PEERS_LOOKED_AT;

	for (size_t i = 0; i < count; i++) {
		candidates[i] = peer_candidate(terms->peers[i], now_ms);
		candidates[i].is_tried = was_tried(search, terms->peers[i]);
	}
	return count;
}

/* The next server (UPS-b, R1035-4.2.1-a), held ones only if `desperate`. False when there is
 * none that could be asked. */
static bool begin_other(struct search *search, bool desperate)
{
	struct pick_candidate candidates[PEERS_LOOKED_AT];

	/* R1123-6.1.3.3-a, LIM-06 */
	while (peers_tried(search) < SEARCH_PEERS_MAX &&
		search->attempt_count < search->tries_max) {
		size_t count = candidates_of(search, candidates);
		size_t at = pick_find(candidates, count, search->terms->by_speed, desperate);

		if (at == PICK_NONE)
			return false;
		if (begin(search, search->terms->peers[at]))
			return true;
	}
	return false;
}

/* The question goes to another server as well, for us to learn whether it is back, or how fast
 * it is, while nobody waits for it. */
static void begin_probe(struct search *search)
{
	struct search_terms *terms = search->terms;
	struct pick_candidate candidates[PEERS_LOOKED_AT];
	size_t count = 0;
	size_t at = PICK_NONE;

	/* A question that came by stream leaves by stream only (UPS-a); one that has few tries
	 * needs them itself. */
	if (terms->peer_count < 2 || search->is_stream || search->tries_max < SEARCH_TRIES_MAX)
		return;
	count = candidates_of(search, candidates);
	at = pick_find_probe(candidates, count);
	if (at != PICK_NONE) {
		begin_udp_probe(search, terms->peers[at]);
		return;
	}
	if (!terms->by_speed)
		return;
	if (terms->until_measure) {
		terms->until_measure--;
		return;
	}
	at = pick_find_unmeasured(candidates, count);
	if (at == PICK_NONE)
		return;
	/* Servers of unknown speed soon, the others now and then. */
	terms->until_measure = candidates[at].is_known ? SEARCH_MEASURE_EVERY : 1;
	if (begin_udp(search, terms->peers[at], true))
		count_up(&terms->tally->probes);
}

/* Whether anything may still be answered. */
static bool is_alive(const struct search *search, bool with_probes)
{
	for (size_t i = 0; i < search->attempt_count; i++)
		if (!search->attempts[i].is_over && (with_probes || !search->attempts[i].is_probe))
			return true;
	return false;
}

/* Probes are all that is left: from now on they are attempts like any other. */
static bool promote_probes(struct search *search)
{
	bool any = false;

	for (size_t i = 0; i < search->attempt_count; i++) {
		struct attempt *attempt = &search->attempts[i];

		if (attempt->is_over || !attempt->is_probe)
			continue;
		attempt->is_probe = false;
		if (attempt->due_ms == NEVER)
			attempt->due_ms = now_of(search);
		any = true;
	}
	return any;
}

/* The streams of servers that were unreachable by datagram: the last to try. */
static bool begin_leftover(struct search *search)
{
	for (size_t i = 0; i < search->attempt_count; i++) {
		const struct attempt *attempt = &search->attempts[i];

		if (attempt->transport == TRANSPORT_UDP && !attempt->is_answered &&
			begin_stream(search, attempt->peer, false))
			return true;
	}
	return false;
}

/* Something is on its way that has not kept us waiting for too long yet. */
static bool is_promising(const struct search *search)
{
	for (size_t i = 0; i < search->attempt_count; i++) {
		const struct attempt *attempt = &search->attempts[i];

		if (attempt->is_over || attempt->is_probe)
			continue;
		if (attempt->transport == TRANSPORT_STREAM ? attempt->due_ms != NEVER
							   : attempt->waited < attempt->sent)
			return true;
	}
	return false;
}

static bool is_scheduled(const struct search *search)
{
	for (size_t i = 0; i < search->attempt_count; i++)
		if (!search->attempts[i].is_over && search->attempts[i].due_ms != NEVER)
			return true;
	return false;
}

/* Sees to it that something is on its way; false when all has been tried. */
static bool seek(struct search *search)
{
	if (is_promising(search) || begin_other(search, false) || promote_probes(search))
		return true;
	/* A server said no: that will do, unless another has a transmission left. */
	if (search->is_answered)
		return is_scheduled(search);
	return is_alive(search, true) || begin_other(search, true) || begin_leftover(search);
}

static void arm(struct search *search)
{
	uint64_t at_ms = search->deadline_ms;
	uint64_t now_ms = now_of(search);

	for (size_t i = 0; i < search->attempt_count; i++)
		if (!search->attempts[i].is_over && search->attempts[i].due_ms < at_ms)
			at_ms = search->attempts[i].due_ms;
	timer_start(search->timer, at_ms > now_ms ? at_ms - now_ms : 0);
}

/* After each event. */
static void go_on(struct search *search)
{
	if (seek(search))
		arm(search);
	else
		end(search, NULL, NULL, &search->failure);
}

static void give_up(struct search *search)
{
	for (size_t i = 0; i < search->attempt_count; i++)
		if (!search->attempts[i].is_over)
			add_failure(search, FAILURE_TIMEOUT);
	end(search, NULL, NULL, &search->failure);
}

/* Time has come to do more than wait for this attempt. */
static void act(struct attempt *attempt)
{
	struct search *search = attempt->search;
	uint64_t now_ms = now_of(search);

	if (attempt->transport == TRANSPORT_STREAM) {
		attempt->due_ms = NEVER;
		if (!begin_other(search, false) && search->is_stream &&
			!channel_is_open(attempt->peer->channel))
			(void)begin_udp(search, attempt->peer, false);
		return;
	}
	if (attempt->waited < attempt->sent)
		note_loss(attempt, now_ms);
	attempt->due_ms = NEVER;
	if (attempt->is_probe && is_alive(search, false))
		return;
	/* R1035-4.2.1-a: another server before the same once more, while this one may still
	 * answer. */
	if (begin_other(search, false)) {
		attempt->due_ms = now_ms + health_wait_ms(health_of(attempt), attempt->sent);
		return;
	}
	/* R9520-3.1-a */
	if (attempt->sent < HEALTH_TRANSMISSIONS) {
		(void)transmit(attempt);
		return;
	}
	/* LIM-02: then TCP, while a late reply still counts. */
	(void)begin_stream(search, attempt->peer, false);
	if (!search->is_answered)
		(void)begin_other(search, true);
}

static void on_timer(void *owner)
{
	struct search *search = owner;
	uint64_t now_ms = now_of(search);

	if (search->lingers) {
		for (size_t i = 0; i < search->attempt_count; i++) {
			struct attempt *attempt = &search->attempts[i];

			if (is_silent(attempt))
				note_loss(attempt, now_ms);
		}
		rest(search);
		return;
	}
	if (now_ms >= search->deadline_ms) {
		give_up(search);
		return;
	}
	for (size_t i = 0; i < search->attempt_count; i++)
		if (!search->attempts[i].is_over && search->attempts[i].due_ms <= now_ms)
			act(&search->attempts[i]);
	go_on(search);
}

/* The same server once more, without OPT (R6891-6.2.2-a). */
static bool drop_edns(struct attempt *attempt)
{
	attempt->edns = false;
	attempt->dropped_edns = true;
	if (attempt->transport == TRANSPORT_STREAM)
		return send_stream(attempt);
	if (attempt->sent == HEALTH_TRANSMISSIONS)
		return false;
	/* Replies to what was sent with OPT would say the same again. */
	for (unsigned i = 0; i < attempt->sent; i++)
		exchange_cancel(&attempt->exchanges[i]);
	attempt->is_answered = false;
	return transmit(attempt);
}

/* A message that matched, in the light of its meaning. */
static void weigh(struct attempt *attempt, struct judge_case matter)
{
	struct search *search = attempt->search;
	struct message_rules rules = search->terms->rules;
	struct tally *tally = search->terms->tally;
	struct peer *peer = attempt->peer;
	struct reply *reply = NULL;
	struct failure failure;
	enum judge_result result = JUDGE_GARBAGE;

	rules.trust_ad = peer->trust_ad;
	matter.question = &search->question;
	matter.rules = &rules;
	matter.is_stream = attempt->transport == TRANSPORT_STREAM;
	matter.had_edns = attempt->edns;
	result = judge_reply(&matter, &reply, &failure);
	attempt->is_answered = true;

	if (result == JUDGE_REPLY || result == JUDGE_FINAL) {
		/* It was EDNS that it disliked, then, not the question. */
		if (attempt->dropped_edns)
			peer_note_no_edns(peer, now_of(search));
		peer_note_use(peer, true, now_of(search));
		end(search, attempt, reply, reply ? NULL : &failure);
		return;
	}
	if (result == JUDGE_NO_EDNS && drop_edns(attempt)) {
		arm(search);
		return;
	}
	attempt_stop(attempt);
	if (result != JUDGE_TRUNCATED)
		judge_merge(&search->failure, &failure);
	switch (result) {
	case JUDGE_TRUNCATED:
		count_up(&tally->truncated);
		/* UPS-a, UDP-b */
		(void)begin_stream(search, peer, false);
		break;
	case JUDGE_GARBAGE:
		count_up(&tally->garbage);
		/* UPR-04 */
		if (attempt->transport == TRANSPORT_UDP)
			(void)begin_stream(search, peer, false);
		break;
	case JUDGE_REPLY:
	case JUDGE_FINAL:
	case JUDGE_ERROR:
	case JUDGE_NO_EDNS:
		count_up(&tally->errors);
		peer_note_use(peer, false, now_of(search));
		search->is_answered = true;
		break;
	}
	go_on(search);
}

/* Which transmission it answers tells how long it took, and whether later ones were needless. */
static void learn(struct attempt *attempt, const struct exchange *exchange)
{
	struct rumours *rumours = attempt->search->terms->rumours;
	uint64_t now_ms = now_of(attempt->search);
	bool was_good = health_of(attempt)->state == HEALTH_GOOD;

	peer_note_reply(attempt->peer, TRANSPORT_UDP, now_ms - exchange->sent_ms, now_ms);
	if (rumours && !was_good)
		rumours_forget(rumours, &attempt->peer->endpoint);
	if (!attempt->is_answered)
		health_note_repeat(
			health_of(attempt), exchange != &attempt->exchanges[attempt->sent - 1]);
}

static void on_lingering(struct attempt *attempt)
{
	struct search *search = attempt->search;

	attempt_stop(attempt);
	if (!is_alive(search, true))
		rest(search);
}

static void on_exchange(void *owner, struct exchange *exchange, enum exchange_result result,
	const struct wire *wire, bool is_cut)
{
	struct attempt *attempt = owner;
	struct search *search = attempt->search;
	struct judge_case matter = {
		.wire = wire,
		.is_cut = is_cut,
		.is_error_only = result == EXCHANGE_ERROR_ONLY,
	};

	switch (result) {
	case EXCHANGE_MATCHED:
	case EXCHANGE_ERROR_ONLY:
		learn(attempt, exchange);
		break;
	case EXCHANGE_UNREACHABLE:
		note_unanswered(attempt);
		peer_note_error(attempt->peer, TRANSPORT_UDP, "unreachable", now_of(search));
		break;
	case EXCHANGE_FORGED:
	case EXCHANGE_LOOPED:
		break;
	}
	if (search->lingers) {
		on_lingering(attempt);
		return;
	}
	switch (result) {
	case EXCHANGE_MATCHED:
	case EXCHANGE_ERROR_ONLY:
		weigh(attempt, matter);
		return;
	case EXCHANGE_FORGED:
		/* R5452-9.3-a: no datagram is believed any more. */
		attempt_stop(attempt);
		add_failure(search, FAILURE_GARBAGE);
		(void)begin_stream(search, attempt->peer, false);
		break;
	case EXCHANGE_UNREACHABLE:
		attempt_stop(attempt);
		add_failure(search, FAILURE_NETWORK);
		break;
	case EXCHANGE_LOOPED:
		/* UPS-d: in a turn of its own, for who asked must not be called back here. */
		attempt_stop(attempt);
		attempt->is_answered = true; /* its stream would come back to us as well */
		add_failure(search, FAILURE_NETWORK);
		timer_start(search->timer, 0);
		return;
	}
	go_on(search);
}

static void on_request(void *owner, struct channel_request *request, enum channel_result result,
	const struct wire *wire)
{
	struct attempt *attempt = owner;
	struct search *search = attempt->search;
	struct peer *peer = attempt->peer;
	uint64_t now_ms = now_of(search);
	struct judge_case matter = {
		.wire = wire,
		.is_error_only = result == CHANNEL_ERROR_ONLY,
	};

	switch (result) {
	case CHANNEL_MATCHED:
	case CHANNEL_ERROR_ONLY:
		peer_note_reply(peer, TRANSPORT_STREAM, now_ms - request->sent_ms, now_ms);
		weigh(attempt, matter);
		return;
	case CHANNEL_TIMEOUT:
	case CHANNEL_NETWORK:
		break;
	}
	note_unanswered(attempt);
	peer_note_error(peer, TRANSPORT_STREAM,
		result == CHANNEL_TIMEOUT ? "silent" : "unreachable", now_ms);
	attempt_stop(attempt);
	add_failure(search, result == CHANNEL_TIMEOUT ? FAILURE_TIMEOUT : FAILURE_NETWORK);
	/* UPS-a: over UDP where the server refuses TCP, unless that was tried before. */
	if (!search->is_answered)
		(void)begin_udp(search, peer, false);
	go_on(search);
}

void search_init(struct search *search, struct search_terms *terms)
{
	search->terms = terms;
	search->timer = timer_new(terms->loop, on_timer, search);
}

void search_clear(struct search *search)
{
	search_cancel(search);
	timer_free(search->timer);
	search->timer = NULL;
}

void search_start(struct search *search, const struct search_ask *ask)
{
	search->question = *ask->question;
	search->done = ask->done;
	search->rested = ask->rested;
	search->owner = ask->owner;
	search->deadline_ms = ask->deadline_ms;
	search->is_stream = ask->is_stream;
	search->tries_max = ask->tries_max;
	search->is_answered = false;
	search->lingers = false;
	/* The texts of a list without items are nobody's. */
	search->failure.cause = FAILURE_NONE;
	search->failure.rcode = RCODE_NOERROR;
	search->failure.edes.count = 0;
	search->attempt_count = 0;

	if (ask->is_refused) {
		add_failure(search, FAILURE_LIMIT);
		search->deadline_ms = 0;
	} else if (!search->terms->peer_count) {
		add_failure(search, FAILURE_NO_UPSTREAM);
	} else {
		hear(search->terms);
		(void)begin_other(search, true);
		begin_probe(search);
	}
	/* Should nothing have left, that is told in a turn of its own. */
	if (is_alive(search, true))
		arm(search);
	else
		timer_start(search->timer, 0);
}

void search_cancel(struct search *search)
{
	timer_stop(search->timer);
	attempts_clear(search);
	if (search->lingers)
		search->terms->lingering--;
	search->lingers = false;
}
