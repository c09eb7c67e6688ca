#ifndef SIXWARD_BASE_MEM_H
#define SIXWARD_BASE_MEM_H

#include <stddef.h>

/* Allocation that succeeds or ends the process with a line on stderr: whatever
 * others can fill is bounded before it is allocated. Everything returned here
 * is released with free(). */

/* Zeroed memory of `size` octets (1 if 0). */
void *mem_new(size_t size);

/* The same, not zeroed: for who writes all of it. */
void *mem_raw(size_t size);

/* Zeroed memory for `count` items; ends the process when the product overflows. */
void *mem_new_array(size_t count, size_t size);

/* realloc for `count` items of `size`; what is new is not zeroed. */
void *mem_resize_array(void *old, size_t count, size_t size);

/* A copy of `size` octets. */
void *mem_copy(const void *octets, size_t size);

/* A copy of a text with its NUL; NULL gives NULL. */
char *mem_copy_text(const char *text);

/* What the heap is to be asked for instead of `size`, so that a piece given back fits another of
 * about that size: kept for long and freed in another order, pieces of every size would leave the
 * heap half empty. And what the heap holds for it, its own octets included. */
size_t mem_room(size_t size);
size_t mem_held(size_t size);

#endif
