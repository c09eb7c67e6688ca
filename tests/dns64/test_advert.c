/* RFC 8781: PREF64 options, octet for octet, and what of an advertisement is ignored. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sixward/dns64/advert.h"

enum { MESSAGE_MAX = 2048 };

/* RFC 4861 4.2: type, code, checksum, hop limit, flags, router lifetime, two timers. */
#define HEADER 0x86, 0x00, 0x12, 0x34, 0x40, 0x00, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0

/* A message that is made option by option. */
struct message {
	uint8_t octets[MESSAGE_MAX];
	size_t size;
};

static void add(struct message *message, const void *octets, size_t size)
{
	assert_true(size <= sizeof(message->octets) - message->size);
	memcpy(message->octets + message->size, octets, size);
	message->size += size;
}

static struct message begin(void)
{
	static const uint8_t header[] = { HEADER };
	struct message message = { .size = 0 };

	add(&message, header, sizeof(header));
	return message;
}

/* The 16 octets of a PREF64 option, the first of the prefix's and the last of them. */
static void add_pref64(struct message *message, uint16_t scaled, const char *prefix)
{
	uint8_t option[16] = { 38, 2, (uint8_t)(scaled >> 8), (uint8_t)scaled };
	struct addr addr;

	assert_true(addr_parse(prefix, &addr));
	memcpy(option + 4, addr.octets, 12);
	add(message, option, sizeof(option));
}

/* From a copy of just that size, so that a read past its end is seen. */
static bool decode(const uint8_t *octets, size_t size,
	struct advert_prefix out[POLICY_PREFIXES_MAX], size_t *count)
{
	uint8_t *copy = malloc(size ? size : 1);
	bool is_good;

	assert_non_null(copy);
	memcpy(copy, octets, size);
	is_good = advert_decode(copy, size, out, count);
	free(copy);
	return is_good;
}

static void assert_prefix(const struct advert_prefix *found, const char *text, uint32_t lifetime_s)
{
	static const uint8_t zero[16];
	char again[NETWORK_TEXT_MAX];

	assert_string_equal(network_format(&found->prefix.network, again), text);
	assert_memory_equal(found->prefix.suffix, zero, sizeof(zero));
	assert_int_equal(found->lifetime_s, lifetime_s);
}

/* R8781-4-a: each length code, and the ends of the lifetime, computed by hand from the figure. */
static void reads_every_prefix_length(void **state)
{
	static const struct row {
		uint8_t option[16];
		const char *prefix;
		uint32_t lifetime_s;
	} rows[] = {
		/* 225 * 8 = 1800 = 0x0708, code 0 */
		{ { 38, 2, 0x07, 0x08, 0x00, 0x64, 0xff, 0x9b }, "64:ff9b::/96", 1800 },
		/* 75 * 8 = 600 = 0x0258, code 1 */
		{ { 38, 2, 0x02, 0x59, 0x20, 0x01, 0x0d, 0xb8, 0x01, 0x22, 0x03, 0x44 },
			"2001:db8:122:344::/64", 600 },
		/* 1 * 8, code 2 */
		{ { 38, 2, 0x00, 0x0a, 0x20, 0x01, 0x0d, 0xb8, 0x01, 0x22, 0x03, 0x00 },
			"2001:db8:122:300::/56", 8 },
		/* 8191 * 8 = 65528 = 0xfff8, code 3 */
		{ { 38, 2, 0xff, 0xfb, 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, "64:ff9b:1::/48",
			65528 },
		/* 0, code 4 */
		{ { 38, 2, 0x00, 0x04, 0x20, 0x01, 0x0d, 0xb8, 0x01 }, "2001:db8:100::/40", 0 },
		/* 4096 * 8 = 32768 = 0x8000, code 5 */
		{ { 38, 2, 0x80, 0x05, 0x20, 0x01, 0x0d, 0xb8 }, "2001:db8::/32", 32768 },
		/* bits behind the length count for nothing: u of a /64, all of a /32 */
		{ { 38, 2, 0x07, 0x09, 0x20, 0x01, 0x0d, 0xb8, 0x01, 0x22, 0x03, 0x44, 0xff, 0xff,
			  0xff, 0xff },
			"2001:db8:122:344::/64", 1800 },
		{ { 38, 2, 0x07, 0x0d, 0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
			  0xff, 0xff },
			"2001:db8::/32", 1800 },
		/* the last octets of 96 bits */
		{ { 38, 2, 0x07, 0x08, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x01, 0x00, 0x02, 0x00, 0xa1,
			  0xb2, 0xc3 },
			"2001:db8:1:2:a1:b2c3::/96", 1800 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct advert_prefix out[POLICY_PREFIXES_MAX];
		struct message message = begin();
		size_t count;

		add(&message, rows[i].option, sizeof(rows[i].option));
		assert_true(decode(message.octets, message.size, out, &count));
		assert_int_equal(count, 1);
		assert_prefix(&out[0], rows[i].prefix, rows[i].lifetime_s);
	}
}

/* R8781-4-a, and what no NAT64 can have. The option that follows is read all the same. */
static void ignores_options_that_it_does_not_understand(void **state)
{
	static const struct row {
		const char *why;
		uint8_t octets[24];
		size_t size;
	} rows[] = {
		{ "code 6", { 38, 2, 0x07, 0x0e, 0x20, 0x01, 0x0d, 0xb8 }, 16 },
		{ "code 7", { 38, 2, 0x07, 0x0f, 0x20, 0x01, 0x0d, 0xb8 }, 16 },
		{ "length 1", { 38, 1, 0x07, 0x08, 0x20, 0x01, 0x0d, 0xb8 }, 8 },
		{ "length 3", { 38, 3, 0x07, 0x08, 0x20, 0x01, 0x0d, 0xb8 }, 24 },
		{ "a prefix option", { 3, 2, 0x07, 0x08, 0x20, 0x01, 0x0d, 0xb8 }, 16 },
		{ "an MTU", { 5, 1, 0, 0, 0, 0, 0x05, 0xdc }, 8 },
		{ "u in 96 bits",
			{ 38, 2, 0x07, 0x08, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0x01, 0, 0, 0 },
			16 },
		{ "64:ff9b::/64", { 38, 2, 0x07, 0x09, 0x00, 0x64, 0xff, 0x9b }, 16 },
		{ "64:ff9b::/32", { 38, 2, 0x07, 0x0d, 0x00, 0x64, 0xff, 0x9b }, 16 },
		{ "link-local", { 38, 2, 0x07, 0x08, 0xfe, 0x80 }, 16 },
		{ "multicast", { 38, 2, 0x07, 0x08, 0xff, 0x02 }, 16 },
		{ "no prefix", { 38, 2, 0x07, 0x08 }, 16 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct advert_prefix out[POLICY_PREFIXES_MAX];
		struct message message = begin();
		size_t count = 99;

		add(&message, rows[i].octets, rows[i].size);
		assert_true(decode(message.octets, message.size, out, &count));
		if (count != 0)
			fail_msg("%s", rows[i].why);
		add_pref64(&message, 1800, "2001:db8:64::");
		assert_true(decode(message.octets, message.size, out, &count));
		assert_int_equal(count, 1);
		assert_prefix(&out[0], "2001:db8:64::/96", 1800);
	}
}

/* RFC 4861 6.1.2: such a message is ignored as a whole, the good option before it too. */
static void refuses_what_is_malformed(void **state)
{
	static const struct row {
		const char *why;
		uint8_t octets[40];
		size_t size;
	} rows[] = {
		{ "nothing", { 0 }, 0 },
		{ "a type alone", { 0x86 }, 1 },
		{ "15 octets", { HEADER }, 15 },
		{ "a solicitation", { 133, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 16 },
		{ "a code", { 134, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 16 },
		{ "half an option", { HEADER, 38 }, 17 },
		{ "an option without end", { HEADER, 5, 0, 0, 0, 0, 0, 0, 0 }, 24 },
		{ "a cut option", { HEADER, 38, 2, 0x07, 0x08, 0x20, 0x01, 0x0d, 0xb8 }, 31 },
		{ "a length past the end", { HEADER, 1, 255 }, 24 },
		{ "no length behind a good option",
			{ HEADER, 38, 2, 0x07, 0x08, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0,
				1, 0, 0, 0, 0, 0, 0, 0 },
			40 },
	};
	static const uint8_t bare[] = { HEADER };
	struct advert_prefix out[POLICY_PREFIXES_MAX];
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		count = 99;
		if (decode(rows[i].octets, rows[i].size, out, &count) || count != 0)
			fail_msg("%s", rows[i].why);
	}
	assert_true(decode(bare, sizeof(bare), out, &count));
	assert_int_equal(count, 0);
}

static void of_one_prefix_the_last_word_holds(void **state)
{
	struct advert_prefix out[POLICY_PREFIXES_MAX];
	struct message message = begin();
	size_t count;

	(void)state;
	add_pref64(&message, 1800, "2001:db8:a::");
	add_pref64(&message, 600, "2001:db8:b::");
	add_pref64(&message, 0, "2001:db8:a::");
	assert_true(decode(message.octets, message.size, out, &count));
	assert_int_equal(count, 2);
	assert_prefix(&out[0], "2001:db8:a::/96", 0);
	assert_prefix(&out[1], "2001:db8:b::/96", 600);
}

static void more_than_fit_are_ignored(void **state)
{
	struct advert_prefix out[POLICY_PREFIXES_MAX];
	struct message message = begin();
	size_t count;

	(void)state;
	for (unsigned i = 0; i < POLICY_PREFIXES_MAX + 3; i++) {
		uint8_t option[16] = { 38, 2, 0x07, 0x08, 0x20, 0x01, 0x0d, 0xb8, 0, (uint8_t)i };

		add(&message, option, sizeof(option));
	}
	add_pref64(&message, 16, "2001:db8:2::"); /* one that is there already */
	assert_true(decode(message.octets, message.size, out, &count));
	assert_int_equal(count, POLICY_PREFIXES_MAX);
	assert_prefix(&out[2], "2001:db8:2::/96", 16);
	assert_prefix(&out[15], "2001:db8:f::/96", 1800);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_prefix_length),
		cmocka_unit_test(ignores_options_that_it_does_not_understand),
		cmocka_unit_test(refuses_what_is_malformed),
		cmocka_unit_test(of_one_prefix_the_last_word_holds),
		cmocka_unit_test(more_than_fit_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
