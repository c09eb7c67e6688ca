#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/config/faults.h"

static char *print(const struct faults *faults)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	faults_print(faults, "f", out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void prints_in_the_order_of_the_file(void **state)
{
	struct faults faults = { 0 };
	char *text;

	(void)state;
	faults_add(&faults, false, 9, 2, "a.b", "last %d", 1);
	faults_add(&faults, false, 2, 8, "", "second");
	faults_add(&faults, true, 2, 1, "c[0]", "first");
	faults_add(&faults, false, 9, 2, "a.b", "last %d", 2);
	faults_add(&faults, false, 0, 0, "", "nowhere");
	text = print(&faults);
	assert_string_equal(text, "f: nowhere\n"
				  "f:2:1: warning: c[0]: first\n"
				  "f:2:8: second\n"
				  "f:9:2: a.b: last 1\n"
				  "f:9:2: a.b: last 2\n");
	assert_int_equal(faults.count, 5);
	assert_int_equal(faults.errors, 4);
	free(text);
	faults_clear(&faults);
	assert_int_equal(faults.count + faults.errors, 0);
	text = print(&faults);
	assert_string_equal(text, "");
	free(text);
}

static void says_the_same_once(void **state)
{
	struct faults faults = { 0 };

	(void)state;
	faults_add(&faults, false, 1, 1, "dns64.use", "wrong");
	faults_add(&faults, false, 1, 1, "views[0].dns64.use", "wrong");
	faults_add(&faults, false, 1, 2, "dns64.use", "wrong");
	faults_add(&faults, false, 1, 1, "dns64.use", "worse");
	assert_int_equal(faults.count, 3);
	assert_int_equal(faults.errors, 3);
	faults_clear(&faults);
}

static void lets_no_control_octets_through(void **state)
{
	struct faults faults = { 0 };
	char *text;

	(void)state;
	faults_add(&faults, false, 1, 1, "a\nb", "found %s", "\033[31m\r\n\x7f \xc3\xa9");
	text = print(&faults);
	assert_string_equal(text, "f:1:1: a?b: found ?[31m??? \xc3\xa9\n");
	free(text);
	faults_clear(&faults);
}

/* Bounded in number, and each in length. */
static void keeps_no_more_than_it_can_hold(void **state)
{
	char longest[5000];
	struct faults faults = { 0 };
	char *text;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (unsigned i = 0; i < FAULTS_MAX; i++) {
		assert_false(faults_are_full(&faults));
		faults_add(&faults, false, i + 1, 1, "", "%s", longest);
	}
	assert_true(faults_are_full(&faults));
	for (unsigned i = 0; i < 1000000; i++)
		faults_add(&faults, false, i, 2, "", "more");
	assert_int_equal(faults.count, FAULTS_MAX);
	assert_int_equal(faults.errors, FAULTS_MAX + 1000000);
	text = print(&faults);
	assert_true(strlen(text) < FAULTS_MAX * 600);
	assert_non_null(strstr(text, "f: there are more\n"));
	free(text);
	faults_clear(&faults);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_in_the_order_of_the_file),
		cmocka_unit_test(says_the_same_once),
		cmocka_unit_test(lets_no_control_octets_through),
		cmocka_unit_test(keeps_no_more_than_it_can_hold),
	};

	return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
