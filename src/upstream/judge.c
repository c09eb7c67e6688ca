/* Whether a message answers a question, and what follows from it. Pure: knows no server, no
 * socket and no time. */

#include "sixward/upstream/judge.h"

static uint16_t short_rcode(const struct wire *wire)
{
	return wire->flags & 0x0f;
}

/* Old servers drop the question from errors (UPR-02); never an NXDOMAIN or NODATA. */
static bool is_bare_error(struct wire *wire)
{
	(void)wire_view_records(wire);
	switch (wire_rcode(wire)) {
	case RCODE_FORMERR:
	case RCODE_SERVFAIL:
	case RCODE_NOTIMP:
	case RCODE_REFUSED:
	case RCODE_BADVERS:
		return true;
	default:
		return false;
	}
}

enum judge_match judge_match(struct wire *wire, const struct question *question)
{
	/* R5452-9.1-a, R1035-7.3-a, UPR-01, UPR-03 */
	if (!(wire->flags & WIRE_QR) || wire_opcode(wire) != OPCODE_QUERY)
		return JUDGE_MISMATCH;
	if (!wire->question_count)
		return is_bare_error(wire) ? JUDGE_ERROR_ONLY : JUDGE_MISMATCH;
	if (wire->question_count > 1 || wire_view_question(wire) != WIRE_OK)
		return JUDGE_MISMATCH;
	if (wire->question_type != question->type || wire->question_class != question->rclass)
		return JUDGE_MISMATCH;
	/* UPR-15: in any case of letters. */
	if (!name_equal(wire->question_name, question->name.octets))
		return JUDGE_MISMATCH;
	return JUDGE_MATCH;
}

/* FORMERR or NOTIMP without OPT, or BADVERS: a server that knows no EDNS. Which, in `*rcode`. */
static bool dislikes_edns(const struct wire *view, uint16_t *rcode)
{
	struct wire wire = *view;

	*rcode = short_rcode(view);
	/* BADVERS is NOERROR in the header, and has no answer. */
	if (*rcode == RCODE_NOERROR && view->record_counts[SECTION_ANSWER])
		return false;
	if (*rcode != RCODE_NOERROR && *rcode != RCODE_FORMERR && *rcode != RCODE_NOTIMP)
		return false;
	(void)wire_view_records(&wire);
	if (!wire.edns.present)
		return *rcode != RCODE_NOERROR;
	*rcode = wire_rcode(&wire);
	return *rcode == RCODE_BADVERS;
}

static enum judge_result garbage(struct failure *failure)
{
	failure->cause = FAILURE_GARBAGE;
	return JUDGE_GARBAGE;
}

static enum judge_result error(struct failure *failure, enum failure_cause cause, uint16_t rcode)
{
	failure->cause = cause;
	failure->rcode = rcode;
	return JUDGE_ERROR;
}

enum judge_result judge_reply(
	const struct judge_case *matter, struct reply **reply, struct failure *failure)
{
	const struct wire *wire = matter->wire;
	uint16_t rcode = RCODE_NOERROR;

	*reply = NULL;
	failure->cause = FAILURE_NONE;
	failure->rcode = RCODE_NOERROR;
	failure->edes.count = 0;
	if (matter->had_edns && !matter->is_cut && dislikes_edns(wire, &rcode)) {
		(void)error(failure, FAILURE_RCODE, rcode);
		return JUDGE_NO_EDNS;
	}
	if (matter->is_error_only)
		return error(failure, FAILURE_RCODE, wire_rcode(wire));
	if (matter->is_cut || wire->flags & WIRE_TC) {
		/* UPR-05: what it holds is not used. */
		(void)garbage(failure);
		return matter->is_stream ? JUDGE_GARBAGE : JUDGE_TRUNCATED;
	}
	switch (message_decode(
		wire->octets, wire->size, matter->question, matter->rules, reply, failure)) {
	case MESSAGE_REPLY:
		return JUDGE_REPLY;
	case MESSAGE_RCODE:
		failure->cause = FAILURE_RCODE;
		return failure_is_dnssec(failure) ? JUDGE_FINAL : JUDGE_ERROR;
	case MESSAGE_LAME:
		/* UPR-13 */
		return error(failure, FAILURE_RCODE, RCODE_REFUSED);
	case MESSAGE_GARBAGE:
		return garbage(failure);
	case MESSAGE_LOOP:
		return error(failure, FAILURE_CHAIN, RCODE_SERVFAIL);
	}
	return garbage(failure);
}

/* What tells the operator most, last. */
static unsigned weight(const struct failure *failure)
{
	switch (failure->cause) {
	case FAILURE_NONE:
		return 0;
	case FAILURE_LIMIT:
	case FAILURE_NO_UPSTREAM:
		return 1;
	case FAILURE_TIMEOUT:
		return 2;
	case FAILURE_NETWORK:
		return 3;
	case FAILURE_GARBAGE:
		return 4;
	case FAILURE_RCODE:
		/* A SERVFAIL speaks of the name, others of the server (UPS-c). */
		return failure->rcode == RCODE_SERVFAIL ? 6 : 5;
	case FAILURE_CHAIN:
		return 7;
	}
	return 0;
}

void judge_merge(struct failure *failure, const struct failure *other)
{
	if (weight(other) > weight(failure)) {
		failure->cause = other->cause;
		failure->rcode = other->rcode;
	}
	for (uint8_t i = 0; i < other->edes.count; i++)
		ede_add(&failure->edes, other->edes.items[i].code, other->edes.items[i].text);
}
