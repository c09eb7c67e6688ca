#ifndef SIXWARD_TESTS_BASE_HEAP_H
#define SIXWARD_TESTS_BASE_HEAP_H

#include <stddef.h>

/* What the code under test asks the heap for: linked between both, counts every malloc, calloc
 * and realloc. Tests set it to zero where they begin to count. */

struct heap {
	size_t requests;
	size_t octets; /* as asked for */
};

extern struct heap heap;

#endif
