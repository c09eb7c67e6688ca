/* Reverse look-ups below the prefixes (section 8). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "reply_text.h"
#include "sixward/dns/wire.h"
#include "sixward/dns64/reverse.h"

/* Reverse zones, and the front half of names in them. */
#define WKP_ZONE "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa."
#define WKP_NAME "1.2.2.0.0.0.0.c." WKP_ZONE /* 64:ff9b::192.0.2.33 */
#define NSP_ZONE "0.0.0.0.0.0.0.0.0.0.0.0.4.6.0.0.8.b.d.0.1.0.0.2.ip6.arpa."
#define NSP_NAME "1.2.2.0.0.0.0.c." NSP_ZONE /* 2001:db8:64::192.0.2.33 */
#define N48_ZONE "2.2.1.0.8.b.d.0.1.0.0.2.ip6.arpa."
#define N48_NAME "0.0.0.0.0.0.0.0.0.0.1.2.2.0.0.0.0.0.0.c." N48_ZONE /* section 8's vector */
#define N96_ZONE "0.0.0.0.0.0.0.0.4.4.3.0.2.2.1.0.8.b.d.0.1.0.0.2.ip6.arpa."

static const char prefixes[] = "2001:db8:64::/96\n2001:db8:122::/48\n2001:db8:65::/96 drain\n";

static const struct find_row {
	const char *prefixes, *name;
	uint16_t type;
	enum reverse_kind kind;
	const char *ipv4_name, *zone;
} find_rows[] = {
	/* D64-5.3.1-a: configured, drained, and always the WKP. */
	{ prefixes, NSP_NAME, TYPE_PTR, REVERSE_ASK, "33.2.0.192.in-addr.arpa.", NSP_ZONE },
	{ prefixes, WKP_NAME, TYPE_PTR, REVERSE_ASK, "33.2.0.192.in-addr.arpa.", WKP_ZONE },
	{ prefixes, N48_NAME, TYPE_PTR, REVERSE_ASK, "33.2.0.192.in-addr.arpa.", N48_ZONE },
	{ prefixes, "4.0.0.0.9.2.6.c.0.0.0.0.0.0.0.0.0.0.0.0.5.6.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
		TYPE_PTR, REVERSE_ASK, "4.0.41.198.in-addr.arpa.",
		"0.0.0.0.0.0.0.0.0.0.0.0.5.6.0.0.8.b.d.0.1.0.0.2.ip6.arpa." },
	/* All digits, and the largest numbers. */
	{ prefixes, "f.f.f.f.f.f.f.f." WKP_ZONE, TYPE_PTR, REVERSE_ASK,
		"255.255.255.255.in-addr.arpa.", WKP_ZONE },
	{ prefixes, "0.1.3.2.5.4.7.6." WKP_ZONE, TYPE_PTR, REVERSE_ASK,
		"16.35.69.103.in-addr.arpa.", WKP_ZONE },
	{ prefixes, "8.9.b.a.d.c.f.e." WKP_ZONE, TYPE_PTR, REVERSE_ASK,
		"152.171.205.239.in-addr.arpa.", WKP_ZONE },
	/* R3596-2.5-a: either case. */
	{ prefixes, "1.2.2.0.0.0.0.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.B.9.F.f.4.6.0.0.IP6.arpa.",
		TYPE_PTR, REVERSE_ASK, "33.2.0.192.in-addr.arpa.", WKP_ZONE },
	/* ADR-2.2-d: the suffix is not looked at. */
	{ prefixes, "7.0.0.0.0.0.0.0.0.0.1.2.2.0.0.0.0.0.0.c." N48_ZONE, TYPE_PTR, REVERSE_ASK,
		"33.2.0.192.in-addr.arpa.", N48_ZONE },
	/* R8880-7.2.1-a */
	{ prefixes, "a.a.0.0.0.0.0.c." WKP_ZONE, TYPE_PTR, REVERSE_IPV4ONLY, "", WKP_ZONE },
	{ prefixes, "b.a.0.0.0.0.0.c." NSP_ZONE, TYPE_PTR, REVERSE_IPV4ONLY, "", NSP_ZONE },
	{ prefixes, "9.a.0.0.0.0.0.c." NSP_ZONE, TYPE_PTR, REVERSE_ASK, "169.0.0.192.in-addr.arpa.",
		NSP_ZONE },
	{ prefixes, "a.a.0.0.0.0.0.c." WKP_ZONE, TYPE_TXT, REVERSE_NODATA, "", WKP_ZONE },
	/* D64-5.3.1-g: other types, the apex, empty non-terminals; too long, bad labels, u. */
	{ prefixes, WKP_NAME, TYPE_TXT, REVERSE_NODATA, "", WKP_ZONE },
	{ prefixes, WKP_NAME, TYPE_ANY, REVERSE_NODATA, "", WKP_ZONE },
	{ prefixes, WKP_NAME, TYPE_CNAME, REVERSE_NODATA, "", WKP_ZONE },
	{ prefixes, WKP_ZONE, TYPE_PTR, REVERSE_NODATA, "", WKP_ZONE },
	{ prefixes, WKP_ZONE, TYPE_SOA, REVERSE_NODATA, "", WKP_ZONE },
	{ prefixes, "0.0.c." WKP_ZONE, TYPE_PTR, REVERSE_NODATA, "", WKP_ZONE },
	{ prefixes, "0.0.c." N48_ZONE, TYPE_PTR, REVERSE_NODATA, "", N48_ZONE },
	{ prefixes, "1." WKP_NAME, TYPE_PTR, REVERSE_NXDOMAIN, "", WKP_ZONE },
	{ prefixes, "x." WKP_NAME, TYPE_PTR, REVERSE_NXDOMAIN, "", WKP_ZONE },
	{ prefixes, "g.0.0.c." WKP_ZONE, TYPE_PTR, REVERSE_NXDOMAIN, "", WKP_ZONE },
	{ prefixes, "00.0.0.c." WKP_ZONE, TYPE_PTR, REVERSE_NXDOMAIN, "", WKP_ZONE },
	{ prefixes, "1.2.2.0.0.0.www.c." WKP_ZONE, TYPE_PTR, REVERSE_NXDOMAIN, "", WKP_ZONE },
	{ prefixes, "www." WKP_ZONE, TYPE_A, REVERSE_NXDOMAIN, "", WKP_ZONE },
	{ prefixes, "0.0.0.0.0.0.0.0.0.0.1.2.2.0.1.0.0.0.0.c." N48_ZONE, TYPE_PTR, REVERSE_NXDOMAIN,
		"", N48_ZONE },
	{ prefixes, "0.0.0.0.0.0.0.0.0.0.1.2.2.0.0.1.0.0.0.c." N48_ZONE, TYPE_TXT, REVERSE_NXDOMAIN,
		"", N48_ZONE },
	{ prefixes, "1.0.0.0.0.c." N48_ZONE, TYPE_PTR, REVERSE_NXDOMAIN, "", N48_ZONE },
	{ prefixes, "1.0.0.0.c." N48_ZONE, TYPE_PTR, REVERSE_NXDOMAIN, "", N48_ZONE },
	/* D64-5.3.1-f: no prefix of ours, nor what lies above one. */
	{ prefixes, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.f.f.f.f.8.b.d.0.1.0.0.2.ip6.arpa.",
		TYPE_PTR, REVERSE_NONE, "", NULL },
	{ prefixes, "2.1.0.8.b.d.0.1.0.0.2.ip6.arpa.", TYPE_PTR, REVERSE_NONE, "", NULL },
	{ prefixes, "x.8.b.d.0.1.0.0.2.ip6.arpa.", TYPE_PTR, REVERSE_NONE, "", NULL },
	{ prefixes, "ip6.arpa.", TYPE_PTR, REVERSE_NONE, "", NULL },
	{ prefixes, ".", TYPE_NS, REVERSE_NONE, "", NULL },
	{ prefixes, "33.2.0.192.in-addr.arpa.", TYPE_PTR, REVERSE_NONE, "", NULL },
	{ prefixes, "1.2.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.example.",
		TYPE_PTR, REVERSE_NONE, "", NULL },
	/* Prefixes within one another: the longest, in whatever order. */
	{ "2001:db8:122::/48\n2001:db8:122:344::/96\n", "1.2.2.0.0.0.0.c." N96_ZONE, TYPE_PTR,
		REVERSE_ASK, "33.2.0.192.in-addr.arpa.", N96_ZONE },
	{ "2001:db8:122:344::/96\n2001:db8:122::/48\n", "1.2.2.0.0.0.0.c." N96_ZONE, TYPE_PTR,
		REVERSE_ASK, "33.2.0.192.in-addr.arpa.", N96_ZONE },
	{ "2001:db8:122:344::/96\n2001:db8:122::/48\n", N48_NAME, TYPE_PTR, REVERSE_ASK,
		"33.2.0.192.in-addr.arpa.", N48_ZONE },
	/* Reverse zones of every length. */
	{ "2001:db8::/32\n", "8.b.d.0.1.0.0.2.ip6.arpa.", TYPE_PTR, REVERSE_NODATA, "",
		"8.b.d.0.1.0.0.2.ip6.arpa." },
	{ "2001:db8:100::/40\n", "1.0.8.b.d.0.1.0.0.2.ip6.arpa.", TYPE_PTR, REVERSE_NODATA, "",
		"1.0.8.b.d.0.1.0.0.2.ip6.arpa." },
	{ "2001:db8:122:300::/56\n", "3.0.2.2.1.0.8.b.d.0.1.0.0.2.ip6.arpa.", TYPE_PTR,
		REVERSE_NODATA, "", "3.0.2.2.1.0.8.b.d.0.1.0.0.2.ip6.arpa." },
	{ "2001:db8:122:344::/64\n", "4.4.3.0.2.2.1.0.8.b.d.0.1.0.0.2.ip6.arpa.", TYPE_PTR,
		REVERSE_NODATA, "", "4.4.3.0.2.2.1.0.8.b.d.0.1.0.0.2.ip6.arpa." },
	{ "", WKP_NAME, TYPE_PTR, REVERSE_ASK, "33.2.0.192.in-addr.arpa.", WKP_ZONE },
};

static struct reverse find(const char *list, const char *name, uint16_t type)
{
	struct policy *policy = policy_of(list);
	struct question question = question_of(name, type);
	struct reverse reverse = reverse_find(policy, &question);

	policy_unref(policy);
	return reverse;
}

static void judges_names_below_the_prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(find_rows) / sizeof(find_rows[0]); i++) {
		const struct find_row *row = &find_rows[i];
		struct reverse reverse = find(row->prefixes, row->name, row->type);
		char text[NAME_TEXT_MAX] = "";

		if (reverse.kind != row->kind)
			fail_msg("%s: %d, not %d", row->name, reverse.kind, row->kind);
		if (reverse.ipv4_name.size > 0)
			name_format(reverse.ipv4_name.octets, text);
		assert_string_equal(text, row->ipv4_name);
		if (row->zone)
			assert_string_equal(name_format(reverse.zone.octets, text), row->zone);
		else
			assert_int_equal(reverse.zone.size, 0);
	}
}

/* D64-5.3.1-a: with `ptr` or DNS64 off, and in other classes, an ordinary query. */
static void leaves_names_alone_when_off(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct policy_options options = options_of(prefixes);
		struct question question = question_of(NSP_NAME, TYPE_PTR);
		struct policy *policy;
		enum reverse_kind kind;

		options.ptr = i != 1;
		options.enabled = i != 2;
		question.rclass = i == 3 ? CLASS_CH : CLASS_IN;
		policy = policy_new(&options);
		kind = reverse_find(policy, &question).kind;
		assert_int_equal(kind, i == 0 ? REVERSE_ASK : REVERSE_NONE);
		policy_unref(policy);
	}
}

#define SOA_OF(section, zone, ttl)                                                                 \
	section " " zone " " ttl " SOA " zone " nobody.invalid. 1 3600 1200 604800 10800\n"

/* D64-5.3.1-g R8880-7.2.1-a R6303-3-a R6303-3-b LIM-28 */
static void answers_locally(void **state)
{
	static const struct row {
		const char *name;
		uint16_t type, rcode;
		const char *want;
	} rows[] = {
		{ "a.a.0.0.0.0.0.c." WKP_ZONE, TYPE_PTR, RCODE_NOERROR,
			"AN a.a.0.0.0.0.0.c." WKP_ZONE " 3600 PTR ipv4only.arpa.\n" },
		{ WKP_NAME, TYPE_TXT, RCODE_NOERROR, SOA_OF("AU", WKP_ZONE, "10800") },
		{ "c." NSP_ZONE, TYPE_PTR, RCODE_NOERROR, SOA_OF("AU", NSP_ZONE, "10800") },
		{ NSP_ZONE, TYPE_PTR, RCODE_NOERROR, SOA_OF("AU", NSP_ZONE, "10800") },
		{ NSP_ZONE, TYPE_SOA, RCODE_NOERROR, SOA_OF("AN", NSP_ZONE, "10800") },
		{ NSP_ZONE, TYPE_NS, RCODE_NOERROR, "AN " NSP_ZONE " 10800 NS " NSP_ZONE "\n" },
		{ "c." NSP_ZONE, TYPE_SOA, RCODE_NOERROR, SOA_OF("AU", NSP_ZONE, "10800") },
		{ "x." NSP_ZONE, TYPE_SOA, RCODE_NXDOMAIN, SOA_OF("AU", NSP_ZONE, "10800") },
		{ "1." NSP_NAME, TYPE_PTR, RCODE_NXDOMAIN, SOA_OF("AU", NSP_ZONE, "10800") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct question question = question_of(rows[i].name, rows[i].type);
		struct reverse reverse = find(prefixes, rows[i].name, rows[i].type);

		expect_reply(reverse_local(&question, &reverse), rows[i].rcode, rows[i].want);
	}
}

#define V4_NAME "33.2.0.192.in-addr.arpa."

/* D64-5.3.1-b D64-5.3.1-c D64-5.3.1-d D64-5.3.1-i A-11 R2308-5-a R2308-5-d */
static const struct answer_row {
	uint16_t rcode;
	const char *ptr; /* received 10 s ago */
	const char *want;
} answer_rows[] = {
	{ RCODE_NOERROR, "AN " V4_NAME " 40 PTR host.example.\n",
		"AN " NSP_NAME " 30 CNAME " V4_NAME "\n"
		"AN " V4_NAME " 30 PTR host.example.\n" },
	{ RCODE_NOERROR, "AN " V4_NAME " 9999 PTR host.example.\n",
		"AN " NSP_NAME " 600 CNAME " V4_NAME "\n"
		"AN " V4_NAME " 9989 PTR host.example.\n" },
	/* All PTR records with their signature; the rest of the reply is not needed. */
	{ RCODE_NOERROR,
		"AN " V4_NAME " 40 PTR b.example.\n"
		"AN " V4_NAME " 40 PTR a.example.\n"
		"AN " V4_NAME " 40 RRSIG PTR\n"
		"AU 2.0.192.in-addr.arpa. 40 NS ns.example.\n"
		"AD ns.example. 40 A 192.0.2.1\n",
		"AN " NSP_NAME " 30 CNAME " V4_NAME "\n"
		"AN " V4_NAME " 30 PTR b.example.\n"
		"AN " V4_NAME " 30 PTR a.example.\n"
		"AN " V4_NAME " 30 RRSIG PTR\n" },
	/* RFC 2317: an alias gives PTR records of the name itself, and no signature. */
	{ RCODE_NOERROR,
		"AN " V4_NAME " 50 CNAME 33.32-63.2.0.192.in-addr.arpa.\n"
		"AN " V4_NAME " 50 RRSIG CNAME\n"
		"AN 33.32-63.2.0.192.in-addr.arpa. 90 PTR b.example.\n"
		"AN 33.32-63.2.0.192.in-addr.arpa. 90 PTR a.example.\n"
		"AN 33.32-63.2.0.192.in-addr.arpa. 90 RRSIG PTR\n",
		"AN " NSP_NAME " 40 PTR b.example.\n"
		"AN " NSP_NAME " 40 PTR a.example.\n" },
	{ RCODE_NOERROR,
		"AN " V4_NAME " 9000 CNAME x.example.\n"
		"AN x.example. 9000 PTR a.example.\n",
		"AN " NSP_NAME " 600 PTR a.example.\n" },
	/* The same denial, with the zone's SOA, for as long as it holds. */
	{ RCODE_NXDOMAIN, "AU 192.in-addr.arpa. 300 SOA ns. h. 1 2 3 4 60\n",
		SOA_OF("AU", NSP_ZONE, "50") },
	{ RCODE_NOERROR, "AU 192.in-addr.arpa. 300 SOA ns. h. 1 2 3 4 60\n",
		SOA_OF("AU", NSP_ZONE, "50") },
	{ RCODE_NOERROR, "AU 192.in-addr.arpa. 99999 SOA ns. h. 1 2 3 4 99999\n",
		SOA_OF("AU", NSP_ZONE, "10800") },
	{ RCODE_NOERROR, "", SOA_OF("AU", NSP_ZONE, "0") },
	{ RCODE_NXDOMAIN, "AN " V4_NAME " 50 CNAME x.example.\n", SOA_OF("AU", NSP_ZONE, "0") },
	{ RCODE_NOERROR, "AN " V4_NAME " 50 CNAME x.example.\n", SOA_OF("AU", NSP_ZONE, "0") },
};

static void answers_from_the_ptr_look_up(void **state)
{
	struct question question = question_of(NSP_NAME, TYPE_PTR);
	struct reverse reverse = find(prefixes, NSP_NAME, TYPE_PTR);

	(void)state;
	for (size_t i = 0; i < sizeof(answer_rows) / sizeof(answer_rows[0]); i++) {
		struct reply *ptr =
			reply_of(V4_NAME, TYPE_PTR, answer_rows[i].rcode, answer_rows[i].ptr);
		struct aged_reply fact = aged(ptr, 10);

		expect_reply(reverse_answer(&question, &reverse, &fact), answer_rows[i].rcode,
			answer_rows[i].want);
		reply_unref(ptr);
	}
}

/* D64-5.3.1-d: a failure is for the caller to tell. */
static void makes_nothing_of_a_failure(void **state)
{
	struct question question = question_of(NSP_NAME, TYPE_PTR);
	struct reverse reverse = find(prefixes, NSP_NAME, TYPE_PTR);
	struct reply *ptr = reply_of(V4_NAME, TYPE_PTR, RCODE_YXDOMAIN, "");
	struct aged_reply fact = aged(ptr, 0);
	struct aged_reply none = aged(NULL, 0);

	(void)state;
	assert_null(reverse_answer(&question, &reverse, &fact));
	assert_null(reverse_answer(&question, &reverse, &none));
	reply_unref(ptr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_names_below_the_prefixes),
		cmocka_unit_test(leaves_names_alone_when_off),
		cmocka_unit_test(answers_locally),
		cmocka_unit_test(answers_from_the_ptr_look_up),
		cmocka_unit_test(makes_nothing_of_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
