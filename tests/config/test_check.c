#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "loaded.h"

/* UPS-d */
static void refuses_to_ask_itself(void **state)
{
	static const struct {
		const char *text, *complaint;
	} rows[] = {
		{ "upstreams: [192.0.2.1, \"::1\"]",
			"f:1:24: upstreams[1]: found \"::1\", which is one of this server's own "
			"`listen` "
			"endpoints: a loop; accepted: other servers\n" },
		{ "upstreams: [{address: 127.0.0.1}]",
			"f:1:23: upstreams[0]: found \"127.0.0.1\", which is one" },
		{ "listen: [192.0.2.53:5353]\nallow: [any]\nupstreams: [192.0.2.53:5353]\n",
			"f:3:13: upstreams[0]: found \"192.0.2.53:5353\"" },
		{ "listen: [0.0.0.0]\nallow: [any]\nupstreams: [127.1.2.3]\n",
			"f:3:13: upstreams[0]: found \"127.1.2.3\"" },
		{ "listen: [\"::\"]\nallow: [any]\nupstreams: [\"::1\"]\n",
			"f:3:13: upstreams[0]: found \"::1\"" },
		{ "upstreams: [0.0.0.0]\n", "f:1:13: upstreams[0]: found \"0.0.0.0\"" },
		{ "zones:\n  - zone: a.test\n    upstreams: [192.0.2.1, 127.0.0.1:53]\n",
			"f:3:28: zones[0].upstreams[1]: found \"127.0.0.1:53\"" },
		{ "dns64: {prefixes: [64:ff9b::/96, {learn-from: [\"::2\", \"::1\"]}]}\n",
			"f:1:55: dns64.prefixes[1].learn-from[1]: found \"::1\", which is one of "
			"this server's own `listen` endpoints: a loop; accepted: other servers\n" },
		{ "views:\n- {clients: [any], dns64: {prefixes: [{learn-from: [127.0.0.1]}]}}\n",
			"f:2:53: views[0].dns64.prefixes[0].learn-from[0]: found \"127.0.0.1\", "
			"which" },
		/* The defaults have no place in the file. */
		{ "listen: [\"2620:fe::fe\"]\nallow: [any]\n",
			"f: upstreams[0]: found \"2620:fe::fe\", which is one of this server's "
			"own" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		loaded_complains_of(rows[i].text, rows[i].complaint);
}

static void asks_others_on_the_same_host(void **state)
{
	static const char *const texts[] = {
		"upstreams: [127.0.0.1:5335, \"[::1]:5335\", 127.0.0.2]",
		"listen: [\"[::]:53\"]\nallow: [any]\nupstreams: [127.0.0.1]",
		"listen: [0.0.0.0]\nallow: [any]\nupstreams: [\"::1\", 192.0.2.1]",
		"listen: [\"::1\", 0.0.0.0]\nallow: [any]\nupstreams: [\"::2\"]",
		"upstreams: [{resolv-conf: /etc/resolv.conf}]",
		"dns64: {prefixes: [{learn-from: [\"[::1]:54\", 127.0.0.2]}]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		config_unref(loaded_well(texts[i]));
}

/* It starts, with a warning that names both keys. */
static void warns_of_listening_where_nobody_may_ask(void **state)
{
	static const char warning[] = "f:1:9: warning: listen: `listen` goes beyond loopback, but "
				      "`allow` lets only loopback ask\n";

	(void)state;
	loaded_complains("listen: [\"[::]:53\"]\n", warning);
	loaded_complains("listen: [127.0.0.1, 192.0.2.1]\nallow: [loopback]\n", warning);
	loaded_complains("listen: [192.0.2.1]\nallow: [127.0.0.1]\n", warning);
	loaded_complains("listen: [192.0.2.1]\nallow: [loopback, 192.0.2.0/24]\n", "");
	loaded_complains("listen: [127.0.0.2]\n", "");
	/* Not beside errors, which may be why. */
	loaded_complains("listen: [192.0.2.1]\nallow: [loopback]\nworkers: 0\n",
		"f:3:10: workers: found \"0\"; accepted: 1 to 256\n");
}

static void the_least_ttl_is_not_above_the_most(void **state)
{
	(void)state;
	loaded_complains("cache: {min-ttl: 10m, max-ttl: 5m}",
		"f:1:18: cache.min-ttl: found 600s; accepted: at most cache.max-ttl, which is "
		"300s\n");
	loaded_complains("cache: {min-ttl: 5m, max-ttl: 5m}", "");
	loaded_complains("cache: {min-ttl: 5m, max-ttl: x}",
		"f:1:31: cache.max-ttl: found \"x\"; accepted: a duration of whole seconds with "
		"its "
		"unit, e.g. 5s, 10m, 1h\n");
}

static void warns_of_nobody_to_ask(void **state)
{
	(void)state;
	loaded_complains("upstreams: []",
		"f:1:12: warning: upstreams: is empty: only local names will be answered\n");
}

/* A prefix that is learned by way of a prefix is never learned. */
static void learns_from_what_is_reached_without_a_prefix(void **state)
{
#define COMPLAINT                                                                                  \
	"found \"upstreams\", but none of `upstreams` is reached without a prefix: nothing "       \
	"would ever be learned; accepted: other sources\n"
	static const struct {
		const char *text, *complaint;
	} rows[] = {
		{ "upstreams: [{address: 8.8.8.8, via-nat64: true}, {via-nat64: true, address: "
		  "8.8.4.4}]\ndns64: {prefixes: [64:ff9b::/96, {learn-from: upstreams}]}\n",
			"f:2:47: dns64.prefixes[1].learn-from: " COMPLAINT },
		{ "upstreams: []\ndns64: {prefixes: [{learn-from: upstreams}]}\n",
			"f:2:33: dns64.prefixes[0].learn-from: " COMPLAINT },
		{ "upstreams: []\nviews:\n- {clients: [any]}\n- {clients: [any], dns64: "
		  "{prefixes: [{learn-from: upstreams}]}}\n",
			"f:4:52: views[1].dns64.prefixes[0].learn-from: " COMPLAINT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		loaded_complains(rows[i].text, rows[i].complaint);
#undef COMPLAINT
	config_unref(loaded_well("upstreams: [{address: 8.8.8.8, via-nat64: true}, 127.0.0.2]\n"
				 "dns64: {prefixes: [{learn-from: upstreams}]}\n"));
	config_unref(loaded_well("upstreams: [{address: 8.8.8.8, via-nat64: true}]\n"
				 "dns64: {prefixes: [{learn-from: router-advertisements}, "
				 "{learn-from: [127.0.0.2]}]}\n"));
	/* It is not known what it will say. */
	loaded_complains_of("upstreams: [{resolv-conf: /a}]\n"
			    "dns64: {prefixes: [{learn-from: upstreams}]}\n",
		"f:2:33: warning: ");
	/* Of upstreams that were not understood nothing more is said. */
	loaded_complains("upstreams: 5\ndns64: {prefixes: [{learn-from: upstreams}]}\n",
		"f:1:12: upstreams: found \"5\"; accepted: a list of endpoints (ADDRESS, "
		"\"[IPV6]:PORT\" or IPV4:PORT) or mappings with \"address\" or "
		"\"resolv-conf\"\n");
}

/* R7050-3.1-a: one warning, at the first that asks in the clear. */
static void warns_that_answers_can_be_forged(void **state)
{
#define WARNING                                                                                    \
	"asks over plain DNS beyond this host: whoever can forge an answer can steer the "         \
	"traffic to IPv4\n"
	static const struct {
		const char *text, *complaint;
	} rows[] = {
		{ "dns64: {prefixes: [{learn-from: upstreams}]}",
			"f:1:33: warning: dns64.prefixes[0].learn-from: " WARNING },
		{ "dns64: {prefixes: [{learn-from: [127.0.0.2]}, {learn-from: [127.0.0.2, "
		  "192.0.2.1]}, {learn-from: upstreams}]}\n"
		  "views: [{clients: [any], dns64: {prefixes: [{learn-from: upstreams}]}}]",
			"f:1:60: warning: dns64.prefixes[1].learn-from: " WARNING },
		{ "views: [{clients: [any]}, {clients: [any], dns64: {prefixes: [64:ff9b::/96, "
		  "{learn-from: [192.0.2.1]}]}}]",
			"f:1:90: warning: views[1].dns64.prefixes[1].learn-from: " WARNING },
		{ "upstreams: [127.0.0.2, {resolv-conf: /a}]\n"
		  "dns64: {prefixes: [{learn-from: upstreams}]}",
			"f:2:33: warning: dns64.prefixes[0].learn-from: " WARNING },
		/* Loopback, and those that are not asked. */
		{ "upstreams: [127.0.0.2, {address: 8.8.8.8, via-nat64: true}]\n"
		  "dns64: {prefixes: [{learn-from: upstreams}, {learn-from: [\"[::1]:54\"]}]}",
			"" },
		{ "dns64: {prefixes: [{learn-from: router-advertisements}]}", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		loaded_complains(rows[i].text, rows[i].complaint);
#undef WARNING
}

static void warns_of_prefixes_that_no_check_can_judge(void **state)
{
#define WARNING "leads to none of dns64.check.targets: it cannot be checked, and is always used\n"
	static const struct {
		const char *text, *complaint;
	} rows[] = {
		{ "dns64:\n  check: {}\n  prefixes:\n"
		  "    - 2001:db8:1::/96\n"
		  "    - {prefix: 2001:db8:2::/96, ipv4: [10.0.0.0/8]}\n"
		  "    - {prefix: 2001:db8:3::/96, ipv4: [10.0.0.0/8, 9.0.0.0/8]}\n"
		  "    - {prefix: 2001:db8:4::/96, ipv4: [10.0.0.0/8], drain: true}\n"
		  "    - {learn-from: router-advertisements, ipv4: [10.0.0.0/8]}\n",
			"f:5:7: warning: dns64.prefixes[1]: " WARNING
			"f:8:7: warning: dns64.prefixes[4]: " WARNING },
		/* The WKP carries no private target. */
		{ "dns64: {check: {targets: [10.0.0.1]}, prefixes: [2001:db8::/96, 64:ff9b::/96]}",
			"f:1:65: warning: dns64.prefixes[1]: " WARNING },
		{ "dns64: {check: {targets: [10.0.0.1]}}",
			"f: warning: dns64.prefixes[0]: " WARNING },
		{ "dns64: {check: {targets: [10.0.0.1, 9.9.9.9]}}", "" },
		{ "dns64: {check: {targets: [10.0.0.1], every: 5s}, prefixes: [{learn-from: "
		  "router-advertisements}]}",
			"" },
		{ "dns64: {check: {}}\nviews: [{clients: [any], dns64: {ptr: false}}, {clients: "
		  "[any], dns64: {prefixes: [{prefix: 2001:db8::/96, ipv4: [10.0.0.0/8]}]}}, "
		  "{clients: [any], dns64: false}]",
			"f:2:84: warning: views[1].dns64.prefixes[0]: " WARNING },
		{ "dns64: {prefixes: [{prefix: 2001:db8::/96, ipv4: [10.0.0.0/8]}]}", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		loaded_complains(rows[i].text, rows[i].complaint);
#undef WARNING
}

static void nat64_needs_a_prefix(void **state)
{
	(void)state;
	loaded_complains(
		"dns64: false\nupstreams: [192.0.2.1, {address: 8.8.8.8, via-nat64: true}]\n"
		"zones: [{zone: a.test, upstreams: [{address: 9.9.9.9, via-nat64: true}]}]\n"
		"views: [{clients: [any], dns64: {}}]\n",
		"f:2:54: upstreams[1].via-nat64: found \"true\", but `dns64` is false: there is no "
		"prefix to reach it through\n"
		"f:3:66: zones[0].upstreams[0].via-nat64: found \"true\", but `dns64` is false: "
		"there is no prefix to reach it through\n");
	loaded_complains("dns64: false\nupstreams: [{address: 8.8.8.8, via-nat64: false}]\n", "");
}

/* ADR-3.1-a, ADR-nsp-a: what is known of the way when the file is read. */
static void warns_of_upstreams_that_no_prefix_leads_to(void **state)
{
	static const struct {
		const char *address, *dns64, *why; /* NULL = nothing is known against it */
	} rows[] = {
		{ "8.8.8.8", "{}", NULL },
		{ "10.0.0.1", "{}", "64:ff9b::/96 may not carry 10.0.0.0/8 (private)" },
		{ "10.0.0.1", "{prefixes: [64:ff9b::/96, 2001:db8::/96]}", NULL },
		{ "10.0.0.1", "{prefixes: [64:ff9b::/96, 2001:db8::/96], use: first}",
			"64:ff9b::/96 may not carry 10.0.0.0/8 (private)" },
		{ "8.8.8.8", "{exclude-ipv4: [8.0.0.0/8]}", "the address is in exclude-ipv4" },
		{ "8.8.8.8", "{prefixes: [{prefix: 2001:db8::/96, drain: true}]}",
			"no prefix in force serves this address" },
		{ "8.8.8.8", "{prefixes: [{prefix: 2001:db8::/96, ipv4: [10.0.0.0/8]}]}",
			"no prefix in force serves this address" },
		/* What will be learned may lead there, unless it has other ranges. */
		{ "10.0.0.1", "{prefixes: [64:ff9b::/96, {learn-from: router-advertisements}]}",
			NULL },
		{ "10.0.0.1",
			"{prefixes: [{learn-from: router-advertisements, ipv4: [10.0.0.0/8]}]}",
			NULL },
		{ "8.8.8.8",
			"{prefixes: [{learn-from: router-advertisements, ipv4: [10.0.0.0/8]}]}",
			"no prefix in force serves this address" },
		{ "8.8.8.8", "{prefixes: [{learn-from: router-advertisements, drain: true}]}",
			"no prefix in force serves this address" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];
		char complaints[512] = "";

		(void)snprintf(text, sizeof(text),
			"dns64: %s\nupstreams:\n- {via-nat64: true, address: %s}\n- 192.0.2.1\n"
			"zones: [{zone: a.test, upstreams: [{via-nat64: true, address: %s}]}]\n",
			rows[i].dns64, rows[i].address, rows[i].address);
		if (rows[i].why)
			(void)snprintf(complaints, sizeof(complaints),
				"f:3:15: warning: upstreams[0].via-nat64: cannot be reached: %s\n"
				"f:5:48: warning: zones[0].upstreams[0].via-nat64: cannot be "
				"reached: "
				"%s\n",
				rows[i].why, rows[i].why);
		loaded_complains(text, complaints);
	}
}

static void the_http_endpoint_is_nobody_elses(void **state)
{
	static const struct {
		const char *text, *complaints;
	} rows[] = {
		{ "http: \"[::1]:8064\"\n", "" },
		{ "http: 127.0.0.1:53\n",
			"f:1:7: http: its port is taken by 127.0.0.1:53, of `listen`; accepted: "
			"another one\n" },
		{ "http: \"[::1]:8064\"\nlisten: [\"[::]:8064\"]\n",
			"f:1:7: http: its port is taken by [::]:8064, of `listen`; accepted: "
			"another one\n" },
		{ "http: 0.0.0.0:53\n",
			"f:1:7: http: its port is taken by 127.0.0.1:53, of `listen`; accepted: "
			"another one\n" },
		{ "http: 127.0.0.2:53\n", "" },
		{ "http: 127.0.0.1:8064\nlisten: [\"[::]:8064\"]\nallow: [any]\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		loaded_complains(rows[i].text, rows[i].complaints);
}

static void warns_that_all_the_world_may_read_http(void **state)
{
	static const char *const beyond[] = { "0.0.0.0:8064", "192.0.2.1:8064",
		"\"[2001:db8::1]:8064\"", "\"[::]:8064\"" };

	(void)state;
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		char text[64];

		(void)snprintf(text, sizeof(text), "http: %s\n", beyond[i]);
		loaded_complains(text,
			"f:1:7: warning: http: goes beyond loopback: whoever can reach it can read "
			"what it shows\n");
	}
	loaded_complains("http: 127.0.0.9:8064\n", "");
}

static void http_needs_its_library(void **state)
{
	(void)state;
	loaded_has_http = false;
	loaded_complains("http: \"[::1]:8064\"\n",
		"f:1:7: http: this program was built without the library for it (libmicrohttpd); "
		"accepted: null\n");
	loaded_complains("http: null\n", "");
	loaded_has_http = true;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_to_ask_itself),
		cmocka_unit_test(asks_others_on_the_same_host),
		cmocka_unit_test(warns_of_listening_where_nobody_may_ask),
		cmocka_unit_test(the_least_ttl_is_not_above_the_most),
		cmocka_unit_test(warns_of_nobody_to_ask),
		cmocka_unit_test(learns_from_what_is_reached_without_a_prefix),
		cmocka_unit_test(warns_that_answers_can_be_forged),
		cmocka_unit_test(warns_of_prefixes_that_no_check_can_judge),
		cmocka_unit_test(nat64_needs_a_prefix),
		cmocka_unit_test(warns_of_upstreams_that_no_prefix_leads_to),
		cmocka_unit_test(the_http_endpoint_is_nobody_elses),
		cmocka_unit_test(warns_that_all_the_world_may_read_http),
		cmocka_unit_test(http_needs_its_library),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
