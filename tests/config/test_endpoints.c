#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "loaded.h"
#include "sixward/config/endpoints.h"

static bool check_nat64(const char *address, struct fault *fault)
{
	struct tree node = { .line = 3, .column = 5 };
	struct faults faults = { 0 };
	struct reading reading = { .faults = &faults, .path = "here" };
	struct addr addr;
	bool is_fine;

	assert_true(addr_parse(address, &addr));
	is_fine = endpoints_check_nat64(&reading, &node, address, &addr);
	assert_int_equal(faults.errors, !is_fine);
	if (!is_fine) {
		assert_int_equal(faults.items[0].line, 3);
		assert_string_equal(faults.items[0].path, "here");
		assert_non_null(strstr(faults.items[0].text, fault->text));
	}
	faults_clear(&faults);
	return is_fine;
}

/* ADR-nsp-a, R7050-8.2-a: the last and the first of each block, and their neighbours. */
static void nat64_leads_to_hosts_only(void **state)
{
	static const struct {
		const char *address, *complaint; /* NULL = fine */
	} rows[] = {
		{ "0.0.0.0", "found \"0.0.0.0\": 0.0.0.0/8 is no destination (this network); "
			     "accepted through NAT64: unicast IPv4 addresses" },
		{ "0.255.255.255", "0.0.0.0/8 is no destination" },
		{ "1.0.0.0", NULL },
		{ "126.255.255.255", NULL },
		{ "127.0.0.0", "127.0.0.0/8 is no destination (loopback)" },
		{ "127.255.255.255", "127.0.0.0/8 is no destination" },
		{ "128.0.0.0", NULL },
		{ "169.253.255.255", NULL },
		{ "169.254.0.0", "169.254.0.0/16 is no destination (link-local)" },
		{ "169.254.255.255", "169.254.0.0/16 is no destination" },
		{ "169.255.0.0", NULL },
		{ "192.0.0.169", NULL },
		{ "192.0.0.170",
			"found \"192.0.0.170\": 192.0.0.170 and 192.0.0.171 only stand for "
			"prefix discovery, and are never connected to (RFC 7050); accepted" },
		{ "192.0.0.171", "never connected to (RFC 7050)" },
		{ "192.0.0.172", NULL },
		{ "10.0.0.1", NULL },
		{ "223.255.255.255", NULL },
		{ "224.0.0.0", "224.0.0.0/4 is no destination (multicast)" },
		{ "239.255.255.255", "224.0.0.0/4 is no destination" },
		{ "240.0.0.0", "240.0.0.0/4 is no destination (reserved)" },
		{ "255.255.255.255", "255.255.255.255 is no destination (limited broadcast)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char complaint[256] = "";
		struct fault fault = { .text = complaint };

		if (rows[i].complaint)
			(void)snprintf(complaint, sizeof(complaint), "%s", rows[i].complaint);
		assert_int_equal(check_nat64(rows[i].address, &fault), !rows[i].complaint);
	}
}

static void what_is_asked_is_one_host(void **state)
{
	static const struct {
		const char *text, *accepted; /* NULL = fine */
	} rows[] = {
		{ "192.0.2.1", NULL },
		{ "[2001:db8::1]:54", NULL },
		{ "fe80::1%lo", NULL },
		{ "224.0.0.1", ENDPOINTS_ACCEPTED },
		{ "ff02::1", ENDPOINTS_ACCEPTED },
		{ "192.0.2.1:0", ENDPOINTS_ACCEPTED },
		{ "www.example.org", ENDPOINTS_ACCEPTED },
		{ "fe80::1", "a link-local address with its zone, as fe80::1%eth0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tree node = { .text = (char[]){ "x" }, .is_plain = true };
		struct faults faults = { 0 };
		struct reading reading = { .faults = &faults };
		struct endpoint endpoint;

		assert_int_equal(endpoints_read(&reading, &node, rows[i].text, &endpoint),
			!rows[i].accepted);
		assert_int_equal(faults.errors, rows[i].accepted ? 1 : 0);
		if (rows[i].accepted)
			assert_non_null(strstr(faults.items[0].text, rows[i].accepted));
		faults_clear(&faults);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nat64_leads_to_hosts_only),
		cmocka_unit_test(what_is_asked_is_one_host),
	};

	return cmocka_run_group_tests_name("endpoints", tests, NULL, NULL);
}
