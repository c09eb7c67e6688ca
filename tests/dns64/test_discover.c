/* Prefixes out of ipv4only.arpa as section 7.2 says, with the vectors of 6.2. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "reply_text.h"
#include "sixward/dns64/discover.h"
#include "sixward/dns64/ipv4only.h"

static const uint8_t all_lengths[] = { 32, 40, 48, 56, 64, 96 };

enum { LENGTHS = sizeof(all_lengths), TEXT_ROOM = 1024, PREFIX_TEXT_ROOM = 80 };

/* Drops the reply; the prefixes found, separated by blanks. */
static void expect_found(struct reply *reply, const char *want)
{
	struct prefix found[POLICY_PREFIXES_MAX];
	char text[TEXT_ROOM] = "";
	size_t count = discover_prefixes(reply, found);
	size_t at = 0;

	reply_unref(reply);
	for (size_t i = 0; i < count; i++) {
		char network[NETWORK_TEXT_MAX];

		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i ? " " : "",
			network_format(&found[i].network, network));
		assert_true(at < sizeof(text));
		for (size_t k = 0; k < sizeof(found[i].suffix); k++)
			assert_int_equal(found[i].suffix[k], 0);
	}
	assert_string_equal(text, want);
}

/* A reply with these addresses, which are separated by blanks. */
static struct reply *told(const char *addresses)
{
	char lines[4096] = "";
	char word[64];
	size_t at = 0;
	int used = 0;

	for (; sscanf(addresses, "%63s%n", word, &used) == 1; addresses += used) {
		at += (size_t)snprintf(
			lines + at, sizeof(lines) - at, "AN ipv4only.arpa. 60 AAAA %s\n", word);
		assert_true(at < sizeof(lines));
	}
	return reply_of("ipv4only.arpa", TYPE_AAAA, RCODE_NOERROR, lines);
}

/* R7050-3-a */
static void asks_with_cd_clear(void **state)
{
	struct question question = discover_question();
	char text[NAME_TEXT_MAX];

	(void)state;
	assert_string_equal(name_format(question.name.octets, text), "ipv4only.arpa.");
	assert_int_equal(question.type, TYPE_AAAA);
	assert_int_equal(question.rclass, CLASS_IN);
	assert_false(question.cd);
	assert_int_equal(question.scope, 0);
}

struct row {
	const char *addresses, *want;
};

static void expect_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_found(told(rows[i].addresses), rows[i].want);
}

#define EXPECT_ROWS(rows) expect_rows((rows), sizeof(rows) / sizeof((rows)[0]))

/* R7050-3-b R7050-3-d: the column of 192.0.0.170 in the vectors of 6.2, each by itself and all
 * together, in the order received. */
static void finds_the_vectors_of_every_length(void **state)
{
	static const struct row rows[] = {
		{ "2001:db8:c000:aa::", "2001:db8::/32" },
		{ "2001:db8:1c0:0:aa::", "2001:db8:100::/40" },
		{ "2001:db8:122:c000:0:aa00::", "2001:db8:122::/48" },
		{ "2001:db8:122:3c0:0:aa::", "2001:db8:122:300::/56" },
		{ "2001:db8:122:344:c0:0:aa00::", "2001:db8:122:344::/64" },
		{ "2001:db8:122:344::c000:aa", "2001:db8:122:344::/96" },
		{ "64:ff9b::c000:aa", "64:ff9b::/96" },
		{ "64:ff9b:1:c000:0:aa00::", "64:ff9b:1::/48" },
		{ "64:ff9b:1:fffe::c000:aa", "64:ff9b:1:fffe::/96" },
		{ "2001:db8:122:344::c000:aa 2001:db8:122:344:c0:0:aa00:: 2001:db8:122:3c0:0:aa:: "
		  "2001:db8:122:c000:0:aa00:: 2001:db8:1c0:0:aa:: 2001:db8:c000:aa::",
			"2001:db8:122:344::/96 2001:db8:122:344::/64 2001:db8:122:300::/56 "
			"2001:db8:122::/48 2001:db8:100::/40 2001:db8::/32" },
	};

	(void)state;
	EXPECT_ROWS(rows);
}

/* R7050-3-b R7050-3-d: either of the two addresses tells, both tell once. */
static void gives_each_prefix_once_in_the_order_received(void **state)
{
	static const struct row rows[] = {
		{ "64:ff9b::c000:ab", "64:ff9b::/96" },
		{ "64:ff9b::c000:aa 64:ff9b::c000:ab", "64:ff9b::/96" },
		{ "64:ff9b::c000:ab 64:ff9b::c000:aa", "64:ff9b::/96" },
		{ "2001:db8:2::c000:aa 2001:db8:1::c000:aa 2001:db8:2::c000:ab 2001:db8:1::c000:ab",
			"2001:db8:2::/96 2001:db8:1::/96" },
		{ "2001:db8:1::c000:ab 2001:db8:2::c000:aa 2001:db8:2::c000:ab 2001:db8:1::c000:aa",
			"2001:db8:1::/96 2001:db8:2::/96" },
		/* What is no NAT64's between them, as a host of that name would have. */
		{ "2001:db8::1 2001:db8:1::c000:aa 2001:db8::2 2001:db8:2::c000:ab",
			"2001:db8:1::/96 2001:db8:2::/96" },
	};

	(void)state;
	EXPECT_ROWS(rows);
}

/* R7050-3-c */
static void tells_the_true_place_by_the_second_address(void **state)
{
	static const struct row rows[] = {
		/* The pathological one: the prefix itself holds a well-known address. */
		{ "2001:db8:c000:aa:c0:0:aa00:: 2001:db8:c000:aa:c0:0:ab00::",
			"2001:db8:c000:aa::/64" },
		{ "2001:db8:c000:aa:c0:0:ab00:: 2001:db8:c000:aa:c0:0:aa00::",
			"2001:db8:c000:aa::/64" },
		{ "2001:db8:c000:ab:c0:0:aa00:: 2001:db8:c000:ab:c0:0:ab00::",
			"2001:db8:c000:ab::/64" },
		{ "2001:db8:c000:aa::c000:aa 2001:db8:c000:aa::c000:ab", "2001:db8:c000:aa::/96" },
		{ "2001:db8:0:c000:0:aa00:c000:aa 2001:db8:0:c000:0:aa00:c000:ab",
			"2001:db8:0:c000:0:aa00::/96" },
		/* A suffix that looks like one. */
		{ "2001:db8:c000:aa::c000:ab 2001:db8:c000:ab::c000:ab", "2001:db8::/32" },
		/* Others beside the pair change nothing. */
		{ "64:ff9b::c000:aa 2001:db8:c000:aa:c0:0:aa00:: 64:ff9b::c000:ab "
		  "2001:db8:c000:aa:c0:0:ab00::",
			"64:ff9b::/96 2001:db8:c000:aa::/64" },
		/* One alone does not tell, nor do two of the same place. */
		{ "2001:db8:c000:aa:c0:0:aa00::", "" },
		{ "2001:db8:c000:aa:c0:0:aa00:: 64:ff9b::c000:ab", "64:ff9b::/96" },
		{ "2001:db8:c000:aa:c0:0:aa00:: 2001:db8:c000:aa:c0:0:aa01::", "" },
		/* Two prefixes that each say of the other that it is none. */
		{ "2001:db8:c000:aa:c0:0:aa00:: 2001:db8:c000:aa:c0:0:ab00:: "
		  "2001:db8:c000:ab:c0:0:aa00:: 2001:db8:c000:ab:c0:0:ab00::",
			"" },
	};

	(void)state;
	EXPECT_ROWS(rows);
}

/* R7050-3-d: that is not an error. */
static void finds_nothing_where_nothing_stands(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "2001:db8::1", "" },
		{ "2001:db8::c000:ac 2001:db8::c000:a9 2001:db8::c000:1aa", "" },
		/* On no place of RFC 6052: shifted by four bits, in front, across octet 8. */
		{ "2001:db8:c00:a:a000::", "" },
		{ "c000:aa::", "" },
		{ "2001:db8::c0:0:aa:0", "" },
		{ "2001:db8:0:c0:0:aa::", "2001:db8::/56" },
		{ "2001:db8:0:c0:0:aa00::", "" },
		/* Octet 8 is not zero. */
		{ "2001:db8:c000:aa:100::", "" },
		{ "2001:db8:122:344:1c0:0:aa00::", "" },
		{ "2001:db8:122:344:ff00::c000:aa", "" },
	};

	(void)state;
	EXPECT_ROWS(rows);
}

/* ADR-2.2-d */
static void ignores_the_suffix(void **state)
{
	static const struct row rows[] = {
		{ "2001:db8:c000:aa:12:3456:789a:bcde", "2001:db8::/32" },
		{ "2001:db8:122:344:c0:0:aa11:1111 2001:db8:122:344:c0:0:ab22:2222",
			"2001:db8:122:344::/64" },
	};

	(void)state;
	EXPECT_ROWS(rows);
}

/* ADR-2.2-b ADR-8215-a */
static void leaves_out_what_can_be_no_gateways(void **state)
{
	static const struct row rows[] = {
		{ "64:ff9b:c000:aa::", "" },
		{ "64:ff9b::c0:0:aa00:0", "" },
		{ "::ffff:192.0.0.170", "" },
		{ "::192.0.0.170", "" },
		{ "0:0:c000:aa::", "" },
		{ "64:ff9b:0:1::192.0.0.170", "" },
		{ "64:ff9b:2::192.0.0.170", "" },
		{ "64:ff9a::192.0.0.170", "" },
		{ "fe80::c000:aa", "" },
		{ "febf:ffff:c000:aa::", "" },
		{ "ff02::c000:aa", "" },
		{ "fe80::c000:aa 64:ff9b::c000:aa", "64:ff9b::/96" },
		{ "fd00::c000:aa", "fd00::/96" },
		{ "64:ff9b:1:2c0:0:aa::", "64:ff9b:1:200::/56" },
	};

	(void)state;
	EXPECT_ROWS(rows);
}

static void looks_at_the_answer_behind_its_aliases_alone(void **state)
{
	(void)state;
	expect_found(reply_of("ipv4only.arpa", TYPE_AAAA, RCODE_NOERROR,
			     "AN ipv4only.arpa. 60 CNAME nat64.example.\n"
			     "AN nat64.example. 60 AAAA 64:ff9b::c000:aa\n"
			     "AN nat64.example. 60 RRSIG AAAA\n"
			     "AD ns.example. 60 AAAA 2001:db8::c000:aa\n"),
		"64:ff9b::/96");
	expect_found(reply_of("ipv4only.arpa", TYPE_AAAA, RCODE_NXDOMAIN,
			     "AU arpa. 60 SOA a.example. b.example. 1 2 3 4 60\n"),
		"");
	expect_found(reply_of("ipv4only.arpa", TYPE_AAAA, RCODE_NOERROR,
			     "AU arpa. 60 SOA a.example. b.example. 1 2 3 4 60\n"
			     "AD ns.example. 60 AAAA 2001:db8::c000:aa\n"),
		"");
}

static uint32_t random_of(uint32_t *seed)
{
	*seed = *seed * 1664525U + 1013904223U;
	return *seed >> 8;
}

/* A prefix that may be learned; every second one holds a well-known address somewhere. */
static struct prefix random_prefix(uint8_t length, uint32_t *seed)
{
	struct network network = { .addr = { .family = ADDR_IPV6 }, .length = length };
	struct prefix prefix;

	for (size_t i = 0; i < 16; i++)
		network.addr.octets[i] = (uint8_t)random_of(seed);
	network.addr.octets[8] = 0;
	network.addr.octets[0] = 0x20;
	if (random_of(seed) % 2) {
		struct prefix other = { .network = network_around(&network.addr,
						all_lengths[random_of(seed) % LENGTHS]) };
		uint8_t octets[16];

		prefix_embed(&other, ipv4only_addresses[random_of(seed) % 2], octets);
		network.addr = addr_from_ipv6(octets);
	}
	network = network_around(&network.addr, length);
	assert_int_equal(prefix_make(&network, NULL, &prefix), PREFIX_OK);
	return prefix;
}

static void add_address(
	struct reply_draft *draft, const struct question *question, const uint8_t address[16])
{
	reply_draft_add(draft, &(struct record){ .section = SECTION_ANSWER,
				       .type = TYPE_AAAA,
				       .rclass = CLASS_IN,
				       .rdata_size = 16,
				       .ttl = 60,
				       .owner = question->name.octets,
				       .rdata = address });
}

/* R7050-3-b R7050-3-c */
static void gives_back_the_prefix_of_every_pair(void **state)
{
	struct question question = discover_question();
	uint32_t seed = 1;

	(void)state;
	for (unsigned i = 0; i < 6000; i++) {
		struct prefix prefix = random_prefix(all_lengths[i % LENGTHS], &seed);
		struct reply_draft *draft = reply_draft_new(&question, RCODE_NOERROR);
		struct prefix found[POLICY_PREFIXES_MAX];
		unsigned first = random_of(&seed) % 2;
		struct reply *reply;

		for (unsigned n = 0; n < 2; n++) {
			uint8_t address[16];

			prefix_embed(&prefix, ipv4only_addresses[n ^ first], address);
			add_address(draft, &question, address);
		}
		reply = reply_draft_seal(draft);
		assert_int_equal(discover_prefixes(reply, found), 1);
		assert_true(prefix_equal(&found[0], &prefix));
		reply_unref(reply);
	}
}

/* What sixward serves (R8880-7.1-c) is what it learns. */
static void learns_what_ipv4only_tells(void **state)
{
	struct question question = discover_question();
	struct policy *policy = policy_of("2001:db8:122:344::/64\n64:ff9b::/96\n2001:db8::/32\n");

	(void)state;
	expect_found(ipv4only_answer(&question, policy),
		"2001:db8:122:344::/64 64:ff9b::/96 2001:db8::/32");
	policy_unref(policy);
}

/* LIM-21: those beyond it are left out, and a reply full of riddles ends as well. */
static void takes_no_more_than_there_is_room_for(void **state)
{
	struct question question = discover_question();
	struct reply_draft *draft = reply_draft_new(&question, RCODE_NOERROR);
	struct prefix found[POLICY_PREFIXES_MAX];
	struct reply *reply;

	(void)state;
	for (unsigned i = 0; i < 2300; i++) {
		uint8_t address[16] = { 0x20, 0x01, 0x0d, 0xb8, 0xc0, 0, 0, 0xaa, 0, (uint8_t)i,
			(uint8_t)(i >> 8), 0, 0xc0, 0, 0, 0xaa };

		add_address(draft, &question, address);
	}
	for (uint8_t i = 0; i < POLICY_PREFIXES_MAX + 4; i++) {
		uint8_t address[16] = { 0x20, 0x01, 0x0d, 0xb8, i, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0,
			0xaa };

		add_address(draft, &question, address);
	}
	reply = reply_draft_seal(draft);
	assert_int_equal(discover_prefixes(reply, found), POLICY_PREFIXES_MAX);
	for (uint8_t i = 0; i < POLICY_PREFIXES_MAX; i++)
		assert_int_equal(found[i].network.addr.octets[4], i);
	reply_unref(reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_with_cd_clear),
		cmocka_unit_test(finds_the_vectors_of_every_length),
		cmocka_unit_test(gives_each_prefix_once_in_the_order_received),
		cmocka_unit_test(tells_the_true_place_by_the_second_address),
		cmocka_unit_test(finds_nothing_where_nothing_stands),
		cmocka_unit_test(ignores_the_suffix),
		cmocka_unit_test(leaves_out_what_can_be_no_gateways),
		cmocka_unit_test(looks_at_the_answer_behind_its_aliases_alone),
		cmocka_unit_test(gives_back_the_prefix_of_every_pair),
		cmocka_unit_test(learns_what_ipv4only_tells),
		cmocka_unit_test(takes_no_more_than_there_is_room_for),
	};

	return cmocka_run_group_tests_name("discover", tests, NULL, NULL);
}
