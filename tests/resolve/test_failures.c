#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "script.h"
#include "sixward/resolve/failures.h"

static const struct failures_hold hold = { .first_s = 5, .most_s = 60 };
static const struct failure servfail = { .cause = FAILURE_RCODE, .rcode = RCODE_SERVFAIL };

/* R9520-3.2-c */
static void holds_twice_as_long_at_each_renewed_failure(void **state)
{
	static const uint64_t holds_ms[] = { 5000, 10000, 20000, 40000, 60000, 60000 };
	struct question question = script_question("AAAA www.example.org");
	struct failures failures;
	struct failure failure;
	uint64_t now_ms = 1000;

	(void)state;
	failures_init(&failures, 10);
	for (size_t i = 0; i < sizeof(holds_ms) / sizeof(*holds_ms); i++) {
		failures_note(&failures, &question, &servfail, &hold, now_ms);
		assert_true(failures_find(&failures, &question, now_ms, &failure));
		assert_true(
			failures_find(&failures, &question, now_ms + holds_ms[i] - 1, &failure));
		assert_int_equal(failure.rcode, RCODE_SERVFAIL);
		now_ms += holds_ms[i];
		assert_false(failures_find(&failures, &question, now_ms, &failure));
		now_ms += 100;
	}
	failures_clear(&failures);
}

static void starts_anew_after_an_answer_or_a_long_rest(void **state)
{
	struct question question = script_question("AAAA www.example.org");
	struct failures failures;
	struct failure failure;

	(void)state;
	failures_init(&failures, 10);
	failures_note(&failures, &question, &servfail, &hold, 0);
	failures_forget(&failures, &question);
	assert_false(failures_find(&failures, &question, 1, &failure));
	failures_note(&failures, &question, &servfail, &hold, 6000);
	assert_false(failures_find(&failures, &question, 11000, &failure));
	failures_note(&failures, &question, &servfail, &hold, 500000);
	assert_true(failures_find(&failures, &question, 504999, &failure));
	assert_false(failures_find(&failures, &question, 505000, &failure));
	failures_clear(&failures);
}

static void a_failure_under_way_before_renews_nothing(void **state)
{
	struct question question = script_question("AAAA www.example.org");
	struct failures failures;
	struct failure failure;

	(void)state;
	failures_init(&failures, 10);
	failures_note(&failures, &question, &servfail, &hold, 0);
	failures_note(
		&failures, &question, &(struct failure){ .cause = FAILURE_TIMEOUT }, &hold, 1000);
	assert_true(failures_find(&failures, &question, 4999, &failure));
	assert_int_equal(failure.cause, FAILURE_TIMEOUT);
	assert_false(failures_find(&failures, &question, 5000, &failure));
	failures_clear(&failures);
}

/* R9520-3.2-d */
static void the_one_that_failed_longest_ago_gives_way(void **state)
{
	struct failures failures;
	struct failure failure;
	struct question first = script_question("A n0.example.org");
	struct question last = script_question("A n99.example.org");

	(void)state;
	failures_init(&failures, 10);
	for (unsigned i = 0; i < 100; i++) {
		char text[64];
		struct question question;

		snprintf(text, sizeof(text), "A n%u.example.org", i);
		question = script_question(text);
		failures_note(&failures, &question, &servfail, &hold, i);
		assert_true(failures.table.count <= 10);
	}
	assert_false(failures_find(&failures, &first, 100, &failure));
	assert_true(failures_find(&failures, &last, 100, &failure));
	failures_set_most(&failures, 3);
	assert_int_equal(failures.table.count, 3);
	assert_true(failures_find(&failures, &last, 100, &failure));
	failures_clear(&failures);
}

/* R9520-3.2-b, R6840-5.9-b */
static void other_questions_are_not_held(void **state)
{
	static const char *const others[] = { "A www.example.org", "AAAA www.example.org cd",
		"AAAA www.example.org class 3", "AAAA www.example.org scope 2",
		"AAAA example.org" };
	struct question question = script_question("AAAA www.example.org");
	struct failures failures;
	struct failure failure;

	(void)state;
	failures_init(&failures, 10);
	failures_note(&failures, &question, &servfail, &hold, 0);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct question other = script_question(others[i]);

		assert_false(failures_find(&failures, &other, 1, &failure));
	}
	failures_clear(&failures);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_twice_as_long_at_each_renewed_failure),
		cmocka_unit_test(starts_anew_after_an_answer_or_a_long_rest),
		cmocka_unit_test(a_failure_under_way_before_renews_nothing),
		cmocka_unit_test(the_one_that_failed_longest_ago_gives_way),
		cmocka_unit_test(other_questions_are_not_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
