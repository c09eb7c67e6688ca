/* Whatever an upstream sends is judged, and a reply made of it is well-formed: written as an answer
 * and taken apart again, it gives the same records. */

#include "fuzz.h"

#include <string.h>

#include "sixward/dns/answer.h"
#include "sixward/dns/message.h"

static const struct message_rules rules = {
	.ttl_max = 86400, .negative_ttl_max = 3600, .links_max = 16, .trust_ad = true
};

static void check_records(const struct reply *reply)
{
	for (size_t i = 0; i < reply_count(reply); i++) {
		struct record record = reply_record(reply, i);
		char *text = message_format_record(&record);

		HOLDS(name_size(record.owner, NAME_SIZE_MAX) > 0);
		HOLDS(record.type != TYPE_A || record.rclass != CLASS_IN || record.rdata_size == 4);
		HOLDS(record.type != TYPE_AAAA || record.rclass != CLASS_IN ||
			record.rdata_size == 16);
		HOLDS(text);
		free(text);
	}
}

/* Answer sections must be equal; what surrounds them may be scrubbed further. */
static void check_round_trip(const struct question *question, const struct reply *reply)
{
	static uint8_t out[WIRE_MESSAGE_MAX];
	uint8_t name[NAME_SIZE_MAX + 4];
	struct answer answer = { .flags = WIRE_RD | WIRE_RA,
		.rcode = reply_facts(reply)->rcode,
		.question = name,
		.question_size = (size_t)question->name.size + 4,
		.question_type = question->type,
		.reply = reply,
		.keep_dnssec = true,
		.limit = sizeof(out),
		.edns = { .present = true, .dnssec_ok = true } };
	struct reply *again = NULL;
	struct failure failure;
	enum answer_fit fit;
	size_t size;

	memcpy(name, question->name.octets, question->name.size);
	name[question->name.size] = (uint8_t)(question->type >> 8);
	name[question->name.size + 1] = (uint8_t)question->type;
	name[question->name.size + 2] = (uint8_t)(question->rclass >> 8);
	name[question->name.size + 3] = (uint8_t)question->rclass;
	size = answer_encode(&answer, out, &fit);
	HOLDS(size <= sizeof(out));
	if (fit != ANSWER_WHOLE || reply_facts(reply)->kind == REPLY_RCODE)
		return;
	if (message_decode(out, size, question, &rules, &again, &failure) != MESSAGE_REPLY) {
		/* An answer without data and without SOA may read as a referral or lame. */
		HOLDS(reply_facts(reply)->kind != REPLY_DATA);
		return;
	}
	HOLDS(reply_facts(again)->rcode == reply_facts(reply)->rcode);
	for (size_t i = 0; i < reply_count(reply); i++) {
		struct record a = reply_record(reply, i), b;

		if (a.section != SECTION_ANSWER)
			break;
		HOLDS(i < reply_count(again));
		b = reply_record(again, i);
		HOLDS(a.type == b.type && a.ttl == b.ttl && a.rdata_size == b.rdata_size);
		HOLDS(memcmp(a.rdata, b.rdata, a.rdata_size) == 0);
		HOLDS(name_equal(a.owner, b.owner));
	}
	reply_unref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reply *reply = NULL;
	struct failure failure;
	struct question question;
	struct wire wire;

	if (size > WIRE_MESSAGE_MAX || !wire_view(&wire, data, size) || wire.question_count != 1 ||
		wire_view_question(&wire) != WIRE_OK)
		return 0;
	question =
		question_make(wire.question_name, wire.question_type, wire.question_class, false);
	if (message_decode(data, size, &question, &rules, &reply, &failure) != MESSAGE_REPLY) {
		HOLDS(!reply);
		return 0;
	}
	HOLDS(reply_facts(reply)->lifetime <= rules.ttl_max);
	HOLDS(reply_facts(reply)->links <= rules.links_max);
	check_records(reply);
	check_round_trip(&question, reply);
	reply_unref(reply);
	return 0;
}
