/* One question from the cache, by joining one in flight, or from upstream. Coalescing and
 * caching belong to the question: neither the client nor the server that is asked is known
 * here, nor what an answer means to DNS64. */

#include "sixward/resolve/lookup.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/net/timer.h"
#include "sixward/resolve/splice.h"

enum {
	EXPECTED = 256,
	IDLE_MAX = 512, /* flights, and as many who wait, whose memory is kept for the next */
	S_MS = 1000,
	/* LIM-37: of the flights that there may be, refreshes get one in so many, and none while
	 * half of all are in the air. */
	REFRESH_SHARE = 8,
	REFRESH_BUSY = 2
};

/* One who waits for a flight: a client's request, or another flight for the rest of its
 * chain. */
struct lookup {
	struct lookup *next, *previous;
	struct flight *flight;
	lookup_done *done;
	void *owner;
};

/* A flight that waits for the one of another worker, which asks the same question. */
struct relay {
	struct claims_wait wait; /* first: it is what is posted */
	struct relay *next, *previous;
	struct lookups *lookups;
	struct flight *flight; /* NULL: it ended; the word is on its way all the same */
	struct timer *timer;   /* the flight's deadline */
};

/* A question on its way. It waits for its group, for the rest of its alias chain, or for another
 * worker. */
struct flight {
	struct table_link link;
	struct flight *older, *newer; /* in the order started */
	struct lookups *lookups;
	struct question question;
	struct lookup *waiters;
	struct group_query *asked;
	struct reply *first; /* a chain that ends in an alias */
	uint64_t first_ms;   /* when it came */
	struct lookup *rest; /* of that chain */
	uint64_t started_ms;
	uint64_t deadline_ms;
	struct relay *relay;
	uint8_t tries_max; /* what the parts of the chain before it left (LIM-08) */
	bool stream;
	struct claims_claim claim;
	bool has_claim;  /* ours to ask, among the workers */
	bool is_refresh; /* of what is known still: whoever joins does not change that */
};

struct lookups {
	struct lookups_options options;
	struct table flights;
	struct flight *oldest, *newest;
	size_t refreshes;
	struct flight refused; /* in no table: those whose flight never starts */
	struct timer *refuse;
	struct flight *idle_flights; /* by `older` */
	struct lookup *idle_waiters;
	size_t idle_flight_count, idle_waiter_count;
	struct relay *relays;
	struct relay *spare; /* for the next question that may be claimed already */
	struct count count_started, count_joined, count_parts, count_refused, count_in_flight;
	struct count count_refreshes, count_refreshes_dropped;
};

static void on_refuse(void *owner);

struct lookups *lookups_new(const struct lookups_options *options)
{
	struct lookups *lookups = mem_new(sizeof(*lookups));

	lookups->options = *options;
	lookups->refused.lookups = lookups;
	lookups->refuse = timer_new(options->loop, on_refuse, lookups);
	table_init(&lookups->flights, EXPECTED);
	return lookups;
}

static void relay_free(struct relay *relay)
{
	timer_free(relay->timer);
	reply_unref(relay->wait.reply);
	free(relay);
}

/* Without a word from the other worker, or after it. */
static void relay_end(struct relay *relay)
{
	if (relay->next)
		relay->next->previous = relay->previous;
	if (relay->previous)
		relay->previous->next = relay->next;
	else
		relay->lookups->relays = relay->next;
	relay_free(relay);
}

/* The flight ends before the word came. */
static void relay_leave(struct relay *relay)
{
	relay->flight = NULL;
	timer_stop(relay->timer);
	if (claims_leave(&relay->wait))
		relay_end(relay);
}

/* Tells the other workers, once; NULL: without a word. */
static void release(struct flight *flight, const struct lookup_result *result)
{
	struct claims *claims = flight->lookups->options.claims;

	if (!flight->has_claim)
		return;
	flight->has_claim = false;
	if (result)
		claims_release(claims, &flight->claim, result->reply,
			result->reply ? NULL : &result->failure, result->server);
	else
		claims_release(claims, &flight->claim, NULL, NULL, NULL);
}

static void waiter_recycle(struct lookups *lookups, struct lookup *lookup)
{
	if (lookups->idle_waiter_count >= IDLE_MAX) {
		free(lookup);
		return;
	}
	lookup->next = lookups->idle_waiters;
	lookups->idle_waiters = lookup;
	lookups->idle_waiter_count++;
}

/* Lets go of all that it holds, but not of its memory. */
static void flight_clear(struct flight *flight)
{
	release(flight, NULL);
	if (flight->relay)
		relay_leave(flight->relay);
	while (flight->waiters) {
		struct lookup *next = flight->waiters->next;

		waiter_recycle(flight->lookups, flight->waiters);
		flight->waiters = next;
	}
	group_cancel(flight->asked);
	reply_unref(flight->first);
}

static void flight_recycle(struct flight *flight)
{
	struct lookups *lookups = flight->lookups;

	flight_clear(flight);
	if (lookups->idle_flight_count >= IDLE_MAX) {
		free(flight);
		return;
	}
	flight->older = lookups->idle_flights;
	lookups->idle_flights = flight;
	lookups->idle_flight_count++;
}

static void free_idle(struct lookups *lookups)
{
	for (struct flight *flight = lookups->idle_flights, *next; flight; flight = next) {
		next = flight->older;
		free(flight);
	}
	for (struct lookup *lookup = lookups->idle_waiters, *next; lookup; lookup = next) {
		next = lookup->next;
		free(lookup);
	}
}

static void note_in_flight(struct lookups *lookups)
{
	count_set(&lookups->count_in_flight, lookups->flights.count);
}

/* From now on whoever asks starts another. */
static void flight_land(struct flight *flight)
{
	struct lookups *lookups = flight->lookups;

	table_remove(&lookups->flights, &flight->link);
	if (flight->newer)
		flight->newer->older = flight->older;
	else
		lookups->newest = flight->older;
	if (flight->older)
		flight->older->newer = flight->newer;
	else
		lookups->oldest = flight->newer;
	if (flight->is_refresh)
		lookups->refreshes--;
	note_in_flight(lookups);
}

void lookups_free(struct lookups *lookups)
{
	if (!lookups)
		return;
	for (struct flight *flight = lookups->oldest, *next; flight; flight = next) {
		next = flight->newer;
		flight_clear(flight);
		free(flight);
	}
	flight_clear(&lookups->refused);
	free_idle(lookups);
	/* Those that were told, but the loop runs no more. */
	for (struct relay *relay = lookups->relays, *next; relay; relay = next) {
		next = relay->next;
		relay_free(relay);
	}
	free(lookups->spare);
	timer_free(lookups->refuse);
	table_clear(&lookups->flights);
	free(lookups);
}

void lookups_add_counts(struct lookups *lookups, struct counts *counts)
{
	counts_add(counts, "lookups_started_total", NULL, "questions that went upstream",
		&lookups->count_started);
	counts_add(counts, "lookups_joined_total", NULL, "questions that joined one on its way",
		&lookups->count_joined);
	counts_add(counts, "lookups_parts_total", NULL, "alias chains that were asked on",
		&lookups->count_parts);
	counts_add(counts, "lookups_refused_total", NULL, "questions over the limit",
		&lookups->count_refused);
	counts_add(counts, "lookups_refreshes_total", NULL,
		"questions asked anew shortly before their answers expire",
		&lookups->count_refreshes);
	counts_add(counts, "lookups_refreshes_dropped_total", NULL,
		"questions not asked anew because too many were on their way",
		&lookups->count_refreshes_dropped);
	counts_add(counts, "lookups_in_flight", NULL, "questions on their way upstream",
		&lookups->count_in_flight);
}

void lookups_set_terms(struct lookups *lookups, const struct lookups_terms *terms)
{
	lookups->options.terms = *terms;
}

uint8_t lookups_links_max(const struct lookups *lookups)
{
	return lookups->options.terms.links_max;
}

static struct lookup *waiter_add(struct flight *flight, lookup_done *done, void *owner)
{
	struct lookups *lookups = flight->lookups;
	struct lookup *lookup = lookups->idle_waiters;

	if (lookup) {
		lookups->idle_waiters = lookup->next;
		lookups->idle_waiter_count--;
	} else {
		lookup = mem_new(sizeof(*lookup));
	}
	lookup->flight = flight;
	lookup->done = done;
	lookup->owner = owner;
	lookup->previous = NULL;
	lookup->next = flight->waiters;
	if (lookup->next)
		lookup->next->previous = lookup;
	flight->waiters = lookup;
	return lookup;
}

void lookup_cancel(struct lookup *lookup)
{
	if (!lookup)
		return;
	if (lookup->next)
		lookup->next->previous = lookup->previous;
	if (lookup->previous)
		lookup->previous->next = lookup->next;
	else
		lookup->flight->waiters = lookup->next;
	waiter_recycle(lookup->flight->lookups, lookup);
}

/* Whoever is told may cancel others that wait for the same flight. */
static void tell_all(struct flight *flight, const struct lookup_result *result)
{
	while (flight->waiters) {
		struct lookup *lookup = flight->waiters;
		lookup_done *done = lookup->done;
		void *owner = lookup->owner;

		flight->waiters = lookup->next;
		if (lookup->next)
			lookup->next->previous = NULL;
		waiter_recycle(flight->lookups, lookup);
		done(owner, result);
	}
}

static void on_refuse(void *owner)
{
	struct lookups *lookups = owner;
	struct lookup_result result = { .failure = { .cause = FAILURE_LIMIT } };

	tell_all(&lookups->refused, &result);
}

/* R9520-3.2-a, D64-5.1.5-g. What failed only because a chain before it had used up its tries is
 * not held against the question itself; the question that the chain began with is. */
static bool is_lasting(const struct flight *flight, const struct failure *failure)
{
	bool is_later_part = flight->tries_max < GROUP_TRIES_MAX;

	switch (failure->cause) {
	case FAILURE_LIMIT:
		return flight->first && !is_later_part;
	case FAILURE_CHAIN:
		return !is_later_part;
	case FAILURE_NO_UPSTREAM: /* nobody was asked: the next question may find one */
		return false;
	case FAILURE_NONE:
	case FAILURE_TIMEOUT:
	case FAILURE_NETWORK:
	case FAILURE_GARBAGE:
	case FAILURE_RCODE:
		return true;
	}
	return true;
}

/* The one end of a flight: all who wait are told. */
static void flight_end(struct flight *flight, const struct lookup_result *result)
{
	assert(!flight->asked && !flight->rest);
	flight_land(flight);
	tell_all(flight, result);
	flight_recycle(flight);
}

/* What upstream said is kept, and the other workers know as well. */
static void flight_learn(struct flight *flight, const struct lookup_result *result)
{
	struct lookups *lookups = flight->lookups;
	uint64_t now_ms = loop_now_ms(lookups->options.loop);

	if (result->reply) {
		cache_store(lookups->options.cache, &flight->question, result->reply, now_ms);
		release(flight, result);
	} else if (is_lasting(flight, &result->failure)) {
		cache_store_failure(
			lookups->options.cache, &flight->question, &result->failure, now_ms);
		release(flight, result);
	}
	/* A failure that says more of this flight than of its question is not told: the other
	 * workers ask for themselves, by flight_recycle. */
	flight_end(flight, result);
}

static void end_with_failure(
	struct flight *flight, const struct failure *failure, const struct endpoint *server)
{
	flight_learn(flight, &(struct lookup_result){ .failure = *failure, .server = server });
}

static void end_with_chain_fault(struct flight *flight, const struct endpoint *server)
{
	end_with_failure(flight, &(struct failure){ .cause = FAILURE_CHAIN }, server);
}

static void on_rest(void *owner, const struct lookup_result *result)
{
	struct flight *flight = owner;
	struct lookups *lookups = flight->lookups;
	struct aged_reply first = { .reply = flight->first };
	struct aged_reply rest = { .reply = result->reply, .age_s = result->age_s };
	struct reply *joined;

	flight->rest = NULL;
	if (!result->reply) {
		end_with_failure(flight, &result->failure, result->server);
		return;
	}
	first.age_s = (uint32_t)((loop_now_ms(lookups->options.loop) - flight->first_ms) / S_MS);
	joined = splice_replies(&flight->question, &first, &rest, lookups_links_max(lookups));
	if (!joined) {
		end_with_chain_fault(flight, result->server);
		return;
	}
	flight_learn(flight, &(struct lookup_result){ .reply = joined, .server = result->server });
	reply_unref(joined);
}

/* One for the flights and for the claims: a question is hashed once for both. */
static uint64_t hash_of(const struct lookups *lookups, const struct question *question)
{
	return lookups->options.claims ? claims_hash(lookups->options.claims, question)
				       : question_hash(&lookups->flights, question);
}

static bool on_match(const struct table_link *link, const void *key)
{
	return question_equal(&TABLE_ITEM(link, const struct flight, link)->question, key);
}

static struct flight *flight_find(
	const struct lookups *lookups, const struct question *question, uint64_t hash)
{
	struct table_link *link = table_find(&lookups->flights, hash, on_match, question);

	return link ? TABLE_ITEM(link, struct flight, link) : NULL;
}

/* Two flights must not wait for each other: their aliases lead in a circle. */
static bool waits_for(const struct flight *flight, const struct flight *other)
{
	while (flight) {
		if (flight == other)
			return true;
		flight = flight->rest ? flight->rest->flight : NULL;
	}
	return false;
}

static void flight_ask(struct flight *flight);

/* To be asked by flight_ask, whether or not somebody waits. */
static struct flight *flight_new(struct lookups *lookups, const struct question *question,
	uint64_t hash, uint64_t deadline_ms)
{
	struct flight *flight = lookups->idle_flights;

	if (flight) {
		lookups->idle_flights = flight->older;
		lookups->idle_flight_count--;
		memset(flight, 0, sizeof(*flight));
	} else {
		flight = mem_new(sizeof(*flight));
	}
	flight->lookups = lookups;
	flight->question = *question;
	flight->started_ms = loop_now_ms(lookups->options.loop);
	flight->deadline_ms = deadline_ms;
	flight->tries_max = GROUP_TRIES_MAX;
	flight->older = lookups->newest;
	if (flight->older)
		flight->older->newer = flight;
	else
		lookups->oldest = flight;
	lookups->newest = flight;
	table_insert(&lookups->flights, &flight->link, hash);
	note_in_flight(lookups);
	return flight;
}

/* Joins the flight of that question (R9520-2.3-a), or starts it. */
static struct lookup *join(struct lookups *lookups, const struct question *question, bool stream,
	uint8_t tries_max, uint64_t deadline_ms, lookup_done *done, void *owner)
{
	uint64_t hash = hash_of(lookups, question);
	struct flight *flight = flight_find(lookups, question, hash);
	struct lookup *lookup;

	if (flight) {
		count_up(&lookups->count_joined);
		return waiter_add(flight, done, owner);
	}
	if (lookups->flights.count >= lookups->options.terms.flights_max) {
		count_up(&lookups->count_refused);
		timer_start(lookups->refuse, 0);
		return waiter_add(&lookups->refused, done, owner);
	}
	flight = flight_new(lookups, question, hash, deadline_ms);
	flight->tries_max = tries_max;
	flight->stream = stream;
	lookup = waiter_add(flight, done, owner);
	flight_ask(flight);
	return lookup;
}

bool lookup_stale(
	struct lookups *lookups, const struct question *question, struct lookup_result *result)
{
	struct cache_hit hit;

	if (!cache_find_stale(
		    lookups->options.cache, question, loop_now_ms(lookups->options.loop), &hit))
		return false;
	/* What came to be known while the question was on its way has not expired: the NXDOMAIN of
	 * another type is for the verdict (rows 14, 17). */
	if (hit.age_s < reply_facts(hit.reply)->lifetime) {
		reply_unref(hit.reply);
		return false;
	}
	/* How old it is no longer matters: its TTLs are replaced (R8767-4-a). */
	*result = (struct lookup_result){ .reply = hit.reply, .is_stale = true };
	return true;
}

/* R8767-7-a: whether an attempt to find out is late; those who ask now need not wait as well. */
static bool is_late(const struct lookups *lookups, const struct question *question)
{
	uint64_t now_ms = loop_now_ms(lookups->options.loop);
	const struct flight *flight = lookups->oldest;

	/* In a good hour no flight is that old, and none is looked for. */
	if (!flight || now_ms - flight->started_ms < LOOKUPS_LATE_MS)
		return false;
	flight = flight_find(lookups, question, hash_of(lookups, question));
	return flight && now_ms - flight->started_ms >= LOOKUPS_LATE_MS;
}

/* CCH-g, LIM-37: asks for what is known still, once, and without anybody who waits. What is too
 * much is left out: it will be asked for when it is missing. */
static void refresh(struct lookups *lookups, const struct question *question)
{
	uint64_t hash = hash_of(lookups, question);
	size_t most = lookups->options.terms.flights_max;
	uint64_t now_ms = loop_now_ms(lookups->options.loop);
	struct flight *flight;

	if (flight_find(lookups, question, hash))
		return;
	if (lookups->refreshes >= most / REFRESH_SHARE ||
		lookups->flights.count >= most / REFRESH_BUSY) {
		count_up(&lookups->count_refreshes_dropped);
		return;
	}
	count_up(&lookups->count_refreshes);
	lookups->refreshes++;
	flight = flight_new(lookups, question, hash, now_ms + lookups->options.resolve_ms);
	flight->is_refresh = true;
	flight_ask(flight);
}

bool lookup_now(
	struct lookups *lookups, const struct question *question, struct lookup_result *result)
{
	struct cache_hit hit;

	cache_find(lookups->options.cache, question, loop_now_ms(lookups->options.loop), &hit);
	switch (hit.kind) {
	case CACHE_MISS:
		return is_late(lookups, question) && lookup_stale(lookups, question, result);
	case CACHE_REPLY:
		if (hit.wants_refresh)
			refresh(lookups, question);
		result->reply = hit.reply;
		result->age_s = hit.age_s;
		result->is_cut = hit.is_cut;
		result->is_stale = false;
		result->is_cached_failure = false;
		result->is_popular = hit.is_popular;
		result->edition = hit.edition;
		result->failure.cause = FAILURE_NONE;
		result->server = NULL;
		return true;
	case CACHE_FAILURE:
		*result =
			(struct lookup_result){ .is_cached_failure = true, .failure = hit.failure };
		return true;
	}
	return false;
}

/* What is known of a chain's last target. Special names are not asked for behind an alias either
 * (LOC-02). */
static bool know_rest(
	struct lookups *lookups, const struct question *rest, struct lookup_result *result)
{
	const struct local *local = lookups->options.terms.local;
	struct reply *special = local ? local_special(local, rest, false) : NULL;

	if (!special)
		return lookup_now(lookups, rest, result);
	*result = (struct lookup_result){ .reply = special };
	return true;
}

/* D64-5.1.5-d: the chain in `reply` ends in an alias; asks on for its last target, where that
 * name's route leads, with the tries that are left. */
static void flight_go_on(struct flight *flight, const struct group_result *found)
{
	struct lookups *lookups = flight->lookups;
	struct reply *reply = found->reply;
	struct question rest = splice_question(&flight->question, reply);
	struct lookup_result result;

	routes_set_scope(lookups->options.routes, &rest);
	if (found->tries >= flight->tries_max ||
		reply_facts(reply)->links > lookups_links_max(lookups) ||
		waits_for(flight_find(lookups, &rest, hash_of(lookups, &rest)), flight)) {
		end_with_chain_fault(flight, found->server); /* D64-5.1.5-g, R1123-6.1.3.3-a */
		return;
	}
	count_up(&lookups->count_parts);
	flight->first = reply_ref(reply);
	flight->first_ms = loop_now_ms(lookups->options.loop);
	if (know_rest(lookups, &rest, &result)) {
		result.server = found->server;
		on_rest(flight, &result);
		reply_unref(result.reply);
		return;
	}
	flight->rest = join(lookups, &rest, flight->stream,
		(uint8_t)(flight->tries_max - found->tries), flight->deadline_ms, on_rest, flight);
}

static void on_group_done(void *owner, const struct group_result *found)
{
	struct flight *flight = owner;
	bool is_starved = flight->tries_max < GROUP_TRIES_MAX && found->tries >= flight->tries_max;

	flight->asked = NULL;
	if (!found->reply && is_starved)
		end_with_failure(
			flight, &(struct failure){ .cause = FAILURE_LIMIT }, found->server);
	else if (!found->reply)
		end_with_failure(flight, found->failure, found->server);
	else if (reply_facts(found->reply)->kind == REPLY_CHAIN)
		flight_go_on(flight, found);
	else
		flight_learn(flight,
			&(struct lookup_result){ .reply = found->reply, .server = found->server });
}

static void on_told(void *owner)
{
	struct relay *relay = owner;
	struct flight *flight = relay->flight;
	struct lookup_result result = { .failure = relay->wait.failure };

	if (flight) {
		flight->relay = NULL;
		result.reply = relay->wait.reply;
		if (relay->wait.server.addr.family != ADDR_NONE)
			result.server = &relay->wait.server;
		if (result.reply || result.failure.cause != FAILURE_NONE)
			flight_end(flight, &result);
		else
			flight_ask(flight); /* the other worker stopped */
	}
	relay_end(relay);
}

/* Two workers whose chains wait for each other would do so for ever. */
static void on_relay_time(void *owner)
{
	struct relay *relay = owner;

	flight_end(
		relay->flight, &(struct lookup_result){ .failure = { .cause = FAILURE_TIMEOUT } });
}

/* R9520-2.3-a, over all workers: false when another one asks already; then its word is waited
 * for. */
static bool flight_claim(struct flight *flight)
{
	struct lookups *lookups = flight->lookups;
	struct relay *relay = lookups->spare;
	uint64_t now_ms = loop_now_ms(lookups->options.loop);

	if (!lookups->options.claims)
		return true;
	if (!relay) {
		relay = mem_new(sizeof(*relay));
		relay->lookups = lookups;
		relay->wait.loop = lookups->options.loop;
		relay->wait.call = on_told;
		lookups->spare = relay;
	}
	flight->has_claim = claims_take(lookups->options.claims, &flight->claim, &flight->question,
		flight->link.hash, &relay->wait);
	if (flight->has_claim)
		return true;
	lookups->spare = NULL;
	relay->flight = flight;
	flight->relay = relay;
	relay->next = lookups->relays;
	if (relay->next)
		relay->next->previous = relay;
	lookups->relays = relay;
	relay->timer = timer_new(lookups->options.loop, on_relay_time, relay);
	timer_start(relay->timer, flight->deadline_ms > now_ms ? flight->deadline_ms - now_ms : 0);
	count_up(&lookups->count_joined);
	return false;
}

static void flight_ask(struct flight *flight)
{
	struct lookups *lookups = flight->lookups;
	struct group *group = routes_group(lookups->options.routes, flight->question.scope);
	struct group_ask ask = {
		.deadline_ms = flight->deadline_ms,
		.stream = flight->stream,
		.tries_max = flight->tries_max,
	};

	if (!flight_claim(flight))
		return;
	count_up(&lookups->count_started);
	/* The upstreams of that scope are gone with a reload: whoever has the name now. */
	if (!group)
		group = routes_find(lookups->options.routes, &flight->question)->group;
	flight->asked = group_start(group, &flight->question, &ask, on_group_done, flight);
}

struct lookup *lookup_start(struct lookups *lookups, const struct question *question, bool stream,
	lookup_done *done, void *owner)
{
	uint64_t now_ms = loop_now_ms(lookups->options.loop);

	return join(lookups, question, stream, GROUP_TRIES_MAX,
		now_ms + lookups->options.resolve_ms, done, owner);
}
