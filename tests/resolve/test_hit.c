/* What is asked again and again: it takes no memory, which shows that a finished answer was used,
 * and says what an answer made anew would say. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "scene.h"

#define SYNTH  "2001:db8:64::c000:201"
#define MARKED " | EDE 29 DNS64"

static size_t requests; /* for memory, of the last request */

enum query_state __real_query_start(struct resolver *resolver, const struct request *request,
	uint8_t *out, size_t *size, query_done *done, void *owner);
enum query_state __wrap_query_start(struct resolver *resolver, const struct request *request,
	uint8_t *out, size_t *size, query_done *done, void *owner);

enum query_state __wrap_query_start(struct resolver *resolver, const struct request *request,
	uint8_t *out, size_t *size, query_done *done, void *owner)
{
	size_t before = heap.requests;
	enum query_state state;

	state = __real_query_start(resolver, request, out, size, done, owner);
	requests = heap.requests - before;
	return state;
}

static int set_up(void **state)
{
	static struct scene scene;

	scene_init(&scene);
	scene.is_unobserved = true;
	*state = &scene;
	return 0;
}

static int tear_down(void **state)
{
	scene_clear(*state);
	return 0;
}

enum { OFTEN = 10 };

/* So often that it is worth to be kept finished; meanwhile what was still on its way arrives, and
 * the first second of its TTLs begins. */
static void ask_often(struct scene *scene, const char *question)
{
	for (int i = 0; i < OFTEN; i++) {
		scene_ask(scene, question);
		if (i == OFTEN / 2)
			scene_play(scene, 1);
	}
}

static void assert_hit(struct scene *scene, const char *question, const char *answer)
{
	assert_string_equal(scene_start(scene, question)->text, answer);
	assert_int_equal(requests, 0);
}

static void assert_made_anew(struct scene *scene, const char *question, const char *answer)
{
	assert_string_equal(scene_start(scene, question)->text, answer);
	assert_int_not_equal(requests, 0);
}

/* Goal M1; D64-5.4-f */
static void a_hit_takes_no_memory(void **state)
{
	static const struct {
		const char *aaaa, *a, *question, *answer;
	} rows[] = {
		{ "NODATA 300/60", "300 A 192.0.2.1", "AAAA x.org",
			"NOERROR | x.org. 59 AAAA " SYNTH MARKED },
		{ "300 AAAA 2001:db8::1", "NODATA 300/60", "AAAA x.org",
			"NOERROR | x.org. 299 AAAA 2001:db8::1" },
		{ "300 AAAA 2001:db8::1, 300 AAAA ::1", "NODATA 300/60", "AAAA x.org",
			"NOERROR | x.org. 299 AAAA 2001:db8::1" },
		{ "NODATA 300/60", "NODATA 300/60", "AAAA x.org", "NOERROR | ~ org. 59 SOA 60" },
		{ "NXDOMAIN 300/200", "NXDOMAIN 300/200", "AAAA x.org",
			"NXDOMAIN | ~ org. 199 SOA 200" },
		{ "NODATA 300/60", "300 A 192.0.2.1", "A x.org",
			"NOERROR | x.org. 299 A 192.0.2.1" },
		{ "NODATA 300/60", "300 A 192.0.2.1", "AAAA x.org noedns",
			"NOERROR | x.org. 59 AAAA " SYNTH },
		{ "NODATA 300/60", "300 A 192.0.2.1", "AAAA x.org tcp",
			"NOERROR | x.org. 59 AAAA " SYNTH MARKED },
		{ "NODATA 300/60", "300 A 192.0.2.1", "AAAA x.org cd",
			"NOERROR | ~ org. 59 SOA 60" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *scene = *state;
		char line[128];

		snprintf(line, sizeof(line), "AAAA x.org = %s", rows[i].aaaa);
		fake_says(scene->routes, line);
		snprintf(line, sizeof(line), "A x.org = %s", rows[i].a);
		fake_says(scene->routes, line);
		ask_often(scene, rows[i].question);
		assert_hit(scene, rows[i].question, rows[i].answer);
		tear_down(state);
		set_up(state);
	}
}

/* D64-5.1.1-b, D64-5.4-f */
static void an_appended_answer_is_kept_like_others(void **state)
{
	struct scene *scene = *state;

	nameset_add(&scene->policy.append_aaaa, (const uint8_t *)"\3org", 0);
	fake_says(scene->routes, "AAAA x.org = 300 AAAA 2001:db8::1");
	fake_says(scene->routes, "A x.org = 60 A 192.0.2.1");
	ask_often(scene, "AAAA x.org");
	assert_hit(scene, "AAAA x.org",
		"NOERROR | x.org. 59 AAAA 2001:db8::1 | x.org. 59 AAAA " SYNTH MARKED);
	fake_says(scene->routes, "AAAA y.org = 300 AAAA 2001:db8::1");
	fake_says(scene->routes, "A y.org = NODATA 300/60");
	ask_often(scene, "AAAA y.org");
	assert_hit(scene, "AAAA y.org", "NOERROR | y.org. 299 AAAA 2001:db8::1");
}

static void says_v4_only(struct scene *scene)
{
	fake_says(scene->routes, "AAAA x.org = NODATA 300/300");
	fake_says(scene->routes, "A x.org = 300 A 192.0.2.1");
}

/* MAL-20, ACL-c */
static void without_recursion_nothing_kept_is_told(void **state)
{
	struct scene *scene = *state;

	says_v4_only(scene);
	ask_often(scene, "AAAA x.org");
	assert_string_equal(scene_start(scene, "AAAA x.org rd0")->text, "REFUSED | EDE 20 RD=0");
}

/* D64-5.4-f, section 5: each view has its own. */
static void a_view_is_not_answered_with_anothers(void **state)
{
	struct scene *scene = *state;

	says_v4_only(scene);
	ask_often(scene, "AAAA x.org");
	assert_string_equal(scene_start(scene, "AAAA x.org from 203.0.113.1")->text,
		"NOERROR | ~ org. 299 SOA 300");
	ask_often(scene, "AAAA x.org from 203.0.113.1");
	assert_hit(scene, "AAAA x.org from 203.0.113.1", "NOERROR | ~ org. 298 SOA 300");
	assert_string_equal(
		scene_start(scene, "AAAA x.org")->text, "NOERROR | x.org. 299 AAAA " SYNTH MARKED);
}

static void set_policy(struct scene *scene, const char *prefix)
{
	struct policy_options options = { .enabled = true };

	scene_set_prefix(&options, 0, prefix);
	views_set_fallback(&scene->views, policy_new(&options));
}

/* D64-5.4-f: a reload with another prefix, or one that came to life, needs no flush. */
static void another_prefix_is_in_the_next_answer(void **state)
{
	struct scene *scene = *state;

	says_v4_only(scene);
	ask_often(scene, "AAAA x.org");
	set_policy(scene, "2001:db8:65::/96");
	assert_made_anew(scene, "AAAA x.org", "NOERROR | x.org. 299 AAAA 2001:db8:65::c000:201");
	ask_often(scene, "AAAA x.org");
	assert_hit(scene, "AAAA x.org", "NOERROR | x.org. 298 AAAA 2001:db8:65::c000:201");
	set_policy(scene, "2001:db8:64::/96");
	assert_made_anew(scene, "AAAA x.org", "NOERROR | x.org. 299 AAAA " SYNTH);
}

/* D64-5.4-f, LOC-c: so is an own record. */
static void a_new_record_is_in_the_next_answer(void **state)
{
	struct scene *scene = *state;

	says_v4_only(scene);
	ask_often(scene, "AAAA x.org");
	scene_set_record(scene, "x.org. 60 AAAA 2001:db8::7");
	assert_string_equal(
		scene_start(scene, "AAAA x.org")->text, "NOERROR aa | x.org. 60 AAAA 2001:db8::7");
	scene_set_record(scene, "y.org. 60 AAAA 2001:db8::7");
	assert_string_equal(
		scene_start(scene, "AAAA x.org")->text, "NOERROR | x.org. 299 AAAA " SYNTH MARKED);
}

/* LOC-c: what is made of own records is never kept: they are as quick themselves. */
static void own_records_are_not_kept(void **state)
{
	struct scene *scene = *state;

	scene->records[0] = "x.org. 60 CNAME y.org.";
	fake_says(scene->routes, "AAAA y.org = 300 AAAA 2001:db8::1");
	ask_often(scene, "AAAA y.org");
	ask_often(scene, "AAAA x.org");
	assert_made_anew(scene, "AAAA x.org",
		"NOERROR aa | x.org. 60 CNAME y.org. | y.org. 299 AAAA 2001:db8::1");
}

/* CCH-b: it grows old like the facts, and goes with them. */
static void ttls_count_down_to_the_end(void **state)
{
	struct scene *scene = *state;

	says_v4_only(scene);
	ask_often(scene, "AAAA x.org");
	scene_play(scene, 100500);
	assert_hit(scene, "AAAA x.org", "NOERROR | x.org. 199 AAAA " SYNTH MARKED);
	fake_says(scene->routes, "A x.org = 300 A 192.0.2.2");
	scene_play(scene, 199500);
	assert_int_equal(scene_start(scene, "AAAA x.org")->state, QUERY_WAITS);
}

/* R2181-5-a: with new facts comes a new answer. */
static void new_facts_make_a_new_answer(void **state)
{
	struct scene *scene = *state;

	fake_says(scene->routes, "AAAA x.org = NODATA 300/20");
	fake_says(scene->routes, "A x.org = 300 A 192.0.2.1");
	ask_often(scene, "AAAA x.org");
	scene_play(scene, 20000);
	fake_says(scene->routes, "AAAA x.org = 300 AAAA 2001:db8::1");
	ask_often(scene, "AAAA x.org");
	assert_hit(scene, "AAAA x.org", "NOERROR | x.org. 299 AAAA 2001:db8::1");
}

/* SEC-4035-3.2.1-b, R4035-4.6-b: with and without DO are two answers, of one look-up. */
static void dnssec_is_for_those_who_ask_for_it(void **state)
{
	struct scene *scene = *state;

	fake_says(scene->routes, "AAAA x.org = 300 AAAA 2001:db8::1, 300 SIG AAAA");
	ask_often(scene, "AAAA x.org");
	assert_string_equal(scene_start(scene, "AAAA x.org do")->text,
		"NOERROR | x.org. 299 AAAA 2001:db8::1 | x.org. 299 RRSIG AAAA");
	ask_often(scene, "AAAA x.org do");
	assert_hit(scene, "AAAA x.org do",
		"NOERROR | x.org. 298 AAAA 2001:db8::1 | x.org. 298 RRSIG AAAA");
	assert_string_equal(
		scene_start(scene, "AAAA x.org")->text, "NOERROR | x.org. 299 AAAA 2001:db8::1");
}

static void on_count(
	void *owner, const char *name, const char *label, const char *help, uint64_t value)
{
	(void)help;
	if (!strcmp(name, "queries_total") && label && !strcmp(label, "outcome=\"synthesized\""))
		*(uint64_t *)owner = value;
}

static void outcomes_are_counted_as_ever(void **state)
{
	struct scene *scene = *state;
	struct counts *counts = counts_new();
	uint64_t synthesized = 0;

	says_v4_only(scene);
	ask_often(scene, "AAAA x.org");
	ask_often(scene, "AAAA x.org");
	resolver_add_counts(scene->resolver, counts);
	counts_each(counts, on_count, &synthesized);
	counts_free(counts);
	assert_int_equal(synthesized, 2 * OFTEN);
}

/* Whoever watches sees what each answer was made of. */
static void with_an_observer_each_answer_is_made_anew(void **state)
{
	struct scene *scene = *state;

	scene->is_unobserved = false;
	says_v4_only(scene);
	ask_often(scene, "AAAA x.org");
	assert_made_anew(scene, "AAAA x.org", "NOERROR | x.org. 299 AAAA " SYNTH MARKED);
	assert_int_equal(scene->observed, OFTEN + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_hit_takes_no_memory),
		TEST(an_appended_answer_is_kept_like_others),
		TEST(without_recursion_nothing_kept_is_told),
		TEST(a_view_is_not_answered_with_anothers),
		TEST(another_prefix_is_in_the_next_answer),
		TEST(a_new_record_is_in_the_next_answer),
		TEST(own_records_are_not_kept),
		TEST(ttls_count_down_to_the_end),
		TEST(new_facts_make_a_new_answer),
		TEST(dnssec_is_for_those_who_ask_for_it),
		TEST(outcomes_are_counted_as_ever),
		TEST(with_an_observer_each_answer_is_made_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
