#ifndef SIXWARD_WATCH_FILES_H
#define SIXWARD_WATCH_FILES_H

#include <stddef.h>

#include "sixward/net/loop.h"

/* Files that are followed as they change: looked at every few seconds by name, so that a file
 * that is replaced, appears late or goes away is noticed as well. */

enum { FILES_EVERY_MS = 2000, FILES_SIZE_MAX = 16 * 1024 * 1024 };

/* The whole text, lent; NULL when the file is gone or cannot be read (`why` then says so). */
typedef void file_changed(void *owner, const char *text, size_t size, const char *why);

struct file_watch;

/* The first look is now, at once: `changed` has been called when this returns, the one exception
 * to the rule, so that a server does not start without what its files say. */
struct file_watch *file_watch_new(
	struct loop *loop, const char *path, file_changed *changed, void *owner);
void file_watch_free(struct file_watch *watch); /* NULL is fine */

#endif
