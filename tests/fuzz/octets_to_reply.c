#include "octets_to_reply.h"

#include <string.h>

enum { NAMES = 6, RECORDS_MAX = 200 };

static const struct name names[NAMES] = {
	{ 13, "\7example\3net" },
	{ 5, "\3net" },
	{ 17, "\3www\7example\3net" },
	{ 15, "\1a\7example\3org" },
	{ 17, "\1*\1b\7example\3org" },
	{ 1, "" },
};

const struct name *fuzz_name(uint8_t number)
{
	return &names[number % NAMES];
}

static void add(struct reader *reader, struct reply_draft *draft, const struct question *question)
{
	static const uint16_t types[] = { TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_SOA, TYPE_RRSIG,
		TYPE_NSEC, TYPE_DNAME, TYPE_NS, 65280, TYPE_TXT };
	uint8_t soa[2 + 20] = { 0 };
	uint8_t rdata[300];
	struct record record = { .rclass = CLASS_IN };
	const struct name *target;

	record.type = types[reader_u8(reader) % (sizeof(types) / sizeof(types[0]))];
	record.owner = fuzz_name(reader_u8(reader))->octets;
	record.section = (enum wire_section)(reader_u8(reader) % 3);
	record.ttl = reader_u32(reader);
	record.rdata = rdata;
	/* As in a reply that was scrubbed: nothing in the answer but the chain and what was asked.
	 */
	if (record.section == SECTION_ANSWER && record.type != question->type &&
		record.type != TYPE_CNAME && record.type != TYPE_DNAME && record.type != TYPE_RRSIG)
		record.section = SECTION_ADDITIONAL;
	target = fuzz_name(reader_u8(reader));
	if (record.type == TYPE_A || record.type == TYPE_AAAA) {
		record.rdata_size = record.type == TYPE_A ? 4 : 16;
		memset(rdata, reader_u8(reader), record.rdata_size);
		rdata[record.rdata_size - 1] = reader_u8(reader);
		rdata[0] = reader_u8(reader);
	} else if (record.type == TYPE_CNAME || record.type == TYPE_DNAME ||
		   record.type == TYPE_NS) {
		record.rdata_size = target->size;
		memcpy(rdata, target->octets, target->size);
	} else if (record.type == TYPE_SOA) {
		bytes_put_u32(soa + 18, reader_u32(reader));
		record.rdata = soa;
		record.rdata_size = sizeof(soa);
	} else if (record.type == TYPE_RRSIG) {
		memset(rdata, 0, 40);
		rdata[1] = reader_u8(reader) % 2 ? TYPE_A : TYPE_AAAA;
		record.rdata_size = 18 + 1 + 8;
	} else if (record.type == TYPE_NSEC) {
		memcpy(rdata, target->octets, target->size);
		record.rdata_size = target->size;
	} else {
		record.rdata_size = reader_u8(reader);
		memset(rdata, 0, record.rdata_size);
	}
	reply_draft_add(draft, &record);
}

struct reply *fuzz_reply(struct reader *reader, const struct question *question)
{
	struct reply_draft *draft =
		reply_draft_new(question, reader_u8(reader) % 4 == 3 ? RCODE_NXDOMAIN : 0);
	struct ede ede = { .code = reader_u8(reader), .text = "a text of some length, and more" };
	unsigned count = 0;

	if (ede.code % 2)
		reply_draft_add_ede(draft, &ede);
	while (reader_left(reader) > 0 && count++ < RECORDS_MAX)
		add(reader, draft, question);
	return reply_draft_seal(draft);
}
