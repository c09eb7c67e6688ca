#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "fake_upstream.h"
#include "script.h"
#include "sim.h"
#include "sixward/resolve/lookup.h"

enum { RESOLVE_MS = 10000, FLIGHTS_MAX = 16, WAITERS = 100, CACHE_SIZE = 1 << 20 };

struct scene {
	struct loop *loop;
	struct sim *sim;
	struct routes *routes;
	struct cache *cache;
	struct claims *claims;
	struct lookups *lookups;
	struct lookups *other; /* another worker's, on the same loop for the test's sake */
};

/* What one who waits was told. */
struct told {
	unsigned times;
	char text[64]; /* "data 2", "nxdomain 0", "timeout" … the number counts records */
	uint64_t at_ms;
	struct scene *scene;
	struct lookup **cancels;
};

static struct lookups *new_lookups(const struct scene *scene)
{
	return lookups_new(&(struct lookups_options){ .loop = scene->loop,
		.cache = scene->cache,
		.claims = scene->claims,
		.routes = scene->routes,
		.resolve_ms = RESOLVE_MS,
		.terms = { .links_max = 16, .flights_max = FLIGHTS_MAX } });
}

static int set_up(void **state)
{
	static struct scene scene;

	scene.loop = loop_new();
	scene.sim = sim_of(scene.loop);
	scene.routes = fake_new(scene.loop);
	scene.cache = cache_new(&(struct cache_options){ .size = CACHE_SIZE,
		.nxdomain_cut = true,
		.failure_first_s = 5,
		.failure_most_s = 60,
		.stale_s = 1000,
		.prefetch = true });
	scene.claims = claims_new();
	scene.lookups = new_lookups(&scene);
	scene.other = new_lookups(&scene);
	*state = &scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	lookups_free(scene->lookups);
	lookups_free(scene->other);
	routes_free(scene->routes);
	claims_free(scene->claims);
	cache_free(scene->cache);
	loop_free(scene->loop);
	return 0;
}

static void describe(const struct lookup_result *result, char text[64])
{
	static const char *const kinds[] = { "data", "nodata", "nxdomain", "chain", "rcode" };
	static const char *const causes[] = { "none", "timeout", "network", "garbage", "rcode",
		"chain", "limit", "no upstream" };

	if (result->reply)
		snprintf(text, 64, "%s %u", kinds[reply_facts(result->reply)->kind],
			(unsigned)reply_count(result->reply));
	else
		snprintf(text, 64, "%s%s", result->is_cached_failure ? "cached " : "",
			causes[result->failure.cause]);
}

static void on_done(void *owner, const struct lookup_result *result)
{
	struct told *told = owner;

	told->times++;
	told->at_ms = loop_now_ms(told->scene->loop) - SIM_START_MS;
	describe(result, told->text);
	if (told->cancels) {
		lookup_cancel(*told->cancels);
		*told->cancels = NULL;
	}
}

static struct lookup *start_at(
	struct scene *scene, struct lookups *lookups, const char *text, struct told *told)
{
	struct question question = script_question(text);

	routes_set_scope(scene->routes, &question);
	*told = (struct told){ .scene = scene };
	return lookup_start(lookups, &question, false, on_done, told);
}

static struct lookup *start(struct scene *scene, const char *text, struct told *told)
{
	return start_at(scene, scene->lookups, text, told);
}

static const char *known(struct scene *scene, const char *text)
{
	static char said[64];
	struct question question = script_question(text);
	struct lookup_result result;

	routes_set_scope(scene->routes, &question);
	if (!lookup_now(scene->lookups, &question, &result))
		return "nothing";
	describe(&result, said);
	reply_unref(result.reply);
	return said;
}

static void asks_and_keeps_the_answer(void **state)
{
	struct scene *scene = *state;
	struct told told;

	fake_says(scene->routes, "A x.org = 60 A 192.0.2.1");
	assert_string_equal(known(scene, "A x.org"), "nothing");
	start(scene, "A x.org", &told);
	assert_int_equal(told.times, 0);
	sim_run_for(scene->sim, 20000);
	assert_int_equal(told.times, 1);
	assert_string_equal(told.text, "data 1");
	assert_string_equal(known(scene, "A x.org"), "data 1");
	assert_int_equal(fake_asked(scene->routes, NULL), 1);
}

/* Asked for, and then often enough to be worth a refresh, shortly before its 60 s are over. */
static void be_popular(struct scene *scene, const char *const *questions, size_t count)
{
	struct told told[WAITERS];

	for (size_t i = 0; i < count; i++)
		start(scene, questions[i], &told[i]);
	sim_run_for(scene->sim, 1000);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(known(scene, questions[i]), "data 1");
		assert_string_equal(known(scene, questions[i]), "data 1");
	}
	sim_run_for(scene->sim, 56000);
}

/* LIM-37, CCH-g */
static void what_is_popular_is_asked_for_before_its_end(void **state)
{
	static const char *const question = "A x.org";
	struct scene *scene = *state;

	fake_says(scene->routes, "A x.org = 60 A 192.0.2.1");
	be_popular(scene, &question, 1);
	assert_int_equal(fake_asked(scene->routes, NULL), 1);
	assert_string_equal(known(scene, question), "data 1");
	assert_string_equal(known(scene, question), "data 1");
	assert_int_equal(fake_asked(scene->routes, NULL), 2);
	sim_run_for(scene->sim, 10000);
	assert_string_equal(known(scene, question), "data 1");
	assert_int_equal(fake_asked(scene->routes, NULL), 2);
}

/* R8767-4-c */
static void a_refresh_that_fails_leaves_what_is_known(void **state)
{
	static const char *const question = "A x.org";
	struct scene *scene = *state;

	fake_says(scene->routes, "A x.org = 60 A 192.0.2.1");
	be_popular(scene, &question, 1);
	fake_says(scene->routes, "A x.org = SERVFAIL");
	assert_string_equal(known(scene, question), "data 1");
	sim_run_for(scene->sim, 1000);
	assert_int_equal(fake_asked(scene->routes, NULL), 2);
	assert_string_equal(known(scene, question), "data 1");
}

/* LIM-37: one in eight of the flights that there may be. */
static void refreshes_have_a_share_of_the_flights(void **state)
{
	static const char *const questions[] = { "A a.org", "A b.org", "A c.org" };
	struct scene *scene = *state;

	fake_says(scene->routes, "A a.org = 60 A 192.0.2.1");
	fake_says(scene->routes, "A b.org = 60 A 192.0.2.1");
	fake_says(scene->routes, "A c.org = 60 A 192.0.2.1");
	be_popular(scene, questions, 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(known(scene, questions[i]), "data 1");
	assert_int_equal(fake_asked(scene->routes, NULL), 3 + FLIGHTS_MAX / 8);
}

/* R8767-7-a: only what has expired is stale. */
static void what_is_live_is_not_stale(void **state)
{
	struct scene *scene = *state;
	struct question question = script_question("A x.org");
	struct lookup_result result;
	struct told told;

	routes_set_scope(scene->routes, &question);
	fake_says(scene->routes, "A x.org = 60 A 192.0.2.1");
	start(scene, "A x.org", &told);
	sim_run_for(scene->sim, 1000);
	assert_false(lookup_stale(scene->lookups, &question, &result));
	sim_run_for(scene->sim, 60000);
	assert_string_equal(known(scene, "A x.org"), "nothing");
	assert_true(lookup_stale(scene->lookups, &question, &result));
	assert_true(result.is_stale);
	reply_unref(result.reply);
}

/* R9520-2.3-a; CCH-c and R2308-5-d: those who joined share what is not kept. */
static void joins_what_is_on_its_way(void **state)
{
	struct scene *scene = *state;
	struct told told[WAITERS];

	fake_says(scene->routes, "A x.org = 0 A 192.0.2.1");
	for (size_t i = 0; i < WAITERS; i++)
		start(scene, "A x.org", &told[i]);
	sim_run_for(scene->sim, 1000);
	for (size_t i = 0; i < WAITERS; i++) {
		assert_int_equal(told[i].times, 1);
		assert_string_equal(told[i].text, "data 1");
	}
	assert_int_equal(fake_asked(scene->routes, NULL), 1);
	assert_string_equal(known(scene, "A x.org"), "nothing");
}

/* R9520-2.3-a over all workers; CCH-c: what is not kept is shared all the same. */
static void joins_what_another_worker_asks(void **state)
{
	struct scene *scene = *state;
	struct told here, there[2];

	fake_says(scene->routes, "A x.org = 0 A 192.0.2.1");
	start(scene, "A x.org", &here);
	start_at(scene, scene->other, "A x.org", &there[0]);
	start_at(scene, scene->other, "A x.org", &there[1]);
	sim_run_for(scene->sim, 1000);
	assert_string_equal(here.text, "data 1");
	assert_string_equal(there[0].text, "data 1");
	assert_string_equal(there[1].text, "data 1");
	assert_int_equal(there[0].times, 1);
	assert_int_equal(fake_asked(scene->routes, NULL), 1);

	fake_says(scene->routes, "A x.org = SERVFAIL");
	start(scene, "A x.org", &here);
	start_at(scene, scene->other, "A x.org", &there[0]);
	sim_run_for(scene->sim, 1000);
	assert_string_equal(here.text, there[0].text);
	assert_int_equal(fake_asked(scene->routes, NULL), 2);
}

static void asks_itself_when_the_other_worker_stops(void **state)
{
	struct scene *scene = *state;
	struct told here, there;

	fake_says_after(scene->routes, 500, "A x.org = 60 A 192.0.2.1");
	start(scene, "A x.org", &here);
	start_at(scene, scene->other, "A x.org", &there);
	sim_run_for(scene->sim, 100);
	lookups_free(scene->lookups);
	scene->lookups = new_lookups(scene);
	sim_run_for(scene->sim, 1000);
	assert_int_equal(here.times, 0);
	assert_string_equal(there.text, "data 1");
	assert_int_equal(fake_asked(scene->routes, NULL), 2);
}

/* Each waits for the other's answer: their chains lead in a circle. */
static void two_workers_do_not_wait_for_each_other_for_ever(void **state)
{
	struct scene *scene = *state;
	struct told here, there;

	fake_says(scene->routes, "A x.org = 60 CNAME y.org");
	fake_says(scene->routes, "A y.org = 60 CNAME x.org");
	start(scene, "A x.org", &here);
	start_at(scene, scene->other, "A y.org", &there);
	sim_run_for(scene->sim, RESOLVE_MS + 100);
	assert_int_equal(here.times, 1);
	assert_int_equal(there.times, 1);
}

static void leaves_without_the_word_of_the_other_worker(void **state)
{
	struct scene *scene = *state;
	struct told here, there;

	fake_says_after(scene->routes, 500, "A x.org = 60 A 192.0.2.1");
	start(scene, "A x.org", &here);
	start_at(scene, scene->other, "A x.org", &there);
	sim_run_for(scene->sim, 100);
	lookups_free(scene->other);
	scene->other = new_lookups(scene);
	sim_run_for(scene->sim, 1000);
	assert_int_equal(there.times, 0);
	assert_int_equal(here.times, 1);
}

static void different_questions_are_not_joined(void **state)
{
	struct scene *scene = *state;
	struct told told[3];

	start(scene, "A x.org", &told[0]);
	start(scene, "AAAA x.org", &told[1]);
	start(scene, "A x.org cd", &told[2]);
	assert_int_equal(fake_asked(scene->routes, NULL), 3);
}

/* LIM-04: the flight goes on, to fill the cache. */
static void a_flight_goes_on_without_waiters(void **state)
{
	struct scene *scene = *state;
	struct told told;

	fake_says_after(scene->routes, 9000, "A x.org = 60 A 192.0.2.1");
	lookup_cancel(start(scene, "A x.org", &told));
	lookup_cancel(NULL);
	sim_run_for(scene->sim, 9500);
	assert_int_equal(told.times, 0);
	assert_string_equal(known(scene, "A x.org"), "data 1");
}

static void one_who_is_told_may_cancel_another(void **state)
{
	struct scene *scene = *state;
	struct told first;
	struct told second;
	struct lookup *first_lookup;
	struct lookup *second_lookup;

	fake_says(scene->routes, "A x.org = 60 A 192.0.2.1");
	first_lookup = start(scene, "A x.org", &first);
	second_lookup = start(scene, "A x.org", &second);
	first.cancels = &second_lookup;
	second.cancels = &first_lookup;
	sim_run_for(scene->sim, 1000);
	assert_int_equal(first.times + second.times, 1);
}

/* R9520-3.2-a: each cause in turn. */
static void failures_are_kept(void **state)
{
	static const struct {
		const char *answer, *told, *known;
	} rows[] = {
		{ "SERVFAIL", "rcode", "cached rcode" },
		{ "FAIL 5", "rcode", "cached rcode" },
		{ "TIMEOUT", "timeout", "cached timeout" },
		{ "NETWORK", "network", "cached network" },
		{ "GARBAGE", "garbage", "cached garbage" },
		{ "LOOP", "chain", "cached chain" },
		{ "LIMIT", "limit", "nothing" },
		{ "NOBODY", "no upstream", "nothing" }, /* EDE-05 */
		{ "RCODE 6", "rcode 0", "nothing" },
	};
	struct scene *scene = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct told told;
		char question[64];
		char line[128];

		snprintf(question, sizeof(question), "A n%u.org", (unsigned)i);
		snprintf(line, sizeof(line), "%s = %s", question, rows[i].answer);
		fake_says(scene->routes, line);
		start(scene, question, &told);
		sim_run_for(scene->sim, 100);
		assert_string_equal(told.text, rows[i].told);
		assert_string_equal(known(scene, question), rows[i].known);
		sim_run_for(scene->sim, 5000);
		assert_string_equal(known(scene, question), "nothing");
	}
}

/* LIM-04 */
static void ends_at_its_deadline(void **state)
{
	struct scene *scene = *state;
	struct told told;

	fake_says(scene->routes, "A x.org = SILENT");
	start(scene, "A x.org", &told);
	sim_run_for(scene->sim, RESOLVE_MS - 1);
	assert_int_equal(told.times, 0);
	sim_run_for(scene->sim, 1);
	assert_string_equal(told.text, "timeout");
}

static void refuses_too_many_later(void **state)
{
	struct scene *scene = *state;
	struct told told[FLIGHTS_MAX + 3];
	struct lookup *cancelled;

	for (size_t i = 0; i < FLIGHTS_MAX; i++) {
		char text[32];

		snprintf(text, sizeof(text), "A n%u.org", (unsigned)i);
		start(scene, text, &told[i]);
	}
	start(scene, "A over.org", &told[FLIGHTS_MAX]);
	cancelled = start(scene, "A over2.org", &told[FLIGHTS_MAX + 1]);
	start(scene, "A n0.org", &told[FLIGHTS_MAX + 2]);
	lookup_cancel(cancelled);
	assert_int_equal(told[FLIGHTS_MAX].times, 0);
	sim_run_for(scene->sim, 1);
	assert_string_equal(told[FLIGHTS_MAX].text, "limit");
	assert_int_equal(told[FLIGHTS_MAX + 1].times, 0);
	assert_string_equal(known(scene, "A over.org"), "nothing");
	sim_run_for(scene->sim, RESOLVE_MS);
	assert_string_equal(told[FLIGHTS_MAX + 2].text, "timeout");
	assert_int_equal(fake_asked(scene->routes, NULL), FLIGHTS_MAX);
}

/* D64-5.1.5-d */
static void an_incomplete_chain_is_asked_on(void **state)
{
	struct scene *scene = *state;
	struct told told;

	fake_says(scene->routes, "A w.org = 300 CNAME x.org");
	fake_says(scene->routes, "A x.org = 200 CNAME y.org");
	fake_says(scene->routes, "A y.org = 100 A 192.0.2.1");
	start(scene, "A w.org", &told);
	sim_run_for(scene->sim, 100);
	assert_int_equal(told.times, 1);
	assert_string_equal(told.text, "data 3");
	assert_string_equal(known(scene, "A w.org"), "data 3");
	assert_string_equal(known(scene, "A x.org"), "data 2");
	assert_int_equal(fake_asked(scene->routes, NULL), 3);
}

static void the_rest_of_a_chain_may_be_known(void **state)
{
	struct scene *scene = *state;
	struct told told;
	struct question question = script_question("A w.org scope 1");
	struct lookup_result result;

	fake_says(scene->routes, "A x.org = 100 A 192.0.2.1");
	fake_says(scene->routes, "A w.org = 300 CNAME x.org");
	start(scene, "A x.org", &told);
	sim_run_for(scene->sim, 30000);
	start(scene, "A w.org", &told);
	sim_run_for(scene->sim, 100);
	assert_string_equal(told.text, "data 2");
	assert_int_equal(fake_asked(scene->routes, NULL), 2);
	/* CCH-b: the 30 s that the rest was kept are gone. */
	assert_true(lookup_now(scene->lookups, &question, &result));
	assert_int_equal(reply_record(result.reply, 1).ttl, 70);
	assert_int_equal(reply_facts(result.reply)->lifetime, 70);
	reply_unref(result.reply);
}

static void the_rest_of_a_chain_goes_its_own_route(void **state)
{
	struct scene *scene = *state;
	struct told told;

	fake_add_zone(scene->routes, "inside.org", 7, true);
	fake_says(scene->routes, "A w.org = 300 CNAME x.inside.org");
	fake_says(scene->routes, "A x.inside.org = 100 A 192.0.2.1");
	start(scene, "A w.org", &told);
	sim_run_for(scene->sim, 100);
	assert_string_equal(told.text, "data 2");
	assert_int_equal(fake_last_question(scene->routes)->scope, 7);
	assert_string_equal(known(scene, "A x.inside.org"), "data 1");
}

static void the_end_of_a_chain_decides(void **state)
{
	static const struct {
		const char *rest, *told, *known;
	} rows[] = {
		{ "NXDOMAIN 300/60", "nxdomain 2", "nxdomain 2" }, /* D64-5.1.5-f */
		{ "NODATA 300/60", "nodata 2", "nodata 2" }, { "NODATA", "nodata 1", "nothing" },
		{ "SERVFAIL", "rcode", "cached rcode" },
		{ "300 CNAME w.org", "chain", "cached chain" }, /* D64-5.1.5-g */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct scene *scene = *state;
		struct told told;
		char line[64];

		snprintf(line, sizeof(line), "A x.org = %s", rows[i].rest);
		fake_says(scene->routes, "A w.org = 300 CNAME x.org");
		fake_says(scene->routes, line);
		start(scene, "A w.org", &told);
		sim_run_for(scene->sim, 100);
		assert_string_equal(told.text, rows[i].told);
		assert_string_equal(known(scene, "A w.org"), rows[i].known);
		tear_down(state);
		set_up(state);
	}
}

/* D64-5.1.5-g: they would wait for each other until their deadline. */
static void flights_in_a_circle_fail_at_once(void **state)
{
	struct scene *scene = *state;
	struct told told[3];

	fake_says(scene->routes, "A w.org = 300 CNAME x.org");
	fake_says(scene->routes, "A x.org = 300 CNAME y.org");
	fake_says(scene->routes, "A y.org = 300 CNAME w.org");
	start(scene, "A w.org", &told[0]);
	start(scene, "A x.org", &told[1]);
	start(scene, "A y.org", &told[2]);
	sim_run_for(scene->sim, 100);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(told[i].times, 1);
		assert_string_equal(told[i].text, "chain");
	}
	assert_string_equal(known(scene, "A w.org"), "cached chain");
}

/* R1123-6.1.3.3-a: LIM-08 for AAAA and A together. */
static void an_endless_chain_costs_a_bounded_number_of_questions(void **state)
{
	struct scene *scene = *state;
	struct told told[2];

	for (unsigned i = 0; i < 30; i++) {
		char line[64];

		snprintf(line, sizeof(line), "A w%u.org = 300 CNAME w%u.org", i, i + 1);
		fake_says(scene->routes, line);
		snprintf(line, sizeof(line), "AAAA w%u.org = 300 CNAME w%u.org", i, i + 1);
		fake_says(scene->routes, line);
	}
	start(scene, "A w0.org", &told[0]);
	start(scene, "AAAA w0.org", &told[1]);
	sim_run_for(scene->sim, 20000);
	assert_string_equal(told[0].text, "chain");
	assert_string_equal(told[1].text, "chain");
	assert_true(fake_asked(scene->routes, NULL) <= 12);
	assert_string_equal(known(scene, "A w0.org"), "nothing");
}

/* R1123-6.1.3.3-a, LIM-08: the servers that fail before one answers count as well. */
static void failing_servers_use_up_the_tries_of_a_chain(void **state)
{
	static const struct {
		uint8_t tries;  /* that each part takes */
		unsigned parts; /* of the chain */
		const char *told;
		unsigned asked;
	} rows[] = {
		{ 1, 6, "data 6", 6 },
		{ 1, 7, "chain", 6 },
		{ 2, 3, "data 3", 3 },
		{ 2, 4, "chain", 3 },
		{ 3, 2, "data 2", 2 },
		{ 3, 3, "chain", 2 },
		{ 4, 2, "limit", 2 }, /* two are left, and both fail */
		{ 6, 1, "data 1", 1 },
		{ 6, 2, "chain", 1 },
		{ 3, 100, "chain", 2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct scene *scene = *state;
		struct told told[2];
		unsigned last = rows[i].parts < 20 ? rows[i].parts - 1 : 20;

		for (unsigned k = 0; k <= last; k++) {
			char line[64];

			snprintf(line, sizeof(line), "A w%u.org = 300 CNAME w%u.org", k, k + 1);
			if (k == rows[i].parts - 1)
				snprintf(line, sizeof(line), "A w%u.org = 300 A 192.0.2.1", k);
			fake_says(scene->routes, line);
			snprintf(line, sizeof(line), "AAAA w%u.org = 300 CNAME w%u.org", k, k + 1);
			if (k == rows[i].parts - 1)
				snprintf(line, sizeof(line), "AAAA w%u.org = NODATA 60/60", k);
			fake_says(scene->routes, line);
		}
		fake_set_tries(scene->routes, rows[i].tries);
		start(scene, "A w0.org", &told[0]);
		start(scene, "AAAA w0.org", &told[1]);
		sim_run_for(scene->sim, 1000);
		assert_string_equal(told[0].text, rows[i].told);
		assert_int_equal(told[1].times, 1);
		assert_int_equal(fake_asked(scene->routes, NULL), 2 * rows[i].asked);
		assert_true(fake_tried(scene->routes) <= 12);
		tear_down(state);
		set_up(state);
	}
}

/* The chain's beginning fails for a while; its parts are as good as ever. */
static void a_chain_that_used_up_its_tries_is_held_against_its_beginning_alone(void **state)
{
	struct scene *scene = *state;
	struct told told;

	fake_says(scene->routes, "A w.org = 300 CNAME x.org");
	fake_says(scene->routes, "A x.org = 300 A 192.0.2.1");
	fake_set_tries(scene->routes, 4);
	start(scene, "A w.org", &told);
	sim_run_for(scene->sim, 1000);
	assert_string_equal(told.text, "limit");
	assert_string_equal(known(scene, "A w.org"), "cached limit");
	assert_string_equal(known(scene, "A x.org"), "nothing");
	start(scene, "A x.org", &told);
	sim_run_for(scene->sim, 1000);
	assert_string_equal(told.text, "data 1");
}

/* A reload. */
static void new_limits_hold_for_the_next_question(void **state)
{
	struct scene *scene = *state;
	struct told told[2];

	start(scene, "A x.org", &told[0]);
	lookups_set_terms(
		scene->lookups, &(struct lookups_terms){ .links_max = 8, .flights_max = 1 });
	assert_int_equal(lookups_links_max(scene->lookups), 8);
	start(scene, "A y.org", &told[1]);
	sim_run_for(scene->sim, 1);
	assert_int_equal(told[0].times, 0);
	assert_string_equal(told[1].text, "limit");
}

/* LOC-07: the rest of a chain, too, is asked of whoever has it. */
static void the_ds_behind_an_alias_is_the_parents(void **state)
{
	struct scene *scene = *state;
	struct told told;

	fake_add_zone(scene->routes, "inside.org", 7, true);
	fake_says(scene->routes, "DS w.org = 300 CNAME inside.org");
	fake_says(scene->routes, "DS inside.org = NODATA 60/60");
	start(scene, "DS w.org", &told);
	sim_run_for(scene->sim, 100);
	assert_string_equal(told.text, "nodata 2");
	assert_int_equal(fake_last_question(scene->routes)->scope, 1);
}

static void a_scope_that_went_away_is_asked_of_those_who_have_the_name(void **state)
{
	struct scene *scene = *state;
	struct told told;
	struct question question = script_question("A x.inside.org scope 7");

	fake_add_zone(scene->routes, "inside.org", 7, true);
	fake_remove_zone(scene->routes, 7);
	fake_says(scene->routes, "A x.inside.org = 100 A 192.0.2.1");
	told = (struct told){ .scene = scene };
	lookup_start(scene->lookups, &question, false, on_done, &told);
	sim_run_for(scene->sim, 100);
	assert_string_equal(told.text, "data 1");
}

/* UPS-a */
static void a_stream_question_asks_by_stream(void **state)
{
	struct scene *scene = *state;
	struct told told = { .scene = scene };
	struct question question = script_question("A x.org scope 1");

	fake_says(scene->routes, "A x.org = 300 CNAME y.org");
	fake_says(scene->routes, "A y.org = 100 A 192.0.2.1");
	lookup_start(scene->lookups, &question, true, on_done, &told);
	assert_true(fake_last_stream(scene->routes));
	sim_run_for(scene->sim, 100);
	assert_true(fake_last_stream(scene->routes));
	assert_int_equal(fake_asked(scene->routes, NULL), 2);
}

static void flights_end_without_callbacks_when_freed(void **state)
{
	struct scene *scene = *state;
	struct told told[FLIGHTS_MAX + 1];

	fake_says(scene->routes, "A n0.org = 300 CNAME x.org");
	for (size_t i = 0; i < FLIGHTS_MAX + 1; i++) {
		char text[32];

		snprintf(text, sizeof(text), "A n%u.org", (unsigned)i % (FLIGHTS_MAX - 1));
		start(scene, text, &told[i]);
	}
	sim_run_for(scene->sim, 50);
	start(scene, "A over.org", &told[1]);
	tear_down(state);
	set_up(state);
	assert_int_equal(told[0].times, 0);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(asks_and_keeps_the_answer),
		SCENE(what_is_popular_is_asked_for_before_its_end),
		SCENE(a_refresh_that_fails_leaves_what_is_known),
		SCENE(refreshes_have_a_share_of_the_flights),
		SCENE(what_is_live_is_not_stale),
		SCENE(joins_what_is_on_its_way),
		SCENE(joins_what_another_worker_asks),
		SCENE(asks_itself_when_the_other_worker_stops),
		SCENE(two_workers_do_not_wait_for_each_other_for_ever),
		SCENE(leaves_without_the_word_of_the_other_worker),
		SCENE(different_questions_are_not_joined),
		SCENE(a_flight_goes_on_without_waiters),
		SCENE(one_who_is_told_may_cancel_another),
		SCENE(failures_are_kept),
		SCENE(ends_at_its_deadline),
		SCENE(refuses_too_many_later),
		SCENE(an_incomplete_chain_is_asked_on),
		SCENE(the_rest_of_a_chain_may_be_known),
		SCENE(the_rest_of_a_chain_goes_its_own_route),
		SCENE(the_end_of_a_chain_decides),
		SCENE(flights_in_a_circle_fail_at_once),
		SCENE(an_endless_chain_costs_a_bounded_number_of_questions),
		SCENE(failing_servers_use_up_the_tries_of_a_chain),
		SCENE(a_chain_that_used_up_its_tries_is_held_against_its_beginning_alone),
		SCENE(new_limits_hold_for_the_next_question),
		SCENE(the_ds_behind_an_alias_is_the_parents),
		SCENE(a_scope_that_went_away_is_asked_of_those_who_have_the_name),
		SCENE(a_stream_question_asks_by_stream),
		SCENE(flights_end_without_callbacks_when_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
