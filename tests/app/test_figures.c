/* Numbers as people read them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "sixward/app/figures.h"

struct row {
	double number;
	const char *text;
};

static void expect(
	char *(*figures)(double, char[FIGURES_MAX]), const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char text[FIGURES_MAX];

		assert_string_equal(figures(rows[i].number, text), rows[i].text);
	}
}

static void rates(void **state)
{
	static const struct row rows[] = { { NAN, "-" }, { 0, "0" }, { 0.1, "0.10" },
		{ 9.994, "9.99" }, { 9.996, "10.0" }, { 38.44, "38.4" }, { 99.96, "100" },
		{ 123456.7, "123457" } };

	(void)state;
	expect(figures_rate, rows, sizeof(rows) / sizeof(rows[0]));
}

static void counts(void **state)
{
	static const struct row rows[] = { { NAN, "-" }, { 0, "0" }, { 999999, "999999" },
		{ 9482210, "9.48 M" }, { 999600000, "1 G" }, { 98.7e12, "98.7 T" },
		{ 1e18, "1 E" } };

	(void)state;
	expect(figures_count, rows, sizeof(rows) / sizeof(rows[0]));
}

static void octets(void **state)
{
	static const struct row rows[] = { { NAN, "-" }, { 0, "0 B" }, { 1023, "1023 B" },
		{ 1024, "1.0 KiB" }, { 64 * 1048576.0, "64.0 MiB" }, { 200 * 1048576.0, "200 MiB" },
		{ 1e18, "888 PiB" } };

	(void)state;
	expect(figures_octets, rows, sizeof(rows) / sizeof(rows[0]));
}

static void spans(void **state)
{
	static const struct row rows[] = { { NAN, "-" }, { 0, "0 s" }, { 59.9, "59 s" },
		{ 60, "1 min" }, { 3599, "59 min" }, { 3720, "1 h 2 min" }, { 36000, "10 h" },
		{ 86399, "23 h" }, { 279120, "3 d 5 h" }, { 98765432, "1143 d" } };

	(void)state;
	expect(figures_span, rows, sizeof(rows) / sizeof(rows[0]));
}

static void milliseconds(void **state)
{
	static const struct row rows[] = { { NAN, "-" }, { 0, "0.0 ms" }, { 8.14, "8.1 ms" },
		{ 9.96, "10 ms" }, { 999.4, "999 ms" }, { 999.6, "1.0 s" } };

	(void)state;
	expect(figures_ms, rows, sizeof(rows) / sizeof(rows[0]));
}

static void shares(void **state)
{
	static const struct row rows[] = { { NAN, "-" }, { 0, "0 %" }, { 0.0004, "< 0.1 %" },
		{ 0.013, "1.3 %" }, { 0.0996, "10 %" }, { 0.61, "61 %" }, { 1, "100 %" } };

	(void)state;
	expect(figures_share, rows, sizeof(rows) / sizeof(rows[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates),
		cmocka_unit_test(counts),
		cmocka_unit_test(octets),
		cmocka_unit_test(spans),
		cmocka_unit_test(milliseconds),
		cmocka_unit_test(shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
