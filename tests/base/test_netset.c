#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sixward/base/netset.h"

static void add(struct netset *set, const char *text)
{
	assert_int_equal(netset_add_text(set, text), NETWORK_OK);
}

static struct addr addr_of(const char *text)
{
	struct addr addr;

	assert_true(addr_parse(text, &addr));
	return addr;
}

static void the_longest_entry_is_found_with_its_place(void **state)
{
	static const char *const texts[] = { "10.0.0.0/8", "any", "10.1.0.0/16", "10.1.2.3",
		"2001:db8::/32", "10.1.0.0/16", "2001:db8::/48" };
	/* "any" is two networks, so what follows it counts one more. */
	static const struct row {
		const char *addr;
		size_t place;
	} rows[] = {
		{ "10.2.0.1", 0 },
		{ "192.0.2.1", 1 },
		{ "2001:db9::1", 2 },
		{ "10.1.9.9", 3 }, /* and not 6, its equal */
		{ "10.1.2.3", 4 },
		{ "2001:db8:1::1", 5 },
		{ "2001:db8::1", 7 },
	};
	struct netset set = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		add(&set, texts[i]);
	assert_int_equal(set.count, 8);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr addr = addr_of(rows[i].addr);
		size_t place = 99;
		const struct network *network = netset_find(&set, &addr, &place);

		assert_non_null(network);
		assert_true(network_contains(network, &addr));
		assert_int_equal(place, rows[i].place);
		assert_ptr_equal(netset_find(&set, &addr, NULL), network);
	}
	netset_clear(&set);
}

static void words_stand_for_networks(void **state)
{
	static const struct row {
		const char *word, *addr;
		bool contains;
	} rows[] = {
		{ "loopback", "127.1.2.3", true },
		{ "loopback", "::1", true },
		{ "loopback", "::2", false },
		{ "loopback", "10.0.0.1", false },
		{ "link-local", "169.254.1.1", true },
		{ "link-local", "fe80::1%1", true },
		{ "link-local", "fec0::1", false },
		{ "private", "10.9.9.9", true },
		{ "private", "172.31.255.255", true },
		{ "private", "172.32.0.0", false },
		{ "private", "192.168.255.1", true },
		{ "private", "192.169.0.1", false },
		{ "private", "100.127.0.1", true },
		{ "private", "100.128.0.1", false },
		{ "private", "fdff::1", true },
		{ "private", "fe00::1", false },
		{ "private", "127.0.0.1", false },
		{ "any", "255.255.255.255", true },
		{ "any", "ffff::", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct netset set = { 0 };
		struct addr addr = addr_of(rows[i].addr);

		add(&set, rows[i].word);
		assert_int_equal(netset_contains(&set, &addr), rows[i].contains);
		netset_clear(&set);
	}
}

static void faults_are_named_and_add_nothing(void **state)
{
	struct netset set = { 0 };

	(void)state;
	assert_int_equal(netset_add_text(&set, "nowhere"), NETWORK_BAD_TEXT);
	assert_int_equal(netset_add_text(&set, "Any"), NETWORK_BAD_TEXT);
	assert_int_equal(netset_add_text(&set, ""), NETWORK_BAD_TEXT);
	assert_int_equal(netset_add_text(&set, "10.0.0.0/99"), NETWORK_BAD_LENGTH);
	assert_int_equal(netset_add_text(&set, "10.0.0.1/8"), NETWORK_HOST_BITS);
	assert_int_equal(set.count, 0);
}

static void an_empty_set_holds_nothing(void **state)
{
	struct netset set = { 0 };
	struct addr addr = addr_of("::1"), none = { 0 };
	size_t place = 99;

	(void)state;
	assert_null(netset_find(&set, &addr, &place));
	assert_int_equal(place, 99);
	netset_clear(&set);
	add(&set, "any");
	assert_false(netset_contains(&set, &none));
	netset_clear(&set);
	assert_false(netset_contains(&set, &addr));
	netset_clear(&set);
}

static void a_copy_finds_what_the_set_finds(void **state)
{
	struct netset set = { 0 };
	struct netset copy;
	struct addr addr;
	size_t place;

	(void)state;
	assert_int_equal(netset_add_text(&set, "10.0.0.0/8"), NETWORK_OK);
	assert_int_equal(netset_add_text(&set, "10.1.0.0/16"), NETWORK_OK);
	assert_int_equal(netset_add_text(&set, "192.0.2.1"), NETWORK_OK);
	copy = netset_copy(&set);
	netset_clear(&set);
	assert_true(addr_parse("10.1.2.3", &addr));
	assert_int_equal(netset_find(&copy, &addr, &place)->length, 16);
	assert_int_equal(place, 1);
	assert_true(addr_parse("192.0.2.2", &addr));
	assert_false(netset_contains(&copy, &addr));
	assert_true(addr_parse("172.16.0.1", &addr));
	for (size_t i = 0; i < 20; i++)
		netset_add(&copy, &(struct network){ .addr = addr, .length = 32 });
	assert_true(netset_contains(&copy, &addr));
	netset_clear(&copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_entry_is_found_with_its_place),
		cmocka_unit_test(words_stand_for_networks),
		cmocka_unit_test(faults_are_named_and_add_nothing),
		cmocka_unit_test(an_empty_set_holds_nothing),
		cmocka_unit_test(a_copy_finds_what_the_set_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
