#ifndef SIXWARD_TESTS_APP_FAKE_ROOT_H
#define SIXWARD_TESTS_APP_FAKE_ROOT_H

#include <stddef.h>

/* A directory with the files of a host that is not there. */

enum { FAKE_ROOT_PATH_MAX = 256 };

struct fake_root {
	char path[FAKE_ROOT_PATH_MAX];
};

struct fake_root fake_root_new(void);
void fake_root_clear(struct fake_root *root); /* with all that is in it */

/* With the directories above it. */
void fake_root_put(const struct fake_root *root, const char *path, const char *text);
void fake_root_fill(const struct fake_root *root, const char *path, size_t size);
void fake_root_link(const struct fake_root *root, const char *path, const char *target);
void fake_root_directory(const struct fake_root *root, const char *path);

#endif
