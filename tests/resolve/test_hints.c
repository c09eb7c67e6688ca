/* Hints of native AAAA: found until forgotten, bounded, and never another name's. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "sixward/resolve/hints.h"

static struct name name_of(unsigned number)
{
	char text[32];
	struct name name;

	snprintf(text, sizeof(text), "n%u.example", number);
	assert_true(name_parse(text, &name));
	return name;
}

static void a_name_is_found_until_it_is_forgotten(void **state)
{
	struct hints *hints = hints_new();
	struct name one = name_of(1);
	struct name two = name_of(2);

	(void)state;
	assert_false(hints_find(hints, &one));
	hints_note(hints, &one);
	hints_note(hints, &one);
	assert_true(hints_find(hints, &one));
	assert_false(hints_find(hints, &two));
	hints_forget(hints, &two);
	assert_true(hints_find(hints, &one));
	/* Noted twice, it stands there once. */
	hints_forget(hints, &one);
	assert_false(hints_find(hints, &one));
	hints_free(hints);
}

/* Far more names than places: the latest are there nearly all, strangers are not. */
static void many_names_push_older_ones_out(void **state)
{
	enum { PLACES = HINTS_SETS * HINTS_IN_SET, LATEST = 4096 };
	struct hints *hints = hints_new();
	unsigned held = 0;
	unsigned mistaken = 0;

	(void)state;
	for (unsigned i = 0; i < 4U * PLACES; i++) {
		struct name name = name_of(i);

		hints_note(hints, &name);
	}
	for (unsigned i = 0; i < LATEST; i++) {
		struct name latest = name_of(4U * PLACES - 1 - i);
		struct name stranger = name_of(8U * PLACES + i);

		held += hints_find(hints, &latest);
		mistaken += hints_find(hints, &stranger);
	}
	assert_true(held > LATEST * 9 / 10);
	assert_true(mistaken < 2);
	hints_free(hints);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_found_until_it_is_forgotten),
		cmocka_unit_test(many_names_push_older_ones_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
