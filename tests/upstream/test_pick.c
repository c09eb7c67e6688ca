/* Tests of the choice among servers, as tables. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sixward/upstream/pick.h"

#define GOOD(ms)                                                                                   \
	{                                                                                          \
		.is_known = true, .smoothed = (ms)                                                 \
	}
#define DOUBTED(ms)                                                                                \
	{                                                                                          \
		.state = HEALTH_DOUBTED, .is_known = true, .smoothed = (ms)                        \
	}
#define HELD(ms)                                                                                   \
	{                                                                                          \
		.state = HEALTH_HELD, .is_known = true, .smoothed = (ms)                           \
	}
#define UNKNOWN                                                                                    \
	{                                                                                          \
		0                                                                                  \
	}
#define TRIED(ms)                                                                                  \
	{                                                                                          \
		.is_known = true, .smoothed = (ms), .is_tried = true                               \
	}
#define HELD_TRIED                                                                                 \
	{                                                                                          \
		.state = HEALTH_HELD, .is_tried = true                                             \
	}
#define PROBE                                                                                      \
	{                                                                                          \
		.state = HEALTH_HELD, .wants_probe = true                                          \
	}

static void picks_the_best_that_was_not_tried(void **state)
{
	const struct {
		struct pick_candidate candidates[3];
		bool by_speed, desperate;
		size_t pick;
	} rows[] = {
		{ { GOOD(30), GOOD(10), GOOD(20) }, true, false, 1 },
		{ { GOOD(30), GOOD(10), GOOD(20) }, false, false, 0 },
		{ { GOOD(30), GOOD(30), GOOD(30) }, true, false, 0 },
		{ { UNKNOWN, GOOD(900), UNKNOWN }, true, false, 1 },
		{ { UNKNOWN, GOOD(900), UNKNOWN }, false, false, 0 },
		{ { UNKNOWN, UNKNOWN, UNKNOWN }, true, false, 0 },
		/* Who is silent comes behind, in either order. */
		{ { DOUBTED(1), GOOD(900), GOOD(901) }, true, false, 1 },
		{ { DOUBTED(1), GOOD(900), GOOD(901) }, false, false, 1 },
		{ { DOUBTED(1), UNKNOWN, HELD(1) }, true, false, 1 },
		{ { TRIED(1), DOUBTED(5), HELD(1) }, true, false, 1 },
		/* R2308-7.2-a: a held one is not asked, unless there is nothing else, or all are
		 * held. */
		{ { TRIED(1), HELD(5), HELD(1) }, true, false, PICK_NONE },
		{ { TRIED(1), HELD(5), HELD(1) }, true, true, 2 },
		{ { HELD(9), HELD(5), HELD(7) }, true, false, 1 },
		{ { HELD(9), HELD(5), HELD(7) }, false, false, 0 },
		{ { HELD_TRIED, HELD(5), HELD(7) }, false, false, 1 },
		{ { TRIED(1), TRIED(2), TRIED(3) }, true, true, PICK_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
			pick_find(rows[i].candidates, 3, rows[i].by_speed, rows[i].desperate),
			rows[i].pick);
	assert_int_equal(pick_find(NULL, 0, true, true), PICK_NONE);
}

static void probes_whose_hold_is_over(void **state)
{
	const struct pick_candidate candidates[] = { GOOD(1), HELD(1), PROBE, PROBE };
	const struct pick_candidate tried[] = { { .wants_probe = true, .is_tried = true } };

	(void)state;
	assert_int_equal(pick_find_probe(candidates, 4), 2);
	assert_int_equal(pick_find_probe(candidates, 2), PICK_NONE);
	assert_int_equal(pick_find_probe(tried, 1), PICK_NONE);
}

static void measures_the_unknown_and_then_the_longest_unheard(void **state)
{
	const struct pick_candidate candidates[] = {
		{ .is_known = true, .replied_ms = 10 },
		{ .is_known = true, .replied_ms = 5 },
		{ .state = HEALTH_DOUBTED },
		UNKNOWN,
	};

	(void)state;
	assert_int_equal(pick_find_unmeasured(candidates, 4), 3);
	assert_int_equal(pick_find_unmeasured(candidates, 3), 1);
	assert_int_equal(pick_find_unmeasured(candidates + 2, 1), PICK_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(picks_the_best_that_was_not_tried),
		cmocka_unit_test(probes_whose_hold_is_over),
		cmocka_unit_test(measures_the_unknown_and_then_the_longest_unheard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
