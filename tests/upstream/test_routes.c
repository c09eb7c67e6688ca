/* Tests of which group is asked for which name, and of reloads. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "stage.h"

#include "sixward/upstream/routes.h"

static struct name name_of(const char *text)
{
	struct name name;

	assert_true(name_parse(text, &name));
	return name;
}

static const struct route *find(const struct routes *routes, const char *text)
{
	struct name name = name_of(text);
	struct question question = question_make(name.octets, TYPE_A, CLASS_IN, false);

	return routes_find(routes, &question);
}

static void finds_the_longest_zone(void **state)
{
	const struct {
		const char *name;
		uint64_t scope;
		bool dns64;
	} rows[] = {
		{ "www.example", 1, true }, { "net", 1, true }, { ".", 1, true },
		{ "ts.net", 2, false }, { "Host.TS.net", 2, false }, { "xts.net", 1, true },
		{ "deep.ts.net", 3, true }, { "a.b.deep.ts.net", 3, true },
		{ "lan", 2, true }, /* the same upstreams: one group */
	};
	struct loop *loop = loop_new();
	struct entropy entropy = { 0 };
	struct routes_zone zones[] = {
		{ .zone = name_of("ts.net"), .dns64 = false, .group = { .scope = 2 } },
		{ .zone = name_of("deep.ts.net"), .dns64 = true, .group = { .scope = 3 } },
		{ .zone = name_of("lan"), .dns64 = true, .group = { .scope = 2 } },
	};
	struct routes_options options = {
		.fallback = { .scope = 1 }, .zones = zones, .zone_count = 3
	};
	struct routes *routes = routes_new(loop, &entropy, &options);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct route *route = find(routes, rows[i].name);

		assert_int_equal(group_scope(route->group), rows[i].scope);
		assert_int_equal(route->dns64, rows[i].dns64);
		assert_ptr_equal(routes_group(routes, rows[i].scope), route->group);
	}
	assert_null(routes_group(routes, 4));
	routes_free(routes);
	loop_free(loop);
}

/* LOC-07: the parent has the DS, and the proof that there is none. */
static void asks_the_parent_for_a_ds(void **state)
{
	const struct {
		const char *name;
		uint64_t scope;
	} rows[] = {
		{ "ts.net", 1 },
		{ "deep.ts.net", 2 },
		{ "a.ts.net", 2 },
		{ "a.deep.ts.net", 3 },
		{ "net", 1 },
		{ ".", 1 },
	};
	struct loop *loop = loop_new();
	struct entropy entropy = { 0 };
	struct routes_zone zones[] = {
		{ .zone = name_of("ts.net"), .group = { .scope = 2 } },
		{ .zone = name_of("deep.ts.net"), .group = { .scope = 3 } },
	};
	struct routes_options options = {
		.fallback = { .scope = 1 }, .zones = zones, .zone_count = 2
	};
	struct routes *routes = routes_new(loop, &entropy, &options);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct name name = name_of(rows[i].name);
		struct question question = question_make(name.octets, TYPE_DS, CLASS_IN, false);

		routes_set_scope(routes, &question);
		assert_int_equal(question.scope, rows[i].scope);
	}
	routes_free(routes);
	loop_free(loop);
}

static unsigned calls;

static void on_done(void *owner, const struct group_result *result)
{
	(void)owner;
	(void)result;
	calls++;
}

static void keeps_groups_that_stay_over_a_reload(void **state)
{
	struct loop *loop = loop_new();
	struct entropy entropy = { 0 };
	struct server_options server = { .trust_ad = false };
	struct routes_zone zone = { .zone = name_of("ts.net"), .group = { .scope = 2 } };
	struct routes_options options = {
		.fallback = { .scope = 1, .servers = &server, .server_count = 1 },
		.zones = &zone,
		.zone_count = 1
	};
	struct question question = question_make(zone.zone.octets, TYPE_A, CLASS_IN, false);
	struct group_ask ask = { .deadline_ms = SIM_START_MS + 3000 };
	struct routes *routes = NULL;
	struct group *old = NULL;

	(void)state;
	assert_true(endpoint_parse("198.51.100.1", 53, &server.endpoint));
	routes = routes_new(loop, &entropy, &options);
	old = routes_group(routes, 1);
	calls = 0;
	assert_non_null(group_start(old, &question, &ask, on_done, NULL));

	/* The zone goes, the fallback stays. */
	options.zone_count = 0;
	routes_update(routes, &options);
	assert_ptr_equal(routes_group(routes, 1), old);
	assert_null(routes_group(routes, 2));
	assert_ptr_equal(find(routes, "ts.net")->group, old);

	/* Another fallback: the question in flight ends with the old one. */
	options.fallback.scope = 9;
	routes_update(routes, &options);
	assert_null(routes_group(routes, 1));
	assert_int_equal(group_scope(find(routes, "ts.net")->group), 9);
	assert_int_equal(calls, 0);
	(void)sim_run_for(sim_of(loop), 4000);
	assert_int_equal(calls, 1);
	routes_free(routes);
	loop_free(loop);
}

/* The entries are the same, so the scope is: but a resolv.conf among them says otherwise, and
 * other settings have changed. */
static void takes_new_options_of_a_group_that_stays(void **state)
{
	static struct stage stage;
	struct server_options servers[2] = { 0 };
	struct routes_options options = {
		.fallback = { .scope = 1, .servers = servers, .server_count = 1 }
	};
	struct name name = name_of("www.example");
	struct question question = question_make(name.octets, TYPE_A, CLASS_IN, false);
	struct group_ask ask = { .deadline_ms = SIM_START_MS + 3000 };
	struct routes *routes = NULL;

	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	servers[0].endpoint = stage.actors[0].at;
	routes = routes_new(stage.loop, &stage.entropy, &options);
	servers[0].endpoint = stage.actors[1].at;
	routes_update(routes, &options);
	assert_non_null(group_start(routes_group(routes, 1), &question, &ask, on_done, NULL));
	(void)sim_run_for(stage.sim, 5);
	assert_int_equal(stage.actors[0].udp_count, 0);
	assert_int_equal(stage.actors[1].udp_count, 1);
	routes_free(routes);
	stage_close(&stage);
}

struct surveyed {
	size_t count;
	struct server_survey items[8];
};

static void on_survey(void *owner, const struct server_survey *survey)
{
	struct surveyed *surveyed = owner;

	surveyed->items[surveyed->count++] = *survey;
}

static void surveys_each_group_once_with_its_first_zone(void **state)
{
	const struct {
		const char *zone, *server;
		bool via_nat64;
	} rows[] = {
		{ ".", "198.51.100.1", false },
		{ ".", "[64:ff9b::c633:6402]:53", true },
		{ "ts.net", "198.51.100.3", false },
	};
	struct loop *loop = loop_new();
	struct entropy entropy = { 0 };
	struct server_options servers[3] = { [1] = { .via_nat64 = true } };
	struct group_options first = { .scope = 1, .servers = servers, .server_count = 2 };
	struct group_options second = { .scope = 2, .servers = servers + 2, .server_count = 1 };
	struct routes_zone zones[] = {
		{ .zone = name_of("ts.net"), .group = second },
		{ .zone = name_of("deep.ts.net"), .group = second },
		{ .zone = name_of("lan"), .group = first },
	};
	struct routes_options options = { .fallback = first, .zones = zones, .zone_count = 3 };
	struct surveyed surveyed = { 0 };
	struct routes *routes = NULL;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_true(endpoint_parse(rows[i].server, 53, &servers[i].endpoint));
	routes = routes_new(loop, &entropy, &options);
	routes_survey(routes, on_survey, &surveyed);
	assert_int_equal(surveyed.count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct server_survey *survey = &surveyed.items[i];

		assert_true(name_equal(survey->zone.octets, name_of(rows[i].zone).octets));
		assert_true(endpoint_equal(&survey->endpoint, &servers[i].endpoint));
		assert_int_equal(survey->via_nat64, rows[i].via_nat64);
		assert_false(survey->is_held);
		assert_false(survey->is_timed);
	}
	routes_free(routes);
	loop_free(loop);
}

static void knows_its_own_questions_in_every_group(void **state)
{
	static struct stage stage;
	struct server_options server = { .trust_ad = false };
	struct routes_zone zone = { .zone = name_of("ts.net"),
		.group = { .scope = 2, .servers = &server, .server_count = 1 } };
	struct routes_options options = {
		.fallback = { .scope = 1 }, .zones = &zone, .zone_count = 1
	};
	struct question question = question_make(zone.zone.octets, TYPE_A, CLASS_IN, false);
	struct group_ask ask = { .deadline_ms = SIM_START_MS + 3000 };
	struct routes *routes = NULL;
	const struct seen *seen = &stage.actors[0].seen[0];

	(void)state;
	stage_open(&stage, 1, ORDER_FASTEST);
	stage.actors[0].is_silent = true;
	server.endpoint = stage.actors[0].at;
	routes = routes_new(stage.loop, &stage.entropy, &options);
	assert_non_null(group_start(routes_group(routes, 2), &question, &ask, on_done, NULL));
	(void)sim_run_for(stage.sim, 5);
	/* UPS-d */
	assert_false(routes_is_own(
		routes, seen->id, seen->port, (const uint8_t *)"\4host\2ts\3net", TYPE_A));
	assert_true(routes_is_own(routes, seen->id, seen->port, zone.zone.octets, TYPE_A));
	assert_false(routes_is_own(routes, seen->id, seen->port, zone.zone.octets, TYPE_A));
	routes_free(routes);
	stage_close(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_longest_zone),
		cmocka_unit_test(asks_the_parent_for_a_ds),
		cmocka_unit_test(takes_new_options_of_a_group_that_stays),
		cmocka_unit_test(keeps_groups_that_stay_over_a_reload),
		cmocka_unit_test(knows_its_own_questions_in_every_group),
		cmocka_unit_test(surveys_each_group_once_with_its_first_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
