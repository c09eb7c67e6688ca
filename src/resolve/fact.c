/* One thing that a request wants to know. Finds out what is known here and now, and keeps what
 * others find out; starts nothing, and draws no conclusion but the verdict's own words. */

#include "sixward/resolve/fact.h"

#include <string.h>

#include "sixward/dns/wire.h"
#include "sixward/dns64/synth.h"
#include "sixward/resolve/splice.h"

void fact_init(struct fact *fact, const struct question *question, uint64_t scope)
{
	fact->question = *question;
	fact->question.scope = scope;
}

void fact_clear(struct fact *fact)
{
	lookup_cancel(fact->lookup);
	reply_unref(fact->alias);
	reply_unref(fact->reply);
	fact->lookup = NULL;
	fact->alias = NULL;
	fact->reply = NULL;
}

bool fact_take_record(struct fact *fact, const struct fact_sources *sources)
{
	struct reply *reply = local_record(sources->local, &fact->question);
	struct question target;

	if (!reply)
		return false;
	fact->is_local = true;
	if (reply_facts(reply)->kind != REPLY_CHAIN) {
		fact->reply = reply;
		return true;
	}
	target = splice_question(&fact->question, reply);
	routes_set_scope(sources->routes, &target);
	fact->alias = reply;
	fact->question = target;
	return true;
}

/* Behind an own alias comes what was found for its target. */
static void take_reply(struct fact *fact, struct reply *reply, uint32_t age_s, uint8_t links_max)
{
	struct aged_reply first = { .reply = fact->alias };
	struct aged_reply rest = { .reply = reply, .age_s = age_s };
	struct question question;

	if (!fact->alias) {
		fact->reply = reply_ref(reply);
		fact->age_s = age_s;
		return;
	}
	question = question_make(reply_record(fact->alias, 0).owner, fact->question.type,
		fact->question.rclass, fact->question.cd);
	fact->reply = splice_replies(&question, &first, &rest, links_max);
	if (!fact->reply)
		fact->failure.cause = FAILURE_CHAIN; /* D64-5.1.5-g */
}

bool fact_has_failed(const struct fact *fact)
{
	if (fact->reply)
		return reply_facts(fact->reply)->kind == REPLY_RCODE;
	return fact->failure.cause != FAILURE_NONE;
}

void fact_note(struct fact *fact, const struct lookup_result *result, uint8_t links_max)
{
	bool is_news = result->reply && reply_facts(result->reply)->kind != REPLY_RCODE;

	if (fact->is_stale && !is_news)
		return; /* R8767-4-c */
	reply_unref(fact->reply);
	fact->reply = NULL;
	fact->is_stale = result->is_stale;
	fact->is_late = false;
	fact->is_cut = result->is_cut;
	fact->is_cached_failure = result->is_cached_failure;
	fact->is_popular = result->is_popular;
	fact->edition = fact->alias || result->is_cut ? 0 : result->edition;
	if (result->reply)
		take_reply(fact, result->reply, result->age_s, links_max);
	else
		fact->failure = result->failure;
}

void fact_take_stale(struct fact *fact, const struct fact_sources *sources)
{
	struct lookup_result result;

	if (fact->is_stale_tried || fact->is_stale || !fact->is_tried)
		return;
	if (!fact_is_open(fact) && !fact_has_failed(fact))
		return;
	if (failure_is_dnssec(&fact->failure))
		return; /* D64-5.5-nvb: nobody knows whether the old data was secure (R8767-6-a) */
	fact->is_stale_tried = true;
	if (!lookup_stale(sources->lookups, &fact->question, &result))
		return;
	fact_note(fact, &result, lookups_links_max(sources->lookups));
	reply_unref(result.reply);
}

static bool try_special(struct fact *fact, const struct fact_sources *sources)
{
	struct reply *reply = local_special(sources->local, &fact->question, false);

	if (!reply)
		return false;
	take_reply(fact, reply, 0, lookups_links_max(sources->lookups));
	reply_unref(reply);
	return true;
}

void fact_try(struct fact *fact, const struct fact_sources *sources, bool special, bool recursion)
{
	struct lookup_result result;

	if (fact->is_tried)
		return;
	fact->is_tried = true;
	if (!fact_is_open(fact))
		return;
	if ((special || fact->alias) && fact->question.rclass == CLASS_IN &&
		try_special(fact, sources))
		return;
	if (!recursion) {
		/* MAL-20, ACL-c: what own records say, as far as they go. */
		if (fact->alias)
			fact->reply = reply_ref(fact->alias);
		return;
	}
	if (!lookup_now(sources->lookups, &fact->question, &result))
		return;
	fact_note(fact, &result, lookups_links_max(sources->lookups));
	reply_unref(result.reply);
	if (fact_has_failed(fact))
		fact_take_stale(fact, sources); /* R8767-5-a: while the failure is held */
}

bool fact_is_open(const struct fact *fact)
{
	return !fact->reply && fact->failure.cause == FAILURE_NONE && !fact->is_late;
}

struct aged_reply fact_aged(const struct fact *fact)
{
	return (struct aged_reply){ .reply = fact->reply, .age_s = fact->age_s };
}

static enum found found_without_reply(const struct fact *fact)
{
	if (fact->is_late)
		return FOUND_LATE;
	if (fact->failure.cause == FAILURE_NONE)
		return FOUND_PENDING;
	/* D64-5.5-nvb, D64-5.1.5-g: nothing may be made of these. */
	if (failure_is_dnssec(&fact->failure) || fact->failure.cause == FAILURE_CHAIN)
		return FOUND_FINAL;
	return FOUND_FAILURE;
}

/* The same for both types, but for data. */
static enum found found_of_kind(enum reply_kind kind)
{
	switch (kind) {
	case REPLY_DATA:
		return FOUND_DATA;
	case REPLY_NODATA:
	case REPLY_CHAIN: /* asked on already: nothing at its end, and no SOA */
		return FOUND_NODATA;
	case REPLY_NXDOMAIN:
		return FOUND_NXDOMAIN;
	case REPLY_RCODE:
		return FOUND_FAILURE; /* D64-5.1.2-b */
	}
	return FOUND_NODATA;
}

enum found fact_found_aaaa(const struct fact *fact, const struct policy *policy)
{
	enum found found;
	struct synth_usable usable;

	if (!fact->reply)
		return found_without_reply(fact);
	found = found_of_kind(reply_facts(fact->reply)->kind);
	if (found != FOUND_DATA)
		return found;
	usable = synth_usable(fact->reply, policy);
	if (!usable.usable)
		return usable.excluded ? FOUND_UNUSABLE : FOUND_NODATA;
	return usable.excluded ? FOUND_MIXED : FOUND_DATA;
}

enum found fact_found_a(const struct fact *fact, const struct policy *policy)
{
	enum found found;

	if (!fact->reply)
		return found_without_reply(fact);
	found = found_of_kind(reply_facts(fact->reply)->kind);
	if (found == FOUND_DATA && !synth_can(fact->reply, policy))
		return FOUND_UNUSABLE;
	return found;
}
