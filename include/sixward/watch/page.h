#ifndef SIXWARD_WATCH_PAGE_H
#define SIXWARD_WATCH_PAGE_H

#include <stddef.h>

/* The status page, made of src/watch/page.html at the build. */

extern const char page_html[];
extern const size_t page_html_size;

#endif
