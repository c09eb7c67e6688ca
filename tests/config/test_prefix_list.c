#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loaded.h"
#include "sixward/config/prefix_list.h"

static const struct policy_options *top_of(const struct config *config)
{
	return policy_options(config->views.fallback);
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
		{ "[{}]", "f:1:20: dns64.prefixes[0]: either \"prefix\" or \"learn-from\" is "
			  "needed\n" },
		{ "[{drain: true}]", "f:1:20: dns64.prefixes[0]: either \"prefix\" or " },
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

/* What is learned stands in the place of its entry, in the midst of listed ones. */
static void reads_where_prefixes_are_learned(void **state)
{
	static const struct {
		enum learn_kind kind;
		size_t server_count;
	} rows[] = { { LEARN_UPSTREAMS, 0 }, { LEARN_NOT, 0 }, { LEARN_ADVERTISEMENTS, 0 },
		{ LEARN_SERVERS, 3 } };
	struct config *config =
		loaded_well("upstreams: [127.0.0.1:5335]\n"
			    "dns64:\n"
			    "  prefixes:\n"
			    "    - learn-from: upstreams\n"
			    "    - 2001:db8:64::/96\n"
			    "    - learn-from: \"router-advertisements\"\n"
			    "      ipv4: [10.0.0.0/8, 192.168.0.0/16]\n"
			    "    - learn-from: [127.0.0.2, \"[::1]:54\", 127.0.0.1:54]\n"
			    "      drain: true\n");
	const struct policy_options *options = top_of(config);
	const struct endpoint *servers = options->prefixes[3].learn.servers;

	(void)state;
	assert_int_equal(options->prefix_count, 4);
	for (size_t i = 0; i < 4; i++) {
		const struct policy_prefix *entry = &options->prefixes[i];

		assert_int_equal(entry->learn.kind, rows[i].kind);
		assert_int_equal(entry->learn.server_count, rows[i].server_count);
		assert_int_equal(entry->prefix.network.length, i == 1 ? 96 : 0);
		assert_int_equal(entry->ipv4.count, i == 2 ? 2 : 0);
		assert_int_equal(entry->drain, i == 3);
	}
	assert_int_equal(servers[0].port, CONFIG_DNS_PORT);
	assert_true(addr_is_loopback(&servers[1].addr));
	assert_int_equal(servers[1].port, 54);
	assert_int_equal(servers[2].addr.family, ADDR_IPV4);
	config_unref(config);
}

static void refuses_what_is_no_source(void **state)
{
#define ACCEPTED                                                                                   \
	"; accepted: upstreams, router-advertisements, or a list of servers: ADDRESS, "            \
	"\"[IPV6]:PORT\" or IPV4:PORT\n"
	static const struct {
		const char *prefixes, *complaints;
	} rows[] = {
		{ "[{learn-from: }]",
			"f:1:33: dns64.prefixes[0].learn-from: found nothing" ACCEPTED },
		{ "[{learn-from: null}]",
			"f:1:33: dns64.prefixes[0].learn-from: found \"null\"" ACCEPTED },
		{ "[{learn-from: upstream}]",
			"f:1:33: dns64.prefixes[0].learn-from: found \"upstream\"" ACCEPTED },
		{ "[{learn-from: 127.0.0.2}]",
			"f:1:33: dns64.prefixes[0].learn-from: found \"127.0.0.2\"" ACCEPTED },
		{ "[{learn-from: {}}]",
			"f:1:33: dns64.prefixes[0].learn-from: found a mapping" ACCEPTED },
		{ "[{learn-from: []}]",
			"f:1:33: dns64.prefixes[0].learn-from: at least one server is needed\n" },
		{ "[{learn-from: [upstreams]}]",
			"f:1:34: dns64.prefixes[0].learn-from[0]: found \"upstreams\"; accepted: "
			"ADDRESS, \"[IPV6]:PORT\" or IPV4:PORT\n" },
		{ "[{learn-from: [127.0.0.2, [127.0.0.3], ~]}]",
			"f:1:45: dns64.prefixes[0].learn-from[1]: found a list; accepted: ADDRESS, "
			"\"[IPV6]:PORT\" or IPV4:PORT\n"
			"f:1:58: dns64.prefixes[0].learn-from[2]: found \"~\"; accepted: ADDRESS, "
			"\"[IPV6]:PORT\" or IPV4:PORT\n" },
		{ "[{learn-from: [\"fe80::1\"]}]",
			"f:1:34: dns64.prefixes[0].learn-from[0]: found the text \"fe80::1\"; "
			"accepted: a link-local address with its zone, as fe80::1%eth0\n" },
		{ "[{learn-from: [127.0.0.2, \"127.0.0.2:53\"]}]",
			"f:1:45: dns64.prefixes[0].learn-from[1]: this server is listed "
			"already\n" },
		{ "[{learn-from: router-advertisements, prefix: 2001:db8::/96}]",
			"f:1:64: dns64.prefixes[0].prefix: stands beside \"learn-from\"; accepted: "
			"one of them\n" },
		{ "[{suffix: \"::\", learn-from: router-advertisements}]",
			"f:1:29: dns64.prefixes[0].suffix: stands beside \"learn-from\", but what "
			"is "
			"learned has no suffix\n" },
		{ "[{learn-from: router-advertisements, ipv4: []}]",
			"f:1:62: dns64.prefixes[0].ipv4: at least one network is needed; without "
			"the "
			"key, all\n" },
		{ "[{learn-from: router-advertisements}, 2001:db8::/96, {drain: true, learn-from: "
		  "router-advertisements}]",
			"f:1:98: dns64.prefixes[2].learn-from: this source is listed already\n" },
		{ "[{learn-from: [127.0.0.2, 127.0.0.3]}, {learn-from: [127.0.0.2, 127.0.0.3]}]",
			"f:1:71: dns64.prefixes[1].learn-from: this source is listed already\n" },
		{ "[{learn-form: upstreams}]",
			"f:1:20: dns64.prefixes[0]: either \"prefix\" or \"learn-from\" is needed\n"
			"f:1:21: dns64.prefixes[0].learn-form: unknown key \"learn-form\"; did you "
			"mean "
			"\"learn-from\"?\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256];

		(void)snprintf(text, sizeof(text), "dns64: {prefixes: %s}", rows[i].prefixes);
		loaded_complains(text, rows[i].complaints);
	}
#undef ACCEPTED
	/* The same servers in another order, or fewer of them, are another source. */
	config_unref(
		loaded_well("dns64: {prefixes: [{learn-from: [127.0.0.2, 127.0.0.3]}, "
			    "{learn-from: [127.0.0.3, 127.0.0.2]}, {learn-from: [127.0.0.2]}]}"));
}

/* LIM-21 is about entries. */
static void a_source_is_one_of_sixteen_entries(void **state)
{
	char text[1024] = "dns64: {prefixes: [{learn-from: router-advertisements}";

	(void)state;
	for (unsigned i = 1; i < 16; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			", \"2001:db8:%x::/96\"", i);
	strcat(text, "]}");
	config_unref(loaded_well(text));
	strcpy(text + strlen(text) - 2, ", {learn-from: [127.0.0.2]}]}");
	loaded_complains_of(text, "dns64.prefixes[16]: there are more than 16 prefixes\n");
}

static void asks_sixteen_servers_of_one_source(void **state)
{
	char text[1024] = "dns64: {prefixes: [{learn-from: [127.0.0.100";
	struct config *config;

	(void)state;
	for (unsigned i = 1; i < PREFIX_LIST_SERVERS_MAX; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), ", 127.0.1.%u", i);
	strcat(text, "]}]}");
	config = loaded_well(text);
	assert_int_equal(top_of(config)->prefixes[0].learn.server_count, 16);
	config_unref(config);
	strcpy(text + strlen(text) - 4, ", 127.0.2.1]}]}");
	loaded_complains_of(
		text, "dns64.prefixes[0].learn-from[16]: there are more than 16 servers\n");
}

/* A view that names no prefixes learns from the same sources. */
static void a_view_takes_the_sources_over(void **state)
{
	struct config *config = loaded_well(
		"dns64: {prefixes: [{learn-from: [127.0.0.2]}]}\n"
		"views:\n"
		"  - {clients: [192.0.2.1], dns64: {ptr: false}}\n"
		"  - {clients: [any], dns64: {prefixes: [{learn-from: router-advertisements}]}}\n");
	const struct policy_options *top = top_of(config);
	const struct policy_options *first = policy_options(config->views.items[0].policy);
	const struct policy_options *second = policy_options(config->views.items[1].policy);

	(void)state;
	assert_true(learn_source_equal(&first->prefixes[0].learn, &top->prefixes[0].learn));
	assert_ptr_not_equal(first->prefixes[0].learn.servers, top->prefixes[0].learn.servers);
	assert_int_equal(second->prefixes[0].learn.kind, LEARN_ADVERTISEMENTS);
	config_unref(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_no_prefix),
		cmocka_unit_test(takes_sixteen_prefixes),
		cmocka_unit_test(reads_where_prefixes_are_learned),
		cmocka_unit_test(refuses_what_is_no_source),
		cmocka_unit_test(a_source_is_one_of_sixteen_entries),
		cmocka_unit_test(asks_sixteen_servers_of_one_source),
		cmocka_unit_test(a_view_takes_the_sources_over),
	};

	return cmocka_run_group_tests_name("prefix_list", tests, NULL, NULL);
}
