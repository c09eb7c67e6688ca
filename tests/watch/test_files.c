#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim.h"
#include "sixward/watch/files.h"

enum { PATH_MAX_HERE = 128, TEXT_MAX = 64 };

/* A file on the disk, followed by a simulated clock. */
struct scene {
	struct loop *loop;
	struct sim *sim;
	char directory[32];
	char path[PATH_MAX_HERE];
	char other[PATH_MAX_HERE];
	struct file_watch *watch;
	bool frees; /* in the callback */
	unsigned told;
	bool has_text;
	size_t size;
	char text[TEXT_MAX]; /* its start */
	char why[TEXT_MAX];
};

static void on_changed(void *owner, const char *text, size_t size, const char *why)
{
	struct scene *scene = owner;

	scene->told++;
	scene->has_text = text != NULL;
	scene->size = size;
	(void)snprintf(scene->text, sizeof(scene->text), "%.*s",
		(int)(size < TEXT_MAX ? size : TEXT_MAX - 1), text ? text : "");
	(void)snprintf(scene->why, sizeof(scene->why), "%s", why ? why : "");
	assert_true(!text == !!why);
	if (scene->frees) {
		file_watch_free(scene->watch);
		scene->watch = NULL;
	}
}

static void open_scene(struct scene *scene)
{
	*scene = (struct scene){ .loop = loop_new(), .directory = "/tmp/sixward-XXXXXX" };
	scene->sim = sim_of(scene->loop);
	assert_non_null(mkdtemp(scene->directory));
	(void)snprintf(scene->path, sizeof(scene->path), "%s/followed", scene->directory);
	(void)snprintf(scene->other, sizeof(scene->other), "%s/other", scene->directory);
}

static void close_scene(struct scene *scene)
{
	file_watch_free(scene->watch);
	loop_free(scene->loop);
	(void)unlink(scene->path);
	(void)unlink(scene->other);
	assert_int_equal(rmdir(scene->directory), 0);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Times of files are coarser than this test is fast. */
static void touch(const char *path, time_t seconds)
{
	struct timespec times[2] = { { .tv_sec = seconds }, { .tv_sec = seconds } };

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void follow(struct scene *scene)
{
	scene->watch = file_watch_new(scene->loop, scene->path, on_changed, scene);
}

static void next_look(struct scene *scene)
{
	(void)sim_run_for(scene->sim, FILES_EVERY_MS);
}

static void tells_the_text_before_it_returns(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	write_file(scene.path, "one\n");
	follow(&scene);
	assert_int_equal(scene.told, 1);
	assert_string_equal(scene.text, "one\n");
	close_scene(&scene);
}

static void tells_of_a_change_once(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	write_file(scene.path, "one\n");
	follow(&scene);
	for (unsigned i = 0; i < 5; i++)
		next_look(&scene);
	assert_int_equal(scene.told, 1);
	write_file(scene.path, "two\n");
	touch(scene.path, 1000);
	(void)sim_run_for(scene.sim, FILES_EVERY_MS - 1);
	assert_int_equal(scene.told, 1);
	(void)sim_run_for(scene.sim, 1);
	assert_int_equal(scene.told, 2);
	assert_string_equal(scene.text, "two\n");
	next_look(&scene);
	assert_int_equal(scene.told, 2);
	close_scene(&scene);
}

/* How editors and resolved write: another file takes the name, of the same size and time. */
static void sees_that_a_file_was_replaced(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	write_file(scene.path, "one\n");
	touch(scene.path, 1000);
	follow(&scene);
	write_file(scene.other, "two\n");
	touch(scene.other, 1000);
	assert_int_equal(rename(scene.other, scene.path), 0);
	next_look(&scene);
	assert_int_equal(scene.told, 2);
	assert_string_equal(scene.text, "two\n");
	close_scene(&scene);
}

static void tells_that_a_file_is_gone_and_back(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	write_file(scene.path, "one\n");
	follow(&scene);
	assert_int_equal(unlink(scene.path), 0);
	next_look(&scene);
	assert_int_equal(scene.told, 2);
	assert_false(scene.has_text);
	assert_string_equal(scene.why, strerror(ENOENT));
	next_look(&scene);
	assert_int_equal(scene.told, 2);
	write_file(scene.path, "two\n");
	next_look(&scene);
	assert_int_equal(scene.told, 3);
	assert_string_equal(scene.text, "two\n");
	close_scene(&scene);
}

static void takes_a_file_that_appears_later(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	follow(&scene);
	assert_int_equal(scene.told, 1);
	assert_false(scene.has_text);
	next_look(&scene);
	assert_int_equal(scene.told, 1);
	write_file(scene.path, "");
	next_look(&scene);
	assert_int_equal(scene.told, 2);
	assert_true(scene.has_text);
	assert_int_equal(scene.size, 0);
	close_scene(&scene);
}

static void does_not_wait_for_a_fifo(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	assert_int_equal(mkfifo(scene.path, 0600), 0);
	follow(&scene);
	assert_false(scene.has_text);
	assert_string_equal(scene.why, "not a regular file");
	close_scene(&scene);
}

static void does_not_take_a_directory(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	(void)snprintf(scene.path, sizeof(scene.path), "%s", scene.directory);
	follow(&scene);
	assert_string_equal(scene.why, "not a regular file");
	(void)snprintf(scene.path, sizeof(scene.path), "%s", scene.other);
	close_scene(&scene);
}

static void does_not_take_what_is_too_big(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	write_file(scene.path, "");
	assert_int_equal(truncate(scene.path, (off_t)FILES_SIZE_MAX + 1), 0);
	follow(&scene);
	assert_false(scene.has_text);
	assert_string_equal(scene.why, "larger than 16 MiB");
	assert_int_equal(truncate(scene.path, FILES_SIZE_MAX), 0);
	next_look(&scene);
	assert_true(scene.has_text);
	assert_int_equal(scene.size, FILES_SIZE_MAX);
	close_scene(&scene);
}

/* Their times do not tell, but the change of the inode does. */
static void sees_that_a_file_may_be_read_now(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	write_file(scene.path, "one\n");
	assert_int_equal(chmod(scene.path, 0), 0);
	follow(&scene);
	if (geteuid() != 0)
		assert_string_equal(scene.why, strerror(EACCES));
	/* The kernel's clock for files goes in steps of some milliseconds. */
	for (unsigned i = 0; i < 100000 && scene.told == 1; i++) {
		assert_int_equal(chmod(scene.path, 0600), 0);
		next_look(&scene);
	}
	assert_int_equal(scene.told, 2);
	assert_string_equal(scene.text, "one\n");
	close_scene(&scene);
}

static void may_be_freed_by_whom_it_tells(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	write_file(scene.path, "one\n");
	follow(&scene);
	scene.frees = true;
	assert_int_equal(unlink(scene.path), 0);
	next_look(&scene);
	assert_int_equal(scene.told, 2);
	assert_null(scene.watch);
	next_look(&scene);
	assert_int_equal(scene.told, 2);
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_text_before_it_returns),
		cmocka_unit_test(tells_of_a_change_once),
		cmocka_unit_test(sees_that_a_file_was_replaced),
		cmocka_unit_test(tells_that_a_file_is_gone_and_back),
		cmocka_unit_test(takes_a_file_that_appears_later),
		cmocka_unit_test(does_not_wait_for_a_fifo),
		cmocka_unit_test(does_not_take_a_directory),
		cmocka_unit_test(does_not_take_what_is_too_big),
		cmocka_unit_test(sees_that_a_file_may_be_read_now),
		cmocka_unit_test(may_be_freed_by_whom_it_tells),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
