/* The decision table of protocol.md section 5, cell by cell, seen by a client. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "scene.h"

#define SYNTH  "2001:db8:64::c000:201"
#define MARKED " | EDE 29 DNS64"
#define SOA_60 " | ~ org. 60 SOA 60"

struct row {
	const char *id;
	const char *aaaa, *a; /* what upstream says */
	const char *answer;
};

static const struct row rows[] = {
	/* D64-5.1.1-a, D64-5.1-a */
	{ "row 1", "300 AAAA 2001:db8::1", "300 A 192.0.2.1",
		"NOERROR | x.org. 300 AAAA 2001:db8::1" },
	{ "row 1", "300 AAAA 2001:db8::1", "NODATA", "NOERROR | x.org. 300 AAAA 2001:db8::1" },
	{ "row 1", "300 AAAA 2001:db8::1", "NXDOMAIN 300/60",
		"NOERROR | x.org. 300 AAAA 2001:db8::1" },
	{ "row 1", "300 AAAA 2001:db8::1", "SERVFAIL", "NOERROR | x.org. 300 AAAA 2001:db8::1" },
	{ "row 1", "300 AAAA 2001:db8::1", "SILENT", "NOERROR | x.org. 300 AAAA 2001:db8::1" },
	/* D64-5.1.4-d, D64-5.1.4-f */
	{ "row 2", "300 AAAA ::ffff:192.0.2.1, 300 AAAA 2001:db8::1, 300 SIG AAAA",
		"300 A 192.0.2.1", "NOERROR | x.org. 300 AAAA 2001:db8::1" },
	{ "row 2", "300 AAAA 2001:db8::1, 300 AAAA ::1, 300 AAAA 2001:db8::2", "SILENT",
		"NOERROR | x.org. 300 AAAA 2001:db8::1 | x.org. 300 AAAA 2001:db8::2" },
	/* D64-5.1.4-a, D64-5.1.4-c, D64-5.1.4-g */
	{ "row 3", "90 AAAA ::ffff:192.0.2.1", "300 A 192.0.2.1",
		"NOERROR | x.org. 90 AAAA " SYNTH MARKED },
	{ "row 3", "9000 AAAA ::1", "9000 A 192.0.2.1", "NOERROR | x.org. 600 AAAA " SYNTH MARKED },
	{ "row 3", "900 AAAA fe80::1", "30 A 192.0.2.1", "NOERROR | x.org. 30 AAAA " SYNTH MARKED },
	{ "row 4", "90 AAAA ::ffff:192.0.2.1", "NODATA 300/60", "NOERROR" SOA_60 },
	{ "row 4", "90 AAAA ::ffff:192.0.2.1", "NODATA", "NOERROR" },
	{ "row 4", "90 AAAA ::ffff:192.0.2.1", "50 CNAME y.org, NODATA 300/60",
		"NOERROR | x.org. 50 CNAME y.org." SOA_60 },
	/* D64-5.1.6-a, D64-5.1.7-b, D64-5.1.6-c, D64-5.4-b */
	{ "row 5", "NODATA 300/60", "3600 A 192.0.2.1", "NOERROR | x.org. 60 AAAA " SYNTH MARKED },
	{ "row 5", "NODATA 300/60", "30 A 192.0.2.1", "NOERROR | x.org. 30 AAAA " SYNTH MARKED },
	{ "row 5", "NODATA 300/600", "30 A 192.0.2.1, 60 A 192.0.2.1",
		"NOERROR | x.org. 30 AAAA " SYNTH MARKED },
	{ "row 5", "NODATA 300/60", "3600 A 192.0.2.1, NS, GLUE",
		"NOERROR | x.org. 60 AAAA " SYNTH
		" | ~ org. 300 NS | + ns. 300 A 192.0.2.9" MARKED }, /* D64-5.3.2-a */
	/* D64-5.1.7-c */
	{ "row 6", "NODATA", "3600 A 192.0.2.1", "NOERROR | x.org. 600 AAAA " SYNTH MARKED },
	/* D64-5.4-c */
	{ "row 7", "NODATA 300/60", "NODATA 900/90", "NOERROR" SOA_60 },
	{ "row 7", "NODATA", "NODATA 900/90", "NOERROR" },
	{ "row 8", "NODATA 300/60", "NXDOMAIN 900/90", "NXDOMAIN | ~ org. 90 SOA 90" },
	{ "row 9", "NODATA 300/60", "SERVFAIL", "SERVFAIL | EDE 22 upstream rcode 2" },
	{ "row 9", "NODATA 300/60", "FAIL 5", "SERVFAIL | EDE 22 upstream rcode 5" },
	{ "row 9", "NODATA 300/60", "FAIL 11", "SERVFAIL | EDE 0 upstream rcode 11" }, /* UPS-c */
	{ "row 9", "NODATA 300/60", "RCODE 6", "SERVFAIL | EDE 22 upstream rcode 6" },
	{ "row 9", "NODATA 300/60", "GARBAGE", "SERVFAIL | EDE 0 upstream answer not usable" },
	{ "row 9", "NODATA 300/60", "SERVFAIL, EDE 15 upstream: no",
		"SERVFAIL | EDE 15 upstream: no" },
	{ "row 10", "NODATA 300/60", "TIMEOUT", "SERVFAIL | EDE 22 no answer from any upstream" },
	{ "row 10", "NODATA 300/60", "SILENT", "SERVFAIL | EDE 22 no answer from any upstream" },
	{ "row 10", "NODATA 300/60", "NETWORK", "SERVFAIL | EDE 23 no upstream can be reached" },
	/* D64-5.1.2-a, D64-5.1.5-f */
	{ "row 11", "NXDOMAIN 300/60", "300 A 192.0.2.1", "NXDOMAIN" SOA_60 },
	{ "row 11", "NXDOMAIN 300/60", "SILENT", "NXDOMAIN" SOA_60 },
	{ "row 11", "50 CNAME y.org, NXDOMAIN 300/60", "300 A 192.0.2.1",
		"NXDOMAIN | x.org. 50 CNAME y.org." SOA_60 },
	/* D64-5.1.2-b, R4074-4-a */
	{ "row 12", "FAIL 1", "3600 A 192.0.2.1", "NOERROR | x.org. 600 AAAA " SYNTH MARKED },
	{ "row 12", "FAIL 2", "3600 A 192.0.2.1", "NOERROR | x.org. 600 AAAA " SYNTH MARKED },
	{ "row 12", "FAIL 4", "3600 A 192.0.2.1", "NOERROR | x.org. 600 AAAA " SYNTH MARKED },
	{ "row 12", "FAIL 5", "30 A 192.0.2.1", "NOERROR | x.org. 30 AAAA " SYNTH MARKED },
	{ "row 12", "FAIL 9", "3600 A 192.0.2.1", "NOERROR | x.org. 600 AAAA " SYNTH MARKED },
	{ "row 12", "RCODE 6", "3600 A 192.0.2.1", "NOERROR | x.org. 600 AAAA " SYNTH MARKED },
	{ "row 12", "GARBAGE", "3600 A 192.0.2.1", "NOERROR | x.org. 600 AAAA " SYNTH MARKED },
	/* */
	{ "row 13", "SERVFAIL", "NODATA 300/60", "SERVFAIL | EDE 22 upstream rcode 2" },
	{ "row 13", "RCODE 6", "NODATA 300/60", "YXDOMAIN" },
	{ "row 14", "SERVFAIL", "NXDOMAIN 900/90", "NXDOMAIN | ~ org. 90 SOA 90" },
	{ "row 15", "SERVFAIL", "FAIL 5", "SERVFAIL | EDE 22 upstream rcode 5" },
	{ "row 15", "SERVFAIL", "NETWORK", "SERVFAIL | EDE 23 no upstream can be reached" },
	{ "row 15", "SERVFAIL", "RCODE 6", "SERVFAIL | EDE 22 upstream rcode 6" },
	{ "row 15", "RCODE 6", "SERVFAIL", "SERVFAIL | EDE 22 upstream rcode 2" },
	{ "row 15", "RCODE 6", "RCODE 6", "YXDOMAIN" },
	{ "EDE-05", "NOBODY", "NOBODY", "SERVFAIL | EDE 14 no upstream known yet" },
	/* D64-5.1.3-a */
	{ "row 16", "TIMEOUT", "3600 A 192.0.2.1", "NOERROR | x.org. 600 AAAA " SYNTH MARKED },
	{ "row 16", "SILENT", "3600 A 192.0.2.1", "NOERROR | x.org. 600 AAAA " SYNTH MARKED },
	{ "row 16", "NETWORK", "3600 A 192.0.2.1", "NOERROR | x.org. 600 AAAA " SYNTH MARKED },
	{ "row 17", "TIMEOUT", "NODATA 300/60", "SERVFAIL | EDE 22 no answer from any upstream" },
	{ "row 17", "NETWORK", "NODATA 300/60", "SERVFAIL | EDE 23 no upstream can be reached" },
	{ "row 17", "SILENT", "NODATA 300/60", "SERVFAIL | EDE 22 no answer from any upstream" },
	{ "row 17", "TIMEOUT", "NXDOMAIN 300/60", "NXDOMAIN" SOA_60 },
	{ "row 17", "TIMEOUT", "NETWORK", "SERVFAIL | EDE 23 no upstream can be reached" },
	{ "row 17", "SILENT", "SILENT", "SERVFAIL | EDE 22 no answer from any upstream" },
	/* D64-5.1.7-d, ADR-nsp-a */
	{ "row 20", "NODATA 300/60", "300 A 127.0.0.1", "NOERROR" SOA_60 },
	{ "row 20", "90 AAAA ::1", "300 A 127.0.0.1", "NOERROR" },
	{ "row 20", "SERVFAIL", "300 A 127.0.0.1", "SERVFAIL | EDE 22 upstream rcode 2" },
	{ "row 20", "NODATA 300/60", "300 A 127.0.0.1, 300 A 192.0.2.1",
		"NOERROR | x.org. 60 AAAA " SYNTH MARKED },
	/* D64-5.5-nvb, A-20 */
	{ "row 21", "SERVFAIL, EDE 6 upstream: bogus", "300 A 192.0.2.1",
		"SERVFAIL | EDE 6 upstream: bogus" },
	{ "row 21", "SERVFAIL, EDE 12 upstream: no NSEC", "NODATA 300/60",
		"SERVFAIL | EDE 12 upstream: no NSEC" },
	{ "row 21", "SERVFAIL, EDE 22 upstream: none", "3600 A 192.0.2.1",
		"NOERROR | x.org. 600 AAAA " SYNTH MARKED },
	/* D64-5.1.5-g, EDE-11 */
	{ "row 25", "LOOP", "300 A 192.0.2.1", "SERVFAIL | EDE 0 alias loop or chain too long" },
	/* D64-5.1.5-a, D64-5.1.5-c */
	{ "row 26", "50 CNAME y.org, NODATA 300/60", "40 CNAME z.org, 3600 A 192.0.2.1",
		"NOERROR | x.org. 40 CNAME z.org. | z.org. 60 AAAA " SYNTH MARKED },
	{ "row 26", "50 CNAME y.org, NODATA 300/60",
		"40 CNAME y.org, 30 CNAME z.org, 7 A 192.0.2.1",
		"NOERROR | x.org. 40 CNAME y.org. | y.org. 30 CNAME z.org. | z.org. 7 AAAA " SYNTH
			MARKED },
	/* R8914-3-c: upstream's extended errors go on with the data. */
	{ "R8914-3-c", "300 AAAA 2001:db8::1, EDE 15 upstream: x", "SILENT",
		"NOERROR | x.org. 300 AAAA 2001:db8::1 | EDE 15 upstream: x" },
	{ "R8914-3-c", "NODATA 300/60", "300 A 192.0.2.1, EDE 3 upstream: x",
		"NOERROR | x.org. 60 AAAA " SYNTH MARKED " | EDE 3 upstream: x" },
};

static const struct row hide_rows[] = {
	{ "row H2", "300 AAAA 2001:db8::1", "300 A 192.0.2.1, 300 SIG A",
		"NOERROR | EDE 4 A hidden" },
	{ "row H2", "300 AAAA 2001:db8::1", "300 A 192.0.2.1, 300 A 198.51.100.1",
		"NOERROR | x.org. 300 A 198.51.100.1 | EDE 4 A hidden" },
	{ "row H2", "300 AAAA 2001:db8::1", "50 CNAME y.org, 300 A 192.0.2.1",
		"NOERROR | x.org. 50 CNAME y.org. | EDE 4 A hidden" },
	{ "row H2", "300 AAAA 2001:db8::1, 300 AAAA ::1", "300 A 192.0.2.1",
		"NOERROR | EDE 4 A hidden" },
	{ "row H2", "NODATA 300/60", "300 A 192.0.2.1", "NOERROR" SOA_60 " | EDE 4 A hidden" },
	{ "row H2", "NODATA", "300 A 192.0.2.1", "NOERROR | EDE 4 A hidden" },
	{ "row H2", "SERVFAIL", "300 A 192.0.2.1", "NOERROR | EDE 4 A hidden" },
	{ "row H2", "SILENT", "300 A 192.0.2.1", "NOERROR | EDE 4 A hidden" },
	{ "EDE-02", "300 AAAA 2001:db8::1",
		"300 A 192.0.2.1, EDE 3 upstream: x, EDE 15 upstream: y, EDE 16 upstream: z",
		"NOERROR | EDE 4 A hidden | EDE 3 upstream: x | EDE 15 upstream: y" },
	{ "row H2", "300 AAAA 2001:db8::1", "300 A 198.51.100.1",
		"NOERROR | x.org. 300 A 198.51.100.1" },
	{ "row H3", "NODATA 300/60", "300 A 127.0.0.1", "NOERROR | x.org. 300 A 127.0.0.1" },
	{ "row H3", "NXDOMAIN 300/60", "300 A 192.0.2.1", "NOERROR | x.org. 300 A 192.0.2.1" },
	{ "row H3", "SERVFAIL, EDE 6 upstream: bogus", "300 A 192.0.2.1",
		"NOERROR | x.org. 300 A 192.0.2.1" },
	{ "row H3", "LOOP", "300 A 192.0.2.1", "NOERROR | x.org. 300 A 192.0.2.1" },
	{ "row H4", "300 AAAA 2001:db8::1", "NODATA 300/60", "NOERROR" SOA_60 },
	{ "row H4", "300 AAAA 2001:db8::1", "NXDOMAIN 300/60", "NXDOMAIN" SOA_60 },
	{ "row H4", "300 AAAA 2001:db8::1", "SERVFAIL", "SERVFAIL | EDE 22 upstream rcode 2" },
	{ "row H4", "SILENT", "NODATA 300/60", "NOERROR" SOA_60 },
	{ "row H4", "300 AAAA 2001:db8::1", "SILENT",
		"SERVFAIL | EDE 22 no answer from any upstream" },
};

static const struct row always_rows[] = {
	{ "row H1", NULL, "300 A 192.0.2.1", "NOERROR | EDE 4 A hidden" },
	{ "row H1", NULL, "300 A 192.0.2.1, 300 A 198.51.100.1, 300 SIG A",
		"NOERROR | x.org. 300 A 198.51.100.1 | EDE 4 A hidden" },
	{ "row H1", NULL, "300 A 198.51.100.1", "NOERROR | x.org. 300 A 198.51.100.1" },
	{ "row H4", NULL, "NODATA 300/60", "NOERROR" SOA_60 },
	{ "row H4", NULL, "SERVFAIL", "SERVFAIL | EDE 22 upstream rcode 2" },
};

/* append-aaaa, a departure from RFC 6147 5.1.1. */
static const struct row append_rows[] = {
	/* D64-5.1.1-b */
	{ "row 1", "300 AAAA 2001:db8::1, 300 SIG AAAA, AD", "60 A 192.0.2.1",
		"NOERROR | x.org. 60 AAAA 2001:db8::1 | x.org. 60 AAAA " SYNTH MARKED },
	{ "row 2", "300 AAAA ::1, 300 AAAA 2001:db8::1", "60 A 192.0.2.1",
		"NOERROR | x.org. 60 AAAA 2001:db8::1 | x.org. 60 AAAA " SYNTH MARKED },
	{ "row 26", "50 CNAME y.org, 300 AAAA 2001:db8::1", "40 CNAME z.org, 60 A 192.0.2.1",
		"NOERROR | x.org. 50 CNAME y.org. | y.org. 60 AAAA 2001:db8::1 | y.org. 60 "
		"AAAA " SYNTH MARKED },
	{ "R8914-3-c", "300 AAAA 2001:db8::1, EDE 15 upstream: x",
		"300 A 192.0.2.1, EDE 3 upstream: y",
		"NOERROR | x.org. 300 AAAA 2001:db8::1 | x.org. 300 AAAA " SYNTH MARKED
		" | EDE 15 upstream: x | EDE 3 upstream: y" },
	/* Without an A to map: as ever. */
	{ "row 1", "300 AAAA 2001:db8::1, 300 SIG AAAA, AD", "NODATA 300/60",
		"NOERROR ad | x.org. 300 AAAA 2001:db8::1 | x.org. 300 RRSIG AAAA" },
	{ "row 1", "300 AAAA 2001:db8::1, AD", "300 A 127.0.0.1",
		"NOERROR ad | x.org. 300 AAAA 2001:db8::1" },
	{ "row 1", "300 AAAA 2001:db8::1, AD", "NXDOMAIN 300/60",
		"NOERROR ad | x.org. 300 AAAA 2001:db8::1" },
	{ "row 1", "300 AAAA 2001:db8::1, AD", "SERVFAIL",
		"NOERROR ad | x.org. 300 AAAA 2001:db8::1" },
	{ "row 1", "300 AAAA 2001:db8::1, AD", "SERVFAIL, EDE 6 upstream: bogus",
		"NOERROR ad | x.org. 300 AAAA 2001:db8::1" },
	{ "row 1", "300 AAAA 2001:db8::1, AD", "LOOP", "NOERROR ad | x.org. 300 AAAA 2001:db8::1" },
	{ "row 1", "300 AAAA 2001:db8::1, AD", "SILENT",
		"NOERROR ad | x.org. 300 AAAA 2001:db8::1" },
	{ "row 1", "300 AAAA " SYNTH ", AD", "300 A 192.0.2.1",
		"NOERROR ad | x.org. 300 AAAA " SYNTH },
	{ "row 2", "300 AAAA 2001:db8::1, 300 AAAA ::1, AD", "NODATA 300/60",
		"NOERROR | x.org. 300 AAAA 2001:db8::1" },
	{ "row 2", "300 AAAA " SYNTH ", 300 AAAA ::1, AD", "300 A 192.0.2.1",
		"NOERROR | x.org. 300 AAAA " SYNTH },
	/* Without a usable AAAA: as ever. */
	{ "row 3", "90 AAAA ::1", "300 A 192.0.2.1", "NOERROR | x.org. 90 AAAA " SYNTH MARKED },
	{ "row 5", "NODATA 300/60", "300 A 192.0.2.1", "NOERROR | x.org. 60 AAAA " SYNTH MARKED },
	{ "row 11", "NXDOMAIN 300/60", "300 A 192.0.2.1", "NXDOMAIN" SOA_60 },
	{ "row 16", "SILENT", "300 A 192.0.2.1", "NOERROR | x.org. 300 AAAA " SYNTH MARKED },
	{ "row 21", "SERVFAIL, EDE 6 upstream: bogus", "300 A 192.0.2.1",
		"SERVFAIL | EDE 6 upstream: bogus" },
};

static void says(struct scene *scene, const char *type, const char *answer, uint64_t delay_ms)
{
	char line[256];

	if (!answer)
		return;
	snprintf(line, sizeof(line), "%s x.org = %s", type, answer);
	fake_says_after(scene->routes, delay_ms, line);
}

/* In both orders of arrival (D64-5.1.8-a), and both at once. */
static void check(const struct row *row, const char *question, enum hide_a hide_a, bool appends)
{
	static const uint64_t delays_ms[][2] = { { 5, 20 }, { 20, 5 }, { 10, 10 } };

	print_message("%s: AAAA %s; A %s\n", row->id, row->aaaa, row->a);
	for (size_t i = 0; i < 3; i++) {
		struct scene scene;

		scene_init(&scene);
		scene.policy.hide_a = hide_a;
		if (appends)
			nameset_add(&scene.policy.append_aaaa, (const uint8_t *)"\3org", 0);
		netset_add_text(&scene.policy.keep_a_ipv4, "198.51.100.0/24");
		says(&scene, "AAAA", row->aaaa, delays_ms[i][0]);
		says(&scene, "A", row->a, delays_ms[i][1]);
		assert_string_equal(scene_ask(&scene, question), row->answer);
		assert_int_equal(scene.asked[0].answers, 1);
		assert_int_equal(fake_asked(scene.routes, "AAAA x.org"), row->aaaa ? 1 : 0);
		assert_int_equal(fake_asked(scene.routes, "A x.org"), 1);
		assert_int_equal(scene.observed, 1);
		scene_clear(&scene);
	}
}

static void answers_aaaa_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check(&rows[i], "AAAA x.org do", HIDE_A_NEVER, false);
}

static void hides_a_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hide_rows) / sizeof(*hide_rows); i++)
		check(&hide_rows[i], "A x.org do", HIDE_A_IF_AAAA, false);
}

static void hides_a_always_without_a_look_at_aaaa(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(always_rows) / sizeof(*always_rows); i++)
		check(&always_rows[i], "A x.org do", HIDE_A_ALWAYS, false);
}

static void appends_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(append_rows) / sizeof(*append_rows); i++)
		check(&append_rows[i], "AAAA x.org do", HIDE_A_NEVER, true);
}

/* Rows H1 to H4: an AAAA question that is answered with more AAAA is answered with AAAA. */
static void hides_a_of_names_with_appended_aaaa(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hide_rows) / sizeof(*hide_rows); i++)
		check(&hide_rows[i], "A x.org do", HIDE_A_IF_AAAA, true);
}

/* Row 18, R9520-3.2-b: a failure of AAAA that is held still; A is asked all the same. */
static void a_held_failure_stands_for_an_answer(void **state)
{
	static const struct row held[] = {
		{ "row 18", "SERVFAIL", "3600 A 192.0.2.1",
			"NOERROR | x.org. 600 AAAA " SYNTH MARKED },
		{ "row 18", "SERVFAIL", "NODATA 300/60",
			"SERVFAIL | EDE 13 | EDE 22 upstream rcode 2" },
		{ "row 18", "SERVFAIL, EDE 15 upstream: no", "NODATA 300/60",
			"SERVFAIL | EDE 13 | EDE 15 upstream: no" },
		{ "row 18", "SERVFAIL", "NXDOMAIN 900/90", "NXDOMAIN | ~ org. 90 SOA 90" },
		{ "row 18", "SERVFAIL", "NETWORK", "SERVFAIL | EDE 23 no upstream can be reached" },
		{ "row 18", "SERVFAIL, EDE 6 upstream: bogus", "300 A 192.0.2.1",
			"SERVFAIL | EDE 13 | EDE 6 upstream: bogus" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(held) / sizeof(*held); i++) {
		struct scene scene;

		scene_init(&scene);
		says(&scene, "AAAA", held[i].aaaa, 5);
		says(&scene, "A", held[i].a, 5);
		/* The AAAA failure alone is brought into the cache by a client without DNS64. */
		scene_ask(&scene, "AAAA x.org from 203.0.113.1");
		print_message("AAAA %s; A %s\n", held[i].aaaa, held[i].a);
		assert_string_equal(scene_ask(&scene, "AAAA x.org"), held[i].answer);
		assert_int_equal(fake_asked(scene.routes, "AAAA x.org"), 1);
		scene_clear(&scene);
	}
}

/* D64-5.1.7-b, CCH-b: what the facts have aged is taken off. */
static void the_time_in_the_cache_is_taken_off(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	says(&scene, "AAAA", "NODATA 300/60", 5);
	says(&scene, "A", "3600 A 192.0.2.1", 5);
	scene_ask(&scene, "AAAA x.org");
	scene_play(&scene, 20000);
	assert_string_equal(scene_ask(&scene, "AAAA x.org noedns"),
		"NOERROR | x.org. 40 AAAA 2001:db8:64::c000:201");
	assert_string_equal(scene_ask(&scene, "A x.org"), "NOERROR | x.org. 3580 A 192.0.2.1");
	assert_int_equal(fake_asked(scene.routes, NULL), 2);
	scene_clear(&scene);
}

/* LIM-35, EDE-05 */
static void no_prefix_in_force_means_a_short_denial(void **state)
{
	static const struct {
		bool drained;
		const char *aaaa, *answer;
	} cases[] = {
		{ true, "NODATA 300/60", "NOERROR | ~ org. 5 SOA 5" },
		{ false, "NODATA 300/60",
			"NOERROR | ~ org. 5 SOA 5 | EDE 14 no DNS64 prefix known yet" },
		{ true, "300 AAAA 2001:db8::1", "NOERROR | x.org. 300 AAAA 2001:db8::1" },
		{ true, "90 AAAA ::1", "NOERROR" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scene scene;

		scene_init(&scene);
		if (cases[i].drained)
			scene.policy.prefixes[0].drain = true;
		else
			scene.policy.prefix_count = 0;
		says(&scene, "AAAA", cases[i].aaaa, 5);
		says(&scene, "A", "3600 A 192.0.2.1", 5);
		assert_string_equal(scene_ask(&scene, "AAAA x.org"), cases[i].answer);
		scene_clear(&scene);
	}
}

/* mark-synthesized, EDE-03; R8914-2-a */
static void extended_errors_come_only_where_wanted(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene);
	scene.policy.mark_synthesized = false;
	says(&scene, "AAAA", "NODATA 300/60", 5);
	says(&scene, "A", "3600 A 192.0.2.1", 5);
	assert_string_equal(scene_ask(&scene, "AAAA x.org"), "NOERROR | x.org. 60 AAAA " SYNTH);
	assert_int_equal(scene.last_outcome, OUTCOME_SYNTHESIZED);
	fake_says(scene.routes, "A y.org = SERVFAIL");
	assert_string_equal(scene_ask(&scene, "A y.org noedns"), "SERVFAIL");
	scene_clear(&scene);
}

/* R4035-4.6-b, D64-5.5-nv00, D64-5.5-nv10, D64-5.1.4-f */
static void ad_goes_only_with_unmodified_answers_to_those_who_ask(void **state)
{
	static const struct {
		const char *aaaa, *question;
		bool ad;
	} cases[] = {
		{ "300 AAAA 2001:db8::1, AD", "AAAA x.org", false },
		{ "300 AAAA 2001:db8::1, AD", "AAAA x.org ad", true },
		{ "300 AAAA 2001:db8::1, AD", "AAAA x.org do", true },
		{ "300 AAAA 2001:db8::1, AD", "AAAA x.org do cd", false },
		{ "300 AAAA 2001:db8::1", "AAAA x.org do", false },
		{ "300 AAAA 2001:db8::1, 300 AAAA ::1, AD", "AAAA x.org do", false },
		{ "NODATA 300/60, AD", "AAAA x.org do", false },
		{ "NXDOMAIN 300/60, AD", "AAAA x.org do", true },
		{ "NXDOMAIN 300/60, AD", "AAAA x.org ad", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scene scene;
		const char *answer;

		scene_init(&scene);
		says(&scene, "AAAA", cases[i].aaaa, 5);
		says(&scene, "A", "300 A 192.0.2.1, AD", 5);
		answer = scene_ask(&scene, cases[i].question);
		print_message("%s -> %s\n", cases[i].question, answer);
		assert_int_equal(strstr(answer, " ad ") != NULL, cases[i].ad);
		scene_clear(&scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_aaaa_by_the_table),
		cmocka_unit_test(hides_a_by_the_table),
		cmocka_unit_test(hides_a_always_without_a_look_at_aaaa),
		cmocka_unit_test(appends_by_the_table),
		cmocka_unit_test(hides_a_of_names_with_appended_aaaa),
		cmocka_unit_test(a_held_failure_stands_for_an_answer),
		cmocka_unit_test(the_time_in_the_cache_is_taken_off),
		cmocka_unit_test(no_prefix_in_force_means_a_short_denial),
		cmocka_unit_test(extended_errors_come_only_where_wanted),
		cmocka_unit_test(ad_goes_only_with_unmodified_answers_to_those_who_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
