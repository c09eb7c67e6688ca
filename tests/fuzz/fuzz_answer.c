/* Every reply is written as a well-formed message within the limit; one that is truncated holds the
 * whole answer section or none of it, and one that is not holds all of it. */

#include "fuzz.h"

#include <string.h>

#include "octets_to_reply.h"
#include "sixward/dns/answer.h"

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
	octets[name->size + 1] = (uint8_t)type;
	octets[name->size + 3] = CLASS_IN;
	answer.edes = reply_edes(reply);
	answer.reply = reply;
	answer.rcode = reply_facts(reply)->rcode;
	size = answer_encode(&answer, out, &fit);
	check(&answer, out, size, fit == ANSWER_CUT);
	reply_unref(reply);
	return 0;
}
