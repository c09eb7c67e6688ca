/* Files that are followed. Knows their text and their time stamps, nothing of what they mean. */

#include "sixward/watch/files.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sixward/base/mem.h"
#include "sixward/net/timer.h"

/* What tells one state of a file from another. A zeroed one stands for no file. */
struct stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified;
	bool exists;
};

struct file_watch {
	char *path;
	file_changed *changed;
	void *owner;
	struct timer *timer;
	struct stamp seen;
};

static struct stamp stamp_of(const struct stat *status)
{
	return (struct stamp){ .device = status->st_dev,
		.inode = status->st_ino,
		.size = status->st_size,
		.modified = status->st_mtim,
		.exists = true };
}

static bool is_same(const struct stamp *a, const struct stamp *b)
{
	return a->exists == b->exists && a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && a->modified.tv_sec == b->modified.tv_sec &&
	       a->modified.tv_nsec == b->modified.tv_nsec;
}

/* The whole file, NUL behind it; NULL with the reason. Only regular files: a FIFO would block. */
static char *read_all(const char *path, size_t *size, const char **why)
{
	struct stat status;
	char *text = NULL;
	FILE *file;

	if (stat(path, &status) != 0) {
		*why = strerror(errno);
		return NULL;
	}
	if (!S_ISREG(status.st_mode)) {
		*why = "not a regular file";
		return NULL;
	}
	if (status.st_size > FILES_SIZE_MAX) {
		*why = "larger than 16 MiB";
		return NULL;
	}
	file = fopen(path, "re");
	if (!file) {
		*why = strerror(errno);
		return NULL;
	}
	text = mem_new((size_t)status.st_size + 1);
	*size = fread(text, 1, (size_t)status.st_size, file);
	if (ferror(file)) {
		*why = strerror(errno);
		free(text);
		text = NULL;
	}
	(void)fclose(file);
	return text;
}

static void tell(struct file_watch *watch)
{
	const char *why = NULL;
	size_t size = 0;
	char *text = read_all(watch->path, &size, &why);

	watch->changed(watch->owner, text, size, why);
	free(text);
}

static struct stamp look(const struct file_watch *watch)
{
	struct stat status;

	if (stat(watch->path, &status) != 0)
		return (struct stamp){ 0 };
	return stamp_of(&status);
}

static void on_time(void *owner)
{
	struct file_watch *watch = owner;
	struct stamp now = look(watch);

	timer_start(watch->timer, FILES_EVERY_MS);
	if (is_same(&now, &watch->seen))
		return;
	watch->seen = now;
	tell(watch);
}

struct file_watch *file_watch_new(
	struct loop *loop, const char *path, file_changed *changed, void *owner)
{
	struct file_watch *watch = mem_new(sizeof(*watch));

	watch->path = mem_copy_text(path);
	watch->changed = changed;
	watch->owner = owner;
	watch->timer = timer_new(loop, on_time, watch);
	watch->seen = look(watch);
	timer_start(watch->timer, FILES_EVERY_MS);
	tell(watch);
	return watch;
}

void file_watch_free(struct file_watch *watch)
{
	if (!watch)
		return;
	timer_free(watch->timer);
	free(watch->path);
	free(watch);
}
