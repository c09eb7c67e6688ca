#ifndef SIXWARD_WATCH_METRICS_H
#define SIXWARD_WATCH_METRICS_H

#include <stddef.h>

#include "sixward/base/counts.h"
#include "sixward/watch/snapshot.h"

/* The snapshot and all counts as Prometheus text. */

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* From the heap. `more` may be NULL. No name is in both. */
char *metrics_text(const struct snapshot *snapshot, const struct counts *counts,
	const struct counts *more, size_t *size);

#endif
