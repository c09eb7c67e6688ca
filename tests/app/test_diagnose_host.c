/* Addresses and routes to findings. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "patient.h"
#include "sixward/app/diagnose_host.h"
#include "sixward/config/load.h"

/* A host with IPv6, and maybe an address without a route. */
static void has_ipv6(struct patient *patient)
{
	patient->host->ipv6.is_there = true;
	assert_true(addr_parse("2001:db8::5", &patient->host->ipv6.source));
	patient_add_address(patient, "lo", "127.0.0.1", 8);
	patient_add_address(patient, "eth0", "2001:db8::5", 64);
}

static void assert_told(const char *yaml, const char *interface, const char *addr, uint8_t length,
	const char *wanted)
{
	struct patient patient;

	patient_init(&patient, yaml);
	has_ipv6(&patient);
	if (interface)
		patient_add_address(&patient, interface, addr, length);
	assert_string_equal(patient_told(&patient, diagnose_host), wanted);
	patient_clear(&patient);
}

static void an_address_without_a_route_is_a_trap(void **state)
{
	static const struct row {
		const char *yaml, *interface, *addr, *wanted;
	} rows[] = {
		{ "", NULL, NULL, "ok ipv6-route, ok ipv6-only" },
		{ "", "eth0", "169.254.1.1", "ok ipv6-route, ok ipv6-only" },
		{ "", "lo", "192.0.2.1", "ok ipv6-route, ok ipv6-only" },
		{ "", "tailscale0", "100.101.102.103",
			"ok ipv6-route, warning ipv4-without-route" },
		{ "", "eth1", "10.0.0.5", "ok ipv6-route, warning ipv4-without-route" },
		{ "dns64: {hide-a: always}", "eth1", "10.0.0.5", "ok ipv6-route, ok ipv4-hidden" },
		{ "dns64: {hide-a: if-aaaa}", "eth1", "10.0.0.5", "ok ipv6-route, ok ipv4-hidden" },
		{ "dns64: {hide-a: always}", "tailscale0", "100.101.102.103",
			"ok ipv6-route, note overlay-hidden" },
		{ "dns64: {hide-a: always, keep-a-ipv4: [100.64.0.0/10]}", "tailscale0",
			"100.101.102.103", "ok ipv6-route, ok ipv4-hidden" },
		/* What counts are the settings for programs of this host. */
		{ "views: [{clients: [loopback], dns64: {hide-a: always}}]", "eth1", "10.0.0.5",
			"ok ipv6-route, ok ipv4-hidden" },
		{ "dns64: {hide-a: always}\nviews: [{clients: [loopback], dns64: false}]", "eth1",
			"10.0.0.5", "ok ipv6-route, warning ipv4-without-route" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_told(rows[i].yaml, rows[i].interface, rows[i].addr, 32, rows[i].wanted);
}

static void with_an_ipv4_route_there_is_no_trap(void **state)
{
	struct patient patient;

	(void)state;
	patient_init(&patient, "");
	has_ipv6(&patient);
	patient.host->ipv4.is_there = true;
	assert_true(addr_parse("192.0.2.9", &patient.host->ipv4.source));
	patient_add_address(&patient, "tailscale0", "100.101.102.103", 32);
	assert_string_equal(patient_told(&patient, diagnose_host), "ok ipv6-route, ok ipv4-route");
	patient_clear(&patient);
}

static void each_interface_is_told_once(void **state)
{
	struct patient patient;

	(void)state;
	patient_init(&patient, "");
	has_ipv6(&patient);
	patient_add_address(&patient, "eth1", "10.0.0.5", 24);
	patient_add_address(&patient, "eth1", "10.0.0.6", 24);
	patient_add_address(&patient, "wg0", "10.8.0.2", 24);
	assert_string_equal(patient_told(&patient, diagnose_host),
		"ok ipv6-route, warning ipv4-without-route, warning ipv4-without-route");
	patient_clear(&patient);
}

static void no_ipv6_route_is_an_error(void **state)
{
	struct patient patient;

	(void)state;
	patient_init(&patient, "");
	assert_string_equal(
		patient_told(&patient, diagnose_host), "error no-ipv6-route, ok ipv6-only");
	patient_clear(&patient);
}

static void a_unique_local_source_is_noted(void **state)
{
	struct patient patient;

	(void)state;
	patient_init(&patient, "");
	patient.host->ipv6.is_there = true;
	assert_true(addr_parse("fd00::5", &patient.host->ipv6.source));
	assert_string_equal(patient_told(&patient, diagnose_host),
		"ok ipv6-route, note ipv6-unique-local, ok ipv6-only");
	patient_clear(&patient);
}

static void the_cure_is_settings_that_are_good(void **state)
{
	static const struct row {
		const char *interface, *addr;
		uint8_t length;
		const char *wanted;
	} rows[] = {
		{ "tailscale0", "100.101.102.103", 32,
			"  keep-a-names: [ts.net]\n  keep-a-ipv4: [100.64.0.0/10]\n" },
		{ "ts", "100.64.0.1", 32,
			"  keep-a-names: [ts.net]\n  keep-a-ipv4: [100.64.0.0/10]\n" },
		{ "wg0", "10.8.0.2", 24, "  keep-a-ipv4: [10.8.0.0/24]" },
		{ "wg0", "10.8.0.2", 32, "  keep-a-ipv4: [10.8.0.2/32]" },
		{ "zt7nnig34o", "10.147.17.5", 16, "  keep-a-ipv4: [10.147.0.0/16]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct faults faults = { 0 };
		struct patient patient;
		struct config *config;
		const char *steps;

		patient_init(&patient, "");
		has_ipv6(&patient);
		patient_add_address(&patient, rows[i].interface, rows[i].addr, rows[i].length);
		(void)patient_told(&patient, diagnose_host);
		steps = patient_steps(&patient, "ipv4-without-route");
		assert_non_null(strstr(steps, rows[i].interface));
		assert_non_null(strstr(steps, rows[i].wanted));
		steps = strstr(steps, "dns64:\n  hide-a: always");
		assert_non_null(steps);
		config = load_text(steps, strlen(steps), &faults);
		assert_non_null(config);
		assert_int_equal(policy_options(config->views.fallback)->hide_a, HIDE_A_ALWAYS);
		config_unref(config);
		faults_clear(&faults);
		patient_clear(&patient);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_without_a_route_is_a_trap),
		cmocka_unit_test(with_an_ipv4_route_there_is_no_trap),
		cmocka_unit_test(each_interface_is_told_once),
		cmocka_unit_test(no_ipv6_route_is_an_error),
		cmocka_unit_test(a_unique_local_source_is_noted),
		cmocka_unit_test(the_cure_is_settings_that_are_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
