/* A bounded view over one raw message. It runs on every packet: no allocation, no copies, and
 * work bounded by the size of the message, whatever its counts claim. Knows the form of
 * messages, not what may be asked. */

#include "sixward/dns/wire.h"

#include <assert.h>

#include "sixward/base/bytes.h"

enum {
	OPCODE_SHIFT = 11,
	OPCODE_MASK = 0xf,
	RCODE_MASK = 0xf,
	QUESTION_REST = 4, /* type and class */
	RECORD_REST = 10,  /* type, class, TTL and RDLENGTH */
	OPTION_HEADER = 4, /* code and length */
	EDNS_DO = 0x8000   /* in the lower half of OPT's TTL */
};

bool wire_view(struct wire *wire, const uint8_t *octets, size_t size)
{
	*wire = (struct wire){ .octets = octets, .size = size };
	if (size < WIRE_HEADER_SIZE)
		return false;
	wire->id = bytes_get_u16(octets);
	wire->flags = bytes_get_u16(octets + 2);
	wire->question_count = bytes_get_u16(octets + 4);
	for (size_t i = 0; i < 3; i++)
		wire->record_counts[i] = bytes_get_u16(octets + 6 + 2 * i);
	return true;
}

uint8_t wire_opcode(const struct wire *wire)
{
	return wire->flags >> OPCODE_SHIFT & OPCODE_MASK;
}

uint16_t wire_rcode(const struct wire *wire)
{
	uint16_t rcode = wire->flags & RCODE_MASK;

	if (wire->edns.present)
		rcode |= (uint16_t)(wire->edns.rcode_high << 4);
	return rcode;
}

enum wire_fault wire_view_question(struct wire *wire)
{
	const uint8_t *name = wire->octets + WIRE_HEADER_SIZE;
	size_t left = wire->size - WIRE_HEADER_SIZE;
	size_t size = name_size(name, left);

	assert(wire->size >= WIRE_HEADER_SIZE && wire->question_count);
	if (!size || left - size < QUESTION_REST)
		return WIRE_BAD_QUESTION;
	wire->question_name = name;
	wire->question_size = size + QUESTION_REST;
	wire->question_type = bytes_get_u16(name + size);
	wire->question_class = bytes_get_u16(name + size + 2);
	return WIRE_OK;
}

/* Where the records begin. Questions behind the first may be compressed. */
static bool skip_questions(const struct wire *wire, size_t *at)
{
	uint32_t index = wire->question_size ? 1 : 0;
	size_t place = WIRE_HEADER_SIZE + wire->question_size;

	for (; index < wire->question_count; index++) {
		if (!name_skip(wire->octets, wire->size, &place) ||
			wire->size - place < QUESTION_REST)
			return false;
		place += QUESTION_REST;
	}
	*at = place;
	return true;
}

static enum wire_section section_of(const struct wire *wire, uint32_t index)
{
	uint32_t answers = wire->record_counts[SECTION_ANSWER];

	if (index < answers)
		return SECTION_ANSWER;
	if (index < answers + wire->record_counts[SECTION_AUTHORITY])
		return SECTION_AUTHORITY;
	return SECTION_ADDITIONAL;
}

static uint32_t record_total(const struct wire *wire)
{
	return (uint32_t)wire->record_counts[SECTION_ANSWER] +
	       wire->record_counts[SECTION_AUTHORITY] + wire->record_counts[SECTION_ADDITIONAL];
}

/* Most owners: two octets that lead to the first question, whose name was walked before. */
static inline bool is_at_question(const struct wire *wire, size_t place)
{
	return wire->question_size > 0 && wire->size - place >= 2 &&
	       bytes_get_u16(wire->octets + place) == (0xc000 | WIRE_HEADER_SIZE);
}

/* Inline, for it runs for the OPT of every query. */
static inline bool next_record(
	const struct wire *wire, struct wire_walk *walk, struct wire_record *record)
{
	size_t place = walk->at;
	size_t rdata_size;
	const uint8_t *rest;

	if (walk->index >= record_total(wire))
		return false;
	if (!place && !skip_questions(wire, &place))
		return false;
	record->owner_at = place;
	if (is_at_question(wire, place))
		place += 2;
	else if (!name_skip(wire->octets, wire->size, &place))
		return false;
	if (wire->size - place < RECORD_REST)
		return false;
	rest = wire->octets + place;
	place += RECORD_REST;
	rdata_size = bytes_get_u16(rest + 8);
	if (wire->size - place < rdata_size)
		return false;
	record->section = section_of(wire, walk->index);
	record->type = bytes_get_u16(rest);
	record->rclass = bytes_get_u16(rest + 2);
	record->ttl = bytes_get_u32(rest + 4);
	record->rdata_size = (uint16_t)rdata_size;
	record->rdata_at = place;
	walk->at = place + rdata_size;
	walk->index++;
	return true;
}

bool wire_next(const struct wire *wire, struct wire_walk *walk, struct wire_record *record)
{
	return next_record(wire, walk, record);
}

static bool options_are_whole(const struct wire_edns *edns)
{
	struct wire_option option;
	size_t at = 0;

	while (wire_next_option(edns, &at, &option))
		;
	return at == edns->options_size;
}

/* The first OPT is taken even where it breaks a rule: the error is answered with OPT, and the
 * version is judged before the options (R6891-6.1.1-a, R6891-6.1.3-a). */
static enum wire_fault view_opt(struct wire *wire, const struct wire_record *record)
{
	struct wire_edns *edns = &wire->edns;

	/* R6891-6.1.1-c, MAL-13 */
	if (edns->present)
		return WIRE_BAD_OPT;
	edns->present = true;
	edns->udp_size = record->rclass;
	edns->rcode_high = (uint8_t)(record->ttl >> 24);
	edns->version = (uint8_t)(record->ttl >> 16);
	edns->dnssec_ok = record->ttl & EDNS_DO;
	edns->options = wire->octets + record->rdata_at;
	edns->options_size = record->rdata_size;

	/* R6891-6.1.2-a, MAL-13 */
	if (record->section != SECTION_ADDITIONAL || wire->octets[record->owner_at])
		return WIRE_BAD_OPT;
	/* R6891-7-a, MAL-14 */
	return options_are_whole(edns) ? WIRE_OK : WIRE_BAD_OPTIONS;
}

static bool is_signature(const struct wire *wire, const struct wire_record *record)
{
	if (record->type != TYPE_TSIG && record->type != TYPE_SIG)
		return false;
	if (record->section != SECTION_ADDITIONAL)
		return false;
	/* SIG(0) covers no type (RFC 2931 3). */
	return record->type == TYPE_TSIG ||
	       (record->rdata_size >= 2 && !bytes_get_u16(wire->octets + record->rdata_at));
}

static inline enum wire_fault view_all(
	struct wire *wire, struct wire_record *records, size_t room, struct wire_walk *listed)
{
	struct wire_walk walk = { 0 };
	struct wire_record record;
	enum wire_fault worst = WIRE_OK;

	wire->edns = (struct wire_edns){ 0 };
	wire->is_signed = false;
	if (!skip_questions(wire, &walk.at))
		return WIRE_BAD_QUESTION;
	/* Each record takes 11 octets at least, so the size bounds the work, not the counts. */
	while (next_record(wire, &walk, &record)) {
		if (listed->index < room) {
			records[listed->index] = record;
			*listed = walk;
		}
		wire->is_signed = is_signature(wire, &record);
		if (record.type == TYPE_OPT) {
			enum wire_fault fault = view_opt(wire, &record);

			/* Only the first OPT has options to judge: two are the worse. */
			if (fault != WIRE_OK)
				worst = fault;
		}
	}
	/* MAL-11. What is behind the last record does not matter (MAL-12). */
	return walk.index < record_total(wire) ? WIRE_BAD_RECORD : worst;
}

enum wire_fault wire_list_records(
	struct wire *wire, struct wire_record *records, size_t room, struct wire_walk *walk)
{
	*walk = (struct wire_walk){ 0 };
	return view_all(wire, records, room, walk);
}

enum wire_fault wire_view_records(struct wire *wire)
{
	struct wire_walk none = { 0 };

	/* A plain query: wire_view has zeroed what there is not. */
	if (wire->question_count == 1 && wire->question_size && !record_total(wire))
		return WIRE_OK;
	return view_all(wire, NULL, 0, &none);
}

bool wire_next_option(const struct wire_edns *edns, size_t *at, struct wire_option *option)
{
	size_t left = edns->options_size - *at;
	const uint8_t *octets;
	uint16_t size;

	if (left < OPTION_HEADER)
		return false;
	octets = edns->options + *at;
	size = bytes_get_u16(octets + 2);
	if (left - OPTION_HEADER < size)
		return false;
	option->code = bytes_get_u16(octets);
	option->size = size;
	option->octets = octets + OPTION_HEADER;
	*at += OPTION_HEADER + (size_t)size;
	return true;
}

/* R7873-5.2.2-a: of several the first counts. */
bool wire_find_option(const struct wire_edns *edns, uint16_t code, struct wire_option *option)
{
	struct wire_option next;
	size_t at = 0;

	while (wire_next_option(edns, &at, &next)) {
		if (next.code == code) {
			*option = next;
			return true;
		}
	}
	return false;
}

static void put_opt(struct writer *writer, bool keepalive)
{
	writer_u8(writer, 0); /* the root */
	writer_u16(writer, TYPE_OPT);
	writer_u16(writer, WIRE_UDP_ADVERTISED); /* R6891-6.2.3-b */
	writer_u32(writer, EDNS_DO);             /* SEC-4035-3.2.1 */
	writer_u16(writer, keepalive ? OPTION_HEADER : 0);
	if (keepalive) {
		/* R7766-6.2.3-b */
		writer_u16(writer, OPTION_KEEPALIVE);
		writer_u16(writer, 0);
	}
}

/* UPS-e */
size_t wire_encode_query(const struct wire_query_form *form, uint8_t *out, size_t room)
{
	struct writer writer = writer_over(out, room);
	unsigned int flags = WIRE_RD;

	if (form->cd)
		flags |= WIRE_CD;
	if (form->ad)
		flags |= WIRE_AD;
	writer_u16(&writer, form->id);
	writer_u16(&writer, (uint16_t)flags);
	writer_u16(&writer, 1);
	writer_u16(&writer, 0);
	writer_u16(&writer, 0);
	writer_u16(&writer, form->edns ? 1 : 0);
	writer_put(&writer, form->name, name_size(form->name, NAME_SIZE_MAX));
	writer_u16(&writer, form->type);
	writer_u16(&writer, form->rclass);
	if (form->edns)
		put_opt(&writer, form->keepalive);
	assert(!writer.failed);
	return writer.at;
}
