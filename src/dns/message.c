/* The door to ldns, and what upstream messages become. What is relayed are the octets that
 * came, read by our own view; ldns judges RDATA of the rarer types, for it is lenient, and
 * re-encodes some types changed. It reads and writes presentation format. */

#include "sixward/dns/message.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sixward/base/bytes.h"
#include "sixward/base/mem.h"
#include "sixward/base/text.h"

enum {
	TTL_MOST = 0x7fffffff,
	RECORD_FIXED = 10, /* type, class, TTL, RDLENGTH */
	LAYOUT_COUNT = 258,
	LISTED_MOST = 16 /* records that are walked once; most messages have fewer */
};

/* How RDATA is built, for the types that we check ourselves (UPR-09): 1 2 4 8 octets; N a name,
 * which is decompressed (R3597-4-a; DNAME, RRSIG and NSEC are not sent compressed, and taken
 * all the same); P a name that must not be compressed; s a text with its length; S such
 * texts, at least one; b a type bitmap; v service parameters; * the rest; + the rest, not
 * empty. A type that is not here is ldns's, or opaque (R3597-3-a). */
static const char *const layouts[LAYOUT_COUNT] = {
	[1] = "4",          /* A */
	[2] = "N",          /* NS */
	[3] = "N",          /* MD */
	[4] = "N",          /* MF */
	[5] = "N",          /* CNAME */
	[6] = "NN44444",    /* SOA */
	[7] = "N",          /* MB */
	[8] = "N",          /* MG */
	[9] = "N",          /* MR */
	[10] = "*",         /* NULL */
	[11] = "41*",       /* WKS */
	[12] = "N",         /* PTR */
	[13] = "ss",        /* HINFO */
	[14] = "NN",        /* MINFO */
	[15] = "2N",        /* MX */
	[16] = "S",         /* TXT */
	[17] = "NN",        /* RP */
	[18] = "2N",        /* AFSDB */
	[19] = "s",         /* X25 */
	[20] = "S",         /* ISDN */
	[21] = "2N",        /* RT */
	[23] = "P",         /* NSAP-PTR */
	[24] = "2114442N*", /* SIG */
	[25] = "211*",      /* KEY */
	[26] = "2NN",       /* PX */
	[27] = "sss",       /* GPOS */
	[28] = "88",        /* AAAA */
	[29] = "1111444",   /* LOC */
	[30] = "N*",        /* NXT */
	[33] = "222N",      /* SRV */
	[35] = "22sssN",    /* NAPTR */
	[36] = "2P",        /* KX */
	[37] = "221+",      /* CERT */
	[39] = "N",         /* DNAME */
	[43] = "211+",      /* DS */
	[44] = "11+",       /* SSHFP */
	[46] = "2114442N+", /* RRSIG */
	[47] = "Nb",        /* NSEC */
	[48] = "211+",      /* DNSKEY */
	[49] = "+",         /* DHCID */
	[50] = "112ssb",    /* NSEC3 */
	[51] = "112s",      /* NSEC3PARAM */
	[52] = "111+",      /* TLSA */
	[53] = "111+",      /* SMIMEA */
	[58] = "PP",        /* TALINK */
	[59] = "211+",      /* CDS */
	[60] = "211+",      /* CDNSKEY */
	[61] = "+",         /* OPENPGPKEY */
	[62] = "42b",       /* CSYNC */
	[63] = "411+",      /* ZONEMD */
	[64] = "2Pv",       /* SVCB */
	[65] = "2Pv",       /* HTTPS */
	[99] = "S",         /* SPF */
	[104] = "28",       /* NID */
	[105] = "24",       /* L32 */
	[106] = "28",       /* L64 */
	[107] = "2P",       /* LP */
	[108] = "42",       /* EUI48 */
	[109] = "8",        /* EUI64 */
	[256] = "22*",      /* URI */
	[257] = "1s*",      /* CAA */
};

/* One record's RDATA while it is read: `octets` end with the RDATA. What is not written
 * differently is lent as it stands. */
struct rdata {
	const uint8_t *octets;
	size_t end;
	size_t at;
	size_t kept_from; /* what is not in `expanded` yet */
	struct writer expanded;
};

static bool skip(struct rdata *rdata, size_t size)
{
	if (size > rdata->end - rdata->at)
		return false;
	rdata->at += size;
	return true;
}

static bool skip_name(struct rdata *rdata, bool may_be_compressed)
{
	size_t start = rdata->at;
	size_t size = name_size(rdata->octets + start, rdata->end - start);
	struct name name;

	if (size > 0) {
		rdata->at += size;
		return true;
	}
	if (!may_be_compressed || !name_read(rdata->octets, rdata->end, &rdata->at, &name))
		return false;
	writer_put(&rdata->expanded, rdata->octets + rdata->kept_from, start - rdata->kept_from);
	writer_put(&rdata->expanded, name.octets, name.size);
	rdata->kept_from = rdata->at;
	return true;
}

static bool skip_text(struct rdata *rdata)
{
	return rdata->at < rdata->end && skip(rdata, 1U + rdata->octets[rdata->at]);
}

static bool skip_texts(struct rdata *rdata)
{
	do {
		if (!skip_text(rdata))
			return false;
	} while (rdata->at < rdata->end);
	return true;
}

/* RFC 4034 4.1.2: windows in rising order, each with 1 to 32 octets. */
static bool skip_bitmap(struct rdata *rdata)
{
	const size_t window_most = 32;
	int before = -1;

	while (rdata->at < rdata->end) {
		const uint8_t *window = rdata->octets + rdata->at;

		if (!skip(rdata, 2) || window[0] <= before || window[1] == 0 ||
			window[1] > window_most || !skip(rdata, window[1]))
			return false;
		before = window[0];
	}
	return true;
}

static bool skip_parameters(struct rdata *rdata)
{
	while (rdata->at < rdata->end) {
		const uint8_t *parameter = rdata->octets + rdata->at;

		if (!skip(rdata, 4) || !skip(rdata, bytes_get_u16(parameter + 2)))
			return false;
	}
	return true;
}

static bool skip_field(struct rdata *rdata, char field)
{
	switch (field) {
	case 'N':
		return skip_name(rdata, true);
	case 'P':
		return skip_name(rdata, false);
	case 's':
		return skip_text(rdata);
	case 'S':
		return skip_texts(rdata);
	case 'b':
		return skip_bitmap(rdata);
	case 'v':
		return skip_parameters(rdata);
	case '+':
		return rdata->at < rdata->end && skip(rdata, rdata->end - rdata->at);
	case '*':
		return skip(rdata, rdata->end - rdata->at);
	default:
		return skip(rdata, (size_t)(field - '0'));
	}
}

static bool follows(struct rdata *rdata, const char *layout)
{
	for (; *layout != '\0'; layout++) {
		if (!skip_field(rdata, *layout))
			return false;
	}
	return rdata->at == rdata->end;
}

/* The record as ldns knows it; the caller frees it. NULL when ldns does not take it. */
static ldns_rr *read_by_ldns(const struct record *record)
{
	size_t owner_size = name_size(record->owner, NAME_SIZE_MAX);
	size_t size = owner_size + RECORD_FIXED + record->rdata_size;
	struct writer out = writer_over(mem_new(size), size);
	ldns_rr *rr = NULL;
	size_t at = 0;

	writer_put(&out, record->owner, owner_size);
	writer_u16(&out, record->type);
	writer_u16(&out, record->rclass);
	writer_u32(&out, record->ttl);
	writer_u16(&out, record->rdata_size);
	writer_put(&out, record->rdata, record->rdata_size);
	if (ldns_wire2rr(&rr, out.octets, size, &at, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK)
		rr = NULL;
	free(out.octets);
	return rr;
}

static bool is_known_to_ldns(uint16_t type)
{
	const ldns_rr_descriptor *descriptor = ldns_rr_descript(type);

	return descriptor != NULL && descriptor->_type == (ldns_rr_type)type;
}

static bool ldns_takes(const struct record *record)
{
	ldns_rr *rr = read_by_ldns(record);

	ldns_rr_free(rr);
	return rr != NULL;
}

/* Sets RDATA and its size, from `size` octets at `at` of a message. False: malformed. */
static bool read_rdata(const uint8_t *octets, size_t at, size_t size, struct record *record,
	uint8_t scratch[WIRE_MESSAGE_MAX])
{
	struct rdata rdata = {
		.octets = octets,
		.end = at + size,
		.at = at,
		.kept_from = at,
		.expanded = writer_over(scratch, WIRE_MESSAGE_MAX),
	};
	const char *layout = record->type < LAYOUT_COUNT ? layouts[record->type] : NULL;
	bool is_of_internet = record->type == TYPE_A || record->type == TYPE_AAAA;

	record->rdata = octets + at;
	record->rdata_size = (uint16_t)size;
	if (layout == NULL && record->rclass == CLASS_IN && is_known_to_ldns(record->type))
		return ldns_takes(record);
	if (layout == NULL || (is_of_internet && record->rclass != CLASS_IN))
		return true;
	if (!follows(&rdata, layout))
		return false;
	if (rdata.kept_from == at)
		return true;
	writer_put(&rdata.expanded, octets + rdata.kept_from, rdata.end - rdata.kept_from);
	record->rdata = scratch;
	record->rdata_size = (uint16_t)rdata.expanded.at;
	return !rdata.expanded.failed;
}

/* A message while it is taken apart. */
struct decoder {
	const struct question *question;
	const struct message_rules *rules;
	struct wire wire;
	uint16_t rcode;
	bool has_ns; /* in authority */
	bool has_soa;
	struct wire_record listed[LISTED_MOST];
	struct wire_walk walk; /* behind those */
	struct reply_draft draft;
	uint16_t owner_pointer; /* 0 = none: `owner` is the name that it leads to */
	const uint8_t *owner;   /* of the record that was read last; lent to the draft */
	uint8_t owner_size;
	uint8_t scratch[WIRE_MESSAGE_MAX]; /* the RDATA that is being read, decompressed */
};

/* R8914-3-b, R8914-3-c */
static void read_edes(const struct wire *wire, struct ede_list *edes)
{
	struct wire_option option;
	size_t at = 0;

	if (!wire->edns.present)
		return;
	while (wire_next_option(&wire->edns, &at, &option)) {
		if (option.code != OPTION_EDE || option.size < 2)
			continue;
		if (option.size == 2)
			ede_add(edes, bytes_get_u16(option.octets), "upstream");
		else
			ede_add_octets(edes, bytes_get_u16(option.octets),
				"upstream: ", option.octets + 2, (uint16_t)(option.size - 2));
	}
}

/* UPR-07, R6891-6.1.1-b: neither another class, nor what is about the message or the query. */
static bool is_wanted(const struct decoder *decoder, const struct wire_record *record)
{
	uint16_t rclass = decoder->question->rclass;

	if (record->type == TYPE_OPT || (record->type >= TYPE_TKEY && record->type <= TYPE_ANY))
		return false;
	return rclass == CLASS_ANY || record->rclass == rclass;
}

/* R2181-8-a, UPR-11, CCH-d, R2308-5-e */
static uint32_t bound_ttl(const struct decoder *decoder, const struct wire_record *record)
{
	const struct message_rules *rules = decoder->rules;
	uint32_t ttl = record->ttl;
	uint32_t most = rules->ttl_max;

	if (record->section == SECTION_ANSWER && decoder->rcode == RCODE_NOERROR &&
		ttl < rules->ttl_min)
		ttl = rules->ttl_min;
	if (record->section == SECTION_AUTHORITY && record->type == TYPE_SOA &&
		most > rules->negative_ttl_max)
		most = rules->negative_ttl_max;
	return ttl < most ? ttl : most;
}

/* Most owners are the same two octets as the one before, or lead to a name that stands in the
 * message in one piece. */
static bool read_owner(struct decoder *decoder, size_t at)
{
	const struct wire *wire = &decoder->wire;
	uint16_t pointer = bytes_get_u16(wire->octets + at);
	size_t place = pointer < 0xc000 ? at : pointer & 0x3fffU;
	struct name name;

	if (pointer >= 0xc000 && pointer == decoder->owner_pointer)
		return true;
	decoder->owner_pointer = pointer;
	decoder->owner = wire->octets + place;
	decoder->owner_size =
		place <= at ? (uint8_t)name_size(decoder->owner, wire->size - place) : 0;
	if (decoder->owner_size > 0)
		return true;
	if (!name_read(wire->octets, wire->size, &at, &name))
		return false;
	decoder->owner = reply_draft_keep(&decoder->draft, name.octets, name.size);
	decoder->owner_size = name.size;
	return true;
}

static bool add_record(struct decoder *decoder, const struct wire_record *from)
{
	const struct wire *wire = &decoder->wire;
	struct record record = {
		.section = from->section,
		.type = from->type,
		.rclass = from->rclass,
		.ttl = bound_ttl(decoder, from),
	};

	if (!read_owner(decoder, from->owner_at))
		return false;
	record.owner = decoder->owner;
	record.owner_size = decoder->owner_size;
	if (!read_rdata(wire->octets, from->rdata_at, from->rdata_size, &record, decoder->scratch))
		return false;
	if (record.section == SECTION_AUTHORITY) {
		decoder->has_ns |= record.type == TYPE_NS;
		decoder->has_soa |= record.type == TYPE_SOA;
	}
	if (record.rdata == decoder->scratch)
		record.rdata =
			reply_draft_keep(&decoder->draft, decoder->scratch, record.rdata_size);
	reply_draft_lend(&decoder->draft, &record);
	return true;
}

static bool add_records(struct decoder *decoder)
{
	struct wire_record record;

	for (size_t i = 0; i < decoder->walk.index && i < LISTED_MOST; i++) {
		const struct wire_record *listed = &decoder->listed[i];

		if (is_wanted(decoder, listed) && !add_record(decoder, listed))
			return false; /* UPR-04, UPR-09 */
	}
	if (decoder->walk.index < LISTED_MOST)
		return true;
	while (wire_next(&decoder->wire, &decoder->walk, &record)) {
		if (is_wanted(decoder, &record) && !add_record(decoder, &record))
			return false;
	}
	return true;
}

/* Whether the reply helps nobody: another upstream may know more. */
static bool is_lame(const struct decoder *decoder, const struct reply_facts *facts)
{
	bool recurses = decoder->wire.flags & WIRE_RA;
	bool speaks_for_zone = (decoder->wire.flags & WIRE_AA) && facts->has_soa;

	switch (facts->kind) {
	case REPLY_NODATA: /* R2308-2.2-a: a referral */
		if (facts->links == 0 && decoder->has_ns && !decoder->has_soa)
			return true;
		return !recurses && !speaks_for_zone; /* UPR-13 */
	case REPLY_NXDOMAIN:
		return !recurses && !speaks_for_zone;
	case REPLY_DATA:
	case REPLY_CHAIN:
	case REPLY_RCODE:
		break;
	}
	return false;
}

/* All records are in the draft, which is used up. */
static enum message_result put_in_order(
	struct decoder *decoder, struct reply **reply, const struct ede_list *edes)
{
	switch (reply_draft_scrub(&decoder->draft, decoder->rules->links_max)) {
	case CHAIN_CONFLICT:
		reply_draft_clear(&decoder->draft);
		return MESSAGE_GARBAGE; /* UPR-08 */
	case CHAIN_LOOP:
		reply_draft_clear(&decoder->draft);
		return MESSAGE_LOOP;
	case CHAIN_FINE:
		break;
	}
	for (size_t i = 0; i < edes->count; i++)
		reply_draft_add_ede(&decoder->draft, &edes->items[i]);
	if (decoder->rules->trust_ad && (decoder->wire.flags & WIRE_AD))
		reply_draft_set_ad(&decoder->draft); /* R4035-4.6-b, UPR-14 */
	*reply = reply_draft_seal(&decoder->draft);
	if (!is_lame(decoder, reply_facts(*reply)))
		return MESSAGE_REPLY;
	reply_unref(*reply);
	*reply = NULL;
	return MESSAGE_LAME;
}

static bool is_useful_rcode(uint16_t rcode)
{
	return rcode == RCODE_NOERROR || rcode == RCODE_NXDOMAIN || rcode == RCODE_YXDOMAIN;
}

static enum message_result decode(struct decoder *decoder, const uint8_t *octets, size_t size,
	struct reply **reply, struct failure *failure)
{
	struct wire *wire = &decoder->wire;
	enum wire_fault fault;

	if (!wire_view(wire, octets, size))
		return MESSAGE_GARBAGE;
	if (wire->question_count > 0 && wire_view_question(wire) != WIRE_OK)
		return MESSAGE_GARBAGE;
	fault = wire_list_records(wire, decoder->listed, LISTED_MOST, &decoder->walk);
	read_edes(wire, &failure->edes);
	decoder->rcode = wire_rcode(wire);

	/* An error is an error, however its records look (R6891-6.2.2-a: old servers). */
	if (!is_useful_rcode(decoder->rcode))
		return MESSAGE_RCODE;
	if (fault == WIRE_BAD_RECORD || fault == WIRE_BAD_OPT)
		return MESSAGE_GARBAGE; /* UPR-04 */
	reply_draft_init(&decoder->draft, decoder->question, decoder->rcode);
	if (!add_records(decoder)) {
		reply_draft_clear(&decoder->draft);
		return MESSAGE_GARBAGE;
	}
	return put_in_order(decoder, reply, &failure->edes);
}

static void tell_failure(struct failure *failure, enum message_result result, uint16_t rcode)
{
	switch (result) {
	case MESSAGE_REPLY:
		break;
	case MESSAGE_RCODE:
		failure->cause = FAILURE_RCODE;
		failure->rcode = rcode;
		break;
	case MESSAGE_LAME:
		failure->cause = FAILURE_RCODE;
		failure->rcode = RCODE_REFUSED;
		break;
	case MESSAGE_GARBAGE:
		failure->cause = FAILURE_GARBAGE;
		break;
	case MESSAGE_LOOP:
		failure->cause = FAILURE_CHAIN; /* D64-5.1.5-g */
		break;
	}
}

enum message_result message_decode(const uint8_t *octets, size_t size,
	const struct question *question, const struct message_rules *rules, struct reply **reply,
	struct failure *failure)
{
	struct decoder decoder; /* the scratch is too large to be cleared each time */
	enum message_result result;

	decoder.question = question;
	decoder.rules = rules;
	decoder.rcode = 0;
	decoder.has_ns = false;
	decoder.has_soa = false;
	decoder.owner_pointer = 0;
	decoder.owner = NULL;
	decoder.owner_size = 0;
	*reply = NULL;
	failure->cause = FAILURE_NONE;
	failure->rcode = RCODE_NOERROR;
	failure->edes.count = 0; /* texts that are not there are not cleared */
	result = decode(&decoder, octets, size, reply, failure);
	tell_failure(failure, result, decoder.rcode);
	return result;
}

/* Presentation format. */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *text)
{
	while (is_blank(*text))
		text++;
	return text;
}

enum { WORD_MAX = NAME_TEXT_MAX };

/* The next word of `*text`, which moves behind it. False: none, or too long. */
static bool next_word(const char **text, char word[WORD_MAX])
{
	const char *start = skip_blanks(*text);
	const char *end = start;
	size_t size;

	while (*end != '\0' && !is_blank(*end))
		end++;
	size = (size_t)(end - start);
	if (size == 0 || size >= WORD_MAX)
		return false;
	memcpy(word, start, size);
	word[size] = '\0';
	*text = end;
	return true;
}

/* "300" or "1h30m". */
static bool parse_ttl(const char *word, uint32_t *ttl)
{
	static const struct unit {
		char letter;
		uint32_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };
	uint64_t sum = 0;

	do {
		uint64_t number = 0;

		if (*word < '0' || *word > '9')
			return false;
		for (; *word >= '0' && *word <= '9'; word++) {
			number = number * 10 + (uint64_t)(*word - '0');
			if (number > TTL_MOST)
				return false;
		}
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
			if ((*word | 0x20) == units[i].letter) {
				number *= units[i].seconds;
				word++;
				break;
			}
		}
		sum += number;
		if (sum > TTL_MOST)
			return false;
	} while (*word != '\0');
	*ttl = (uint32_t)sum;
	return true;
}

static bool is_class(const char *word)
{
	static const char *const names[] = { "IN", "CH", "HS", "CHAOS", "HESIOD", "NONE" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(word, names[i]) == 0)
			return true;
	}
	return strncasecmp(word, "CLASS", 5) == 0;
}

/* What stands before the RDATA. */
struct head {
	char owner[WORD_MAX];
	uint32_t ttl;
	uint16_t type;
};

static const char *parse_head(const char **text, struct head *head)
{
	bool has_ttl = false;
	bool has_class = false;
	char word[WORD_MAX];

	if (is_blank(**text) || !next_word(text, head->owner))
		return "the owner name is missing";
	for (;;) {
		if (!next_word(text, word))
			return "the type is missing";
		if (word[0] >= '0' && word[0] <= '9' && !has_ttl) {
			if (!parse_ttl(word, &head->ttl))
				return "the TTL must be a number of seconds up to 2147483647";
			has_ttl = true;
		} else if (is_class(word) && !has_class) {
			if (strcasecmp(word, "IN") != 0 && strcasecmp(word, "CLASS1") != 0)
				return "class must be IN";
			has_class = true;
		} else {
			break;
		}
	}
	if (!message_parse_type(word, &head->type))
		return "unknown record type";
	if (head->type == 0 || head->type == TYPE_OPT || (head->type >= 128 && head->type <= 255))
		return "no record can have this type";
	return NULL;
}

/* How many words of the type's RDATA come first that stand for one name or number each. */
static size_t count_plain_words(uint16_t type)
{
	const char *layout = type < LAYOUT_COUNT ? layouts[type] : NULL;

	return layout == NULL ? 0 : strspn(layout, "1248NP");
}

/* ldns takes 70000 for a 16-bit number and cuts it: numbers must come back as written. */
static bool numbers_survive(size_t count, const char *before, const char *after)
{
	char a[WORD_MAX];
	char b[WORD_MAX];

	while (count-- > 0 && next_word(&before, a) && next_word(&after, b)) {
		uint64_t x;
		uint64_t y;

		if (text_to_number(a, &x) && text_to_number(b, &y) && x != y)
			return false;
	}
	return true;
}

static char *format_by_ldns(const ldns_rr *rr)
{
	char *text = ldns_rr2str_fmt(ldns_output_format_nocomments, rr);

	for (size_t end = text != NULL ? strlen(text) : 0; end > 0; end--) {
		if (text[end - 1] != '\n' && text[end - 1] != ' ')
			break;
		text[end - 1] = '\0';
	}
	return text;
}

static bool rdata_survives(const ldns_rr *rr, const char *rdata)
{
	size_t count = count_plain_words((uint16_t)ldns_rr_get_type(rr));
	const char *after;
	char word[WORD_MAX];
	bool survives;
	char *text;

	if (strncmp(skip_blanks(rdata), "\\#", 2) == 0)
		return true;
	text = format_by_ldns(rr);
	after = text;
	survives = text != NULL;
	for (int i = 0; i < 4 && survives; i++) /* owner, TTL, class, type */
		survives = next_word(&after, word);
	survives = survives && numbers_survive(count, rdata, after);
	free(text);
	return survives;
}

/* Owner and RDATA of what ldns read, into `storage`. */
static const char *store_record(const ldns_rr *rr, struct record *record, uint8_t *storage)
{
	uint8_t *scratch;
	uint8_t *wire = NULL;
	size_t size = 0;
	size_t owner_size;
	const char *error = "the record is malformed";

	if (ldns_rr2wire(&wire, rr, LDNS_SECTION_ANSWER, &size) != LDNS_STATUS_OK || wire == NULL)
		return "the record is too large";
	owner_size = name_size(wire, size);
	record->owner = wire;
	record->owner_size = (uint8_t)owner_size;
	scratch = mem_new(WIRE_MESSAGE_MAX);
	if (owner_size > 0 && size >= owner_size + RECORD_FIXED && size <= MESSAGE_RECORD_MAX &&
		read_rdata(wire, owner_size + RECORD_FIXED, size - owner_size - RECORD_FIXED,
			record, scratch)) {
		memcpy(storage, wire, owner_size);
		memcpy(storage + owner_size, record->rdata, record->rdata_size);
		record->owner = storage;
		record->rdata = storage + owner_size;
		error = NULL;
	}
	free(scratch);
	free(wire);
	return error;
}

static const char *parse_record(
	const char *line, uint32_t default_ttl, struct record *record, uint8_t *storage)
{
	struct head head = { .ttl = default_ttl };
	const char *rdata = line;
	const char *error = parse_head(&rdata, &head);
	char type[MESSAGE_TYPE_TEXT_MAX];
	ldns_rr *rr = NULL;
	ldns_status status;
	size_t room;
	char *whole;

	if (error != NULL)
		return error;
	room = strlen(head.owner) + strlen(rdata) + 64;
	whole = mem_new(room);
	snprintf(whole, room, "%s %u IN %s %s", head.owner, (unsigned)head.ttl,
		message_format_type(head.type, type), rdata);
	status = ldns_rr_new_frm_str(&rr, whole, 0, NULL, NULL);
	free(whole);
	if (status != LDNS_STATUS_OK)
		return ldns_get_errorstr_by_id(status);
	*record = (struct record){ .type = head.type, .rclass = CLASS_IN, .ttl = head.ttl };
	error = rdata_survives(rr, rdata) ? store_record(rr, record, storage)
					  : "a number is out of range";
	ldns_rr_free(rr);
	return error;
}

bool message_parse_record(const char *line, uint32_t default_ttl, struct record *record,
	uint8_t *storage, const char **error)
{
	*error = NULL;
	for (const char *c = line; *c != '\0' && *error == NULL; c++) {
		if ((unsigned char)*c < ' ' && *c != '\t')
			*error = "control character in the record";
	}
	if (*error == NULL)
		*error = parse_record(line, default_ttl, record, storage);
	return *error == NULL;
}

static bool reads_back(const char *text, const struct record *record)
{
	uint8_t *storage = mem_new(MESSAGE_RECORD_MAX);
	struct record again = { .owner = storage, .rdata = storage };
	const char *error;
	bool same = message_parse_record(text, 0, &again, storage, &error) &&
		    again.type == record->type && again.rdata_size == record->rdata_size &&
		    name_equal(again.owner, record->owner) &&
		    memcmp(again.rdata, record->rdata, record->rdata_size) == 0;

	free(storage);
	return same;
}

static bool is_sound(const struct record *record)
{
	uint8_t *scratch = mem_new(WIRE_MESSAGE_MAX);
	struct record copy = *record;
	bool sound = read_rdata(record->rdata, 0, record->rdata_size, &copy, scratch) &&
		     copy.rdata == record->rdata;

	free(scratch);
	return sound;
}

static void format_class(uint16_t rclass, char text[MESSAGE_TYPE_TEXT_MAX])
{
	if (rclass == CLASS_IN || rclass == CLASS_CH || rclass == CLASS_HS)
		snprintf(text, MESSAGE_TYPE_TEXT_MAX, "%s",
			rclass == CLASS_IN   ? "IN"
			: rclass == CLASS_CH ? "CH"
					     : "HS");
	else
		snprintf(text, MESSAGE_TYPE_TEXT_MAX, "CLASS%u", (unsigned)rclass);
}

/* RFC 3597 5: "\# 4 0a000001". */
static char *format_unknown(const struct record *record)
{
	char owner[NAME_TEXT_MAX];
	char type[MESSAGE_TYPE_TEXT_MAX];
	char rclass[MESSAGE_TYPE_TEXT_MAX];
	size_t room = NAME_TEXT_MAX + 100 + 2 * (size_t)record->rdata_size;
	char *text = mem_new(room);
	size_t at;

	format_class(record->rclass, rclass);
	at = (size_t)snprintf(text, room, "%s\t%u\t%s\t%s\t\\# %u",
		name_format(record->owner, owner), (unsigned)record->ttl, rclass,
		message_format_type(record->type, type), (unsigned)record->rdata_size);
	for (size_t i = 0; i < record->rdata_size; i++)
		at += (size_t)snprintf(
			text + at, room - at, "%s%02x", i == 0 ? " " : "", record->rdata[i]);
	return text;
}

char *message_format_record(const struct record *record)
{
	enum { TYPE_CERT = 37 };
	ldns_rr *rr;
	char *text;

	/* ldns 1.8.3 loses memory when it reads the algorithm of a CERT, as to read back would. */
	if (record->rclass != CLASS_IN || record->type == TYPE_CERT || !is_sound(record))
		return format_unknown(record);
	rr = read_by_ldns(record);
	if (rr == NULL)
		return format_unknown(record);
	text = format_by_ldns(rr);
	ldns_rr_free(rr);
	if (text != NULL && reads_back(text, record))
		return text;
	free(text);
	return format_unknown(record);
}

bool message_parse_type(const char *text, uint16_t *type)
{
	uint64_t number;
	ldns_rr_type found;

	if (strncasecmp(text, "TYPE", 4) == 0) {
		if (!text_to_number(text + 4, &number) || number > UINT16_MAX)
			return false;
		*type = (uint16_t)number;
		return true;
	}
	found = ldns_get_rr_type_by_name(text);
	if (found == 0)
		return false;
	*type = (uint16_t)found;
	return true;
}

char *message_format_type(uint16_t type, char text[MESSAGE_TYPE_TEXT_MAX])
{
	char *name = ldns_rr_type2str(type);

	if (name != NULL && strlen(name) < MESSAGE_TYPE_TEXT_MAX)
		snprintf(text, MESSAGE_TYPE_TEXT_MAX, "%s", name);
	else
		snprintf(text, MESSAGE_TYPE_TEXT_MAX, "TYPE%u", (unsigned)type);
	free(name);
	return text;
}

/* ldns says NOTIMPL, and nothing of extended RCODEs. */
char *message_format_rcode(uint16_t rcode, char text[MESSAGE_TYPE_TEXT_MAX])
{
	static const char *const names[] = {
		[RCODE_NOERROR] = "NOERROR",
		[RCODE_FORMERR] = "FORMERR",
		[RCODE_SERVFAIL] = "SERVFAIL",
		[RCODE_NXDOMAIN] = "NXDOMAIN",
		[RCODE_NOTIMP] = "NOTIMP",
		[RCODE_REFUSED] = "REFUSED",
		[RCODE_YXDOMAIN] = "YXDOMAIN",
		[7] = "YXRRSET",
		[8] = "NXRRSET",
		[9] = "NOTAUTH",
		[10] = "NOTZONE",
		[RCODE_BADVERS] = "BADVERS",
		[RCODE_BADCOOKIE] = "BADCOOKIE",
	};

	if (rcode < sizeof(names) / sizeof(names[0]) && names[rcode] != NULL)
		snprintf(text, MESSAGE_TYPE_TEXT_MAX, "%s", names[rcode]);
	else
		snprintf(text, MESSAGE_TYPE_TEXT_MAX, "RCODE%u", (unsigned)rcode);
	return text;
}
