/* What upstreams, prefixes and the daemon answered, to findings. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "patient.h"
#include "sixward/app/diagnose_network.h"
#include "sixward/dns/numbers.h"

#define WKP   "64:ff9b::/96"
#define OTHER "2001:db8:64::/96"
#define WELL  "ok daemon, ok upstream, ok prefix"

/* All is well: a daemon, an upstream, a prefix. */
static void make_well(struct patient *patient, const char *yaml)
{
	struct probe_listener *listener;

	patient_init(patient, yaml);
	patient->host->ipv6.is_there = true;
	patient_add_upstream(patient, "2001:db8::53");
	patient_add_prefix(patient, WKP);
	listener = patient_add_listener(patient, "[::1]:53");
	listener->prefixes[0] = patient_prefix(WKP);
	listener->prefix_count = 1;
	patient_add_use(patient, "[::1]:53", "sixward");
}

static void assert_told(struct patient *patient, const char *wanted)
{
	assert_string_equal(patient_told(patient, diagnose_network), wanted);
	patient_clear(patient);
}

static void what_is_well_is_fine(void **state)
{
	struct patient patient;

	(void)state;
	make_well(&patient, "");
	assert_told(&patient, WELL);
}

static void upstreams_should_answer(void **state)
{
	static const struct {
		struct probe_answer answer;
		const char *wanted;
	} rows[] = {
		{ { .result = PROBE_SILENT }, "error upstream-silent" },
		{ { .result = PROBE_UNREACHABLE }, "error upstream-unreachable" },
		{ { .result = PROBE_GARBAGE }, "error upstream-garbage" },
		{ { .result = PROBE_ERROR, .rcode = RCODE_REFUSED }, "error upstream-refused" },
		{ { .result = PROBE_ERROR, .rcode = RCODE_SERVFAIL }, "error upstream-error" },
		{ { .result = PROBE_NOT_ASKED }, "warning upstream-not-asked" },
		{ { .result = PROBE_ANSWERED }, "ok upstream" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct patient patient;
		char wanted[128];

		make_well(&patient, "");
		patient.probe->servers[0].answer = rows[i].answer;
		(void)snprintf(wanted, sizeof(wanted), "ok daemon, %s, ok prefix", rows[i].wanted);
		assert_told(&patient, wanted);
	}
}

static void an_upstream_should_be_no_dns64_and_keep_signatures(void **state)
{
	static const struct {
		const char *prefix;
		bool has_dnssec, is_of_zone;
		const char *wanted;
	} rows[] = {
		{ WKP, true, false, "note upstream-dns64" },
		{ OTHER, true, false, "warning upstream-dns64-other" },
		{ NULL, false, false, "warning upstream-strips-dnssec" },
		{ NULL, false, true, "ok upstream" }, /* nothing is signed there, maybe */
		{ OTHER, false, false,
			"warning upstream-dns64-other, "
			"warning upstream-strips-dnssec" },
	};
	static const struct name zone = { .size = 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct probe_server *server;
		struct patient patient;
		char wanted[160];

		make_well(&patient, "");
		server = &patient.probe->servers[0];
		server->has_dnssec = rows[i].has_dnssec;
		server->zone = rows[i].is_of_zone ? &zone : NULL;
		server->prefix_count = rows[i].prefix != NULL;
		if (rows[i].prefix)
			server->prefixes[0] = patient_prefix(rows[i].prefix);
		(void)snprintf(wanted, sizeof(wanted), "ok daemon, %s, ok prefix", rows[i].wanted);
		assert_told(&patient, wanted);
	}
}

static void an_ipv4_upstream_wants_a_way(void **state)
{
	static const struct {
		const char *endpoint;
		bool via_nat64, has_route;
		enum probe_result result;
		const char *wanted;
	} rows[] = {
		{ "8.8.8.8", false, false, PROBE_UNREACHABLE, "warning upstream-ipv4" },
		{ "8.8.8.8", false, true, PROBE_UNREACHABLE, "error upstream-unreachable" },
		{ "8.8.8.8", true, false, PROBE_SILENT, "error upstream-silent" },
		{ "8.8.8.8", true, false, PROBE_ANSWERED, "ok upstream" },
		{ "127.0.0.1:5335", false, false, PROBE_UNREACHABLE, "error upstream-unreachable" },
		/* An overlay has ways of its own, and no NAT64 leads there. */
		{ "100.100.100.100", false, false, PROBE_SILENT, "error upstream-silent" },
		{ "100.100.100.100", false, false, PROBE_ANSWERED, "ok upstream" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct probe_server *server;
		struct patient patient;
		char wanted[128];

		make_well(&patient, "");
		patient.host->ipv4.is_there = rows[i].has_route;
		server = &patient.probe->servers[0];
		assert_true(endpoint_parse(rows[i].endpoint, 53, &server->endpoint));
		server->via_nat64 = rows[i].via_nat64;
		server->answer.result = rows[i].result;
		(void)snprintf(wanted, sizeof(wanted), "ok daemon, %s, ok prefix", rows[i].wanted);
		assert_told(&patient, wanted);
	}
}

static void no_upstream_is_an_error(void **state)
{
	struct patient patient;

	(void)state;
	make_well(&patient, "");
	patient.probe->server_count = 0;
	assert_told(&patient, "ok daemon, error no-upstream, ok prefix");
}

/* facts.md: Node.js gives up at 250 ms, or 500 ms. */
static void prefixes_should_carry_traffic_fast(void **state)
{
	static const struct {
		struct probe_prefix prefix;
		const char *wanted;
	} rows[] = {
		{ { .state = PULSE_LIVE, .latency_us = 249999 }, "ok prefix" },
		{ { .state = PULSE_LIVE, .latency_us = 250000 }, "note prefix-slow" },
		{ { .state = PULSE_LIVE, .latency_us = 500000 }, "warning prefix-slow" },
		{ { .state = PULSE_DEAD }, "error prefix-dead" },
		{ { .state = PULSE_UNKNOWN, .has_targets = true }, "note prefix-not-tried" },
		{ { .state = PULSE_UNKNOWN }, "note prefix-not-tried" },
		{ { .state = PULSE_UNKNOWN, .drain = true }, "ok prefix-drained" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct patient patient;
		struct prefix prefix;
		char wanted[128];

		make_well(&patient, "");
		prefix = patient.probe->prefixes[0].prefix;
		patient.probe->prefixes[0] = rows[i].prefix;
		patient.probe->prefixes[0].prefix = prefix;
		(void)snprintf(
			wanted, sizeof(wanted), "ok daemon, ok upstream, %s", rows[i].wanted);
		assert_told(&patient, wanted);
	}
}

static void a_slow_prefix_names_the_limits(void **state)
{
	struct patient patient;
	const char *steps;

	(void)state;
	make_well(&patient, "");
	patient.probe->prefixes[0].latency_us = 800000;
	(void)patient_told(&patient, diagnose_network);
	steps = patient_steps(&patient, "prefix-slow");
	assert_non_null(strstr(steps, "800 ms"));
	assert_non_null(strstr(steps, "250 ms"));
	assert_non_null(strstr(steps, "500 ms"));
	patient_clear(&patient);
}

static void prefixes_should_have_been_learned(void **state)
{
	static const struct {
		const char *yaml;
		bool is_deaf;
		const char *wanted, *step;
	} rows[] = {
		{ "dns64: {prefixes: [{learn-from: upstreams}]}", false,
			"ok daemon, ok upstream, warning prefix-not-learned, error no-prefix",
			"dig @" },
		{ "dns64: {prefixes: [{learn-from: router-advertisements}]}", true,
			"ok daemon, ok upstream, note prefix-not-learned", "sudo" },
		{ "dns64: {prefixes: [{learn-from: router-advertisements}]}", false,
			"ok daemon, ok upstream, warning prefix-not-learned, error no-prefix",
			"tcpdump" },
		{ "dns64: false", false, "ok daemon, ok upstream, note dns64-off", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct patient patient;

		make_well(&patient, rows[i].yaml);
		patient.probe->is_deaf = rows[i].is_deaf;
		patient.probe->prefix_count = 0;
		patient.probe->in_force_count = 0;
		patient.probe->listeners[0].prefix_count = 0;
		patient.probe->listeners[0].in_force_count = 0;
		assert_string_equal(patient_told(&patient, diagnose_network), rows[i].wanted);
		if (rows[i].step)
			assert_non_null(strstr(
				patient_steps(&patient, "prefix-not-learned"), rows[i].step));
		patient_clear(&patient);
	}
}

/* Without the rights to hear routers nothing that only they say is missed. */
static void what_root_alone_can_hear_is_no_finding_for_others(void **state)
{
	struct patient patient;

	(void)state;
	make_well(&patient, "dns64: {prefixes: [{learn-from: router-advertisements}]}");
	patient.probe->is_deaf = true;
	patient.probe->prefix_count = 0;
	patient.probe->in_force_count = 0;
	patient.probe->servers[0].via_nat64 = true;
	patient.probe->servers[0].answer.result = PROBE_NOT_ASKED;
	patient_add_upstream(&patient, "2001:db8::54");
	patient.probe->servers[1].prefixes[0] = patient_prefix(WKP);
	patient.probe->servers[1].prefix_count = 1;
	assert_string_equal(patient_told(&patient, diagnose_network),
		"ok daemon, note upstream-not-asked, note upstream-dns64-other, "
		"note prefix-not-learned");
	patient_clear(&patient);
}

static void a_learned_prefix_is_enough(void **state)
{
	struct patient patient;

	(void)state;
	make_well(&patient, "dns64: {prefixes: [{learn-from: upstreams}]}");
	patient.probe->prefixes[0].is_learned = true;
	assert_told(&patient, WELL);
}

static void the_daemon_should_have_its_port_and_answer(void **state)
{
	static const struct {
		const char *program; /* NULL: the port is free */
		struct probe_answer answer;
		const char *wanted;
	} rows[] = {
		{ "sixward", { .result = PROBE_ANSWERED }, "ok daemon" },
		{ "", { .result = PROBE_ANSWERED }, "ok daemon" },
		{ NULL, { .result = PROBE_UNREACHABLE }, "error not-running" },
		{ NULL, { .result = PROBE_SILENT }, "error not-running" },
		/* In another namespace, maybe: who answers, answers. */
		{ NULL, { .result = PROBE_ANSWERED }, "ok daemon" },
		{ "dnsmasq", { .result = PROBE_ANSWERED }, "error port-taken" },
		{ "sixward", { .result = PROBE_SILENT }, "error daemon-silent" },
		{ "", { .result = PROBE_SILENT }, "error daemon-silent" },
		{ "sixward", { .result = PROBE_ERROR, .rcode = RCODE_REFUSED },
			"warning daemon-refuses" },
		{ NULL, { .result = PROBE_ERROR, .rcode = RCODE_REFUSED },
			"warning daemon-refuses" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct patient patient;
		char wanted[128];

		make_well(&patient, "");
		patient.host->port_count = 0;
		if (rows[i].program)
			patient_add_use(&patient, "[::1]:53", rows[i].program);
		patient.probe->listeners[0].answer = rows[i].answer;
		(void)snprintf(
			wanted, sizeof(wanted), "%s, ok upstream, ok prefix", rows[i].wanted);
		assert_told(&patient, wanted);
	}
}

static void a_free_endpoint_beside_others_is_told_alone(void **state)
{
	struct patient patient;

	(void)state;
	make_well(&patient, "");
	patient_add_listener(&patient, "127.0.0.1:53")->answer.result = PROBE_UNREACHABLE;
	assert_told(&patient, "ok daemon, error not-listening, ok upstream, ok prefix");
}

static void who_has_the_port_is_named(void **state)
{
	struct patient patient;

	(void)state;
	make_well(&patient, "");
	patient.host->port_count = 0;
	patient_add_use(&patient, "[::1]:53", "systemd-resolve");
	(void)patient_told(&patient, diagnose_network);
	assert_non_null(
		strstr(patient_steps(&patient, "port-taken"), "systemd-resolve (process 42"));
	assert_non_null(strstr(patient_steps(&patient, "port-taken"), "DNSStubListener=no"));
	patient_clear(&patient);
}

/* What a program calls itself goes into no command and moves no cursor. */
static void names_of_programs_do_no_harm(void **state)
{
	struct patient patient;
	const char *steps;

	(void)state;
	make_well(&patient, "");
	patient.host->port_count = 0;
	patient_add_use(&patient, "[::1]:53", "\033[2Jx; reboot");
	(void)patient_told(&patient, diagnose_network);
	steps = patient_steps(&patient, "port-taken");
	assert_null(strchr(steps, '\033'));
	assert_null(strstr(strchr(steps, '\n'), "reboot"));
	patient_clear(&patient);
}

static void a_forgotten_reload_shows(void **state)
{
	static const struct {
		const char *yaml, *theirs, *wanted;
	} rows[] = {
		{ "", WKP, "ok daemon" },
		{ "", OTHER, "warning daemon-other-prefixes" },
		{ "", NULL, "warning daemon-other-prefixes" },
		/* What changes by itself may differ between two looks, but is known. */
		{ "dns64: {prefixes: [\"" WKP "\", {learn-from: upstreams}]}", NULL, "ok daemon" },
		{ "dns64: {prefixes: [\"" WKP "\", {learn-from: upstreams}]}", OTHER,
			"warning daemon-other-prefixes" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct probe_listener *listener;
		struct patient patient;

		make_well(&patient, rows[i].yaml);
		patient.probe->prefixes[0].is_learned = true;
		listener = &patient.probe->listeners[0];
		listener->prefix_count = rows[i].theirs != NULL;
		if (rows[i].theirs)
			listener->prefixes[0] = patient_prefix(rows[i].theirs);
		(void)patient_told(&patient, diagnose_network);
		assert_memory_equal(patient.told, rows[i].wanted, strlen(rows[i].wanted));
		patient_clear(&patient);
	}
}

/* An address of this host may have a view of its own. */
static void each_listener_is_measured_by_the_view_of_who_asks_it(void **state)
{
	static const char yaml[] = "dns64:\n  prefixes: [\"" WKP "\"]\n"
				   "views:\n"
				   "  - {clients: [127.0.0.0/8], dns64: false}\n"
				   "  - {clients: [\"2001:db8::1\"], "
				   "dns64: {prefixes: [\"" OTHER "\"]}}\n";
	struct probe_listener *listener;
	struct patient patient;

	(void)state;
	make_well(&patient, yaml);
	listener = patient_add_listener(&patient, "127.0.0.1:53");
	listener->in_force_count = 0;
	listener = patient_add_listener(&patient, "[2001:db8::1]:53");
	patient_add_prefix(&patient, OTHER);
	patient.probe->listeners[0].in_force_count = 1;
	patient.probe->listeners[1].in_force_count = 0;
	listener->in_force[0] = patient_prefix(OTHER);
	listener->in_force_count = 1;
	listener->prefixes[0] = patient_prefix(OTHER);
	listener->prefix_count = 1;
	assert_told(&patient, "ok daemon, ok daemon, ok daemon, ok upstream, ok prefix, ok prefix");
}

static void who_is_refused_is_named(void **state)
{
	struct probe_listener *listener;
	struct patient patient;

	(void)state;
	make_well(&patient, "");
	listener = patient_add_listener(&patient, "[2001:db8::1]:53");
	listener->answer = (struct probe_answer){ .result = PROBE_ERROR, .rcode = RCODE_REFUSED };
	(void)patient_told(&patient, diagnose_network);
	assert_non_null(strstr(
		patient_steps(&patient, "daemon-refuses"), "does `allow` hold 2001:db8::1?"));
	patient_clear(&patient);
}

static void a_prefix_that_the_daemon_lacks_shows(void **state)
{
	struct patient patient;

	(void)state;
	make_well(&patient, "");
	patient_add_prefix(&patient, OTHER);
	assert_told(&patient, "warning daemon-other-prefixes, ok upstream, ok prefix, ok prefix");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_well_is_fine),
		cmocka_unit_test(upstreams_should_answer),
		cmocka_unit_test(an_upstream_should_be_no_dns64_and_keep_signatures),
		cmocka_unit_test(an_ipv4_upstream_wants_a_way),
		cmocka_unit_test(no_upstream_is_an_error),
		cmocka_unit_test(prefixes_should_carry_traffic_fast),
		cmocka_unit_test(a_slow_prefix_names_the_limits),
		cmocka_unit_test(prefixes_should_have_been_learned),
		cmocka_unit_test(what_root_alone_can_hear_is_no_finding_for_others),
		cmocka_unit_test(a_learned_prefix_is_enough),
		cmocka_unit_test(the_daemon_should_have_its_port_and_answer),
		cmocka_unit_test(a_free_endpoint_beside_others_is_told_alone),
		cmocka_unit_test(who_has_the_port_is_named),
		cmocka_unit_test(names_of_programs_do_no_harm),
		cmocka_unit_test(a_forgotten_reload_shows),
		cmocka_unit_test(a_prefix_that_the_daemon_lacks_shows),
		cmocka_unit_test(each_listener_is_measured_by_the_view_of_who_asks_it),
		cmocka_unit_test(who_is_refused_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
