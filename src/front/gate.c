/* Admit, refuse or drop (protocol.md 16 and 17.1). Judges lent octets in the order of checks that
 * 17.1 gives, and writes the refusals itself; holds no memory for a client but its buckets. */

#include "sixward/front/gate.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"

enum {
	ERRORS_PER_SECOND = 20, /* LIM-32 */
	BUCKETS_MAX = 16384,
	BUCKETS_ERRORS_MAX = 1024
};

struct gate {
	struct gate_options options;
	struct outcomes *outcomes;
	struct limit *answers; /* ACL-b */
	struct limit *errors;
};

/* One message on its way through the checks. */
struct judged {
	struct gate *gate;
	struct wire *wire;
	const struct origin *origin;
	uint64_t now_ms;
	uint64_t wall_s;
	struct answer_edns edns;
	uint16_t ra; /* WIRE_RA for clients allowed recursion (R1035-4.1.1-a) */
	bool cookie_valid;
	bool cookie_wrong; /* a server cookie that is not ours */
	uint8_t *out;
	size_t *size;
};

struct gate *gate_new(const struct gate_options *options, struct outcomes *outcomes)
{
	struct gate *gate = mem_new(sizeof(*gate));

	gate->options = *options;
	gate->outcomes = outcomes;
	gate->answers = limit_new(options->rate, BUCKETS_MAX);
	gate->errors = limit_new(ERRORS_PER_SECOND, BUCKETS_ERRORS_MAX);
	return gate;
}

void gate_free(struct gate *gate)
{
	if (!gate)
		return;
	limit_free(gate->answers);
	limit_free(gate->errors);
	free(gate);
}

bool gate_allows(const struct gate *gate, const struct addr *client)
{
	return netset_contains(gate->options.allow, client);
}

static enum gate_verdict drop(struct judged *judged)
{
	outcomes_note(judged->gate->outcomes, OUTCOME_DROPPED);
	return GATE_DROP;
}

enum question_part { WITHOUT_QUESTION, WITH_QUESTION };

/* Header, maybe question, OPT if the query had one. */
static enum gate_verdict answer(struct judged *judged, enum outcome outcome, uint16_t rcode,
	enum question_part part, uint16_t more_flags)
{
	const struct wire *wire = judged->wire;
	struct answer answer = { .id = wire->id,
		.opcode = wire_opcode(wire),
		.rcode = rcode,
		.flags = (uint16_t)((wire->flags & (WIRE_RD | WIRE_CD)) | judged->ra | more_flags),
		.limit = WIRE_UDP_MIN,
		.edns = judged->edns };
	int ede = outcome_ede(outcome);

	if (part == WITH_QUESTION) {
		answer.question = wire->question_name;
		answer.question_size = wire->question_size;
		answer.question_type = wire->question_type;
	}
	if (ede >= 0)
		ede_add(&answer.edns.edes, (uint16_t)ede, NULL);
	*judged->size = answer_encode(&answer, judged->out, NULL);
	outcomes_note(judged->gate->outcomes, outcome);
	return GATE_ANSWER;
}

/* An error: rate-limited over UDP, so that it cannot be reflected in numbers (R5358-4-b,
 * LIM-32). Loopback sources are no third party. */
static enum gate_verdict refuse(
	struct judged *judged, enum outcome outcome, uint16_t rcode, enum question_part part)
{
	if (!judged->origin->stream && !addr_is_loopback(&judged->origin->client.addr) &&
		!limit_take(judged->gate->errors, &judged->origin->client.addr, judged->now_ms))
		return drop(judged);
	return answer(judged, outcome, rcode, part, 0);
}

/* MAL-03: nobody sends from there, but a forger or ourselves. */
static bool is_impossible_source(const struct gate *gate, const struct endpoint *client)
{
	if (client->port == 0 || addr_is_multicast(&client->addr) || addr_is_any(&client->addr))
		return true;
	for (size_t i = 0; i < gate->options.listener_count; i++) {
		if (endpoint_equal(&gate->options.listeners[i], client))
			return true;
	}
	return false;
}

static void take_edns(struct judged *judged)
{
	judged->edns.present = judged->wire->edns.present;
	judged->edns.dnssec_ok = judged->wire->edns.dnssec_ok;
}

/* What the answer to a message shall echo, as far as it can be read. */
static enum question_part read_for_echo(struct judged *judged)
{
	struct wire *wire = judged->wire;

	if (wire->question_count != 1 || wire_view_question(wire) != WIRE_OK)
		return WITHOUT_QUESTION;
	(void)wire_view_records(wire);
	take_edns(judged);
	return WITH_QUESTION;
}

/* MAL-04: the form of an unknown opcode cannot be known; NOTIFY and UPDATE have a question. */
static enum gate_verdict refuse_opcode(struct judged *judged)
{
	uint8_t opcode = wire_opcode(judged->wire);

	if (opcode == OPCODE_NOTIFY || opcode == OPCODE_UPDATE)
		(void)read_for_echo(judged);
	return refuse(judged, OUTCOME_NOTIMP, RCODE_NOTIMP, WITHOUT_QUESTION);
}

/* MAL-05, R5358-4-b. */
static enum gate_verdict refuse_client(struct judged *judged)
{
	enum gate_verdict verdict =
		refuse(judged, OUTCOME_REFUSED_ACL, RCODE_REFUSED, read_for_echo(judged));

	return verdict == GATE_ANSWER ? GATE_ANSWER_AND_CLOSE : verdict;
}

/* R7873-5.2.2-a to 5.2.5-a. False: a form that is an error. */
static bool read_cookie(struct judged *judged)
{
	struct gate *gate = judged->gate;
	struct wire_option option;
	enum cookie_kind kind;

	if (!gate->options.cookies ||
		!wire_find_option(&judged->wire->edns, OPTION_COOKIE, &option))
		return true;
	kind = cookies_check(gate->options.cookies, &judged->origin->client.addr, option.octets,
		option.size, judged->wall_s, judged->edns.cookie);
	if (kind == COOKIE_ILLEGAL)
		return false;
	judged->edns.cookie_size = COOKIE_FULL_SIZE;
	judged->cookie_valid = kind == COOKIE_VALID;
	judged->cookie_wrong = kind == COOKIE_INVALID;
	return true;
}

/* The options that we know (section 12). False: FORMERR (MAL-17). */
static bool read_options(struct judged *judged)
{
	const struct gate_options *options = &judged->gate->options;
	const struct wire_edns *edns = &judged->wire->edns;
	struct wire_option option;

	if (!edns->present)
		return true;
	if (judged->origin->stream) {
		/* R7828-3.2.1-a */
		if (wire_find_option(edns, OPTION_KEEPALIVE, &option) && option.size != 0 &&
			option.size != 2)
			return false;
		judged->edns.has_keepalive = true;
		judged->edns.keepalive = options->keepalive;
	}
	if (!read_cookie(judged)) {
		judged->edns.has_keepalive = false;
		return false;
	}
	if (options->identity && wire_find_option(edns, OPTION_NSID, &option))
		judged->edns.nsid = options->identity;
	return true;
}

/* MAL-06, MAL-07: a message without a question (R7873-5.4-a). */
static enum gate_verdict judge_questionless(struct judged *judged)
{
	struct wire *wire = judged->wire;
	enum wire_fault fault = wire_view_records(wire);

	take_edns(judged);
	if (wire->edns.present && wire->edns.version > 0)
		return refuse(judged, OUTCOME_BADVERS, RCODE_BADVERS, WITHOUT_QUESTION);
	if (fault != WIRE_OK || !read_options(judged) || !judged->edns.cookie_size)
		return refuse(judged, OUTCOME_FORMERR, RCODE_FORMERR, WITHOUT_QUESTION);
	if (judged->cookie_wrong)
		return refuse(judged, OUTCOME_BADCOOKIE, RCODE_BADCOOKIE, WITHOUT_QUESTION);
	return refuse(judged, OUTCOME_COOKIE, RCODE_NOERROR, WITHOUT_QUESTION);
}

/* MAL-08: the questions cannot be told apart from records by our view, so an OPT behind them is
 * looked for only where the records can be walked. */
static enum gate_verdict refuse_many(struct judged *judged)
{
	if (wire_view_records(judged->wire) == WIRE_OK)
		take_edns(judged);
	return refuse(judged, OUTCOME_FORMERR, RCODE_FORMERR, WITHOUT_QUESTION);
}

/* Form: everything about question, records and OPT. GATE_ADMIT = well-formed. */
static enum gate_verdict judge_form(struct judged *judged)
{
	struct wire *wire = judged->wire;
	enum wire_fault fault;

	if (wire->question_count == 0)
		return judge_questionless(judged);
	if (wire->question_count > 1)
		return refuse_many(judged);
	if (wire_view_question(wire) != WIRE_OK) /* MAL-09 */
		return refuse(judged, OUTCOME_FORMERR, RCODE_FORMERR, WITHOUT_QUESTION);

	fault = wire_view_records(wire);
	take_edns(judged);
	/* MAL-10 */
	if (wire->record_counts[SECTION_ANSWER] > 0 ||
		wire->record_counts[SECTION_AUTHORITY] > (wire->question_type == TYPE_IXFR ? 1 : 0))
		return refuse(judged, OUTCOME_FORMERR, RCODE_FORMERR, WITH_QUESTION);
	if (fault == WIRE_BAD_RECORD || fault == WIRE_BAD_OPT) /* MAL-11, MAL-13 */
		return refuse(judged, OUTCOME_FORMERR, RCODE_FORMERR, WITH_QUESTION);
	/* R6891-6.1.3-a: before the contents of the OPT (MAL-15, MAL-14). */
	if (wire->edns.present && wire->edns.version > 0)
		return refuse(judged, OUTCOME_BADVERS, RCODE_BADVERS, WITH_QUESTION);
	if (fault != WIRE_OK || !read_options(judged))
		return refuse(judged, OUTCOME_FORMERR, RCODE_FORMERR, WITH_QUESTION);
	return GATE_ADMIT;
}

/* MAL-21 to MAL-24. GATE_ADMIT = nothing against it. */
static enum gate_verdict judge_type(struct judged *judged)
{
	const struct wire *wire = judged->wire;

	if (wire->is_signed)
		return refuse(judged, OUTCOME_REFUSED_SIGNED, RCODE_REFUSED, WITH_QUESTION);
	switch (wire->question_type) {
	case TYPE_OPT:
		return refuse(judged, OUTCOME_FORMERR, RCODE_FORMERR, WITH_QUESTION);
	case TYPE_AXFR:
	case TYPE_IXFR:
	case TYPE_TKEY:
	case TYPE_TSIG:
		return refuse(judged, OUTCOME_REFUSED_TYPE, RCODE_REFUSED, WITH_QUESTION);
	case TYPE_MAILA:
	case TYPE_MAILB:
		return refuse(judged, OUTCOME_NOTIMP, RCODE_NOTIMP, WITH_QUESTION);
	default:
		return GATE_ADMIT;
	}
}

/* ACL-b, R7873-5.2.5-a: over the limit alternately TC=1, which a real client answers with TCP,
 * and nothing. */
static enum gate_verdict judge_rate(struct judged *judged)
{
	const struct addr *client = &judged->origin->client.addr;
	struct limit *answers = judged->gate->answers;

	if (judged->origin->stream || judged->cookie_valid ||
		limit_take(answers, client, judged->now_ms))
		return GATE_ADMIT;
	if (limit_refused(answers, client) % 2 == 0)
		return drop(judged);
	return answer(judged, OUTCOME_RATE_LIMITED, RCODE_NOERROR, WITH_QUESTION, WIRE_TC);
}

/* R6891-6.2.3-a, UDP-a, LIM-22. */
static size_t limit_of(const struct judged *judged)
{
	const struct wire_edns *edns = &judged->wire->edns;

	if (judged->origin->stream)
		return WIRE_MESSAGE_MAX;
	if (!edns->present || edns->udp_size < WIRE_UDP_MIN)
		return WIRE_UDP_MIN;
	return edns->udp_size < WIRE_UDP_ADVERTISED ? edns->udp_size : WIRE_UDP_ADVERTISED;
}

enum gate_verdict gate_judge(struct gate *gate, const uint8_t *octets, size_t size,
	const struct origin *origin, uint64_t now_ms, uint64_t wall_s, struct wire *wire,
	struct request *request, uint8_t *out, size_t *size_out)
{
	struct judged judged = { .gate = gate,
		.wire = wire,
		.origin = origin,
		.now_ms = now_ms,
		.wall_s = wall_s,
		.out = out,
		.size = size_out };
	enum gate_verdict verdict;

	if (!wire_view(wire, octets, size)) { /* MAL-01 */
		(void)drop(&judged);
		return origin->stream ? GATE_CLOSE : GATE_DROP;
	}
	if (wire->flags & WIRE_QR ||
		is_impossible_source(gate, &origin->client)) /* MAL-02, MAL-03 */
		return drop(&judged);
	if (wire_opcode(wire) != OPCODE_QUERY)
		return refuse_opcode(&judged);
	if (!gate_allows(gate, &origin->client.addr))
		return refuse_client(&judged);
	judged.ra = WIRE_RA;
	verdict = judge_form(&judged);
	if (verdict == GATE_ADMIT)
		verdict = judge_type(&judged);
	if (verdict == GATE_ADMIT)
		verdict = judge_rate(&judged);
	if (verdict != GATE_ADMIT)
		return verdict;

	*request = (struct request){
		.wire = wire, .origin = *origin, .limit = limit_of(&judged), .edns = judged.edns
	};
	return GATE_ADMIT;
}
