/* Allocation that succeeds or ends the process, so that nobody else has to judge a NULL. Knows
 * nothing of what it holds; what others can fill is bounded by whoever asks. */

#include "sixward/base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER = 8, LEAST = 32, STEP = 16, CLASSES = 8, SMALL = 1024 };

static void *checked(void *memory)
{
	static const char words[] = "sixward: out of memory\n";
	ssize_t written;

	if (memory)
		return memory;
	/* stdio and the log may want memory themselves. */
	written = write(STDERR_FILENO, words, sizeof(words) - 1);
	(void)written;
	abort();
}

/* Volatile, or compilers make calloc of malloc and memset. */
static void *(*const volatile take)(size_t size) = malloc;

void *mem_new(size_t size)
{
	/* glibc's calloc takes nothing of what this thread gave back last; what is large may come
	 * zeroed from the kernel. */
	if (size && size <= SMALL)
		return memset(checked(take(size)), 0, size);
	return checked(calloc(1, size ? size : 1));
}

void *mem_raw(size_t size)
{
	return checked(malloc(size ? size : 1));
}

/* Never 0, for which an allocator may return NULL. */
static size_t product(size_t count, size_t size)
{
	if (!count || !size)
		return 1;
	if (count > SIZE_MAX / size)
		(void)checked(NULL);
	return count * size;
}

void *mem_new_array(size_t count, size_t size)
{
	return mem_new(product(count, size));
}

void *mem_resize_array(void *old, size_t count, size_t size)
{
	return checked(realloc(old, product(count, size)));
}

void *mem_copy(const void *octets, size_t size)
{
	void *copy = mem_new(size);

	if (size)
		memcpy(copy, octets, size);
	return copy;
}

char *mem_copy_text(const char *text)
{
	return text ? mem_copy(text, strlen(text) + 1) : NULL;
}

/* One of eight sizes to each power of two. */
size_t mem_held(size_t size)
{
	size_t step = STEP;

	size += HEADER;
	if (size < LEAST)
		return LEAST;
	while (size > step * 2 * CLASSES)
		step *= 2;
	return (size + step - 1) / step * step;
}

size_t mem_room(size_t size)
{
	return mem_held(size) - HEADER;
}
