#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loaded.h"

static const struct policy_options *top_of(const struct config *config)
{
	return policy_options(config->views.fallback);
}

static const struct policy_options *view_of(const struct config *config, const char *client)
{
	struct addr addr;

	assert_true(addr_parse(client, &addr));
	return policy_options(views_find(&config->views, &addr));
}

static void reads_the_rules(void **state)
{
	struct config *config = loaded_well(
		"dns64:\n"
		"  prefixes:\n"
		"    - 2001:db8:64::/96\n"
		"    - {prefix: 2001:db8:100::/56, suffix: \"::1\", ipv4: [10.0.0.0/8]}\n"
		"    - {prefix: 2001:db8:65::/96, drain: true}\n"
		"  use: first\n"
		"  max-aaaa: 4\n"
		"  exclude-aaaa: []\n"
		"  exclude-ipv4: [198.51.100.0/24]\n"
		"  exclude-names: [a.test]\n"
		"  ignore-aaaa: [.]\n"
		"  append-aaaa: [b.test, c.test]\n"
		"  aaaa-error: pass\n"
		"  hide-a: if-aaaa\n"
		"  keep-a-names: [ts.net]\n"
		"  keep-a-ipv4: [100.64.0.0/10]\n"
		"  ptr: false\n"
		"  mark-synthesized: false\n");
	const struct policy_options *options = top_of(config);

	(void)state;
	assert_true(options->enabled);
	assert_int_equal(options->prefix_count, 3);
	assert_int_equal(options->prefixes[1].prefix.network.length, 56);
	assert_int_equal(options->prefixes[1].prefix.suffix[15], 1);
	assert_int_equal(options->prefixes[1].ipv4.count, 1);
	assert_true(options->prefixes[2].drain);
	assert_int_equal(options->use, USE_FIRST);
	assert_int_equal(options->max_aaaa, 4);
	assert_int_equal(options->exclude_aaaa.count, 0);
	assert_int_equal(options->exclude_ipv4.count, 1);
	assert_int_equal(options->exclude_names.count, 1);
	assert_int_equal(options->ignore_aaaa.count, 1);
	assert_int_equal(options->append_aaaa.count, 2);
	assert_false(options->check.is_on);
	assert_true(options->aaaa_error_passes);
	assert_int_equal(options->hide_a, HIDE_A_IF_AAAA);
	assert_int_equal(options->keep_a_names.count, 1);
	assert_int_equal(options->keep_a_ipv4.count, 1);
	assert_false(options->ptr || options->mark_synthesized);
	config_unref(config);
}

/* A view's mapping replaces only the keys it names; the first that matches is used. */
static void a_view_replaces_only_what_it_names(void **state)
{
	struct config *config =
		loaded_well("dns64: {hide-a: always, exclude-names: [a.test], ptr: false}\n"
			    "views:\n"
			    "  - clients: [192.0.2.1]\n"
			    "    dns64: {exclude-names: [], ptr: true}\n"
			    "  - clients: [192.0.2.0/24]\n"
			    "    dns64: false\n"
			    "  - clients: [198.51.100.0/24]\n");
	const struct policy_options *first = view_of(config, "192.0.2.1");

	(void)state;
	assert_int_equal(first->hide_a, HIDE_A_ALWAYS);
	assert_int_equal(first->exclude_names.count, 0);
	assert_true(first->enabled && first->ptr && first->mark_synthesized);
	assert_int_equal(first->prefix_count, 1);
	assert_int_equal(first->exclude_aaaa.count, 5);
	assert_false(view_of(config, "192.0.2.2")->enabled);
	assert_ptr_equal(view_of(config, "198.51.100.1"), top_of(config));
	assert_ptr_equal(view_of(config, "203.0.113.1"), top_of(config));
	config_unref(config);
}

static void a_view_can_turn_it_on_again(void **state)
{
	struct config *config =
		loaded_well("dns64: false\n"
			    "views:\n"
			    "  - {clients: [192.0.2.0/24], dns64: {}}\n"
			    "  - {clients: [198.51.100.0/24], dns64: {hide-a: always}}\n");

	(void)state;
	assert_false(top_of(config)->enabled);
	assert_true(view_of(config, "192.0.2.1")->enabled);
	assert_int_equal(view_of(config, "192.0.2.1")->prefix_count, 1);
	assert_int_equal(view_of(config, "198.51.100.1")->hide_a, HIDE_A_ALWAYS);
	config_unref(config);
}

static void refuses_bad_views(void **state)
{
	static const struct {
		const char *text, *complaint;
	} rows[] = {
		{ "views: [5]", "f:1:9: views[0]: found \"5\"; accepted: mappings with \"clients\" "
				"and \"dns64\"\n" },
		{ "views: {}", "views: found a mapping; accepted: a list of mappings" },
		{ "views: [{dns64: false}]", "f:1:9: views[0]: the key \"clients\" is missing\n" },
		{ "views: [{clients: []}]",
			"f:1:19: views[0].clients: at least one network is needed\n" },
		{ "views: [{clients: }]",
			"views[0].clients: found nothing; accepted: a list of networks" },
		{ "views: [{clients: [x]}]",
			"views[0].clients[0]: found \"x\"; accepted: networks" },
		{ "views: [{clients: [any], dns64: true}]",
			"views[0].dns64: found \"true\"; accepted: false, or a mapping\n" },
		{ "views: [{clients: [any], dns64: }]",
			"views[0].dns64: found nothing; accepted: false, or a mapping\n" },
		{ "views: [{clients: [any], client: [any]}]",
			"views[0].client: unknown key \"client\"; did you mean" },
		{ "views: [{clients: [any], dns64: {max-aaaa: x}}]",
			"views[0].dns64.max-aaaa: found \"x\"; " },
		{ "dns64: true", "f:1:8: dns64: found \"true\"; accepted: false, or a mapping\n" },
		{ "dns64: \"false\"",
			"dns64: found the text \"false\"; accepted: false, or a mapping\n" },
		/* The top's mapping is missing: the views are judged all the same. */
		{ "dns64:\nviews: [{clients: [any]}, 5]",
			"f:1:7: dns64: found nothing; accepted: false, or a mapping\n" },
		{ "dns64: []\nviews: [{clients: [any], dns64: {use: x}}]",
			"views[0].dns64.use: found \"x\"; accepted: all, first, best\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		loaded_complains_of(rows[i].text, rows[i].complaint);
}

static void reads_the_gateway_check(void **state)
{
	struct config *config =
		loaded_well("dns64:\n"
			    "  check:\n"
			    "    targets: [198.41.0.4, \"9.9.9.9:853\", 10.0.0.1:80]\n"
			    "    every: 1m\n"
			    "    timeout: 500ms\n"
			    "    fail-after: 5\n"
			    "    recover-after: 1\n"
			    "  prefixes: [2001:db8::/96]\n"
			    "  use: best\n");
	const struct policy_check *check = &top_of(config)->check;
	static const uint16_t ports[] = { 443, 853, 80 };

	(void)state;
	assert_true(check->is_on);
	assert_int_equal(check->target_count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(check->targets[i].addr.family, ADDR_IPV4);
		assert_int_equal(check->targets[i].port, ports[i]);
	}
	assert_int_equal(check->targets[0].addr.octets[0], 198);
	assert_int_equal(check->every_ms, 60000);
	assert_int_equal(check->timeout_ms, 500);
	assert_int_equal(check->fail_after, 5);
	assert_int_equal(check->recover_after, 1);
	assert_int_equal(top_of(config)->use, USE_BEST);
	config_unref(config);
}

/* Both bounds of every key, and what is just beyond. */
static void a_check_has_bounds(void **state)
{
	static const struct {
		const char *check, *complaints;
	} rows[] = {
		{ "null", "" },
		{ "{}", "" },
		{ "{every: 1s, timeout: 1s}", "" },
		{ "{every: 1h, timeout: 1m}", "" },
		{ "{every: 999ms, timeout: 100ms}",
			"f:1:24: dns64.check.every: found \"999ms\"; accepted: 1s to 1h\n" },
		{ "{every: 3601s}",
			"f:1:24: dns64.check.every: found \"3601s\"; accepted: 1s to 1h\n" },
		{ "{timeout: 100ms}", "" },
		{ "{timeout: 99ms}",
			"f:1:26: dns64.check.timeout: found \"99ms\"; accepted: 100ms to 1m\n" },
		{ "{every: 1h, timeout: 61s}",
			"f:1:37: dns64.check.timeout: found \"61s\"; accepted: 100ms to 1m\n" },
		{ "{timeout: 10s}", "" },
		{ "{timeout: 10001ms}", "f:1:26: dns64.check.timeout: found 10001ms; accepted: at "
					"most dns64.check.every, which is 10s\n" },
		{ "{every: 2s}", "" },
		{ "{every: 1s}", "f:1:24: dns64.check.every: found 1s; accepted: at least "
				 "dns64.check.timeout, which is 2s\n" },
		{ "{every: 5s, timeout: 6s}",
			"f:1:37: dns64.check.timeout: found 6s; accepted: at most "
			"dns64.check.every, which is 5s\n" },
		/* What was not understood is not compared. */
		{ "{every: 1, timeout: 20s}", "f:1:24: dns64.check.every: found \"1\"; accepted: a "
					      "duration with its unit, "
					      "e.g. 500ms, 5s, 10m, 1h, 1d\n" },
		{ "{fail-after: 1, recover-after: 100}", "" },
		{ "{fail-after: 100, recover-after: 1}", "" },
		{ "{fail-after: 0}",
			"f:1:29: dns64.check.fail-after: found \"0\"; accepted: 1 to 100\n" },
		{ "{fail-after: 101}",
			"f:1:29: dns64.check.fail-after: found \"101\"; accepted: 1 to 100\n" },
		{ "{recover-after: 0}",
			"f:1:32: dns64.check.recover-after: found \"0\"; accepted: 1 to 100\n" },
		{ "{recover-after: 101}",
			"f:1:32: dns64.check.recover-after: found \"101\"; accepted: 1 to 100\n" },
		{ "{evry: 5s}", "f:1:17: dns64.check.evry: unknown key \"evry\"; did you mean "
				"\"every\"?\n" },
		{ "true",
			"f:1:16: dns64.check: found \"true\"; accepted: null, or a mapping, which "
			"may be empty: {}\n" },
		{ "[]", "f:1:16: dns64.check: found a list; accepted: null, or a mapping, which "
			"may be empty: {}\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256];

		(void)snprintf(text, sizeof(text), "dns64: {check: %s}", rows[i].check);
		loaded_complains(text, rows[i].complaints);
	}
}

/* R7050-8.2-a, ADR-nsp-a */
static void refuses_what_is_no_target(void **state)
{
#define ACCEPTED "; accepted: IPv4 endpoints: ADDRESS or ADDRESS:PORT\n"
	static const struct {
		const char *targets, *complaints;
	} rows[] = {
		{ "[]", "f:1:26: dns64.check.targets: at least one target is needed\n" },
		{ "1.1.1.1", "f:1:26: dns64.check.targets: found \"1.1.1.1\"; accepted: a list of "
			     "IPv4 endpoints: ADDRESS or ADDRESS:PORT\n" },
		{ "[\"2001:db8::1\"]",
			"f:1:27: dns64.check.targets[0]: found the text \"2001:db8::1\"" ACCEPTED },
		{ "[one.one.one.one]",
			"f:1:27: dns64.check.targets[0]: found \"one.one.one.one\"" ACCEPTED },
		{ "[1.1.1.1:0]", "f:1:27: dns64.check.targets[0]: found \"1.1.1.1:0\"" ACCEPTED },
		{ "[1.1.1.1, ~, {}]", "f:1:36: dns64.check.targets[1]: found \"~\"" ACCEPTED
				      "f:1:39: dns64.check.targets[2]: found a mapping" ACCEPTED },
		{ "[1.1.1.1, 1.1.1.1:443]",
			"f:1:36: dns64.check.targets[1]: this target is listed already\n" },
		{ "[192.0.0.170, 192.0.0.171:80]",
			"f:1:27: dns64.check.targets[0]: found \"192.0.0.170\": 192.0.0.170 and "
			"192.0.0.171 only stand for prefix discovery, and are never connected to "
			"(RFC 7050); accepted through NAT64: unicast IPv4 addresses\n"
			"f:1:40: dns64.check.targets[1]: found \"192.0.0.171:80\": 192.0.0.170 and "
			"192.0.0.171 only stand for prefix discovery, and are never connected to "
			"(RFC 7050); accepted through NAT64: unicast IPv4 addresses\n" },
		{ "[127.0.0.1:443]", "f:1:27: dns64.check.targets[0]: found \"127.0.0.1:443\": "
				     "127.0.0.0/8 is no "
				     "destination (loopback); accepted through NAT64: unicast IPv4 "
				     "addresses\n" },
		{ "[1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4, 1.1.1.5, 1.1.1.6, 1.1.1.7, 1.1.1.8]", "" },
		{ "[1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4, 1.1.1.5, 1.1.1.6, 1.1.1.7, 1.1.1.8, "
		  "1.1.1.9]",
			"f:1:99: dns64.check.targets[8]: there are more than 8 targets\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256];

		(void)snprintf(
			text, sizeof(text), "dns64: {check: {targets: %s}}", rows[i].targets);
		loaded_complains(text, rows[i].complaints);
	}
#undef ACCEPTED
}

/* One check covers the prefixes of every view. */
static void views_share_the_check_of_the_top(void **state)
{
	struct config *config = loaded_well("dns64: {check: {every: 30s}}\n"
					    "views:\n"
					    "  - {clients: [192.0.2.1], dns64: {use: best}}\n"
					    "  - {clients: [192.0.2.2], dns64: false}\n");

	(void)state;
	assert_true(view_of(config, "192.0.2.1")->check.is_on);
	assert_int_equal(view_of(config, "192.0.2.1")->check.every_ms, 30000);
	assert_int_equal(view_of(config, "192.0.2.1")->use, USE_BEST);
	assert_false(view_of(config, "192.0.2.2")->check.is_on);
	config_unref(config);
	loaded_complains("dns64: {check: {}}\n"
			 "views: [{clients: [any], dns64: {check: {}}}, {clients: [any], dns64: "
			 "{check: null}}]\n",
		"f:2:41: views[0].dns64.check: stands at the top only, and holds for every view\n"
		"f:2:79: views[1].dns64.check: stands at the top only, and holds for every view\n");
}

static void the_best_is_found_by_checks(void **state)
{
	(void)state;
	loaded_complains("dns64: {use: best}", "f:1:14: dns64.use: found \"best\", which needs "
					       "dns64.check; accepted without it: all, first\n");
	loaded_complains("dns64: {use: best, check: null}",
		"f:1:14: dns64.use: found \"best\", which needs dns64.check; accepted without it: "
		"all, first\n");
	loaded_complains("views: [{clients: [any], dns64: {use: best}}]",
		"f:1:39: views[0].dns64.use: found \"best\", which needs dns64.check; accepted "
		"without it: all, first\n");
	loaded_complains("dns64: false\nviews: [{clients: [any], dns64: {use: best}}]",
		"f:2:39: views[0].dns64.use: found \"best\", which needs dns64.check; accepted "
		"without it: all, first\n");
	/* Said of the top alone, though the view takes it over. */
	loaded_complains("dns64: {use: best}\nviews: [{clients: [any], dns64: {ptr: false}}]",
		"f:1:14: dns64.use: found \"best\", which needs dns64.check; accepted without it: "
		"all, first\n");
	/* A check that is wrong is there all the same. */
	loaded_complains("dns64: {use: best, check: 1}", "f:1:27: dns64.check: found \"1\"; "
							 "accepted: null, or a mapping, which may "
							 "be empty: {}\n");
	config_unref(loaded_well("dns64: {use: best, check: {}}"));
}

/* What is wrong in the top's mapping is said once, though each view reads it again. */
static void the_same_is_said_once(void **state)
{
	(void)state;
	loaded_complains("dns64: {max-aaaa: many}\n"
			 "views:\n"
			 "  - {clients: [any], dns64: {ptr: true}}\n"
			 "  - {clients: [any], dns64: {ptr: true}}\n",
		"f:1:19: dns64.max-aaaa: found \"many\"; accepted: a number\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_rules),
		cmocka_unit_test(a_view_replaces_only_what_it_names),
		cmocka_unit_test(a_view_can_turn_it_on_again),
		cmocka_unit_test(refuses_bad_views),
		cmocka_unit_test(reads_the_gateway_check),
		cmocka_unit_test(a_check_has_bounds),
		cmocka_unit_test(refuses_what_is_no_target),
		cmocka_unit_test(views_share_the_check_of_the_top),
		cmocka_unit_test(the_best_is_found_by_checks),
		cmocka_unit_test(the_same_is_said_once),
	};

	return cmocka_run_group_tests_name("translation", tests, NULL, NULL);
}
