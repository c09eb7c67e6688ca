#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loaded.h"
#include "sixward/config/show.h"

enum { ROUNDS = 2000 };

static void shows_the_defaults(void **state)
{
	struct config *config = loaded_well("");
	char *shown = loaded_show(config);

	(void)state;
	assert_string_equal(shown,
		"listen:\n"
		"  - \"[::1]:53\"\n"
		"  - \"127.0.0.1:53\"\n"
		"allow: [\"127.0.0.0/8\", \"::1/128\"]\n"
		"upstreams:\n"
		"  - \"[2620:fe::fe]:53\"\n"
		"  - \"[2606:4700:4700::1111]:53\"\n"
		"  - \"[2001:4860:4860::8888]:53\"\n"
		"upstream-order: fastest\n"
		"zones: []\n"
		"dns64:\n"
		"  prefixes:\n"
		"    - prefix: \"64:ff9b::/96\"\n"
		"  use: all\n"
		"  max-aaaa: 0\n"
		"  check: null\n"
		"  exclude-aaaa: [\"::ffff:0.0.0.0/96\", \"::/128\", \"::1/128\", \"fe80::/10\", "
		"\"ff00::/8\"]\n"
		"  exclude-ipv4: []\n"
		"  exclude-names: []\n"
		"  ignore-aaaa: []\n"
		"  append-aaaa: []\n"
		"  aaaa-error: synthesize\n"
		"  hide-a: never\n"
		"  keep-a-names: []\n"
		"  keep-a-ipv4: []\n"
		"  ptr: true\n"
		"  mark-synthesized: true\n"
		"views: []\n"
		"records: []\n"
		"hosts: []\n"
		"forward-special: []\n"
		"identity: null\n"
		"cookies:\n"
		"  secrets: []\n"
		"cache:\n"
		"  size: 64MiB\n"
		"  min-ttl: 0s\n"
		"  max-ttl: 1d\n"
		"  max-negative-ttl: 1h\n"
		"  serve-stale: 1d\n"
		"  prefetch: true\n"
		"  nxdomain-cut: true\n"
		"dnssec:\n"
		"  validate: false\n"
		"  trust-anchors: \"/usr/share/dns/root.key\"\n"
		"limits:\n"
		"  queries: 4096\n"
		"  tcp-connections: 512\n"
		"  tcp-per-client: 64\n"
		"  tcp-idle: 10s\n"
		"  rate: 0\n"
		"http: null\n"
		"log:\n"
		"  level: info\n"
		"  queries: false\n"
		"  format: text\n"
		"workers: auto\n"
		"user: null\n");
	free(shown);
	config_unref(config);
}

/* A fixed sequence that looks random (xorshift). */
static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* A key and values that it may have; a key of a mapping begins with a blank. */
struct choice {
	const char *key;
	const char *values[7];
};

static const struct choice top[] = {
	{ "listen:",
		{ "[127.0.0.1:5300]", "[\"::1\", \"[::1]:54\", {address: 127.0.0.9, tls: null}]",
			"[\"fe80::1%lo\", \"127.0.0.1\"]" } },
	{ "allow:", { "[]", "[loopback, private]", "[any]",
			    "[10.0.0.0/8, \"::/0\", 192.0.2.1, link-local]" } },
	{ "upstreams:", { "[192.0.2.1]", "[\"2001:db8::1\", {resolv-conf: \"/a b\\\\c\"}]",
				"[{address: 127.0.0.2:99, trust-ad: true}, {address: 192.0.2.9, "
				"trust-ad: false}]",
				"[192.0.2.2, {address: 8.8.8.8:54, via-nat64: true}]" } },
	{ "upstream-order:", { "fastest", "listed" } },
	{ "zones:",
		{ "[]", "[{zone: a.test, upstreams: [192.0.2.1]}]",
			"[{zone: ., upstreams: [{resolv-conf: x}], dns64: false}, {zone: "
			"\"\\\\097.b\", "
			"upstreams: [\"2001:db8::1\", {address: 127.0.0.2, trust-ad: true}]}]" } },
	{ "views:", { "[]", "[{clients: [192.0.2.0/24]}, {clients: [any], dns64: false}]",
			    "[{clients: [private], dns64: {hide-a: if-aaaa, exclude-aaaa: []}}, "
			    "{clients: "
			    "[\"::/0\"], dns64: {}}]" } },
	{ "records:", { "[]", "[\"a.test. 60 IN A 192.0.2.1\", 'b.test. TXT \"x y\"']" } },
	{ "hosts:", { "[]", "[/etc/hosts, \"\\u00e9\\u2028\\x85\\t\\n\\\"\"]",
			    "[\"#\", \": \", \"- a\", \"'\"]" } },
	{ "forward-special:",
		{ "[]", "[.]", "[test, \"10.in-addr.arpa\", \"a\\\\.b\", \"\\\\000\\\\255.x\"]" } },
	{ "identity:", { "null", "ns1", "\"true\"", "\"null\"",
			       "\"\\ufeff\\x7f\\x01\\U0001f600\\ufffe\"", "5" } },
	{ "cookies:", { "false", "{}", "{secrets: [000102030405060708090a0b0c0d0eff]}" } },
	{ "http:", { "null", "\"[::1]:8064\"", "127.0.0.1:8065" } },
	{ "workers:", { "auto", "1", "256" } },
	{ "user:", { "null", "sixward", "\"~\"" } },
};
static const struct choice dns64[] = {
	{ "  prefixes:",
		{ "[2001:db8::/96]", "[{prefix: 2001:db8::/32, suffix: \"::1\"}, \"64:ff9b::/96\"]",
			"[{prefix: 2001:db8:1::/48, ipv4: [10.0.0.0/8, 0.0.0.0/0], drain: true}, "
			"2001:db8:2::/96]",
			"[{learn-from: upstreams}, 2001:db8:3::/96, {drain: true, learn-from: "
			"[192.0.2.53, \"[2001:db8::1]:54\"]}, {ipv4: [192.0.2.0/24], learn-from: "
			"router-advertisements}]" } },
	{ "  use:", { "all", "first" } },
	{ "  max-aaaa:", { "0", "1000" } },
	{ "  check:",
		{ "null", "{}", "{targets: [8.8.8.8, 10.0.0.1:80], timeout: 100ms}",
			"{every: 1h, timeout: 60000ms, fail-after: 100, recover-after: 1}" } },
	{ "  exclude-aaaa:", { "[]", "[\"2001:db8::/32\", \"::1\"]" } },
	{ "  exclude-ipv4:", { "[]", "[192.0.2.1, 10.0.0.0/8]" } },
	{ "  exclude-names:", { "[]", "[a.test, b.test, A.TEST]" } },
	{ "  ignore-aaaa:", { "[.]" } },
	{ "  append-aaaa:", { "[]", "[.]", "[a.test, B.test]" } },
	{ "  aaaa-error:", { "pass", "synthesize" } },
	{ "  hide-a:", { "never", "if-aaaa", "always" } },
	{ "  keep-a-names:", { "[ts.net]" } },
	{ "  keep-a-ipv4:", { "[100.64.0.0/10]" } },
	{ "  ptr:", { "true", "false" } },
	{ "  mark-synthesized:", { "false" } },
};
static const struct choice cache[] = {
	{ "  size:", { "0", "1GiB", "1023KiB", "7B" } },
	{ "  min-ttl:", { "0s", "60s" } },
	{ "  max-ttl:", { "90s", "3h", "7d" } },
	{ "  max-negative-ttl:", { "1s", "3h" } },
	{ "  serve-stale:", { "0s", "3d" } },
	{ "  prefetch:", { "false" } },
	{ "  nxdomain-cut:", { "false" } },
};
static const struct choice limits[] = {
	{ "  queries:", { "1", "1000000" } },
	{ "  tcp-connections:", { "9" } },
	{ "  tcp-per-client:", { "9" } },
	{ "  tcp-idle:", { "2s", "2m", "2001ms" } },
	{ "  rate:", { "0", "50" } },
};
static const struct choice logs[] = {
	{ "  level:", { "error", "warning", "notice", "debug" } },
	{ "  queries:", { "true" } },
	{ "  format:", { "json" } },
};

static void write_choices(
	FILE *out, uint32_t *seed, const char *mapping, const struct choice *choices, size_t count)
{
	if (next(seed) % 4 == 0)
		return;
	if (mapping)
		(void)fprintf(out, "%s\n  {\n", mapping);
	for (size_t i = 0; i < count; i++) {
		size_t values = 0;

		while (choices[i].values[values])
			values++;
		if (next(seed) % 2)
			(void)fprintf(out, "%s %s%s\n", choices[i].key,
				choices[i].values[next(seed) % values], mapping ? "," : "");
	}
	if (mapping)
		(void)fprintf(out, "  }\n");
}

#define CHOICES(array) array, sizeof(array) / sizeof((array)[0])

static char *generate(uint32_t *seed)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	write_choices(out, seed, NULL, CHOICES(top));
	/* Off only where no upstream needs a prefix. */
	assert_int_equal(fflush(out), 0);
	if (next(seed) % 8 || strstr(text, "via-nat64"))
		write_choices(out, seed, "dns64:", CHOICES(dns64));
	else
		(void)fprintf(out, "dns64: false\n");
	write_choices(out, seed, "cache:", CHOICES(cache));
	write_choices(out, seed, "limits:", CHOICES(limits));
	write_choices(out, seed, "log:", CHOICES(logs));
	assert_int_equal(fclose(out), 0);
	return text;
}

/* Whatever is loaded shows as a file that loads to the same, scopes included. */
static void what_is_shown_loads_to_the_same(void **state)
{
	uint32_t seed = 4711;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		char *text = generate(&seed);
		char *complaints;
		struct config *first = loaded(text, strlen(text), &complaints), *second;
		char *shown, *again;

		if (!first)
			fail_msg("%s\n%s", text, complaints);
		free(complaints);
		shown = loaded_show(first);
		second = loaded(shown, strlen(shown), &complaints);
		if (!second)
			fail_msg("%s\n%s", shown, complaints);
		free(complaints);
		again = loaded_show(second);
		assert_string_equal(again, shown);
		assert_int_equal(second->upstreams.scope, first->upstreams.scope);
		assert_int_equal(second->zone_count, first->zone_count);
		for (size_t i = 0; i < first->zone_count; i++)
			assert_int_equal(
				second->zones[i].upstreams.scope, first->zones[i].upstreams.scope);
		assert_int_equal(!first->identity, !second->identity);
		if (first->identity)
			assert_string_equal(second->identity, first->identity);
		for (size_t i = 0; i < first->hosts.count; i++)
			assert_string_equal(second->hosts.items[i], first->hosts.items[i]);
		assert_memory_equal(&first->cookies, &second->cookies, sizeof(first->cookies));
		free(again);
		free(shown);
		free(text);
		config_unref(first);
		config_unref(second);
	}
}

/* A check is shown at the top alone, whose views it holds for. */
static void shows_a_check_once(void **state)
{
	struct config *config = loaded_well("dns64: {check: {}, use: best}\n"
					    "views: [{clients: [192.0.2.1], dns64: {}}, "
					    "{clients: [192.0.2.2], dns64: {use: first}}]\n");
	char *shown = loaded_show(config), *again, *check;
	struct config *second = loaded_well(shown);

	(void)state;
	check = strstr(shown, "  use: best\n  max-aaaa: 0\n  check:\n"
			      "    targets: [\"1.1.1.1:443\", \"9.9.9.9:443\"]\n"
			      "    every: 10s\n"
			      "    timeout: 2s\n"
			      "    fail-after: 3\n"
			      "    recover-after: 2\n"
			      "  exclude-aaaa:");
	assert_non_null(check);
	assert_null(strstr(check, "check: null"));
	assert_non_null(strstr(check, "      use: best\n      max-aaaa: 0\n      exclude-aaaa:"));
	assert_non_null(strstr(check, "      use: first\n"));
	again = loaded_show(second);
	assert_string_equal(again, shown);
	assert_true(policy_options(second->views.items[0].policy)->check.is_on);
	free(again);
	free(shown);
	config_unref(second);
	config_unref(config);
}

/* R9872-3-a: the manual, which this text is in, says whom to prefer. */
static void the_reference_prefers_router_advertisements(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	show_reference(out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(
		strstr(text, "\nAmong learned ones those of router advertisements come first"));
	assert_non_null(strstr(text, "operators should announce their prefix there (PREF64"));
	assert_non_null(strstr(text, "hosts that hear it should prefer it to one found by asking"));
	free(text);
}

/* The manual has a paragraph of every key, and nothing that mdoc would take as its own. */
static void the_reference_names_every_key(void **state)
{
	static const char *const keys[] = { "listen", "allow", "upstreams", "zones", "dns64",
		"dns64.prefixes", "dns64.check.targets", "dns64.check.recover-after",
		"dns64.mark-synthesized", "views", "cache.min-ttl", "limits.tcp-per-client",
		"log.level", "user" };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	show_reference(out);
	assert_int_equal(fclose(out), 0);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char line[64];

		(void)snprintf(line, sizeof(line), ".It Ic %s\n", keys[i]);
		if (!strstr(text, line))
			fail_msg("no %s", line);
	}
	assert_non_null(strstr(text, "From 1 to 1000000.\nDefault: 4096.\n"));
	assert_non_null(strstr(text, "One of error, warning, notice, info, debug.\n"));
	assert_non_null(
		strstr(text, "Not supported in this version; only its default is accepted.\n"));
	for (const char *at = text; at; at = strchr(at, '\n')) {
		at += *at == '\n' ? 1 : 0;
		if (*at == '.')
			assert_true(strncmp(at, ".It Ic ", 7) == 0 || strncmp(at, ".B", 2) == 0 ||
				    strncmp(at, ".El", 3) == 0 || strncmp(at, ".br", 3) == 0);
		assert_int_not_equal(*at, '\'');
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_the_defaults),
		cmocka_unit_test(what_is_shown_loads_to_the_same),
		cmocka_unit_test(shows_a_check_once),
		cmocka_unit_test(the_reference_prefers_router_advertisements),
		cmocka_unit_test(the_reference_names_every_key),
	};

	return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
