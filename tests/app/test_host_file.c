/* Files of a host in every state. */

#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fake_root.h"
#include "sixward/app/host_file.h"

static void a_file_is_read_whole(void **state)
{
	struct fake_root root = fake_root_new();
	size_t size;
	char *text;

	(void)state;
	fake_root_put(&root, "/etc/x", "some text\n");
	text = host_file_read(root.path, "/etc/x", &size, NULL);
	assert_string_equal(text, "some text\n");
	assert_int_equal(size, 10);
	free(text);
	fake_root_fill(&root, "/etc/large", 100000);
	text = host_file_read(root.path, "/etc/large", &size, NULL);
	assert_int_equal(size, 100000);
	assert_int_equal(text[size], 0);
	free(text);
	fake_root_clear(&root);
}

static void assert_refused(const struct fake_root *root, const char *path, int wanted)
{
	size_t size;
	int error;

	assert_null(host_file_read(root->path, path, &size, &error));
	assert_int_equal(error, wanted);
}

/* A FIFO would keep us waiting for whoever writes to it. */
static void what_is_no_file_of_bearable_size_is_refused(void **state)
{
	struct fake_root root = fake_root_new();
	char path[FAKE_ROOT_PATH_MAX + 16];

	(void)state;
	fake_root_fill(&root, "/huge", HOST_FILE_MAX + 1);
	fake_root_directory(&root, "/directory");
	fake_root_link(&root, "/circle", "circle");
	(void)snprintf(path, sizeof(path), "%s/fifo", root.path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(&root, "/huge", -EFBIG);
	assert_refused(&root, "/directory", -EISDIR);
	assert_refused(&root, "/circle", -ELOOP);
	assert_refused(&root, "/fifo", -EINVAL);
	assert_refused(&root, "/missing", -ENOENT);
	fake_root_clear(&root);
}

static void a_link_is_told_as_it_is_written(void **state)
{
	struct fake_root root = fake_root_new();
	char target[HOST_PATH_MAX];

	(void)state;
	fake_root_link(&root, "/link", "../there");
	fake_root_put(&root, "/file", "");
	assert_string_equal(host_file_link(root.path, "/link", target), "../there");
	assert_string_equal(host_file_link(root.path, "/file", target), "");
	assert_string_equal(host_file_link(root.path, "/missing", target), "");
	fake_root_clear(&root);
}

static void names_are_listed_in_order_by_their_ending(void **state)
{
	struct fake_root root = fake_root_new();
	char *names[HOST_NAMES_MAX];

	(void)state;
	fake_root_put(&root, "/d/b.yaml", "");
	fake_root_put(&root, "/d/a.yaml", "");
	fake_root_put(&root, "/d/.hidden.yaml", "");
	fake_root_put(&root, "/d/c.yml", "");
	assert_int_equal(host_file_list(root.path, "/d", ".yaml", names), 2);
	assert_string_equal(names[0], "a.yaml");
	assert_string_equal(names[1], "b.yaml");
	free(names[0]);
	free(names[1]);
	assert_int_equal(host_file_list(root.path, "/missing", ".yaml", names), 0);
	fake_root_clear(&root);
}

static void a_directory_of_too_many_is_cut(void **state)
{
	struct fake_root root = fake_root_new();
	char *names[HOST_NAMES_MAX];
	char path[32];

	(void)state;
	for (unsigned i = 0; i < HOST_NAMES_MAX + 10; i++) {
		(void)snprintf(path, sizeof(path), "/d/%u.yaml", i);
		fake_root_put(&root, path, "");
	}
	assert_int_equal(host_file_list(root.path, "/d", ".yaml", names), HOST_NAMES_MAX);
	for (size_t i = 0; i < HOST_NAMES_MAX; i++)
		free(names[i]);
	fake_root_clear(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_whole),
		cmocka_unit_test(what_is_no_file_of_bearable_size_is_refused),
		cmocka_unit_test(a_link_is_told_as_it_is_written),
		cmocka_unit_test(names_are_listed_in_order_by_their_ending),
		cmocka_unit_test(a_directory_of_too_many_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
