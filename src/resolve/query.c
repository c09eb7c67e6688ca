/* One client request: starts its look-ups, keeps the facts, obeys the verdict, answers once.
 * Every event is "write the fact, ask again"; what the facts mean is ending's business, and
 * where they come from is fact's and lookup's. Knows no socket and no configuration. */

#include "sixward/resolve/query.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/log.h"
#include "sixward/base/mem.h"
#include "sixward/dns64/ipv4only.h"
#include "sixward/net/timer.h"
#include "sixward/resolve/crowd.h"
#include "sixward/resolve/ending.h"

enum {
	QUESTION_MAX = NAME_SIZE_MAX + 4,
	HINT_MS = 150 /* how long an AAAA that is expected is waited for alone */
};

struct query {
	struct resolver *resolver;
	struct query *next, *previous; /* on the list; `next` also among the idle */
	struct query_list *list;       /* NULL: not in progress */
	struct crowd_client *client;
	struct timer *timer; /* stays with the struct */
	query_done *done;
	void *owner;
	struct policy *policy; /* held while in progress */
	int view;
	struct endpoint upstream; /* noted where somebody observes */
	struct origin origin;
	uint64_t started_ms;
	uint64_t main_ms; /* after how long the main look-up ended; 0 = at once, or not yet */
	uint64_t budget_ms;
	size_t limit;
	uint16_t id;
	uint16_t flags; /* of the query */
	uint16_t question_size;
	uint8_t question[QUESTION_MAX]; /* as the client sent it */
	struct answer_edns edns;
	struct inquiry inquiry;
};

struct resolver {
	struct resolver_parts parts;
	struct outcomes outcomes;
	struct crowd crowd;
	struct query *idle; /* for the next requests: a hit takes no memory */
	size_t in_progress;
	struct count count_in_progress;
	uint8_t octets[WIRE_MESSAGE_MAX]; /* of an answer that had to wait */
};

struct resolver *resolver_new(const struct resolver_parts *parts)
{
	struct resolver *resolver = mem_new(sizeof(*resolver));

	resolver->parts = *parts;
	crowd_init(&resolver->crowd);
	return resolver;
}

void resolver_free(struct resolver *resolver)
{
	if (!resolver)
		return;
	assert(!resolver->in_progress);
	while (resolver->idle) {
		struct query *next = resolver->idle->next;

		timer_free(resolver->idle->timer);
		free(resolver->idle);
		resolver->idle = next;
	}
	crowd_clear(&resolver->crowd);
	free(resolver);
}

void resolver_set_parts(struct resolver *resolver, const struct resolver_parts *parts)
{
	resolver->parts = *parts;
}

void resolver_add_counts(struct resolver *resolver, struct counts *counts)
{
	outcomes_add_counts(&resolver->outcomes, counts);
	counts_add(counts, "queries_in_progress", NULL, "client queries that wait for their answer",
		&resolver->count_in_progress);
}

struct outcomes *resolver_outcomes(struct resolver *resolver)
{
	return &resolver->outcomes;
}

static struct query *query_take(struct resolver *resolver)
{
	struct query *query = resolver->idle;
	struct timer *timer = NULL;

	if (query) {
		resolver->idle = query->next;
		timer = query->timer;
		memset(query, 0, sizeof(*query));
	} else {
		query = mem_new(sizeof(*query));
	}
	query->resolver = resolver;
	query->timer = timer;
	return query;
}

/* LIM-07: of all workers. Some may start one at the same time, and go over it by so many. */
static bool is_full(const struct resolver *resolver)
{
	const struct resolver_parts *parts = &resolver->parts;

	return (parts->queries ? *parts->queries : resolver->in_progress) >= parts->queries_max;
}

static void note_parked(struct resolver *resolver)
{
	resolver->in_progress++;
	if (resolver->parts.queries)
		++*resolver->parts.queries;
	count_set(&resolver->count_in_progress, resolver->in_progress);
}

static void note_ended(struct resolver *resolver)
{
	resolver->in_progress--;
	if (resolver->parts.queries)
		--*resolver->parts.queries;
	count_set(&resolver->count_in_progress, resolver->in_progress);
}

/* Lets go of all that it holds; the memory waits for the next request. */
static void query_release(struct query *query)
{
	struct resolver *resolver = query->resolver;

	fact_clear(&query->inquiry.main);
	fact_clear(&query->inquiry.other);
	if (query->list) {
		timer_stop(query->timer);
		if (query->next)
			query->next->previous = query->previous;
		if (query->previous)
			query->previous->next = query->next;
		else
			query->list->first = query->next;
		query->list->count--;
		note_ended(resolver);
		crowd_leave(&resolver->crowd, query->client);
		policy_unref(query->policy);
	}
	query->next = resolver->idle;
	resolver->idle = query;
}

/* A waiting request joins the list of its front. */
static void query_park(struct query *query, struct query_list *list)
{
	struct resolver *resolver = query->resolver;

	query->list = list;
	query->next = list->first;
	if (query->next)
		query->next->previous = query;
	list->first = query;
	list->count++;
	note_parked(resolver);
	query->client = crowd_join(&resolver->crowd, &query->origin.client.addr);
	query->policy = policy_ref(query->policy);
}

static uint64_t passed_ms(const struct query *query)
{
	return loop_now_ms(query->resolver->parts.loop) - query->started_ms;
}

static void observe(const struct query *query, const struct ending *ending)
{
	const struct resolver_parts *parts = &query->resolver->parts;
	const struct inquiry *inquiry = &query->inquiry;
	bool main_is_aaaa = inquiry->question.type == TYPE_AAAA;
	bool main_is_a = inquiry->question.type == TYPE_A;
	struct query_observation observation;

	if (!parts->observe)
		return;
	observation = (struct query_observation){
		.question = &inquiry->question,
		.origin = &query->origin,
		.outcome = ending->outcome,
		.rcode = ending->rcode,
		.took_ms = passed_ms(query),
		.reply = ending->reply,
		.aaaa = main_is_aaaa ? inquiry->main.reply : inquiry->other.reply,
		.a = main_is_a ? inquiry->main.reply : inquiry->other.reply,
		.policy = query->policy,
		.view = query->view,
		.prefix = ending_prefix(inquiry, ending),
		.upstream = query->upstream.addr.family == ADDR_NONE ? NULL : &query->upstream,
		.edes = &ending->edes,
	};
	parts->observe(parts->observer, &observation);
}

static struct answer answer_of(const struct query *query, const struct ending *ending)
{
	struct answer answer = {
		.id = query->id,
		.opcode = OPCODE_QUERY,
		.rcode = ending->rcode,
		/* R1035-4.1.1-a, R4035-3.2.2-a, D64-5.4-d */
		.flags = (uint16_t)((query->flags & (WIRE_RD | WIRE_CD)) | WIRE_RA),
		.question = query->question, /* D64-5.4-a */
		.question_size = query->question_size,
		.reply = ending->reply,
		.age_s = ending->age_s,
		.keep_dnssec = query->edns.dnssec_ok,
		.question_type = query->inquiry.question.type,
		.limit = query->limit,
		.edns = query->edns,
		.edes = &ending->edes,
	};

	if (ending->has_aa)
		answer.flags |= WIRE_AA;
	if (ending->has_ad)
		answer.flags |= WIRE_AD;
	return answer;
}

/* Row 8: upstream denies the name to one type and knows it for the other. */
static void log_oddity(const struct query *query)
{
	const struct reply *aaaa = query->inquiry.main.reply;
	const struct reply *a = query->inquiry.other.reply;
	char name[NAME_TEXT_MAX];

	if (query->inquiry.plan != PLAN_AAAA || !aaaa || !a || !log_wants(LOG_DEBUG))
		return;
	if (reply_facts(aaaa)->kind != REPLY_NODATA || reply_facts(a)->kind != REPLY_NXDOMAIN)
		return;
	log_write(LOG_DEBUG, "upstream knows a name for AAAA and denies it for A",
		LOG_FIELDS(
			LOG_TEXT("name", name_format(query->inquiry.question.name.octets, name))));
}

/* Whether answers may be finished ones: an observer wants to see what they are made of. */
static bool uses_finished(const struct resolver_parts *parts)
{
	return parts->cache && !parts->observe;
}

static struct finished_key key_for(const struct resolver_parts *parts, const struct policy *policy,
	uint16_t type, bool dnssec_ok, bool wants_ad)
{
	return (struct finished_key){ .stamp = parts->stamp ^ policy_stamp(policy),
		.type = type,
		.dnssec_ok = dnssec_ok,
		.wants_ad = wants_ad };
}

/* Whether the fact, if it was looked for, is what the cache has for the very name asked. */
static bool is_of_edition(const struct fact *fact, uint64_t edition)
{
	return !fact->is_tried || (fact->reply && fact->edition == edition && !fact->is_local);
}

/* Of facts that stay as they are in the cache, and of nothing else but policy and settings. */
static bool is_to_be_kept(const struct query *query, const struct ending *ending)
{
	const struct inquiry *inquiry = &query->inquiry;
	uint64_t edition = inquiry->main.edition;

	if (!uses_finished(&query->resolver->parts) || !edition ||
		!(inquiry->main.is_popular || inquiry->other.is_popular))
		return false;
	if (inquiry->plan == PLAN_REVERSE || inquiry->question.type == TYPE_ANY)
		return false;
	if (!is_of_edition(&inquiry->main, edition) || !is_of_edition(&inquiry->other, edition))
		return false;
	return ending->outcome == OUTCOME_RELAYED || ending->outcome == OUTCOME_FILTERED ||
	       ending->outcome == OUTCOME_SYNTHESIZED || ending->outcome == OUTCOME_EMPTY ||
	       ending->outcome == OUTCOME_HIDDEN;
}

/* For the next who asks the same. */
static void keep_finished(const struct query *query, const struct ending *ending,
	const struct answer *answer, const uint8_t *octets, size_t size)
{
	const struct resolver_parts *parts = &query->resolver->parts;
	const struct inquiry *inquiry = &query->inquiry;
	uint64_t now_ms = loop_now_ms(parts->loop);
	struct finished_key key = key_for(parts, query->policy, inquiry->question.type,
		query->edns.dnssec_ok, inquiry->wants_ad);
	struct finished *finished =
		finished_new(&key, answer, ending->outcome, octets, size, now_ms);

	if (finished)
		cache_keep_finished(parts->cache, &inquiry->main.question, inquiry->main.edition,
			finished, now_ms);
}

/* The one end of a request: notes the outcome and writes the answer into `out`, if there is to
 * be one; returns its size. Lets go of the ending. */
static size_t query_end(struct query *query, struct ending *ending, uint8_t *out)
{
	bool is_answered =
		ending->outcome != OUTCOME_DROPPED && ending->outcome != OUTCOME_CANCELLED;
	enum answer_fit fit = ANSWER_WHOLE;
	size_t size = 0;

	if (is_answered) {
		struct answer answer = answer_of(query, ending);

		size = answer_encode(&answer, out, &fit);
		if (fit == ANSWER_WHOLE && is_to_be_kept(query, ending))
			keep_finished(query, ending, &answer, out, size);
	}
	if (fit == ANSWER_CUT && query->origin.stream) {
		/* UPR-06: what does not fit into any message. */
		struct answer answer;

		ending_clear(ending);
		*ending = (struct ending){ 0 };
		ending_be_error(ending, OUTCOME_LIMIT, RCODE_SERVFAIL, "answer too large");
		answer = answer_of(query, ending);
		size = answer_encode(&answer, out, NULL);
	}
	outcomes_note(&query->resolver->outcomes, ending->outcome);
	observe(query, ending);
	log_oddity(query);
	ending_clear(ending);
	return size;
}

static struct fact_sources sources_of(const struct query *query)
{
	const struct resolver_parts *parts = &query->resolver->parts;

	return (struct fact_sources){
		.local = parts->local, .lookups = parts->lookups, .routes = parts->routes
	};
}

/* A name that had an AAAA is likely to have one still: A is not asked for while that is to be seen
 * soon. */
static bool expects_aaaa(const struct query *query)
{
	const struct inquiry *inquiry = &query->inquiry;
	const struct hints *hints = query->resolver->parts.hints;

	return hints && inquiry->plan == PLAN_AAAA && !inquiry_is_patient(inquiry) &&
	       !inquiry->appends && fact_is_open(&inquiry->main) && passed_ms(query) < HINT_MS &&
	       hints_find(hints, &inquiry->question.name);
}

/* For the next time that the cache does not know the name. */
static void note_hint(const struct query *query, const struct ending *ending)
{
	const struct inquiry *inquiry = &query->inquiry;
	struct hints *hints = query->resolver->parts.hints;
	bool is_usable = ending->outcome == OUTCOME_RELAYED || ending->outcome == OUTCOME_FILTERED;

	if (!hints || inquiry->plan != PLAN_AAAA || inquiry->appends || !inquiry->main.reply ||
		inquiry->main.is_stale)
		return;
	if (is_usable && reply_facts(inquiry->main.reply)->kind == REPLY_DATA)
		hints_note(hints, &inquiry->question.name);
	else
		hints_forget(hints, &inquiry->question.name);
}

/* Finds out what is known here and now, as far as it can still change the answer; false when
 * the answer has to wait for more. A cached AAAA that decides asks for no A (D64-5.1-a). */
static bool query_look(struct query *query, struct ending *ending)
{
	struct inquiry *inquiry = &query->inquiry;
	struct fact_sources sources = sources_of(query);
	bool is_patient = inquiry_is_patient(inquiry);
	bool recursion = query->flags & WIRE_RD;
	struct fact *first = is_patient ? &inquiry->other : &inquiry->main;
	struct fact *second = is_patient ? &inquiry->main : &inquiry->other;

	/* D64-5.3.1-h: an in-addr.arpa name of a local zone is not leaked. */
	fact_try(first, &sources, inquiry->plan == PLAN_REVERSE, recursion);
	if (ending_decide(inquiry, ending))
		return true;
	if (!inquiry_has_other(inquiry) || (is_patient && fact_is_open(first)) ||
		expects_aaaa(query))
		return false;
	fact_try(second, &sources, false, recursion);
	return ending_decide(inquiry, ending);
}

static void query_go_on(struct query *query);
static void wait_for_time(struct query *query);

static void note(struct query *query, struct fact *fact, const struct lookup_result *result)
{
	struct fact_sources sources = sources_of(query);

	if (result->server && query->resolver->parts.observe)
		query->upstream = *result->server;
	fact->lookup = NULL;
	if (fact == &query->inquiry.main)
		query->main_ms = passed_ms(query);
	fact_note(fact, result, lookups_links_max(sources.lookups));
	if (fact_has_failed(fact))
		fact_take_stale(fact, &sources); /* R8767-4-a */
	query_go_on(query);
}

static void on_main(void *owner, const struct lookup_result *result)
{
	struct query *query = owner;

	note(query, &query->inquiry.main, result);
}

static void on_other(void *owner, const struct lookup_result *result)
{
	struct query *query = owner;

	note(query, &query->inquiry.other, result);
}

static void start(struct query *query, struct fact *fact, lookup_done *done)
{
	/* UPS-a, R8482-4-a */
	bool stream = query->origin.stream || query->inquiry.question.type == TYPE_ANY;

	if (!fact->is_tried || !fact_is_open(fact) || fact->lookup)
		return;
	fact->lookup =
		lookup_start(query->resolver->parts.lookups, &fact->question, stream, done, query);
}

/* Asks for all that is not known: AAAA and A at once (D64-5.1.8-a). */
static void query_ask(struct query *query)
{
	start(query, &query->inquiry.main, on_main);
	start(query, &query->inquiry.other, on_other);
}

/* Half of the time is for AAAA, the rest for what A still needs (D64-5.1.3-b). */
static bool query_halves(const struct query *query)
{
	return inquiry_has_other(&query->inquiry) && !inquiry_is_patient(&query->inquiry) &&
	       !policy_options(query->policy)->aaaa_error_passes;
}

static void note_late(struct fact *fact)
{
	if (fact_is_open(fact))
		fact->is_late = true;
}

static void on_time(void *owner);

/* The next time at which something is given up, since the start. */
static uint64_t next_time(const struct query *query, uint64_t passed)
{
	const struct inquiry *inquiry = &query->inquiry;
	uint64_t half = query->budget_ms / 2;
	uint64_t next = query->budget_ms;

	if (query_halves(query) && passed < half)
		next = half;
	if (passed < LOOKUPS_LATE_MS && LOOKUPS_LATE_MS < next)
		next = LOOKUPS_LATE_MS;
	if (passed < HINT_MS && inquiry_has_other(inquiry) && !inquiry->other.is_tried)
		next = HINT_MS;
	if (inquiry_waits_to_append(inquiry) && query->main_ms + QUERY_APPEND_MS < next)
		next = query->main_ms + QUERY_APPEND_MS;
	return next > passed ? next : passed;
}

static void wait_for_time(struct query *query)
{
	uint64_t passed = passed_ms(query);

	if (!query->timer)
		query->timer = timer_new(query->resolver->parts.loop, on_time, query);
	timer_start(query->timer, next_time(query, passed) - passed);
}

static void on_time(void *owner)
{
	struct query *query = owner;
	struct inquiry *inquiry = &query->inquiry;
	struct fact_sources sources = sources_of(query);
	uint64_t passed = passed_ms(query);

	if (passed >= LOOKUPS_LATE_MS) {
		/* R8767-5-a: who has no stale data goes on waiting. */
		fact_take_stale(&inquiry->main, &sources);
		fact_take_stale(&inquiry->other, &sources);
	}
	if (query_halves(query) && passed >= query->budget_ms / 2)
		note_late(inquiry_aaaa(inquiry));
	if (passed >= query->main_ms + QUERY_APPEND_MS && inquiry_waits_to_append(inquiry))
		note_late(&inquiry->other);
	if (passed < query->budget_ms) {
		wait_for_time(query);
	} else {
		inquiry->is_over = true; /* LIM-03 */
		note_late(&inquiry->main);
		note_late(&inquiry->other);
	}
	query_go_on(query);
}

/* A waiting request whose facts have changed. */
static void query_go_on(struct query *query)
{
	struct ending ending = { 0 };
	struct origin origin = query->origin;
	query_done *done = query->done;
	void *owner = query->owner;
	uint8_t *octets = query->resolver->octets;
	size_t size;

	if (!query_look(query, &ending)) {
		query_ask(query);
		if (inquiry_waits_to_append(&query->inquiry))
			wait_for_time(query);
		return;
	}
	note_hint(query, &ending);
	size = query_end(query, &ending, octets);
	query_release(query);
	done(owner, &origin, octets, size);
}

void query_list_cancel(struct query_list *list)
{
	while (list->first) {
		struct ending ending = { .outcome = OUTCOME_CANCELLED };
		struct query *query = list->first;

		query_end(query, &ending, NULL);
		query_release(query);
	}
}

static void query_fill(struct query *query, const struct request *request)
{
	const struct resolver_parts *parts = &query->resolver->parts;
	const struct wire *wire = request->wire;
	struct inquiry *inquiry = &query->inquiry;

	query->origin = request->origin;
	query->limit = request->limit;
	query->edns = request->edns;
	query->id = wire->id;
	query->flags = wire->flags;
	query->started_ms = loop_now_ms(parts->loop);
	query->budget_ms = parts->budget_ms;
	query->view = views_number(parts->views, &request->origin.client.addr);
	query->policy = views_policy(parts->views, query->view);
	query->question_size = (uint16_t)wire->question_size;
	memcpy(query->question, wire->question_name, wire->question_size);

	inquiry->question = question_make(wire->question_name, wire->question_type,
		wire->question_class, wire->flags & WIRE_CD);
	inquiry->wants_ad = wire->flags & WIRE_AD || request->edns.dnssec_ok;
	inquiry->stream = request->origin.stream;
	inquiry->policy = query->policy;
}

/* LOC-03, where records or a forward rule give the name: nothing is excluded, nothing hidden. */
static bool is_localhost(const struct question *question)
{
	static const uint8_t localhost[] = "\11localhost";

	return name_is_under(question->name.octets, localhost);
}

/* Section 5, the premise of H1 to H4. */
static bool may_hide(const struct policy_options *options, const struct question *question)
{
	static const uint8_t ipv4only[] = "\10ipv4only\4arpa";

	return question->type == TYPE_A && options->hide_a != HIDE_A_NEVER &&
	       !name_equal(question->name.octets, ipv4only) &&
	       !nameset_covers(&options->keep_a_names, question->name.octets);
}

/* CD=1, another class, and DNS64 off for the client, the zone or the name: as if there were no
 * DNS64 (D64-5.1-b, D64-5.5-nv01, D64-5.5-nv11, D64-6.3-a). */
static enum plan plan_for(const struct inquiry *inquiry, bool has_dns64)
{
	const struct policy_options *options = policy_options(inquiry->policy);
	const struct question *question = &inquiry->question;

	if (!has_dns64 || question->cd || question->rclass != CLASS_IN || is_localhost(question))
		return PLAN_RELAY;
	if (question->type == TYPE_AAAA)
		return inquiry->is_exempt ? PLAN_RELAY : PLAN_AAAA; /* D64-7.3-a */
	return may_hide(options, question) ? PLAN_A : PLAN_RELAY;
}

static void begin_translation(struct query *query, const struct route *route, bool has_dns64)
{
	struct inquiry *inquiry = &query->inquiry;
	const struct policy_options *options = policy_options(query->policy);
	struct fact_sources sources = sources_of(query);
	struct question other = inquiry->question;

	if (has_dns64 && (other.type == TYPE_AAAA || other.type == TYPE_A)) {
		inquiry->is_exempt = nameset_covers(&options->exclude_names, other.name.octets);
		inquiry->ignores_aaaa = nameset_covers(&options->ignore_aaaa, other.name.octets);
		inquiry->appends = nameset_covers(&options->append_aaaa, other.name.octets);
	}
	inquiry->plan = plan_for(inquiry, has_dns64);
	if (!inquiry_has_other(inquiry))
		return;
	other.type = other.type == TYPE_AAAA ? TYPE_A : TYPE_AAAA;
	fact_init(&inquiry->other, &other, group_scope(route->group));
	if (inquiry->main.is_local)
		fact_take_record(&inquiry->other, &sources); /* D64-5.4-g */
}

/* D64-5.3.1-b, way 2: asks for the name under in-addr.arpa instead. */
static void begin_reverse(struct query *query)
{
	struct inquiry *inquiry = &query->inquiry;
	struct fact_sources sources = sources_of(query);
	struct question ptr = question_make(
		inquiry->reverse.ipv4_name.octets, TYPE_PTR, CLASS_IN, inquiry->question.cd);

	inquiry->plan = PLAN_REVERSE;
	fact_init(&inquiry->main, &ptr, group_scope(routes_find(sources.routes, &ptr)->group));
	fact_take_record(&inquiry->main, &sources);
}

/* Section 8, for a name that is no record of ours. True when it ends here. */
static bool try_reverse(struct query *query, struct ending *ending, bool *is_public)
{
	struct inquiry *inquiry = &query->inquiry;
	struct reply *reply;

	inquiry->reverse = reverse_find(query->policy, &inquiry->question);
	switch (inquiry->reverse.kind) {
	case REVERSE_NONE:
		return false;
	case REVERSE_IPV4ONLY:
		reply = reverse_local(&inquiry->question, &inquiry->reverse);
		ending_be_local(ending, OUTCOME_IPV4ONLY, reply); /* R8880-7.2.1-a */
		return true;
	case REVERSE_ASK:
	case REVERSE_NODATA:
	case REVERSE_NXDOMAIN:
		break;
	}
	if (inquiry->question.cd && query->edns.dnssec_ok) {
		*is_public = true; /* D64-5.3.1-i: an ordinary query, no zone of ours */
		return false;
	}
	if (inquiry->reverse.kind == REVERSE_ASK) {
		begin_reverse(query);
		return false;
	}
	reply = reverse_local(&inquiry->question, &inquiry->reverse); /* D64-5.3.1-g */
	ending_be_local(ending, OUTCOME_SPECIAL, reply);
	return true;
}

/* Names that are answered without a look-up of their own: ipv4only.arpa, reverse zones of our
 * prefixes, special-use names, in this order. True when it ends here. */
static bool try_own_names(struct query *query, struct ending *ending, bool has_dns64)
{
	struct inquiry *inquiry = &query->inquiry;
	bool is_public = false;
	struct reply *reply;

	if (has_dns64) {
		/* R8880-7.1-a, D64-5.5-d */
		reply = ipv4only_answer(&inquiry->question, query->policy);
		if (reply) {
			ending_be_local(ending, OUTCOME_IPV4ONLY, reply);
			return true;
		}
		if (try_reverse(query, ending, &is_public))
			return true;
	}
	if (is_public || inquiry->plan == PLAN_REVERSE)
		return false;
	/* LOC-b: whatever DO and CD are, and without DNS64. Above a reverse zone of ours nothing
	 * is denied, or RFC 8020 would deny the zone. */
	reply = local_special(query->resolver->parts.local, &inquiry->question,
		has_dns64 && reverse_is_above(query->policy, inquiry->question.name.octets));
	if (!reply)
		return false;
	ending_be_local(ending, OUTCOME_SPECIAL, reply);
	return true;
}

/* Decides what has to be known, and ends what is known at once. Own records come first of all:
 * they win over special-use names and reverse zones, and are facts like others, so that DNS64
 * and hide-a apply to them (LOC-c, D64-5.4-g). */
static bool query_begin(struct query *query, struct ending *ending)
{
	struct inquiry *inquiry = &query->inquiry;
	struct fact_sources sources = sources_of(query);
	const struct route *route = routes_find(sources.routes, &inquiry->question);
	bool has_dns64 = policy_options(query->policy)->enabled && route->dns64;
	bool is_in = inquiry->question.rclass == CLASS_IN;

	if (inquiry->question.rclass == CLASS_CH) {
		struct reply *reply = local_chaos(sources.local, &inquiry->question);

		if (reply) /* MAL-25 */
			ending_be_local(ending, OUTCOME_CHAOS, reply);
		else
			ending_be_error(ending, OUTCOME_REFUSED_CHAOS, RCODE_REFUSED, NULL);
		return true;
	}
	fact_init(&inquiry->main, &inquiry->question, group_scope(route->group));
	if (is_in && !fact_take_record(&inquiry->main, &sources) &&
		try_own_names(query, ending, has_dns64))
		return true;
	if (inquiry->plan != PLAN_REVERSE)
		begin_translation(query, route, has_dns64);
	return query_look(query, ending);
}

/* Whether a request that would have to wait may not. */
static bool query_is_turned_away(struct query *query, struct ending *ending)
{
	struct resolver *resolver = query->resolver;
	const struct inquiry *inquiry = &query->inquiry;

	if (!(query->flags & WIRE_RD)) {
		/* MAL-20, ACL-c */
		ending_be_error(ending, OUTCOME_REFUSED_RD, RCODE_REFUSED, "RD=0");
		return true;
	}
	/* UPS-d: our own question on its way back. */
	if (routes_is_own(resolver->parts.routes, query->id, query->origin.client.port,
		    inquiry->question.name.octets, inquiry->question.type)) {
		ending->outcome = OUTCOME_DROPPED;
		return true;
	}
	if (!is_full(resolver))
		return false;
	/* MAL-29: whoever fills the house goes without an answer. */
	if (!query->origin.stream && crowd_is_largest(&resolver->crowd, &query->origin.client.addr))
		ending->outcome = OUTCOME_DROPPED;
	else
		ending_be_error(ending, OUTCOME_OVERLOAD, RCODE_SERVFAIL, "overload");
	return true;
}

/* The answer as it was finished for an earlier request; 0 = there is none. No memory is taken, and
 * nothing is understood anew (design.md, 4). */
static size_t answer_finished(
	struct resolver *resolver, const struct request *request, uint8_t *out)
{
	const struct resolver_parts *parts = &resolver->parts;
	const struct wire *wire = request->wire;
	uint64_t now_ms = loop_now_ms(parts->loop);
	const struct policy *policy;
	union finished_copy copy;
	struct finished_key key;
	struct question question;
	size_t size;

	/* MAL-20, ACL-c: without RD nothing is told of what others asked. */
	if (!uses_finished(parts) || !(wire->flags & WIRE_RD) || wire->question_class != CLASS_IN)
		return 0;
	policy = views_find(parts->views, &request->origin.client.addr);
	key = key_for(parts, policy, wire->question_type, request->edns.dnssec_ok,
		wire->flags & WIRE_AD || request->edns.dnssec_ok);
	question_init(&question, wire->question_name, wire->question_size - 4, wire->question_type,
		CLASS_IN, wire->flags & WIRE_CD);
	routes_set_scope(parts->routes, &question);
	if (!cache_find_finished(parts->cache, &question, &key, now_ms, &copy))
		return 0;
	size = finished_write(&copy, wire, &request->edns, request->limit, now_ms, out);
	if (size)
		outcomes_note(&resolver->outcomes, copy.finished.outcome);
	return size;
}

static enum query_state start_anew(struct resolver *resolver, const struct request *request,
	uint8_t *out, size_t *size, query_done *done, void *owner)
{
	struct query *query = query_take(resolver);
	struct ending ending = { 0 };

	query_fill(query, request);
	if (!query_begin(query, &ending) && !query_is_turned_away(query, &ending)) {
		query->done = done;
		query->owner = owner;
		query_park(query, request->list);
		wait_for_time(query);
		query_ask(query);
		return QUERY_WAITS;
	}
	*size = query_end(query, &ending, out);
	query_release(query);
	return *size ? QUERY_ANSWERED : QUERY_DROPPED;
}

enum query_state query_start(struct resolver *resolver, const struct request *request, uint8_t *out,
	size_t *size, query_done *done, void *owner)
{
	*size = answer_finished(resolver, request, out);
	return *size ? QUERY_ANSWERED : start_anew(resolver, request, out, size, done, owner);
}
