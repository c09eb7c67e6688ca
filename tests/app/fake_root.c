#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_root.h"

enum { WHOLE_MAX = 1024, OPEN_MAX_COUNT = 16 };

struct fake_root fake_root_new(void)
{
	struct fake_root root;
	const char *place = getenv("TMPDIR");

	(void)snprintf(
		root.path, sizeof(root.path), "%.200s/sixward-root-XXXXXX", place ? place : "/tmp");
	assert_non_null(mkdtemp(root.path));
	return root;
}

static int on_entry(const char *path, const struct stat *status, int flag, struct FTW *ftw)
{
	(void)status;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void fake_root_clear(struct fake_root *root)
{
	assert_int_equal(nftw(root->path, on_entry, OPEN_MAX_COUNT, FTW_DEPTH | FTW_PHYS), 0);
}

/* Makes the directories above it; the whole path into `whole`. */
static void prepare(const struct fake_root *root, const char *path, char whole[WHOLE_MAX])
{
	(void)snprintf(whole, WHOLE_MAX, "%s%s", root->path, path);
	for (char *at = strchr(whole + strlen(root->path) + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		assert_true(mkdir(whole, 0755) == 0 || errno == EEXIST);
		*at = '/';
	}
}

void fake_root_put(const struct fake_root *root, const char *path, const char *text)
{
	char whole[WHOLE_MAX];
	FILE *file;

	prepare(root, path, whole);
	file = fopen(whole, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

void fake_root_fill(const struct fake_root *root, const char *path, size_t size)
{
	char whole[WHOLE_MAX];

	fake_root_put(root, path, "");
	(void)snprintf(whole, sizeof(whole), "%s%s", root->path, path);
	assert_int_equal(truncate(whole, (off_t)size), 0);
}

void fake_root_link(const struct fake_root *root, const char *path, const char *target)
{
	char whole[WHOLE_MAX];

	prepare(root, path, whole);
	assert_int_equal(symlink(target, whole), 0);
}

void fake_root_directory(const struct fake_root *root, const char *path)
{
	char whole[WHOLE_MAX];

	prepare(root, path, whole);
	assert_int_equal(mkdir(whole, 0755), 0);
}
