/* Which prefixes carry an address, which are in force, and which address is ours. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "reply_text.h"
#include "sixward/dns64/policy.h"

enum { JOINED_MAX = 512 };

/* The chosen prefixes as "P1 P2", or "" for none. */
static void join(const struct prefix *const *prefixes, size_t count, char text[JOINED_MAX])
{
	size_t at = 0;

	text[0] = 0;
	for (size_t i = 0; i < count; i++) {
		char one[NETWORK_TEXT_MAX];

		at += (size_t)snprintf(text + at, JOINED_MAX - at, "%s%s", i > 0 ? " " : "",
			network_format(&prefixes[i]->network, one));
		assert_true(at < JOINED_MAX);
	}
}

static void expect_prefixes(const struct policy *policy, const char *ipv4, const char *want)
{
	const struct prefix *out[POLICY_PREFIXES_MAX];
	struct addr addr;
	char text[JOINED_MAX];
	const char *why = "untouched";
	size_t count;

	assert_true(addr_parse(ipv4, &addr));
	count = policy_prefixes_for(policy, addr.octets, out, &why);
	join(out, count, text);
	assert_string_equal(text, want);
	assert_int_equal(why != NULL, count == 0);
	assert_int_equal(policy_prefixes_for(policy, addr.octets, out, NULL), count);
}

static void expect_in_force(const struct policy *policy, const char *want)
{
	const struct prefix *out[POLICY_PREFIXES_MAX];
	char text[JOINED_MAX];

	join(out, policy_in_force(policy, out), text);
	assert_string_equal(text, want);
}

static const struct choice_row {
	const char *prefixes;
	enum prefix_use use;
	const char *ipv4, *want;
} choice_rows[] = {
	/* D64-5-a: the most specific range wins. */
	{ "2001:db8:1::/96 198.51.100.0/24\n2001:db8:2::/96 0.0.0.0/0\n", USE_ALL, "198.51.100.7",
		"2001:db8:1::/96" },
	{ "2001:db8:1::/96 198.51.100.0/24\n2001:db8:2::/96 0.0.0.0/0\n", USE_ALL, "203.0.113.7",
		"2001:db8:2::/96" },
	{ "2001:db8:2::/96\n2001:db8:1::/96 198.51.100.0/24\n", USE_ALL, "198.51.100.7",
		"2001:db8:1::/96" },
	{ "2001:db8:1::/96 10.0.0.0/8\n2001:db8:2::/96 10.1.0.0/16\n2001:db8:3::/96\n", USE_ALL,
		"10.1.2.3", "2001:db8:2::/96" },
	{ "2001:db8:1::/96 10.0.0.0/8 10.1.2.0/24\n2001:db8:2::/96 10.1.0.0/16\n", USE_ALL,
		"10.1.2.3", "2001:db8:1::/96" },
	/* An empty list is all of IPv4, and equal to it. */
	{ "2001:db8:1::/96\n2001:db8:2::/96 0.0.0.0/0\n", USE_ALL, "198.41.0.4",
		"2001:db8:1::/96 2001:db8:2::/96" },
	/* every prefix of the range, in configured order. */
	{ "2001:db8:2::/96\n2001:db8:1::/96\n", USE_ALL, "198.41.0.4",
		"2001:db8:2::/96 2001:db8:1::/96" },
	/* D64-5.1.7-d: no range, no prefix. */
	{ "2001:db8:1::/96 198.51.100.0/24\n", USE_ALL, "203.0.113.1", "" },
	{ "", USE_ALL, "203.0.113.1", "" },
	{ "2001:db8:1::/96 2001:db8::/32\n", USE_ALL, "203.0.113.1", "" },
	/* use: first narrows within the range. */
	{ "2001:db8:1::/96\n2001:db8:2::/96\n", USE_FIRST, "198.41.0.4", "2001:db8:1::/96" },
	{ "2001:db8:1::/96\n2001:db8:2::/96 10.0.0.0/8\n2001:db8:3::/96 10.0.0.0/8\n", USE_FIRST,
		"10.0.0.1", "2001:db8:2::/96" },
	{ "2001:db8:1::/96 drain\n2001:db8:2::/96\n2001:db8:3::/96\n", USE_FIRST, "198.41.0.4",
		"2001:db8:2::/96" },
	/* What is drained is not used, */
	{ "2001:db8:1::/96 drain\n2001:db8:2::/96\n", USE_ALL, "198.41.0.4", "2001:db8:2::/96" },
	{ "2001:db8:1::/96 drain\n", USE_ALL, "198.41.0.4", "" },
	/* and makes no range either: as if it were not listed. */
	{ "2001:db8:1::/96 10.0.0.0/8 drain\n2001:db8:2::/96\n", USE_ALL, "10.0.0.1",
		"2001:db8:2::/96" },
	{ "2001:db8:1::/96 10.0.0.0/8 drain\n2001:db8:3::/96 10.0.0.0/8\n2001:db8:2::/96\n",
		USE_ALL, "10.0.0.1", "2001:db8:3::/96" },
	/* ADR-3.1-a: the WKP carries no private address, others of the range do. */
	{ "64:ff9b::/96\n", USE_ALL, "10.0.0.1", "" },
	{ "64:ff9b::/96\n", USE_ALL, "198.41.0.4", "64:ff9b::/96" },
	{ "64:ff9b::/96\n2001:db8:1::/96\n", USE_ALL, "10.0.0.1", "2001:db8:1::/96" },
	/* What `use` took out of force, a refusal does not bring back. */
	{ "64:ff9b::/96\n2001:db8:1::/96\n", USE_FIRST, "10.0.0.1", "" },
	/* A wider range does not stand in for a refusal. */
	{ "2001:db8:1::/96\n64:ff9b::/96 10.0.0.0/8\n", USE_ALL, "10.0.0.1", "" },
	/* ADR-nsp-a */
	{ "2001:db8:1::/96\n", USE_ALL, "127.0.0.1", "" },
	{ "2001:db8:1::/96\n", USE_ALL, "10.0.0.1", "2001:db8:1::/96" },
	/* ADR-8215-a */
	{ "64:ff9b:1::/48\n", USE_ALL, "10.0.0.1", "64:ff9b:1::/48" },
};

static void chooses_the_prefixes_of_the_most_specific_range(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(choice_rows) / sizeof(choice_rows[0]); i++) {
		struct policy_options options = options_of(choice_rows[i].prefixes);
		struct policy *policy;

		options.use = choice_rows[i].use;
		policy = policy_new(&options);
		expect_prefixes(policy, choice_rows[i].ipv4, choice_rows[i].want);
		policy_unref(policy);
	}
}

static const struct force_row {
	const char *prefixes;
	enum prefix_use use;
	const char *want;
} force_rows[] = {
	{ "2001:db8:2::/96\n2001:db8:1::/96\n", USE_ALL, "2001:db8:2::/96 2001:db8:1::/96" },
	{ "2001:db8:2::/96\n2001:db8:1::/96\n", USE_FIRST, "2001:db8:2::/96" },
	/* Those that serve all of IPv4 first. */
	{ "2001:db8:3::/96 10.0.0.0/8\n2001:db8:2::/96\n2001:db8:1::/96 0.0.0.0/0\n", USE_ALL,
		"2001:db8:2::/96 2001:db8:1::/96 2001:db8:3::/96" },
	{ "2001:db8:3::/96 10.0.0.0/8\n2001:db8:4::/96 10.0.0.0/8\n2001:db8:2::/96\n"
	  "2001:db8:1::/96 0.0.0.0/0\n",
		USE_FIRST, "2001:db8:2::/96 2001:db8:3::/96" },
	/* One that is first for another range stays. */
	{ "2001:db8:3::/96 10.0.0.0/8\n2001:db8:4::/96 10.0.0.0/8 172.16.0.0/12\n", USE_FIRST,
		"2001:db8:3::/96 2001:db8:4::/96" },
	{ "2001:db8:1::/96\n2001:db8:2::/96 0.0.0.0/0 10.0.0.0/8\n", USE_FIRST,
		"2001:db8:1::/96 2001:db8:2::/96" },
	{ "2001:db8:1::/96 drain\n2001:db8:2::/96\n", USE_FIRST, "2001:db8:2::/96" },
	{ "2001:db8:1::/96 drain\n", USE_ALL, "" },
	{ "2001:db8:1::/96 2001:db8::/32\n", USE_ALL, "" },
	{ "", USE_ALL, "" },
};

static void tells_what_is_in_force(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(force_rows) / sizeof(force_rows[0]); i++) {
		struct policy_options options = options_of(force_rows[i].prefixes);
		struct policy *policy;

		options.use = force_rows[i].use;
		policy = policy_new(&options);
		expect_in_force(policy, force_rows[i].want);
		policy_unref(policy);
	}
}

/* config.md: a client learns no prefix that answers do not use. */
static void uses_no_prefix_that_is_not_in_force(void **state)
{
	static const char *const addresses[] = { "10.1.2.3", "10.2.0.1", "172.16.0.1", "198.41.0.4",
		"198.51.100.7" };

	(void)state;
	for (size_t i = 0; i < sizeof(choice_rows) / sizeof(choice_rows[0]); i++) {
		struct policy_options options = options_of(choice_rows[i].prefixes);
		const struct prefix *used[POLICY_PREFIXES_MAX];
		const struct prefix *in_force[POLICY_PREFIXES_MAX];
		struct policy *policy;
		size_t in_force_count;

		options.use = choice_rows[i].use;
		policy = policy_new(&options);
		in_force_count = policy_in_force(policy, in_force);
		for (size_t n = 0; n < sizeof(addresses) / sizeof(addresses[0]); n++) {
			struct addr addr;
			size_t count;

			assert_true(addr_parse(addresses[n], &addr));
			count = policy_prefixes_for(policy, addr.octets, used, NULL);
			for (size_t k = 0; k < count; k++) {
				bool found = false;

				for (size_t m = 0; m < in_force_count; m++)
					found = found || in_force[m] == used[k];
				assert_true(found);
			}
		}
		policy_unref(policy);
	}
}

static void says_why_an_address_is_not_mapped(void **state)
{
	struct policy_options options = options_of("2001:db8:1::/96 10.0.0.0/8 127.0.0.0/8\n");
	const struct prefix *out[POLICY_PREFIXES_MAX];
	static const struct row {
		uint8_t ipv4[4];
		const char *why;
	} rows[] = {
		{ { 10, 9, 1, 1 }, "exclude-ipv4" },
		{ { 192, 0, 2, 1 }, "no prefix" },
		{ { 127, 0, 0, 1 }, "loopback" },
	};
	struct policy *policy;

	(void)state;
	assert_int_equal(netset_add_text(&options.exclude_ipv4, "10.9.0.0/16"), NETWORK_OK);
	policy = policy_new(&options);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *why = NULL;

		assert_int_equal(policy_prefixes_for(policy, rows[i].ipv4, out, &why), 0);
		assert_non_null(strstr(why, rows[i].why));
	}
	policy_unref(policy);
}

/* D64-6.3-a: nothing applies where DNS64 is off. */
static void does_nothing_when_off(void **state)
{
	struct policy_options options = options_of("2001:db8:1::/96\n");
	struct addr mapped;
	uint8_t ipv4[4];
	struct policy *policy;

	(void)state;
	options.enabled = false;
	policy = policy_new(&options);
	expect_prefixes(policy, "198.41.0.4", "");
	expect_in_force(policy, "");
	assert_true(addr_parse("::ffff:1.2.3.4", &mapped));
	assert_false(policy_excludes_aaaa(policy, mapped.octets));
	assert_true(addr_parse("2001:db8:1::1", &mapped));
	assert_false(policy_extract(policy, mapped.octets, ipv4, NULL));
	policy_unref(policy);
}

/* D64-5.1.4-a D64-5.1.4-g ADR-8215-a: only what is listed; prefixes of ours are not. */
static void excludes_only_listed_aaaa(void **state)
{
	static const struct row {
		const char *ipv6;
		bool excluded;
	} rows[] = {
		{ "::ffff:192.0.2.1", true },
		{ "::1", true },
		{ "::", true },
		{ "fe80::1", true },
		{ "ff02::1", true },
		{ "2001:db8:bad::1", true },
		{ "2001:db8::1", false },
		{ "2001:db8:64::c000:201", false },
		{ "64:ff9b::c629:4", false },
		{ "64:ff9b:1:ffff::1", false },
	};
	struct policy_options options = options_of("2001:db8:64::/96\n");
	struct policy *policy;

	(void)state;
	netset_add_text(&options.exclude_aaaa, "::/128");
	netset_add_text(&options.exclude_aaaa, "::1/128");
	netset_add_text(&options.exclude_aaaa, "fe80::/10");
	netset_add_text(&options.exclude_aaaa, "ff00::/8");
	netset_add_text(&options.exclude_aaaa, "2001:db8:bad::/48");
	policy = policy_new(&options);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr addr;

		assert_true(addr_parse(rows[i].ipv6, &addr));
		if (policy_excludes_aaaa(policy, addr.octets) != rows[i].excluded)
			fail_msg("%s", rows[i].ipv6);
	}
	policy_unref(policy);
}

/* D64-5.3.1-a ADR-2.2-d */
static void extracts_from_any_prefix_of_ours(void **state)
{
	static const struct row {
		const char *ipv6, *ipv4, *prefix;
	} rows[] = {
		{ "2001:db8:64::c000:221", "192.0.2.33", "2001:db8:64::/96" },
		{ "2001:db8:65::c000:221", "192.0.2.33", "2001:db8:65::/96" }, /* drained */
		{ "64:ff9b::c629:4", "198.41.0.4", "64:ff9b::/96" },           /* not listed */
		{ "2001:db8:122:c000:2:2100::7", "192.0.2.33", "2001:db8:122::/48" },
		/* Within the /48: the longer one says where the address stands. */
		{ "2001:db8:122:344::c000:221", "192.0.2.33", "2001:db8:122:344::/96" },
		{ "2001:db8:ffff::1", NULL, NULL },
		{ "2001:db8:122:c000:102:2100::", NULL, NULL }, /* u */
		{ "64:ff9b:1:ffff::1", NULL, NULL },            /* ADR-8215-a */
	};
	struct policy *policy = policy_of("2001:db8:64::/96\n2001:db8:65::/96 drain\n"
					  "2001:db8:122:344::/96\n2001:db8:122::/48\n");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct prefix *prefix = NULL;
		struct addr ipv6;
		struct addr ipv4;
		uint8_t out[4];
		char text[NETWORK_TEXT_MAX];

		assert_true(addr_parse(rows[i].ipv6, &ipv6));
		assert_int_equal(
			policy_extract(policy, ipv6.octets, out, &prefix), rows[i].ipv4 != NULL);
		if (!rows[i].ipv4)
			continue;
		assert_true(addr_parse(rows[i].ipv4, &ipv4));
		assert_memory_equal(out, ipv4.octets, 4);
		assert_string_equal(network_format(&prefix->network, text), rows[i].prefix);
	}
	policy_unref(policy);
}

static void takes_the_options_over_and_counts_its_holders(void **state)
{
	struct policy_options options = options_of("2001:db8:64::/96 10.0.0.0/8\n");
	struct policy *policy = policy_new(&options);

	(void)state;
	assert_int_equal(options.prefix_count, 0);
	assert_null(options.exclude_aaaa.networks);
	assert_ptr_equal(policy_ref(policy), policy);
	policy_unref(policy);
	expect_prefixes(policy, "10.0.0.1", "2001:db8:64::/96");
	policy_unref(policy);
	policy_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chooses_the_prefixes_of_the_most_specific_range),
		cmocka_unit_test(tells_what_is_in_force),
		cmocka_unit_test(uses_no_prefix_that_is_not_in_force),
		cmocka_unit_test(says_why_an_address_is_not_mapped),
		cmocka_unit_test(does_nothing_when_off),
		cmocka_unit_test(excludes_only_listed_aaaa),
		cmocka_unit_test(extracts_from_any_prefix_of_ours),
		cmocka_unit_test(takes_the_options_over_and_counts_its_holders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
