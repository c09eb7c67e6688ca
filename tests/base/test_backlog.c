#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sixward/base/backlog.h"

enum { LINE_SIZE = 100, ROOM = 4096 };

static struct backlog backlog;

static int on_setup(void **state)
{
	(void)state;
	memset(&backlog, 0, sizeof(backlog));
	return 0;
}

static bool put(unsigned number)
{
	char line[LINE_SIZE + 1];

	(void)snprintf(line, sizeof(line), "%-*u\n", LINE_SIZE - 1, number);
	return backlog_put(&backlog, line, LINE_SIZE);
}

/* Takes what fits, and looks at it; returns how many lines there were. */
static unsigned take(unsigned first)
{
	char out[ROOM];
	size_t size = backlog_take(&backlog, out, sizeof(out));

	assert_int_equal(size % LINE_SIZE, 0);
	for (unsigned i = 0; i < size / LINE_SIZE; i++) {
		char line[LINE_SIZE + 1];

		(void)snprintf(line, sizeof(line), "%-*u\n", LINE_SIZE - 1, first + i);
		assert_memory_equal(out + (size_t)i * LINE_SIZE, line, LINE_SIZE);
	}
	return (unsigned)(size / LINE_SIZE);
}

static void lines_come_out_whole_and_in_order(void **state)
{
	unsigned in = 0, out = 0;

	(void)state;
	assert_int_equal(take(0), 0);
	/* Three times around, never empty. */
	while (in < 3 * BACKLOG_SIZE / LINE_SIZE) {
		for (unsigned i = 0; i < 50; i++)
			assert_true(put(in++));
		out += take(out);
	}
	while (out < in)
		out += take(out);
	assert_int_equal(backlog.used, 0);
	assert_int_equal(backlog_take_dropped(&backlog), 0);
}

static void what_there_is_no_room_for_is_dropped_and_counted_in_one_place(void **state)
{
	unsigned in = 0, out = 0;

	(void)state;
	while (put(in))
		in++;
	assert_int_equal(in, BACKLOG_SIZE / LINE_SIZE);
	assert_false(put(0));
	out += take(out);
	/* There is room, but what would come here is not what follows. */
	assert_false(put(0));
	assert_int_equal(backlog_take_dropped(&backlog), 0);
	while (backlog.used > BACKLOG_SIZE / 2)
		out += take(out);
	assert_int_equal(backlog_take_dropped(&backlog), 3);
	assert_int_equal(backlog_take_dropped(&backlog), 0);
	assert_true(put(in++));
	while (out < in)
		out += take(out);
}

static void an_empty_one_begins_again_where_memory_is_warm(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		assert_true(put(i));
		assert_int_equal(take(i), 1);
		assert_int_equal(backlog.start, 0);
	}
}

#define BACKLOG_TEST(f) cmocka_unit_test_setup(f, on_setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BACKLOG_TEST(lines_come_out_whole_and_in_order),
		BACKLOG_TEST(what_there_is_no_room_for_is_dropped_and_counted_in_one_place),
		BACKLOG_TEST(an_empty_one_begins_again_where_memory_is_warm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
