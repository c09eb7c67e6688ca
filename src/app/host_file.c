/* Files of a host, in whatever state they are. Knows nothing of what is in them. */

#define _GNU_SOURCE

#include "sixward/app/host_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sixward/base/mem.h"

enum { FIRST_ROOM = 16 * 1024 };

static bool join(const char *root, const char *path, char out[HOST_PATH_MAX])
{
	int length = snprintf(out, HOST_PATH_MAX, "%s%s", root, path);

	return length >= 0 && length < HOST_PATH_MAX;
}

/* A descriptor of a file, and of nothing that could keep us waiting; or a negative errno. */
static int open_file(const char *root, const char *path)
{
	char whole[HOST_PATH_MAX];
	struct stat status;
	int descriptor;

	if (!join(root, path, whole))
		return -ENAMETOOLONG;
	descriptor = open(whole, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (descriptor < 0)
		return -errno;
	if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode))
		return descriptor;
	close(descriptor);
	return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
}

/* To its end rather than by its size, which is 0 below /proc. */
static char *read_all(int descriptor, size_t *size, int *error)
{
	size_t room = FIRST_ROOM;
	char *text = mem_raw(room);
	ssize_t got;

	*size = 0;
	while ((got = read(descriptor, text + *size, room - *size)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		*error = got < 0 ? -errno : *size + (size_t)got > HOST_FILE_MAX ? -EFBIG : 0;
		if (*error) {
			free(text);
			return NULL;
		}
		*size += (size_t)got;
		if (*size == room) {
			room *= 2;
			text = mem_resize_array(text, room, 1);
		}
	}
	text[*size] = '\0';
	return text;
}

char *host_file_read(const char *root, const char *path, size_t *size, int *error)
{
	int descriptor = open_file(root, path);
	int unused;
	char *text;

	if (!error)
		error = &unused;
	*error = descriptor < 0 ? descriptor : 0;
	*size = 0;
	if (descriptor < 0)
		return NULL;
	text = read_all(descriptor, size, error);
	close(descriptor);
	return text;
}

char *host_file_link(const char *root, const char *path, char target[HOST_PATH_MAX])
{
	char whole[HOST_PATH_MAX];
	ssize_t length = -1;

	if (join(root, path, whole))
		length = readlink(whole, target, HOST_PATH_MAX - 1);
	target[length > 0 ? length : 0] = '\0';
	return target;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool ends_with(const char *name, const char *ending)
{
	size_t length = strlen(name);
	size_t least = strlen(ending);

	return length >= least && strcmp(name + length - least, ending) == 0;
}

size_t host_file_list(
	const char *root, const char *path, const char *ending, char *names[HOST_NAMES_MAX])
{
	char whole[HOST_PATH_MAX];
	const struct dirent *entry;
	size_t count = 0;
	DIR *directory;

	if (!join(root, path, whole))
		return 0;
	directory = opendir(whole);
	if (!directory)
		return 0;
	while (count < HOST_NAMES_MAX && (entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] != '.' && ends_with(entry->d_name, ending))
			names[count++] = mem_copy_text(entry->d_name);
	}
	(void)closedir(directory);
	qsort(names, count, sizeof(*names), compare_names);
	return count;
}
