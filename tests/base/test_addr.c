#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "sixward/base/addr.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct addr addr_of(const char *text)
{
	struct addr addr;

	assert_true(addr_parse(text, &addr));
	return addr;
}

static struct network network_of(const char *text)
{
	struct network network;

	assert_int_equal(network_parse(text, &network), NETWORK_OK);
	return network;
}

/* ADR-2.4-a: what is parsed in any form is written in the one of RFC 5952. */
static void addresses_are_written_as_rfc_5952_says(void **state)
{
	static const struct row {
		const char *text, *formatted;
	} rows[] = {
		{ "192.0.2.33", "192.0.2.33" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "1::", "1::" },
		{ "2001:0DB8::0001", "2001:db8::1" },
		{ "2001:db8:0:0:0:0:2:1", "2001:db8::2:1" },
		{ "2001:db8:122:344:c0:2:2100:0", "2001:db8:122:344:c0:2:2100:0" },
		{ "2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "0:1:1:1:1:1:1:1", "0:1:1:1:1:1:1:1" },
		{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "0:0:1:0:0:0:0:0", "0:0:1::" },
		{ "1:0:0:0:0:0:0:2", "1::2" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
		{ "2001:DB8:64::C000:201", "2001:db8:64::c000:201" },
		{ "::ffff:c000:221", "::ffff:192.0.2.33" },
		{ "::ffff:192.0.2.33", "::ffff:192.0.2.33" },
		/* Five zero groups and six: neither is IPv4-mapped. */
		{ "::fffe:192.0.2.33", "::fffe:c000:221" },
		{ "::192.0.2.33", "::c000:221" },
	};
	char text[ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr addr = addr_of(rows[i].text);
		struct addr again;

		assert_ptr_equal(addr_format(&addr, text), text);
		assert_string_equal(text, rows[i].formatted);
		again = addr_of(text);
		assert_true(addr_equal(&addr, &again));
	}
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const texts[] = { "", " ", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1",
		"1.2.3.04", "01.2.3.4", "0x1.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4%lo",
		"1.2.3.-4", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "::g",
		"12345::", "::1 ", "[::1]", "::1/64", "::1.2.3", "::1.2.3.04", "::256.0.0.1",
		"1:2:3:4:5:6:7:1.2.3.4", "::%lo", "2001:db8::1%1", "ff02::1%1", "fe80::1%",
		"fe80::1%0", "fe80::1%-1", "fe80::1%4294967296", "fe80::1%no such one", "%1",
		"fe80::1%1%1", "localhost",
		"0000000000000000000000000000000000000000000000000000000000000000000000000::" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct addr addr = { .family = ADDR_IPV4, .octets = { 192, 0, 2, 1 } };
		struct addr before = addr;

		assert_false(addr_parse(texts[i], &addr));
		assert_memory_equal(&addr, &before, sizeof(addr));
	}
}

static void a_zone_is_a_name_or_a_number_of_an_interface(void **state)
{
	struct addr by_number = addr_of("fe80::1%4000000");
	char text[ADDR_TEXT_MAX], name[IF_NAMESIZE], wanted[ADDR_TEXT_MAX];
	struct addr by_name;

	(void)state;
	assert_int_equal(by_number.zone, 4000000);
	assert_string_equal(addr_format(&by_number, text), "fe80::1%4000000");

	/* The first interface, whatever it is called. */
	assert_non_null(if_indextoname(1, name));
	(void)snprintf(wanted, sizeof(wanted), "fe80::1%%%s", name);
	by_name = addr_of(wanted);
	assert_int_equal(by_name.zone, 1);
	assert_string_equal(addr_format(&by_name, text), wanted);
	by_number = addr_of("fe80::1%1");
	assert_true(addr_equal(&by_name, &by_number));
	by_number.zone = 0;
	assert_false(addr_equal(&by_name, &by_number));
	assert_string_equal(addr_format(&by_number, text), "fe80::1");
}

static void addresses_know_their_size_and_kind(void **state)
{
	enum { LOOPBACK = 1, ANY = 2, MULTICAST = 4, LINK_LOCAL = 8 };
	static const struct row {
		const char *text;
		unsigned int kinds;
	} rows[] = {
		{ "127.0.0.1", LOOPBACK },
		{ "127.255.255.255", LOOPBACK },
		{ "128.0.0.1", 0 },
		{ "::1", LOOPBACK },
		{ "::2", 0 },
		{ "1::1", 0 },
		{ "0.0.0.0", ANY },
		{ "0.0.0.1", 0 },
		{ "::", ANY },
		{ "223.255.255.255", 0 },
		{ "224.0.0.1", MULTICAST },
		{ "239.255.255.255", MULTICAST },
		{ "240.0.0.1", 0 },
		{ "255.255.255.254", 0 },
		{ "255.255.255.255", MULTICAST },
		{ "ff02::1", MULTICAST },
		{ "fe00::1", 0 },
		{ "169.254.0.1", LINK_LOCAL },
		{ "169.253.0.1", 0 },
		{ "170.254.0.1", 0 },
		{ "fe7f::1", 0 },
		{ "fe80::1", LINK_LOCAL },
		{ "febf::1", LINK_LOCAL },
		{ "fec0::1", 0 },
		{ "ff80::1", MULTICAST },
	};
	struct addr none = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr addr = addr_of(rows[i].text);

		assert_int_equal(addr_is_loopback(&addr), !!(rows[i].kinds & LOOPBACK));
		assert_int_equal(addr_is_any(&addr), !!(rows[i].kinds & ANY));
		assert_int_equal(addr_is_multicast(&addr), !!(rows[i].kinds & MULTICAST));
		assert_int_equal(addr_is_link_local(&addr), !!(rows[i].kinds & LINK_LOCAL));
		assert_int_equal(addr_size(&addr), addr.family == ADDR_IPV4 ? 4 : 16);
		assert_int_equal(addr_bits(&addr), addr.family == ADDR_IPV4 ? 32 : 128);
	}
	assert_int_equal(addr_size(&none), 0);
	assert_int_equal(addr_bits(&none), 0);
	assert_false(addr_is_any(&none) || addr_is_loopback(&none) || addr_is_multicast(&none) ||
		     addr_is_link_local(&none));
}

static void addresses_of_two_families_are_never_equal(void **state)
{
	struct addr ipv4 = addr_from_ipv4((const uint8_t[4]){ 1, 2, 3, 4 });
	struct addr ipv6 = addr_from_ipv6((const uint8_t[16]){ 1, 2, 3, 4 });
	struct addr other = ipv4;

	(void)state;
	assert_false(addr_equal(&ipv4, &ipv6));
	other.octets[4] = 9; /* not of the address */
	assert_true(addr_equal(&ipv4, &other));
	other.octets[3] = 9;
	assert_false(addr_equal(&ipv4, &other));
	other = ipv6;
	other.octets[15] = 1;
	assert_false(addr_equal(&ipv6, &other));
}

static void endpoints_are_read_with_and_without_port(void **state)
{
	static const struct row {
		const char *text, *formatted; /* NULL: refused */
	} rows[] = {
		{ "::1", "[::1]:53" },
		{ "[::1]", "[::1]:53" },
		{ "[::1]:5353", "[::1]:5353" },
		{ "[2001:db8::1]:65535", "[2001:db8::1]:65535" },
		{ "127.0.0.1", "127.0.0.1:53" },
		{ "127.0.0.1:1", "127.0.0.1:1" },
		{ "::1:5353", "[::1:5353]:53" },
		{ "[fe80::1%4000000]:853", "[fe80::1%4000000]:853" },
		{ "fe80::1%4000000", "[fe80::1%4000000]:53" },
		{ "127.0.0.1:0", NULL },
		{ "127.0.0.1:65536", NULL },
		{ "127.0.0.1:", NULL },
		{ "127.0.0.1:dns", NULL },
		{ "127.0.0.1:+53", NULL },
		{ "127.0.0.1: 53", NULL },
		{ "127.0.0.1:53 ", NULL },
		{ "127.0.0.1:53:53", NULL },
		{ "127.0.0.1:18446744073709551669", NULL },
		{ "[127.0.0.1]:53", NULL },
		{ "[127.0.0.1]", NULL },
		{ "[::1]:0", NULL },
		{ "[::1]:65536", NULL },
		{ "[::1]:", NULL },
		{ "[::1]53", NULL },
		{ "[::1", NULL },
		{ "::1]", NULL },
		{ "[]:53", NULL },
		{ "[", NULL },
		{ "", NULL },
		{ ":53", NULL },
		{ "example:53", NULL },
	};
	char text[ENDPOINT_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint endpoint = { .port = 7 };

		if (!rows[i].formatted) {
			assert_false(endpoint_parse(rows[i].text, 53, &endpoint));
			assert_int_equal(endpoint.port, 7);
			continue;
		}
		assert_true(endpoint_parse(rows[i].text, 53, &endpoint));
		assert_string_equal(endpoint_format(&endpoint, text), rows[i].formatted);
	}
}

static void endpoints_differ_by_address_and_port(void **state)
{
	struct endpoint a = { addr_of("192.0.2.1"), 53 };
	struct endpoint b = a;

	(void)state;
	assert_true(endpoint_equal(&a, &b));
	b.port = 54;
	assert_false(endpoint_equal(&a, &b));
	b = a;
	b.addr = addr_of("192.0.2.2");
	assert_false(endpoint_equal(&a, &b));
}

static void endpoints_go_to_the_kernel_and_back(void **state)
{
	static const struct row {
		const char *text;
		sa_family_t family;
		socklen_t size;
	} rows[] = {
		{ "192.0.2.1:53", AF_INET, sizeof(struct sockaddr_in) },
		{ "[2001:db8::1]:5353", AF_INET6, sizeof(struct sockaddr_in6) },
		{ "[fe80::1%7]:65535", AF_INET6, sizeof(struct sockaddr_in6) },
	};
	struct sockaddr_storage storage;
	struct endpoint none = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint endpoint, back;

		assert_true(endpoint_parse(rows[i].text, 0, &endpoint));
		memset(&storage, 0xff, sizeof(storage));
		assert_int_equal(endpoint_to_sockaddr(&endpoint, &storage), rows[i].size);
		assert_int_equal(storage.ss_family, rows[i].family);
		back = endpoint_from_sockaddr((const struct sockaddr *)&storage);
		assert_true(endpoint_equal(&endpoint, &back));
	}
	assert_int_equal(endpoint_to_sockaddr(&none, &storage), 0);
	storage.ss_family = AF_UNIX;
	none = endpoint_from_sockaddr((const struct sockaddr *)&storage);
	assert_int_equal(none.addr.family, ADDR_NONE);
	assert_int_equal(none.port, 0);
}

static void the_kernel_gets_network_order(void **state)
{
	struct endpoint endpoint = { addr_of("192.0.2.1"), 0x1234 };
	struct sockaddr_storage storage;
	struct sockaddr_in ipv4;

	(void)state;
	(void)endpoint_to_sockaddr(&endpoint, &storage);
	memcpy(&ipv4, &storage, sizeof(ipv4));
	assert_memory_equal(&ipv4.sin_port, "\x12\x34", 2);
	assert_memory_equal(&ipv4.sin_addr, "\xc0\x00\x02\x01", 4);
}

static void an_ipv4_mapped_sockaddr_is_the_ipv4_endpoint(void **state)
{
	struct endpoint endpoint = { addr_of("::ffff:192.0.2.1"), 53 };
	struct endpoint ipv4 = { addr_of("192.0.2.1"), 53 };
	struct sockaddr_storage storage;
	struct endpoint back;

	(void)state;
	(void)endpoint_to_sockaddr(&endpoint, &storage);
	back = endpoint_from_sockaddr((const struct sockaddr *)&storage);
	assert_true(endpoint_equal(&back, &ipv4));
}

static void only_link_local_addresses_keep_the_kernels_zone(void **state)
{
	struct endpoint endpoint = { addr_of("2001:db8::1"), 53 };
	struct sockaddr_storage storage;

	(void)state;
	endpoint.addr.zone = 3;
	(void)endpoint_to_sockaddr(&endpoint, &storage);
	endpoint = endpoint_from_sockaddr((const struct sockaddr *)&storage);
	assert_int_equal(endpoint.addr.zone, 0);
}

/* ADR-2.2-a: host bits are a fault of their own, as are lengths that cannot be. */
static void networks_are_read_or_the_fault_is_named(void **state)
{
	static const struct row {
		const char *text;
		enum network_fault fault;
		const char *formatted;
	} rows[] = {
		{ "10.0.0.0/8", NETWORK_OK, "10.0.0.0/8" },
		{ "100.64.0.0/10", NETWORK_OK, "100.64.0.0/10" },
		{ "0.0.0.0/0", NETWORK_OK, "0.0.0.0/0" },
		{ "192.0.2.1", NETWORK_OK, "192.0.2.1/32" },
		{ "192.0.2.1/32", NETWORK_OK, "192.0.2.1/32" },
		{ "::/0", NETWORK_OK, "::/0" },
		{ "64:ff9b::/96", NETWORK_OK, "64:ff9b::/96" },
		{ "64:ff9b::0.0.0.0/96", NETWORK_OK, "64:ff9b::/96" },
		{ "fe80::/10", NETWORK_OK, "fe80::/10" },
		{ "2001:db8::1", NETWORK_OK, "2001:db8::1/128" },
		{ "10.0.0.0/33", NETWORK_BAD_LENGTH, NULL },
		{ "2001:db8::/129", NETWORK_BAD_LENGTH, NULL },
		{ "2001:db8::/256", NETWORK_BAD_LENGTH, NULL },
		{ "2001:db8::/4294967392", NETWORK_BAD_LENGTH, NULL },
		{ "2001:db8::1/96", NETWORK_HOST_BITS, NULL },
		{ "10.128.0.0/8", NETWORK_HOST_BITS, NULL },
		{ "100.96.0.0/10", NETWORK_HOST_BITS, NULL },
		{ "0.0.0.1/0", NETWORK_HOST_BITS, NULL },
		{ "192.0.2.1/31", NETWORK_HOST_BITS, NULL },
		{ "", NETWORK_BAD_TEXT, NULL },
		{ "/8", NETWORK_BAD_TEXT, NULL },
		{ "10/8", NETWORK_BAD_TEXT, NULL },
		{ "10.0.0.0/", NETWORK_BAD_TEXT, NULL },
		{ "10.0.0.0/-8", NETWORK_BAD_TEXT, NULL },
		{ "10.0.0.0/8/8", NETWORK_BAD_TEXT, NULL },
		{ "10.0.0.0/255.0.0.0", NETWORK_BAD_TEXT, NULL },
		{ "fe80::1%1", NETWORK_BAD_TEXT, NULL },
		{ "example", NETWORK_BAD_TEXT, NULL },
	};
	char text[NETWORK_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct network network = { .length = 77 };

		assert_int_equal(network_parse(rows[i].text, &network), rows[i].fault);
		if (rows[i].formatted)
			assert_string_equal(network_format(&network, text), rows[i].formatted);
		else
			assert_int_equal(network.length, 77);
	}
}

static void a_network_contains_what_shares_its_bits(void **state)
{
	static const struct row {
		const char *network, *addr;
		bool contains;
	} rows[] = {
		{ "10.0.0.0/8", "10.255.255.255", true },
		{ "10.0.0.0/8", "11.0.0.0", false },
		{ "100.64.0.0/10", "100.127.255.255", true },
		{ "100.64.0.0/10", "100.128.0.0", false },
		{ "100.64.0.0/10", "100.63.255.255", false },
		{ "192.0.2.1/32", "192.0.2.1", true },
		{ "192.0.2.1/32", "192.0.2.0", false },
		{ "192.0.2.0/31", "192.0.2.1", true },
		{ "0.0.0.0/0", "255.255.255.255", true },
		{ "0.0.0.0/0", "::", false },
		{ "::/0", "0.0.0.0", false },
		{ "::/0", "ffff::", true },
		{ "fe80::/10", "fe80::1%1", true },
		{ "fe80::/10", "fec0::", false },
		{ "64:ff9b::/96", "64:ff9b::192.0.2.1", true },
		{ "64:ff9b::/96", "64:ff9b::1:0:0", false },
		{ "::1", "::1", true },
		{ "::1", "::", false },
	};
	struct network none = { 0 };
	struct addr nothing = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct network network = network_of(rows[i].network);
		struct addr addr = addr_of(rows[i].addr);

		assert_int_equal(network_contains(&network, &addr), rows[i].contains);
	}
	assert_false(network_contains(&none, &nothing));
}

static void the_network_around_an_address_has_no_host_bits(void **state)
{
	static const struct row {
		const char *addr;
		uint8_t length;
		const char *network;
	} rows[] = {
		{ "192.0.2.255", 24, "192.0.2.0/24" },
		{ "192.0.2.255", 25, "192.0.2.128/25" },
		{ "192.0.2.255", 32, "192.0.2.255/32" },
		{ "192.0.2.255", 0, "0.0.0.0/0" },
		{ "2001:db8:ffff:ffff::1", 56, "2001:db8:ffff:ff00::/56" },
		{ "2001:db8::ffff", 127, "2001:db8::fffe/127" },
		{ "fe80::1%1", 128, "fe80::1/128" },
		{ "ffff::", 0, "::/0" },
	};
	char text[NETWORK_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr addr = addr_of(rows[i].addr);
		struct network network = network_around(&addr, rows[i].length);

		assert_string_equal(network_format(&network, text), rows[i].network);
		assert_true(network_contains(&network, &addr));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_written_as_rfc_5952_says),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(a_zone_is_a_name_or_a_number_of_an_interface),
		cmocka_unit_test(addresses_know_their_size_and_kind),
		cmocka_unit_test(addresses_of_two_families_are_never_equal),
		cmocka_unit_test(endpoints_are_read_with_and_without_port),
		cmocka_unit_test(endpoints_differ_by_address_and_port),
		cmocka_unit_test(endpoints_go_to_the_kernel_and_back),
		cmocka_unit_test(the_kernel_gets_network_order),
		cmocka_unit_test(an_ipv4_mapped_sockaddr_is_the_ipv4_endpoint),
		cmocka_unit_test(only_link_local_addresses_keep_the_kernels_zone),
		cmocka_unit_test(networks_are_read_or_the_fault_is_named),
		cmocka_unit_test(a_network_contains_what_shares_its_bits),
		cmocka_unit_test(the_network_around_an_address_has_no_host_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
