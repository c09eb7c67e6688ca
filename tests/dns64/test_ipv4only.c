/* ipv4only.arpa as section 7.1 says. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reply_text.h"
#include "sixward/dns/wire.h"
#include "sixward/dns64/ipv4only.h"

/* In a denial the SOA lives as long as the denial (R2308-6-a): its MINIMUM, not LIM-28. */
#define SOA "AU ipv4only.arpa. 60 SOA ipv4only.arpa. nobody.invalid. 1 3600 1200 604800 60\n"
#define BOTH_A                                                                                     \
	"AN ipv4only.arpa. 3600 A 192.0.0.170\n"                                                   \
	"AN ipv4only.arpa. 3600 A 192.0.0.171\n"
#define BOTH_AAAA                                                                                  \
	"AN ipv4only.arpa. 3600 AAAA 64:ff9b::c000:aa\n"                                           \
	"AN ipv4only.arpa. 3600 AAAA 64:ff9b::c000:ab\n"

enum { TYPE_HTTPS = 65 };

/* R8880-7.1-a R8880-7.1-b R8880-7.1-c R8880-7.1-d R8880-7.1-f R8880-7.1-g ADR-3.1-c LIM-28 */
static void answers_every_type(void **state)
{
	static const struct row {
		const char *name;
		uint16_t type, rcode;
		const char *want;
	} rows[] = {
		{ "ipv4only.arpa", TYPE_A, RCODE_NOERROR, BOTH_A },
		{ "IPv4Only.ARPA", TYPE_A, RCODE_NOERROR, BOTH_A },
		{ "ipv4only.arpa", TYPE_AAAA, RCODE_NOERROR, BOTH_AAAA },
		{ "ipv4only.arpa", TYPE_ANY, RCODE_NOERROR, BOTH_A BOTH_AAAA },
		{ "ipv4only.arpa", TYPE_SOA, RCODE_NOERROR, SOA },
		{ "ipv4only.arpa", TYPE_NS, RCODE_NOERROR, SOA },
		{ "ipv4only.arpa", TYPE_MX, RCODE_NOERROR, SOA },
		{ "ipv4only.arpa", TYPE_TXT, RCODE_NOERROR, SOA },
		{ "ipv4only.arpa", TYPE_HTTPS, RCODE_NOERROR, SOA },
		{ "ipv4only.arpa", TYPE_DNSKEY, RCODE_NOERROR, SOA },
		{ "x.ipv4only.arpa", TYPE_A, RCODE_NXDOMAIN, SOA },
		{ "x.ipv4only.arpa", TYPE_AAAA, RCODE_NXDOMAIN, SOA },
		{ "x.ipv4only.arpa", TYPE_DS, RCODE_NXDOMAIN, SOA },
		{ "x.y.ipv4only.arpa", TYPE_ANY, RCODE_NXDOMAIN, SOA },
	};
	struct policy *policy = policy_of("64:ff9b::/96\n");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct question question = question_of(rows[i].name, rows[i].type);

		expect_reply(ipv4only_answer(&question, policy), rows[i].rcode, rows[i].want);
	}
	policy_unref(policy);
}

/* R8880-7.1-c R8880-7.1-g: pairs, in configured order, those that serve all of IPv4 first;
 * ranges, exclusions and max-aaaa do not apply. */
static void gives_each_prefix_its_pair_in_order(void **state)
{
	struct policy_options options = options_of("2001:db8:100::/40 10.0.0.0/8\n"
						   "2001:db8:65::/96 drain\n"
						   "2001:db8:2::/96\n2001:db8:122::/48\n");
	struct question question = question_of("ipv4only.arpa", TYPE_AAAA);
	struct policy *policy;

	(void)state;
	options.max_aaaa = 1;
	assert_int_equal(netset_add_text(&options.exclude_aaaa, "2001:db8::/32"), NETWORK_OK);
	assert_int_equal(netset_add_text(&options.exclude_ipv4, "192.0.0.0/24"), NETWORK_OK);
	policy = policy_new(&options);
	expect_reply(ipv4only_answer(&question, policy), RCODE_NOERROR,
		"AN ipv4only.arpa. 3600 AAAA 2001:db8:2::c000:aa\n"
		"AN ipv4only.arpa. 3600 AAAA 2001:db8:2::c000:ab\n"
		"AN ipv4only.arpa. 3600 AAAA 2001:db8:122:c000:0:aa00::\n"
		"AN ipv4only.arpa. 3600 AAAA 2001:db8:122:c000:0:ab00::\n"
		"AN ipv4only.arpa. 3600 AAAA 2001:db8:1c0:0:aa::\n"
		"AN ipv4only.arpa. 3600 AAAA 2001:db8:1c0:0:ab::\n");
	policy_unref(policy);
}

/* `use: first` narrows it as well (config.md). */
static void tells_of_no_prefix_that_is_not_used(void **state)
{
	struct policy_options options = options_of("64:ff9b::/96\n2001:db8:2::/96\n");
	struct question question = question_of("ipv4only.arpa", TYPE_AAAA);
	struct policy *policy;

	(void)state;
	options.use = USE_FIRST;
	policy = policy_new(&options);
	expect_reply(ipv4only_answer(&question, policy), RCODE_NOERROR, BOTH_AAAA);
	policy_unref(policy);
}

/* R8880-7.1-e R8880-7.1-i D64-5.1-b */
static void leaves_alone_what_is_not_its_own(void **state)
{
	static const struct row {
		const char *prefixes, *name;
		uint16_t type, rclass;
		bool enabled;
	} rows[] = {
		{ "64:ff9b::/96\n", "ipv4only.arpa", TYPE_DS, CLASS_IN, true },
		{ "64:ff9b::/96\n", "ipv4only.arpa", TYPE_AAAA, CLASS_CH, true },
		{ "64:ff9b::/96\n", "arpa", TYPE_AAAA, CLASS_IN, true },
		{ "64:ff9b::/96\n", "xipv4only.arpa", TYPE_AAAA, CLASS_IN, true },
		{ "64:ff9b::/96\n", "ipv4only.arpa", TYPE_AAAA, CLASS_IN, false },
		{ "64:ff9b::/96\n", "x.ipv4only.arpa", TYPE_AAAA, CLASS_IN, false },
		{ "64:ff9b::/96 drain\n", "ipv4only.arpa", TYPE_AAAA, CLASS_IN, true },
		{ "", "ipv4only.arpa", TYPE_A, CLASS_IN, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_options options = options_of(rows[i].prefixes);
		struct question question = question_of(rows[i].name, rows[i].type);
		struct policy *policy;

		options.enabled = rows[i].enabled;
		question.rclass = rows[i].rclass;
		policy = policy_new(&options);
		assert_null(ipv4only_answer(&question, policy));
		policy_unref(policy);
	}
}

/* R8880-7.1-g D64-5.5-d A-5: CD changes nothing. */
static void answers_with_cd_as_well(void **state)
{
	struct question question = question_of("ipv4only.arpa", TYPE_AAAA);
	struct policy *policy = policy_of("64:ff9b::/96\n");

	(void)state;
	question.cd = true;
	expect_reply(ipv4only_answer(&question, policy), RCODE_NOERROR, BOTH_AAAA);
	policy_unref(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_every_type),
		cmocka_unit_test(gives_each_prefix_its_pair_in_order),
		cmocka_unit_test(tells_of_no_prefix_that_is_not_used),
		cmocka_unit_test(leaves_alone_what_is_not_its_own),
		cmocka_unit_test(answers_with_cd_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
