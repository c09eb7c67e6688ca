/* Every reply is written as a well-formed message within the limit; one that is truncated holds the
 * whole answer section or none of it, and one that is not holds all of it. Kept finished, it is
 * written for another client as it would be anew, or not at all. */

#include "fuzz.h"

#include <string.h>

#include "octets_to_reply.h"
#include "sixward/dns/answer.h"
#include "sixward/resolve/finished.h"

enum { LIMIT_MIN = 512 };

static size_t answer_count(const struct reply *reply, const struct answer *answer)
{
	size_t count = 0;

	for (size_t i = 0; i < reply_count(reply); i++) {
		struct record record = reply_record(reply, i);

		if (record.section == SECTION_ANSWER &&
			(answer->keep_dnssec || record.type == answer->question_type ||
				!record_is_dnssec(record.type)))
			count++;
	}
	return count;
}

static void check(const struct answer *answer, const uint8_t *out, size_t size, bool truncated)
{
	struct wire wire;

	HOLDS(size <= answer->limit);
	HOLDS(wire_view(&wire, out, size));
	HOLDS(wire.flags & WIRE_QR && wire.question_count == 1);
	HOLDS(wire_view_question(&wire) == WIRE_OK);
	HOLDS(wire_view_records(&wire) == WIRE_OK);
	HOLDS(wire.edns.present == answer->edns.present);
	HOLDS(truncated == ((wire.flags & WIRE_TC) != 0));
	/* TC also says that nothing but an extended error was left out. */
	if (!truncated ||
		wire.record_counts[SECTION_ANSWER] + wire.record_counts[SECTION_AUTHORITY])
		HOLDS(wire.record_counts[SECTION_ANSWER] == answer_count(answer->reply, answer));
}

/* Length octets are no letters. */
static void shout(uint8_t *name, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (name[i] >= 'a' && name[i] <= 'z')
			name[i] &= 0xdf;
	}
}

static void check_finished(
	const struct answer *answer, const uint8_t *out, size_t size, bool shouts, bool has_edns)
{
	static uint8_t anew[WIRE_MESSAGE_MAX], again[WIRE_MESSAGE_MAX];
	struct finished_key key = { .type = answer->question_type };
	struct finished *finished = finished_new(&key, answer, OUTCOME_RELAYED, out, size, 5000);
	uint8_t query[WIRE_HEADER_SIZE + NAME_SIZE_MAX + 4] = { 1, 2, 1, 0, 0, 1 };
	struct answer other = *answer;
	union finished_copy copy;
	enum answer_fit fit;
	struct wire wire;

	if (!finished)
		return;
	finished_take(finished, &copy);
	finished_free(finished);
	memcpy(query + WIRE_HEADER_SIZE, answer->question, answer->question_size);
	if (shouts)
		shout(query + WIRE_HEADER_SIZE, answer->question_size - 4);
	HOLDS(wire_view(&wire, query, WIRE_HEADER_SIZE + answer->question_size));
	HOLDS(wire_view_question(&wire) == WIRE_OK);
	other.id = 0x0102;
	other.flags = WIRE_RD | WIRE_RA;
	other.question = wire.question_name;
	other.edns.present = has_edns;
	other.limit = answer->limit + (shouts ? 0 : 700);
	size = finished_write(&copy, &wire, &other.edns, other.limit, 5000, again);
	if (!size)
		return;
	HOLDS(size == answer_encode(&other, anew, &fit) && fit == ANSWER_WHOLE);
	HOLDS(memcmp(anew, again, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[WIRE_MESSAGE_MAX];
	struct reader reader = reader_over(data, size);
	const struct name *name = fuzz_name(reader_u8(&reader));
	uint8_t flags = reader_u8(&reader);
	uint16_t limit = reader_u16(&reader);
	uint16_t type = flags & 1 ? TYPE_A : TYPE_AAAA;
	struct question question = question_make(name->octets, type, CLASS_IN, false);
	uint8_t octets[NAME_SIZE_MAX + 4] = { 0 };
	struct answer answer = { .question = octets,
		.question_size = (size_t)name->size + 4,
		.question_type = type,
		.age_s = flags & 2 ? 7 : 0,
		.keep_dnssec = flags & 8,
		.limit = limit < LIMIT_MIN ? LIMIT_MIN : limit,
		.edns = { .present = flags & 16, .dnssec_ok = flags & 8 } };
	struct reply *reply = fuzz_reply(&reader, &question);
	enum answer_fit fit;

	memcpy(octets, name->octets, name->size);
	if (flags & 32)
		shout(octets, name->size);
	octets[name->size + 1] = (uint8_t)type;
	octets[name->size + 3] = CLASS_IN;
	answer.edes = reply_edes(reply);
	answer.reply = reply;
	answer.rcode = reply_facts(reply)->rcode;
	size = answer_encode(&answer, out, &fit);
	check(&answer, out, size, fit == ANSWER_CUT);
	if (fit == ANSWER_WHOLE && answer.limit < WIRE_MESSAGE_MAX - 700)
		check_finished(&answer, out, size, flags & 64, flags & 128);
	reply_unref(reply);
	return 0;
}
