#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "loaded.h"

static void reads_durations_and_sizes_with_their_units(void **state)
{
	struct config *config = loaded_well("limits: {tcp-idle: 2500ms, rate: 7}\n"
					    "cache: {size: 512KiB, max-ttl: 2d, min-ttl: 0}\n");

	(void)state;
	assert_int_equal(config->tcp_idle_ms, 2500);
	assert_int_equal(config->rate, 7);
	assert_int_equal(config->cache.size, 512 * 1024);
	assert_int_equal(config->rules.ttl_max, 2 * 86400);
	assert_int_equal(config->rules.ttl_min, 0);
	config_unref(config);
	config = loaded_well("cache: {size: 0, nxdomain-cut: false}\nlog: {level: error, format: "
			     "json, queries: true}");
	assert_int_equal(config->cache.size, 0);
	assert_false(config->cache.nxdomain_cut);
	assert_int_equal(config->log_level, LOG_ERROR);
	assert_int_equal(config->log_format, LOG_FORMAT_JSON);
	assert_true(config->log_queries);
	config_unref(config);
}

static void says_what_was_found_and_what_is_accepted(void **state)
{
	static const struct {
		const char *text, *complaint;
	} rows[] = {
		/* A wrong type, also by quotes. */
		{ "limits: {queries: many}",
			"f:1:19: limits.queries: found \"many\"; accepted: a number\n" },
		{ "limits: {queries: \"5\"}",
			"f:1:19: limits.queries: found the text \"5\"; accepted: a number\n" },
		{ "limits: {queries: [5]}",
			"f:1:19: limits.queries: found a list; accepted: a number\n" },
		{ "limits: {queries: -5}", "found \"-5\"; accepted: a number\n" },
		{ "limits: {queries: 5.0}", "found \"5.0\"; accepted: a number\n" },
		{ "limits: {queries: 0x10}", "found \"0x10\"; accepted: a number\n" },
		{ "limits: {queries: 99999999999999999999999}", "accepted: a number\n" },
		{ "dns64: {ptr: yes}",
			"f:1:14: dns64.ptr: found \"yes\"; accepted: true or false\n" },
		{ "dns64: {ptr: True}", "found \"True\"; accepted: true or false\n" },
		{ "dns64: {ptr: 1}", "found \"1\"; accepted: true or false\n" },
		{ "dns64: {ptr: \"true\"}", "found the text \"true\"; accepted: true or false\n" },
		{ "dns64: {ptr: {}}", "found a mapping; accepted: true or false\n" },
		{ "log: {level: loud}", "f:1:14: log.level: found \"loud\"; accepted: error, "
					"warning, notice, info, debug\n" },
		{ "log: {level: [info]}", "log.level: found a list; accepted: one of the words" },
		/* No value. */
		{ "log:", "f:1:5: log: found nothing; accepted: a mapping\n" },
		{ "log: {level: }", "log.level: found nothing; accepted: " },
		{ "allow:\n", "allow: found nothing; accepted: a list of networks" },
		{ "listen: ~", "listen: found \"~\"; accepted: a list of endpoints" },
		{ "workers: null", "workers: found \"null\"; accepted: auto, or a number\n" },
		/* Out of range. */
		{ "limits: {queries: 0}",
			"f:1:19: limits.queries: found \"0\"; accepted: 1 to 1000000\n" },
		{ "limits: {queries: 1000001}", "accepted: 1 to 1000000\n" },
		{ "limits: {tcp-idle: 1999ms}", "found \"1999ms\"; accepted: 2s to 2m\n" },
		{ "limits: {tcp-idle: 3m}", "accepted: 2s to 2m\n" },
		{ "cache: {max-ttl: 8d}", "accepted: 1s to 7d\n" },
		{ "cache: {max-negative-ttl: 4h}", "accepted: 1s to 3h\n" },
		{ "cache: {min-ttl: 2h}", "accepted: 0s to 1h\n" },
		{ "workers: 0", "workers: found \"0\"; accepted: 1 to 256\n" },
		{ "workers: 257", "accepted: 1 to 256\n" },
		/* Units. */
		{ "limits: {tcp-idle: 10}", "found \"10\"; accepted: a duration with its unit, "
					    "e.g. 500ms, 5s, 10m, 1h, 1d\n" },
		{ "limits: {tcp-idle: 10 s}", "found \"10 s\"; accepted: a duration" },
		{ "cache: {max-ttl: 1500ms}",
			"found \"1500ms\"; accepted: a duration of whole seconds" },
		{ "cache: {size: 64}", "found \"64\"; accepted: a size with its unit" },
		{ "cache: {size: 64MB}", "found \"64MB\"; accepted: a size with its unit" },
		/* Texts. */
		{ "user: \"\"",
			"f:1:7: user: found a text of 0 octets; accepted: 1 to any number\n" },
		{ "user: [a]", "user: found a list; accepted: a text\n" },
		{ "hosts: /etc/hosts",
			"f:1:8: hosts: found \"/etc/hosts\"; accepted: a list of texts\n" },
		{ "hosts: [a, \"\"]", "f:1:12: hosts[1]: found the text \"\"; accepted: texts\n" },
		{ "hosts: [a, ~]", "f:1:12: hosts[1]: found \"~\"; accepted: texts\n" },
		{ "hosts: [[a]]", "f:1:9: hosts[0]: found a list; accepted: texts\n" },
		/* Networks. */
		{ "allow: loopback",
			"f:1:8: allow: found \"loopback\"; accepted: a list of networks like" },
		{ "allow: [10.0.0.1/8]", "f:1:9: allow[0]: found \"10.0.0.1/8\", which has bits "
					 "set beyond its length; "
					 "accepted: networks like" },
		{ "allow: [10.0.0.0/33]",
			"allow[0]: found \"10.0.0.0/33\", whose length is too large; accepted: " },
		{ "allow: [\"::/129\"]", "whose length is too large; accepted: " },
		{ "allow: [everyone]", "allow[0]: found \"everyone\"; accepted: networks like" },
		{ "allow: [any, 1.2.3]",
			"f:1:14: allow[1]: found \"1.2.3\"; accepted: networks like" },
		{ "allow: [any, {}]",
			"f:1:14: allow[1]: found a mapping; accepted: networks like" },
		{ "dns64: {exclude-ipv4: [\"2001:db8::/32\"]}",
			"dns64.exclude-ipv4[0]: found the text \"2001:db8::/32\"; accepted: IPv4 "
			"networks" },
		{ "dns64: {exclude-ipv4: [loopback]}",
			"dns64.exclude-ipv4[0]: found \"loopback\"; accepted: IPv4 networks" },
		{ "dns64: {exclude-aaaa: [192.0.2.0/24]}",
			"dns64.exclude-aaaa[0]: found \"192.0.2.0/24\"; accepted: IPv6 networks" },
		/* Names. */
		{ "forward-special: [a..b]",
			"forward-special[0]: found \"a..b\"; accepted: domain names\n" },
		{ "forward-special: test",
			"forward-special: found \"test\"; accepted: a list of domain names\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		loaded_complains_of(rows[i].text, rows[i].complaint);
}

static void knows_the_nearest_key(void **state)
{
	static const struct {
		const char *text, *complaint;
	} rows[] = {
		{ "dns64: {prefixs: []}", "f:1:9: dns64.prefixs: unknown key \"prefixs\"; did you "
					  "mean \"prefixes\"?\n" },
		{ "allwo: []", "f:1:1: allwo: unknown key \"allwo\"; did you mean \"allow\"?\n" },
		{ "limits: {tcp-conections: 5}", "did you mean \"tcp-connections\"?\n" },
		{ "cache: {minttl: 5s}",
			"cache.minttl: unknown key \"minttl\"; did you mean \"min-ttl\"?\n" },
		{ "upstreams: [{adress: 192.0.2.1}]", "upstreams[0].adress: unknown key "
						      "\"adress\"; did you mean \"address\"?\n" },
		{ "views: [{clients: [any], dns64: {hide_a: never}}]",
			"views[0].dns64.hide_a: unknown key \"hide_a\"; did you mean "
			"\"hide-a\"?\n" },
		{ "dnssec: {banana: 1}", "f:1:10: dnssec.banana: unknown key \"banana\"; accepted: "
					 "validate, trust-anchors\n" },
		{ "Listen: []", "unknown key \"Listen\"; did you mean \"listen\"?\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		loaded_complains_of(rows[i].text, rows[i].complaint);
}

static void a_key_stands_once(void **state)
{
	static const struct {
		const char *text, *complaint;
	} rows[] = {
		{ "workers: 1\nworkers: 2\n",
			"f:2:1: workers: the key \"workers\" is there already, in line 1\n" },
		{ "log: {level: info,\n level: info}",
			"f:2:2: log.level: the key \"level\" is there already, in line 1\n" },
		{ "upstreams: [{address: 192.0.2.1, address: 192.0.2.2}]",
			"upstreams[0].address: the key \"address\" is there already, in line 1\n" },
		{ "views: [{clients: [any], clients: [any]}]",
			"views[0].clients: the key \"clients\" is there already, in line 1\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		loaded_complains_of(rows[i].text, rows[i].complaint);
}

/* config.md: features of later issues are refused until they work. */
static void refuses_what_is_not_there_yet(void **state)
{
	static const struct {
		const char *text, *path;
	} rows[] = {
		{ "listen: [{address: \"::1\", tls: {certificate: a, key: b}}]", "listen[0].tls" },
		{ "upstreams: [{address: 192.0.2.1, tls: dns.test}]", "upstreams[0].tls" },
		{ "dnssec: {validate: true}", "dnssec.validate" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *found;
		char *line;

		assert_null(loaded(rows[i].text, strlen(rows[i].text), &found));
		line = strstr(found, rows[i].path);
		if (!line || strncmp(line + strlen(rows[i].path),
				     ": not supported in this version: found ", 39) != 0)
			fail_msg("%s", found);
		/* The one complaint. */
		assert_ptr_equal(strchr(found, '\n') + 1, found + strlen(found));
		free(found);
	}
	config_unref(loaded_well("http: null\ndnssec: {validate: false}\n"
				 "listen: [{address: \"::1\", tls: null}]\n"
				 "upstreams: [{address: 192.0.2.1, tls: null}]\n"));
}

static void names_and_networks_keep_their_order(void **state)
{
	struct config *config = loaded_well("allow: [any, 10.0.0.0/8, \"::1\", private]\n"
					    "forward-special: [b.test, A.test, b.TEST, .]\n");
	char *shown = loaded_show(config);

	(void)state;
	assert_non_null(
		strstr(shown, "allow: [\"0.0.0.0/0\", \"::/0\", \"10.0.0.0/8\", \"::1/128\", "
			      "\"10.0.0.0/8\", \"172.16.0.0/12\", \"192.168.0.0/16\", "
			      "\"100.64.0.0/10\", \"fc00::/7\"]\n"));
	assert_non_null(strstr(shown, "forward-special: [\"b.test.\", \"A.test.\", \".\"]\n"));
	free(shown);
	config_unref(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_durations_and_sizes_with_their_units),
		cmocka_unit_test(says_what_was_found_and_what_is_accepted),
		cmocka_unit_test(knows_the_nearest_key),
		cmocka_unit_test(a_key_stands_once),
		cmocka_unit_test(refuses_what_is_not_there_yet),
		cmocka_unit_test(names_and_networks_keep_their_order),
	};

	return cmocka_run_group_tests_name("kinds", tests, NULL, NULL);
}
