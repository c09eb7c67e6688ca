/* What a client received, held against what it expected: every record of every section, in order,
 * every flag, option and extended error. */

#include "match.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/base/mem.h"
#include "sixward/dns/message.h"

struct received {
	struct record record;
	struct name owner;
	uint8_t *rdata; /* decompressed; NULL = as in the message */
};

static size_t rdata_names(uint16_t type, size_t *skip)
{
	*skip = type == TYPE_MX ? 2 : 0;
	switch (type) {
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_PTR:
	case TYPE_MX:
	case TYPE_DNAME:
		return 1;
	case TYPE_SOA:
		return 2;
	default:
		return 0;
	}
}

/* The RDATA without compression; false when it cannot be read. */
static bool take_rdata(
	const struct wire *wire, const struct wire_record *found, struct received *received)
{
	size_t skip;
	size_t names = rdata_names(found->type, &skip);
	size_t at = found->rdata_at + skip;
	size_t end = found->rdata_at + found->rdata_size;
	struct writer out;

	received->record.rdata = wire->octets + found->rdata_at;
	received->record.rdata_size = found->rdata_size;
	if (names == 0)
		return true;
	received->rdata = mem_new(1024);
	out = writer_over(received->rdata, 1024);
	writer_put(&out, wire->octets + found->rdata_at, skip);
	for (; names > 0; names--) {
		struct name name;

		if (!name_read(wire->octets, wire->size, &at, &name))
			return false;
		writer_put(&out, name.octets, name.size);
	}
	if (at > end)
		return false;
	writer_put(&out, wire->octets + at, end - at);
	received->record.rdata = received->rdata;
	received->record.rdata_size = (uint16_t)out.at;
	return !out.failed;
}

static void free_records(struct received *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i].rdata);
	free(list);
}

/* All records but the OPT; NULL when the message cannot be read. */
static struct received *take_records(const struct wire *wire, size_t *count)
{
	size_t room =
		(size_t)wire->record_counts[0] + wire->record_counts[1] + wire->record_counts[2];
	struct received *list = mem_new_array(room + 1, sizeof(*list));
	struct wire_walk walk = { 0 };
	struct wire_record found;

	*count = 0;
	while (wire_next(wire, &walk, &found)) {
		struct received *next = &list[*count];
		size_t at = found.owner_at;

		if (found.type == TYPE_OPT)
			continue;
		if (!name_read(wire->octets, wire->size, &at, &next->owner) ||
			!take_rdata(wire, &found, next)) {
			free_records(list, *count + 1);
			*count = 0;
			return NULL;
		}
		next->record.owner = next->owner.octets;
		next->record.section = found.section;
		next->record.type = found.type;
		next->record.rclass = found.rclass;
		next->record.ttl = found.ttl;
		(*count)++;
	}
	return list;
}

static void print_record(const char *words, const struct record *record, FILE *out)
{
	static const char *const sections[] = { "answer", "authority", "additional" };
	char *text = message_format_record(record);

	text[strcspn(text, "\n")] = '\0';
	(void)fprintf(out, "    %s %-10s %s\n", words, sections[record->section], text);
	free(text);
}

static void print_edns(const struct wire *wire, FILE *out)
{
	struct wire_option option;
	size_t at = 0;

	if (!wire->edns.present)
		return;
	(void)fprintf(out, "    OPT version %u, size %u%s", wire->edns.version, wire->edns.udp_size,
		wire->edns.dnssec_ok ? ", DO" : "");
	while (wire_next_option(&wire->edns, &at, &option)) {
		(void)fprintf(out, ", option %u ", option.code);
		for (size_t i = 0; i < option.size; i++)
			(void)fprintf(out, "%02x", option.octets[i]);
		if (option.code == OPTION_EDE && option.size > 2)
			(void)fprintf(out, " \"%.*s\"", option.size - 2, option.octets + 2);
	}
	(void)fprintf(out, "\n");
}

static void print_flags(uint16_t flags, FILE *out)
{
	static const struct {
		uint16_t flag;
		const char *name;
	} rows[] = { { WIRE_QR, "QR" }, { WIRE_AA, "AA" }, { WIRE_TC, "TC" }, { WIRE_RD, "RD" },
		{ WIRE_RA, "RA" }, { WIRE_Z, "Z" }, { WIRE_AD, "AD" }, { WIRE_CD, "CD" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (flags & rows[i].flag)
			(void)fprintf(out, " %s", rows[i].name);
	}
}

void match_print(const uint8_t *octets, size_t size, FILE *out)
{
	char rcode[MESSAGE_TYPE_TEXT_MAX];
	struct received *list;
	struct wire wire;
	size_t count;

	if (!wire_view(&wire, octets, size)) {
		(void)fprintf(out, "    %zu octets\n", size);
		return;
	}
	if (wire.question_count > 0)
		(void)wire_view_question(&wire);
	(void)wire_view_records(&wire);
	(void)fprintf(out, "    %s, opcode %u,", message_format_rcode(wire_rcode(&wire), rcode),
		wire_opcode(&wire));
	print_flags(wire.flags, out);
	(void)fprintf(out, ", %u question, %zu octets\n", wire.question_count, size);
	list = take_records(&wire, &count);
	for (size_t i = 0; i < count; i++)
		print_record("got", &list[i].record, out);
	free_records(list, count);
	print_edns(&wire, out);
}

struct matching {
	const struct recipe *expected;
	const struct match_query *sent;
	struct wire query;
	struct wire wire;
	FILE *out;
	bool fits;
};

static void complain(struct matching *m, const char *words)
{
	(void)fprintf(m->out, "  %s\n", words);
	m->fits = false;
}

static void match_header(struct matching *m)
{
	uint16_t copied = WIRE_RD | WIRE_CD;
	uint16_t want = (uint16_t)((m->query.flags & copied) | WIRE_QR | WIRE_RA);
	uint16_t mask =
		WIRE_QR | WIRE_AA | WIRE_TC | WIRE_RD | WIRE_RA | WIRE_Z | WIRE_AD | WIRE_CD;

	want = (uint16_t)((want | m->expected->set) & ~m->expected->clear);
	if (m->wire.id != m->query.id)
		complain(m, "the id is another");
	if (wire_opcode(&m->wire) != wire_opcode(&m->query))
		complain(m, "the opcode is another");
	if ((m->wire.flags & mask) != want) {
		complain(m, "the flags should be");
		(void)fprintf(m->out, "   ");
		print_flags(want, m->out);
		(void)fprintf(m->out, "\n");
	}
	if (wire_rcode(&m->wire) != m->expected->rcode)
		complain(m, "the RCODE is another");
	if (m->expected->size_max && m->wire.size > m->expected->size_max)
		complain(m, "it is too large");
}

static void match_question(struct matching *m)
{
	if (m->expected->is_header) {
		if (m->wire.question_count != 0)
			complain(m, "there is a question");
		return;
	}
	if (m->wire.question_count != 1 || m->query.question_size != m->wire.question_size ||
		memcmp(m->query.question_name, m->wire.question_name, m->query.question_size) != 0)
		complain(m, "the question is not the client's");
}

static void match_edes(struct matching *m)
{
	const struct recipe *expected = m->expected;
	struct wire_option option;
	size_t at = 0;
	size_t count = 0;

	while (wire_next_option(&m->wire.edns, &at, &option)) {
		const struct recipe_ede *want = &expected->edes[count];

		if (option.code != OPTION_EDE)
			continue;
		if (count++ >= expected->ede_count)
			continue;
		if (option.size < 2 || bytes_get_u16(option.octets) != want->code)
			complain(m, "the extended error is another");
		else if (want->has_text &&
			 (strlen(want->text) != option.size - 2U ||
				 memcmp(want->text, option.octets + 2, option.size - 2U) != 0))
			complain(m, "the extended error's text is another");
	}
	if (count != expected->ede_count)
		complain(m, "there should be another number of extended errors");
}

static bool is_expected_option(const struct matching *m, const struct wire_option *option)
{
	if (option->code == OPTION_EDE)
		return true;
	for (size_t i = 0; i < m->expected->option_count; i++) {
		const struct recipe_option *want = &m->expected->options[i];

		if (want->code == option->code &&
			(want->any ||
				(want->size == option->size &&
					memcmp(want->octets, option->octets, option->size) == 0)))
			return true;
	}
	/* Every TCP response with OPT has one (R7828-3.3.2-a), and is seldom asked about it. */
	return option->code == OPTION_KEEPALIVE && m->sent->is_stream;
}

static void match_edns(struct matching *m)
{
	const struct wire_edns *edns = &m->wire.edns;
	bool wanted = (m->query.edns.present || m->expected->has_opt) &&
		      !(m->expected->flaws & FLAW_NO_OPT);
	struct wire_option option;
	size_t at = 0;

	if (edns->present != wanted)
		complain(m, wanted ? "there is no OPT" : "there is an OPT");
	if (!edns->present)
		return;
	if (edns->version != 0 || edns->udp_size != WIRE_UDP_ADVERTISED)
		complain(m, "the OPT is not of version 0 and size 1232");
	if (m->query.edns.present && edns->dnssec_ok != m->query.edns.dnssec_ok)
		complain(m, "DO is not as in the query");
	while (wire_next_option(edns, &at, &option)) {
		if (!is_expected_option(m, &option))
			complain(m, "there is an option that nobody expects");
	}
	for (size_t i = 0; i < m->expected->option_count; i++) {
		if (!wire_find_option(edns, m->expected->options[i].code, &option))
			complain(m, "an option is missing");
	}
	if (!m->expected->any_edes)
		match_edes(m);
}

/* The Z bits beside DO, which the view does not keep. */
static void match_edns_flags(struct matching *m)
{
	struct wire_walk walk = { 0 };
	struct wire_record record;

	while (wire_next(&m->wire, &walk, &record)) {
		if (record.type == TYPE_OPT && record.ttl & 0x7fff)
			complain(m, "there are unknown flags in the OPT");
	}
}

static bool is_record(const struct recipe_record *want, const struct record *got)
{
	const struct record *record = &want->record;

	if (record->section != got->section || record->type != got->type ||
		record->rclass != got->rclass || !name_equal(record->owner, got->owner))
		return false;
	if ((want->ttl == RECIPE_TTL_EXACT && record->ttl != got->ttl) ||
		(want->ttl == RECIPE_TTL_AT_MOST && got->ttl > record->ttl))
		return false;
	return want->any_rdata || (record->rdata_size == got->rdata_size &&
					  memcmp(record->rdata, got->rdata, got->rdata_size) == 0);
}

static void match_records(struct matching *m)
{
	const struct recipe *expected = m->expected;
	size_t count;
	struct received *list = take_records(&m->wire, &count);
	size_t counted = 0;
	size_t k = 0;

	if (!list) {
		complain(m, "a record cannot be read");
		return;
	}
	for (enum wire_section s = SECTION_ANSWER; s <= SECTION_ADDITIONAL; s++) {
		for (size_t i = 0; i < expected->count; i++) {
			if (expected->records[i].record.section != s)
				continue;
			while (k < count && expected->counted_type &&
				list[k].record.type == expected->counted_type) {
				counted++;
				k++;
			}
			if (k < count && is_record(&expected->records[i], &list[k].record)) {
				k++;
				continue;
			}
			complain(m, "a record is missing, another, or in another place");
			print_record("not", &expected->records[i].record, m->out);
		}
		for (; k < count && list[k].record.section == s; k++) {
			if (list[k].record.type == expected->counted_type) {
				counted++;
				continue;
			}
			complain(m, "there is a record too many");
			print_record("too", &list[k].record, m->out);
		}
	}
	if (expected->counted_type && counted != expected->counted)
		complain(m, "there should be another number of records");
	free_records(list, count);
}

bool match_response(const struct recipe *expected, const struct match_query *query,
	const uint8_t *octets, size_t size, FILE *out)
{
	struct matching m = { .expected = expected, .sent = query, .out = out, .fits = true };

	if (!wire_view(&m.query, query->octets, query->size))
		return false;
	if (m.query.question_count > 0)
		(void)wire_view_question(&m.query);
	(void)wire_view_records(&m.query);
	if (!wire_view(&m.wire, octets, size)) {
		complain(&m, "it is no message");
		return false;
	}
	if ((m.wire.question_count > 0 && wire_view_question(&m.wire) != WIRE_OK) ||
		wire_view_records(&m.wire) != WIRE_OK)
		complain(&m, "it is malformed");
	match_header(&m);
	match_question(&m);
	match_edns(&m);
	match_edns_flags(&m);
	match_records(&m);
	return m.fits;
}

bool match_option(
	const uint8_t *octets, size_t size, uint16_t code, uint8_t *out, size_t room, size_t *got)
{
	struct wire_option option;
	struct wire wire;

	if (!wire_view(&wire, octets, size))
		return false;
	if (wire.question_count > 0)
		(void)wire_view_question(&wire);
	(void)wire_view_records(&wire);
	if (!wire.edns.present || !wire_find_option(&wire.edns, code, &option) ||
		option.size > room)
		return false;
	memcpy(out, option.octets, option.size);
	*got = option.size;
	return true;
}
