#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sixward/base/repeats.h"

static struct log_line line_of(int64_t number)
{
	struct log_line line;

	log_line_make(&line, LOG_FORMAT_TEXT, LOG_WARNING, "held",
		LOG_FIELDS(LOG_NUMBER("tries", number)));
	return line;
}

static bool holds(struct repeats *repeats, int64_t number, uint64_t now_ms)
{
	struct log_line line = line_of(number);

	return repeats_hold(repeats, &line, now_ms);
}

/* What is due, as text; "" = nothing. */
static const char *taken(struct repeats *repeats, uint64_t now_ms)
{
	static char text[LOG_LINE_SIZE + 1];
	struct log_line line;

	if (!repeats_take(repeats, now_ms, &line))
		return "";
	memcpy(text, line.octets, line.used);
	text[line.used] = '\0';
	return text;
}

static void the_first_of_a_line_are_written_and_the_rest_told_when_its_time_is_over(void **state)
{
	struct repeats repeats = { 0 };

	(void)state;
	assert_string_equal(taken(&repeats, 0), "");
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(holds(&repeats, 1, 100 + i), i >= REPEATS_WRITTEN);
	assert_int_equal(repeats_due_ms(&repeats), 100 + REPEATS_MS);
	assert_string_equal(taken(&repeats, 99 + REPEATS_MS), "");
	assert_string_equal(
		taken(&repeats, 100 + REPEATS_MS), "warning: held tries=1 repeated=997\n");
	assert_string_equal(taken(&repeats, 100 + REPEATS_MS), "");
	assert_int_equal(repeats_due_ms(&repeats), UINT64_MAX);
	/* A new time begins with the next. */
	assert_false(holds(&repeats, 1, 100 + REPEATS_MS));
	assert_string_equal(taken(&repeats, UINT64_MAX), "");
	repeats_clear(&repeats);
}

static void lines_are_counted_for_themselves(void **state)
{
	struct repeats repeats = { 0 };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(holds(&repeats, 1, 10), i >= REPEATS_WRITTEN);
		assert_int_equal(holds(&repeats, 2, 20), i >= REPEATS_WRITTEN);
	}
	assert_true(holds(&repeats, 2, 30));
	assert_string_equal(taken(&repeats, 10 + REPEATS_MS), "warning: held tries=1 repeated=1\n");
	assert_string_equal(taken(&repeats, 10 + REPEATS_MS), "");
	assert_int_equal(repeats_due_ms(&repeats), 20 + REPEATS_MS);
	assert_string_equal(taken(&repeats, UINT64_MAX), "warning: held tries=2 repeated=2\n");
	assert_string_equal(taken(&repeats, UINT64_MAX), "");
	repeats_clear(&repeats);
}

static void what_is_too_much_to_know_is_written(void **state)
{
	struct repeats repeats = { 0 };

	(void)state;
	for (int64_t i = 0; i < REPEATS_LINES; i++)
		assert_false(holds(&repeats, i, 0));
	for (unsigned i = 0; i < 100; i++)
		assert_false(holds(&repeats, -1, 1));
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(holds(&repeats, 63, 2), i + 1 >= REPEATS_WRITTEN);
	/* Those whose time is over make room. */
	assert_string_equal(taken(&repeats, REPEATS_MS), "warning: held tries=63 repeated=98\n");
	assert_string_equal(taken(&repeats, REPEATS_MS), "");
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(holds(&repeats, -1, REPEATS_MS), i >= REPEATS_WRITTEN);
	repeats_clear(&repeats);
	assert_string_equal(taken(&repeats, UINT64_MAX), "");
}

static void a_line_is_told_in_the_form_that_it_was_written_in(void **state)
{
	struct repeats repeats = { 0 };
	struct log_line line;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		log_line_make(&line, LOG_FORMAT_JSON, LOG_ERROR, "held", NULL);
		assert_int_equal(repeats_hold(&repeats, &line, 0), i >= REPEATS_WRITTEN);
	}
	assert_true(repeats_take(&repeats, UINT64_MAX, &line));
	line.octets[line.used] = '\0';
	assert_string_equal(line.octets + line.start,
		"\",\"level\":\"error\",\"message\":\"held\",\"repeated\":1}\n");
	repeats_clear(&repeats);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_first_of_a_line_are_written_and_the_rest_told_when_its_time_is_over),
		cmocka_unit_test(lines_are_counted_for_themselves),
		cmocka_unit_test(what_is_too_much_to_know_is_written),
		cmocka_unit_test(a_line_is_told_in_the_form_that_it_was_written_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
