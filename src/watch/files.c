/* Files that are followed. Knows their text and their time stamps, nothing of what they mean. */

#include "sixward/watch/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sixward/base/mem.h"
#include "sixward/net/timer.h"

/* What tells one state of a file from another, its permissions included. A zeroed one stands for
 * no file. */
struct stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified;
	struct timespec changed;
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
		.changed = status->st_ctim,
		.exists = true };
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_same(const struct stamp *a, const struct stamp *b)
{
	return a->exists == b->exists && a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && is_same_time(&a->modified, &b->modified) &&
	       is_same_time(&a->changed, &b->changed);
}

/* As many octets as there are, up to `room`; -1 with errno. */
static ssize_t read_up_to(int descriptor, char *out, size_t room)
{
	size_t size = 0;

	while (size < room) {
		ssize_t more = read(descriptor, out + size, room - size);

		if (more < 0 && errno == EINTR)
			continue;
		if (more < 0)
			return -1;
		if (more == 0)
			break;
		size += (size_t)more;
	}
	return (ssize_t)size;
}

/* What an open file holds; NULL with the reason. */
static char *read_open(int descriptor, size_t *size, const char **why)
{
	struct stat status;
	ssize_t result;
	char *text;

	if (fstat(descriptor, &status) != 0) {
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
	text = mem_new((size_t)status.st_size + 1);
	result = read_up_to(descriptor, text, (size_t)status.st_size);
	if (result < 0) {
		*why = strerror(errno);
		free(text);
		return NULL;
	}
	*size = (size_t)result;
	return text;
}

/* The whole file; NULL with the reason. Opened so that a FIFO does not make us wait. */
static char *read_all(const char *path, size_t *size, const char **why)
{
	int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	char *text;

	if (descriptor < 0) {
		*why = strerror(errno);
		return NULL;
	}
	text = read_open(descriptor, size, why);
	(void)close(descriptor);
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
