/* Admit, refuse or drop (protocol.md 16 and 17.1). Judges lent octets in the order of checks that
 * 17.1 gives, and writes the refusals itself; holds no memory for a client but its buckets. */

#include "sixward/front/gate.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"

struct gate {
	struct gate_options options;
	struct outcomes *outcomes;
};

/* One message on its way through the checks. */
struct judged {
	struct gate *gate;
	struct wire *wire;
	const struct origin *origin; /* both the request's */
	struct answer_edns *edns;
	uint64_t now_ms;
	uint64_t wall_s;
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
	return gate;
}

void gate_free(struct gate *gate)
{
	free(gate);
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
		.edns = *judged->edns };
	struct ede_list edes = { 0 };
	int ede = outcome_ede(outcome);

	if (part == WITH_QUESTION) {
		answer.question = wire->question_name;
		answer.question_size = wire->question_size;
		answer.question_type = wire->question_type;
	}
	if (ede >= 0)
		ede_add(&edes, (uint16_t)ede, NULL);
	answer.edes = &edes;
	*judged->size = answer_encode(&answer, judged->out, NULL);
	outcomes_note(judged->gate->outcomes, outcome);
	return GATE_ANSWER;
}

/* An error: rate-limited over UDP, so that it cannot be reflected in numbers (R5358-4-b,
 * LIM-32). Loopback sources are no third party. */
static enum gate_verdict refuse(
	struct judged *judged, enum outcome outcome, uint16_t rcode, enum question_part part)
{
	const struct addr *client = &judged->origin->client.addr;
	struct limit *errors = judged->gate->options.errors;

	if (!judged->origin->stream && errors && !addr_is_loopback(client) &&
		limit_take(errors, client, judged->now_ms) > 0)
		return drop(judged);
	return answer(judged, outcome, rcode, part, 0);
}

/* MAL-03: nobody sends from there, but a forger or ourselves. A wildcard listener is every address
 * that is asked. */
static bool is_impossible_source(const struct gate *gate, const struct origin *origin)
{
	const struct endpoint *client = &origin->client;

	if (client->port == 0 || addr_is_multicast(&client->addr) || addr_is_any(&client->addr))
		return true;
	for (size_t i = 0; i < gate->options.listener_count; i++) {
		const struct endpoint *listener = &gate->options.listeners[i];

		if (client->port != listener->port || client->addr.family != listener->addr.family)
			continue;
		if (addr_equal(&listener->addr, &client->addr) ||
			(addr_is_any(&listener->addr) && addr_equal(&client->addr, &origin->local)))
			return true;
	}
	return false;
}

/* Field by field: most of it is the cookie, which few have. */
static void clear_edns(struct answer_edns *edns)
{
	edns->present = false;
	edns->dnssec_ok = false;
	edns->has_keepalive = false;
	edns->keepalive = 0;
	edns->cookie_size = 0;
	edns->nsid = NULL;
}

static void take_edns(struct judged *judged)
{
	judged->edns->present = judged->wire->edns.present;
	judged->edns->dnssec_ok = judged->wire->edns.dnssec_ok;
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
		option.size, judged->wall_s, judged->edns->cookie);
	if (kind == COOKIE_ILLEGAL)
		return false;
	judged->edns->cookie_size = COOKIE_FULL_SIZE;
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
		judged->edns->has_keepalive = true;
		judged->edns->keepalive = options->keepalive;
	}
	if (!read_cookie(judged))
		return false;
	if (options->identity && wire_find_option(edns, OPTION_NSID, &option))
		judged->edns->nsid = options->identity;
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
	if (fault != WIRE_OK || !read_options(judged) || !judged->edns->cookie_size)
		return refuse(judged, OUTCOME_FORMERR, RCODE_FORMERR, WITHOUT_QUESTION);
	if (judged->cookie_wrong)
		return refuse(judged, OUTCOME_BADCOOKIE, RCODE_BADCOOKIE, WITHOUT_QUESTION);
	return refuse(judged, OUTCOME_COOKIE, RCODE_NOERROR, WITHOUT_QUESTION);
}

/* Form: everything about question, records and OPT. GATE_ADMIT = well-formed. */
static enum gate_verdict judge_form(struct judged *judged)
{
	struct wire *wire = judged->wire;
	enum wire_fault fault;

	if (wire->question_count == 0)
		return judge_questionless(judged);
	if (wire->question_count > 1) { /* MAL-08 */
		(void)wire_view_records(wire);
		take_edns(judged);
		return refuse(judged, OUTCOME_FORMERR, RCODE_FORMERR, WITHOUT_QUESTION);
	}
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

/* What may be asked: MAL-21 to MAL-24. GATE_ADMIT = nothing against it. */
static enum gate_verdict judge_type(struct judged *judged)
{
	static const struct row {
		enum outcome outcome;
		uint16_t type;
		uint16_t rcode;
	} rows[] = {
		{ OUTCOME_FORMERR, TYPE_OPT, RCODE_FORMERR },
		{ OUTCOME_REFUSED_TYPE, TYPE_IXFR, RCODE_REFUSED },
		{ OUTCOME_REFUSED_TYPE, TYPE_AXFR, RCODE_REFUSED },
		{ OUTCOME_NOTIMP, TYPE_MAILB, RCODE_NOTIMP },
		{ OUTCOME_NOTIMP, TYPE_MAILA, RCODE_NOTIMP },
		{ OUTCOME_REFUSED_TYPE, TYPE_TKEY, RCODE_REFUSED },
		{ OUTCOME_REFUSED_TYPE, TYPE_TSIG, RCODE_REFUSED },
	};
	static const struct row is_signed = { OUTCOME_REFUSED_SIGNED, 0, RCODE_REFUSED };
	const struct wire *wire = judged->wire;
	const struct row *found = wire->is_signed ? &is_signed : NULL;

	/* RFC 6895 3.1: what asks for more than records of its type is in this range. */
	if (!found && wire->question_type != TYPE_OPT &&
		(wire->question_type < 128 || wire->question_type > 255))
		return GATE_ADMIT;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !found; i++) {
		if (rows[i].type == wire->question_type)
			found = &rows[i];
	}
	if (!found)
		return GATE_ADMIT;
	/* MAL-20 comes first, and no local name is answered for these. */
	if (!(wire->flags & WIRE_RD))
		return refuse(judged, OUTCOME_REFUSED_RD, RCODE_REFUSED, WITH_QUESTION);
	return refuse(judged, found->outcome, found->rcode, WITH_QUESTION);
}

/* ACL-b, R7873-5.2.5-a: over the limit alternately TC=1, which a real client answers with TCP,
 * and nothing. */
static enum gate_verdict judge_rate(struct judged *judged)
{
	struct limit *answers = judged->gate->options.answers;
	uint32_t refused;

	if (judged->origin->stream || judged->cookie_valid || !answers)
		return GATE_ADMIT;
	refused = limit_take(answers, &judged->origin->client.addr, judged->now_ms);
	if (refused == 0)
		return GATE_ADMIT;
	if (refused % 2 == 0)
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

enum gate_verdict gate_judge(struct gate *gate, const uint8_t *octets, size_t size, uint64_t now_ms,
	uint64_t wall_s, struct wire *wire, struct request *request, uint8_t *out, size_t *size_out)
{
	const struct origin *origin = &request->origin;
	struct judged judged = { .gate = gate,
		.wire = wire,
		.origin = origin,
		.now_ms = now_ms,
		.wall_s = wall_s,
		.edns = &request->edns };
	enum gate_verdict verdict;

	judged.out = out;
	judged.size = size_out;
	clear_edns(&request->edns);
	if (!wire_view(wire, octets, size)) { /* MAL-01 */
		(void)drop(&judged);
		return origin->stream ? GATE_CLOSE : GATE_DROP;
	}
	if (wire->flags & WIRE_QR || is_impossible_source(gate, origin)) /* MAL-02, MAL-03 */
		return drop(&judged);
	if (wire_opcode(wire) != OPCODE_QUERY)
		return refuse_opcode(&judged);
	if (!netset_contains(gate->options.allow, &origin->client.addr))
		return refuse_client(&judged);
	judged.ra = WIRE_RA;
	verdict = judge_form(&judged);
	if (verdict == GATE_ADMIT)
		verdict = judge_type(&judged);
	if (verdict == GATE_ADMIT)
		verdict = judge_rate(&judged);
	if (verdict != GATE_ADMIT)
		return verdict;

	request->wire = wire;
	request->limit = limit_of(&judged);
	return GATE_ADMIT;
}
