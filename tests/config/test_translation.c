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
	assert_true(options->aaaa_error_passes);
	assert_int_equal(options->hide_a, HIDE_A_IF_AAAA);
	assert_int_equal(options->keep_a_names.count, 1);
	assert_int_equal(options->keep_a_ipv4.count, 1);
	assert_false(options->ptr || options->mark_synthesized);
	config_unref(config);
}

/* ADR-2.2-a, ADR-2.2-b, ADR-3.1-a, D64-5.2-c */
static void refuses_what_is_no_prefix(void **state)
{
	static const struct {
		const char *prefixes, *complaint;
	} rows[] = {
		{ "[]", "f:1:19: dns64.prefixes: at least one prefix is needed\n" },
		{ "2001:db8::/96", "dns64.prefixes: found \"2001:db8::/96\"; accepted: a list of "
				   "IPv6 prefixes" },
		{ "[2001:db8::/95]", "f:1:20: dns64.prefixes[0]: found \"2001:db8::/95\": " },
		{ "[2001:db8::/104]", "dns64.prefixes[0]: found \"2001:db8::/104\": " },
		{ "[\"2001:db8::1/96\"]",
			"dns64.prefixes[0]: found \"2001:db8::1/96\", which has bits set beyond "
			"its length; "
			"accepted: IPv6 prefixes of length 32, 40, 48, 56, 64 or 96\n" },
		{ "[\"2001:db8:1:2:ff00::/96\"]",
			"dns64.prefixes[0]: found \"2001:db8:1:2:ff00::/96\": " },
		{ "[\"64:ff9b::/64\"]", "dns64.prefixes[0]: found \"64:ff9b::/64\": " },
		{ "[10.0.0.0/8]", "dns64.prefixes[0]: found \"10.0.0.0/8\": " },
		{ "[2001:db8::]", "YAML syntax" },
		{ "[\"2001:db8::\"]", "dns64.prefixes[0]: found \"2001:db8::\": " },
		{ "[x]", "dns64.prefixes[0]: found \"x\"; accepted: IPv6 prefixes" },
		{ "[~]", "dns64.prefixes[0]: found \"~\"; accepted: IPv6 prefixes" },
		{ "[{prefix: 2001:db8::/95}]",
			"dns64.prefixes[0].prefix: found \"2001:db8::/95\": " },
		{ "[{}]", "f:1:20: dns64.prefixes[0]: the key \"prefix\" is missing\n" },
		{ "[{prefx: 2001:db8::/96}]", "unknown key \"prefx\"; did you mean \"prefix\"?\n" },
		{ "[{prefix: 2001:db8::/48, suffix: x}]", "dns64.prefixes[0].suffix: found \"x\"; "
							  "accepted: an IPv6 address of the bits" },
		{ "[{prefix: 2001:db8::/48, suffix: 1.2.3.4}]",
			"dns64.prefixes[0].suffix: found \"1.2.3.4\"; " },
		{ "[{prefix: 2001:db8::/48, suffix: \"::1:0:0:0\"}]",
			"dns64.prefixes[0].suffix: found \"::1:0:0:0\": " },
		{ "[{prefix: 2001:db8::/96, suffix: \"::1\"}]",
			"dns64.prefixes[0].suffix: found \"::1\": " },
		{ "[{prefix: \"64:ff9b::/96\", ipv4: [8.0.0.0/8, 10.0.0.0/8]}]",
			"dns64.prefixes[0].ipv4: 64:ff9b::/96 never carries non-global IPv4 "
			"addresses like "
			"those of 10.0.0.0/8\n" },
		{ "[{prefix: 2001:db8::/96, ipv4: []}]",
			"dns64.prefixes[0].ipv4: at least one network is needed; without the key, "
			"all\n" },
		{ "[{prefix: 2001:db8::/96, drain: maybe}]",
			"dns64.prefixes[0].drain: found \"maybe\"; accepted: " },
		{ "[2001:db8::/96, {prefix: \"2001:DB8:0::/96\", drain: true}]",
			"f:1:44: dns64.prefixes[1].prefix: this prefix is listed already\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256];

		(void)snprintf(text, sizeof(text), "dns64: {prefixes: %s}", rows[i].prefixes);
		loaded_complains_of(text, rows[i].complaint);
	}
	/* Private space behind a network-specific prefix, and none of the WKP's refusals. */
	config_unref(loaded_well("dns64: {prefixes: [{prefix: 2001:db8::/96, ipv4: [10.0.0.0/8]}, "
				 "{prefix: \"64:ff9b:1::/48\", ipv4: [192.168.0.0/16]}, "
				 "{prefix: \"64:ff9b::/96\", ipv4: [8.0.0.0/8]}]}"));
}

/* LIM-21 */
static void takes_sixteen_prefixes(void **state)
{
	char text[1024] = "dns64: {prefixes: [";
	struct config *config;

	(void)state;
	for (unsigned i = 0; i < 16; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			"%s\"2001:db8:%x::/96\"", i ? ", " : "", i);
	strcat(text, "]}");
	config = loaded_well(text);
	assert_int_equal(top_of(config)->prefix_count, 16);
	config_unref(config);
	strcpy(text + strlen(text) - 2, ", 2001:db8:99::/96]}");
	loaded_complains_of(text, "dns64.prefixes[16]: there are more than 16 prefixes\n");
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
			"views[0].dns64.use: found \"x\"; accepted: all, first\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		loaded_complains_of(rows[i].text, rows[i].complaint);
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
		cmocka_unit_test(refuses_what_is_no_prefix),
		cmocka_unit_test(takes_sixteen_prefixes),
		cmocka_unit_test(a_view_replaces_only_what_it_names),
		cmocka_unit_test(a_view_can_turn_it_on_again),
		cmocka_unit_test(refuses_bad_views),
		cmocka_unit_test(the_same_is_said_once),
	};

	return cmocka_run_group_tests_name("translation", tests, NULL, NULL);
}
