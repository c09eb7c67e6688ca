/* Counts, and passes on to the heap; the linker leads all calls here (--wrap). */

#include "heap.h"

struct heap heap;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);

static void note(size_t octets)
{
	heap.requests++;
	heap.octets += octets;
}

void *__wrap_malloc(size_t size)
{
	note(size);
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	note(count * size);
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	note(size);
	return __real_realloc(old, size);
}
