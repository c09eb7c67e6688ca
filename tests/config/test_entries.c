#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loaded.h"

static void endpoint_is(const struct endpoint *endpoint, const char *text)
{
	char found[ENDPOINT_TEXT_MAX];

	assert_string_equal(endpoint_format(endpoint, found), text);
}

static void reads_endpoints(void **state)
{
	struct config *config = loaded_well("listen: [\"::1\", \"[::1]:54\", 127.0.0.1, "
					    "127.0.0.1:54, {address: \"fe80::1%lo\"}]\n"
					    "allow: [any]\nupstreams: [2001:db8::1, {address: "
					    "\"[2001:db8::1]:5353\"}, 192.0.2.1:54]\n");

	(void)state;
	assert_int_equal(config->listen_count, 5);
	endpoint_is(&config->listen[0], "[::1]:53");
	endpoint_is(&config->listen[1], "[::1]:54");
	endpoint_is(&config->listen[2], "127.0.0.1:53");
	endpoint_is(&config->listen[3], "127.0.0.1:54");
	endpoint_is(&config->listen[4], "[fe80::1%lo]:53");
	assert_int_equal(config->upstreams.count, 3);
	endpoint_is(&config->upstreams.items[0].server.endpoint, "[2001:db8::1]:53");
	endpoint_is(&config->upstreams.items[1].server.endpoint, "[2001:db8::1]:5353");
	endpoint_is(&config->upstreams.items[2].server.endpoint, "192.0.2.1:54");
	config_unref(config);
}

static void refuses_what_is_no_endpoint(void **state)
{
	static const struct {
		const char *text, *complaint;
	} rows[] = {
		{ "listen: []", "f:1:9: listen: at least one endpoint is needed\n" },
		{ "listen: \"::1\"",
			"listen: found the text \"::1\"; accepted: a list of endpoints" },
		{ "listen: [localhost]",
			"f:1:10: listen[0]: found \"localhost\"; accepted: ADDRESS, " },
		{ "listen: [127.0.0.1:0]",
			"listen[0]: found \"127.0.0.1:0\"; accepted: ADDRESS, " },
		{ "listen: [127.0.0.1:65536]", "listen[0]: found \"127.0.0.1:65536\"; accepted: " },
		{ "listen: [{address: 300.0.0.1}]",
			"f:1:20: listen[0].address: found \"300.0.0.1\"; accepted: ADDRESS, " },
		{ "listen: [{tls: null}]", "f:1:10: listen[0]: the key \"address\" is missing\n" },
		{ "listen: [[a]]", "listen[0]: found a list; accepted: ADDRESS, " },
		{ "listen: [~]", "listen[0]: found \"~\"; accepted: ADDRESS, " },
		{ "listen: [\"fe80::1\"]", "listen[0]: found the text \"fe80::1\"; accepted: a "
					   "link-local address with its "
					   "zone, as fe80::1%eth0\n" },
		{ "listen: [\"fe80::1%nowhere7\"]",
			"listen[0]: found the text \"fe80::1%nowhere7\"; " },
		{ "listen: [\"ff02::1\"]",
			"listen[0]: found the text \"ff02::1\"; accepted: ADDRESS, " },
		{ "listen: [\"::1\", \"[0::1]:53\"]",
			"f:1:17: listen[1]: this endpoint is listed already\n" },
		{ "upstreams: [224.0.0.1]",
			"upstreams[0]: found \"224.0.0.1\"; accepted: ADDRESS, " },
		{ "upstreams: [\"fe80::1\"]", "accepted: a link-local address with its zone" },
		{ "upstreams: 192.0.2.1",
			"upstreams: found \"192.0.2.1\"; accepted: a list of endpoints" },
		{ "upstreams: [[192.0.2.1]]", "upstreams[0]: found a list; accepted: endpoints" },
		{ "upstreams: [{}]",
			"upstreams[0]: either \"address\" or \"resolv-conf\" is needed\n" },
		{ "upstreams: [{address: 192.0.2.1, resolv-conf: /a}]",
			"upstreams[0]: either \"address\" or \"resolv-conf\" is needed\n" },
		{ "upstreams: [{resolv-conf: }]",
			"upstreams[0].resolv-conf: found nothing; accepted: a text\n" },
		/* R4035-4.6-b */
		{ "upstreams: [{address: 192.0.2.1, trust-ad: true}]",
			"f:1:44: upstreams[0].trust-ad: found \"true\"; accepted: false, for only "
			"an "
			"address of loopback can be believed\n" },
		{ "upstreams: [{resolv-conf: /a, trust-ad: true}]",
			"upstreams[0].trust-ad: found \"true\"; " },
		{ "upstreams: [{address: 192.0.2.1, via-nat64: maybe}]",
			"f:1:45: upstreams[0].via-nat64: found \"maybe\"; accepted: true or "
			"false\n" },
		{ "upstreams: [{address: \"2001:db8::1\", via-nat64: true}]",
			"f:1:49: upstreams[0].via-nat64: found \"true\"; accepted: false, for only "
			"an IPv4 address is reached through NAT64\n" },
		{ "upstreams: [{resolv-conf: /a, via-nat64: true}]",
			"f:1:42: upstreams[0].via-nat64: found \"true\"; accepted: false, for only "
			"an IPv4 address is reached through NAT64\n" },
		{ "upstreams: [{address: 127.0.0.2, via-nat64: true}]",
			"f:1:23: upstreams[0].address: found \"127.0.0.2\": 127.0.0.0/8 is no "
			"destination (loopback); accepted through NAT64: unicast IPv4 "
			"addresses\n" },
		{ "upstreams: [{address: \"169.254.0.1:54\", via-nat64: true}]",
			"f:1:23: upstreams[0].address: found \"169.254.0.1:54\": 169.254.0.0/16 is "
			"no destination (link-local); accepted through" },
		{ "upstreams: [{address: 224.0.0.1, via-nat64: true}]",
			"f:1:23: upstreams[0].address: found \"224.0.0.1\"; accepted: ADDRESS" },
		{ "upstreams: [{address: 192.0.0.170, via-nat64: true}]", /* R7050-8.2-a */
			"f:1:23: upstreams[0].address: found \"192.0.0.170\": 192.0.0.170 and "
			"192.0.0.171 only stand for prefix discovery" },
		{ "zones: [{zone: a.test, upstreams: [{address: \"::2\", via-nat64: true}]}]",
			"f:1:64: zones[0].upstreams[0].via-nat64: found \"true\"; " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		loaded_complains_of(rows[i].text, rows[i].complaint);
}

static void reads_upstreams_of_all_kinds(void **state)
{
	struct config *config =
		loaded_well("upstreams: [{address: 127.0.0.1:5335, trust-ad: true}, {resolv-conf: "
			    "/run/resolv.conf}, 192.0.2.1]\nupstream-order: listed\n");

	(void)state;
	assert_true(config->upstreams.items[0].server.trust_ad);
	assert_string_equal(config->upstreams.items[1].resolv_conf, "/run/resolv.conf");
	assert_false(config->upstreams.items[2].server.trust_ad ||
		     config->upstreams.items[2].resolv_conf);
	assert_int_equal(config->order, ORDER_LISTED);
	config_unref(config);
	config = loaded_well("upstreams: [{address: 8.8.8.8, via-nat64: true}, 8.8.8.8, "
			     "{address: 8.8.4.4, via-nat64: false}, {address: \"::2\", "
			     "via-nat64: false}]\n"
			     "zones: [{zone: a.test, upstreams: [{address: 9.9.9.9, "
			     "via-nat64: true}]}]\n");
	assert_true(config->upstreams.items[0].via_nat64);
	endpoint_is(&config->upstreams.items[0].server.endpoint, "8.8.8.8:53");
	for (size_t i = 1; i < 4; i++)
		assert_false(config->upstreams.items[i].via_nat64);
	assert_true(config->zones[0].upstreams.items[0].via_nat64);
	config_unref(config);
}

static void reads_zones(void **state)
{
	struct config *config = loaded_well("zones:\n"
					    "  - zone: Tail1234.ts.net\n"
					    "    upstreams: [100.100.100.100]\n"
					    "    dns64: false\n"
					    "  - {zone: ., upstreams: [192.0.2.1, 192.0.2.2]}\n");
	char name[NAME_TEXT_MAX];

	(void)state;
	assert_int_equal(config->zone_count, 2);
	assert_string_equal(name_format(config->zones[0].zone.octets, name), "tail1234.ts.net.");
	assert_false(config->zones[0].dns64);
	assert_int_equal(config->zones[0].upstreams.count, 1);
	assert_true(config->zones[1].dns64);
	assert_int_equal(config->zones[1].upstreams.count, 2);
	assert_int_equal(config->zone_names.count, 2);
	config_unref(config);
}

static void refuses_bad_zones(void **state)
{
	static const struct {
		const char *text, *complaint;
	} rows[] = {
		{ "zones: [a.test]",
			"f:1:9: zones[0]: found \"a.test\"; accepted: mappings with \"zone\"" },
		{ "zones: {}", "zones: found a mapping; accepted: a list of mappings" },
		{ "zones: [{zone: a.test}]", "zones[0]: the key \"upstreams\" is missing\n" },
		{ "zones: [{upstreams: [192.0.2.1]}]", "zones[0]: the key \"zone\" is missing\n" },
		{ "zones: [{zone: a.test, upstreams: []}]",
			"f:1:35: zones[0].upstreams: at least one upstream is needed\n" },
		{ "zones: [{zone: a..test, upstreams: [192.0.2.1]}]",
			"f:1:16: zones[0].zone: found \"a..test\"; accepted: a domain name\n" },
		{ "zones: [{zone: a.test, upstreams: [192.0.2.1]}, {zone: A.TEST., upstreams: "
		  "[192.0.2.1]}]",
			"f:1:56: zones[1].zone: this zone is listed already\n" },
		{ "zones: [{zone: a, upstreams: [x]}]",
			"zones[0].upstreams[0]: found \"x\"; accepted: ADDRESS" },
		{ "zones: [{zone: a, upstreams: [192.0.2.1], dns64: {}}]",
			"zones[0].dns64: found a mapping; accepted: true or false\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		loaded_complains_of(rows[i].text, rows[i].complaint);
}

static void reads_records(void **state)
{
	struct config *config = loaded_well("records: [\"nas.home.arpa. 300 IN A 192.0.2.10\", "
					    "\"nas.home.arpa. AAAA 2001:db8::10\"]");

	(void)state;
	assert_int_equal(config->records.count, 2);
	assert_string_equal(config->records.items[0], "nas.home.arpa. 300 IN A 192.0.2.10");
	config_unref(config);
	loaded_complains_of("records:\n  - a.test. 300 IN A 192.0.2.1\n  - a.test. 300 IN A 1.2\n",
		"f:3:5: records[1]: found \"a.test. 300 IN A 1.2\": ");
	loaded_complains_of("records: [bla]", "; accepted: records in zone-file syntax, like ");
	loaded_complains_of("records: [\"\"]",
		"f:1:11: records[0]: found the text \"\"; accepted: records in zone-file syntax");
	loaded_complains_of("records: bla", "records: found \"bla\"; accepted: a list of records");
}

static void reads_cookies(void **state)
{
	static const struct {
		const char *text;
		bool enabled;
		size_t count;
	} rows[] = {
		{ "", true, 0 },
		{ "cookies: {}", true, 0 },
		{ "cookies: {secrets: []}", true, 0 },
		{ "cookies: false", false, 0 },
		{ "cookies: {secrets: [E5e973e5a6b2a43f48e7dc849e37bfcf]}", true, 1 },
		{ "cookies: {secrets: [\"00000000000000000000000000000000\", "
		  "e5e973e5a6b2a43f48e7dc849e37bfcf]}",
			true, 2 },
	};
	struct config *config;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		config = loaded_well(rows[i].text);
		assert_int_equal(config->cookies.enabled, rows[i].enabled);
		assert_int_equal(config->cookies.secret_count, rows[i].count);
		config_unref(config);
	}
	config = loaded_well(rows[5].text);
	assert_memory_equal(config->cookies.secrets[1], "\xe5\xe9\x73\xe5", 4);
	config_unref(config);
}

/* What is wrong with a secret does not tell it. */
static void does_not_tell_secrets(void **state)
{
	(void)state;
	loaded_complains("cookies: {secrets: [e5e973e5a6b2a43f48e7dc849e37bf, [a]]}",
		"f:1:21: cookies.secrets[0]: this is no secret; accepted: 32 hex digits\n"
		"f:1:53: cookies.secrets[1]: this is no secret; accepted: 32 hex digits\n");
	loaded_complains("cookies: true", "f:1:10: cookies: found \"true\"; accepted: false, or a "
					  "mapping with \"secrets\"\n");
	loaded_complains("cookies: {secret: []}",
		"f:1:11: cookies.secret: unknown key \"secret\"; did you mean \"secrets\"?\n");
	loaded_complains_of(
		"cookies: {secrets: [&a 00000000000000000000000000000000, *a, *a, *a, *a, "
		"*a, *a, *a, *a]}",
		"cookies.secrets[8]: there are more than 8 secrets\n");
}

static void reads_workers(void **state)
{
	static const struct {
		const char *text;
		uint32_t workers;
	} rows[] = { { "", 0 }, { "workers: auto", 0 }, { "workers: 1", 1 },
		{ "workers: 256", 256 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *config = loaded_well(rows[i].text);

		assert_int_equal(config->workers, rows[i].workers);
		config_unref(config);
	}
}

struct scopes {
	uint64_t top, zone;
};

static struct scopes scopes_of(const char *text)
{
	struct config *config = loaded_well(text);
	struct scopes scopes = { config->upstreams.scope, config->zones[0].upstreams.scope };

	config_unref(config);
	return scopes;
}

/* What is cached stays good over a reload, and never passes to other upstreams. */
static void reads_the_http_endpoint(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "http: \"[::1]:8064\"\n", "http: \"[::1]:8064\"\n" },
		{ "http: 127.0.0.1:8064\n", "http: \"127.0.0.1:8064\"\n" },
		{ "http: null\n", "http: null\n" },
		{ "http: ~\n", "http: null\n" },
		{ "", "http: null\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *config = loaded_well(rows[i].text);
		char *shown = loaded_show(config);

		assert_non_null(strstr(shown, rows[i].shown));
		free(shown);
		config_unref(config);
	}
}

static void refuses_what_http_cannot_listen_at(void **state)
{
	static const struct {
		const char *text, *complaints;
	} rows[] = {
		{ "http: \"::1\"\n", "f:1:7: http: found the text \"::1\"; accepted: "
				     "\"[IPV6]:PORT\" or IPV4:PORT\n" },
		{ "http: 127.0.0.1\n", "f:1:7: http: found \"127.0.0.1\"; accepted: "
				       "\"[IPV6]:PORT\" or IPV4:PORT\n" },
		{ "http: true\n",
			"f:1:7: http: found \"true\"; accepted: \"[IPV6]:PORT\" or IPV4:PORT\n" },
		{ "http: [\"[::1]:8064\"]\n",
			"f:1:7: http: found a list; accepted: \"[IPV6]:PORT\" or IPV4:PORT\n" },
		{ "http: 224.0.0.1:80\n", "f:1:7: http: found \"224.0.0.1:80\"; accepted: ADDRESS, "
					  "\"[IPV6]:PORT\" or IPV4:PORT\n" },
		{ "http: \"[fe80::1]:80\"\n", "f:1:7: http: found the text \"[fe80::1]:80\"; "
					      "accepted: a link-local address with "
					      "its zone, as fe80::1%eth0\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		loaded_complains(rows[i].text, rows[i].complaints);
}

static void same_settings_have_the_same_scope(void **state)
{
	static const char base[] = "upstreams: [192.0.2.1, {resolv-conf: /a}]\n"
				   "zones: [{zone: a.test, upstreams: [192.0.2.1]}]\n";
	static const struct {
		const char *text;
		bool is_same_top, is_same_zone;
	} rows[] = {
		{ base, true, true },
		{ "workers: 3\ndns64: {ptr: false}\nzones:\n- {upstreams: [\"192.0.2.1:53\"], "
		  "zone: "
		  "A.TEST.}\nupstreams:\n  - {address: 192.0.2.1, trust-ad: false}\n  - "
		  "resolv-conf: /a\n",
			true, true },
		{ "upstreams: [192.0.2.2, {resolv-conf: /a}]\n"
		  "zones: [{zone: a.test, upstreams: [192.0.2.1]}]\n",
			false, true },
		{ "upstreams: [192.0.2.1, {resolv-conf: /b}]\n"
		  "zones: [{zone: b.test, upstreams: [192.0.2.1]}]\n",
			false, false },
		{ "upstreams: [192.0.2.1]\nzones: [{zone: a.test, upstreams: [192.0.2.1:54]}]\n",
			false, false },
	};
	struct scopes first = scopes_of(base);

	(void)state;
	assert_int_not_equal(first.top, first.zone);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scopes scopes = scopes_of(rows[i].text);

		assert_int_equal(scopes.top == first.top, rows[i].is_same_top);
		assert_int_equal(scopes.zone == first.zone, rows[i].is_same_zone);
	}
}

static void trust_is_another_scope(void **state)
{
	struct scopes one = scopes_of("upstreams: [127.0.0.1:54]\n"
				      "zones: [{zone: ., upstreams: [127.0.0.1:54]}]\n");
	struct scopes other = scopes_of("upstreams: [{address: 127.0.0.1:54, trust-ad: true}]\n"
					"zones: [{zone: ., upstreams: [127.0.0.1:54]}]\n");

	(void)state;
	assert_int_not_equal(one.top, other.top);
	assert_int_equal(one.zone, other.zone);
}

static void another_way_is_another_scope(void **state)
{
	struct scopes one = scopes_of("upstreams: [8.8.8.8]\n"
				      "zones: [{zone: a, upstreams: [9.9.9.9]}]\n");
	struct scopes same = scopes_of("upstreams: [{address: 8.8.8.8, via-nat64: false}]\n"
				       "zones: [{zone: a, upstreams: [9.9.9.9]}]\n");
	struct scopes other =
		scopes_of("upstreams: [{address: 8.8.8.8, via-nat64: true}]\n"
			  "zones: [{zone: a, upstreams: [{address: 9.9.9.9, via-nat64: true}]}]\n");

	(void)state;
	assert_int_equal(one.top, same.top);
	assert_int_not_equal(one.top, other.top);
	assert_int_not_equal(one.zone, other.zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_endpoints),
		cmocka_unit_test(refuses_what_is_no_endpoint),
		cmocka_unit_test(reads_upstreams_of_all_kinds),
		cmocka_unit_test(reads_zones),
		cmocka_unit_test(refuses_bad_zones),
		cmocka_unit_test(reads_records),
		cmocka_unit_test(reads_cookies),
		cmocka_unit_test(does_not_tell_secrets),
		cmocka_unit_test(reads_workers),
		cmocka_unit_test(reads_the_http_endpoint),
		cmocka_unit_test(refuses_what_http_cannot_listen_at),
		cmocka_unit_test(same_settings_have_the_same_scope),
		cmocka_unit_test(trust_is_another_scope),
		cmocka_unit_test(another_way_is_another_scope),
	};

	return cmocka_run_group_tests_name("entries", tests, NULL, NULL);
}
