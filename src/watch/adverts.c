/* Prefixes from router advertisements: whose word counts, for how long, and when to ask for it.
 * What the octets say is dns64/advert's to tell; what follows from the prefixes is not known here.
 */

#include "sixward/watch/adverts.h"

#include <assert.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/log.h"
#include "sixward/base/mem.h"
#include "sixward/dns64/advert.h"
#include "sixward/net/icmp6.h"
#include "sixward/net/timer.h"

enum {
	HOP_LIMIT = 255, /* RFC 4861 6.1.2: no router has forwarded it */
	SOLICITATIONS_MAX = 3,
	SOLICITATION_MS = 4000,
	BACK_OFF_MAX_MS = 300000,
	INTERFACE_TEXT_MAX = IF_NAMESIZE > 11 ? IF_NAMESIZE : 11 /* a name, or 32 bits */
};

/* What came of an advertisement. */
enum result { RESULT_LEARNED, RESULT_NONE, RESULT_MALFORMED, RESULT_FOREIGN, RESULTS };

static const char *const result_labels[RESULTS] = {
	[RESULT_LEARNED] = "result=\"learned\"",     /* it spoke of prefixes */
	[RESULT_NONE] = "result=\"none\"",           /* of none that is understood */
	[RESULT_MALFORMED] = "result=\"malformed\"", /* ignored */
	[RESULT_FOREIGN] = "result=\"foreign\"",     /* ignored: not from a router on the link */
};

/* A router's word for a prefix. */
struct pair {
	struct addr router;
	struct prefix prefix;
	uint64_t until_ms;
};

struct adverts {
	struct loop *loop;
	adverts_changed *changed;
	void *owner;
	struct icmp6 *icmp6;
	struct timer *expiry;
	struct timer *solicitation;
	struct pair pairs[ADVERTS_MAX];
	size_t pair_count;
	struct prefix held[ADVERTS_MAX]; /* the prefixes of the pairs, in the order first heard */
	size_t held_count;
	unsigned solicitations; /* that nothing was heard since */
	uint64_t wait_ms;       /* behind the last of them */
	bool is_lost;           /* the last prefix ran out: asked for until something is heard */
	bool is_tried;
	bool has_changed; /* and the owner does not know yet */
	struct count results[RESULTS];
	struct count ignored;
	struct count learned;
};

static bool holds(const struct adverts *adverts, const struct prefix *prefix, size_t *at)
{
	for (*at = 0; *at < adverts->held_count; (*at)++) {
		if (prefix_equal(&adverts->held[*at], prefix))
			return true;
	}
	return false;
}

static bool has_word_for(const struct adverts *adverts, const struct prefix *prefix)
{
	for (size_t i = 0; i < adverts->pair_count; i++) {
		if (prefix_equal(&adverts->pairs[i].prefix, prefix))
			return true;
	}
	return false;
}

static void log_prefix(const char *words, const struct pair *pair, struct log_field last)
{
	char prefix[NETWORK_TEXT_MAX];
	char router[ADDR_TEXT_MAX];
	char interface[INTERFACE_TEXT_MAX];
	struct addr bare = pair->router;

	bare.zone = 0;
	if (!if_indextoname(pair->router.zone, interface))
		(void)snprintf(interface, sizeof(interface), "%u", pair->router.zone);
	log_record(LOG_NOTICE, words,
		LOG_FIELDS(LOG_TEXT("prefix", network_format(&pair->prefix.network, prefix)),
			LOG_TEXT("router", addr_format(&bare, router)),
			LOG_TEXT("interface", interface), last));
}

static void add_pair(struct adverts *adverts, const struct pair *pair, uint32_t lifetime_s)
{
	size_t at;

	if (adverts->pair_count == ADVERTS_MAX) {
		count_up(&adverts->ignored);
		return;
	}
	adverts->pairs[adverts->pair_count++] = *pair;
	if (holds(adverts, &pair->prefix, &at))
		return;
	assert(adverts->held_count < ADVERTS_MAX);
	adverts->held[adverts->held_count++] = pair->prefix;
	adverts->has_changed = true;
	log_prefix("prefix learned from a router", pair,
		(struct log_field)LOG_NUMBER("lifetime", lifetime_s));
}

/* A prefix ends with the last word for it. */
static void remove_pair(struct adverts *adverts, size_t place, const char *reason)
{
	struct pair pair = adverts->pairs[place];
	size_t at;

	adverts->pair_count--;
	memmove(&adverts->pairs[place], &adverts->pairs[place + 1],
		(adverts->pair_count - place) * sizeof(pair));
	if (has_word_for(adverts, &pair.prefix) || !holds(adverts, &pair.prefix, &at))
		return;
	adverts->held_count--;
	memmove(&adverts->held[at], &adverts->held[at + 1],
		(adverts->held_count - at) * sizeof(adverts->held[0]));
	adverts->has_changed = true;
	log_prefix("prefix from a router has ended", &pair,
		(struct log_field)LOG_TEXT("reason", reason));
}

static void take(
	struct adverts *adverts, const struct addr *router, const struct advert_prefix *heard)
{
	struct pair pair = {
		.router = *router,
		.prefix = heard->prefix,
		.until_ms = loop_now_ms(adverts->loop) + heard->lifetime_s * UINT64_C(1000),
	};
	size_t at = 0;

	while (at < adverts->pair_count &&
		!(addr_equal(&adverts->pairs[at].router, router) &&
			prefix_equal(&adverts->pairs[at].prefix, &heard->prefix)))
		at++;
	if (at < adverts->pair_count && heard->lifetime_s == 0)
		remove_pair(adverts, at, "withdrawn");
	else if (at < adverts->pair_count)
		adverts->pairs[at] = pair;
	else if (heard->lifetime_s > 0)
		add_pair(adverts, &pair, heard->lifetime_s);
}

static void wait_for_expiry(struct adverts *adverts)
{
	uint64_t now_ms = loop_now_ms(adverts->loop);
	uint64_t first_ms = UINT64_MAX;

	for (size_t i = 0; i < adverts->pair_count; i++) {
		if (adverts->pairs[i].until_ms < first_ms)
			first_ms = adverts->pairs[i].until_ms;
	}
	if (first_ms == UINT64_MAX)
		timer_stop(adverts->expiry);
	else
		timer_start(adverts->expiry, first_ms > now_ms ? first_ms - now_ms : 0);
}

/* The last that is done in a turn: the owner may free us. */
static void tell(struct adverts *adverts)
{
	bool has_changed = adverts->has_changed;

	adverts->has_changed = false;
	count_set(&adverts->learned, adverts->held_count);
	if (has_changed)
		adverts->changed(adverts->owner);
}

static void solicit(struct adverts *adverts)
{
	icmp6_solicit(adverts->icmp6);
	adverts->solicitations++;
	timer_start(adverts->solicitation, adverts->wait_ms);
}

static void begin_soliciting(struct adverts *adverts)
{
	adverts->solicitations = 0;
	adverts->wait_ms = SOLICITATION_MS;
	solicit(adverts);
}

static void on_solicitation_time(void *owner)
{
	struct adverts *adverts = owner;

	if (!adverts->is_lost && adverts->solicitations == SOLICITATIONS_MAX) {
		adverts->is_tried = true;
		return;
	}
	if (adverts->is_lost)
		adverts->wait_ms *= 2;
	if (adverts->wait_ms > BACK_OFF_MAX_MS)
		adverts->wait_ms = BACK_OFF_MAX_MS;
	solicit(adverts);
}

static void on_expiry(void *owner)
{
	struct adverts *adverts = owner;
	uint64_t now_ms = loop_now_ms(adverts->loop);
	size_t i = 0;

	while (i < adverts->pair_count) {
		if (adverts->pairs[i].until_ms <= now_ms)
			remove_pair(adverts, i, "expired");
		else
			i++;
	}
	if (adverts->pair_count == 0) {
		adverts->is_lost = true;
		begin_soliciting(adverts);
	}
	wait_for_expiry(adverts);
	tell(adverts);
}

/* RFC 4861 6.1.2, and R8781-4-a. */
static void on_received(
	void *owner, const struct addr *from, int hop_limit, const uint8_t *octets, size_t size)
{
	struct adverts *adverts = owner;
	struct advert_prefix heard[POLICY_PREFIXES_MAX];
	size_t count;

	if (hop_limit != HOP_LIMIT || !addr_is_link_local(from)) {
		count_up(&adverts->results[RESULT_FOREIGN]);
		return;
	}
	if (!advert_decode(octets, size, heard, &count)) {
		count_up(&adverts->results[RESULT_MALFORMED]);
		return;
	}
	count_up(&adverts->results[count > 0 ? RESULT_LEARNED : RESULT_NONE]);
	adverts->is_tried = true;
	adverts->is_lost = false;
	timer_stop(adverts->solicitation);
	for (size_t i = 0; i < count; i++)
		take(adverts, from, &heard[i]);
	wait_for_expiry(adverts);
	tell(adverts);
}

struct adverts *adverts_new(struct loop *loop, adverts_changed *changed, void *owner, int *error)
{
	struct adverts *adverts = mem_new(sizeof(*adverts));

	adverts->icmp6 = icmp6_new(loop, on_received, adverts, error);
	if (!adverts->icmp6) {
		free(adverts);
		return NULL;
	}
	adverts->loop = loop;
	adverts->changed = changed;
	adverts->owner = owner;
	adverts->expiry = timer_new(loop, on_expiry, adverts);
	adverts->solicitation = timer_new(loop, on_solicitation_time, adverts);
	begin_soliciting(adverts);
	return adverts;
}

void adverts_free(struct adverts *adverts)
{
	if (!adverts)
		return;
	icmp6_free(adverts->icmp6);
	timer_free(adverts->expiry);
	timer_free(adverts->solicitation);
	free(adverts);
}

size_t adverts_find(const struct adverts *adverts, struct prefix out[POLICY_PREFIXES_MAX])
{
	size_t count = adverts->held_count;

	if (count > POLICY_PREFIXES_MAX)
		count = POLICY_PREFIXES_MAX;
	memcpy(out, adverts->held, count * sizeof(out[0]));
	return count;
}

bool adverts_find_router(
	const struct adverts *adverts, const struct prefix *prefix, struct addr *router)
{
	for (size_t i = 0; i < adverts->pair_count; i++) {
		if (!prefix_equal(&adverts->pairs[i].prefix, prefix))
			continue;
		*router = adverts->pairs[i].router;
		return true;
	}
	return false;
}

bool adverts_are_tried(const struct adverts *adverts)
{
	return adverts->is_tried;
}

void adverts_add_counts(struct adverts *adverts, struct counts *counts)
{
	for (int i = 0; i < RESULTS; i++)
		counts_add(counts, "router_advertisements_total", result_labels[i],
			"router advertisements, by what came of them", &adverts->results[i]);
	counts_add(counts, "router_prefixes_ignored_total", NULL,
		"prefixes of routers that there was no room for", &adverts->ignored);
	counts_add(counts, "learned_prefixes", "source=\"ra\"",
		"prefixes that were learned and hold now", &adverts->learned);
}
