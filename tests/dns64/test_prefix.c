/* RFC 6052: the vectors both ways, the lists of section 6.3, and that embedding is undone. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sixward/base/addr.h"
#include "sixward/dns64/prefix.h"

static struct prefix prefix_of(const char *text, const char *suffix_text)
{
	struct network network;
	struct addr suffix;
	struct prefix prefix;

	assert_int_equal(network_parse(text, &network), NETWORK_OK);
	if (suffix_text)
		assert_true(addr_parse(suffix_text, &suffix));
	assert_int_equal(prefix_make(&network, suffix_text ? &suffix : NULL, &prefix), PREFIX_OK);
	return prefix;
}

static struct addr addr_of(const char *text)
{
	struct addr addr;

	assert_true(addr_parse(text, &addr));
	return addr;
}

/* Protocol page, 6.2. D64-5.2-a ADR-2.2-a ADR-2.3-a ADR-8215-a D64-7.1-a D64-7.3-a */
static const struct vector {
	const char *prefix, *ipv4, *ipv6;
} vectors[] = {
	{ "2001:db8::/32", "192.0.2.33", "2001:db8:c000:221::" },
	{ "2001:db8::/32", "192.0.0.170", "2001:db8:c000:aa::" },
	{ "2001:db8::/32", "198.41.0.4", "2001:db8:c629:4::" },
	{ "2001:db8:100::/40", "192.0.2.33", "2001:db8:1c0:2:21::" },
	{ "2001:db8:100::/40", "192.0.0.170", "2001:db8:1c0:0:aa::" },
	{ "2001:db8:100::/40", "198.41.0.4", "2001:db8:1c6:2900:4::" },
	{ "2001:db8:122::/48", "192.0.2.33", "2001:db8:122:c000:2:2100::" },
	{ "2001:db8:122::/48", "192.0.0.170", "2001:db8:122:c000:0:aa00::" },
	{ "2001:db8:122::/48", "198.41.0.4", "2001:db8:122:c629:0:400::" },
	{ "2001:db8:122:300::/56", "192.0.2.33", "2001:db8:122:3c0:0:221::" },
	{ "2001:db8:122:300::/56", "192.0.0.170", "2001:db8:122:3c0:0:aa::" },
	{ "2001:db8:122:300::/56", "198.41.0.4", "2001:db8:122:3c6:29:4::" },
	{ "2001:db8:122:344::/64", "192.0.2.33", "2001:db8:122:344:c0:2:2100::" },
	{ "2001:db8:122:344::/64", "192.0.0.170", "2001:db8:122:344:c0:0:aa00::" },
	{ "2001:db8:122:344::/64", "198.41.0.4", "2001:db8:122:344:c6:2900:400::" },
	{ "2001:db8:122:344::/96", "192.0.2.33", "2001:db8:122:344::192.0.2.33" },
	{ "2001:db8:122:344::/96", "192.0.0.170", "2001:db8:122:344::c000:aa" },
	{ "2001:db8:122:344::/96", "198.41.0.4", "2001:db8:122:344::c629:4" },
	{ "64:ff9b::/96", "192.0.2.33", "64:ff9b::192.0.2.33" },
	{ "64:ff9b::/96", "192.0.2.1", "64:ff9b::c000:201" },
	{ "64:ff9b::/96", "192.0.0.170", "64:ff9b::c000:aa" },
	{ "64:ff9b::/96", "198.41.0.4", "64:ff9b::c629:4" },
	{ "64:ff9b:1::/48", "192.0.2.33", "64:ff9b:1:c000:2:2100::" },
	{ "64:ff9b:1::/48", "192.0.0.170", "64:ff9b:1:c000:0:aa00::" },
	{ "64:ff9b:1::/48", "198.41.0.4", "64:ff9b:1:c629:0:400::" },
	{ "64:ff9b:1:fffe::/96", "192.0.2.33", "64:ff9b:1:fffe::c000:221" },
	{ "64:ff9b:1:fffe::/96", "192.0.0.170", "64:ff9b:1:fffe::c000:aa" },
	{ "64:ff9b:1:fffe::/96", "198.41.0.4", "64:ff9b:1:fffe::c629:4" },
	{ "2001:db8::/96", "192.0.2.1", "2001:db8::c000:201" },
};

static void embeds_and_extracts_every_vector(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct prefix prefix = prefix_of(vectors[i].prefix, NULL);
		struct addr ipv4 = addr_of(vectors[i].ipv4);
		struct addr ipv6 = addr_of(vectors[i].ipv6);
		uint8_t out[16];
		uint8_t back[4];

		prefix_embed(&prefix, ipv4.octets, out);
		if (memcmp(out, ipv6.octets, 16) != 0)
			fail_msg("%s + %s", vectors[i].prefix, vectors[i].ipv4);
		assert_true(prefix_extract(&prefix, ipv6.octets, back));
		assert_memory_equal(back, ipv4.octets, 4);
	}
}

/* The hex column of 6.2: byte for byte (D64-5.1.7-a). */
static void embeds_to_the_octets_on_the_wire(void **state)
{
	static const struct row {
		const char *prefix;
		uint8_t wire[16];
	} rows[] = {
		{ "2001:db8::/32",
			{ 0x20, 0x01, 0x0d, 0xb8, 0xc0, 0, 2, 0x21, 0, 0, 0, 0, 0, 0, 0, 0 } },
		{ "2001:db8:100::/40",
			{ 0x20, 0x01, 0x0d, 0xb8, 1, 0xc0, 0, 2, 0, 0x21, 0, 0, 0, 0, 0, 0 } },
		{ "2001:db8:122::/48",
			{ 0x20, 0x01, 0x0d, 0xb8, 1, 0x22, 0xc0, 0, 0, 2, 0x21, 0, 0, 0, 0, 0 } },
		{ "2001:db8:122:300::/56",
			{ 0x20, 0x01, 0x0d, 0xb8, 1, 0x22, 3, 0xc0, 0, 0, 2, 0x21, 0, 0, 0, 0 } },
		{ "2001:db8:122:344::/64", { 0x20, 0x01, 0x0d, 0xb8, 1, 0x22, 3, 0x44, 0, 0xc0, 0,
						   2, 0x21, 0, 0, 0 } },
		{ "2001:db8:122:344::/96", { 0x20, 0x01, 0x0d, 0xb8, 1, 0x22, 3, 0x44, 0, 0, 0, 0,
						   0xc0, 0, 2, 0x21 } },
		{ "64:ff9b::/96",
			{ 0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 2, 0x21 } },
		{ "64:ff9b:1::/48",
			{ 0, 0x64, 0xff, 0x9b, 0, 1, 0xc0, 0, 0, 2, 0x21, 0, 0, 0, 0, 0 } },
		{ "64:ff9b:1:fffe::/96",
			{ 0, 0x64, 0xff, 0x9b, 0, 1, 0xff, 0xfe, 0, 0, 0, 0, 0xc0, 0, 2, 0x21 } },
	};
	static const uint8_t ipv4[4] = { 192, 0, 2, 33 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct prefix prefix = prefix_of(rows[i].prefix, NULL);
		uint8_t out[16];

		prefix_embed(&prefix, ipv4, out);
		assert_memory_equal(out, rows[i].wire, 16);
	}
}

/* D64-5.2-a, D64-5.2-c, ADR-2.2-b: for all lengths, with and without a suffix. */
static void extracts_what_it_embedded(void **state)
{
	static const struct row {
		const char *prefix, *suffix;
	} rows[] = {
		{ "2001:db8::/32", "::" },
		{ "2001:db8::/32", "::7f:ffff:ffff:ffff" },
		{ "2001:db8:100::/40", "::3f:ffff:ffff" },
		{ "2001:db8:122::/48", "::1f:ffff:ffff" },
		{ "2001:db8:122:300::/56", "::dead:beef" },
		{ "2001:db8:122:344::/64", "::1" },
		{ "2001:db8:122:344::/64", "::ff:ffff" },
		{ "2001:db8:122:344:0:ffff::/96", "::" },
	};
	uint32_t random = 2463534242U;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct prefix prefix = prefix_of(rows[i].prefix, rows[i].suffix);

		for (int n = 0; n < 2000; n++) {
			uint8_t ipv4[4];
			uint8_t back[4];
			uint8_t out[16];

			random ^= random << 13;
			random ^= random >> 17;
			random ^= random << 5;
			memcpy(ipv4, &random, 4);
			prefix_embed(&prefix, ipv4, out);
			assert_int_equal(out[8], 0);
			assert_true(prefix_extract(&prefix, out, back));
			assert_memory_equal(ipv4, back, 4);
		}
	}
}

/* D64-5.2-c */
static void puts_the_suffix_behind_the_address(void **state)
{
	static const uint8_t ipv4[4] = { 192, 0, 2, 33 };
	struct prefix prefix = prefix_of("2001:db8:122:344::/64", "::1");
	struct addr want = addr_of("2001:db8:122:344:c0:2:2100:1");
	uint8_t out[16];

	(void)state;
	prefix_embed(&prefix, ipv4, out);
	assert_memory_equal(out, want.octets, 16);
}

/* ADR-2.2-a ADR-2.2-b ADR-8215-a D64-5.2-b D64-5.2-c */
static void refuses_what_is_no_prefix(void **state)
{
	static const struct row {
		const char *prefix, *suffix;
		enum prefix_fault fault;
	} rows[] = {
		{ "192.0.2.0/32", NULL, PREFIX_NOT_IPV6 },
		{ "2001:db8::/95", NULL, PREFIX_BAD_LENGTH },
		{ "2001:db8::/104", NULL, PREFIX_BAD_LENGTH },
		{ "2001:db8::/128", NULL, PREFIX_BAD_LENGTH },
		{ "::/0", NULL, PREFIX_BAD_LENGTH },
		{ "2000::/24", NULL, PREFIX_BAD_LENGTH },
		{ "64:ff9a::/31", NULL, PREFIX_BAD_LENGTH },
		{ "64:ff9b::/47", NULL, PREFIX_BAD_LENGTH },
		{ "2001:db8:1:2:ff00::/96", NULL, PREFIX_BAD_U },
		{ "2001:db8:1:2:100::/96", NULL, PREFIX_BAD_U },
		{ "64:ff9b::/32", NULL, PREFIX_WELL_KNOWN_LENGTH },
		{ "64:ff9b::/40", NULL, PREFIX_WELL_KNOWN_LENGTH },
		{ "64:ff9b::/48", NULL, PREFIX_WELL_KNOWN_LENGTH },
		{ "64:ff9b::/56", NULL, PREFIX_WELL_KNOWN_LENGTH },
		{ "64:ff9b::/64", NULL, PREFIX_WELL_KNOWN_LENGTH },
		{ "2001:db8::/96", "::1", PREFIX_BAD_SUFFIX },
		{ "2001:db8:1:2::/64", "::100:0", PREFIX_BAD_SUFFIX },
		{ "2001:db8:1:2::/64", "0:0:0:0:100::", PREFIX_BAD_SUFFIX },
		{ "2001:db8:1:2::/64", "2001:db8:1:2::", PREFIX_BAD_SUFFIX },
		{ "2001:db8::/32", "0:0:0:0:100::", PREFIX_BAD_SUFFIX },
		{ "2001:db8::/32", "0:0:0:1::", PREFIX_BAD_SUFFIX },
		{ "2001:db8::/32", "1.2.3.4", PREFIX_BAD_SUFFIX },
		{ "2001:db8:100::/40", "0:0:0:0:1::", PREFIX_BAD_SUFFIX },
		{ "64:ff9b::/96", "::", PREFIX_OK },
		{ "64:ff9b:1::/48", NULL, PREFIX_OK },
		{ "64:ff9b:1:fffe::/96", NULL, PREFIX_OK },
		{ "2001:db8::/32", "::80:0:0:0", PREFIX_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct network network;
		struct addr suffix;
		struct prefix prefix;
		enum prefix_fault fault;

		assert_int_equal(network_parse(rows[i].prefix, &network), NETWORK_OK);
		if (rows[i].suffix)
			assert_true(addr_parse(rows[i].suffix, &suffix));
		fault = prefix_make(&network, rows[i].suffix ? &suffix : NULL, &prefix);
		if (fault != rows[i].fault)
			fail_msg("%s: %s", rows[i].prefix, prefix_fault_text(fault));
		assert_true(strlen(prefix_fault_text(fault)) > 0);
	}
}

/* ADR-2.2-d: the suffix is not looked at; u is. */
static void ignores_the_suffix_but_not_u_when_extracting(void **state)
{
	static const uint8_t want[4] = { 192, 0, 2, 33 };
	struct prefix prefix = prefix_of("2001:db8:122::/48", NULL);
	struct addr with_suffix = addr_of("2001:db8:122:c000:2:2100::7");
	struct addr with_u = addr_of("2001:db8:122:c000:102:2100::");
	struct addr elsewhere = addr_of("2001:db8:123:c000:2:2100::");
	uint8_t out[4];

	(void)state;
	assert_true(prefix_extract(&prefix, with_suffix.octets, out));
	assert_memory_equal(out, want, 4);
	assert_false(prefix_extract(&prefix, with_u.octets, out));
	assert_false(prefix_extract(&prefix, elsewhere.octets, out));
}

/* Section 6.3: first and last address of every block, and the neighbours outside. */
static const struct refusal {
	const char *ipv4;
	bool by_well_known, by_specific;
} refusals[] = {
	/* ADR-nsp-a: never a destination */
	{ "0.0.0.0", true, true },
	{ "0.255.255.255", true, true },
	{ "127.0.0.0", true, true },
	{ "127.0.0.1", true, true },
	{ "127.255.255.255", true, true },
	{ "169.254.0.0", true, true },
	{ "169.254.255.255", true, true },
	{ "224.0.0.0", true, true },
	{ "239.255.255.255", true, true },
	{ "240.0.0.0", true, true },
	{ "255.255.255.254", true, true },
	{ "255.255.255.255", true, true },
	/* ADR-3.1-a: not global, but fine in a network-specific prefix */
	{ "10.0.0.0", true, false },
	{ "10.255.255.255", true, false },
	{ "100.64.0.0", true, false },
	{ "100.127.255.255", true, false },
	{ "172.16.0.0", true, false },
	{ "172.31.255.255", true, false },
	{ "192.0.0.0", true, false },
	{ "192.0.0.9", true, false },
	{ "192.0.0.170", true, false },
	{ "192.0.0.255", true, false },
	{ "192.0.2.0", true, false },
	{ "192.0.2.255", true, false },
	{ "192.88.99.0", true, false },
	{ "192.88.99.255", true, false },
	{ "192.168.0.0", true, false },
	{ "192.168.255.255", true, false },
	{ "198.18.0.0", true, false },
	{ "198.19.255.255", true, false },
	{ "198.51.100.0", true, false },
	{ "198.51.100.255", true, false },
	{ "203.0.113.0", true, false },
	{ "203.0.113.255", true, false },
	/* Global */
	{ "1.0.0.0", false, false },
	{ "9.255.255.255", false, false },
	{ "11.0.0.0", false, false },
	{ "100.63.255.255", false, false },
	{ "100.128.0.0", false, false },
	{ "126.255.255.255", false, false },
	{ "128.0.0.0", false, false },
	{ "169.253.255.255", false, false },
	{ "169.255.0.0", false, false },
	{ "172.15.255.255", false, false },
	{ "172.32.0.0", false, false },
	{ "191.255.255.255", false, false },
	{ "192.0.1.0", false, false },
	{ "192.0.3.0", false, false },
	{ "192.31.196.1", false, false },
	{ "192.52.193.1", false, false },
	{ "192.88.98.255", false, false },
	{ "192.88.100.0", false, false },
	{ "192.167.255.255", false, false },
	{ "192.169.0.0", false, false },
	{ "192.175.48.1", false, false },
	{ "198.17.255.255", false, false },
	{ "198.20.0.0", false, false },
	{ "198.41.0.4", false, false },
	{ "198.51.99.255", false, false },
	{ "198.51.101.0", false, false },
	{ "203.0.112.255", false, false },
	{ "203.0.114.0", false, false },
	{ "223.255.255.255", false, false },
};

/* ADR-3.1-a ADR-nsp-a ADR-8215-a */
static void refuses_what_may_not_be_mapped(void **state)
{
	struct prefix well_known = prefix_well_known();
	struct prefix specific = prefix_of("2001:db8:64::/96", NULL);
	struct prefix local_use = prefix_of("64:ff9b:1::/48", NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct addr ipv4 = addr_of(refusals[i].ipv4);
		bool by_well_known = prefix_refuses(&well_known, ipv4.octets) != NULL;
		bool by_specific = prefix_refuses(&specific, ipv4.octets) != NULL;

		if (by_well_known != refusals[i].by_well_known ||
			by_specific != refusals[i].by_specific)
			fail_msg("%s", refusals[i].ipv4);
		assert_int_equal(prefix_refuses(&local_use, ipv4.octets) != NULL, by_specific);
	}
}

static void says_why_it_refuses(void **state)
{
	struct prefix well_known = prefix_well_known();
	struct addr broadcast = addr_of("255.255.255.255");
	struct addr private = addr_of("10.1.2.3");

	(void)state;
	assert_non_null(strstr(prefix_refuses(&well_known, broadcast.octets), "broadcast"));
	assert_non_null(strstr(prefix_refuses(&well_known, private.octets), "10.0.0.0/8"));
}

/* ADR-3.1-a: a range that is non-global as a whole is refused; of a wider one, the addresses are
 * skipped one by one. */
static void finds_networks_that_the_well_known_prefix_may_not_carry(void **state)
{
	static const struct row {
		const char *network;
		bool refused;
	} rows[] = {
		{ "10.0.0.0/8", true },
		{ "10.1.2.0/24", true },
		{ "8.0.0.0/6", false },
		{ "0.0.0.0/0", false },
		{ "192.0.0.0/16", false },
		{ "203.0.113.7/32", true },
		{ "11.0.0.0/8", false },
		{ "198.41.0.0/24", false },
		{ "198.41.0.4/32", false },
		{ "192.0.1.0/24", false },
		{ "128.0.0.0/2", false },
		{ "128.0.0.0/3", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct network network;

		assert_int_equal(network_parse(rows[i].network, &network), NETWORK_OK);
		if (prefix_well_known_refuses_network(&network) != rows[i].refused)
			fail_msg("%s", rows[i].network);
	}
}

static void tells_prefixes_apart(void **state)
{
	struct prefix a = prefix_of("2001:db8:1:2::/64", NULL);
	struct prefix b = prefix_of("2001:db8:1:2::/64", "::1");
	struct prefix c = prefix_of("2001:db8:1:2::/96", NULL);
	struct prefix d = prefix_of("64:ff9b::/96", NULL);
	struct prefix e = prefix_well_known();

	(void)state;
	assert_true(prefix_equal(&a, &a));
	assert_false(prefix_equal(&a, &b));
	assert_false(prefix_equal(&a, &c));
	assert_true(prefix_equal(&d, &e));
	assert_true(prefix_is_well_known(&d));
	assert_false(prefix_is_well_known(&c));
}

static void takes_only_what_can_be_a_gateways_from_the_network(void **state)
{
	static const struct row {
		const char *prefix;
		bool may_be;
	} rows[] = {
		{ "2001:db8:1:2::/96", true },
		{ "2001:db8::/32", true },
		{ "fd00:64::/48", true },
		{ "64:ff9b::/96", true },
		{ "64:ff9b:1::/48", true },
		{ "64:ff9b:1:fffe::/96", true },
		{ "64:ff9b:2::/48", false },
		{ "64:ff9b:0:1::/96", false },
		{ "64::/32", false },
		{ "::/96", false },
		{ "::ffff:0:0/96", false },
		{ "fe80::/96", false },
		{ "febf:1::/32", false },
		{ "ff02::/64", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct prefix prefix = prefix_of(rows[i].prefix, NULL);

		if (prefix_may_be_learned(&prefix) != rows[i].may_be)
			fail_msg("%s", rows[i].prefix);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(embeds_and_extracts_every_vector),
		cmocka_unit_test(embeds_to_the_octets_on_the_wire),
		cmocka_unit_test(extracts_what_it_embedded),
		cmocka_unit_test(puts_the_suffix_behind_the_address),
		cmocka_unit_test(refuses_what_is_no_prefix),
		cmocka_unit_test(ignores_the_suffix_but_not_u_when_extracting),
		cmocka_unit_test(refuses_what_may_not_be_mapped),
		cmocka_unit_test(says_why_it_refuses),
		cmocka_unit_test(finds_networks_that_the_well_known_prefix_may_not_carry),
		cmocka_unit_test(tells_prefixes_apart),
		cmocka_unit_test(takes_only_what_can_be_a_gateways_from_the_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
