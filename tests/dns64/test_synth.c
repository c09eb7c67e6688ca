/* AAAA answers made of facts, compared whole. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "reply_text.h"
#include "sixward/dns/wire.h"
#include "sixward/dns64/synth.h"

static const uint32_t no_limit = UINT32_MAX;

/* What synth_aaaa makes of an A reply for www.example.org, `age_s` old. */
static struct reply *synthesize(
	const char *lines, uint32_t age_s, uint32_t limit, const struct policy *policy)
{
	struct question question = question_of("www.example.org", TYPE_AAAA);
	struct reply *a = reply_of("www.example.org", TYPE_A, RCODE_NOERROR, lines);
	struct aged_reply fact = aged(a, age_s);
	struct reply *made = synth_aaaa(&question, &fact, limit, policy);

	assert_int_equal(made != NULL, synth_can(a, policy));
	reply_unref(a);
	return made;
}

static void expect_synthesized(const char *prefixes, const char *a_lines, const char *want)
{
	struct policy *policy = policy_of(prefixes);

	expect_reply(synthesize(a_lines, 0, no_limit, policy), RCODE_NOERROR, want);
	policy_unref(policy);
}

/* D64-5.1.6-c D64-5.1.7-a D64-5.2-a */
static void replaces_a_by_aaaa(void **state)
{
	(void)state;
	expect_synthesized("2001:db8:64::/96\n", "AN www.example.org. 300 A 192.0.2.1\n",
		"AN www.example.org. 300 AAAA 2001:db8:64::c000:201\n");
}

/* D64-7.2-a needs no more than this: the same rule wherever the client is. D64-5.2-b */
static void uses_the_prefix_that_is_configured(void **state)
{
	(void)state;
	expect_synthesized("64:ff9b::/96\n", "AN www.example.org. 300 A 198.41.0.4\n",
		"AN www.example.org. 300 AAAA 64:ff9b::c629:4\n");
	expect_synthesized("2001:db8::/96\n", "AN www.example.org. 300 A 192.0.2.1\n",
		"AN www.example.org. 300 AAAA 2001:db8::c000:201\n");
}

/* D64-5.1.5-a D64-5.1.5-c D64-5.1.5-e D64-5.5-nv10, row 26: chain and its signatures stay, each
 * with its own TTL; RRSIG(A) goes. */
static void keeps_the_chain_of_the_a_reply(void **state)
{
	(void)state;
	expect_synthesized("2001:db8:64::/96\n",
		"AN www.example.org. 70 CNAME w.dn.example.org.\n"
		"AN www.example.org. 70 RRSIG CNAME\n"
		"AN dn.example.org. 80 DNAME example.net.\n"
		"AN dn.example.org. 80 RRSIG DNAME\n"
		"AN w.dn.example.org. 80 CNAME w.example.net.\n"
		"AN w.example.net. 300 A 192.0.2.1\n"
		"AN w.example.net. 300 RRSIG A\n",
		"AN www.example.org. 70 CNAME w.dn.example.org.\n"
		"AN www.example.org. 70 RRSIG CNAME\n"
		"AN dn.example.org. 80 DNAME example.net.\n"
		"AN dn.example.org. 80 RRSIG DNAME\n"
		"AN w.dn.example.org. 80 CNAME w.example.net.\n"
		"AN w.example.net. 300 AAAA 2001:db8:64::c000:201\n");
}

/* D64-5.4-b D64-5.3.2-a: an A of the additional section stays an A. */
static void keeps_authority_and_additional(void **state)
{
	(void)state;
	expect_synthesized("2001:db8:64::/96\n",
		"AN www.example.org. 300 A 192.0.2.1\n"
		"AU example.org. 400 NS ns.example.org.\n"
		"AU example.org. 400 RRSIG NS\n"
		"AD ns.example.org. 500 A 192.0.2.9\n"
		"AD ns.example.org. 500 RRSIG A\n",
		"AN www.example.org. 300 AAAA 2001:db8:64::c000:201\n"
		"AU example.org. 400 NS ns.example.org.\n"
		"AU example.org. 400 RRSIG NS\n"
		"AD ns.example.org. 500 A 192.0.2.9\n"
		"AD ns.example.org. 500 RRSIG A\n");
}

/* R4343-4-a D64-5.1.7-a: the owner is that of the A record, letter case and all. */
static void keeps_the_owner_as_received(void **state)
{
	(void)state;
	expect_synthesized("2001:db8:64::/96\n", "AN WwW.eXample.org. 300 A 192.0.2.1\n",
		"AN WwW.eXample.org. 300 AAAA 2001:db8:64::c000:201\n");
}

/* CCH-b D64-5.4-b: the age is taken off every TTL; what ran out leaves. */
static void takes_the_age_off(void **state)
{
	struct policy *policy = policy_of("2001:db8:64::/96\n");

	(void)state;
	expect_reply(synthesize("AN www.example.org. 100 CNAME x.example.org.\n"
				"AN x.example.org. 90 A 192.0.2.1\n"
				"AU example.org. 39 NS ns.example.org.\n"
				"AU example.org. 40 TXT last\n"
				"AD ns.example.org. 41 A 192.0.2.9\n",
			     40, no_limit, policy),
		RCODE_NOERROR,
		"AN www.example.org. 60 CNAME x.example.org.\n"
		"AN x.example.org. 50 AAAA 2001:db8:64::c000:201\n"
		"AU example.org. 0 TXT last\n"
		"AD ns.example.org. 1 A 192.0.2.9\n");

	/* Stale facts (row 19) have no time left, and their TTL is set later. */
	expect_reply(synthesize("AN www.example.org. 90 A 192.0.2.1\n", 1000, no_limit, policy),
		RCODE_NOERROR, "AN www.example.org. 0 AAAA 2001:db8:64::c000:201\n");

	/* CCH-c: a TTL of 0 that was just received is no TTL that ran out. */
	expect_reply(synthesize("AN www.example.org. 0 A 192.0.2.1\n"
				"AU example.org. 0 NS ns.example.org.\n",
			     0, no_limit, policy),
		RCODE_NOERROR,
		"AN www.example.org. 0 AAAA 2001:db8:64::c000:201\n"
		"AU example.org. 0 NS ns.example.org.\n");
	policy_unref(policy);
}

/* D64-5.1.7-b D64-5.1.7-c: never above the limit, on the remaining TTL. */
static void caps_the_ttl(void **state)
{
	static const struct row {
		uint32_t ttl, age, limit, want;
	} rows[] = {
		{ 3600, 0, 60, 60 },
		{ 3600, 0, 600, 600 },
		{ 30, 0, 600, 30 },
		{ 100, 70, 60, 30 },
		{ 100, 30, 60, 60 },
		{ 100, 0, 0, 0 },
	};
	struct policy *policy = policy_of("2001:db8:64::/96\n");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char in[64];
		char out[64];

		snprintf(in, sizeof(in), "AN www.example.org. %u A 192.0.2.1\n", rows[i].ttl);
		snprintf(out, sizeof(out), "AN www.example.org. %u AAAA 2001:db8:64::c000:201\n",
			rows[i].want);
		expect_reply(
			synthesize(in, rows[i].age, rows[i].limit, policy), RCODE_NOERROR, out);
	}
	policy_unref(policy);
}

/* D64-5.1.7-e: one TTL for all, the least. */
static void gives_all_aaaa_the_least_ttl(void **state)
{
	(void)state;
	expect_synthesized("2001:db8:64::/96\n",
		"AN www.example.org. 60 A 192.0.2.1\nAN www.example.org. 30 A 192.0.2.2\n",
		"AN www.example.org. 30 AAAA 2001:db8:64::c000:201\n"
		"AN www.example.org. 30 AAAA 2001:db8:64::c000:202\n");
}

/* D64-5.1.7-e A-7: prefixes outermost, in configured order; A records inside, in theirs. */
static void goes_prefix_by_prefix(void **state)
{
	(void)state;
	expect_synthesized("2001:db8:2::/96\n2001:db8:1::/96\n",
		"AN www.example.org. 60 A 192.0.2.2\nAN www.example.org. 60 A 192.0.2.1\n",
		"AN www.example.org. 60 AAAA 2001:db8:2::c000:202\n"
		"AN www.example.org. 60 AAAA 2001:db8:2::c000:201\n"
		"AN www.example.org. 60 AAAA 2001:db8:1::c000:202\n"
		"AN www.example.org. 60 AAAA 2001:db8:1::c000:201\n");
}

/* D64-5-a D64-5.1.7-d: each address by its range, those of no range skipped. */
static void chooses_prefixes_address_by_address(void **state)
{
	(void)state;
	expect_synthesized("2001:db8:1::/96 198.51.100.0/24\n2001:db8:2::/96 0.0.0.0/0\n",
		"AN www.example.org. 60 A 198.51.100.7\nAN www.example.org. 60 A 203.0.113.7\n",
		"AN www.example.org. 60 AAAA 2001:db8:1::c633:6407\n"
		"AN www.example.org. 60 AAAA 2001:db8:2::cb00:7107\n");
	expect_synthesized("2001:db8:1::/96 198.51.100.0/24\n",
		"AN www.example.org. 60 A 198.51.100.7\nAN www.example.org. 60 A 203.0.113.7\n",
		"AN www.example.org. 60 AAAA 2001:db8:1::c633:6407\n");
	/* ADR-3.1-a */
	expect_synthesized("64:ff9b::/96\n",
		"AN www.example.org. 60 A 10.0.0.1\nAN www.example.org. 60 A 198.41.0.4\n",
		"AN www.example.org. 60 AAAA 64:ff9b::c629:4\n");
}

/* D64-5.1.7-e: prefixes listed twice, or overlapping, make no record twice. */
static void adds_no_record_twice(void **state)
{
	(void)state;
	expect_synthesized("2001:db8:1::/96\n2001:db8:1::/96\n",
		"AN www.example.org. 60 A 192.0.2.1\n",
		"AN www.example.org. 60 AAAA 2001:db8:1::c000:201\n");
}

/* D64-5.1.7-d ADR-3.1-a ADR-nsp-a, row 20: nothing mapped, no reply. */
static void makes_nothing_of_nothing(void **state)
{
	static const struct row {
		const char *prefixes, *lines;
	} rows[] = {
		{ "64:ff9b::/96\n", "AN www.example.org. 60 A 10.0.0.1\n" },
		{ "2001:db8:1::/96\n", "AN www.example.org. 60 A 127.0.0.1\n" },
		{ "2001:db8:1::/96 198.51.100.0/24\n", "AN www.example.org. 60 A 203.0.113.1\n" },
		{ "2001:db8:1::/96 drain\n", "AN www.example.org. 60 A 203.0.113.1\n" },
		{ "2001:db8:1::/96\n", "AU example.org. 300 SOA ns. h. 1 2 3 4 60\n" },
		{ "2001:db8:1::/96\n", "AU example.org. 300 NS ns.example.org.\n"
				       "AD ns.example.org. 300 A 192.0.2.1\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy *policy = policy_of(rows[i].prefixes);

		assert_null(synthesize(rows[i].lines, 0, no_limit, policy));
		policy_unref(policy);
	}
}

static const char three_a[] = "AN www.example.org. 60 A 198.51.100.1\n"
			      "AN www.example.org. 60 A 198.51.100.2\n"
			      "AN www.example.org. 60 A 192.0.2.3\n";

#define AAAA(address) "AN www.example.org. 60 AAAA " address "\n"

/* config.md: each prefix's first address, then each one's second; prefix by prefix (LIM-21,
 * D64-5.1.7-e). */
static void shares_max_aaaa_among_prefixes(void **state)
{
	/* The second prefix carries the third address alone. */
	static const char prefixes[] = "2001:db8:1::/96\n2001:db8:2::/96 192.0.2.0/24\n"
				       "2001:db8:3::/96\n";
	static const struct row {
		uint32_t max;
		const char *want;
	} rows[] = {
		{ 1, AAAA("2001:db8:1::c633:6401") },
		{ 2, AAAA("2001:db8:1::c633:6401") AAAA("2001:db8:2::c000:203") },
		{ 3, AAAA("2001:db8:1::c633:6401") AAAA("2001:db8:2::c000:203")
				AAAA("2001:db8:3::c633:6401") },
		{ 4, AAAA("2001:db8:1::c633:6401") AAAA("2001:db8:1::c633:6402")
				AAAA("2001:db8:2::c000:203") AAAA("2001:db8:3::c633:6401") },
		{ 0, AAAA("2001:db8:1::c633:6401") AAAA("2001:db8:1::c633:6402")
				AAAA("2001:db8:2::c000:203") AAAA("2001:db8:3::c633:6401")
					AAAA("2001:db8:3::c633:6402") },
		{ 100, AAAA("2001:db8:1::c633:6401") AAAA("2001:db8:1::c633:6402")
				AAAA("2001:db8:2::c000:203") AAAA("2001:db8:3::c633:6401")
					AAAA("2001:db8:3::c633:6402") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_options options = options_of(prefixes);
		struct policy *policy;

		options.max_aaaa = rows[i].max;
		policy = policy_new(&options);
		expect_reply(synthesize(three_a, 0, no_limit, policy), RCODE_NOERROR, rows[i].want);
		policy_unref(policy);
	}
}

/* UPR-06 is the encoder's; here the work for it is bounded, above what a message can hold. */
static void bounds_what_sixteen_prefixes_make_of_a_full_reply(void **state)
{
	struct policy_options options = options_of("");
	struct question question = question_of("www.example.org", TYPE_AAAA);
	struct question a_question = question_of("www.example.org", TYPE_A);
	struct reply_draft *draft = reply_draft_new(&a_question, RCODE_NOERROR);
	struct reply *a;
	struct reply *made;
	struct aged_reply fact;
	struct policy *policy;

	(void)state;
	for (unsigned i = 0; i < POLICY_PREFIXES_MAX; i++) {
		struct network network;
		char text[NETWORK_TEXT_MAX];

		snprintf(text, sizeof(text), "2001:db8:%x::/96", i + 1);
		assert_int_equal(network_parse(text, &network), NETWORK_OK);
		prefix_make(&network, NULL, &options.prefixes[i].prefix);
	}
	options.prefix_count = POLICY_PREFIXES_MAX;
	policy = policy_new(&options);
	for (unsigned i = 0; i < 4000; i++) {
		uint8_t ipv4[4] = { 198, 51, (uint8_t)(i >> 8), (uint8_t)i };
		struct record record = { .type = TYPE_A,
			.rclass = CLASS_IN,
			.ttl = 60,
			.rdata_size = 4,
			.rdata = ipv4,
			.owner = a_question.name.octets };

		reply_draft_add(draft, &record);
	}
	a = reply_draft_seal(draft);
	fact = aged(a, 0);
	made = synth_aaaa(&question, &fact, no_limit, policy);
	assert_true(reply_data_count(made, TYPE_AAAA) * 28 > WIRE_MESSAGE_MAX);
	assert_true(reply_data_count(made, TYPE_AAAA) < 3000);
	reply_unref(made);
	reply_unref(a);
	policy_unref(policy);
}

static void expect_limit(uint16_t rcode, const char *lines, uint32_t age_s,
	const struct policy *policy, uint32_t want)
{
	struct reply *reply = reply_of("www.example.org", TYPE_AAAA, rcode, lines);
	struct aged_reply fact = aged(reply, age_s);

	assert_int_equal(synth_ttl_limit(&fact, policy), want);
	reply_unref(reply);
}

/* D64-5.1.7-b D64-5.1.7-c A-3 LIM-18, rows 3, 5, 6, 12 and 16. */
static void limits_the_ttl_by_the_aaaa_half(void **state)
{
	struct policy *policy = policy_of("2001:db8:64::/96\n");
	struct aged_reply none = aged(NULL, 0);

	(void)state;
	expect_limit(0, "AU example.org. 300 SOA ns. h. 1 2 3 4 60\n", 0, policy, 60);
	expect_limit(0, "AU example.org. 60 SOA ns. h. 1 2 3 4 300\n", 0, policy, 60);
	expect_limit(0, "AU example.org. 300 SOA ns. h. 1 2 3 4 60\n", 20, policy, 40);
	expect_limit(0, "AU example.org. 300 SOA ns. h. 1 2 3 4 60\n", 70, policy, 0);
	expect_limit(0, "AU example.org. 9000 SOA ns. h. 1 2 3 4 3000\n", 0, policy, 3000);
	expect_limit(0, "", 0, policy, 600);
	expect_limit(0, "AN www.example.org. 30 CNAME x.example.org.\n", 0, policy, 600);
	expect_limit(RCODE_YXDOMAIN, "", 0, policy, 600);
	expect_limit(0, "AN www.example.org. 100 AAAA ::ffff:192.0.2.1\n", 0, policy, 100);
	expect_limit(0, "AN www.example.org. 100 AAAA ::ffff:192.0.2.1\n", 30, policy, 70);
	expect_limit(0, "AN www.example.org. 9000 AAAA ::ffff:192.0.2.1\n", 0, policy, 600);
	expect_limit(0, "AN www.example.org. 9 AAAA 2001:db8::1\n", 0, policy, 600);
	assert_int_equal(synth_ttl_limit(&none, policy), 600);
	policy_unref(policy);
}

/* D64-5.1.4-a D64-5.1.4-d: at the end of the chain alone. */
static void counts_usable_and_excluded_aaaa(void **state)
{
	static const struct row {
		const char *lines;
		size_t usable, excluded;
	} rows[] = {
		{ "AN www.example.org. 9 AAAA 2001:db8::1\n", 1, 0 },
		{ "AN www.example.org. 9 AAAA ::ffff:1.2.3.4\n", 0, 1 },
		{ "AN www.example.org. 9 AAAA ::ffff:1.2.3.4\n"
		  "AN www.example.org. 9 AAAA 2001:db8::1\n"
		  "AN www.example.org. 9 AAAA 2001:db8::2\n",
			2, 1 },
		{ "AN www.example.org. 9 CNAME x.example.org.\n"
		  "AN x.example.org. 9 AAAA 2001:db8::1\n",
			1, 0 },
		{ "AU example.org. 300 SOA ns. h. 1 2 3 4 60\n"
		  "AD ns.example.org. 300 AAAA 2001:db8::1\n",
			0, 0 },
	};
	struct policy *policy = policy_of("2001:db8:64::/96\n");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply *reply =
			reply_of("www.example.org", TYPE_AAAA, RCODE_NOERROR, rows[i].lines);
		struct synth_usable found = synth_usable(reply, policy);

		assert_int_equal(found.usable, rows[i].usable);
		assert_int_equal(found.excluded, rows[i].excluded);
		reply_unref(reply);
	}
	policy_unref(policy);
}

/* D64-5.1.4-d D64-5.1.4-f, row 2: usable ones, no RRSIG(AAAA), no AD. */
static void filters_excluded_aaaa(void **state)
{
	struct question question = question_of("www.example.org", TYPE_AAAA);
	struct policy *policy = policy_of("2001:db8:64::/96\n");
	struct reply *aaaa = reply_of("www.example.org", TYPE_AAAA, RCODE_NOERROR,
		"AN www.example.org. 70 CNAME x.example.org.\n"
		"AN www.example.org. 70 RRSIG CNAME\n"
		"AN x.example.org. 60 AAAA ::ffff:192.0.2.1\n"
		"AN x.example.org. 60 AAAA 2001:db8::1\n"
		"AN x.example.org. 60 RRSIG AAAA\n"
		"AU example.org. 50 NS ns.example.org.\n"
		"AD ns.example.org. 50 AAAA ::ffff:192.0.2.9\n");
	struct aged_reply fact = aged(aaaa, 10);

	(void)state;
	expect_reply(synth_filter(&question, &fact, policy), RCODE_NOERROR,
		"AN www.example.org. 60 CNAME x.example.org.\n"
		"AN www.example.org. 60 RRSIG CNAME\n"
		"AN x.example.org. 50 AAAA 2001:db8::1\n"
		"AU example.org. 40 NS ns.example.org.\n"
		"AD ns.example.org. 40 AAAA ::ffff:192.0.2.9\n");
	reply_unref(aaaa);
	policy_unref(policy);
}

#define NATIVE                                                                                     \
	"AN www.example.org. 300 AAAA 2001:db8::2\nAN www.example.org. 300 AAAA 2001:db8::1\n"
#define TWO_A "AN www.example.org. 200 A 192.0.2.1\nAN www.example.org. 200 A 192.0.2.2\n"

static const struct append_row {
	const char *prefixes;
	uint32_t max_aaaa;
	const char *aaaa, *a, *want; /* NULL: nothing to append */
} append_rows[] = {
	/* Real ones first, in their order, then synthetic ones in theirs; one TTL, the least. */
	{ "2001:db8:64::/96\n", 0, NATIVE, TWO_A,
		"AN www.example.org. 200 AAAA 2001:db8::2\n"
		"AN www.example.org. 200 AAAA 2001:db8::1\n"
		"AN www.example.org. 200 AAAA 2001:db8:64::c000:201\n"
		"AN www.example.org. 200 AAAA 2001:db8:64::c000:202\n" },
	{ "2001:db8:64::/96\n2001:db8:65::/96\n", 0, "AN www.example.org. 30 AAAA 2001:db8::1\n",
		TWO_A,
		"AN www.example.org. 30 AAAA 2001:db8::1\n"
		"AN www.example.org. 30 AAAA 2001:db8:64::c000:201\n"
		"AN www.example.org. 30 AAAA 2001:db8:64::c000:202\n"
		"AN www.example.org. 30 AAAA 2001:db8:65::c000:201\n"
		"AN www.example.org. 30 AAAA 2001:db8:65::c000:202\n" },
	/* max-aaaa is for the synthetic ones. */
	{ "2001:db8:64::/96\n2001:db8:65::/96\n", 2, NATIVE, TWO_A,
		"AN www.example.org. 200 AAAA 2001:db8::2\n"
		"AN www.example.org. 200 AAAA 2001:db8::1\n"
		"AN www.example.org. 200 AAAA 2001:db8:64::c000:201\n"
		"AN www.example.org. 200 AAAA 2001:db8:65::c000:201\n" },
	/* LIM-18: as long as what is synthesized without an SOA. */
	{ "2001:db8:64::/96\n", 0, "AN www.example.org. 3600 AAAA 2001:db8::1\n",
		"AN www.example.org. 3600 A 192.0.2.1\n",
		"AN www.example.org. 600 AAAA 2001:db8::1\n"
		"AN www.example.org. 600 AAAA 2001:db8:64::c000:201\n" },
	/* The same address once, where it came first; nothing new: nothing to append. */
	{ "2001:db8:64::/96\n", 0,
		"AN www.example.org. 300 AAAA 2001:db8:64::c000:202\n"
		"AN www.example.org. 300 AAAA 2001:db8::1\n",
		TWO_A,
		"AN www.example.org. 200 AAAA 2001:db8:64::c000:202\n"
		"AN www.example.org. 200 AAAA 2001:db8::1\n"
		"AN www.example.org. 200 AAAA 2001:db8:64::c000:201\n" },
	{ "2001:db8:64::/96\n", 0,
		"AN www.example.org. 300 AAAA 2001:db8:64::c000:202\n"
		"AN www.example.org. 300 AAAA 2001:db8:64::c000:201\n",
		TWO_A, NULL },
	{ "2001:db8:64::/96\n", 0, NATIVE, "AN www.example.org. 200 A 127.0.0.1\n", NULL },
	{ "2001:db8:64::/96 drain\n", 0, NATIVE, TWO_A, NULL },
	/* D64-5.1.4-d, D64-5.1.4-f: less the excluded ones and the signatures. */
	{ "2001:db8:64::/96\n", 0,
		"AN www.example.org. 300 AAAA ::ffff:192.0.2.9\n"
		"AN www.example.org. 300 AAAA 2001:db8::1\n"
		"AN www.example.org. 300 RRSIG AAAA\n",
		"AN www.example.org. 200 A 192.0.2.1\nAN www.example.org. 200 RRSIG A\n",
		"AN www.example.org. 200 AAAA 2001:db8::1\n"
		"AN www.example.org. 200 AAAA 2001:db8:64::c000:201\n" },
	/* The AAAA's chain, its last name, its other sections; nothing of the A's. */
	{ "2001:db8:64::/96\n", 0,
		"AN www.example.org. 70 CNAME X.example.org.\n"
		"AN www.example.org. 70 RRSIG CNAME\n"
		"AN X.example.org. 300 AAAA 2001:db8::1\n"
		"AU example.org. 400 NS ns.example.org.\n"
		"AD ns.example.org. 500 A 192.0.2.9\n",
		"AN www.example.org. 80 CNAME y.example.net.\n"
		"AN y.example.net. 200 A 192.0.2.1\n"
		"AU example.net. 400 NS ns.example.net.\n",
		"AN www.example.org. 70 CNAME X.example.org.\n"
		"AN www.example.org. 70 RRSIG CNAME\n"
		"AN X.example.org. 200 AAAA 2001:db8::1\n"
		"AN X.example.org. 200 AAAA 2001:db8:64::c000:201\n"
		"AU example.org. 400 NS ns.example.org.\n"
		"AD ns.example.org. 500 A 192.0.2.9\n" },
};

/* D64-5.1.1-b, D64-5.1.7-e */
static void appends_synthesized_aaaa_to_native_ones(void **state)
{
	struct question question = question_of("www.example.org", TYPE_AAAA);

	(void)state;
	for (size_t i = 0; i < sizeof(append_rows) / sizeof(append_rows[0]); i++) {
		const struct append_row *row = &append_rows[i];
		struct policy_options options = options_of(row->prefixes);
		struct reply *aaaa = reply_of("www.example.org", TYPE_AAAA, 0, row->aaaa);
		struct reply *a = reply_of("www.example.org", TYPE_A, 0, row->a);
		struct aged_reply aaaa_fact = aged(aaaa, 0);
		struct aged_reply a_fact = aged(a, 0);
		struct policy *policy;
		struct reply *made;

		print_message("line %zu\n", i);
		options.max_aaaa = row->max_aaaa;
		policy = policy_new(&options);
		made = synth_append(&question, &aaaa_fact, &a_fact, policy);
		if (row->want)
			expect_reply(made, RCODE_NOERROR, row->want);
		else
			assert_null(made);
		reply_unref(aaaa);
		reply_unref(a);
		policy_unref(policy);
	}
}

/* CCH-b, LIM-19: each half's own age is taken off, and prefixes that may change cap the whole. */
static void appends_for_no_longer_than_either_half_holds(void **state)
{
	static const struct row {
		bool is_checked;
		uint32_t aaaa_age, a_age, ttl;
	} rows[] = {
		{ false, 0, 0, 200 },
		{ false, 250, 0, 50 },
		{ false, 10, 190, 10 },
		{ true, 0, 0, 60 },
		{ true, 250, 0, 50 },
	};
	struct question question = question_of("www.example.org", TYPE_AAAA);
	struct reply *aaaa = reply_of("www.example.org", TYPE_AAAA, 0, NATIVE);
	struct reply *a = reply_of("www.example.org", TYPE_A, 0, TWO_A);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_options options = options_of("2001:db8:64::/96\n");
		struct aged_reply aaaa_fact = aged(aaaa, rows[i].aaaa_age);
		struct aged_reply a_fact = aged(a, rows[i].a_age);
		struct policy *policy;
		struct reply *made;

		options.check.is_on = rows[i].is_checked;
		policy = policy_new(&options);
		made = synth_append(&question, &aaaa_fact, &a_fact, policy);
		assert_int_equal(reply_count(made), 4);
		for (size_t k = 0; k < 4; k++)
			assert_int_equal(reply_record(made, k).ttl, rows[i].ttl);
		reply_unref(made);
		policy_unref(policy);
	}
	reply_unref(aaaa);
	reply_unref(a);
}

/* D64-5.1.4-c, rows 4 and 20 over 3. */
static void answers_empty_on_the_base_of_the_a_reply(void **state)
{
	static const struct row {
		const char *a, *want;
	} rows[] = {
		{ "AN www.example.org. 70 CNAME x.example.org.\n"
		  "AU example.org. 60 SOA ns. h. 1 2 3 4 60\n"
		  "AU example.org. 60 RRSIG SOA\n"
		  "AU x.example.org. 60 NSEC proof\n"
		  "AU x.example.org. 60 RRSIG NSEC\n",
			"AN www.example.org. 60 CNAME x.example.org.\n"
			"AU example.org. 50 SOA ns. h. 1 2 3 4 60\n"
			"AU example.org. 50 RRSIG SOA\n" },
		{ "", "" },
		{ "AN www.example.org. 70 CNAME x.example.org.\n"
		  "AN x.example.org. 70 A 127.0.0.1\n"
		  "AN x.example.org. 70 RRSIG A\n"
		  "AU example.org. 60 NS ns.example.org.\n",
			"AN www.example.org. 60 CNAME x.example.org.\n" },
	};
	struct question question = question_of("www.example.org", TYPE_AAAA);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply *a = reply_of("www.example.org", TYPE_A, RCODE_NOERROR, rows[i].a);
		struct aged_reply fact = aged(a, 10);

		expect_reply(synth_empty(&question, &fact), RCODE_NOERROR, rows[i].want);
		reply_unref(a);
	}
}

/* LIM-35 */
static void caps_a_denial(void **state)
{
	struct question question = question_of("www.example.org", TYPE_AAAA);
	struct reply *aaaa = reply_of("www.example.org", TYPE_AAAA, RCODE_NOERROR,
		"AN www.example.org. 70 CNAME x.example.org.\n"
		"AU example.org. 300 SOA ns. h. 1 2 3 4 60\n"
		"AU example.org. 300 RRSIG SOA\n"
		"AU x.example.org. 60 NSEC proof\n");
	struct aged_reply fact = aged(aaaa, 10);

	(void)state;
	expect_reply(synth_cap_denial(&question, &fact, 5), RCODE_NOERROR,
		"AN www.example.org. 5 CNAME x.example.org.\n"
		"AU example.org. 5 SOA ns. h. 1 2 3 4 5\n"
		"AU x.example.org. 5 NSEC proof\n");
	fact = aged(aaaa, 57);
	expect_reply(synth_cap_denial(&question, &fact, 5), RCODE_NOERROR,
		"AN www.example.org. 5 CNAME x.example.org.\n"
		"AU example.org. 3 SOA ns. h. 1 2 3 4 5\n"
		"AU x.example.org. 3 NSEC proof\n");
	reply_unref(aaaa);

	/* It lowers, and never raises. */
	aaaa = reply_of("www.example.org", TYPE_AAAA, RCODE_NXDOMAIN,
		"AU example.org. 300 SOA ns. h. 1 2 3 4 3\n");
	fact = aged(aaaa, 1);
	expect_reply(synth_cap_denial(&question, &fact, 5), RCODE_NXDOMAIN,
		"AU example.org. 2 SOA ns. h. 1 2 3 4 3\n");
	reply_unref(aaaa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaces_a_by_aaaa),
		cmocka_unit_test(uses_the_prefix_that_is_configured),
		cmocka_unit_test(keeps_the_chain_of_the_a_reply),
		cmocka_unit_test(keeps_authority_and_additional),
		cmocka_unit_test(keeps_the_owner_as_received),
		cmocka_unit_test(takes_the_age_off),
		cmocka_unit_test(caps_the_ttl),
		cmocka_unit_test(gives_all_aaaa_the_least_ttl),
		cmocka_unit_test(goes_prefix_by_prefix),
		cmocka_unit_test(chooses_prefixes_address_by_address),
		cmocka_unit_test(adds_no_record_twice),
		cmocka_unit_test(makes_nothing_of_nothing),
		cmocka_unit_test(shares_max_aaaa_among_prefixes),
		cmocka_unit_test(bounds_what_sixteen_prefixes_make_of_a_full_reply),
		cmocka_unit_test(limits_the_ttl_by_the_aaaa_half),
		cmocka_unit_test(counts_usable_and_excluded_aaaa),
		cmocka_unit_test(filters_excluded_aaaa),
		cmocka_unit_test(appends_synthesized_aaaa_to_native_ones),
		cmocka_unit_test(appends_for_no_longer_than_either_half_holds),
		cmocka_unit_test(answers_empty_on_the_base_of_the_a_reply),
		cmocka_unit_test(caps_a_denial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
