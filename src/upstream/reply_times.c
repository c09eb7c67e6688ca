/* How long replies took, counted in steps. Knows no server. */

#include "sixward/upstream/reply_times.h"

/* From a resolver on the same host to the end of anybody's patience. */
static const uint64_t bounds_ms[REPLY_TIMES_STEPS] = { 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000,
	2000, 4000, UINT64_MAX };

void reply_times_note(struct reply_times *times, uint64_t ms)
{
	size_t step = 0;

	while (ms > bounds_ms[step])
		step++;
	times->counts[step]++;
	times->sum_ms += ms;
}

uint64_t reply_times_bound_ms(size_t step)
{
	return bounds_ms[step];
}

uint64_t reply_times_count(const struct reply_times *times)
{
	uint64_t count = 0;

	for (size_t i = 0; i < REPLY_TIMES_STEPS; i++)
		count += times->counts[i];
	return count;
}

void reply_times_add(struct reply_times *times, const struct reply_times *others)
{
	for (size_t i = 0; i < REPLY_TIMES_STEPS; i++)
		times->counts[i] += others->counts[i];
	times->sum_ms += others->sum_ms;
}
