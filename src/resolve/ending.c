/* Facts to an ending: asks the verdict what the facts mean, and has the answer made. Pure but
 * for the memory of what it makes: no clock, no socket, no client address. */

#include "sixward/resolve/ending.h"

#include <stdio.h>

#include "sixward/dns/wire.h"
#include "sixward/dns64/hide.h"
#include "sixward/dns64/synth.h"
#include "sixward/dns64/verdict.h"
#include "sixward/resolve/stale.h"

enum { NO_PREFIX_TTL = 5 }; /* LIM-35 */

bool inquiry_has_other(const struct inquiry *inquiry)
{
	switch (inquiry->plan) {
	case PLAN_AAAA:
		return true;
	case PLAN_A:
		return policy_options(inquiry->policy)->hide_a == HIDE_A_IF_AAAA;
	case PLAN_RELAY:
	case PLAN_REVERSE:
		return false;
	}
	return false;
}

bool inquiry_is_patient(const struct inquiry *inquiry)
{
	return inquiry->plan == PLAN_AAAA && inquiry->ignores_aaaa;
}

static const struct fact *aaaa_of(const struct inquiry *inquiry)
{
	return inquiry->plan == PLAN_AAAA ? &inquiry->main : &inquiry->other;
}

static const struct fact *a_of(const struct inquiry *inquiry)
{
	return inquiry->plan == PLAN_AAAA ? &inquiry->other : &inquiry->main;
}

struct fact *inquiry_aaaa(struct inquiry *inquiry)
{
	switch (inquiry->plan) {
	case PLAN_AAAA:
		return &inquiry->main;
	case PLAN_A:
		return inquiry_has_other(inquiry) ? &inquiry->other : NULL;
	case PLAN_RELAY:
	case PLAN_REVERSE:
		return NULL;
	}
	return NULL;
}

static void add_own_ede(struct ending *ending, enum outcome outcome, const char *text)
{
	int code = outcome_ede(outcome);

	if (code >= 0)
		ede_add(&ending->edes, (uint16_t)code, text);
}

/* R8914-3-c */
static void add_edes(struct ending *ending, const struct ede_list *edes)
{
	for (size_t i = 0; i < edes->count; i++)
		ede_add(&ending->edes, edes->items[i].code, edes->items[i].text);
}

void ending_be_error(struct ending *ending, enum outcome outcome, uint16_t rcode, const char *text)
{
	ending->outcome = outcome;
	ending->rcode = rcode;
	add_own_ede(ending, outcome, text);
}

void ending_be_local(struct ending *ending, enum outcome outcome, struct reply *reply)
{
	ending->outcome = outcome;
	ending->rcode = reply_facts(reply)->rcode;
	ending->has_aa = true;
	ending->reply = reply;
}

void ending_clear(struct ending *ending)
{
	reply_unref(ending->reply);
	ending->reply = NULL;
}

/* An answer that was made here: no AA, no AD, age 0. */
static void be_made(const struct inquiry *inquiry, struct ending *ending, enum outcome outcome,
	struct reply *reply)
{
	ending->outcome = outcome;
	ending->rcode = reply_facts(reply)->rcode;
	ending->reply = reply;
	ending->age_s = 0;
	/* EDE-03, EDE-02: our own before those of upstream, for there is room for few. */
	if (outcome_ede(outcome) == EDE_SYNTHESIZED &&
		policy_options(inquiry->policy)->mark_synthesized)
		add_own_ede(ending, outcome, "DNS64");
	if (outcome == OUTCOME_HIDDEN)
		add_own_ede(ending, outcome, "A hidden");
	add_edes(ending, reply_edes(reply));
}

static const struct cause {
	enum outcome outcome;
	const char *text;
} causes[] = {
	[FAILURE_TIMEOUT] = { OUTCOME_TIMED_OUT, "no answer from any upstream" },
	[FAILURE_NETWORK] = { OUTCOME_NETWORK, "no upstream can be reached" },
	[FAILURE_GARBAGE] = { OUTCOME_GARBAGE, "upstream answer not usable" },
	[FAILURE_RCODE] = { OUTCOME_UPSTREAM_ERROR, "" },
	[FAILURE_CHAIN] = { OUTCOME_CHAIN, "alias loop or chain too long" },
	[FAILURE_LIMIT] = { OUTCOME_LIMIT, "limit of this server" },
	[FAILURE_NO_UPSTREAM] = { OUTCOME_NO_UPSTREAM, "no upstream known yet" }, /* EDE-05 */
};

/* UPS-c: those that speak of our own query, and SERVFAIL, say no more than that all failed. */
static bool is_plain_rcode(uint16_t rcode)
{
	switch (rcode) {
	case RCODE_FORMERR:
	case RCODE_SERVFAIL:
	case RCODE_NOTIMP:
	case RCODE_REFUSED:
	case 9: /* NOTAUTH */
	case RCODE_BADVERS:
	case RCODE_BADCOOKIE:
		return true;
	default:
		return false;
	}
}

static void add_rcode_ede(struct ending *ending, uint16_t rcode)
{
	char text[EDE_TEXT_MAX];

	snprintf(text, sizeof(text), "upstream rcode %u", (unsigned)rcode);
	if (is_plain_rcode(rcode))
		ede_add(&ending->edes, EDE_NO_REACHABLE_AUTHORITY, text); /* EDE-08 */
	else
		ede_add(&ending->edes, EDE_OTHER, text);
}

/* UPS-c: SERVFAIL, with the upstream's extended errors, or with our own (rows 9, 10, 13, 15, 17,
 * 21, 25; EDE-04, EDE-08, EDE-09, EDE-11). */
static void be_failure(const struct fact *fact, struct ending *ending)
{
	enum failure_cause cause = fact->is_late ? FAILURE_TIMEOUT : fact->failure.cause;
	const struct cause *row = &causes[cause];

	ending->outcome = row->outcome;
	ending->rcode = RCODE_SERVFAIL;
	if (fact->is_cached_failure && !fact->is_late) {
		/* R9520-3.2-b */
		ending->outcome = OUTCOME_CACHED_FAILURE;
		add_own_ede(ending, OUTCOME_CACHED_FAILURE, NULL);
	}
	if (!fact->is_late && fact->failure.edes.count)
		add_edes(ending, &fact->failure.edes);
	else if (cause == FAILURE_RCODE)
		add_rcode_ede(ending, fact->failure.rcode);
	else
		add_own_ede(ending, row->outcome, row->text);
}

/* R8482-4-a: over UDP one RRset is enough. */
static bool wants_smallest(const struct inquiry *inquiry, const struct reply *reply)
{
	return inquiry->question.type == TYPE_ANY && !inquiry->stream &&
	       reply_facts(reply)->kind == REPLY_DATA;
}

static void be_relayed(
	const struct inquiry *inquiry, const struct fact *fact, struct ending *ending)
{
	const struct reply_facts *facts = reply_facts(fact->reply);

	ending->outcome = OUTCOME_RELAYED;
	ending->rcode = facts->rcode;
	ending->age_s = fact->age_s;
	ending->reply = reply_ref(fact->reply);
	if (fact->is_local) {
		ending->outcome = OUTCOME_RECORD;
		ending->has_aa = true; /* R1035-4.1.1-c, R6604-2-a, LOC-c */
	} else if (fact->is_cut) {
		ending->outcome = OUTCOME_NXDOMAIN_CUT;
		if (policy_options(inquiry->policy)->mark_synthesized)
			add_own_ede(ending, OUTCOME_NXDOMAIN_CUT, "NXDOMAIN of a name above");
	} else {
		/* R4035-4.6-b, D64-5.5-nv01, D64-5.5-nv11 */
		ending->has_ad = facts->ad && inquiry->wants_ad && !inquiry->question.cd;
	}
	add_edes(ending, reply_edes(fact->reply));
	if (!fact->is_local && wants_smallest(inquiry, fact->reply)) {
		ending_clear(ending);
		ending->reply = reply_smallest(&inquiry->question, fact->reply);
		ending->has_ad = false;
	}
}

/* As received: a reply, or the failure in its place. */
static void be_found(const struct inquiry *inquiry, const struct fact *fact, struct ending *ending)
{
	if (fact->reply)
		be_relayed(inquiry, fact, ending);
	else
		be_failure(fact, ending);
}

/* Rows 8 to 10, 14, 15: the error of the A look-up. YXDOMAIN stays only where both say so;
 * for AAAA it may not hold. */
static void be_a_error(const struct inquiry *inquiry, struct ending *ending)
{
	const struct fact *aaaa = aaaa_of(inquiry);
	const struct fact *a = a_of(inquiry);
	bool is_rcode = a->reply && reply_facts(a->reply)->kind == REPLY_RCODE;

	if (!is_rcode) {
		be_found(inquiry, a, ending);
		return;
	}
	if (aaaa->reply && reply_facts(aaaa->reply)->kind == REPLY_RCODE) {
		be_found(inquiry, aaaa, ending);
		return;
	}
	ending->outcome = OUTCOME_UPSTREAM_ERROR;
	ending->rcode = RCODE_SERVFAIL;
	if (reply_edes(a->reply)->count)
		add_edes(ending, reply_edes(a->reply));
	else
		add_own_ede(ending, OUTCOME_UPSTREAM_ERROR, "upstream rcode 6");
}

/* LIM-35, EDE-05: no AAAA only because no prefix is in force at this time. */
static void cap_without_prefix(const struct inquiry *inquiry, struct ending *ending)
{
	const struct prefix *prefixes[POLICY_PREFIXES_MAX];
	const struct known_prefix *known;
	const struct fact *a = a_of(inquiry);
	struct reply *before = ending->reply;
	struct aged_reply aged = { .reply = before, .age_s = ending->age_s };

	if (!before || reply_facts(before)->rcode != RCODE_NOERROR)
		return;
	if (!a->reply || !reply_data_count(a->reply, TYPE_A) || reply_data_count(before, TYPE_AAAA))
		return;
	if (policy_in_force(inquiry->policy, prefixes) > 0)
		return;
	ending->reply = synth_cap_denial(&inquiry->question, &aged, NO_PREFIX_TTL);
	ending->age_s = 0;
	ending->has_ad = false;
	ending->outcome = OUTCOME_EMPTY;
	if (!policy_known(inquiry->policy, &known))
		ede_add(&ending->edes, EDE_NOT_READY, "no DNS64 prefix known yet");
	reply_unref(before);
}

static struct facts facts_of(const struct inquiry *inquiry)
{
	return (struct facts){
		.raw = inquiry->is_exempt,
		.ignores_aaaa = inquiry->ignores_aaaa,
		.appends = inquiry->appends,
		.aaaa_error_passes = policy_options(inquiry->policy)->aaaa_error_passes,
		.aaaa_is_stale = aaaa_of(inquiry)->is_stale,
		.aaaa = fact_found_aaaa(aaaa_of(inquiry), inquiry->policy),
		.a = fact_found_a(a_of(inquiry), inquiry->policy),
	};
}

bool inquiry_waits_to_append(const struct inquiry *inquiry)
{
	struct facts facts;

	if (inquiry->plan != PLAN_AAAA || !inquiry->appends)
		return false;
	facts = facts_of(inquiry);
	return verdict_waits_to_append(&facts);
}

/* Row 19: whether stale data is part of what the verdict rests on; a fact that it would not have
 * waited for is not, and an A that gave nothing to append neither. */
static bool rests_on_stale(
	const struct inquiry *inquiry, const struct facts *facts, enum verdict verdict)
{
	struct facts without_aaaa = *facts;
	struct facts without_a = *facts;

	without_a.appends = verdict == VERDICT_APPEND;

	without_aaaa.aaaa = FOUND_PENDING;
	without_a.a = FOUND_PENDING;
	if (aaaa_of(inquiry)->is_stale && verdict_decide(&without_aaaa) == VERDICT_WAIT)
		return true;
	return a_of(inquiry)->is_stale && verdict_decide(&without_a) == VERDICT_WAIT;
}

/* R8767-4-a, EDE-01: 30 s for every record; its extended error comes first, for there is room for
 * few. An error stays one. */
static void be_stale(const struct inquiry *inquiry, struct ending *ending)
{
	struct ede_list edes = ending->edes;
	struct reply *before = ending->reply;

	if (!before || reply_facts(before)->kind == REPLY_RCODE)
		return;
	ending->outcome = ending->rcode == RCODE_NXDOMAIN ? OUTCOME_STALE_NXDOMAIN : OUTCOME_STALE;
	ending->reply = stale_reply(&inquiry->question, before);
	ending->age_s = 0;
	ending->has_ad = false;
	ending->edes = (struct ede_list){ 0 };
	add_own_ede(ending, ending->outcome, NULL);
	add_edes(ending, &edes);
	reply_unref(before);
}

/* D64-5.1.3-b: a late AAAA is given up for the sake of an A. Where that gives nothing, the rest of
 * the time is better spent waiting than ended with an error (rows 13, 15, 17). */
static bool is_worth_waiting(
	const struct inquiry *inquiry, const struct facts *facts, enum verdict verdict)
{
	if (inquiry->is_over || facts->aaaa != FOUND_LATE)
		return false;
	return verdict == VERDICT_RELAY_AAAA ||
	       (verdict == VERDICT_RELAY_A && facts->a != FOUND_NXDOMAIN);
}

/* Row 2 */
static void be_filtered(const struct inquiry *inquiry, struct ending *ending)
{
	struct aged_reply aaaa = fact_aged(&inquiry->main);

	be_made(inquiry, ending, OUTCOME_FILTERED,
		synth_filter(&inquiry->question, &aaaa, inquiry->policy));
	ending->has_aa = inquiry->main.is_local;
}

/* D64-5.1.1-b. Nothing to append: rows 1 and 2 after all. */
static void be_appended(const struct inquiry *inquiry, struct ending *ending)
{
	struct aged_reply aaaa = fact_aged(&inquiry->main);
	struct aged_reply a = fact_aged(&inquiry->other);
	struct reply *reply = synth_append(&inquiry->question, &aaaa, &a, inquiry->policy);

	if (reply)
		be_made(inquiry, ending, OUTCOME_SYNTHESIZED, reply);
	else if (fact_found_aaaa(&inquiry->main, inquiry->policy) == FOUND_MIXED)
		be_filtered(inquiry, ending);
	else
		be_found(inquiry, &inquiry->main, ending);
}

static void be_decided(const struct inquiry *inquiry, enum verdict verdict, struct ending *ending)
{
	struct aged_reply aaaa = fact_aged(&inquiry->main);
	struct aged_reply a = fact_aged(&inquiry->other);

	switch (verdict) {
	case VERDICT_WAIT:
		return;
	case VERDICT_RELAY_AAAA:
		be_found(inquiry, &inquiry->main, ending);
		return;
	case VERDICT_FILTER_AAAA:
		be_filtered(inquiry, ending);
		return;
	case VERDICT_SYNTHESIZE:
		be_made(inquiry, ending, OUTCOME_SYNTHESIZED,
			synth_aaaa(&inquiry->question, &a, synth_ttl_limit(&aaaa, inquiry->policy),
				inquiry->policy));
		return;
	case VERDICT_APPEND:
		be_appended(inquiry, ending);
		return;
	case VERDICT_EMPTY:
		be_made(inquiry, ending, OUTCOME_EMPTY, synth_empty(&inquiry->question, &a));
		ending->has_aa = inquiry->main.is_local;
		return;
	case VERDICT_RELAY_A:
		be_a_error(inquiry, ending);
		return;
	}
}

/* Section 5, rows 1 to 26. */
static bool decide_aaaa(const struct inquiry *inquiry, struct ending *ending)
{
	struct facts facts = facts_of(inquiry);
	enum verdict verdict = verdict_decide(&facts);

	if (verdict == VERDICT_WAIT || is_worth_waiting(inquiry, &facts, verdict))
		return false;
	be_decided(inquiry, verdict, ending);
	if (rests_on_stale(inquiry, &facts, verdict))
		be_stale(inquiry, ending);
	if (verdict == VERDICT_RELAY_AAAA || verdict == VERDICT_EMPTY)
		cap_without_prefix(inquiry, ending);
	return true;
}

/* Rows H1, H2. */
static void be_hidden(const struct inquiry *inquiry, struct ending *ending)
{
	struct aged_reply a = fact_aged(&inquiry->main);
	struct aged_reply aaaa = fact_aged(&inquiry->other);
	size_t hidden;
	struct reply *reply =
		hide_a(&inquiry->question, &a, aaaa.reply ? &aaaa : NULL, inquiry->policy, &hidden);

	if (!reply) {
		be_found(inquiry, &inquiry->main, ending);
		return;
	}
	be_made(inquiry, ending, OUTCOME_HIDDEN, reply);
	ending->has_aa = inquiry->main.is_local;
}

/* Rows H1 to H4. */
static bool decide_a(const struct inquiry *inquiry, struct ending *ending)
{
	struct facts facts = facts_of(inquiry);
	bool has_a = inquiry->main.reply && reply_data_count(inquiry->main.reply, TYPE_A) > 0;
	bool always = policy_options(inquiry->policy)->hide_a == HIDE_A_ALWAYS;

	switch (verdict_decide_hide(&facts, has_a, always)) {
	case HIDE_WAIT:
		return false;
	case HIDE_RELAY:
		be_found(inquiry, &inquiry->main, ending);
		break;
	case HIDE_REMOVE:
		be_hidden(inquiry, ending);
		break;
	}
	if (inquiry->main.is_stale || (has_a && !always && inquiry->other.is_stale))
		be_stale(inquiry, ending);
	return true;
}

/* D64-5.3.1-c, D64-5.3.1-d */
static void be_reversed(const struct inquiry *inquiry, struct ending *ending)
{
	struct aged_reply ptr = fact_aged(&inquiry->main);

	if (!ptr.reply || reply_facts(ptr.reply)->kind == REPLY_RCODE) {
		be_found(inquiry, &inquiry->main, ending);
		return;
	}
	be_made(inquiry, ending, OUTCOME_REVERSED,
		reverse_answer(&inquiry->question, &inquiry->reverse, &ptr));
}

/* Whether there are addresses in it that upstream has not said. */
static bool has_made_aaaa(const struct inquiry *inquiry, const struct ending *ending)
{
	const struct reply *native;

	if (ending->outcome == OUTCOME_SYNTHESIZED)
		return true;
	if (ending->outcome != OUTCOME_STALE || inquiry->plan != PLAN_AAAA)
		return false;
	native = inquiry->main.reply;
	return !native || !reply_data_count(native, TYPE_AAAA);
}

const struct prefix *ending_prefix(const struct inquiry *inquiry, const struct ending *ending)
{
	if (!has_made_aaaa(inquiry, ending))
		return NULL;
	for (size_t i = 0; i < reply_count(ending->reply); i++) {
		struct record record = reply_record(ending->reply, i);
		const struct prefix *prefix = NULL;
		uint8_t ipv4[4];

		if (record.section == SECTION_ANSWER && record.type == TYPE_AAAA &&
			policy_extract(inquiry->policy, record.rdata, ipv4, &prefix))
			return prefix;
	}
	return NULL;
}

bool ending_decide(const struct inquiry *inquiry, struct ending *ending)
{
	switch (inquiry->plan) {
	case PLAN_RELAY:
		if (fact_is_open(&inquiry->main))
			return false;
		be_found(inquiry, &inquiry->main, ending);
		if (inquiry->main.is_stale)
			be_stale(inquiry, ending);
		return true;
	case PLAN_AAAA:
		return decide_aaaa(inquiry, ending);
	case PLAN_A:
		return decide_a(inquiry, ending);
	case PLAN_REVERSE:
		if (fact_is_open(&inquiry->main))
			return false;
		be_reversed(inquiry, ending);
		if (inquiry->main.is_stale)
			be_stale(inquiry, ending);
		return true;
	}
	return false;
}
