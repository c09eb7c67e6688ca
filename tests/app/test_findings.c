/* The doctor's list. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sixward/app/findings.h"

static void findings_keep_their_order_and_their_steps(void **state)
{
	struct findings *findings = findings_new();

	(void)state;
	findings_add(findings, SUBJECT_HOST, LEVEL_OK, "a", "%d is fine", 1);
	findings_add(findings, SUBJECT_DAEMON, LEVEL_ERROR, "b", "not fine");
	findings_add_step(findings, "do %s", "this");
	findings_add_step(findings, "then that");
	assert_int_equal(findings->count, 2);
	assert_string_equal(findings->items[0].text, "1 is fine");
	assert_int_equal(findings->items[0].step_count, 0);
	assert_string_equal(findings->items[1].steps[0], "do this");
	assert_int_equal(findings->items[1].step_count, 2);
	assert_int_equal(findings_count(findings, LEVEL_ERROR), 1);
	assert_int_equal(findings_count(findings, LEVEL_NOTE), 0);
	findings_free(findings);
}

static void what_is_too_much_is_left_out(void **state)
{
	struct findings *findings = findings_new();

	(void)state;
	for (unsigned i = 0; i < FINDINGS_MAX + 5; i++)
		findings_add(findings, SUBJECT_HOST, LEVEL_NOTE, "x", "%u", i);
	for (unsigned i = 0; i < FINDING_STEPS_MAX + 5; i++)
		findings_add_step(findings, "%u", i);
	assert_int_equal(findings->count, FINDINGS_MAX);
	assert_int_equal(findings->items[FINDINGS_MAX - 1].step_count, FINDING_STEPS_MAX);
	findings_free(findings);
}

static void controls_are_not_passed_on(void **state)
{
	struct findings *findings = findings_new();

	(void)state;
	findings_add(findings, SUBJECT_HOST, LEVEL_NOTE, "x", "a\033[2J\n\x7f\xc2\x9b %s",
		"gr\xc3\xbc\xc3\x9f");
	assert_string_equal(findings->items[0].text, "a?[2J???? gr\xc3\xbc\xc3\x9f");
	findings_free(findings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(findings_keep_their_order_and_their_steps),
		cmocka_unit_test(what_is_too_much_is_left_out),
		cmocka_unit_test(controls_are_not_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
