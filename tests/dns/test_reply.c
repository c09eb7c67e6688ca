#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/dns/reply.h"

static struct name named(const char *text)
{
	struct name name;

	assert_true(name_parse(text, &name));
	return name;
}

static struct question asked(const char *text, uint16_t type)
{
	struct name name = named(text);

	return question_make(name.octets, type, CLASS_IN, false);
}

static struct reply_draft *drafted(const char *text, uint16_t type, uint16_t rcode)
{
	struct question question = asked(text, type);

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

static void add_a(struct reply_draft *draft, const char *owner, uint32_t ttl, uint8_t last)
{
	uint8_t rdata[4] = { 192, 0, 2, last };

	add(draft, SECTION_ANSWER, owner, 1, ttl, rdata, sizeof(rdata));
}

static void add_name(struct reply_draft *draft, enum wire_section section, const char *owner,
	uint16_t type, uint32_t ttl, const char *target)
{
	struct name name = named(target);

	add(draft, section, owner, type, ttl, name.octets, name.size);
}

static void add_cname(
	struct reply_draft *draft, const char *owner, uint32_t ttl, const char *target)
{
	add_name(draft, SECTION_ANSWER, owner, TYPE_CNAME, ttl, target);
}

static void add_sig(struct reply_draft *draft, enum wire_section section, const char *owner,
	uint16_t covers, uint32_t ttl)
{
	uint8_t rdata[24] = { 0 };

	bytes_put_u16(rdata, covers);
	add(draft, section, owner, TYPE_RRSIG, ttl, rdata, sizeof(rdata));
}

static void add_soa(struct reply_draft *draft, const char *owner, uint32_t ttl, uint32_t minimum)
{
	uint8_t rdata[22] = { 0 };

	bytes_put_u32(rdata + 18, minimum);
	add(draft, SECTION_AUTHORITY, owner, TYPE_SOA, ttl, rdata, sizeof(rdata));
}

static void assert_record(const struct reply *reply, size_t index, enum wire_section section,
	const char *owner, uint16_t type, uint32_t ttl)
{
	char text[NAME_TEXT_MAX];
	struct record record;

	assert_true(index < reply_count(reply));
	record = reply_record(reply, index);
	assert_int_equal(record.section, section);
	assert_string_equal(name_format(record.owner, text), owner);
	assert_int_equal(record.type, type);
	assert_int_equal(record.rclass, CLASS_IN);
	assert_int_equal(record.ttl, ttl);
}

static void assert_terminal(const struct reply *reply, const char *wanted)
{
	char text[NAME_TEXT_MAX];

	assert_string_equal(name_format(reply_terminal(reply), text), wanted);
}

static void data_lives_as_long_as_its_lowest_ttl(void **state)
{
	struct reply_draft *draft = drafted("w.example", TYPE_A, RCODE_NOERROR);
	struct reply *reply;

	(void)state;
	add_cname(draft, "w.example", 20, "x.example");
	add_a(draft, "x.example", 300, 1);
	add_name(draft, SECTION_AUTHORITY, "example", TYPE_NS, 5, "ns.example");
	reply = reply_draft_seal(draft);
	assert_int_equal(reply_facts(reply)->kind, REPLY_DATA);
	assert_int_equal(reply_facts(reply)->links, 1);
	assert_int_equal(reply_facts(reply)->lifetime, 20); /* CCH-b: passengers do not count */
	assert_int_equal(reply_facts(reply)->negative_ttl, 0);
	assert_false(reply_facts(reply)->has_soa);
	assert_terminal(reply, "x.example.");
	assert_int_equal(reply_data_count(reply, TYPE_A), 1);
	assert_int_equal(reply_data_count(reply, TYPE_CNAME), 0);
	assert_int_equal(reply_data_count(reply, TYPE_NS), 0);
	reply_unref(reply);
}

/* D64-5.1.5-a, D64-5.1.5-e: whatever the order that they came in. */
static void the_chain_comes_first_and_in_order(void **state)
{
	struct reply_draft *draft = drafted("A.b.example", TYPE_A, RCODE_NOERROR);
	struct reply *reply;

	(void)state;
	add_name(draft, SECTION_ADDITIONAL, "add.example", TYPE_CNAME, 9, "other.example");
	add_sig(draft, SECTION_ANSWER, "z.example", TYPE_A, 70);
	add_a(draft, "z.example", 60, 7);
	add_name(draft, SECTION_AUTHORITY, "example", TYPE_NS, 50, "ns.example");
	add_cname(draft, "a.c.example", 40, "z.example");
	add_sig(draft, SECTION_ANSWER, "b.example", TYPE_DNAME, 30);
	add_cname(draft, "a.B.example", 20, "a.c.example");
	add_name(draft, SECTION_ANSWER, "b.example", TYPE_DNAME, 10, "c.example");
	add_a(draft, "z.example", 80, 3);
	reply = reply_draft_seal(draft);

	assert_int_equal(reply_count(reply), 9);
	assert_record(reply, 0, SECTION_ANSWER, "b.example.", TYPE_DNAME, 10);
	assert_record(reply, 1, SECTION_ANSWER, "b.example.", TYPE_RRSIG, 10);
	assert_record(reply, 2, SECTION_ANSWER, "a.B.example.", TYPE_CNAME, 20); /* R4343-4-a */
	assert_record(reply, 3, SECTION_ANSWER, "a.c.example.", TYPE_CNAME, 40);
	assert_record(reply, 4, SECTION_ANSWER, "z.example.", TYPE_A, 60);
	assert_record(reply, 5, SECTION_ANSWER, "z.example.", TYPE_A, 60);
	assert_record(reply, 6, SECTION_ANSWER, "z.example.", TYPE_RRSIG, 60);
	assert_record(reply, 7, SECTION_AUTHORITY, "example.", TYPE_NS, 50);
	assert_record(reply, 8, SECTION_ADDITIONAL, "add.example.", TYPE_CNAME, 9);
	assert_int_equal(reply_record(reply, 4).rdata[3], 7);
	assert_int_equal(reply_record(reply, 5).rdata[3], 3);
	assert_int_equal(reply_facts(reply)->links, 2);
	assert_int_equal(reply_facts(reply)->lifetime, 10);
	reply_unref(reply);
}

/* R2181-5-a, R2181-5.2-a */
static void equal_records_are_kept_once_with_the_lowest_ttl(void **state)
{
	struct reply_draft *draft = drafted("x.example", TYPE_A, RCODE_NOERROR);
	struct reply *reply;

	(void)state;
	add_a(draft, "x.example", 300, 1);
	add_a(draft, "X.EXAMPLE", 30, 1);
	add_a(draft, "x.example", 200, 2);
	add_sig(draft, SECTION_ANSWER, "x.example", TYPE_A, 100);
	reply = reply_draft_seal(draft);
	assert_int_equal(reply_count(reply), 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(reply_record(reply, i).ttl, 30);
	assert_int_equal(reply_record(reply, 0).rdata[3], 1);
	assert_int_equal(reply_record(reply, 1).rdata[3], 2);
	reply_unref(reply);

	/* An RRSIG counts for the set that it covers, and lowers it. */
	draft = drafted("x.example", TYPE_A, RCODE_NOERROR);
	add_a(draft, "x.example", 300, 1);
	add_sig(draft, SECTION_ANSWER, "x.example", TYPE_A, 100);
	reply = reply_draft_seal(draft);
	assert_int_equal(reply_facts(reply)->lifetime, 100);
	assert_int_equal(reply_record(reply, 0).ttl, 100);
	reply_unref(reply);

	/* RRSIGs of different sets do not level each other. */
	draft = drafted("x.example", TYPE_RRSIG, RCODE_NOERROR);
	add_sig(draft, SECTION_ANSWER, "x.example", TYPE_A, 100);
	add_sig(draft, SECTION_ANSWER, "x.example", TYPE_MX, 50);
	reply = reply_draft_seal(draft);
	assert_int_equal(reply_facts(reply)->kind, REPLY_DATA);
	assert_int_equal(reply_record(reply, 0).ttl, 100);
	assert_int_equal(reply_record(reply, 1).ttl, 50);
	reply_unref(reply);
}

/* R2308-5-a, R2308-5-d, R2308-6-a, UPR-10 */
static void a_denial_lives_by_its_soa(void **state)
{
	static const struct {
		const char *soa;
		uint16_t rcode;
		uint32_t ttl, minimum;
		uint32_t cname_ttl; /* 0 = none */
		enum reply_kind kind;
		uint32_t negative_ttl, lifetime;
	} rows[] = {
		{ "example", RCODE_NOERROR, 300, 60, 0, REPLY_NODATA, 60, 60 },
		{ "example", RCODE_NOERROR, 60, 300, 0, REPLY_NODATA, 60, 60 },
		{ ".", RCODE_NXDOMAIN, 300, 60, 0, REPLY_NXDOMAIN, 60, 60 },
		{ "w.example", RCODE_NXDOMAIN, 300, 60, 0, REPLY_NXDOMAIN, 60, 60 },
		{ NULL, RCODE_NOERROR, 0, 0, 0, REPLY_NODATA, 0, 0 },
		{ NULL, RCODE_NXDOMAIN, 0, 0, 0, REPLY_NXDOMAIN, 0, 0 },
		{ "other", RCODE_NXDOMAIN, 300, 60, 0, REPLY_NXDOMAIN, 0, 0 },
		{ "a.w.example", RCODE_NOERROR, 300, 60, 0, REPLY_NODATA, 0, 0 },
		{ "x.test", RCODE_NOERROR, 300, 60, 20, REPLY_NODATA, 60, 20 },
		{ "test", RCODE_NXDOMAIN, 300, 60, 90, REPLY_NXDOMAIN, 60, 60 },
		{ "example", RCODE_NOERROR, 300, 60, 90, REPLY_CHAIN, 0, 0 },
		{ NULL, RCODE_NOERROR, 0, 0, 90, REPLY_CHAIN, 0, 0 },
		{ NULL, RCODE_NXDOMAIN, 0, 0, 90, REPLY_NXDOMAIN, 0, 0 },
		{ "example", RCODE_YXDOMAIN, 300, 60, 0, REPLY_RCODE, 60, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply_draft *draft = drafted("w.example", TYPE_AAAA, rows[i].rcode);
		struct reply *reply;

		if (rows[i].cname_ttl > 0)
			add_cname(draft, "w.example", rows[i].cname_ttl, "x.test");
		if (rows[i].soa != NULL)
			add_soa(draft, rows[i].soa, rows[i].ttl, rows[i].minimum);
		reply = reply_draft_seal(draft);
		assert_int_equal(reply_facts(reply)->kind, rows[i].kind);
		assert_int_equal(reply_facts(reply)->rcode, rows[i].rcode);
		assert_int_equal(reply_facts(reply)->negative_ttl, rows[i].negative_ttl);
		assert_int_equal(reply_facts(reply)->has_soa, rows[i].negative_ttl != 0);
		assert_int_equal(reply_facts(reply)->lifetime, rows[i].lifetime);
		assert_terminal(reply, rows[i].cname_ttl > 0 ? "x.test." : "w.example.");
		if (rows[i].negative_ttl > 0)
			assert_int_equal(reply_record(reply, reply_count(reply) - 1).ttl,
				rows[i].negative_ttl);
		reply_unref(reply);
	}
}

static void the_soa_of_a_denial_takes_its_rrsig_along(void **state)
{
	struct reply_draft *draft = drafted("w.example", TYPE_AAAA, RCODE_NOERROR);
	struct reply *reply;

	(void)state;
	add_soa(draft, "example", 300, 60);
	add_sig(draft, SECTION_AUTHORITY, "example", TYPE_SOA, 300);
	add(draft, SECTION_AUTHORITY, "w.example", TYPE_NSEC, 200, "\1x", 3);
	reply = reply_draft_seal(draft);
	assert_record(reply, 0, SECTION_AUTHORITY, "example.", TYPE_SOA, 60);
	assert_record(reply, 1, SECTION_AUTHORITY, "example.", TYPE_RRSIG, 60);
	assert_record(reply, 2, SECTION_AUTHORITY, "w.example.", TYPE_NSEC, 200);
	reply_unref(reply);
}

/* R1034-3.6.2-a */
static void a_cname_is_data_when_it_is_asked_for(void **state)
{
	static const struct {
		uint16_t type;
		enum reply_kind kind;
		const char *terminal;
		unsigned links;
	} rows[] = {
		{ TYPE_CNAME, REPLY_DATA, "w.example.", 0 },
		{ TYPE_ANY, REPLY_DATA, "w.example.", 0 },
		{ TYPE_TXT, REPLY_CHAIN, "x.example.", 1 },
		{ TYPE_RRSIG, REPLY_CHAIN, "x.example.", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply_draft *draft = drafted("w.example", rows[i].type, RCODE_NOERROR);
		struct reply *reply;

		add_cname(draft, "w.example", 40, "x.example");
		add_sig(draft, SECTION_ANSWER, "w.example", TYPE_CNAME, 40);
		reply = reply_draft_seal(draft);
		assert_int_equal(reply_facts(reply)->kind, rows[i].kind);
		assert_int_equal(reply_facts(reply)->links, rows[i].links);
		assert_terminal(reply, rows[i].terminal);
		assert_int_equal(reply_count(reply), 2);
		reply_unref(reply);
	}
}

static void any_takes_all_that_its_name_has(void **state)
{
	struct reply_draft *draft = drafted("x.example", TYPE_ANY, RCODE_NOERROR);
	struct reply *reply;

	(void)state;
	add_a(draft, "x.example", 300, 1);
	add(draft, SECTION_ANSWER, "x.example", TYPE_TXT, 50, "\1a", 2);
	add_a(draft, "x.example", 300, 2);
	assert_int_equal(reply_draft_scrub(draft, 16), CHAIN_FINE);
	reply = reply_draft_seal(draft);
	assert_int_equal(reply_facts(reply)->kind, REPLY_DATA);
	assert_int_equal(reply_facts(reply)->lifetime, 50);
	assert_int_equal(reply_count(reply), 3);
	assert_int_equal(reply_data_count(reply, TYPE_TXT), 1);
	reply_unref(reply);
}

/* R8482-4-a, R8482-4.1-a */
static void the_smallest_set_of_any_comes_with_its_rrsig(void **state)
{
	struct question question = asked("x.example", TYPE_ANY);
	struct reply_draft *draft = drafted("x.example", TYPE_ANY, RCODE_NOERROR);
	struct reply *all;
	struct reply *one;

	(void)state;
	add(draft, SECTION_ANSWER, "x.example", TYPE_NSEC, 50, "\0", 1);
	add_a(draft, "x.example", 300, 1);
	add_a(draft, "x.example", 300, 2);
	add(draft, SECTION_ANSWER, "x.example", TYPE_TXT, 50, "\1a", 2);
	add_sig(draft, SECTION_ANSWER, "x.example", TYPE_TXT, 50);
	add_name(draft, SECTION_AUTHORITY, "example", TYPE_NS, 5, "ns.example");
	all = reply_draft_seal(draft);
	one = reply_smallest(&question, all);
	assert_int_equal(reply_count(one), 2);
	assert_record(one, 0, SECTION_ANSWER, "x.example.", TYPE_TXT, 50);
	assert_record(one, 1, SECTION_ANSWER, "x.example.", TYPE_RRSIG, 50);
	assert_int_equal(reply_facts(one)->kind, REPLY_DATA);
	reply_unref(all);
	reply_unref(one);

	draft = drafted("x.example", TYPE_ANY, RCODE_NOERROR);
	add(draft, SECTION_ANSWER, "x.example", TYPE_NSEC, 50, "\0", 1);
	add_cname(draft, "x.example", 40, "a-rather-long-name.example");
	all = reply_draft_seal(draft);
	one = reply_smallest(&question, all);
	assert_int_equal(reply_count(one), 1);
	assert_record(one, 0, SECTION_ANSWER, "x.example.", TYPE_CNAME, 40);
	reply_unref(all);
	reply_unref(one);

	draft = drafted("x.example", TYPE_ANY, RCODE_NXDOMAIN);
	add_soa(draft, "example", 300, 60);
	all = reply_draft_seal(draft);
	one = reply_smallest(&question, all);
	assert_int_equal(reply_facts(one)->kind, REPLY_NXDOMAIN);
	assert_int_equal(reply_facts(one)->lifetime, 60);
	reply_unref(all);
	reply_unref(one);
}

/* D64-5.1.5-d */
static void a_chain_is_joined_to_its_rest(void **state)
{
	struct question question = asked("w.example", TYPE_A);
	struct reply_draft *draft = drafted("w.example", TYPE_A, RCODE_NOERROR);
	struct reply *first;
	struct reply *rest;
	struct reply *joined;

	(void)state;
	add_cname(draft, "w.example", 40, "x.example");
	first = reply_draft_seal(draft);
	draft = drafted("x.example", TYPE_A, RCODE_NOERROR);
	reply_draft_add_ede(draft, &(struct ede){ .code = EDE_STALE });
	add_cname(draft, "x.example", 50, "y.example");
	add_a(draft, "y.example", 30, 1);
	add_name(draft, SECTION_AUTHORITY, "example", TYPE_NS, 5, "ns.example");
	rest = reply_draft_seal(draft);

	joined = reply_join(&question, first, rest, 2);
	assert_non_null(joined);
	assert_int_equal(reply_count(joined), 4);
	assert_record(joined, 0, SECTION_ANSWER, "w.example.", TYPE_CNAME, 40);
	assert_record(joined, 1, SECTION_ANSWER, "x.example.", TYPE_CNAME, 50);
	assert_record(joined, 2, SECTION_ANSWER, "y.example.", TYPE_A, 30);
	assert_record(joined, 3, SECTION_AUTHORITY, "example.", TYPE_NS, 5);
	assert_int_equal(reply_facts(joined)->links, 2);
	assert_int_equal(reply_facts(joined)->kind, REPLY_DATA);
	assert_int_equal(reply_facts(joined)->lifetime, 30);
	assert_int_equal(reply_edes(joined)->count, 1);
	assert_int_equal(reply_edes(joined)->items[0].code, EDE_STALE);
	assert_terminal(joined, "y.example.");
	reply_unref(joined);
	assert_null(reply_join(&question, first, rest, 1)); /* D64-5.1.5-g */
	reply_unref(rest);

	draft = drafted("x.example", TYPE_A, RCODE_NOERROR);
	add_cname(draft, "x.example", 50, "W.example");
	rest = reply_draft_seal(draft);
	assert_null(reply_join(&question, first, rest, 16)); /* D64-5.1.5-g */
	reply_unref(rest);

	draft = drafted("x.example", TYPE_A, RCODE_NXDOMAIN);
	add_soa(draft, "example", 300, 60);
	rest = reply_draft_seal(draft);
	joined = reply_join(&question, first, rest, 16);
	assert_int_equal(reply_facts(joined)->kind, REPLY_NXDOMAIN); /* D64-5.1.5-f */
	assert_int_equal(reply_facts(joined)->lifetime, 40);
	reply_unref(joined);
	reply_unref(rest);
	reply_unref(first);
}

/* R8020-2-a */
static void a_denial_stands_for_its_own_name_alone(void **state)
{
	struct question question = asked("x.example", TYPE_A);
	struct reply_draft *draft = drafted("w.example", TYPE_A, RCODE_NXDOMAIN);
	struct reply *reply;
	struct reply *denial;

	(void)state;
	add_cname(draft, "w.example", 10, "x.example");
	add_soa(draft, "example", 300, 60);
	reply_draft_set_ad(draft);
	reply = reply_draft_seal(draft);
	assert_int_equal(reply_facts(reply)->lifetime, 10);
	denial = reply_denial(&question, reply);
	assert_int_equal(reply_count(denial), 1);
	assert_int_equal(reply_facts(denial)->kind, REPLY_NXDOMAIN);
	assert_int_equal(reply_facts(denial)->lifetime, 60);
	assert_true(reply_facts(denial)->ad);
	assert_terminal(denial, "x.example.");
	reply_unref(reply);
	reply_unref(denial);
}

static void a_reply_shares_names_and_wastes_nothing(void **state)
{
	struct reply_draft *draft = drafted("www.example.com", TYPE_A, RCODE_NOERROR);
	struct reply *reply;
	size_t one;

	(void)state;
	add_a(draft, "www.example.com", 300, 1);
	reply = reply_draft_seal(draft);
	one = reply_memory(reply);
	assert_true(one <= 112);
	assert_ptr_equal(reply_terminal(reply), reply_record(reply, 0).owner);
	assert_int_equal(reply_edes(reply)->count, 0);
	reply_unref(reply);

	draft = drafted("www.example.com", TYPE_A, RCODE_NOERROR);
	for (unsigned i = 0; i < 11; i++)
		add_a(draft, "www.example.com", 300, (uint8_t)i);
	reply = reply_draft_seal(draft);
	assert_true(reply_memory(reply) - one <= 10 * 24U + 16);
	reply_unref(reply);

	draft = drafted("www.example.com", TYPE_A, RCODE_NOERROR);
	add_cname(draft, "www.example.com", 300, "x.example.com");
	add_soa(draft, "example.com", 300, 60);
	reply = reply_draft_seal(draft);
	assert_ptr_equal(reply_terminal(reply), reply_record(reply, 0).rdata);
	assert_ptr_equal(reply_terminal(reply) + 2, reply_record(reply, 1).owner);
	reply_unref(reply);
}

static void a_reply_outlives_all_references_but_the_last(void **state)
{
	struct reply_draft *draft = drafted("x.example", TYPE_A, RCODE_NOERROR);
	struct reply *reply;

	(void)state;
	add_a(draft, "x.example", 300, 1);
	reply = reply_draft_seal(draft);
	assert_ptr_equal(reply_ref(reply), reply);
	reply_unref(reply);
	assert_int_equal(reply_count(reply), 1);
	reply_unref(reply);
	reply_unref(NULL);
	reply_draft_free(NULL);
	reply_draft_free(drafted("x.example", TYPE_A, RCODE_NOERROR));
}

/* UPR-07, UPR-08, D64-5.1.5-e, D64-5.1.5-g by text: "owner type target" lines of an answer. */
struct alias {
	const char *owner;
	uint16_t type;
	const char *target;
};

static void scrubbing_judges_the_chain(void **state)
{
	static const struct {
		uint16_t type;
		struct alias aliases[6];
		enum chain_result result;
		size_t kept;
	} rows[] = {
		{ TYPE_PTR, { { "w.e", TYPE_CNAME, "x.e" }, { "x.e", TYPE_PTR, "y.e" } },
			CHAIN_FINE, 2 },
		{ TYPE_PTR, { { "w.e", TYPE_CNAME, "x.e" }, { "y.e", TYPE_PTR, "y.e" } },
			CHAIN_FINE, 1 },
		{ TYPE_PTR, { { "w.e", TYPE_PTR, "x.e" }, { "w.e", TYPE_NS, "y.e" } }, CHAIN_FINE,
			1 },
		{ TYPE_PTR, { { "w.e", TYPE_CNAME, "x.e" }, { "w.e", TYPE_CNAME, "y.e" } },
			CHAIN_CONFLICT, 0 },
		{ TYPE_PTR, { { "w.e", TYPE_CNAME, "x.e" }, { "W.E", TYPE_CNAME, "X.e" } },
			CHAIN_FINE, 1 },
		{ TYPE_PTR, { { "w.e", TYPE_CNAME, "x.e" }, { "w.e", TYPE_PTR, "y.e" } },
			CHAIN_CONFLICT, 0 },
		{ TYPE_PTR, { { "w.e", TYPE_CNAME, "x.e" }, { "w.e", TYPE_NS, "y.e" } },
			CHAIN_CONFLICT, 0 },
		{ TYPE_NSEC, { { "w.e", TYPE_CNAME, "x.e" }, { "w.e", TYPE_NSEC, "y.e" } },
			CHAIN_FINE, 1 },
		{ TYPE_PTR, { { "w.e", TYPE_CNAME, "w.e" } }, CHAIN_LOOP, 0 },
		{ TYPE_PTR, { { "w.e", TYPE_CNAME, "x.e" }, { "x.e", TYPE_CNAME, "w.e" } },
			CHAIN_LOOP, 0 },
		{ TYPE_PTR,
			{ { "w.e", TYPE_CNAME, "1.e" }, { "1.e", TYPE_CNAME, "2.e" },
				{ "2.e", TYPE_CNAME, "3.e" }, { "3.e", TYPE_CNAME, "4.e" } },
			CHAIN_FINE, 4 },
		{ TYPE_PTR,
			{ { "w.e", TYPE_CNAME, "1.e" }, { "1.e", TYPE_CNAME, "2.e" },
				{ "2.e", TYPE_CNAME, "3.e" }, { "3.e", TYPE_CNAME, "4.e" },
				{ "4.e", TYPE_CNAME, "5.e" } },
			CHAIN_LOOP, 0 },
		/* A DNAME's CNAME is made, also where CNAME is what was asked for. */
		{ TYPE_PTR, { { "e", TYPE_DNAME, "f" }, { "w.f", TYPE_PTR, "y.e" } }, CHAIN_FINE,
			3 },
		{ TYPE_CNAME, { { "e", TYPE_DNAME, "f" } }, CHAIN_FINE, 2 },
		{ TYPE_DNAME, { { "e", TYPE_DNAME, "f" } }, CHAIN_FINE, 2 },
		{ TYPE_PTR, { { "e", TYPE_DNAME, "f" }, { "w.e", TYPE_CNAME, "w.f" } }, CHAIN_FINE,
			2 },
		{ TYPE_PTR, { { "e", TYPE_DNAME, "a.e" } }, CHAIN_LOOP, 0 },
		/* R6672-2.2-a: not at the owner itself, not at another name. */
		{ TYPE_PTR, { { "w.e", TYPE_DNAME, "f" } }, CHAIN_FINE, 0 },
		{ TYPE_PTR, { { "v.e", TYPE_DNAME, "f" } }, CHAIN_FINE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply_draft *draft = drafted("w.e", rows[i].type, RCODE_NOERROR);
		enum chain_result result;
		struct reply *reply;

		for (const struct alias *alias = rows[i].aliases; alias->owner != NULL; alias++)
			add_name(draft, SECTION_ANSWER, alias->owner, alias->type, 60,
				alias->target);
		result = reply_draft_scrub(draft, 4);
		assert_int_equal(result, rows[i].result);
		if (result != CHAIN_FINE) {
			reply_draft_free(draft);
			continue;
		}
		reply = reply_draft_seal(draft);
		assert_int_equal(reply_count(reply), rows[i].kept);
		reply_unref(reply);
	}
}

/* D64-5.1.5-e */
static void a_name_that_a_dname_makes_too_long_is_yxdomain(void **state)
{
	char label[64];
	char target[NAME_TEXT_MAX];
	struct reply_draft *draft = drafted("a.b.e", TYPE_A, RCODE_NOERROR);
	struct reply *reply;

	(void)state;
	memset(label, 'l', 63);
	label[63] = '\0';
	strcpy(target, "");
	for (int i = 0; i < 3; i++) {
		strcat(target, label);
		strcat(target, ".");
	}
	label[60] = '\0';
	strcat(target, label); /* 3 * 64 + 61 + 1 = 254 */
	add_name(draft, SECTION_ANSWER, "b.e", TYPE_DNAME, 60, target);
	assert_int_equal(reply_draft_scrub(draft, 16), CHAIN_FINE);
	reply = reply_draft_seal(draft);
	assert_int_equal(reply_facts(reply)->kind, REPLY_RCODE);
	assert_int_equal(reply_facts(reply)->rcode, RCODE_YXDOMAIN);
	assert_int_equal(reply_facts(reply)->lifetime, 0);
	assert_int_equal(reply_count(reply), 1);
	assert_record(reply, 0, SECTION_ANSWER, "b.e.", TYPE_DNAME, 60);
	reply_unref(reply);
}

/* R2308-2.1-b, UPR-10 */
static void scrubbing_leaves_a_denial_its_proof_only(void **state)
{
	struct reply_draft *draft = drafted("w.example", TYPE_A, RCODE_NXDOMAIN);
	struct reply *reply;

	(void)state;
	add_a(draft, "w.example", 60, 1);
	add_soa(draft, "elsewhere", 300, 60);
	add_name(draft, SECTION_AUTHORITY, "example", TYPE_NS, 60, "ns.example");
	add_sig(draft, SECTION_AUTHORITY, "example", TYPE_NS, 60);
	add_soa(draft, "example", 300, 50);
	add(draft, SECTION_AUTHORITY, "w.example", TYPE_NSEC, 200, "\1x", 3);
	assert_int_equal(reply_draft_scrub(draft, 16), CHAIN_FINE);
	reply = reply_draft_seal(draft);
	assert_int_equal(reply_count(reply), 2);
	assert_record(reply, 0, SECTION_AUTHORITY, "example.", TYPE_SOA, 50);
	assert_record(reply, 1, SECTION_AUTHORITY, "w.example.", TYPE_NSEC, 200);
	reply_unref(reply);
}

/* Property: thousands of records, each twice, in a hostile order, end as sorted sets. */
static void many_records_are_grouped(void **state)
{
	struct reply_draft *draft = drafted("x.example", TYPE_A, RCODE_NOERROR);
	struct reply *reply;

	(void)state;
	for (unsigned i = 0; i < 6000; i++) {
		uint8_t rdata[4] = { 10, 0, (uint8_t)(i % 3000 >> 8), (uint8_t)(i % 3000) };
		char owner[32];

		snprintf(owner, sizeof(owner), "n%u.example", i % 300);
		add(draft, SECTION_ADDITIONAL, owner, 1, 5 + i % 7, rdata, sizeof(rdata));
	}
	reply = reply_draft_seal(draft);
	assert_int_equal(reply_count(reply), 3000);
	for (size_t i = 0; i < 3000; i++) {
		struct record record = reply_record(reply, i);

		assert_ptr_equal(record.owner, reply_record(reply, i / 10 * 10).owner);
		assert_int_equal(record.ttl, 5);
		assert_int_equal(record.rdata[2] * 256 + record.rdata[3],
			i / 10 + i % 10 * 300); /* order added */
	}
	reply_unref(reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_lives_as_long_as_its_lowest_ttl),
		cmocka_unit_test(the_chain_comes_first_and_in_order),
		cmocka_unit_test(equal_records_are_kept_once_with_the_lowest_ttl),
		cmocka_unit_test(a_denial_lives_by_its_soa),
		cmocka_unit_test(the_soa_of_a_denial_takes_its_rrsig_along),
		cmocka_unit_test(a_cname_is_data_when_it_is_asked_for),
		cmocka_unit_test(any_takes_all_that_its_name_has),
		cmocka_unit_test(the_smallest_set_of_any_comes_with_its_rrsig),
		cmocka_unit_test(a_chain_is_joined_to_its_rest),
		cmocka_unit_test(a_denial_stands_for_its_own_name_alone),
		cmocka_unit_test(a_reply_shares_names_and_wastes_nothing),
		cmocka_unit_test(a_reply_outlives_all_references_but_the_last),
		cmocka_unit_test(scrubbing_judges_the_chain),
		cmocka_unit_test(a_name_that_a_dname_makes_too_long_is_yxdomain),
		cmocka_unit_test(scrubbing_leaves_a_denial_its_proof_only),
		cmocka_unit_test(many_records_are_grouped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
