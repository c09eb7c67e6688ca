/* Tests of the status as JSON: the whole text of a full snapshot and of an empty one. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sixward/watch/status.h"

static struct prefix prefix_of(const char *text)
{
	struct network network;
	struct prefix prefix;

	assert_int_equal(network_parse(text, &network), NETWORK_OK);
	assert_int_equal(prefix_make(&network, NULL, &prefix), PREFIX_OK);
	return prefix;
}

static struct name name_of(const char *text)
{
	struct name name;

	assert_true(name_parse(text, &name));
	return name;
}

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint endpoint;

	assert_true(endpoint_parse(text, 53, &endpoint));
	return endpoint;
}

static void assert_status(const struct snapshot *snapshot, const char *expected)
{
	size_t size = 0;
	char *text = status_json(snapshot, &size);

	assert_int_equal(size, strlen(text));
	assert_string_equal(text, expected);
	free(text);
}

static void what_is_not_known_is_null_and_what_is_not_there_is_empty(void **state)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	(void)state;
	assert_non_null(snapshot);
	snapshot->program = "sixward 1.2.3";
	snapshot->workers = 1;
	assert_status(snapshot,
		"{\n"
		"  \"version\": 1,\n"
		"  \"program\": \"sixward 1.2.3\",\n"
		"  \"sentence\": \"Serving, and nobody asks just now; there is no upstream; "
		"DNS64 is off.\",\n"
		"  \"level\": \"error\",\n"
		"  \"now\": 0,\n"
		"  \"uptime_s\": 0,\n"
		"  \"workers\": 1,\n"
		"  \"silent_workers\": 0,\n"
		"  \"listen\": [],\n"
		"  \"queries\": {\n"
		"    \"total\": 0,\n"
		"    \"per_second\": 0.000,\n"
		"    \"in_progress\": 0,\n"
		"    \"tcp_connections\": 0,\n"
		"    \"outcomes\": {},\n"
		"    \"kinds\": [\n"
		"      \"native\",\n"
		"      \"synthesized\",\n"
		"      \"negative\",\n"
		"      \"local\",\n"
		"      \"failed\",\n"
		"      \"refused\"\n"
		"    ],\n"
		"    \"history\": {\n"
		"      \"step_s\": 30,\n"
		"      \"end\": 0,\n"
		"      \"samples\": []\n"
		"    }\n"
		"  },\n"
		"  \"prefixes\": [],\n"
		"  \"upstreams\": [],\n"
		"  \"cache\": {\n"
		"    \"entries\": 0,\n"
		"    \"bytes\": 0,\n"
		"    \"size\": 0,\n"
		"    \"hits\": 0,\n"
		"    \"misses\": 0\n"
		"  },\n"
		"  \"recent\": null,\n"
		"  \"warnings\": []\n"
		"}\n");
	free(snapshot);
}

/* Whether the text is there, once. */
static void assert_holds(const char *text, const char *part)
{
	const char *at = strstr(text, part);

	if (!at)
		print_error("%s\nis not in\n%s", part, text);
	assert_non_null(at);
	assert_null(strstr(at + 1, part));
}

static void assert_part(const struct snapshot *snapshot, const char *part)
{
	size_t size = 0;
	char *text = status_json(snapshot, &size);

	assert_holds(text, part);
	free(text);
}

static struct snapshot *make_snapshot(void)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	assert_non_null(snapshot);
	snapshot->program = "sixward 1.2.3";
	snapshot->now_s = 1000000;
	snapshot->now_ms = 70000;
	return snapshot;
}

static void queries_are_told_by_outcome_and_by_kind_over_time(void **state)
{
	struct snapshot *snapshot = make_snapshot();

	(void)state;
	snapshot->outcomes[OUTCOME_RELAYED] = 5;
	snapshot->outcomes[OUTCOME_CANCELLED] = 2;
	snapshot->rate = 1234;
	snapshot->samples[1].counts[KIND_REFUSED] = 2;
	snapshot->sample_count = 2;
	snapshot->samples_end_ms = 60000;
	assert_part(snapshot, "  \"queries\": {\n"
			      "    \"total\": 7,\n"
			      "    \"per_second\": 1.234,\n");
	assert_part(snapshot, "    \"outcomes\": {\n"
			      "      \"relayed\": 5,\n"
			      "      \"cancelled\": 2\n"
			      "    },\n");
	assert_part(snapshot, "      \"end\": 999990,\n"
			      "      \"samples\": [\n"
			      "        [0, 0, 0, 0, 0, 0],\n"
			      "        [0, 0, 0, 0, 0, 2]\n"
			      "      ]\n");
	free(snapshot);
}

static void prefixes_are_told_with_their_source_and_state(void **state)
{
	struct snapshot *snapshot = make_snapshot();
	struct snapshot_prefix prefixes[] = {
		{ .prefix = prefix_of("64:ff9b::/96"),
			.is_checked = true,
			.state = PULSE_LIVE,
			.latency_us = 12345,
			.since_s = 60,
			.is_used = true },
		{ .prefix = prefix_of("2001:db8:64::/96"),
			.source = SOURCE_ADVERT,
			.from = "fe80::1",
			.drain = true },
	};

	(void)state;
	snapshot->prefixes = prefixes;
	snapshot->prefix_count = 2;
	assert_part(snapshot, "  \"prefixes\": [\n"
			      "    {\n"
			      "      \"prefix\": \"64:ff9b::/96\",\n"
			      "      \"source\": \"listed\",\n"
			      "      \"from\": null,\n"
			      "      \"state\": \"live\",\n"
			      "      \"in_use\": true,\n"
			      "      \"drain\": false,\n"
			      "      \"latency_ms\": 12.345,\n"
			      "      \"since_s\": 60\n"
			      "    },\n"
			      "    {\n"
			      "      \"prefix\": \"2001:db8:64::/96\",\n"
			      "      \"source\": \"ra\",\n"
			      "      \"from\": \"fe80::1\",\n"
			      "      \"state\": \"unchecked\",\n"
			      "      \"in_use\": false,\n"
			      "      \"drain\": true,\n"
			      "      \"latency_ms\": null,\n"
			      "      \"since_s\": null\n"
			      "    }\n"
			      "  ],\n");
	free(snapshot);
}

static void upstreams_are_told_with_what_they_did(void **state)
{
	struct snapshot *snapshot = make_snapshot();
	struct server_survey servers[] = {
		{ .zone = name_of("."),
			.endpoint = endpoint_of("2620:fe::fe"),
			.is_timed = true,
			.rtt_us = 4500,
			.questions = 2000,
			.replies = 1990,
			.losses = 9,
			.lately_questions = 500,
			.lately_losses = 5 },
		{ .zone = name_of("corp.example"),
			.endpoint = endpoint_of("[64:ff9b::c000:201]:54"),
			.via_nat64 = true,
			.is_held = true },
	};

	(void)state;
	snapshot->servers = servers;
	snapshot->server_count = 2;
	assert_part(snapshot, "  \"upstreams\": [\n"
			      "    {\n"
			      "      \"server\": \"[2620:fe::fe]:53\",\n"
			      "      \"zone\": \".\",\n"
			      "      \"via_nat64\": false,\n"
			      "      \"state\": \"up\",\n"
			      "      \"rtt_ms\": 4.500,\n"
			      "      \"loss\": 0.010,\n"
			      "      \"queries\": 2000,\n"
			      "      \"replies\": 1990,\n"
			      "      \"lost\": 9\n"
			      "    },\n"
			      "    {\n"
			      "      \"server\": \"[64:ff9b::c000:201]:54\",\n"
			      "      \"zone\": \"corp.example.\",\n"
			      "      \"via_nat64\": true,\n"
			      "      \"state\": \"held\",\n"
			      "      \"rtt_ms\": null,\n"
			      "      \"loss\": null,\n"
			      "      \"queries\": 0,\n"
			      "      \"replies\": 0,\n"
			      "      \"lost\": 0\n"
			      "    }\n"
			      "  ],\n");
	free(snapshot);
}

/* Names can hold anything. */
static void names_and_warnings_are_told_and_stay_in_their_quotes(void **state)
{
	char step[] = "say \"ah\"";
	char *const steps[] = { step };
	const struct snapshot_warning warning = { .id = "no-ipv6-route",
		.level = SNAPSHOT_ERROR,
		.text = "There is none.",
		.steps = steps,
		.step_count = 1 };
	struct snapshot *snapshot = make_snapshot();

	(void)state;
	snapshot->has_recent = true;
	snapshot->recent[0] = (struct recent_name){ .at_ms = 68000,
		.name = name_of("a\"\\000.example"),
		.type = 28,
		.outcome = OUTCOME_SYNTHESIZED,
		.has_prefix = true,
		.prefix = prefix_of("64:ff9b::/96") };
	snapshot->recent[1] = (struct recent_name){
		.at_ms = 10000, .name = name_of("."), .type = 65535, .outcome = OUTCOME_NETWORK
	};
	snapshot->recent_count = 2;
	snapshot->warnings = &warning;
	snapshot->warning_count = 1;
	assert_part(snapshot, "  \"recent\": [\n"
			      "    {\n"
			      "      \"when\": 999998,\n"
			      "      \"name\": \"a\\\\\\\"\\\\000.example.\",\n"
			      "      \"type\": \"AAAA\",\n"
			      "      \"outcome\": \"synthesized\",\n"
			      "      \"prefix\": \"64:ff9b::/96\"\n"
			      "    },\n"
			      "    {\n"
			      "      \"when\": 999940,\n"
			      "      \"name\": \".\",\n"
			      "      \"type\": \"TYPE65535\",\n"
			      "      \"outcome\": \"network\",\n"
			      "      \"prefix\": null\n"
			      "    }\n"
			      "  ],\n"
			      "  \"warnings\": [\n"
			      "    {\n"
			      "      \"id\": \"no-ipv6-route\",\n"
			      "      \"level\": \"error\",\n"
			      "      \"text\": \"There is none.\",\n"
			      "      \"next\": [\n"
			      "        \"say \\\"ah\\\"\"\n"
			      "      ]\n"
			      "    }\n"
			      "  ]\n");
	free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_known_is_null_and_what_is_not_there_is_empty),
		cmocka_unit_test(queries_are_told_by_outcome_and_by_kind_over_time),
		cmocka_unit_test(prefixes_are_told_with_their_source_and_state),
		cmocka_unit_test(upstreams_are_told_with_what_they_did),
		cmocka_unit_test(names_and_warnings_are_told_and_stay_in_their_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
