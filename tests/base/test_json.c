#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "sixward/base/json.h"

/* What a test has written; assert_told frees it. */
static char *text;
static size_t size;

static struct json start(void)
{
	return json_over(open_memstream(&text, &size));
}

static void assert_told(const struct json *json, const char *wanted)
{
	(void)fclose(json->out);
	assert_string_equal(text, wanted);
	free(text);
}

static void a_value_stands_alone(void **state)
{
	struct json json = start();

	(void)state;
	json_number(&json, NULL, INT64_MIN);
	assert_told(&json, "-9223372036854775808\n");
}

static void what_is_empty_takes_no_lines(void **state)
{
	struct json json = start();

	(void)state;
	json_open_object(&json, NULL);
	json_open_list(&json, "none");
	json_close(&json);
	json_close(&json);
	assert_told(&json, "{\n  \"none\": []\n}\n");
}

static void values_of_every_kind_are_told_apart_by_commas(void **state)
{
	struct json json = start();

	(void)state;
	json_open_list(&json, NULL);
	json_open_object(&json, NULL);
	json_text(&json, "text", "x");
	json_text(&json, "no text", NULL);
	json_close(&json);
	json_open_object(&json, NULL);
	json_switch(&json, "on", true);
	json_null(&json, "null");
	json_close(&json);
	json_switch(&json, NULL, false);
	json_number(&json, NULL, 7);
	json_close(&json);
	assert_told(&json, "[\n"
			   "  {\n    \"text\": \"x\",\n    \"no text\": null\n  },\n"
			   "  {\n    \"on\": true,\n    \"null\": null\n  },\n"
			   "  false,\n"
			   "  7\n"
			   "]\n");
}

static void decimals_and_rows_of_numbers_stand_in_one_line(void **state)
{
	static const uint64_t numbers[] = { 1, 0, UINT64_MAX };
	struct json json = start();

	(void)state;
	json_open_list(&json, NULL);
	json_decimal(&json, NULL, 12345);
	json_decimal(&json, NULL, 7);
	json_decimal(&json, NULL, -1050);
	json_decimal(&json, NULL, INT64_MIN);
	json_numbers(&json, NULL, numbers, 3);
	json_numbers(&json, NULL, numbers, 0);
	json_close(&json);
	assert_told(&json, "[\n  12.345,\n  0.007,\n  -1.050,\n  -9223372036854775.808,\n"
			   "  [1, 0, 18446744073709551615],\n  []\n]\n");
}

/* RFC 8259 7 and 8.1. */
static void no_text_breaks_out_of_its_quotes(void **state)
{
	static const struct row {
		const char *text, *wanted;
	} rows[] = {
		{ "", "\"\"\n" }, { "\"\\\n\r\t", "\"\\\"\\\\\\n\\r\\t\"\n" },
		{ "\x01\x7f", "\"\\u0001\\u007f\"\n" },
		{ "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
			"\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\"\n" },
		{ "\xc3", "\"\\u00c3\"\n" },                       /* cut off */
		{ "\xed\xa0\x80", "\"\\u00ed\\u00a0\\u0080\"\n" }, /* a surrogate */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json json = start();

		json_text(&json, NULL, rows[i].text);
		assert_told(&json, rows[i].wanted);
	}
}

static void keys_are_escaped_too(void **state)
{
	struct json json = start();

	(void)state;
	json_open_object(&json, NULL);
	json_number(&json, "a\"b", 1);
	json_close(&json);
	assert_told(&json, "{\n  \"a\\\"b\": 1\n}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_stands_alone),
		cmocka_unit_test(what_is_empty_takes_no_lines),
		cmocka_unit_test(values_of_every_kind_are_told_apart_by_commas),
		cmocka_unit_test(decimals_and_rows_of_numbers_stand_in_one_line),
		cmocka_unit_test(no_text_breaks_out_of_its_quotes),
		cmocka_unit_test(keys_are_escaped_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
