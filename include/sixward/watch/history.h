#ifndef SIXWARD_WATCH_HISTORY_H
#define SIXWARD_WATCH_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "sixward/net/loop.h"
#include "sixward/resolve/outcome.h"

/* The last hour: how many queries ended, by kind of answer. Looks at counters that workers write,
 * every now and then; nobody tells it anything. */

enum {
	HISTORY_SAMPLE_MS = 30000,
	HISTORY_SAMPLES = 120,
	HISTORY_LOOK_MS = 2000,
	HISTORY_RATE_MS = 10000 /* of what the rate tells */
};

struct history_sample {
	uint64_t counts[KIND_COUNT]; /* in HISTORY_SAMPLE_MS */
};

struct history;

struct history *history_new(struct loop *loop);
void history_free(struct history *history); /* NULL is fine */

/* Another worker's, borrowed; what they count already is the past. */
void history_add(struct history *history, const struct outcomes *outcomes);

/* Of all added, since the start. */
uint64_t history_total(const struct history *history, enum outcome outcome);

/* Queries per second in thousandths, over the last HISTORY_RATE_MS, or since the start. */
uint64_t history_rate(const struct history *history);

/* The samples, the oldest first, and when the newest ended, in the loop's time. Returns how many.
 */
size_t history_find(const struct history *history, struct history_sample out[HISTORY_SAMPLES],
	uint64_t *end_ms);

#endif
