#ifndef SIXWARD_UPSTREAM_REPLY_TIMES_H
#define SIXWARD_UPSTREAM_REPLY_TIMES_H

#include <stddef.h>
#include <stdint.h>

/* How long replies took, counted in steps: a value. */

enum { REPLY_TIMES_STEPS = 13 }; /* the last one has no end */

struct reply_times {
	uint64_t counts[REPLY_TIMES_STEPS]; /* each step's own */
	uint64_t sum_ms;
};

void reply_times_note(struct reply_times *times, uint64_t ms);

/* The most that counts for the step; UINT64_MAX for the last. */
uint64_t reply_times_bound_ms(size_t step);

uint64_t reply_times_count(const struct reply_times *times);
void reply_times_add(struct reply_times *times, const struct reply_times *others);

#endif
