#ifndef SIXWARD_WATCH_STATUS_H
#define SIXWARD_WATCH_STATUS_H

#include <stddef.h>

#include "sixward/watch/snapshot.h"

/* The snapshot as JSON, for the status page and `sixward status`: version 1. sixward(8) documents
 * its keys; what is not known is null. */

/* From the heap. */
char *status_json(const struct snapshot *snapshot, size_t *size);

#endif
