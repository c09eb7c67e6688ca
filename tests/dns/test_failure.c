#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sixward/dns/failure.h"

enum { ROUNDS = 20000 };

#define SIXTY "123456789012345678901234567890123456789012345678901234567890"

/* A fixed sequence that looks random (xorshift). */
static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* LIM-30 */
static void keeps_three_errors_and_no_code_twice(void **state)
{
	struct ede_list list = { 0 };

	(void)state;
	ede_add(&list, EDE_STALE, "first");
	ede_add(&list, EDE_STALE, "again");
	ede_add_octets(&list, EDE_STALE, "", (const uint8_t *)"again", 5);
	assert_int_equal(list.count, 1);
	ede_add(&list, EDE_OTHER, NULL);
	ede_add_octets(&list, 65535, "upstream: ", NULL, 0);
	assert_int_equal(list.count, 3);
	ede_add(&list, EDE_FORGED, "full");
	ede_add_octets(&list, EDE_FORGED, "", (const uint8_t *)"full", 4);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.items[0].code, 3);
	assert_string_equal(list.items[0].text, "first");
	assert_int_equal(list.items[1].code, 0);
	assert_string_equal(list.items[1].text, "");
	assert_int_equal(list.items[2].code, 65535);
	assert_string_equal(list.items[2].text, "upstream: ");
}

/* LIM-30, R8914-3-a */
static void cuts_text_between_characters(void **state)
{
	static const struct {
		const char *text;
		const char *kept;
	} rows[] = {
		{ "DNS64", "DNS64" },
		{ SIXTY "1234", SIXTY "1234" },
		{ SIXTY "12345", SIXTY "1234" },
		{ SIXTY "12\303\244", SIXTY "12\303\244" },
		{ SIXTY "123\303\244", SIXTY "123" },
		{ SIXTY "1\342\202\254", SIXTY "1\342\202\254" },
		{ SIXTY "12\342\202\254", SIXTY "12" },
		{ SIXTY "123\342\202\254", SIXTY "123" },
		{ SIXTY "\360\237\230\200", SIXTY "\360\237\230\200" },
		{ SIXTY "1\360\237\230\200", SIXTY "1" },
		{ SIXTY "1234\303\244", SIXTY "1234" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ede_list given = { 0 };
		struct ede_list received = { 0 };

		ede_add(&given, 1, rows[i].text);
		assert_string_equal(given.items[0].text, rows[i].kept);
		ede_add_octets(&received, 1, "", (const uint8_t *)rows[i].text,
			(uint16_t)strlen(rows[i].text));
		assert_string_equal(received.items[0].text, rows[i].kept);
	}
}

/* R8914-2-a, R8914-3-c */
static void received_text_becomes_printable_utf8(void **state)
{
	static const struct {
		const char *octets;
		uint16_t size;
		const char *text;
	} rows[] = {
		{ "x", 1, "x" },
		{ "", 0, "" },
		{ "x\0", 2, "x" },
		{ "x\0\0", 3, "x" },
		{ "\0\0", 2, "" },
		{ "x\0y", 3, "x?y" },
		{ "xy", 1, "x" },
		{ "\tx\n\177", 4, "?x??" },
		{ "\033[2J", 4, "?[2J" },
		{ "\302\237", 2, "??" }, /* U+009F controls */
		{ "\302\240", 2, "\302\240" },
		{ "\337\277", 2, "\337\277" },
		{ "\303", 1, "?" },
		{ "\303x", 2, "?x" },
		{ "\244", 1, "?" },
		{ "\300\257", 2, "??" }, /* overlong */
		{ "\301\277", 2, "??" },
		{ "\340\237\277", 3, "???" },
		{ "\340\240\200", 3, "\340\240\200" },
		{ "\355\237\277", 3, "\355\237\277" },
		{ "\355\240\200", 3, "???" }, /* a surrogate */
		{ "\356\200\200", 3, "\356\200\200" },
		{ "\342\202", 2, "??" },
		{ "\342\202x", 3, "??x" },
		{ "\360\217\277\277", 4, "????" },
		{ "\360\220\200\200", 4, "\360\220\200\200" },
		{ "\364\217\277\277", 4, "\364\217\277\277" },
		{ "\364\220\200\200", 4, "????" }, /* beyond U+10FFFF */
		{ "\365\200\200\200", 4, "????" },
		{ "\360\220\200x", 4, "???x" },
		{ "\377\376", 2, "??" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ede_list list = { 0 };
		char wanted[EDE_TEXT_MAX + 1] = "upstream: ";

		memcpy(wanted + 10, rows[i].text, strlen(rows[i].text) + 1);
		ede_add_octets(
			&list, 15, "upstream: ", (const uint8_t *)rows[i].octets, rows[i].size);
		if (strcmp(list.items[0].text, wanted) != 0)
			fail_msg("row %zu: %s", i, list.items[0].text);
	}
}

static void prefix_that_does_not_fit_leaves_the_text_empty(void **state)
{
	struct ede_list list = { 0 };

	(void)state;
	ede_add_octets(&list, 1, SIXTY "12345", (const uint8_t *)"x", 1);
	assert_string_equal(list.items[0].text, "");
	ede_add_octets(&list, 2, SIXTY "123", (const uint8_t *)"xy", 2);
	assert_string_equal(list.items[1].text, SIXTY "123x");
}

/* Cleaning what is clean changes nothing: so no octets give anything but clean text. */
static void cleaning_any_octets_gives_text_that_stays_as_it_is(void **state)
{
	uint32_t seed = 0xede;

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint8_t octets[100];
		uint16_t size = (uint16_t)(next(&seed) % sizeof(octets));
		struct ede_list once = { 0 };
		struct ede_list twice = { 0 };
		struct ede_list plain = { 0 };
		const char *text = once.items[0].text;

		for (size_t i = 0; i < size; i++)
			octets[i] = (uint8_t)(next(&seed) % 3 ? 0x80 | next(&seed) : next(&seed));
		ede_add_octets(&once, 1, "", octets, size);
		assert_in_range(strlen(text), 0, EDE_TEXT_MAX);
		for (const char *t = text; *t; t++)
			assert_true((uint8_t)*t >= ' ' && *t != 0x7f);
		ede_add_octets(&twice, 1, "", (const uint8_t *)text, (uint16_t)strlen(text));
		assert_string_equal(twice.items[0].text, text);
		ede_add(&plain, 1, text);
		assert_string_equal(plain.items[0].text, text);
	}
}

/* D64-5.5-nvb */
static void dnssec_errors_are_those_of_failed_validation(void **state)
{
	static const uint16_t codes[] = { 5, 6, 7, 8, 9, 10, 11, 12, 25, 27 };

	(void)state;
	for (unsigned int code = 0; code < 65536; code++) {
		bool wanted = false;

		for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
			wanted = wanted || codes[i] == code;
		assert_int_equal(ede_is_dnssec((uint16_t)code), wanted);
	}
}

/* D64-5.5-nvb */
static void failure_with_one_dnssec_error_is_final(void **state)
{
	struct failure failure = { .cause = FAILURE_RCODE, .rcode = 2 };

	(void)state;
	assert_false(failure_is_dnssec(&failure));
	ede_add(&failure.edes, EDE_NETWORK_ERROR, NULL);
	assert_false(failure_is_dnssec(&failure));
	ede_add(&failure.edes, 6, "upstream: bogus");
	assert_true(failure_is_dnssec(&failure));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_three_errors_and_no_code_twice),
		cmocka_unit_test(cuts_text_between_characters),
		cmocka_unit_test(received_text_becomes_printable_utf8),
		cmocka_unit_test(prefix_that_does_not_fit_leaves_the_text_empty),
		cmocka_unit_test(cleaning_any_octets_gives_text_that_stays_as_it_is),
		cmocka_unit_test(dnssec_errors_are_those_of_failed_validation),
		cmocka_unit_test(failure_with_one_dnssec_error_is_final),
	};

	return cmocka_run_group_tests_name("failure", tests, NULL, NULL);
}
