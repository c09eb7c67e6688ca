#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "describe.h"
#include "sixward/local/special.h"

/* R6303-3-b: the content as given; TTL 10800 (LIM-28) */
#define SOA(zone)      zone " 10800 IN SOA " zone " nobody.invalid. 1 3600 1200 604800 10800"
#define NXDOMAIN(zone) "NXDOMAIN NXDOMAIN; authority " SOA(zone)
#define NODATA(zone)   "NOERROR NODATA; authority " SOA(zone)
#define ZEROS_31       "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa."

struct row {
	const char *name;
	uint16_t type;
	const char *answer;
};

static const char *answer(const char *name, uint16_t type)
{
	struct question question = ask(name, type);

	if (!special_find(&question))
		return "none";
	return describe(special_answer(&question, false));
}

static void check(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		print_message("%s %u\n", rows[i].name, rows[i].type);
		assert_string_equal(answer(rows[i].name, rows[i].type), rows[i].answer);
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

/* LOC-02, LOC-04, LOC-05, LOC-06 */
static void denies_names_that_nobody_has_their_top_included(void **state)
{
	static const struct row rows[] = {
		{ "onion", TYPE_A, NXDOMAIN("onion.") },
		{ "x.ONION", TYPE_AAAA, NXDOMAIN("onion.") },
		{ "invalid", TYPE_SOA, NXDOMAIN("invalid.") },
		{ "a.b.invalid", TYPE_TXT, NXDOMAIN("invalid.") },
		{ "test", TYPE_DS, NXDOMAIN("test.") },
		{ "x.test", TYPE_PTR, NXDOMAIN("test.") },
		{ "local", TYPE_A, NXDOMAIN("local.") },
		{ "printer.local", TYPE_ANY, NXDOMAIN("local.") },
	};

	(void)state;
	CHECK(rows);
}

/* LOC-03 */
static void gives_the_loopback_addresses_of_localhost_and_names_below(void **state)
{
	static const struct row rows[] = {
		{ "localhost", TYPE_A, "NOERROR DATA; localhost. 10800 IN A 127.0.0.1" },
		{ "LocalHost", TYPE_AAAA, "NOERROR DATA; localhost. 10800 IN AAAA ::1" },
		{ "a.b.localhost", TYPE_AAAA, "NOERROR DATA; a.b.localhost. 10800 IN AAAA ::1" },
		{ "localhost", TYPE_ANY,
			"NOERROR DATA; localhost. 10800 IN A 127.0.0.1; "
			"localhost. 10800 IN AAAA ::1" },
		{ "localhost", TYPE_MX, NODATA("localhost.") },
		{ "localhost", TYPE_SOA, NODATA("localhost.") },
		{ "x.localhost", TYPE_TXT, NODATA("localhost.") },
	};

	(void)state;
	CHECK(rows);
}

/* LOC-07, LOC-09, R6303-3-a */
static void serves_an_empty_zone(void **state)
{
	static const struct row rows[] = {
		{ "home.arpa", TYPE_SOA, "NOERROR DATA; " SOA("home.arpa.") },
		{ "home.arpa", TYPE_NS, "NOERROR DATA; home.arpa. 10800 IN NS home.arpa." },
		{ "home.arpa", TYPE_ANY,
			"NOERROR DATA; home.arpa. 10800 IN NS home.arpa.; " SOA("home.arpa.") },
		{ "home.arpa", TYPE_A, NODATA("home.arpa.") },
		{ "nas.home.arpa", TYPE_AAAA, NXDOMAIN("home.arpa.") },
		{ "1.0.0.10.in-addr.arpa", TYPE_PTR, NXDOMAIN("10.in-addr.arpa.") },
		{ "0.10.in-addr.arpa", TYPE_SOA, NXDOMAIN("10.in-addr.arpa.") },
		{ "10.in-addr.arpa", TYPE_SOA, "NOERROR DATA; " SOA("10.in-addr.arpa.") },
		{ "10.in-addr.arpa", TYPE_DS, NODATA("10.in-addr.arpa.") },
		{ "1.0.31.172.in-addr.arpa", TYPE_PTR, NXDOMAIN("31.172.in-addr.arpa.") },
		{ "0.0.16.172.in-addr.arpa", TYPE_TXT, NXDOMAIN("16.172.in-addr.arpa.") },
		{ "20.172.in-addr.arpa", TYPE_NS,
			"NOERROR DATA; 20.172.in-addr.arpa. 10800 IN NS 20.172.in-addr.arpa." },
	};

	(void)state;
	CHECK(rows);
}

/* LOC-07: a validator must find the insecure delegation */
static void leaves_ds_of_home_arpa_to_its_parent(void **state)
{
	struct question top = ask("home.arpa", TYPE_DS);
	struct question below = ask("x.home.arpa", TYPE_DS);
	struct question other = ask("home.arpa", TYPE_DNSKEY);
	struct question reverse = ask("10.in-addr.arpa", TYPE_DS);

	(void)state;
	assert_null(special_find(&top));
	assert_true(special_is_parents(&top));
	assert_non_null(special_find(&below));
	assert_false(special_is_parents(&below));
	assert_non_null(special_find(&other));
	assert_false(special_is_parents(&other));
	assert_false(special_is_parents(&reverse));
}

/* LOC-08 */
static void has_nothing_for_any_name_below_resolver_arpa(void **state)
{
	static const struct row rows[] = {
		{ "resolver.arpa", TYPE_A, NODATA("resolver.arpa.") },
		{ "resolver.arpa", TYPE_SOA, NODATA("resolver.arpa.") },
		{ "_dns.resolver.arpa", 64, NODATA("resolver.arpa.") },
		{ "x.y.resolver.arpa", TYPE_ANY, NODATA("resolver.arpa.") },
	};

	(void)state;
	CHECK(rows);
}

/* R6303-3-b; what lies on the way to the PTR exists too */
static void points_the_loopback_addresses_to_localhost(void **state)
{
	static const struct row rows[] = {
		{ "1.0.0.127.in-addr.arpa", TYPE_PTR,
			"NOERROR DATA; 1.0.0.127.in-addr.arpa. 10800 IN PTR localhost." },
		{ "1.0.0.127.in-addr.arpa", TYPE_A, NODATA("127.in-addr.arpa.") },
		{ "0.0.127.in-addr.arpa", TYPE_PTR, NODATA("127.in-addr.arpa.") },
		{ "2.0.0.127.in-addr.arpa", TYPE_PTR, NXDOMAIN("127.in-addr.arpa.") },
		{ "x.1.0.0.127.in-addr.arpa", TYPE_PTR, NXDOMAIN("127.in-addr.arpa.") },
		{ "1." ZEROS_31, TYPE_PTR, "NOERROR DATA; 1." ZEROS_31 " 10800 IN PTR localhost." },
		{ "1." ZEROS_31, TYPE_SOA, "NOERROR DATA; " SOA("1." ZEROS_31) },
		{ "1." ZEROS_31, TYPE_TXT, NODATA("1." ZEROS_31) },
		{ "0." ZEROS_31, TYPE_PTR, NODATA("0." ZEROS_31) },
	};

	(void)state;
	CHECK(rows);
}

static void check_zone(const char *zone)
{
	char text[NAME_TEXT_MAX], below[128];
	struct question question = ask(zone, TYPE_PTR);
	const uint8_t *part = special_find(&question);

	print_message("%s\n", zone);
	assert_non_null(part);
	assert_string_equal(name_format(part, text), zone);
	snprintf(below, sizeof(below), "x.y.%s", zone);
	question = ask(below, TYPE_A);
	part = special_find(&question);
	assert_non_null(part);
	assert_string_equal(name_format(part, text), zone);
}

/* LOC-06, LOC-09, LOC-10 */
static void knows_each_zone_and_what_is_below(void **state)
{
	static const char *const zones[] = { "onion.", "localhost.", "invalid.", "test.", "local.",
		"home.arpa.", "resolver.arpa.", "0.in-addr.arpa.", "10.in-addr.arpa.",
		"127.in-addr.arpa.", "254.169.in-addr.arpa.", "168.192.in-addr.arpa.",
		"2.0.192.in-addr.arpa.", "100.51.198.in-addr.arpa.", "113.0.203.in-addr.arpa.",
		"255.255.255.255.in-addr.arpa.", "d.f.ip6.arpa.", "8.e.f.ip6.arpa.",
		"9.e.f.ip6.arpa.", "a.e.f.ip6.arpa.", "b.e.f.ip6.arpa.",
		"8.b.d.0.1.0.0.2.ip6.arpa." };
	char zone[64];

	(void)state;
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		check_zone(zones[i]);
	check_zone("0." ZEROS_31);
	check_zone("1." ZEROS_31);
	for (int number = 16; number <= 31; number++) {
		snprintf(zone, sizeof(zone), "%d.172.in-addr.arpa.", number);
		check_zone(zone);
	}
	for (int number = 64; number <= 127; number++) {
		snprintf(zone, sizeof(zone), "%d.100.in-addr.arpa.", number);
		check_zone(zone);
	}
}

static void check_ordinary(const char *name)
{
	struct question question = ask(name, TYPE_A);

	print_message("%s\n", name);
	assert_null(special_find(&question));
}

/* LOC-11, LOC-12, LOC-13, LOC-14, and neighbours of what is special */
static void leaves_all_other_names_alone(void **state)
{
	static const char *const names[] = { ".", "com", "example", "www.example.com",
		"example.net", "example.org", "alt", "x.alt", "170.0.0.192.in-addr.arpa",
		"171.0.0.192.in-addr.arpa", "service.arpa", "eap.arpa", "6tisch.arpa",
		"empty.as112.arpa", "ipv4only.arpa", "arpa", "in-addr.arpa", "ip6.arpa",
		"172.in-addr.arpa", "15.172.in-addr.arpa", "32.172.in-addr.arpa",
		"016.172.in-addr.arpa", "1f.172.in-addr.arpa", "1024.172.in-addr.arpa",
		"100.in-addr.arpa", "63.100.in-addr.arpa", "128.100.in-addr.arpa",
		"192.in-addr.arpa", "167.192.in-addr.arpa", "0.192.in-addr.arpa",
		"1.0.192.in-addr.arpa", "11.in-addr.arpa", "110.in-addr.arpa", "10.arpa",
		"e.f.ip6.arpa", "c.e.f.ip6.arpa", "f.ip6.arpa", "c.f.ip6.arpa",
		"9.b.d.0.1.0.0.2.ip6.arpa", "b.d.0.1.0.0.2.ip6.arpa", "onion.com", "notlocalhost",
		"localhost.localdomain", "mytest", "xhome.arpa", "home.arpa.com", "x\\.test",
		"x\\004test", "\\010\\002test" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check_ordinary(names[i]);
	check_ordinary(ZEROS_31);
	check_ordinary("2." ZEROS_31);
}

/* RFC 8020: NXDOMAIN would deny what a forward rule or a record has below */
static void denies_no_name_above_one_that_is_answered_elsewhere(void **state)
{
	struct question question = ask("lan.test", TYPE_A);

	(void)state;
	assert_string_equal(describe(special_answer(&question, true)), NODATA("test."));
	assert_string_equal(describe(special_answer(&question, false)), NXDOMAIN("test."));
}

/* LOC-b */
static void answers_alike_with_cd_and_says_no_extended_error(void **state)
{
	struct question question = ask("x.invalid", TYPE_A);
	struct reply *reply;

	(void)state;
	question.cd = true;
	reply = special_answer(&question, false);
	assert_int_equal(reply_edes(reply)->count, 0);
	assert_string_equal(describe(reply), NXDOMAIN("invalid."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(denies_names_that_nobody_has_their_top_included),
		cmocka_unit_test(gives_the_loopback_addresses_of_localhost_and_names_below),
		cmocka_unit_test(serves_an_empty_zone),
		cmocka_unit_test(leaves_ds_of_home_arpa_to_its_parent),
		cmocka_unit_test(has_nothing_for_any_name_below_resolver_arpa),
		cmocka_unit_test(points_the_loopback_addresses_to_localhost),
		cmocka_unit_test(knows_each_zone_and_what_is_below),
		cmocka_unit_test(leaves_all_other_names_alone),
		cmocka_unit_test(denies_no_name_above_one_that_is_answered_elsewhere),
		cmocka_unit_test(answers_alike_with_cd_and_says_no_extended_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
