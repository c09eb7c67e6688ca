/* Where facts come from: own records, special names, reverse zones, and what of it needs no
 * recursion. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "scene.h"

#define SYNTH  "2001:db8:64::c000:20a"
#define MARKED " | EDE 29 DNS64"

/* 192.0.2.33 and 198.41.0.4 in 2001:db8:64::/96, 198.41.0.4 and 192.0.0.170 in the WKP. */
#define ZONE     "0.0.0.0.0.0.0.0.0.0.0.0.4.6.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
#define IN_NSP   "4.0.0.0.9.2.6.c." ZONE
#define WKP_ZONE "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa"
#define IN_WKP   "4.0.0.0.9.2.6.c." WKP_ZONE
#define IPV4ONLY "a.a.0.0.0.0.0.c." WKP_ZONE
#define PRIVATE  "1.0.0.0.0.0.a.0." ZONE
#define V4       "4.0.41.198.in-addr.arpa"
#define ZONE_TTL "10800 SOA 10800"

struct row {
	const char *id;
	const char *question, *answer;
	unsigned asked; /* questions upstream */
};

static void check(struct scene *scene, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unsigned before = fake_asked(scene->routes, NULL);

		print_message("%s: %s\n", rows[i].id, rows[i].question);
		assert_string_equal(scene_ask(scene, rows[i].question), rows[i].answer);
		assert_int_equal(fake_asked(scene->routes, NULL) - before, rows[i].asked);
	}
}

#define CHECK(scene, rows) check((scene), (rows), sizeof(rows) / sizeof(*(rows)))

static void own_records_are_facts_like_others(void **state)
{
	static const struct row rows[] = {
		{ "LOC-c", "A nas.home.arpa", "NOERROR aa | nas.home.arpa. 300 A 192.0.2.10", 0 },
		{ "D64-5.4-g", "AAAA nas.home.arpa",
			"NOERROR | nas.home.arpa. 300 AAAA " SYNTH MARKED, 0 },
		{ "D64-5.4-g", "AAAA nas.home.arpa cd", "NOERROR aa", 0 },
		{ "LOC-c", "MX nas.home.arpa", "NOERROR aa", 0 },
		{ "LOC-c", "A below.nas.home.arpa", "NXDOMAIN aa | ~ home.arpa. " ZONE_TTL,
			0 }, /* LOC-07 */
		{ "LOC-c", "AAAA both.example", "NOERROR aa | both.example. 300 AAAA 2001:db8::5",
			0 },
		{ "LOC-c", "A own.example",
			"NOERROR aa | own.example. 60 CNAME both.example."
			" | both.example. 300 A 192.0.2.10",
			0 },
		{ "D64-5.1.5-d", "A out.example",
			"NOERROR aa | out.example. 60 CNAME x.org. | x.org. 90 A 192.0.2.10", 1 },
		{ "D64-5.1.5-d", "AAAA out.example",
			"NOERROR | out.example. 60 CNAME x.org. | x.org. 60 AAAA " SYNTH MARKED,
			1 },
		{ "MAL-20", "A nas.home.arpa rd0", "NOERROR aa | nas.home.arpa. 300 A 192.0.2.10",
			0 },
		{ "MAL-20", "AAAA nas.home.arpa rd0",
			"NOERROR | nas.home.arpa. 300 AAAA " SYNTH MARKED, 0 },
		{ "MAL-20", "A out.example rd0", "NOERROR aa | out.example. 60 CNAME x.org.", 0 },
		{ "LOC-03", "A loop.example",
			"NOERROR aa | loop.example. 60 CNAME localhost. | localhost. 10800 A "
			"127.0.0.1",
			0 },
		{ "LOC-c", "A printer", "NOERROR aa | printer. 600 A 192.0.2.44", 0 },
		{ "LOC-c", "PTR 44.2.0.192.in-addr.arpa",
			"NOERROR aa | 44.2.0.192.in-addr.arpa. 600 PTR printer.", 0 },
		{ "MAL-20", "A x.org rd0", "REFUSED | EDE 20 RD=0", 0 },
		{ "ACL-c", "A x.org rd0 noedns", "REFUSED", 0 },
	};
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.records[0] = "nas.home.arpa. 300 IN A 192.0.2.10";
	scene.records[1] = "both.example. 300 IN A 192.0.2.10";
	scene.records[2] = "both.example. 300 IN AAAA 2001:db8::5";
	scene.records[3] = "own.example. 60 IN CNAME both.example.";
	scene.records[4] = "out.example. 60 IN CNAME x.org.";
	scene.records[5] = "loop.example. 60 IN CNAME localhost.";
	scene.hosts = "192.0.2.44 printer\n";
	fake_says(scene.routes, "A x.org = 90 A 192.0.2.10");
	fake_says(scene.routes, "AAAA x.org = NODATA 300/60");
	CHECK(&scene, rows);
	scene_clear(&scene);
}

/* Rows H1 and H2, D64-5.4-g */
static void own_records_are_hidden_like_others(void **state)
{
	static const struct row rows[] = {
		{ "row H2", "A nas.example", "NOERROR aa | EDE 4 A hidden", 0 },
		{ "row H2", "A nas.example rd0", "NOERROR aa | EDE 4 A hidden", 0 },
		{ "row H3", "A nas.example cd", "NOERROR aa | nas.example. 300 A 192.0.2.10", 0 },
		{ "row H3", "A ten.keep.example", "NOERROR aa | ten.keep.example. 300 A 192.0.2.10",
			0 },
	};
	struct scene scene;
	struct name keep;

	(void)state;
	scene_init(&scene);
	scene.policy.hide_a = HIDE_A_IF_AAAA;
	assert_true(name_parse("keep.example", &keep));
	nameset_add(&scene.policy.keep_a_names, keep.octets, 0);
	scene.records[0] = "nas.example. 300 IN A 192.0.2.10";
	scene.records[1] = "ten.keep.example. 300 IN A 192.0.2.10";
	CHECK(&scene, rows);
	scene_clear(&scene);
}

/* D64-5.1.5-g: an alias of ours that leads back to itself from outside. */
static void an_alias_that_comes_back_is_a_loop(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.records[0] = "out.example. 60 IN CNAME x.org.";
	fake_says(scene.routes, "TXT x.org = 60 CNAME out.example, 60 TXT t");
	assert_string_equal(scene_ask(&scene, "TXT out.example"),
		"SERVFAIL | EDE 0 alias loop or chain too long");
	scene_clear(&scene);
}

/* LOC-03: a forward rule or a record gives localhost another meaning, not DNS64. */
static void localhost_is_neither_synthesized_nor_hidden(void **state)
{
	static const struct row rows[] = {
		{ "LOC-03", "AAAA localhost", "NOERROR aa | localhost. 60 AAAA ::1", 0 },
		{ "LOC-03", "A localhost", "NOERROR aa | localhost. 60 A 127.0.0.2", 0 },
		{ "LOC-03", "AAAA four.localhost", "NOERROR aa", 0 },
	};
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.policy.hide_a = HIDE_A_ALWAYS;
	scene.records[0] = "localhost. 60 IN AAAA ::1";
	scene.records[1] = "localhost. 60 IN A 127.0.0.2";
	scene.records[2] = "four.localhost. 60 IN A 192.0.2.1";
	CHECK(&scene, rows);
	scene_clear(&scene);
}

/* Section 5, the premise of H1 to H4; R8880-7.1-i: no prefix is in force, so the name is
 * upstream's. */
static void addresses_of_ipv4only_arpa_are_not_hidden(void **state)
{
	static const struct row rows[] = {
		{ "row H1", "A ipv4only.arpa", "NOERROR | ipv4only.arpa. 90 A 192.0.0.170", 1 },
		{ "row H1", "A x.org", "NOERROR | EDE 4 A hidden", 1 },
		{ "LIM-35", "AAAA ipv4only.arpa", "NOERROR | ~ arpa. 5 SOA 5", 1 },
	};
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.policy.hide_a = HIDE_A_ALWAYS;
	scene.policy.prefixes[0].drain = true;
	fake_says(scene.routes, "A ipv4only.arpa = 90 A 192.0.0.170");
	fake_says(scene.routes, "AAAA ipv4only.arpa = NODATA 300/60");
	fake_says(scene.routes, "A x.org = 90 A 192.0.2.1");
	CHECK(&scene, rows);
	scene_clear(&scene);
}

/* LOC-02: behind an incomplete chain neither. */
static void special_names_behind_an_alias_never_go_upstream(void **state)
{
	static const struct row rows[] = {
		{ "LOC-02", "A w.org", "NXDOMAIN | w.org. 60 CNAME x.onion. | ~ onion. " ZONE_TTL,
			1 },
		{ "LOC-02", "A w.org", "NXDOMAIN | w.org. 60 CNAME x.onion. | ~ onion. " ZONE_TTL,
			0 },
	};
	struct scene scene;

	(void)state;
	scene_init(&scene);
	fake_says(scene.routes, "A w.org = 60 CNAME x.onion");
	fake_says(scene.routes, "A x.onion = 60 A 192.0.2.1");
	CHECK(&scene, rows);
	assert_int_equal(fake_asked(scene.routes, "A x.onion"), 0);
	scene_clear(&scene);
}

/* R8020-2-a: what we deny to a cache behind us it denies below, too. */
static void names_above_a_reverse_zone_of_ours_are_not_denied(void **state)
{
	static const struct row rows[] = {
		{ "D64-5.3.1-g", "PTR 0.0.d.f.ip6.arpa", "NOERROR aa | ~ d.f.ip6.arpa. " ZONE_TTL,
			0 },
		{ "D64-5.3.1-g", "PTR d.f.ip6.arpa", "NOERROR aa | ~ d.f.ip6.arpa. " ZONE_TTL, 0 },
		{ "R6303-3-a", "PTR 1.0.d.f.ip6.arpa", "NXDOMAIN aa | ~ d.f.ip6.arpa. " ZONE_TTL,
			0 },
		{ "R6303-3-a", "PTR 0.0.d.f.ip6.arpa from 203.0.113.1",
			"NXDOMAIN aa | ~ d.f.ip6.arpa. " ZONE_TTL, 0 },
	};
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene_set_prefix(&scene.policy, 0, "fd00:64::/96");
	CHECK(&scene, rows);
	scene_clear(&scene);
}

static void special_names_never_go_upstream(void **state)
{
	static const struct row rows[] = {
		{ "LOC-03", "A localhost", "NOERROR aa | localhost. 10800 A 127.0.0.1", 0 },
		{ "LOC-03", "AAAA localhost", "NOERROR aa | localhost. 10800 AAAA ::1", 0 },
		{ "MAL-20", "A localhost rd0", "NOERROR aa | localhost. 10800 A 127.0.0.1", 0 },
		{ "LOC-b", "A x.invalid cd do", "NXDOMAIN aa | ~ invalid. " ZONE_TTL, 0 },
		{ "LOC-02", "AAAA x.onion", "NXDOMAIN aa | ~ onion. " ZONE_TTL, 0 },
		{ "R6303-3-a", "PTR 1.0.0.10.in-addr.arpa",
			"NXDOMAIN aa | ~ 10.in-addr.arpa. " ZONE_TTL, 0 },
		{ "LOC-11", "A example", "NOERROR | example. 90 A 192.0.2.10", 1 },
		{ "R8880-7.2-a", "PTR 170.0.0.192.in-addr.arpa",
			"NOERROR | 170.0.0.192.in-addr.arpa. 90 PTR x.org.", 1 },
	};
	struct scene scene;

	(void)state;
	scene_init(&scene);
	fake_says(scene.routes, "A example = 90 A 192.0.2.10");
	fake_says(scene.routes, "PTR 170.0.0.192.in-addr.arpa = 90 PTR x.org");
	CHECK(&scene, rows);
	scene_clear(&scene);
}

static void ipv4only_arpa_is_answered_here(void **state)
{
	static const struct row rows[] = {
		{ "R8880-7.1-c", "AAAA ipv4only.arpa",
			"NOERROR aa | ipv4only.arpa. 3600 AAAA 2001:db8:64::c000:aa"
			" | ipv4only.arpa. 3600 AAAA 2001:db8:64::c000:ab",
			0 },
		{ "R8880-7.1-g", "AAAA ipv4only.arpa cd do",
			"NOERROR aa | ipv4only.arpa. 3600 AAAA 2001:db8:64::c000:aa"
			" | ipv4only.arpa. 3600 AAAA 2001:db8:64::c000:ab",
			0 },
		{ "MAL-20", "A ipv4only.arpa rd0",
			"NOERROR aa | ipv4only.arpa. 3600 A 192.0.0.170"
			" | ipv4only.arpa. 3600 A 192.0.0.171",
			0 },
		{ "R8880-7.1-f", "DS x.ipv4only.arpa", "NXDOMAIN aa | ~ ipv4only.arpa. 60 SOA 60",
			0 },
		{ "R8880-7.1-e", "DS ipv4only.arpa", "NOERROR | ~ arpa. 60 SOA 60", 1 },
		{ "R8880-7.1-i", "AAAA ipv4only.arpa from 203.0.113.1",
			"NOERROR | ~ arpa. 60 SOA 60", 1 },
	};
	struct scene scene;

	(void)state;
	scene_init(&scene);
	fake_says(scene.routes, "DS ipv4only.arpa = NODATA 300/60");
	fake_says(scene.routes, "AAAA ipv4only.arpa = NODATA 300/60");
	CHECK(&scene, rows);
	scene_clear(&scene);
}

static void reverse_names_of_our_prefixes_are_asked_under_in_addr_arpa(void **state)
{
	static const struct row rows[] = {
		{ "D64-5.3.1-c", "PTR " IN_NSP,
			"NOERROR | " IN_NSP ". 600 CNAME " V4 ". | " V4 ". 9999 PTR a.org." MARKED,
			1 },
		{ "D64-5.3.1-a", "PTR " IN_WKP,
			"NOERROR | " IN_WKP ". 600 CNAME " V4 ". | " V4 ". 9999 PTR a.org." MARKED,
			0 },
		{ "R8880-7.2.1-a", "PTR " IPV4ONLY,
			"NOERROR aa | " IPV4ONLY ". 3600 PTR ipv4only.arpa.", 0 },
		{ "D64-5.3.1-h", "PTR " PRIVATE, "NXDOMAIN | ~ " ZONE ". " ZONE_TTL MARKED, 0 },
		{ "D64-5.3.1-g", "TXT " IN_NSP, "NOERROR aa | ~ " ZONE ". " ZONE_TTL, 0 },
		{ "D64-5.3.1-g", "PTR " ZONE, "NOERROR aa | ~ " ZONE ". " ZONE_TTL, 0 },
		{ "D64-5.3.1-g", "PTR 1." IN_NSP, "NXDOMAIN aa | ~ " ZONE ". " ZONE_TTL, 0 },
		{ "MAL-20", "PTR " PRIVATE " rd0", "NXDOMAIN | ~ " ZONE ". " ZONE_TTL MARKED, 0 },
		{ "MAL-20", "PTR " IN_NSP " rd0", "REFUSED | EDE 20 RD=0", 0 },
		{ "D64-5.3.1-i", "PTR " IN_NSP " cd do", "NOERROR | " IN_NSP ". 60 PTR b.org.", 1 },
		{ "R8880-7.2.1-a", "PTR " IPV4ONLY " cd do",
			"NOERROR aa | " IPV4ONLY ". 3600 PTR ipv4only.arpa.", 0 },
	};
	struct scene scene;

	(void)state;
	scene_init(&scene);
	fake_says(scene.routes, "PTR " V4 " = 9999 PTR a.org");
	fake_says(scene.routes, "PTR " IN_NSP " = 60 PTR b.org");
	CHECK(&scene, rows);
	scene_clear(&scene);
}

/* D64-5.3.1-d */
static void reverse_names_have_the_fate_of_the_ipv4_name(void **state)
{
	static const struct {
		const char *ptr, *answer;
	} cases[] = {
		{ "90 CNAME y.org, 30 PTR a.org", "NOERROR | " IN_NSP ". 30 PTR a.org." MARKED },
		{ "30 PTR a.org",
			"NOERROR | " IN_NSP ". 30 CNAME " V4 ". | " V4 ". 30 PTR a.org." MARKED },
		{ "NXDOMAIN 300/60", "NXDOMAIN | ~ " ZONE ". 60 SOA 10800" MARKED },
		{ "NODATA 300/60", "NOERROR | ~ " ZONE ". 60 SOA 10800" MARKED },
		{ "SERVFAIL", "SERVFAIL | EDE 22 upstream rcode 2" },
		{ "SILENT", "SERVFAIL | EDE 22 no answer from any upstream" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scene scene;
		char line[128];

		scene_init(&scene);
		snprintf(line, sizeof(line), "PTR " V4 " = %s", cases[i].ptr);
		fake_says(scene.routes, line);
		assert_string_equal(scene_ask(&scene, "PTR " IN_NSP), cases[i].answer);
		scene_clear(&scene);
	}
}

static void records_win_over_reverse_zones_and_special_names(void **state)
{
	static const struct row rows[] = {
		/* R8880-7.2.1-a: a configured record for such a name wins. */
		{ "R8880-7.2.1-a", "PTR " IPV4ONLY,
			"NOERROR aa | " IPV4ONLY ". 60 PTR nat64.example.", 0 },
		{ "LOC-a", "A x.test", "NOERROR aa | x.test. 60 A 192.0.2.10", 0 },
		/* The in-addr.arpa name is ours: nothing is asked. */
		{ "D64-5.3.1-h", "PTR " PRIVATE,
			"NOERROR | " PRIVATE ". 60 CNAME 1.0.0.10.in-addr.arpa."
			" | 1.0.0.10.in-addr.arpa. 60 PTR ten.example." MARKED,
			0 },
	};
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.records[0] = IPV4ONLY ". 60 IN PTR nat64.example.";
	scene.records[1] = "x.test. 60 IN A 192.0.2.10";
	scene.records[2] = "1.0.0.10.in-addr.arpa. 60 IN PTR ten.example.";
	CHECK(&scene, rows);
	scene_clear(&scene);
}

/* D64-5.3.1-a, D64-5.3.1-f: where `ptr` or DNS64 is off, and outside our prefixes. */
static void other_reverse_names_are_ordinary(void **state)
{
	static const char elsewhere[] =
		"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.a.2.ip6.arpa";
	struct scene scene;
	char text[256];
	char answer[256];

	(void)state;
	scene_init(&scene);
	snprintf(text, sizeof(text), "PTR %s = 60 PTR a.org", elsewhere);
	fake_says(scene.routes, text);
	fake_says(scene.routes, "PTR " IN_WKP " = 60 PTR b.org");
	snprintf(text, sizeof(text), "PTR %s", elsewhere);
	snprintf(answer, sizeof(answer), "NOERROR | %s. 60 PTR a.org.", elsewhere);
	assert_string_equal(scene_ask(&scene, text), answer);
	assert_string_equal(scene_ask(&scene, "PTR " IN_WKP " from 203.0.113.1"),
		"NOERROR | " IN_WKP ". 60 PTR b.org.");
	scene_clear(&scene);
	scene_init(&scene);
	scene.policy.ptr = false;
	fake_says(scene.routes, "PTR " IN_WKP " = 60 PTR b.org");
	assert_string_equal(
		scene_ask(&scene, "PTR " IN_WKP), "NOERROR | " IN_WKP ". 60 PTR b.org.");
	scene_clear(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_records_are_facts_like_others),
		cmocka_unit_test(own_records_are_hidden_like_others),
		cmocka_unit_test(an_alias_that_comes_back_is_a_loop),
		cmocka_unit_test(localhost_is_neither_synthesized_nor_hidden),
		cmocka_unit_test(addresses_of_ipv4only_arpa_are_not_hidden),
		cmocka_unit_test(special_names_behind_an_alias_never_go_upstream),
		cmocka_unit_test(names_above_a_reverse_zone_of_ours_are_not_denied),
		cmocka_unit_test(special_names_never_go_upstream),
		cmocka_unit_test(ipv4only_arpa_is_answered_here),
		cmocka_unit_test(reverse_names_of_our_prefixes_are_asked_under_in_addr_arpa),
		cmocka_unit_test(reverse_names_have_the_fate_of_the_ipv4_name),
		cmocka_unit_test(records_win_over_reverse_zones_and_special_names),
		cmocka_unit_test(other_reverse_names_are_ordinary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
