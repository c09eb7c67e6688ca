#ifndef SIXWARD_APP_HOST_FILE_H
#define SIXWARD_APP_HOST_FILE_H

#include <stddef.h>

/* Files of a host, which may be in any state: read whole, bounded, and never waited for. `root`
 * stands before every path; "" = this host. */

enum { HOST_FILE_MAX = 4 * 1024 * 1024, HOST_PATH_MAX = 512, HOST_NAMES_MAX = 256 };

/* The text with a NUL behind it, which the caller frees; NULL when it cannot be had, and `*error`
 * (may be NULL) is a negative errno: -EFBIG over HOST_FILE_MAX, -EISDIR and -EINVAL for what is no
 * file. */
char *host_file_read(const char *root, const char *path, size_t *size, int *error);

/* Where the link leads, as it is written; "" if the path is none. Returns `target`. */
char *host_file_link(const char *root, const char *path, char target[HOST_PATH_MAX]);

/* The names in a directory with this ending, sorted, at most HOST_NAMES_MAX; each is from the heap.
 * Returns how many; none from what is no directory. */
size_t host_file_list(
	const char *root, const char *path, const char *ending, char *names[HOST_NAMES_MAX]);

#endif
