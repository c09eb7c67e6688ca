#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sixward/base/text.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

enum { UNTOUCHED = 77 };

struct row {
	const char *text;
	bool good;
	uint64_t value;
};

typedef bool text_reader(const char *text, uint64_t *value);

static void check(text_reader *read, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value = UNTOUCHED;

		assert_int_equal(read(rows[i].text, &value), rows[i].good);
		assert_true(value == (rows[i].good ? rows[i].value : UNTOUCHED));
	}
}

static void numbers_are_decimal_digits(void **state)
{
	static const struct row rows[] = {
		{ "0", true, 0 },
		{ "42", true, 42 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "99999999999999999999999", false, 0 },
		{ "", false, 0 },
		{ "-1", false, 0 },
		{ "+1", false, 0 },
		{ " 1", false, 0 },
		{ "1 ", false, 0 },
		{ "1.5", false, 0 },
		{ "0x10", false, 0 },
		{ "1s", false, 0 },
	};

	(void)state;
	check(text_to_number, rows, COUNT(rows));
}

static void durations_have_a_unit(void **state)
{
	static const struct row rows[] = {
		{ "500ms", true, 500 },
		{ "5s", true, 5000 },
		{ "10m", true, 600000 },
		{ "1h", true, 3600000 },
		{ "1d", true, 86400000 },
		{ "0", true, 0 },
		{ "0s", true, 0 },
		{ "18446744073709551615ms", true, UINT64_MAX },
		{ "18446744073709551s", true, 18446744073709551000U },
		{ "18446744073709552s", false, 0 },
		{ "213503982335d", false, 0 },
		{ "5", false, 0 },
		{ "", false, 0 },
		{ "s", false, 0 },
		{ "5 s", false, 0 },
		{ "5S", false, 0 },
		{ "5sec", false, 0 },
		{ "1h30m", false, 0 },
		{ "-5s", false, 0 },
		{ "1.5s", false, 0 },
		{ "64KiB", false, 0 },
	};

	(void)state;
	check(text_to_duration, rows, COUNT(rows));
}

static void sizes_have_a_unit(void **state)
{
	static const struct row rows[] = {
		{ "512B", true, 512 },
		{ "64KiB", true, 65536 },
		{ "64MiB", true, 67108864 },
		{ "1GiB", true, 1073741824 },
		{ "0", true, 0 },
		{ "17179869183GiB", true, 17179869183U * ((uint64_t)1 << 30) },
		{ "17179869184GiB", false, 0 },
		{ "64", false, 0 },
		{ "64KB", false, 0 },
		{ "64K", false, 0 },
		{ "64kib", false, 0 },
		{ "KiB", false, 0 },
		{ "5s", false, 0 },
	};

	(void)state;
	check(text_to_size, rows, COUNT(rows));
}

static void durations_are_written_in_the_largest_unit_that_divides(void **state)
{
	static const struct written {
		uint64_t ms;
		const char *text;
	} rows[] = {
		{ 1, "1ms" },
		{ 999, "999ms" },
		{ 1000, "1s" },
		{ 1500, "1500ms" },
		{ 90000, "90s" },
		{ 120000, "2m" },
		{ 3600000, "1h" },
		{ 86400000, "1d" },
		{ 90000000, "25h" },
		{ UINT64_MAX, "18446744073709551615ms" },
	};
	char text[TEXT_NUMBER_MAX];
	uint64_t back;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_ptr_equal(text_from_duration(rows[i].ms, text), text);
		assert_string_equal(text, rows[i].text);
		assert_true(text_to_duration(text, &back));
		assert_true(back == rows[i].ms);
	}
	assert_true(text_to_duration(text_from_duration(0, text), &back));
	assert_true(back == 0);
}

static void sizes_are_written_in_the_largest_unit_that_divides(void **state)
{
	static const struct written {
		uint64_t octets;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 1, "1B" },
		{ 1000, "1000B" },
		{ 1024, "1KiB" },
		{ 1536, "1536B" },
		{ 67108864, "64MiB" },
		{ 1073741824, "1GiB" },
		{ 1610612736, "1536MiB" },
		{ UINT64_MAX, "18446744073709551615B" },
	};
	char text[TEXT_NUMBER_MAX];
	uint64_t back;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_ptr_equal(text_from_size(rows[i].octets, text), text);
		assert_string_equal(text, rows[i].text);
		assert_true(text_to_size(text, &back));
		assert_true(back == rows[i].octets);
	}
}

static void switches_are_true_or_false(void **state)
{
	static const char *const wrong[] = { "", "yes", "no", "True", "FALSE", "1", "true " };
	bool value = false;

	(void)state;
	assert_true(text_to_switch("true", &value));
	assert_true(value);
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(text_to_switch(wrong[i], &value));
	assert_true(value);
	assert_true(text_to_switch("false", &value));
	assert_false(value);
}

static void hex_digits_become_exactly_the_octets_asked_for(void **state)
{
	static const char *const wrong[] = { "", "00ffA", "00ffAa9", "00ffAag9", "00ffAa9g",
		"00ffAa9911", "0x00ffAa", "00 ffAa9" };
	uint8_t octets[4] = { 1, 2, 3, 4 };

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_false(text_to_octets(wrong[i], octets, 4));
		assert_memory_equal(octets, "\1\2\3\4", 4);
	}
	assert_true(text_to_octets("00ffAa9b", octets, 4));
	assert_memory_equal(octets, "\x00\xff\xaa\x9b", 4);
	assert_true(text_to_octets("", octets, 0));
}

static void the_nearest_word_is_found_and_no_far_one(void **state)
{
	static const char *const words[] = { "listen", "allow", "upstreams", "prefixes",
		"exclude-ipv4", "exclude-ipv6", "log", "", NULL };
	static const struct near {
		const char *word, *nearest;
	} rows[] = {
		{ "listen", "listen" },
		{ "lisen", "listen" },   /* delete */
		{ "listten", "listen" }, /* insert */
		{ "listan", "listen" },  /* replace */
		{ "litsen", "listen" },  /* swap */
		{ "litsne", "listen" },  /* two swaps: two edits of six */
		{ "iltsne", NULL },      /* three of six */
		{ "upstraems", "upstreams" },
		{ "upstreamservers", NULL }, /* more than three */
		{ "upstr", NULL },
		{ "upstre", NULL },
		{ "streams", "upstreams" },
		{ "pstreaxx", NULL },
		{ "exclude-ipv5", "exclude-ipv4" }, /* the first of equals */
		{ "exclude-ipv6", "exclude-ipv6" },
		{ "lag", "log" },
		{ "lg", NULL }, /* a third of two is none */
		{ "x", NULL },
		{ "gol", NULL },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aa",
			NULL },
	};
	static const char *const none[] = { NULL };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *nearest = text_nearest(rows[i].word, words);

		if (rows[i].nearest) {
			assert_non_null(nearest);
			assert_string_equal(nearest, rows[i].nearest);
		} else {
			assert_null(nearest);
		}
	}
	assert_null(text_nearest("listen", none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_decimal_digits),
		cmocka_unit_test(durations_have_a_unit),
		cmocka_unit_test(sizes_have_a_unit),
		cmocka_unit_test(durations_are_written_in_the_largest_unit_that_divides),
		cmocka_unit_test(sizes_are_written_in_the_largest_unit_that_divides),
		cmocka_unit_test(switches_are_true_or_false),
		cmocka_unit_test(hex_digits_become_exactly_the_octets_asked_for),
		cmocka_unit_test(the_nearest_word_is_found_and_no_far_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
