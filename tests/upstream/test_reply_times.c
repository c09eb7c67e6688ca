/* Tests of reply times in steps. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sixward/upstream/reply_times.h"

static void a_step_holds_what_is_no_more_than_its_bound(void **state)
{
	const struct {
		uint64_t ms;
		size_t step;
	} rows[] = { { 0, 0 }, { 1, 0 }, { 2, 1 }, { 3, 2 }, { 5, 2 }, { 6, 3 }, { 11, 4 },
		{ 50, 5 }, { 51, 6 }, { 500, 8 }, { 501, 9 }, { 4000, 11 }, { 4001, 12 },
		{ UINT64_MAX, 12 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply_times times = { 0 };

		reply_times_note(&times, rows[i].ms);
		assert_int_equal(times.counts[rows[i].step], 1);
		assert_int_equal(reply_times_count(&times), 1);
		assert_true(times.sum_ms == rows[i].ms);
	}
}

static void bounds_grow_and_the_last_has_none(void **state)
{
	(void)state;
	for (size_t i = 1; i < REPLY_TIMES_STEPS; i++)
		assert_true(reply_times_bound_ms(i) > reply_times_bound_ms(i - 1));
	assert_true(reply_times_bound_ms(REPLY_TIMES_STEPS - 1) == UINT64_MAX);
}

static void sums_are_taken_step_by_step(void **state)
{
	struct reply_times all = { 0 };
	struct reply_times one = { 0 };

	(void)state;
	reply_times_note(&all, 3);
	reply_times_note(&one, 4);
	reply_times_note(&one, 300);
	reply_times_add(&all, &one);
	assert_int_equal(all.counts[2], 2);
	assert_int_equal(all.counts[8], 1);
	assert_int_equal(all.sum_ms, 307);
	assert_int_equal(reply_times_count(&all), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_holds_what_is_no_more_than_its_bound),
		cmocka_unit_test(bounds_grow_and_the_last_has_none),
		cmocka_unit_test(sums_are_taken_step_by_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
