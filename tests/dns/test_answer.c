#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/dns/answer.h"

/* A client's question with its name in mixed case. */
static const uint8_t question_octets[] = "\3wWw\7ExAmple\3com\0\0\1\0\1";

enum { QUESTION_SIZE = sizeof(question_octets) - 1 };

static struct name named(const char *text)
{
	struct name name;

	assert_true(name_parse(text, &name));
	return name;
}

static struct reply_draft *drafted(const char *text, uint16_t type, uint16_t rcode)
{
	struct name name = named(text);
	struct question question = question_make(name.octets, type, CLASS_IN, false);

	return reply_draft_new(&question, rcode);
}

static void add(struct reply_draft *draft, enum wire_section section, const char *owner,
	uint16_t type, uint32_t ttl, const void *rdata, size_t size)
{
	struct name name = named(owner);
	struct record record = {
		.section = section,
		.type = type,
		.rclass = CLASS_IN,
		.rdata_size = (uint16_t)size,
		.ttl = ttl,
		.owner = name.octets,
		.rdata = rdata,
	};

	reply_draft_add(draft, &record);
}

static void add_a(struct reply_draft *draft, enum wire_section section, const char *owner,
	uint32_t ttl, unsigned last)
{
	uint8_t rdata[4] = { 192, 0, (uint8_t)(last >> 8), (uint8_t)last };

	add(draft, section, owner, TYPE_A, ttl, rdata, sizeof(rdata));
}

static void add_name(struct reply_draft *draft, enum wire_section section, const char *owner,
	uint16_t type, uint32_t ttl, const char *target)
{
	struct name name = named(target);

	add(draft, section, owner, type, ttl, name.octets, name.size);
}

static void add_sig(struct reply_draft *draft, enum wire_section section, const char *owner,
	uint16_t covers, uint32_t ttl)
{
	uint8_t rdata[24] = { 0 };

	bytes_put_u16(rdata, covers);
	add(draft, section, owner, TYPE_RRSIG, ttl, rdata, sizeof(rdata));
}

static struct answer answer_of(const struct reply *reply)
{
	return (struct answer){
		.id = 0xbeef,
		.flags = WIRE_RD | WIRE_RA,
		.question = question_octets,
		.question_size = QUESTION_SIZE,
		.reply = reply,
		.question_type = TYPE_A,
		.limit = WIRE_UDP_MIN,
	};
}

/* What was sent, taken apart. */
struct sent {
	uint8_t octets[WIRE_MESSAGE_MAX];
	size_t size;
	enum answer_fit fit;
	bool truncated;
	struct wire wire;
	size_t count; /* without OPT */
	struct wire_record records[8192];
};

static struct sent sent; /* too large for a stack */

static void send_answer(const struct answer *answer)
{
	struct wire_walk walk = { 0 };
	struct wire_record record;

	memset(&sent.wire, 0, sizeof(sent.wire));
	sent.count = 0;
	memset(sent.octets, 0xaa, sizeof(sent.octets));
	sent.size = answer_encode(answer, sent.octets, &sent.fit);
	sent.truncated = sent.fit == ANSWER_CUT;
	assert_true(sent.size <= answer->limit);
	assert_true(wire_view(&sent.wire, sent.octets, sent.size));
	if (sent.wire.question_count > 0)
		assert_int_equal(wire_view_question(&sent.wire), WIRE_OK);
	assert_int_equal(wire_view_records(&sent.wire), WIRE_OK);
	while (wire_next(&sent.wire, &walk, &record)) {
		if (record.type != TYPE_OPT)
			sent.records[sent.count++] = record;
	}
	assert_int_equal((sent.wire.flags & WIRE_TC) != 0, sent.truncated);
}

static void assert_sent(
	size_t index, enum wire_section section, const char *owner, uint16_t type, uint32_t ttl)
{
	const struct wire_record *record = &sent.records[index];
	char text[NAME_TEXT_MAX];
	struct name name;
	size_t at = record->owner_at;

	assert_true(index < sent.count);
	assert_int_equal(record->section, section);
	assert_int_equal(record->type, type);
	assert_int_equal(record->ttl, ttl);
	assert_true(name_read(sent.octets, sent.size, &at, &name));
	assert_string_equal(name_format(name.octets, text), owner);
}

static void assert_rdata_name(size_t index, size_t skip, const char *wanted)
{
	char text[NAME_TEXT_MAX];
	struct name name;
	size_t at = sent.records[index].rdata_at + skip;

	assert_true(name_read(sent.octets, sent.size, &at, &name));
	assert_string_equal(name_format(name.octets, text), wanted);
}

static struct reply *simple_reply(void)
{
	struct reply_draft *draft = drafted("www.example.com", TYPE_A, RCODE_NOERROR);

	add_a(draft, SECTION_ANSWER, "www.example.com", 300, 1);
	return reply_draft_seal(draft);
}

/* R1035-4.1.1-a, R1035-4.1.1-b, R1035-4.1.1-c, R4035-3.2.2-a, D64-5.4-a, D64-5.4-d */
static void the_header_and_question_are_the_clients(void **state)
{
	static const struct {
		uint16_t flags;
		uint16_t wanted;
	} rows[] = {
		{ 0, WIRE_QR },
		{ WIRE_RD | WIRE_RA, WIRE_QR | WIRE_RD | WIRE_RA },
		{ WIRE_CD | WIRE_AD, WIRE_QR | WIRE_CD | WIRE_AD },
		{ WIRE_AA, WIRE_QR | WIRE_AA },
		{ WIRE_Z | 0x000f | 0x7800, WIRE_QR },
	};
	struct reply *reply = simple_reply();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer answer = answer_of(reply);

		answer.flags = rows[i].flags;
		send_answer(&answer);
		assert_int_equal(sent.wire.id, 0xbeef);
		assert_int_equal(sent.wire.flags, rows[i].wanted);
		assert_memory_equal(sent.octets + 12, question_octets, QUESTION_SIZE);
		assert_false(sent.wire.edns.present); /* R6891-6.1.1-a */
		assert_int_equal(sent.count, 1);
	}
	reply_unref(reply);
}

/* ACL-b: over the rate limit there are no records, and the client shall come again over TCP. */
static void a_tc_that_the_caller_sets_is_sent(void **state)
{
	struct answer answer = answer_of(NULL);
	uint8_t out[WIRE_UDP_MIN];
	struct wire wire;

	(void)state;
	answer.flags |= WIRE_TC;
	assert_true(wire_view(&wire, out, answer_encode(&answer, out, NULL)));
	assert_int_equal(wire.flags & WIRE_TC, WIRE_TC);
}

/* R4343-4-a */
static void owners_equal_to_qname_point_to_the_question(void **state)
{
	struct reply *reply = simple_reply();
	struct answer answer = answer_of(reply);

	(void)state;
	send_answer(&answer);
	assert_int_equal(sent.size, 12 + QUESTION_SIZE + 16);
	assert_int_equal(bytes_get_u16(sent.octets + 12 + QUESTION_SIZE), 0xc00c);
	assert_sent(0, SECTION_ANSWER, "wWw.ExAmple.com.", TYPE_A, 300);
	reply_unref(reply);
}

/* R3597-4-a, R3597-3-a */
static void names_in_rdata_are_compressed_only_where_rfc_1035_defined_them(void **state)
{
	static const struct {
		uint16_t type;
		size_t skip;
		size_t names;
		bool compressed;
	} rows[] = {
		{ TYPE_NS, 0, 1, true },
		{ 3, 0, 1, true },
		{ 4, 0, 1, true },
		{ 7, 0, 1, true },
		{ 8, 0, 1, true },
		{ 9, 0, 1, true },
		{ 14, 0, 2, true },
		{ TYPE_PTR, 0, 1, true },
		{ TYPE_MX, 2, 1, true },
		{ TYPE_SRV, 6, 1, false },
		{ TYPE_DNAME, 0, 1, false },
		{ 17, 0, 2, false },
		{ 18, 2, 1, false },
		{ 36, 2, 1, false },
		{ 65280, 0, 1, false },
	};
	struct name target = named("a.www.example.com");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply_draft *draft = drafted("www.example.com", rows[i].type, RCODE_NOERROR);
		uint8_t rdata[64] = { 0 };
		size_t size = rows[i].skip;
		struct reply *reply;
		struct answer answer;

		for (size_t j = 0; j < rows[i].names; j++) {
			memcpy(rdata + size, target.octets, target.size);
			size += target.size;
		}
		add(draft, SECTION_ANSWER, "www.EXAMPLE.com", rows[i].type, 300, rdata, size);
		/* The name in the exact case stands somewhere before. */
		add_a(draft, SECTION_ADDITIONAL, "www.example.com", 300, 1);
		reply = reply_draft_seal(draft);
		answer = answer_of(reply);
		answer.question = (const uint8_t *)"\3www\7example\3com\0\0\1\0\1";
		send_answer(&answer);
		assert_int_equal(sent.count, 2);
		if (rows[i].compressed) {
			/* "a" and a pointer; the second name a pointer alone. */
			assert_int_equal(sent.records[0].rdata_size,
				rows[i].skip + 4 + (rows[i].names - 1) * 2);
			assert_rdata_name(0, rows[i].skip, "a.www.example.com.");
		} else {
			assert_int_equal(sent.records[0].rdata_size, size);
			assert_memory_equal(sent.octets + sent.records[0].rdata_at, rdata, size);
		}
		reply_unref(reply);
	}
}

/* R3597-3-a: a pointer to a name in another case would change the RDATA. */
static void names_in_rdata_keep_their_case(void **state)
{
	struct reply_draft *draft = drafted("www.example.com", TYPE_A, RCODE_NOERROR);
	struct reply *reply;
	struct answer answer;

	(void)state;
	add_name(draft, SECTION_ANSWER, "www.example.com", TYPE_CNAME, 60, "X.EXAMPLE.com");
	add_a(draft, SECTION_ANSWER, "x.example.com", 60, 1);
	reply = reply_draft_seal(draft);
	answer = answer_of(reply);
	send_answer(&answer);
	assert_rdata_name(0, 0, "X.EXAMPLE.com.");
	assert_int_equal(sent.records[0].rdata_size, 12); /* x, example, pointer to com */
	assert_sent(1, SECTION_ANSWER, "X.EXAMPLE.com.", TYPE_A, 60);
	reply_unref(reply);
}

static void soa_names_are_compressed_and_the_numbers_kept(void **state)
{
	struct reply_draft *draft = drafted("www.example.com", TYPE_A, RCODE_NXDOMAIN);
	uint8_t rdata[64];
	struct name master = named("ns.example.com");
	struct name mail = named("root.ns.example.com");
	struct reply *reply;
	struct answer answer;

	(void)state;
	memcpy(rdata, master.octets, master.size);
	memcpy(rdata + master.size, mail.octets, mail.size);
	memset(rdata + master.size + mail.size, 0, 20);
	rdata[master.size + mail.size + 19] = 60;
	add(draft, SECTION_AUTHORITY, "example.com", TYPE_SOA, 300, rdata,
		master.size + mail.size + 20U);
	reply = reply_draft_seal(draft);
	answer = answer_of(reply);
	answer.rcode = RCODE_NXDOMAIN;
	answer.question = (const uint8_t *)"\3www\7example\3com\0\0\1\0\1";
	send_answer(&answer);
	assert_int_equal(wire_rcode(&sent.wire), RCODE_NXDOMAIN);
	assert_sent(0, SECTION_AUTHORITY, "example.com.", TYPE_SOA, 60);
	assert_rdata_name(0, 0, "ns.example.com.");
	assert_rdata_name(0, 5, "root.ns.example.com.");
	assert_int_equal(sent.records[0].rdata_size, 5 + 7 + 20);
	assert_int_equal(sent.octets[sent.size - 1], 60);
	reply_unref(reply);
}

/* CCH-b, R2181-8-a, R2308-6-a */
static void ttls_count_down(void **state)
{
	static const struct {
		uint32_t ttl, age, wanted;
	} rows[] = {
		{ 300, 0, 300 },
		{ 300, 100, 200 },
		{ 300, 300, 0 },
		{ 300, 400, 0 },
		{ 0xffffffff, 0, 0x7fffffff },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply_draft *draft = drafted("www.example.com", TYPE_A, RCODE_NOERROR);
		struct reply *reply;
		struct answer answer;

		add_a(draft, SECTION_ANSWER, "www.example.com", rows[i].ttl, 1);
		reply = reply_draft_seal(draft);
		answer = answer_of(reply);
		answer.age_s = rows[i].age;
		send_answer(&answer);
		assert_int_equal(sent.count, 1);
		assert_int_equal(sent.records[0].ttl, rows[i].wanted);
		reply_unref(reply);
	}
}

/* CCH-b: a passenger is not served beyond its own TTL. */
static void passengers_that_ran_out_stay_behind(void **state)
{
	struct reply_draft *draft = drafted("www.example.com", TYPE_A, RCODE_NOERROR);
	struct reply *reply;
	struct answer answer;

	(void)state;
	add_a(draft, SECTION_ANSWER, "www.example.com", 300, 1);
	add_name(draft, SECTION_AUTHORITY, "example.com", TYPE_NS, 9, "ns.example.com");
	add_a(draft, SECTION_ADDITIONAL, "ns.example.com", 11, 1);
	add_a(draft, SECTION_ADDITIONAL, "zero.example.com", 0, 1);
	reply = reply_draft_seal(draft);
	answer = answer_of(reply);
	send_answer(&answer);
	assert_int_equal(sent.count, 4);
	answer.age_s = 10;
	send_answer(&answer);
	assert_int_equal(sent.count, 2);
	assert_sent(1, SECTION_ADDITIONAL, "ns.ExAmple.com.", TYPE_A, 1);
	reply_unref(reply);
}

/* R2308-6-a: the SOA is there for as long as the denial is, in its last second too. */
static void a_denial_keeps_its_soa_to_the_end(void **state)
{
	static const uint32_t ages[] = { 0, 59, 60 };
	const uint8_t rdata[22] = { [21] = 60 };
	struct reply_draft *draft = drafted("www.example.com", TYPE_A, RCODE_NXDOMAIN);
	struct reply *reply;
	struct answer answer;

	(void)state;
	add(draft, SECTION_AUTHORITY, "example.com", TYPE_SOA, 300, rdata, sizeof(rdata));
	reply = reply_draft_seal(draft);
	answer = answer_of(reply);
	for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
		answer.age_s = ages[i];
		send_answer(&answer);
		assert_int_equal(sent.count, 1);
		assert_int_equal(sent.records[0].type, TYPE_SOA);
		assert_int_equal(sent.records[0].ttl, 60 - ages[i]);
	}
	reply_unref(reply);
}

/* SEC-4035-3.2.1-b, UPR-12: what DO=0 leaves of an answer to each type. */
static void dnssec_is_stripped_unless_it_was_asked_for(void **state)
{
	static const struct {
		uint16_t asked;
		uint16_t answered;
		bool keep;
		size_t answers, authorities, additionals;
	} rows[] = {
		{ TYPE_A, TYPE_A, true, 2, 4, 3 },
		{ TYPE_A, TYPE_A, false, 1, 1, 1 },
		{ TYPE_DNSKEY, TYPE_DNSKEY, false, 1, 1, 2 },
		{ TYPE_DS, TYPE_DS, false, 1, 1, 2 },
		{ TYPE_NSEC, TYPE_NSEC, false, 1, 2, 1 },
		{ TYPE_NSEC3PARAM, TYPE_NSEC3PARAM, false, 1, 1, 1 },
		{ TYPE_RRSIG, TYPE_RRSIG, false, 2, 2, 1 },
		{ TYPE_ANY, TYPE_DNSKEY, false, 1, 1, 1 },
		{ TYPE_ANY, TYPE_NSEC, false, 0, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply_draft *draft =
			drafted("www.example.com", rows[i].asked, RCODE_NOERROR);
		uint16_t covered = rows[i].answered == TYPE_RRSIG ? TYPE_MX : rows[i].answered;
		struct reply *reply;
		struct answer answer;

		if (rows[i].answered == TYPE_RRSIG)
			add_sig(draft, SECTION_ANSWER, "www.example.com", TYPE_TXT, 60);
		else
			add(draft, SECTION_ANSWER, "www.example.com", rows[i].answered, 60,
				"\0\0\0\0\0", 5);
		add_sig(draft, SECTION_ANSWER, "www.example.com", covered, 60);
		add(draft, SECTION_AUTHORITY, "a.example.com", TYPE_NSEC, 60, "\0", 1);
		add(draft, SECTION_AUTHORITY, "b.example.com", TYPE_NSEC3, 60, "\0", 1);
		add_name(draft, SECTION_AUTHORITY, "example.com", TYPE_NS, 60, "ns.example.com");
		add_sig(draft, SECTION_AUTHORITY, "example.com", TYPE_NS, 60);
		add_a(draft, SECTION_ADDITIONAL, "ns.example.com", 60, 1);
		add(draft, SECTION_ADDITIONAL, "example.com", TYPE_DS, 60, "\0", 1);
		add(draft, SECTION_ADDITIONAL, "example.com", TYPE_DNSKEY, 60, "\0", 1);
		reply = reply_draft_seal(draft);
		answer = answer_of(reply);
		answer.question_type = rows[i].asked;
		answer.keep_dnssec = rows[i].keep;
		send_answer(&answer);
		assert_int_equal(sent.wire.record_counts[0], rows[i].answers);
		assert_int_equal(sent.wire.record_counts[1], rows[i].authorities);
		assert_int_equal(sent.wire.record_counts[2], rows[i].additionals);
		reply_unref(reply);
	}
}

/* D64-5.4-e, R2181-9-a: header, question, OPT and TC, or all 40. */
static void what_does_not_fit_is_truncated_as_a_whole(void **state)
{
	struct reply_draft *draft = drafted("www.example.com", TYPE_A, RCODE_NOERROR);
	struct reply *reply;
	struct answer answer;

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		add_a(draft, SECTION_ANSWER, "www.example.com", 60, i);
	reply = reply_draft_seal(draft);
	answer = answer_of(reply);
	send_answer(&answer);
	assert_true(sent.truncated);
	assert_int_equal(sent.size, 12 + QUESTION_SIZE);
	assert_int_equal(sent.count, 0);

	answer.edns.present = true;
	send_answer(&answer);
	assert_true(sent.truncated);
	assert_int_equal(sent.size, 12 + QUESTION_SIZE + 11);
	assert_int_equal(sent.wire.record_counts[2], 1); /* R6891-6.1.1-a */

	answer.limit = 12 + QUESTION_SIZE + 11 + 40 * 16;
	send_answer(&answer);
	assert_false(sent.truncated);
	assert_int_equal(sent.count, 40);
	assert_int_equal(sent.size, answer.limit);
	answer.limit--;
	send_answer(&answer);
	assert_true(sent.truncated);

	answer.limit = WIRE_MESSAGE_MAX;
	send_answer(&answer);
	assert_int_equal(sent.count, 40);
	reply_unref(reply);
}

/* R2181-9-a */
static void missing_additional_data_is_no_truncation(void **state)
{
	struct reply_draft *draft = drafted("www.example.com", TYPE_A, RCODE_NOERROR);
	struct reply *reply;
	struct answer answer;

	(void)state;
	for (unsigned i = 0; i < 26; i++)
		add_a(draft, SECTION_ANSWER, "www.example.com", 60, i);
	/* 33 + 26 * 16 = 449: 63 octets are left. */
	add_name(draft, SECTION_AUTHORITY, "example.com", TYPE_NS, 60, "ns.elsewhere.test");
	add_name(draft, SECTION_AUTHORITY, "example.com", TYPE_NS, 60, "ns2.elsewhere.test");
	add_a(draft, SECTION_ADDITIONAL, "ns.elsewhere.test", 60, 1);
	add_a(draft, SECTION_ADDITIONAL, "ns.elsewhere.test", 60, 2);
	add_a(draft, SECTION_ADDITIONAL, "ns2.elsewhere.test", 60, 2);
	reply = reply_draft_seal(draft);
	answer = answer_of(reply);
	send_answer(&answer);
	assert_false(sent.truncated);
	assert_int_equal(sent.wire.record_counts[0], 26);
	assert_int_equal(sent.wire.record_counts[1], 2); /* 31 + 18: 14 are left */
	assert_int_equal(sent.wire.record_counts[2], 0); /* not one of the two */

	/* 16 less: the name servers do not fit either, but one address does. */
	answer.question = (const uint8_t *)"\3www\7example\3com\0\0\1\0\1";
	answer.edns.present = true;
	answer.edns.cookie_size = 16;
	send_answer(&answer);
	assert_false(sent.truncated);
	assert_int_equal(sent.wire.record_counts[0], 26);
	assert_int_equal(sent.wire.record_counts[1], 0);
	assert_int_equal(sent.count, 26);
	reply_unref(reply);
}

static void a_denial_without_room_for_its_soa_is_truncated(void **state)
{
	struct reply_draft *draft = drafted("www.example.com", TYPE_A, RCODE_NOERROR);
	uint8_t rdata[500] = { 0 };
	struct reply *reply;
	struct answer answer;

	(void)state;
	add(draft, SECTION_AUTHORITY, "example.com", TYPE_SOA, 60, rdata, 22);
	add(draft, SECTION_AUTHORITY, "example.com", TYPE_NSEC, 60, rdata, 460);
	reply = reply_draft_seal(draft);
	answer = answer_of(reply);
	answer.keep_dnssec = true;
	send_answer(&answer);
	assert_true(sent.truncated);
	assert_int_equal(sent.count, 0);
	answer.keep_dnssec = false;
	send_answer(&answer);
	assert_false(sent.truncated);
	assert_int_equal(sent.count, 1);
	reply_unref(reply);
}

/* R6891-6.2.3-b, R6840-5.6-a, R7828-3.3.2-a, R8914-2-a and the order of options. */
static void the_opt_holds_what_it_was_given(void **state)
{
	static const uint16_t codes[] = { OPTION_COOKIE, OPTION_NSID, OPTION_KEEPALIVE, OPTION_EDE,
		OPTION_EDE };
	struct reply *reply = simple_reply();
	struct answer answer = answer_of(reply);
	struct ede_list edes = { 0 };
	struct wire_option option;
	size_t at = 0;
	size_t count = 0;

	(void)state;
	answer.edns = (struct answer_edns){
		.present = true,
		.dnssec_ok = true,
		.has_keepalive = true,
		.keepalive = 0x1234,
		.cookie_size = 24,
		.cookie = { 1, 2, 3 },
		.nsid = "here",
	};
	answer.edes = &edes;
	ede_add(&edes, EDE_STALE, "old");
	ede_add(&edes, EDE_FORGED, NULL);
	send_answer(&answer);
	assert_true(sent.wire.edns.present);
	assert_true(sent.wire.edns.dnssec_ok);
	assert_int_equal(sent.wire.edns.version, 0);
	assert_int_equal(sent.wire.edns.udp_size, 1232);
	while (wire_next_option(&sent.wire.edns, &at, &option)) {
		assert_true(count < 5);
		assert_int_equal(option.code, codes[count++]);
	}
	assert_int_equal(count, 5);
	assert_true(wire_find_option(&sent.wire.edns, OPTION_COOKIE, &option));
	assert_int_equal(option.size, 24);
	assert_memory_equal(option.octets, answer.edns.cookie, 24);
	assert_true(wire_find_option(&sent.wire.edns, OPTION_NSID, &option));
	assert_int_equal(option.size, 4);
	assert_memory_equal(option.octets, "here", 4);
	assert_true(wire_find_option(&sent.wire.edns, OPTION_KEEPALIVE, &option));
	assert_int_equal(option.size, 2);
	assert_int_equal(bytes_get_u16(option.octets), 0x1234);
	assert_true(wire_find_option(&sent.wire.edns, OPTION_EDE, &option));
	assert_int_equal(option.size, 5);
	assert_memory_equal(option.octets, "\0\3old", 5);
	reply_unref(reply);
}

/* R8914-3-a, A-15 */
static void extended_errors_make_room_first(void **state)
{
	static const struct {
		size_t limit;
		size_t codes;
		size_t text_size;
		size_t additionals;
		bool truncated;
	} rows[] = {
		/* 33 head, 30 * 16 answer = 513; OPT 11, EDE 6 + 20; additional 16 + 2. */
		{ 513 + 11 + 26 + 18, 1, 20, 1, false },
		{ 513 + 11 + 26 + 17, 1, 0, 1, false },
		{ 513 + 11 + 6 + 18, 1, 0, 1, false },
		{ 513 + 11 + 6 + 17, 1, 0, 0, false },
		{ 513 + 11 + 6, 1, 0, 0, false },
		{ 513 + 11 + 5, 0, 0, 0, true },
		{ 513 + 11, 0, 0, 0, true },
	};
	struct reply_draft *draft = drafted("www.example.com", TYPE_A, RCODE_NOERROR);
	struct reply *reply;

	(void)state;
	for (unsigned i = 0; i < 30; i++)
		add_a(draft, SECTION_ANSWER, "www.example.com", 60, i);
	add_a(draft, SECTION_ADDITIONAL, "z.example.com", 60, 1);
	reply = reply_draft_seal(draft);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer answer = answer_of(reply);
		struct ede_list edes = { 0 };
		struct wire_option option;

		answer.limit = rows[i].limit;
		answer.edns.present = true;
		answer.edes = &edes;
		ede_add(&edes, EDE_SYNTHESIZED, "twenty octets of it.");
		send_answer(&answer);
		assert_int_equal(sent.truncated, rows[i].truncated);
		assert_int_equal(sent.wire.record_counts[0], 30);
		assert_int_equal(sent.wire.record_counts[2], 1 + rows[i].additionals);
		assert_int_equal(
			wire_find_option(&sent.wire.edns, OPTION_EDE, &option), rows[i].codes == 1);
		if (rows[i].codes == 1)
			assert_int_equal(option.size, 2 + rows[i].text_size);
	}
	reply_unref(reply);
}

/* R6891-ext-a, R6891-6.1.3-a */
static void extended_rcodes_need_an_opt(void **state)
{
	static const struct {
		uint16_t rcode;
		bool edns;
		uint16_t wanted;
	} rows[] = {
		{ RCODE_BADVERS, true, RCODE_BADVERS },
		{ RCODE_BADCOOKIE, true, RCODE_BADCOOKIE },
		{ RCODE_BADCOOKIE, false, RCODE_SERVFAIL },
		{ RCODE_REFUSED, false, RCODE_REFUSED },
		{ RCODE_YXDOMAIN, true, RCODE_YXDOMAIN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer answer = answer_of(NULL);

		answer.rcode = rows[i].rcode;
		answer.edns.present = rows[i].edns;
		send_answer(&answer);
		assert_int_equal(wire_rcode(&sent.wire), rows[i].wanted);
		assert_int_equal(sent.count, 0);
	}
}

/* MAL-04: a header alone, with its opcode. */
static void an_answer_may_have_no_question(void **state)
{
	struct answer answer = answer_of(NULL);

	(void)state;
	answer.question = NULL;
	answer.question_size = 0;
	answer.opcode = OPCODE_UPDATE;
	answer.rcode = RCODE_NOTIMP;
	send_answer(&answer);
	assert_int_equal(sent.size, 12);
	assert_int_equal(sent.wire.question_count, 0);
	assert_int_equal(wire_opcode(&sent.wire), OPCODE_UPDATE);
	assert_int_equal(wire_rcode(&sent.wire), RCODE_NOTIMP);
}

/* Property: whatever is encoded reads back as the same names, beyond 16 KiB and with more
 * names than there are slots. */
static void many_names_survive_compression(void **state)
{
	struct reply_draft *draft = drafted("www.example.com", TYPE_MX, RCODE_NOERROR);
	struct reply *reply;
	struct answer answer;
	char text[NAME_TEXT_MAX];

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		char name[64];
		struct name target;
		uint8_t rdata[2 + NAME_SIZE_MAX] = { 0 };

		snprintf(name, sizeof(name), "mx%u.h%u.z%u.example.com", i, i % 300, i % 7);
		target = named(name);
		memcpy(rdata + 2, target.octets, target.size);
		add(draft, SECTION_ANSWER, "www.example.com", TYPE_MX, 60, rdata, 2U + target.size);
		add_a(draft, SECTION_ADDITIONAL, name, 60, i);
	}
	reply = reply_draft_seal(draft);
	answer = answer_of(reply);
	answer.question = (const uint8_t *)"\3www\7example\3com\0\0\1\0\1";
	answer.limit = WIRE_MESSAGE_MAX;
	send_answer(&answer);
	assert_int_equal(sent.wire.record_counts[0], 1000);
	for (size_t i = 0; i < sent.count; i++) {
		struct record record = reply_record(reply, i);

		assert_sent(i, record.section, name_format(record.owner, text), record.type, 60);
		if (record.type == TYPE_MX)
			assert_rdata_name(i, 2, name_format(record.rdata + 2, text));
	}
	assert_int_equal(sent.count, 2000);
	reply_unref(reply);
}

/* UPR-06 */
static void an_answer_beyond_65535_octets_is_truncated(void **state)
{
	struct reply_draft *draft = drafted("www.example.com", TYPE_A, RCODE_NOERROR);
	struct reply *reply;
	struct answer answer;

	(void)state;
	for (unsigned i = 0; i < 4200; i++)
		add_a(draft, SECTION_ANSWER, "www.example.com", 60, i);
	reply = reply_draft_seal(draft);
	answer = answer_of(reply);
	answer.limit = WIRE_MESSAGE_MAX;
	send_answer(&answer);
	assert_true(sent.truncated);
	assert_int_equal(sent.count, 0);
	reply_unref(reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_header_and_question_are_the_clients),
		cmocka_unit_test(a_tc_that_the_caller_sets_is_sent),
		cmocka_unit_test(owners_equal_to_qname_point_to_the_question),
		cmocka_unit_test(names_in_rdata_are_compressed_only_where_rfc_1035_defined_them),
		cmocka_unit_test(names_in_rdata_keep_their_case),
		cmocka_unit_test(soa_names_are_compressed_and_the_numbers_kept),
		cmocka_unit_test(ttls_count_down),
		cmocka_unit_test(passengers_that_ran_out_stay_behind),
		cmocka_unit_test(a_denial_keeps_its_soa_to_the_end),
		cmocka_unit_test(dnssec_is_stripped_unless_it_was_asked_for),
		cmocka_unit_test(what_does_not_fit_is_truncated_as_a_whole),
		cmocka_unit_test(missing_additional_data_is_no_truncation),
		cmocka_unit_test(a_denial_without_room_for_its_soa_is_truncated),
		cmocka_unit_test(the_opt_holds_what_it_was_given),
		cmocka_unit_test(extended_errors_make_room_first),
		cmocka_unit_test(extended_rcodes_need_an_opt),
		cmocka_unit_test(an_answer_may_have_no_question),
		cmocka_unit_test(many_names_survive_compression),
		cmocka_unit_test(an_answer_beyond_65535_octets_is_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
