/* The life of a request: what it asks for and when, how long it waits, how it ends. */

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
#define NATIVE "NOERROR | x.org. 300 AAAA 2001:db8::1"

static int set_up(void **state)
{
	static struct scene scene;

	scene_init(&scene);
	*state = &scene;
	return 0;
}

static int tear_down(void **state)
{
	scene_clear(*state);
	return 0;
}

static void add_name(struct nameset *set, const char *text)
{
	struct name name;

	assert_true(name_parse(text, &name));
	nameset_add(set, name.octets, 0);
}

/* D64-5.1.8-a */
static void asks_aaaa_and_a_at_once(void **state)
{
	struct scene *scene = *state;
	struct asked *asked = scene_start(scene, "AAAA x.org");

	assert_int_equal(asked->state, QUERY_WAITS);
	assert_int_equal(fake_asked(scene->routes, "AAAA x.org"), 1);
	assert_int_equal(fake_asked(scene->routes, "A x.org"), 1);
	assert_int_equal(scene->list.count, 1);
}

/* D64-5.1.8-a: A after 5 ms is not used before AAAA is known. */
static void a_late_native_aaaa_is_waited_for(void **state)
{
	struct scene *scene = *state;

	fake_says_after(scene->routes, 5, "A x.org = 300 A 192.0.2.1");
	fake_says_after(scene->routes, 200, "AAAA x.org = 300 AAAA 2001:db8::1");
	assert_string_equal(
		scene_ask(scene, "AAAA x.org"), "NOERROR | x.org. 300 AAAA 2001:db8::1");
	assert_int_equal(scene->asked[0].at_ms, 200);
	assert_int_equal(scene->last_took_ms, 200);
}

/* D64-5.1-a */
static void a_cached_aaaa_that_decides_asks_no_a(void **state)
{
	struct scene *scene = *state;
	struct asked *asked;

	fake_says(scene->routes, "AAAA x.org = 300 AAAA 2001:db8::1");
	fake_says(scene->routes, "AAAA y.org = NXDOMAIN 300/200");
	scene_ask(scene, "AAAA x.org from 203.0.113.1"); /* no DNS64: AAAA alone */
	scene_ask(scene, "AAAA y.org from 203.0.113.1");
	asked = scene_start(scene, "AAAA x.org");
	assert_int_equal(asked->state, QUERY_ANSWERED);
	assert_string_equal(asked->text, "NOERROR | x.org. 299 AAAA 2001:db8::1");
	asked = scene_start(scene, "AAAA y.org");
	assert_string_equal(asked->text, "NXDOMAIN | ~ org. 200 SOA 200");
	assert_int_equal(fake_asked(scene->routes, NULL), 2);
}

/* goals.md, M4: one question upstream for a name that had an AAAA before. */
static void a_name_that_had_an_aaaa_is_asked_for_aaaa_alone(void **state)
{
	struct scene *scene = *state;

	scene->has_hints = true;
	fake_says(scene->routes, "AAAA x.org = 5 AAAA 2001:db8::1");
	fake_says(scene->routes, "A x.org = 5 A 192.0.2.1");
	for (unsigned i = 1; i <= 3; i++) {
		assert_string_equal(
			scene_ask(scene, "AAAA x.org"), "NOERROR | x.org. 5 AAAA 2001:db8::1");
		assert_int_equal(fake_asked(scene->routes, "AAAA x.org"), i);
		assert_int_equal(fake_asked(scene->routes, "A x.org"), 1);
		scene_play(scene, 10000);
	}
}

/* D64-5.1.4-a: what the AAAA of then does not tell of now. */
static void a_name_that_lost_its_aaaa_is_synthesized_all_the_same(void **state)
{
	struct scene *scene = *state;

	scene->has_hints = true;
	fake_says(scene->routes, "AAAA x.org = 5 AAAA 2001:db8::1");
	fake_says(scene->routes, "A x.org = 5 A 192.0.2.1");
	scene_ask(scene, "AAAA x.org");
	scene_play(scene, 10000);
	fake_says(scene->routes, "AAAA x.org = NODATA 5/5");
	assert_string_equal(
		scene_ask(scene, "AAAA x.org"), "NOERROR | x.org. 5 AAAA " SYNTH MARKED);
	/* One after the other, this once. */
	assert_int_equal(scene->asked[1].at_ms, 2 * FAKE_DELAY_MS);
	scene_play(scene, 10000);
	scene_ask(scene, "AAAA x.org");
	assert_int_equal(scene->asked[2].at_ms, FAKE_DELAY_MS);
}

static void an_aaaa_that_was_expected_and_is_late_is_not_waited_for_alone(void **state)
{
	enum { HINT_MS = 150 };
	struct scene *scene = *state;

	scene->has_hints = true;
	fake_says(scene->routes, "AAAA x.org = 5 AAAA 2001:db8::1");
	fake_says(scene->routes, "A x.org = 5 A 192.0.2.1");
	scene_ask(scene, "AAAA x.org");
	scene_play(scene, 10000);
	fake_says_after(scene->routes, 1000, "AAAA x.org = NODATA 5/5");
	scene_start(scene, "AAAA x.org");
	scene_play(scene, HINT_MS - 1);
	assert_int_equal(fake_asked(scene->routes, "A x.org"), 1);
	scene_play(scene, 1);
	assert_int_equal(fake_asked(scene->routes, "A x.org"), 2);
	scene_play(scene, 2000);
	assert_int_equal(scene->asked[1].at_ms, 1000);
	assert_string_equal(scene->asked[1].text, "NOERROR | x.org. 5 AAAA " SYNTH MARKED);
}

/* D64-5.1.3-b, LIM-04 */
static void at_half_of_the_budget_a_missing_aaaa_is_late(void **state)
{
	struct scene *scene = *state;

	fake_says_after(scene->routes, 50, "A x.org = 300 A 192.0.2.1");
	fake_says_after(scene->routes, 9000, "AAAA x.org = 300 AAAA 2001:db8::1");
	assert_string_equal(
		scene_ask(scene, "AAAA x.org"), "NOERROR | x.org. 300 AAAA " SYNTH MARKED);
	assert_int_equal(scene->asked[0].at_ms, SCENE_BUDGET_MS / 2);
	/* Its look-up goes on, and fills the cache. */
	scene_play(scene, 8000);
	assert_string_equal(
		scene_start(scene, "AAAA x.org")->text, "NOERROR | x.org. 299 AAAA 2001:db8::1");
	assert_int_equal(fake_asked(scene->routes, "AAAA x.org"), 1);
}

/* D64-5.1.3-b: the other half of the budget is for A. */
static void a_comes_in_the_second_half(void **state)
{
	struct scene *scene = *state;

	fake_says_after(scene->routes, 3500, "A x.org = 300 A 192.0.2.1");
	assert_string_equal(
		scene_ask(scene, "AAAA x.org"), "NOERROR | x.org. 300 AAAA " SYNTH MARKED);
	assert_int_equal(scene->asked[0].at_ms, 3500);
}

/* D64-5.1.1-a: better late than synthesized. */
static void an_aaaa_that_was_late_may_still_come_before_a(void **state)
{
	struct scene *scene = *state;

	fake_says_after(scene->routes, 3500, "A x.org = 300 A 192.0.2.1");
	fake_says_after(scene->routes, 3000, "AAAA x.org = 300 AAAA 2001:db8::1");
	assert_string_equal(
		scene_ask(scene, "AAAA x.org"), "NOERROR | x.org. 300 AAAA 2001:db8::1");
	assert_int_equal(scene->asked[0].at_ms, 3000);
}

/* Row 17: an A that gives nothing ends nothing while there is time. */
static void a_late_aaaa_is_waited_for_where_there_is_no_a(void **state)
{
	static const struct {
		const char *a, *aaaa;
		uint64_t after_ms;
		const char *answer;
		uint64_t at_ms;
	} rows[] = {
		{ "NODATA 300/60", "300 AAAA 2001:db8::1", 3000,
			"NOERROR | x.org. 300 AAAA 2001:db8::1", 3000 },
		{ "300 A 127.0.0.1", "300 AAAA 2001:db8::1", 3000,
			"NOERROR | x.org. 300 AAAA 2001:db8::1", 3000 },
		{ "SERVFAIL", "300 AAAA 2001:db8::1", 3000, "NOERROR | x.org. 300 AAAA 2001:db8::1",
			3000 },
		{ "NODATA 300/60", "NODATA 300/60", 3000, "NOERROR | ~ org. 60 SOA 60", 3000 },
		{ "NODATA 300/60", "SERVFAIL", 3000, "SERVFAIL | EDE 22 upstream rcode 2", 3000 },
		{ "NODATA 300/60", "300 AAAA 2001:db8::1", 9000,
			"SERVFAIL | EDE 22 no answer from any upstream", SCENE_BUDGET_MS },
		{ "SERVFAIL", "300 AAAA 2001:db8::1", 9000, "SERVFAIL | EDE 22 upstream rcode 2",
			SCENE_BUDGET_MS },
		{ "NXDOMAIN 300/60", "300 AAAA 2001:db8::1", 3000, "NXDOMAIN | ~ org. 60 SOA 60",
			SCENE_BUDGET_MS / 2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct scene *scene = *state;
		char line[64];

		snprintf(line, sizeof(line), "A x.org = %s", rows[i].a);
		fake_says(scene->routes, line);
		snprintf(line, sizeof(line), "AAAA x.org = %s", rows[i].aaaa);
		fake_says_after(scene->routes, rows[i].after_ms, line);
		assert_string_equal(scene_ask(scene, "AAAA x.org"), rows[i].answer);
		assert_int_equal(scene->asked[0].at_ms, rows[i].at_ms);
		tear_down(state);
		set_up(state);
	}
}

/* LIM-03 */
static void an_answer_leaves_when_the_budget_is_spent(void **state)
{
	static const char *const questions[] = { "AAAA x.org", "A x.org", "TXT x.org" };

	for (size_t i = 0; i < 3; i++) {
		struct scene *scene = *state;

		assert_string_equal(scene_ask(scene, questions[i]),
			"SERVFAIL | EDE 22 no answer from any upstream");
		assert_int_equal(scene->asked[0].at_ms, SCENE_BUDGET_MS);
		assert_int_equal(scene->last_outcome, OUTCOME_TIMED_OUT);
		scene_play(scene, 20000);
		assert_int_equal(scene->asked[0].answers, 1);
		tear_down(state);
		set_up(state);
	}
}

/* D64-5.1.1-b: A first; AAAA only where no A can be mapped. */
static void an_ignored_aaaa_is_not_asked_for(void **state)
{
	struct scene *scene = *state;

	add_name(&scene->policy.ignore_aaaa, "org");
	fake_says(scene->routes, "A x.org = 900 A 192.0.2.1");
	fake_says(scene->routes, "AAAA x.org = 300 AAAA 2001:db8::1");
	fake_says(scene->routes, "A y.org = NODATA 300/60");
	fake_says(scene->routes, "AAAA y.org = 300 AAAA 2001:db8::1");
	fake_says(scene->routes, "AAAA z.com = 300 AAAA 2001:db8::1");
	assert_string_equal(
		scene_ask(scene, "AAAA x.org"), "NOERROR | x.org. 600 AAAA " SYNTH MARKED);
	assert_int_equal(fake_asked(scene->routes, NULL), 1);
	assert_string_equal(
		scene_ask(scene, "AAAA y.org"), "NOERROR | y.org. 300 AAAA 2001:db8::1");
	assert_string_equal(
		scene_ask(scene, "AAAA z.com"), "NOERROR | z.com. 300 AAAA 2001:db8::1");
}

/* D64-5.1.1-b: a native AAAA waits for A, but not longer than a client that races addresses waits
 * between two. */
static void an_aaaa_waits_a_while_for_the_a_to_append(void **state)
{
	static const struct {
		uint64_t aaaa_ms, a_ms, at_ms;
		bool is_appended;
	} rows[] = {
		{ 10, 30, 30, true },
		{ 30, 10, 30, true },
		{ 10, 10 + QUERY_APPEND_MS - 1, 10 + QUERY_APPEND_MS - 1, true },
		{ 10, 10 + QUERY_APPEND_MS + 1, 10 + QUERY_APPEND_MS, false },
		{ 10, 9000, 10 + QUERY_APPEND_MS, false },
		/* It is the AAAA that waits: the A may take as long as that takes. */
		{ 900, 1000, 1000, true },
		{ 900, 9000, 900 + QUERY_APPEND_MS, false },
		/* Just before it would have been late itself. */
		{ SCENE_BUDGET_MS / 2 - 20, 9000, SCENE_BUDGET_MS / 2 - 20 + QUERY_APPEND_MS,
			false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *scene = *state;

		add_name(&scene->policy.append_aaaa, "org");
		fake_says_after(
			scene->routes, rows[i].aaaa_ms, "AAAA x.org = 300 AAAA 2001:db8::1");
		fake_says_after(scene->routes, rows[i].a_ms, "A x.org = 300 A 192.0.2.1");
		assert_string_equal(scene_ask(scene, "AAAA x.org"),
			rows[i].is_appended ? NATIVE " | x.org. 300 AAAA " SYNTH MARKED : NATIVE);
		assert_int_equal(scene->asked[0].at_ms, rows[i].at_ms);
		assert_int_equal(fake_asked(scene->routes, NULL), 2);
		tear_down(state);
		set_up(state);
	}
}

/* The look-up of a late A goes on, and what it finds is there for the next. */
static void a_late_a_is_appended_for_the_next(void **state)
{
	struct scene *scene = *state;

	add_name(&scene->policy.append_aaaa, "org");
	fake_says(scene->routes, "AAAA x.org = 300 AAAA 2001:db8::1");
	fake_says_after(scene->routes, 1000, "A x.org = 3600 A 192.0.2.1");
	scene_ask(scene, "AAAA x.org");
	assert_int_equal(scene->asked[0].at_ms, FAKE_DELAY_MS + QUERY_APPEND_MS);
	/* A cached AAAA waits as one that has just come. */
	assert_string_equal(
		scene_ask(scene, "AAAA x.org"), "NOERROR | x.org. 299 AAAA 2001:db8::1");
	assert_int_equal(scene->asked[1].at_ms, QUERY_APPEND_MS);
	scene_play(scene, 1000);
	assert_string_equal(scene_start(scene, "AAAA x.org")->text,
		"NOERROR | x.org. 298 AAAA 2001:db8::1 | x.org. 298 AAAA " SYNTH MARKED);
	assert_int_equal(fake_asked(scene->routes, NULL), 2);
}

/* Both at once, whatever the name had the last time; ignore-aaaa and exclude-names go before it. */
static void only_names_of_the_list_are_appended_to(void **state)
{
	struct scene *scene = *state;

	scene->has_hints = true;
	add_name(&scene->policy.append_aaaa, "org");
	add_name(&scene->policy.append_aaaa, "net");
	add_name(&scene->policy.append_aaaa, "edu");
	add_name(&scene->policy.ignore_aaaa, "net");
	add_name(&scene->policy.exclude_names, "edu");
	for (unsigned i = 1; i <= 3; i++) {
		fake_says(scene->routes, "AAAA x.org = 5 AAAA 2001:db8::1");
		fake_says(scene->routes, "A x.org = 5 A 192.0.2.1");
		assert_string_equal(scene_ask(scene, "AAAA x.org"),
			"NOERROR | x.org. 5 AAAA 2001:db8::1 | x.org. 5 AAAA " SYNTH MARKED);
		assert_int_equal(scene->last_took_ms, FAKE_DELAY_MS);
		assert_int_equal(fake_asked(scene->routes, "A x.org"), i);
		scene_play(scene, 10000);
	}
	fake_says(scene->routes, "AAAA x.net = 300 AAAA 2001:db8::1");
	fake_says(scene->routes, "A x.net = 300 A 192.0.2.1");
	assert_string_equal(
		scene_ask(scene, "AAAA x.net"), "NOERROR | x.net. 300 AAAA " SYNTH MARKED);
	fake_says(scene->routes, "AAAA x.edu = 300 AAAA 2001:db8::1");
	assert_string_equal(
		scene_ask(scene, "AAAA x.edu"), "NOERROR | x.edu. 300 AAAA 2001:db8::1");
	assert_int_equal(fake_asked(scene->routes, "A x.edu"), 0);
	fake_says(scene->routes, "AAAA x.com = 300 AAAA 2001:db8::1");
	assert_string_equal(
		scene_ask(scene, "AAAA x.com"), "NOERROR | x.com. 300 AAAA 2001:db8::1");
	assert_string_equal(
		scene_ask(scene, "AAAA x.org cd"), "NOERROR | x.org. 5 AAAA 2001:db8::1");
	assert_string_equal(scene_ask(scene, "AAAA x.org from 203.0.113.1"),
		"NOERROR | x.org. 5 AAAA 2001:db8::1");
}

static void a_patient_question_does_not_outlive_its_budget(void **state)
{
	struct scene *scene = *state;

	add_name(&scene->policy.ignore_aaaa, "org");
	fake_says_after(scene->routes, 3000, "A x.org = NODATA 300/60");
	scene_ask(scene, "AAAA x.org");
	assert_string_equal(scene->asked[0].text, "SERVFAIL | EDE 22 no answer from any upstream");
	assert_int_equal(scene->asked[0].at_ms, SCENE_BUDGET_MS);
	assert_int_equal(fake_asked(scene->routes, "AAAA x.org"), 1);
}

/* aaaa-error: pass */
static void a_failed_aaaa_passes_where_that_is_wanted(void **state)
{
	struct scene *scene = *state;

	scene->policy.aaaa_error_passes = true;
	fake_says(scene->routes, "A x.org = 900 A 192.0.2.1");
	fake_says(scene->routes, "AAAA x.org = SERVFAIL");
	assert_string_equal(scene_ask(scene, "AAAA x.org"), "SERVFAIL | EDE 22 upstream rcode 2");
	fake_says(scene->routes, "A y.org = 900 A 192.0.2.1");
	scene_ask(scene, "AAAA y.org");
	assert_string_equal(scene->asked[1].text, "SERVFAIL | EDE 22 no answer from any upstream");
	assert_int_equal(scene->asked[1].at_ms, SCENE_BUDGET_MS);
}

/* Outside the premise of section 5: AAAA as received, excluded ones included, and no A look-up. */
static void without_dns64_aaaa_passes_raw(void **state)
{
	static const struct {
		const char *id, *question;
	} rows[] = {
		{ "D64-6.3-a", "AAAA x.org from 203.0.113.9" }, /* the client */
		{ "D64-6.3-a", "AAAA x.inside.org" },           /* the zone */
		{ "D64-7.3-a", "AAAA x.exempt.org" },           /* the name */
		{ "D64-5.5-nv01", "AAAA x.org cd" },            /* */
		{ "D64-5.5-nv11", "AAAA x.org cd do" },         /* */
		{ "D64-5.1-b", "AAAA x.org class 4" },          /* MAL-26 */
		{ "D64-5.1-b", "AAAA x.org class 255" },
		{ "D64-5.1-b", "AAAA x.org class 300" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		static const char *const answers[] = { "NODATA 300/60", "90 AAAA ::1" };

		for (size_t k = 0; k < 2; k++) {
			struct scene *scene = *state;
			char name[64];
			char line[128];

			sscanf(rows[i].question, "AAAA %63s", name);
			add_name(&scene->policy.exclude_names, "exempt.org");
			fake_add_zone(scene->routes, "inside.org", 7, false);
			snprintf(line, sizeof(line), "AAAA %s = %s", name, answers[k]);
			fake_says(scene->routes, line);
			print_message("%s: %s\n", rows[i].id, rows[i].question);
			scene_ask(scene, rows[i].question);
			assert_true(strstr(scene->asked[0].text, k ? " 90 AAAA ::1" : " SOA 60"));
			assert_int_equal(fake_asked(scene->routes, NULL), 1);
			assert_int_equal(scene->last_outcome, OUTCOME_RELAYED);
			tear_down(state);
			set_up(state);
		}
	}
}

/* D64-5.5-c, R6840-5.9-b */
static void cd_is_asked_and_kept_apart(void **state)
{
	struct scene *scene = *state;

	fake_says(scene->routes, "A x.org = SERVFAIL");
	scene_ask(scene, "A x.org");
	assert_false(fake_last_question(scene->routes)->cd);
	fake_says(scene->routes, "A x.org = 90 A 192.0.2.1");
	assert_string_equal(
		scene_ask(scene, "A x.org"), "SERVFAIL | EDE 13 | EDE 22 upstream rcode 2");
	assert_string_equal(scene_ask(scene, "A x.org cd"), "NOERROR | x.org. 90 A 192.0.2.1");
	assert_true(fake_last_question(scene->routes)->cd);
	assert_int_equal(fake_asked(scene->routes, NULL), 2);
}

/* D64-5.3.3-a, MAL-27 */
static void other_types_pass_unchanged(void **state)
{
	struct scene *scene = *state;

	fake_says(scene->routes, "MX x.org = 90 MX m, NS, GLUE, 90 SIG MX");
	fake_says(scene->routes, "HEX x.org = 90 HEX abc");
	assert_string_equal(scene_ask(scene, "MX x.org"),
		"NOERROR | x.org. 90 MX | ~ org. 300 NS | + ns. 300 A 192.0.2.9");
	assert_string_equal(scene_ask(scene, "MX x.org do"),
		"NOERROR | x.org. 90 MX | x.org. 90 RRSIG MX | ~ org. 300 NS"
		" | + ns. 300 A 192.0.2.9"); /* CCH-a */
	assert_string_equal(scene_ask(scene, "TYPE65280 x.org"), "NOERROR | x.org. 90 TYPE65280");
	assert_int_equal(fake_asked(scene->routes, NULL), 2);
}

/* R8482-4-a, R8482-4.1-a */
static void any_is_asked_by_stream_and_answered_small_over_udp(void **state)
{
	struct scene *scene = *state;

	fake_says(
		scene->routes, "ANY x.org = 90 TXT long-long-long-long, 90 A 192.0.2.1, 90 SIG A");
	assert_string_equal(scene_ask(scene, "ANY x.org do"),
		"NOERROR | x.org. 90 A 192.0.2.1 | x.org. 90 RRSIG A");
	assert_true(fake_last_stream(scene->routes));
	assert_non_null(strstr(scene_ask(scene, "ANY x.org tcp"), " TXT"));
	assert_int_equal(fake_asked(scene->routes, NULL), 1);
}

/* UPS-a */
static void a_client_by_stream_is_asked_for_by_stream(void **state)
{
	struct scene *scene = *state;

	scene_start(scene, "TXT x.org");
	assert_false(fake_last_stream(scene->routes));
	scene_start(scene, "TXT y.org tcp");
	assert_true(fake_last_stream(scene->routes));
}

/* MAL-25 */
static void class_ch_tells_its_identity_or_refuses(void **state)
{
	struct scene *scene = *state;

	scene->identity = "here";
	assert_string_equal(scene_ask(scene, "TXT example.org class 3"), "REFUSED");
	assert_int_equal(scene->last_outcome, OUTCOME_REFUSED_CHAOS);
	scene_ask(scene, "TXT id.server class 3");
	assert_non_null(strstr(scene->asked[1].text, "NOERROR aa | id.server. "));
	assert_int_equal(scene->last_outcome, OUTCOME_CHAOS);
	scene_ask(scene, "TXT id.server class 3 rd0");
	assert_non_null(strstr(scene->asked[2].text, "NOERROR aa"));
	assert_int_equal(fake_asked(scene->routes, NULL), 0);
}

/* ACL-c: no cache snooping. */
static void a_cached_name_is_refused_without_rd(void **state)
{
	struct scene *scene = *state;

	fake_says(scene->routes, "TXT x.org = 90 TXT t");
	scene_ask(scene, "TXT x.org");
	assert_string_equal(scene_ask(scene, "TXT x.org rd0"), "REFUSED | EDE 20 RD=0");
	assert_int_equal(scene->last_outcome, OUTCOME_REFUSED_RD);
}

/* R8020-2-a, EDE-03 */
static void an_nxdomain_above_answers_and_says_so(void **state)
{
	struct scene *scene = *state;

	fake_says(scene->routes, "AAAA x.org = NXDOMAIN 300/60, AD");
	scene_ask(scene, "AAAA x.org");
	assert_string_equal(scene_ask(scene, "AAAA a.b.x.org do"),
		"NXDOMAIN | ~ org. 60 SOA 60 | EDE 29 NXDOMAIN of a name above");
	assert_int_equal(scene->last_outcome, OUTCOME_NXDOMAIN_CUT);
	assert_int_equal(fake_asked(scene->routes, NULL), 2);
}

/* MAL-28, R9520-2.3-a */
static void the_same_question_again_is_joined_and_answered(void **state)
{
	struct scene *scene = *state;
	struct asked *first;
	struct asked *second;

	fake_says(scene->routes, "TXT x.org = 90 TXT t");
	first = scene_start(scene, "TXT x.org");
	second = scene_start(scene, "TXT x.org");
	scene_play(scene, 100);
	assert_int_equal(first->answers, 1);
	assert_int_equal(second->answers, 1);
	assert_int_equal(fake_asked(scene->routes, NULL), 1);
}

/* MAL-29 */
static void an_overload_falls_upon_the_largest_share(void **state)
{
	struct scene *scene = *state;
	struct asked *asked;

	scene->queries_max = 5;
	fake_says(scene->routes, "TXT known.org = 90 TXT t");
	scene_ask(scene, "TXT known.org");
	for (unsigned i = 0; i < 5; i++) {
		char text[64];

		snprintf(text, sizeof(text), "TXT n%u.org from 192.0.2.%u", i, i < 3 ? 1 : i);
		assert_int_equal(scene_start(scene, text)->state, QUERY_WAITS);
	}
	asked = scene_start(scene, "TXT more.org from 192.0.2.1");
	assert_int_equal(asked->state, QUERY_DROPPED);
	assert_int_equal(scene->last_outcome, OUTCOME_DROPPED);
	asked = scene_start(scene, "TXT more.org from 192.0.2.1 tcp");
	assert_string_equal(asked->text, "SERVFAIL | EDE 0 overload");
	asked = scene_start(scene, "TXT more.org from 192.0.2.3");
	assert_string_equal(asked->text, "SERVFAIL | EDE 0 overload");
	asked = scene_start(scene, "TXT more.org from 192.0.2.9");
	assert_string_equal(asked->text, "SERVFAIL | EDE 0 overload");
	assert_int_equal(scene->last_outcome, OUTCOME_OVERLOAD);
	/* What need not wait is answered all the same. */
	asked = scene_start(scene, "TXT known.org from 192.0.2.1");
	assert_int_equal(asked->state, QUERY_ANSWERED);
	assert_int_equal(scene->list.count, 5);
	scene_play(scene, SCENE_BUDGET_MS);
	assert_int_equal(scene->list.count, 0);
	assert_int_equal(scene_start(scene, "TXT more.org from 192.0.2.1")->state, QUERY_WAITS);
}

/* LIM-07: all workers together. */
static void queries_of_other_workers_count(void **state)
{
	struct scene *scene = *state;
	_Atomic uint32_t queries = 0;

	fake_says(scene->routes, "TXT known.org = 90 TXT t");
	scene_ask(scene, "TXT known.org");
	scene->parts.queries = &queries;
	scene->parts.queries_max = 3;
	resolver_set_parts(scene->resolver, &scene->parts);
	queries = 2;
	assert_int_equal(scene_start(scene, "TXT x.org")->state, QUERY_WAITS);
	assert_int_equal(queries, 3);
	assert_string_equal(scene_start(scene, "TXT y.org tcp")->text, "SERVFAIL | EDE 0 overload");
	scene_play(scene, SCENE_BUDGET_MS);
	assert_int_equal(queries, 2);
	assert_int_equal(scene_start(scene, "TXT y.org")->state, QUERY_WAITS);
	query_list_cancel(&scene->list);
	assert_int_equal(queries, 2);
}

/* UPS-d */
static void our_own_question_on_its_way_back_is_dropped(void **state)
{
	struct scene *scene = *state;

	fake_set_own(scene->routes, true);
	assert_int_equal(scene_start(scene, "TXT x.org")->state, QUERY_DROPPED);
	assert_int_equal(fake_asked(scene->routes, NULL), 0);
	assert_int_equal(scene->last_outcome, OUTCOME_DROPPED);
}

/* R7766-6.2.4-a */
static void a_cancelled_list_gets_no_answers(void **state)
{
	struct scene *scene = *state;
	struct asked *first;
	struct asked *second;

	fake_says(scene->routes, "TXT x.org = 90 TXT t");
	first = scene_start(scene, "TXT x.org");
	second = scene_start(scene, "AAAA y.org");
	query_list_cancel(&scene->list);
	assert_int_equal(scene->list.count, 0);
	assert_int_equal(scene->last_outcome, OUTCOME_CANCELLED);
	scene_play(scene, 20000);
	assert_int_equal(first->answers + second->answers, 0);
	/* They may be cached. */
	assert_int_equal(scene_start(scene, "TXT x.org")->state, QUERY_ANSWERED);
}

/* D64-5.4-f: facts are kept, not conclusions. */
static void another_policy_holds_for_the_next_answer(void **state)
{
	struct scene *scene = *state;
	struct policy_options options = { .enabled = true };
	struct views views = { 0 };

	fake_says(scene->routes, "AAAA x.org = NODATA 300/60");
	fake_says(scene->routes, "A x.org = 300 A 192.0.2.1");
	scene_ask(scene, "AAAA x.org");
	scene_set_prefix(&options, 0, "2001:db8:65::/96");
	views_set_fallback(&views, policy_new(&options));
	scene->parts.views = &views;
	resolver_set_parts(scene->resolver, &scene->parts);
	assert_string_equal(scene_start(scene, "AAAA x.org")->text,
		"NOERROR | x.org. 60 AAAA 2001:db8:65::c000:201");
	assert_int_equal(fake_asked(scene->routes, NULL), 2);
	scene->parts.views = &scene->views;
	resolver_set_parts(scene->resolver, &scene->parts);
	views_clear(&views);
}

/* For a line of the log: who spoke, if somebody was asked just now, and with which prefix. */
static void an_observer_sees_whose_word_it_was(void **state)
{
	struct scene *scene = *state;

	fake_says(scene->routes, "AAAA x.org = NODATA 300/60");
	fake_says(scene->routes, "A x.org = 300 A 192.0.2.1");
	fake_says(scene->routes, "AAAA y.org = 300 AAAA 2001:db8:64::1");
	fake_says(scene->routes, "AAAA z.org = SERVFAIL");
	fake_says(scene->routes, "A z.org = SERVFAIL");
	scene_ask(scene, "AAAA x.org");
	assert_string_equal(scene->last_upstream, FAKE_SERVER);
	assert_string_equal(scene->last_prefix, "2001:db8:64::/96");
	scene_ask(scene, "AAAA x.org");
	assert_string_equal(scene->last_upstream, "");
	assert_string_equal(scene->last_prefix, "2001:db8:64::/96");
	scene_ask(scene, "AAAA y.org");
	assert_string_equal(scene->last_upstream, FAKE_SERVER);
	assert_string_equal(scene->last_prefix, ""); /* upstream said so, not we */
	scene_ask(scene, "AAAA z.org");
	assert_int_equal(scene->last_outcome, OUTCOME_UPSTREAM_ERROR);
	assert_string_equal(scene->last_upstream, FAKE_SERVER);
	scene_ask(scene, "AAAA silent.org");
	assert_int_equal(scene->last_outcome, OUTCOME_TIMED_OUT);
	assert_string_equal(scene->last_upstream, "");
	assert_string_equal(scene->last_prefix, "");
	assert_int_equal(scene->last_view, VIEW_DEFAULT);
	scene_ask(scene, "AAAA x.org from 203.0.113.1");
	assert_int_equal(scene->last_view, 0);
}

/* Joined to the end of an alias chain that is asked for in parts. */
static void an_observer_sees_who_ended_a_chain(void **state)
{
	struct scene *scene = *state;

	fake_says(scene->routes, "AAAA x.org = 300 CNAME y.org");
	fake_says(scene->routes, "A x.org = 300 CNAME y.org");
	fake_says(scene->routes, "AAAA y.org = 300 AAAA 2001:db8::1");
	scene_ask(scene, "AAAA y.org");
	scene_ask(scene, "AAAA x.org");
	assert_string_equal(scene->last_upstream, FAKE_SERVER); /* of the part asked just now */
	scene_ask(scene, "AAAA x.org");
	assert_string_equal(scene->last_upstream, "");
}

/* A reload while a request waits: it keeps its policy. */
static void a_request_in_progress_keeps_its_policy(void **state)
{
	struct scene *scene = *state;
	struct policy_options options = { .enabled = false };
	struct asked *asked;

	fake_says(scene->routes, "AAAA x.org = NODATA 300/60");
	fake_says(scene->routes, "A x.org = 300 A 192.0.2.1");
	asked = scene_start(scene, "AAAA x.org");
	views_set_fallback(&scene->views, policy_new(&options));
	scene_play(scene, 100);
	assert_string_equal(asked->text, "NOERROR | x.org. 60 AAAA " SYNTH MARKED);
}

static void many_a(char line[2048], unsigned count)
{
	size_t size = (size_t)snprintf(line, 2048, "A x.org = 300 A 192.0.2.0");

	for (unsigned i = 1; i < count; i++)
		size += (size_t)snprintf(line + size, 2048 - size, ", 300 A 192.0.2.%u", i);
}

/* D64-5.4-e, R2181-9-a */
static void what_does_not_fit_is_truncated(void **state)
{
	struct scene *scene = *state;
	char line[2048];
	const char *answer;
	unsigned found = 0;

	many_a(line, 40);
	fake_says(scene->routes, line);
	fake_says(scene->routes, "AAAA x.org = NODATA 300/60");
	assert_string_equal(scene_ask(scene, "AAAA x.org noedns"), "NOERROR tc");
	answer = scene_ask(scene, "AAAA x.org tcp");
	while ((answer = strstr(answer, " AAAA "))) {
		answer++;
		found++;
	}
	assert_int_equal(found, 40);
}

/* UPR-06 */
static void what_no_message_can_hold_fails(void **state)
{
	struct scene *scene = *state;

	fake_says(scene->routes, "A x.org = MANY 2500");
	fake_says(scene->routes, "AAAA x.org = NODATA 300/60");
	assert_string_equal(
		scene_ask(scene, "AAAA x.org tcp"), "SERVFAIL | EDE 0 answer too large");
	assert_int_equal(scene->last_outcome, OUTCOME_LIMIT);
	assert_string_equal(scene_ask(scene, "AAAA x.org"), "NOERROR tc | EDE 29 DNS64");
}

static void each_end_is_counted_and_observed(void **state)
{
	struct scene *scene = *state;
	struct outcomes *outcomes;

	fake_says(scene->routes, "AAAA x.org = NODATA 300/60");
	fake_says(scene->routes, "A x.org = 300 A 192.0.2.1");
	scene_ask(scene, "AAAA x.org");
	assert_int_equal(scene->last_outcome, OUTCOME_SYNTHESIZED);
	assert_true(scene->last_had_aaaa && scene->last_had_a);
	scene_ask(scene, "A x.org");
	assert_false(scene->last_had_aaaa);
	assert_true(scene->last_had_a);
	assert_int_equal(scene->observed, 2);
	outcomes = resolver_outcomes(scene->resolver);
	assert_int_equal(count_read(&outcomes->counts[OUTCOME_SYNTHESIZED]), 1);
	assert_int_equal(count_read(&outcomes->counts[OUTCOME_RELAYED]), 1);
}

/* D64-5.4-a is asserted by the scene; R4343-4-a: the question's own case comes back. */
static void owners_come_back_in_the_case_of_the_question(void **state)
{
	struct scene *scene = *state;

	fake_says(scene->routes, "A x.org = 300 A 192.0.2.1");
	scene_ask(scene, "A x.org");
	assert_string_equal(scene_ask(scene, "A X.oRg"), "NOERROR | X.oRg. 300 A 192.0.2.1");
}

/* EDE-11: this server's own limit is told, and not kept against the question. */
static void too_many_flights_are_told(void **state)
{
	struct scene *scene = *state;

	fake_says(scene->routes, "TXT x.org = LIMIT");
	assert_string_equal(scene_ask(scene, "TXT x.org"), "SERVFAIL | EDE 0 limit of this server");
	fake_says(scene->routes, "TXT x.org = NODATA 60/60");
	assert_string_equal(scene_ask(scene, "TXT x.org"), "NOERROR | ~ org. 60 SOA 60");
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(asks_aaaa_and_a_at_once),
		SCENE(a_late_native_aaaa_is_waited_for),
		SCENE(a_cached_aaaa_that_decides_asks_no_a),
		SCENE(a_name_that_had_an_aaaa_is_asked_for_aaaa_alone),
		SCENE(a_name_that_lost_its_aaaa_is_synthesized_all_the_same),
		SCENE(an_aaaa_that_was_expected_and_is_late_is_not_waited_for_alone),
		SCENE(at_half_of_the_budget_a_missing_aaaa_is_late),
		SCENE(a_comes_in_the_second_half),
		SCENE(an_aaaa_that_was_late_may_still_come_before_a),
		SCENE(a_late_aaaa_is_waited_for_where_there_is_no_a),
		SCENE(an_answer_leaves_when_the_budget_is_spent),
		SCENE(an_ignored_aaaa_is_not_asked_for),
		SCENE(an_aaaa_waits_a_while_for_the_a_to_append),
		SCENE(a_late_a_is_appended_for_the_next),
		SCENE(only_names_of_the_list_are_appended_to),
		SCENE(a_patient_question_does_not_outlive_its_budget),
		SCENE(a_failed_aaaa_passes_where_that_is_wanted),
		SCENE(without_dns64_aaaa_passes_raw),
		SCENE(cd_is_asked_and_kept_apart),
		SCENE(other_types_pass_unchanged),
		SCENE(any_is_asked_by_stream_and_answered_small_over_udp),
		SCENE(a_client_by_stream_is_asked_for_by_stream),
		SCENE(class_ch_tells_its_identity_or_refuses),
		SCENE(a_cached_name_is_refused_without_rd),
		SCENE(an_nxdomain_above_answers_and_says_so),
		SCENE(the_same_question_again_is_joined_and_answered),
		SCENE(an_overload_falls_upon_the_largest_share),
		SCENE(queries_of_other_workers_count),
		SCENE(our_own_question_on_its_way_back_is_dropped),
		SCENE(a_cancelled_list_gets_no_answers),
		SCENE(another_policy_holds_for_the_next_answer),
		SCENE(an_observer_sees_whose_word_it_was),
		SCENE(an_observer_sees_who_ended_a_chain),
		SCENE(a_request_in_progress_keeps_its_policy),
		SCENE(what_does_not_fit_is_truncated),
		SCENE(what_no_message_can_hold_fails),
		SCENE(each_end_is_counted_and_observed),
		SCENE(owners_come_back_in_the_case_of_the_question),
		SCENE(too_many_flights_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
