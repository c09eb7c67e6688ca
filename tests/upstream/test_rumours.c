/* Tests of what is told of silent servers. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sixward/upstream/rumours.h"

static struct endpoint server(unsigned number)
{
	return (struct endpoint){
		.addr = { .family = ADDR_IPV4, .octets = { 198, 51, 100, (uint8_t)number } },
		.port = 53,
	};
}

static void tells_what_was_told_last(void **state)
{
	struct rumours *rumours = rumours_new();
	struct endpoint one = server(1), two = server(2);
	uint64_t sent_ms = 0;

	(void)state;
	assert_false(rumours_find(rumours, &one, &sent_ms));
	rumours_tell(rumours, &one, 10);
	rumours_tell(rumours, &two, 20);
	rumours_tell(rumours, &one, 30);
	assert_true(rumours_find(rumours, &one, &sent_ms));
	assert_int_equal(sent_ms, 30);
	assert_true(rumours_find(rumours, &two, &sent_ms));
	assert_int_equal(sent_ms, 20);
	rumours_free(rumours);
}

static void forgets_a_server_that_answers(void **state)
{
	struct rumours *rumours = rumours_new();
	struct endpoint one = server(1), two = server(2);
	uint64_t sent_ms = 0;

	(void)state;
	rumours_tell(rumours, &one, 10);
	rumours_tell(rumours, &two, 20);
	rumours_forget(rumours, &one);
	rumours_forget(rumours, &one);
	assert_false(rumours_find(rumours, &one, &sent_ms));
	assert_true(rumours_find(rumours, &two, &sent_ms));
	rumours_free(rumours);
}

static void has_another_edition_with_each_rumour(void **state)
{
	struct rumours *rumours = rumours_new();
	struct endpoint one = server(1);
	uint32_t first = rumours_edition(rumours);

	(void)state;
	rumours_tell(rumours, &one, 10);
	assert_int_not_equal(rumours_edition(rumours), first);
	first = rumours_edition(rumours);
	assert_int_equal(rumours_edition(rumours), first);
	rumours_tell(rumours, &one, 11);
	assert_int_not_equal(rumours_edition(rumours), first);
	rumours_free(rumours);
}

static void drops_the_oldest_when_full(void **state)
{
	struct rumours *rumours = rumours_new();
	struct endpoint one = server(1), two = server(2), last = server(RUMOURS_MAX + 1);
	uint64_t sent_ms = 0;

	(void)state;
	for (unsigned i = 1; i <= RUMOURS_MAX; i++) {
		struct endpoint endpoint = server(i);

		rumours_tell(rumours, &endpoint, i);
	}
	rumours_tell(rumours, &one, 1000); /* no longer the oldest */
	rumours_tell(rumours, &last, 1001);
	assert_true(rumours_find(rumours, &one, &sent_ms));
	assert_false(rumours_find(rumours, &two, &sent_ms));
	assert_true(rumours_find(rumours, &last, &sent_ms));
	rumours_free(rumours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_was_told_last),
		cmocka_unit_test(forgets_a_server_that_answers),
		cmocka_unit_test(has_another_edition_with_each_rumour),
		cmocka_unit_test(drops_the_oldest_when_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
