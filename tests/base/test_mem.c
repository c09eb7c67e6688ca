#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sixward/base/mem.h"

static void new_memory_is_zero_and_there_even_for_no_octets(void **state)
{
	static const uint8_t zero[300];
	uint8_t *memory = mem_new(sizeof(zero));
	uint64_t *items = mem_new_array(30, sizeof(*items));
	void *nothing[] = { mem_new(0), mem_new_array(0, 8), mem_new_array(8, 0) };

	(void)state;
	assert_memory_equal(memory, zero, sizeof(zero));
	assert_memory_equal(items, zero, 30 * sizeof(*items));
	for (size_t i = 0; i < 3; i++) {
		assert_non_null(nothing[i]);
		free(nothing[i]);
	}
	free(memory);
	free(items);
}

static void resizing_keeps_what_was_there(void **state)
{
	uint32_t *items = mem_resize_array(NULL, 2, sizeof(*items));

	(void)state;
	items[0] = 17;
	items[1] = 18;
	items = mem_resize_array(items, 1000, sizeof(*items));
	assert_int_equal(items[0], 17);
	assert_int_equal(items[1], 18);
	items[999] = 19;
	items = mem_resize_array(items, 1, sizeof(*items));
	assert_int_equal(items[0], 17);
	items = mem_resize_array(items, 0, sizeof(*items));
	assert_non_null(items);
	free(items);
}

static void copies_are_equal_and_apart(void **state)
{
	char text[] = "sixward";
	char *copy = mem_copy_text(text);
	uint8_t *octets = mem_copy(text, 3);
	void *nothing = mem_copy(NULL, 0);

	(void)state;
	text[0] = 'S';
	assert_string_equal(copy, "sixward");
	assert_memory_equal(octets, "six", 3);
	assert_non_null(nothing);
	assert_null(mem_copy_text(NULL));
	free(copy);
	free(octets);
	free(nothing);
}

static void *new_too_many(void)
{
	return mem_new_array(SIZE_MAX / 8 + 2, 8);
}

static void *resize_to_too_many(void)
{
	return mem_resize_array(NULL, 2, SIZE_MAX / 2 + 1);
}

static void a_product_that_overflows_ends_the_process_with_a_line(void **state)
{
	void *(*const calls[])(void) = { new_too_many, resize_to_too_many };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char line[200] = "";
		int ends[2], status;
		pid_t child;

		assert_int_equal(pipe(ends), 0);
		child = fork();
		assert_true(child >= 0);
		if (!child) {
			(void)dup2(ends[1], STDERR_FILENO);
			_exit(calls[i]() ? 17 : 18);
		}
		close(ends[1]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(read(ends[0], line, sizeof(line) - 1) > 0);
		close(ends[0]);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGABRT);
		assert_string_equal(line, "sixward: out of memory\n");
	}
}

static void a_piece_is_of_one_of_a_few_sizes(void **state)
{
	size_t before = 0;
	unsigned sizes = 0;

	(void)state;
	for (size_t size = 0; size < 65536; size++) {
		size_t room = mem_room(size);

		assert_true(room >= size && room <= size + 24 + size / 8);
		assert_int_equal(mem_held(room), mem_held(size));
		assert_int_equal(mem_held(size) % 16, 0); /* what glibc hands out */
		sizes += room != before;
		before = room;
	}
	assert_true(sizes <= 16 + 8 * 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_memory_is_zero_and_there_even_for_no_octets),
		cmocka_unit_test(resizing_keeps_what_was_there),
		cmocka_unit_test(copies_are_equal_and_apart),
		cmocka_unit_test(a_piece_is_of_one_of_a_few_sizes),
		cmocka_unit_test(a_product_that_overflows_ends_the_process_with_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
