#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sixward/base/bytes.h"
#include "sixward/dns/answer.h"
#include "sixward/dns/message.h"

static const struct message_rules usual_rules = {
	.ttl_max = 86400,
	.negative_ttl_max = 3600,
	.links_max = 16,
};

/* What upstream sends. */
struct packet {
	struct writer out;
	uint8_t octets[WIRE_MESSAGE_MAX];
	struct question question;
};

/* What became of it. */
struct verdict {
	enum message_result result;
	struct reply *reply;
	struct failure failure;
};

static struct packet packet; /* too large for a stack */
static uint8_t storage[MESSAGE_RECORD_MAX];

static void begin(const char *qname, uint16_t qtype, unsigned flags)
{
	struct name name;

	assert_true(name_parse(qname, &name));
	packet.question = question_make(name.octets, qtype, CLASS_IN, false);
	packet.out = writer_over(packet.octets, sizeof(packet.octets));
	writer_u16(&packet.out, 1);
	writer_u16(&packet.out, (uint16_t)(WIRE_QR | flags));
	writer_u16(&packet.out, 1);
	writer_u16(&packet.out, 0);
	writer_u32(&packet.out, 0);
	writer_put(&packet.out, name.octets, name.size);
	writer_u16(&packet.out, qtype);
	writer_u16(&packet.out, CLASS_IN);
}

static void count_one(enum wire_section section)
{
	size_t at = 6 + 2 * (size_t)section;

	writer_patch_u16(&packet.out, at, (uint16_t)(bytes_get_u16(packet.octets + at) + 1));
}

static void put(enum wire_section section, const char *line)
{
	const char *error = "";
	struct record record;

	if (!message_parse_record(line, 60, &record, storage, &error))
		fail_msg("%s: %s", line, error);
	writer_put(&packet.out, record.owner, name_size(record.owner, NAME_SIZE_MAX));
	writer_u16(&packet.out, record.type);
	writer_u16(&packet.out, record.rclass);
	writer_u32(&packet.out, record.ttl);
	writer_u16(&packet.out, record.rdata_size);
	writer_put(&packet.out, record.rdata, record.rdata_size);
	count_one(section);
}

/* A record with QNAME as its owner, as a pointer. */
static void put_raw(enum wire_section section, uint16_t type, uint16_t rclass, uint32_t ttl,
	const void *rdata, size_t size)
{
	writer_u16(&packet.out, 0xc00c);
	writer_u16(&packet.out, type);
	writer_u16(&packet.out, rclass);
	writer_u32(&packet.out, ttl);
	writer_u16(&packet.out, (uint16_t)size);
	writer_put(&packet.out, rdata, size);
	count_one(section);
}

static void put_opt(unsigned rcode_high, const void *options, size_t size)
{
	writer_u8(&packet.out, 0);
	writer_u16(&packet.out, TYPE_OPT);
	writer_u16(&packet.out, 1232);
	writer_u32(&packet.out, (uint32_t)rcode_high << 24);
	writer_u16(&packet.out, (uint16_t)size);
	writer_put(&packet.out, options, size);
	count_one(SECTION_ADDITIONAL);
}

/* Decodes from memory of exactly that size, so that a read beyond it shows. */
static struct verdict decode_by(const struct message_rules *rules)
{
	struct verdict verdict;
	uint8_t *exact = malloc(packet.out.at);

	assert_non_null(exact);
	assert_false(packet.out.failed);
	memcpy(exact, packet.octets, packet.out.at);
	verdict.result = message_decode(
		exact, packet.out.at, &packet.question, rules, &verdict.reply, &verdict.failure);
	free(exact);
	assert_int_equal(verdict.reply != NULL, verdict.result == MESSAGE_REPLY);
	assert_int_equal(verdict.failure.cause == FAILURE_NONE, verdict.result == MESSAGE_REPLY);
	return verdict;
}

static struct verdict decode(void)
{
	return decode_by(&usual_rules);
}

/* The records as "AN w.example.\t300\tIN\tA\t192.0.2.1" lines with single blanks. */
static char *told(const struct reply *reply)
{
	static const char *const names[] = { "AN ", "NS ", "AR " };
	static char text[65536];
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < reply_count(reply); i++) {
		struct record record = reply_record(reply, i);
		char *line = message_format_record(&record);

		for (char *c = line; *c != '\0'; c++)
			*c = *c == '\t' ? ' ' : *c;
		at += (size_t)snprintf(
			text + at, sizeof(text) - at, "%s%s\n", names[record.section], line);
		free(line);
	}
	return text;
}

static void assert_told(const struct verdict *verdict, const char *wanted)
{
	assert_int_equal(verdict->result, MESSAGE_REPLY);
	assert_string_equal(told(verdict->reply), wanted);
	reply_unref(verdict->reply);
}

static void assert_result(enum message_result wanted)
{
	struct verdict verdict = decode();

	assert_int_equal(verdict.result, wanted);
	reply_unref(verdict.reply);
}

/* D64-5.1.5-a, UPR-07, R1034-3.6.2-a */
static void an_answer_is_put_in_order_and_scrubbed(void **state)
{
	struct verdict verdict;

	(void)state;
	begin("w.example", TYPE_A, WIRE_RA);
	put(SECTION_ANSWER, "y.example. 70 A 192.0.2.2");
	put(SECTION_ANSWER, "y.example. 70 A 192.0.2.1");
	put(SECTION_ANSWER, "y.example. 70 AAAA 2001:db8::1");
	put(SECTION_ANSWER, "junk.example. A 192.0.2.66");
	put(SECTION_ANSWER, "x.example. 80 CNAME y.example.");
	put(SECTION_ANSWER, "w.example. 90 CNAME x.example.");
	put_raw(SECTION_ANSWER, TYPE_A, CLASS_CH, 60, "\1\2\3\4", 4);
	put(SECTION_AUTHORITY, "example. 50 NS ns.example.");
	put(SECTION_ADDITIONAL, "ns.example. 50 A 192.0.2.53");
	put_raw(SECTION_ADDITIONAL, TYPE_A, CLASS_CH, 60, "\1\2\3\4", 4);
	put_opt(0, NULL, 0); /* R6891-6.1.1-b */
	verdict = decode();
	assert_int_equal(reply_facts(verdict.reply)->kind, REPLY_DATA);
	assert_int_equal(reply_facts(verdict.reply)->links, 2);
	assert_int_equal(reply_facts(verdict.reply)->lifetime, 70);
	assert_told(&verdict, "AN w.example. 90 IN CNAME x.example.\n"
			      "AN x.example. 80 IN CNAME y.example.\n"
			      "AN y.example. 70 IN A 192.0.2.2\n"
			      "AN y.example. 70 IN A 192.0.2.1\n"
			      "NS example. 50 IN NS ns.example.\n"
			      "AR ns.example. 50 IN A 192.0.2.53\n");
}

/* UPR-07: all of QNAME's own is kept for ANY. */
static void any_keeps_every_type_of_its_name(void **state)
{
	struct verdict verdict;

	(void)state;
	begin("w.example", TYPE_ANY, WIRE_RA);
	put(SECTION_ANSWER, "w.example. A 192.0.2.2");
	put(SECTION_ANSWER, "w.example. MX 10 m.example.");
	put(SECTION_ANSWER, "junk.example. A 192.0.2.66");
	put(SECTION_ANSWER, "w.example. TYPE65280 \\# 0");
	verdict = decode();
	assert_told(&verdict, "AN w.example. 60 IN A 192.0.2.2\n"
			      "AN w.example. 60 IN MX 10 m.example.\n"
			      "AN w.example. 60 IN TYPE65280 \\# 0\n");
}

/* UPR-08 */
static void contradicting_aliases_are_garbage(void **state)
{
	static const char *const rows[][2] = {
		{ "w.example. CNAME x.example.", "w.example. CNAME y.example." },
		{ "w.example. CNAME x.example.", "w.example. A 192.0.2.1" },
		{ "w.example. CNAME x.example.", "w.example. TXT x" },
		{ "w.example. CNAME x.example.", "w.example. DNAME x.example." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin("w.example", TYPE_A, WIRE_RA);
		put(SECTION_ANSWER, rows[i][0]);
		put(SECTION_ANSWER, rows[i][1]);
		assert_result(MESSAGE_GARBAGE);
	}
}

/* D64-5.1.5-g */
static void loops_and_long_chains_are_told_apart(void **state)
{
	struct verdict verdict;

	(void)state;
	begin("w.example", TYPE_A, WIRE_RA);
	put(SECTION_ANSWER, "w.example. CNAME x.example.");
	put(SECTION_ANSWER, "x.example. CNAME W.example.");
	verdict = decode();
	assert_int_equal(verdict.result, MESSAGE_LOOP);
	assert_int_equal(verdict.failure.cause, FAILURE_CHAIN);

	for (unsigned links = 16; links <= 17; links++) {
		begin("n0.example", TYPE_A, WIRE_RA);
		for (unsigned i = 0; i < links; i++) {
			char line[64];

			snprintf(line, sizeof(line), "n%u.example. CNAME n%u.example.", i, i + 1);
			put(SECTION_ANSWER, line);
		}
		assert_result(links == 16 ? MESSAGE_REPLY : MESSAGE_LOOP);
	}
}

/* D64-5.1.5-e, R6672-2.2-a, R6672-3.4-a */
static void a_dname_gets_its_cname(void **state)
{
	struct verdict verdict;

	(void)state;
	begin("a.b.ex", TYPE_A, WIRE_RA);
	put(SECTION_ANSWER, "b.ex. 300 DNAME c.ex.");
	put(SECTION_ANSWER, "a.c.ex. 60 A 192.0.2.1");
	verdict = decode();
	assert_int_equal(reply_facts(verdict.reply)->links, 1);
	assert_told(&verdict, "AN b.ex. 300 IN DNAME c.ex.\n"
			      "AN a.b.ex. 300 IN CNAME a.c.ex.\n"
			      "AN a.c.ex. 60 IN A 192.0.2.1\n");

	begin("a.b.ex", TYPE_A, WIRE_RA);
	put(SECTION_ANSWER, "b.ex. 300 DNAME c.ex.");
	put(SECTION_ANSWER, "a.b.ex. 0 CNAME a.c.ex.");
	put(SECTION_ANSWER, "a.c.ex. 60 A 192.0.2.1");
	verdict = decode();
	assert_told(&verdict, "AN b.ex. 300 IN DNAME c.ex.\n"
			      "AN a.b.ex. 0 IN CNAME a.c.ex.\n"
			      "AN a.c.ex. 60 IN A 192.0.2.1\n");

	/* Two DNAMEs one after the other. */
	begin("a.b.ex", TYPE_A, WIRE_RA);
	put(SECTION_ANSWER, "b.ex. 300 DNAME c.ex.");
	put(SECTION_ANSWER, "c.ex. 30 DNAME d.ex.");
	put(SECTION_ANSWER, "a.d.ex. 60 A 192.0.2.1");
	verdict = decode();
	assert_told(&verdict, "AN b.ex. 300 IN DNAME c.ex.\n"
			      "AN a.b.ex. 300 IN CNAME a.c.ex.\n"
			      "AN c.ex. 30 IN DNAME d.ex.\n"
			      "AN a.c.ex. 30 IN CNAME a.d.ex.\n"
			      "AN a.d.ex. 60 IN A 192.0.2.1\n");

	begin("a.b.ex", TYPE_A, WIRE_RA);
	put(SECTION_ANSWER, "b.ex. 300 DNAME x.b.ex.");
	assert_result(MESSAGE_LOOP);
}

/* D64-5.1.5-e, UPS-c */
static void yxdomain_is_a_reply_of_its_own(void **state)
{
	const char *target = "0123456789012345678901234567890123456789012345678901234567890.";
	char line[400];
	struct verdict verdict;

	(void)state;
	snprintf(line, sizeof(line), "b.ex. DNAME %s%s%s%s", target, target, target, target);
	begin("a-long-enough-label.b.ex", TYPE_A, WIRE_RA);
	put(SECTION_ANSWER, line);
	verdict = decode();
	assert_int_equal(verdict.result, MESSAGE_REPLY);
	assert_int_equal(reply_facts(verdict.reply)->kind, REPLY_RCODE);
	assert_int_equal(reply_facts(verdict.reply)->rcode, RCODE_YXDOMAIN);
	assert_int_equal(reply_count(verdict.reply), 1);
	reply_unref(verdict.reply);

	begin("a.b.ex", TYPE_A, WIRE_RA | RCODE_YXDOMAIN);
	verdict = decode();
	assert_int_equal(verdict.result, MESSAGE_REPLY);
	assert_int_equal(reply_facts(verdict.reply)->kind, REPLY_RCODE);
	reply_unref(verdict.reply);
}

/* R2308-2.1-a, R2308-2.1-b, R2308-2.2-a, R2308-5-a, R2308-5-d, R2308-5-e, UPR-10, UPR-13,
 * D64-5.1.5-d, D64-5.1.5-f, R6604-2-a */
static void empty_answers_are_told_apart(void **state)
{
	static const struct {
		unsigned flags;
		const char *answer;
		const char *authority[3];
		enum message_result result;
		enum reply_kind kind;
		uint32_t negative_ttl;
		const char *kept;
	} rows[] = {
		{ WIRE_RA, NULL, { "example. 300 SOA a. b. 1 2 3 4 60" }, MESSAGE_REPLY,
			REPLY_NODATA, 60, "NS example. 60 IN SOA a. b. 1 2 3 4 60\n" },
		/* The four forms of RFC 2308 2.1. */
		{ WIRE_RA | 3, NULL,
			{ "example. 300 SOA a. b. 1 2 3 4 60", "example. NS a.example." },
			MESSAGE_REPLY, REPLY_NXDOMAIN, 60,
			"NS example. 60 IN SOA a. b. 1 2 3 4 60\n" },
		{ WIRE_RA | 3, NULL, { "example. 30 SOA a. b. 1 2 3 4 60" }, MESSAGE_REPLY,
			REPLY_NXDOMAIN, 30, "NS example. 30 IN SOA a. b. 1 2 3 4 60\n" },
		{ WIRE_RA | 3, NULL, { NULL }, MESSAGE_REPLY, REPLY_NXDOMAIN, 0, "" },
		{ WIRE_RA | 3, NULL, { "example. NS a.example." }, MESSAGE_REPLY, REPLY_NXDOMAIN, 0,
			"" },
		/* NODATA with and without, and the referral. */
		{ WIRE_RA, NULL, { "example. NS a.example.", "example. 300 SOA a. b. 1 2 3 4 60" },
			MESSAGE_REPLY, REPLY_NODATA, 60,
			"NS example. 60 IN SOA a. b. 1 2 3 4 60\n" },
		{ WIRE_RA, NULL, { NULL }, MESSAGE_REPLY, REPLY_NODATA, 0, "" },
		{ WIRE_RA, NULL, { "example. NS a.example." }, MESSAGE_LAME, REPLY_DATA, 0, NULL },
		/* A cap, and an SOA of elsewhere. */
		{ WIRE_RA, NULL, { "example. 1w SOA a. b. 1 2 3 4 604800" }, MESSAGE_REPLY,
			REPLY_NODATA, 3600, "NS example. 3600 IN SOA a. b. 1 2 3 4 604800\n" },
		{ WIRE_RA | 3, NULL, { "elsewhere. SOA a. b. 1 2 3 4 60" }, MESSAGE_REPLY,
			REPLY_NXDOMAIN, 0, "" },
		{ WIRE_RA | 3, NULL, { "x.w.example. SOA a. b. 1 2 3 4 60" }, MESSAGE_REPLY,
			REPLY_NXDOMAIN, 0, "" },
		/* The proof stays. */
		{ WIRE_RA, NULL,
			{ "example. SOA a. b. 1 2 3 4 60", "w.example. NSEC x.example. TXT" },
			MESSAGE_REPLY, REPLY_NODATA, 60,
			"NS example. 60 IN SOA a. b. 1 2 3 4 60\n"
			"NS w.example. 60 IN NSEC x.example. TXT\n" },
		/* Chains. */
		{ WIRE_RA | 3, "w.example. 60 CNAME x.test.", { "test. SOA a. b. 1 2 3 4 50" },
			MESSAGE_REPLY, REPLY_NXDOMAIN, 50,
			"AN w.example. 60 IN CNAME x.test.\n"
			"NS test. 50 IN SOA a. b. 1 2 3 4 50\n" },
		{ WIRE_RA, "w.example. 60 CNAME x.test.", { "test. SOA a. b. 1 2 3 4 50" },
			MESSAGE_REPLY, REPLY_NODATA, 50,
			"AN w.example. 60 IN CNAME x.test.\n"
			"NS test. 50 IN SOA a. b. 1 2 3 4 50\n" },
		{ WIRE_RA, "w.example. 60 CNAME x.test.", { NULL }, MESSAGE_REPLY, REPLY_CHAIN, 0,
			"AN w.example. 60 IN CNAME x.test.\n" },
		{ WIRE_RA, "w.example. 60 CNAME x.test.", { "test. NS a.test." }, MESSAGE_REPLY,
			REPLY_CHAIN, 0,
			"AN w.example. 60 IN CNAME x.test.\n"
			"NS test. 60 IN NS a.test.\n" },
		{ WIRE_RA, "w.example. 60 CNAME x.test.", { "example. SOA a. b. 1 2 3 4 50" },
			MESSAGE_REPLY, REPLY_CHAIN, 0, "AN w.example. 60 IN CNAME x.test.\n" },
		/* What is denied has no data. */
		{ WIRE_RA | 3, "w.example. A 192.0.2.1", { "example. SOA a. b. 1 2 3 4 60" },
			MESSAGE_REPLY, REPLY_NXDOMAIN, 60,
			"NS example. 60 IN SOA a. b. 1 2 3 4 60\n" },
		/* No recursion: data and an authority's own denial are of use. */
		{ 0, "w.example. A 192.0.2.1", { NULL }, MESSAGE_REPLY, REPLY_DATA, 0,
			"AN w.example. 60 IN A 192.0.2.1\n" },
		{ 0, NULL, { NULL }, MESSAGE_LAME, REPLY_DATA, 0, NULL },
		{ 0, NULL, { "example. SOA a. b. 1 2 3 4 60" }, MESSAGE_LAME, REPLY_DATA, 0, NULL },
		{ 3, NULL, { "example. SOA a. b. 1 2 3 4 60" }, MESSAGE_LAME, REPLY_DATA, 0, NULL },
		{ WIRE_AA | 3, NULL, { "example. SOA a. b. 1 2 3 4 60" }, MESSAGE_REPLY,
			REPLY_NXDOMAIN, 60, "NS example. 60 IN SOA a. b. 1 2 3 4 60\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct verdict verdict;

		begin("w.example", TYPE_A, rows[i].flags);
		if (rows[i].answer != NULL)
			put(SECTION_ANSWER, rows[i].answer);
		for (size_t j = 0; j < 3 && rows[i].authority[j] != NULL; j++)
			put(SECTION_AUTHORITY, rows[i].authority[j]);
		verdict = decode();
		assert_int_equal(verdict.result, rows[i].result);
		if (verdict.result == MESSAGE_LAME)
			assert_int_equal(verdict.failure.rcode, RCODE_REFUSED);
		if (rows[i].kept == NULL)
			continue;
		assert_int_equal(reply_facts(verdict.reply)->kind, rows[i].kind);
		assert_int_equal(reply_facts(verdict.reply)->negative_ttl, rows[i].negative_ttl);
		assert_told(&verdict, rows[i].kept);
	}
}

/* R2181-5-a, R2181-5.2-a, R2181-8-a, UPR-11, CCH-d */
static void ttls_are_levelled_and_capped(void **state)
{
	static const struct {
		uint32_t ttls[2];
		uint32_t ttl_min;
		uint32_t wanted;
	} rows[] = {
		{ { 10, 300 }, 0, 10 },
		{ { 300, 10 }, 0, 10 },
		{ { 0x80000001, 0x80000001 }, 0, 86400 },
		{ { 0xffffffff, 300 }, 0, 300 },
		{ { 1000000, 1000000 }, 0, 86400 },
		{ { 1, 1 }, 0, 1 },
		{ { 0, 60 }, 0, 0 },
		{ { 1, 300 }, 30, 30 },
		{ { 40, 300 }, 30, 40 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct message_rules rules = usual_rules;
		struct verdict verdict;

		rules.ttl_min = rows[i].ttl_min;
		begin("w.example", TYPE_A, WIRE_RA);
		put_raw(SECTION_ANSWER, TYPE_A, CLASS_IN, rows[i].ttls[0], "\1\2\3\4", 4);
		put_raw(SECTION_ANSWER, TYPE_A, CLASS_IN, rows[i].ttls[1], "\1\2\3\5", 4);
		put_raw(SECTION_ANSWER, TYPE_A, CLASS_IN, rows[i].ttls[1], "\1\2\3\4", 4);
		verdict = decode_by(&rules);
		assert_int_equal(verdict.result, MESSAGE_REPLY);
		assert_int_equal(reply_count(verdict.reply), 2);
		assert_int_equal(reply_record(verdict.reply, 0).ttl, rows[i].wanted);
		assert_int_equal(reply_record(verdict.reply, 1).ttl, rows[i].wanted);
		reply_unref(verdict.reply);
	}
}

/* UPR-09, R4074-4-a */
static void malformed_rdata_is_garbage(void **state)
{
	static const struct {
		uint16_t type;
		size_t size;
		const char *rdata;
		bool sound;
	} rows[] = {
		{ TYPE_A, 4, "\1\2\3\4", true }, { TYPE_A, 0, "", false },
		{ TYPE_A, 3, "\1\2\3", false }, { TYPE_A, 5, "\1\2\3\4\5", false },
		{ TYPE_AAAA, 16, "0123456789abcdef", true }, { TYPE_AAAA, 4, "\1\2\3\4", false },
		{ TYPE_AAAA, 17, "0123456789abcdef0", false }, { TYPE_AAAA, 0, "", false },
		{ TYPE_CNAME, 3, "\1a\0", true }, { TYPE_CNAME, 4, "\1a\0\0", false },
		{ TYPE_CNAME, 2, "\1a", false }, { TYPE_CNAME, 0, "", false },
		{ TYPE_CNAME, 2, "\xc0\x0c", true }, { TYPE_CNAME, 1, "\xc0", false },
		{ TYPE_CNAME, 2, "\xff\xff", false },
		{ TYPE_CNAME, 3,
			"\x41"
			"a\0",
			false },
		{ TYPE_NS, 1, "\0", true }, { TYPE_SOA, 22, "\0\0AAAABBBBCCCCDDDDEEEE", true },
		{ TYPE_SOA, 21, "\0\0AAAABBBBCCCCDDDDEEE", false },
		{ TYPE_SOA, 23, "\0\0AAAABBBBCCCCDDDDEEEEF", false },
		{ TYPE_MX, 3, "\0\1\0", true }, { TYPE_MX, 2, "\0\1", false },
		{ TYPE_MX, 1, "\0", false }, { TYPE_TXT, 1, "\0", true },
		{ TYPE_TXT, 5, "\1a\2bc", true }, { TYPE_TXT, 0, "", false },
		{ TYPE_TXT, 2, "\2a", false }, { TYPE_SRV, 7, "\0\1\0\1\0\1\0", true },
		{ TYPE_SRV, 6, "\0\1\0\1\0\1", false },
		{ TYPE_RRSIG, 20, "\0\1\1\1AAAABBBBCCCCDD\0s", true },
		{ TYPE_RRSIG, 19, "\0\1\1\1AAAABBBBCCCCDD\0", false },
		{ TYPE_NSEC, 4, "\0\0\1\x40", true }, { TYPE_NSEC, 3, "\0\0\0", false },
		{ TYPE_NSEC, 4, "\0\0\2\x40", false },
		{ TYPE_NSEC, 7, "\0\1\1\x40\0\1\x40", false }, { TYPE_DS, 5, "\0\1\1\1d", true },
		{ TYPE_DS, 4, "\0\1\1\1", false }, { TYPE_NSEC3, 8, "\1\0\0\1\0\1h\0", false },
		{ TYPE_NSEC3, 7, "\1\0\0\1\0\1h", true }, { 64, 3, "\0\1\0", true },
		{ 65, 10, "\0\1\0\0\1\0\3\2h2", true }, { 65, 9, "\0\1\0\0\1\0\3\2h", false },
		{ 65, 4, "\0\1\xc0\x0c", false }, { 36, 4, "\0\1\xc0\x0c", false },
		{ 29, 3, "\0\1\2", false },
		{ 29, 16, "\0\x12\x16\x13\x80\0\0\0\x80\0\0\0\0\x98\x96\x80", true },
		{ 10, 0, "", true }, { 0, 0, "", true }, { 65280, 0, "", true },
		{ 65280, 2, "\xc0\x0c", true }, /* R3597-3-a */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct verdict verdict;

		/* As an answer to its own type, and as a passenger. */
		begin("w.example", rows[i].type, WIRE_RA);
		put_raw(SECTION_ADDITIONAL, rows[i].type, CLASS_IN, 60, rows[i].rdata,
			rows[i].size);
		verdict = decode();
		if ((verdict.result == MESSAGE_REPLY) != rows[i].sound)
			fail_msg("row %zu: type %u", i, (unsigned)rows[i].type);
		if (rows[i].sound)
			assert_int_equal(reply_count(verdict.reply), 1);
		else
			assert_int_equal(verdict.failure.cause, FAILURE_GARBAGE);
		reply_unref(verdict.reply);
	}
}

/* R3597-3-a, R3597-4-a: names of the listed types are decompressed; nothing else changes. */
static void rdata_is_decompressed_and_otherwise_kept(void **state)
{
	static const struct {
		uint16_t type;
		const char *before, *between, *after;
		size_t sizes[3];
		unsigned names;
	} rows[] = {
		{ TYPE_NS, "", "", "", { 0, 0, 0 }, 1 },
		{ TYPE_PTR, "", "", "", { 0, 0, 0 }, 1 },
		{ 3, "", "", "", { 0, 0, 0 }, 1 },
		{ 14, "", "", "", { 0, 0, 0 }, 2 },
		{ TYPE_MX, "\0\12", "", "", { 2, 0, 0 }, 1 },
		{ 17, "", "", "", { 0, 0, 0 }, 2 },
		{ 18, "\0\1", "", "", { 2, 0, 0 }, 1 },
		{ 21, "\0\1", "", "", { 2, 0, 0 }, 1 },
		{ TYPE_SIG, "\0\1\1\1AAAABBBBCCCCDD", "", "sig", { 18, 0, 3 }, 1 },
		{ 26, "\0\1", "", "", { 2, 0, 0 }, 2 },
		{ 30, "", "", "\x40\1", { 0, 0, 2 }, 1 },
		{ 35, "\0\1\0\2\1s\0\0", "", "", { 8, 0, 0 }, 1 },
		{ TYPE_SRV, "\0\1\0\2\0\3", "", "", { 6, 0, 0 }, 1 },
		{ TYPE_SOA, "", "", "AAAABBBBCCCCDDDDEEEE", { 0, 0, 20 }, 2 },
		{ TYPE_DNAME, "", "", "", { 0, 0, 0 }, 1 },
	};
	static const uint8_t expanded[] = "\1X\1w\7eXample"; /* the NUL is the root */

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t sent[128];
		uint8_t wanted[128];
		struct writer in = writer_over(sent, sizeof(sent));
		struct writer out = writer_over(wanted, sizeof(wanted));
		struct verdict verdict;
		struct record record;

		writer_put(&in, rows[i].before, rows[i].sizes[0]);
		writer_put(&out, rows[i].before, rows[i].sizes[0]);
		for (unsigned j = 0; j < rows[i].names; j++) {
			writer_put(&in, "\1X\xc0\x0c", 4);
			writer_put(&out, expanded, sizeof(expanded));
		}
		writer_put(&in, rows[i].after, rows[i].sizes[2]);
		writer_put(&out, rows[i].after, rows[i].sizes[2]);

		begin("w.eXample", rows[i].type, WIRE_RA);
		put_raw(SECTION_ANSWER, rows[i].type, CLASS_IN, 60, sent, in.at);
		verdict = decode();
		assert_int_equal(verdict.result, MESSAGE_REPLY);
		record = reply_record(verdict.reply, 0);
		assert_int_equal(record.rdata_size, out.at);
		assert_memory_equal(record.rdata, wanted, out.at);
		assert_memory_equal(record.owner, "\1w\7eXample", 11); /* R4343-4-a */
		reply_unref(verdict.reply);
	}
}

/* R3597-3-a */
static void unknown_types_pass_as_they_are(void **state)
{
	static uint8_t rdata[65000];
	struct verdict verdict;

	(void)state;
	memset(rdata, 0xc0, sizeof(rdata));
	begin("w.example", 65280, WIRE_RA);
	put_raw(SECTION_ANSWER, 65280, CLASS_IN, 60, rdata, sizeof(rdata));
	verdict = decode();
	assert_int_equal(reply_record(verdict.reply, 0).rdata_size, sizeof(rdata));
	assert_memory_equal(reply_record(verdict.reply, 0).rdata, rdata, sizeof(rdata));
	reply_unref(verdict.reply);
}

/* UPR-04, UPR-03 and MAL-11 from the other side. */
static void broken_messages_are_garbage(void **state)
{
	struct verdict verdict;

	(void)state;
	begin("w.example", TYPE_A, WIRE_RA);
	put(SECTION_ANSWER, "w.example. A 192.0.2.1");
	for (size_t size = packet.out.at; size-- > 0;) {
		size_t whole = packet.out.at;

		packet.out.at = size;
		assert_result(MESSAGE_GARBAGE);
		packet.out.at = whole;
	}
	writer_u32(&packet.out, 0xdeadbeef); /* MAL-12: octets behind the last record */
	assert_result(MESSAGE_REPLY);
	count_one(SECTION_ANSWER);
	assert_result(MESSAGE_GARBAGE);

	begin("w.example", TYPE_A, WIRE_RA);
	put_raw(SECTION_ANSWER, TYPE_A, CLASS_IN, 60, "\1\2\3\4", 4);
	packet.octets[packet.out.at - 15] = 0xff; /* the owner points forwards */
	assert_result(MESSAGE_GARBAGE);

	begin("w.example", TYPE_A, WIRE_RA);
	put_opt(0, NULL, 0);
	put_opt(0, NULL, 0);
	assert_result(MESSAGE_GARBAGE);

	/* An option that overruns its OPT leaves the data usable. */
	begin("w.example", TYPE_A, WIRE_RA);
	put(SECTION_ANSWER, "w.example. A 192.0.2.1");
	put_opt(0, "\0\17\0\77", 4);
	verdict = decode();
	assert_told(&verdict, "AN w.example. 60 IN A 192.0.2.1\n");
}

/* R8914-3-b, R8914-3-c, R8914-2-a */
static void extended_errors_are_made_again(void **state)
{
	static const char options[] = "\0\17\0\7\0\6bogus"
				      "\0\17\0\2\0\11"
				      "\0\17\0\1x" /* too short for a code */
				      "\0\3\0\2me"
				      "\0\17\0\4\0\17a\0"
				      "\0\17\0\3\0\20b";
	struct verdict verdict;
	const struct ede_list *edes;

	(void)state;
	begin("w.example", TYPE_A, WIRE_RA | RCODE_SERVFAIL);
	put_opt(0, options, sizeof(options) - 1);
	verdict = decode();
	assert_int_equal(verdict.result, MESSAGE_RCODE);
	assert_int_equal(verdict.failure.cause, FAILURE_RCODE);
	assert_int_equal(verdict.failure.rcode, RCODE_SERVFAIL);
	assert_int_equal(verdict.failure.edes.count, 3);
	assert_int_equal(verdict.failure.edes.items[0].code, 6);
	assert_string_equal(verdict.failure.edes.items[0].text, "upstream: bogus");
	assert_int_equal(verdict.failure.edes.items[1].code, 9);
	assert_string_equal(verdict.failure.edes.items[1].text, "upstream");
	assert_int_equal(verdict.failure.edes.items[2].code, 15);
	assert_string_equal(verdict.failure.edes.items[2].text, "upstream: a");
	assert_true(failure_is_dnssec(&verdict.failure)); /* D64-5.5-nvb */

	begin("w.example", TYPE_A, WIRE_RA);
	put(SECTION_ANSWER, "w.example. A 192.0.2.1");
	put_opt(0, options, sizeof(options) - 1);
	verdict = decode();
	edes = reply_edes(verdict.reply);
	assert_int_equal(edes->count, 3);
	assert_string_equal(edes->items[2].text, "upstream: a");
	assert_told(&verdict, "AN w.example. 60 IN A 192.0.2.1\n");
}

static void other_rcodes_are_failures(void **state)
{
	static const struct {
		unsigned low, high;
		uint16_t wanted;
	} rows[] = { { 1, 0, 1 }, { 2, 0, 2 }, { 4, 0, 4 }, { 5, 0, 5 }, { 9, 0, 9 }, { 0, 1, 16 },
		{ 7, 1, 23 }, { 3, 1, 19 } };
	struct verdict verdict;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin("w.example", TYPE_A, WIRE_RA | rows[i].low);
		put_opt(rows[i].high, NULL, 0);
		verdict = decode();
		assert_int_equal(verdict.result, MESSAGE_RCODE);
		assert_int_equal(verdict.failure.rcode, rows[i].wanted);
	}

	/* UPR-02: without a question. */
	begin("w.example", TYPE_A, RCODE_FORMERR);
	packet.out.at = 12;
	packet.octets[5] = 0;
	verdict = decode();
	assert_int_equal(verdict.result, MESSAGE_RCODE);
	assert_int_equal(verdict.failure.rcode, RCODE_FORMERR);

	/* An old server's error with nonsense behind it. */
	begin("w.example", TYPE_A, RCODE_FORMERR);
	count_one(SECTION_ANSWER);
	assert_result(MESSAGE_RCODE);
}

/* R4035-4.6-b, UPR-14 */
static void ad_counts_from_a_trusted_upstream_only(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct message_rules rules = usual_rules;
		struct verdict verdict;

		rules.trust_ad = i & 1;
		begin("w.example", TYPE_A, WIRE_RA | WIRE_Z | WIRE_AA | (i & 2 ? WIRE_AD : 0));
		put(SECTION_ANSWER, "w.example. A 192.0.2.1");
		verdict = decode_by(&rules);
		assert_int_equal(reply_facts(verdict.reply)->ad, i == 3);
		assert_told(&verdict, "AN w.example. 60 IN A 192.0.2.1\n");
	}
}

/* SEC-DS: resolved like any type, with its signature and proof. */
static void dnssec_types_are_like_any_other(void **state)
{
	struct verdict verdict;

	(void)state;
	begin("w.example", TYPE_DS, WIRE_RA);
	put(SECTION_ANSWER, "w.example. 60 DS 1 8 2 abcd");
	put(SECTION_ANSWER, "w.example. 50 RRSIG DS 8 2 60 20300101000000 20200101000000 7 "
			    "example. AAAA");
	put(SECTION_ANSWER, "w.example. 50 RRSIG TXT 8 2 60 20300101000000 20200101000000 7 "
			    "example. AAAA");
	verdict = decode();
	assert_told(&verdict, "AN w.example. 50 IN DS 1 8 2 abcd\n"
			      "AN w.example. 50 IN RRSIG DS 8 2 60 20300101000000 20200101000000 "
			      "7 example. AAAA\n");
}

/* R5625-4.3-a, MAL-26 */
static void other_classes_are_taken_by_their_own(void **state)
{
	struct verdict verdict;

	(void)state;
	begin("w.example", TYPE_A, WIRE_RA);
	packet.question.rclass = 300;
	put_raw(SECTION_ANSWER, TYPE_A, 300, 60, "\1\2", 2);
	put_raw(SECTION_ANSWER, TYPE_A, CLASS_IN, 60, "\1\2\3\4", 4);
	verdict = decode();
	assert_told(&verdict, "AN w.example. 60 CLASS300 A \\# 2 0102\n");

	begin("w.example", TYPE_A, WIRE_RA);
	packet.question.rclass = CLASS_ANY;
	put_raw(SECTION_ANSWER, TYPE_A, CLASS_CH, 60, "\1\2", 2);
	verdict = decode();
	assert_told(&verdict, "AN w.example. 60 CH A \\# 2 0102\n");
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A full message of hostile records takes no longer than its size warrants: a quadratic step
 * over 4,000 of them would take a hundred times as long. */
static void thousands_of_records_are_no_feast(void **state)
{
	double start = seconds();
	struct verdict verdict;

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		begin("w.example", TYPE_A, WIRE_RA);
		put(SECTION_ANSWER, "w.example. A 192.0.2.1");
		for (unsigned i = 0; i < 4000; i++) {
			uint8_t rdata[4];

			bytes_put_u32(rdata, round == 0 ? i * 2654435761U : i / 2);
			put_raw(SECTION_ANSWER, round == 0 ? TYPE_A : (uint16_t)(300 + i), CLASS_IN,
				60, rdata, 4);
		}
		verdict = decode();
		assert_int_equal(verdict.result, MESSAGE_REPLY);
		assert_int_equal(reply_count(verdict.reply), round == 0 ? 4001 : 1);
		reply_unref(verdict.reply);
	}
	assert_true(seconds() - start < 1.0);
}

/* Property: any octets end in a result, and what is taken can be told, sent and taken again. */
static void decoding_what_was_encoded_gives_the_same(void **state)
{
	static uint8_t out[WIRE_MESSAGE_MAX];
	static char first[65536];
	struct answer answer = { .flags = WIRE_RA, .keep_dnssec = true, .limit = sizeof(out) };
	struct verdict verdict;
	struct verdict again;

	(void)state;
	begin("a.b.ex", TYPE_MX, WIRE_RA);
	put(SECTION_ANSWER, "b.ex. 300 DNAME c.ex.");
	put(SECTION_ANSWER, "a.c.ex. 60 MX 1 mx.c.ex.");
	put(SECTION_ANSWER, "a.c.ex. 60 MX 2 mx2.c.ex.");
	put(SECTION_AUTHORITY, "c.ex. 60 NS ns.c.ex.");
	put(SECTION_ADDITIONAL, "mx.c.ex. 60 A 192.0.2.1");
	put(SECTION_ADDITIONAL, "mx.c.ex. 60 AAAA 2001:db8::1");
	put(SECTION_ADDITIONAL, "ns.c.ex. 60 TXT \"a b\" c");
	put(SECTION_ADDITIONAL, "ns.c.ex. 60 HTTPS 1 . alpn=h2");
	verdict = decode();
	assert_int_equal(verdict.result, MESSAGE_REPLY);
	strcpy(first, told(verdict.reply));
	answer.reply = verdict.reply;
	answer.question = packet.octets + 12;
	answer.question_size = packet.question.name.size + 4U;
	answer.question_type = TYPE_MX;
	packet.out.at = answer_encode(&answer, out, NULL);
	memcpy(packet.octets, out, packet.out.at);
	again = decode();
	assert_told(&again, first);
	reply_unref(verdict.reply);
}

/* Property: damage of any octet leads to some result, never to a bad read (ASan). */
static void damaged_messages_end_in_some_result(void **state)
{
	static uint8_t whole[4096];
	uint32_t seed = 1;
	size_t size;
	size_t replies = 0;

	(void)state;
	begin("a.b.ex", TYPE_AAAA, WIRE_RA);
	put_raw(SECTION_ANSWER, TYPE_CNAME, CLASS_IN, 60, "\1c\xc0\x0c", 4);
	put(SECTION_ANSWER, "b.ex. DNAME c.ex.");
	put(SECTION_ANSWER, "c.a.b.ex. AAAA 2001:db8::1");
	put(SECTION_AUTHORITY, "ex. SOA a. b. 1 2 3 4 60");
	put(SECTION_AUTHORITY, "ex. NSEC3 1 0 1 ab 0123456789abcdefghijklmnopqrstuv A");
	put(SECTION_ADDITIONAL, "ex. HTTPS 1 . alpn=h2");
	put(SECTION_ADDITIONAL, "ex. LOC 52 22 23.000 N 4 53 32.000 E -2m");
	put_opt(0, "\0\17\0\3\0\1x", 7);
	size = packet.out.at;
	assert_true(size <= sizeof(whole));
	memcpy(whole, packet.octets, size);
	for (unsigned i = 0; i < 20000; i++) {
		struct verdict verdict;

		memcpy(packet.octets, whole, size);
		for (unsigned j = 0; j < 1 + i % 3; j++) {
			seed = seed * 1664525 + 1013904223;
			packet.octets[(seed >> 8) % size] = (uint8_t)(seed >> 24);
		}
		verdict = decode();
		if (verdict.result == MESSAGE_REPLY) {
			replies++;
			if (i % 16 == 0)
				told(verdict.reply);
		}
		reply_unref(verdict.reply);
	}
	assert_true(replies > 1000);
}

static void records_are_parsed(void **state)
{
	static const struct {
		const char *line;
		const char *wanted; /* NULL: an error */
	} rows[] = {
		{ "a.example. 300 IN A 192.0.2.1", "a.example.\t300\tIN\tA\t192.0.2.1" },
		{ "a.example A 192.0.2.1", "a.example.\t77\tIN\tA\t192.0.2.1" },
		{ "a.example. IN 300 A 192.0.2.1", "a.example.\t300\tIN\tA\t192.0.2.1" },
		{ "a.example. 1h30m a 192.0.2.1", "a.example.\t5400\tIN\tA\t192.0.2.1" },
		{ "a.example.\tCLASS1\tTYPE1\t\\# 4 c0000201", "a.example.\t77\tIN\tA\t192.0.2.1" },
		{ "A A 192.0.2.1", "A.\t77\tIN\tA\t192.0.2.1" },
		{ "a.example. MX 10 mail", "a.example.\t77\tIN\tMX\t10 mail." },
		{ "a.example. TXT \"a;b\" c ; d", "a.example.\t77\tIN\tTXT\t\"a;b\" \"c\"" },
		{ "a.example. A 192.0.2.1 ; why", "a.example.\t77\tIN\tA\t192.0.2.1" },
		{ "a.example. 2147483647 A 192.0.2.1", "a.example.\t2147483647\tIN\tA\t192.0.2.1" },
		{ "a.example. TYPE65280 \\# 3 010203",
			"a.example.\t77\tIN\tTYPE65280\t\\# 3 010203" },
		{ "a.example. TYPE65280 \\# 0", "a.example.\t77\tIN\tTYPE65280\t\\# 0" },
		{ "a.example. SVCB 1 b alpn=h2,h3", "a.example.\t77\tIN\tSVCB\t1 b. alpn=h2,h3" },
		{ "_25._tcp.example. SRV 1 2 25 a.b.",
			"_25._tcp.example.\t77\tIN\tSRV\t1 2 25 a.b." },
		{ "a\\.b.example. A 192.0.2.1", "a\\.b.example.\t77\tIN\tA\t192.0.2.1" },
		{ "a.example. TYPE65280 \\# 4 01 02 03 04",
			"a.example.\t77\tIN\tTYPE65280\t\\# 4 01020304" },
		{ "a.example. DS 1 8 2 12 34", "a.example.\t77\tIN\tDS\t1 8 2 1234" },
		{ "a.example. DS 1 8 256 1234", NULL },
		{ "a.example. SOA a. b. 4294967296 2 3 4 5", NULL },
		{ "", NULL },
		{ " A 192.0.2.1", NULL },
		{ "a.example.", NULL },
		{ "a.example. 300", NULL },
		{ "a.example. 300 300 A 192.0.2.1", NULL },
		{ "a.example. A", NULL },
		{ "a.example. A 192.0.2", NULL },
		{ "a.example. A 192.0.2.1 192.0.2.2", NULL },
		{ "a.example. A \\# 3 010203", NULL },
		{ "a.example. CH A 192.0.2.1", NULL },
		{ "a.example. CLASS3 TXT x", NULL },
		{ "a.example. 2147483648 A 192.0.2.1", NULL },
		{ "a.example. 4294967297 A 192.0.2.1", NULL },
		{ "a.example. 99999999999999999999999 A 192.0.2.1", NULL },
		{ "a.example. 9999w A 192.0.2.1", NULL },
		{ "a.example. 1x A 192.0.2.1", NULL },
		{ "a.example. -1 A 192.0.2.1", NULL },
		{ "a.example. BOGUS x", NULL },
		{ "a.example. ANY x", NULL },
		{ "a.example. OPT x", NULL },
		{ "a.example. TYPE0 \\# 0", NULL },
		{ "$ORIGIN example.", NULL },
		{ "a..example. A 192.0.2.1", NULL },
		{ "a.example. MX 70000 m.", NULL },
		{ "a.example. SRV 1 2 65536 m.", NULL },
		{ "a.example. TXT \"a\nb\"", NULL },
		{ "a.example. A 192.0.2.1\nb.example. A 192.0.2.1", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record record;
		const char *error;
		bool parsed = message_parse_record(rows[i].line, 77, &record, storage, &error);
		char *text;

		if (parsed != (rows[i].wanted != NULL))
			fail_msg("%s: %s", rows[i].line, parsed ? "taken" : error);
		assert_int_equal(parsed, error == NULL);
		if (!parsed) {
			assert_true(strlen(error) > 5);
			continue;
		}
		text = message_format_record(&record);
		assert_string_equal(text, rows[i].wanted);
		free(text);
	}
}

static void errors_of_records_say_what_is_wrong(void **state)
{
	static const char *const rows[][2] = {
		{ "a.example. CH A 192.0.2.1", "class must be IN" },
		{ "a.example. BOGUS x", "unknown record type" },
		{ "a.example. 2147483648 A 192.0.2.1",
			"the TTL must be a number of seconds up to 2147483647" },
		{ "a.example. MX 70000 m.", "a number is out of range" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record record;
		const char *error;

		assert_false(message_parse_record(rows[i][0], 77, &record, storage, &error));
		assert_string_equal(error, rows[i][1]);
	}
}

/* Property: text to record to text, for what ldns writes in its own way and what it cannot. */
static void formatted_records_parse_to_the_same(void **state)
{
	static const char *const lines[] = {
		"a.example. A 192.0.2.1",
		"a.example. AAAA 2001:db8::1",
		"a.example. SOA a. b. 1 2 3 4 5",
		"a.example. CAA 0 issue \"ca.example\"",
		"a.example. NAPTR 1 2 \"s\" \"\" \"!a!b!\" c.",
		"a.example. LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m",
		"a.example. NSEC b.example. A AAAA TYPE65280",
		"a.example. NSEC3 1 0 1 ab 0123456789abcdefghijklmnopqrstuv A",
		"a.example. DNSKEY 257 3 8 AwEAAQ==",
		"a.example. TLSA 3 1 1 abcd",
		"a.example. HINFO \"a b\" c",
		"a.example. HTTPS 1 . alpn=h2,h3 port=443 ipv4hint=192.0.2.1",
		"a.example. TYPE65280 \\# 2 0102",
		"a.example. NULL \\# 2 0102",
		"\\000\\255.example. TXT \"\\000\\255\\\"\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		static uint8_t other[MESSAGE_RECORD_MAX];
		struct record first;
		struct record second;
		const char *error;
		char *text;

		if (!message_parse_record(lines[i], 77, &first, storage, &error))
			fail_msg("%s: %s", lines[i], error);
		text = message_format_record(&first);
		if (!message_parse_record(text, 1, &second, other, &error))
			fail_msg("%s: %s", text, error);
		assert_int_equal(second.ttl, 77);
		assert_int_equal(second.type, first.type);
		assert_true(name_equal(second.owner, first.owner));
		assert_int_equal(second.rdata_size, first.rdata_size);
		assert_memory_equal(second.rdata, first.rdata, first.rdata_size);
		free(text);
	}
}

static void what_ldns_cannot_print_comes_as_octets(void **state)
{
	struct record record = {
		.type = TYPE_A,
		.rclass = CLASS_IN,
		.rdata_size = 3,
		.ttl = 5,
		.owner = (const uint8_t *)"\1a",
		.rdata = (const uint8_t *)"\1\2\3",
	};
	char *text = message_format_record(&record);

	(void)state;
	assert_string_equal(text, "a.\t5\tIN\tA\t\\# 3 010203");
	free(text);
	record.rclass = 300;
	record.type = 65280;
	text = message_format_record(&record);
	assert_string_equal(text, "a.\t5\tCLASS300\tTYPE65280\t\\# 3 010203");
	free(text);
}

static void types_and_rcodes_have_names(void **state)
{
	static const struct {
		const char *text;
		uint16_t type;
	} types[] = { { "A", 1 }, { "AAAA", 28 }, { "TYPE65280", 65280 }, { "ANY", 255 },
		{ "HTTPS", 65 }, { "TYPE0", 0 }, { "AXFR", 252 } };
	static const char *const wrong[] = { "", "NOPE", "TYPE", "TYPE65536", "TYPEx", "TYPE1x",
		"A ", "-1" };
	static const struct {
		uint16_t rcode;
		const char *text;
	} rcodes[] = { { 0, "NOERROR" }, { 3, "NXDOMAIN" }, { 4, "NOTIMP" }, { 6, "YXDOMAIN" },
		{ 11, "RCODE11" }, { 16, "BADVERS" }, { 23, "BADCOOKIE" }, { 24, "RCODE24" },
		{ 4095, "RCODE4095" } };
	char text[MESSAGE_TYPE_TEXT_MAX];
	uint16_t type;

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		assert_true(message_parse_type(types[i].text, &type));
		assert_int_equal(type, types[i].type);
		assert_string_equal(message_format_type(type, text), types[i].text);
	}
	assert_true(message_parse_type("type28", &type));
	assert_int_equal(type, 28);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(message_parse_type(wrong[i], &type));
	for (uint32_t i = 0; i <= UINT16_MAX; i++) {
		assert_true(message_parse_type(message_format_type((uint16_t)i, text), &type));
		assert_int_equal(type, i);
	}
	for (size_t i = 0; i < sizeof(rcodes) / sizeof(rcodes[0]); i++)
		assert_string_equal(message_format_rcode(rcodes[i].rcode, text), rcodes[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_put_in_order_and_scrubbed),
		cmocka_unit_test(any_keeps_every_type_of_its_name),
		cmocka_unit_test(contradicting_aliases_are_garbage),
		cmocka_unit_test(loops_and_long_chains_are_told_apart),
		cmocka_unit_test(a_dname_gets_its_cname),
		cmocka_unit_test(yxdomain_is_a_reply_of_its_own),
		cmocka_unit_test(empty_answers_are_told_apart),
		cmocka_unit_test(ttls_are_levelled_and_capped),
		cmocka_unit_test(malformed_rdata_is_garbage),
		cmocka_unit_test(rdata_is_decompressed_and_otherwise_kept),
		cmocka_unit_test(unknown_types_pass_as_they_are),
		cmocka_unit_test(broken_messages_are_garbage),
		cmocka_unit_test(extended_errors_are_made_again),
		cmocka_unit_test(other_rcodes_are_failures),
		cmocka_unit_test(ad_counts_from_a_trusted_upstream_only),
		cmocka_unit_test(dnssec_types_are_like_any_other),
		cmocka_unit_test(other_classes_are_taken_by_their_own),
		cmocka_unit_test(thousands_of_records_are_no_feast),
		cmocka_unit_test(decoding_what_was_encoded_gives_the_same),
		cmocka_unit_test(damaged_messages_end_in_some_result),
		cmocka_unit_test(records_are_parsed),
		cmocka_unit_test(errors_of_records_say_what_is_wrong),
		cmocka_unit_test(formatted_records_parse_to_the_same),
		cmocka_unit_test(what_ldns_cannot_print_comes_as_octets),
		cmocka_unit_test(types_and_rcodes_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
