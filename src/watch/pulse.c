/* What is believed of a NAT64 gateway, and which is the best, as rules over values. Knows no
 * clock, no socket and no prefix. */

#include "sixward/watch/pulse.h"

#include <string.h>

enum { SMOOTHING = 8 }; /* a sample counts for an eighth */

static void count_in_a_row(uint32_t *in_a_row)
{
	if (*in_a_row < UINT32_MAX)
		++*in_a_row;
}

/* A sample is never 0, which is what was not measured. */
static uint32_t smooth(uint32_t smoothed_us, uint32_t sample_us)
{
	uint64_t sum = sample_us > 0 ? sample_us : 1;

	if (smoothed_us == 0)
		return (uint32_t)sum;
	sum += (uint64_t)smoothed_us * (SMOOTHING - 1);
	return (uint32_t)((sum + SMOOTHING / 2) / SMOOTHING);
}

bool pulse_note_success(struct pulse *pulse, const struct pulse_rules *rules, uint32_t latency_us)
{
	pulse->failures = 0;
	count_in_a_row(&pulse->successes);
	pulse->latency_us = smooth(pulse->latency_us, latency_us);
	if (pulse->state == PULSE_LIVE)
		return false;
	if (pulse->state == PULSE_DEAD && pulse->successes < rules->recover_after)
		return false;
	pulse->state = PULSE_LIVE;
	return true;
}

bool pulse_note_failure(struct pulse *pulse, const struct pulse_rules *rules)
{
	bool was_dead = pulse->state == PULSE_DEAD;

	pulse->successes = 0;
	count_in_a_row(&pulse->failures);
	if (!was_dead && pulse->failures < rules->fail_after)
		return false;

	/* What comes back may be another machine, or the same one by another way. */
	pulse->latency_us = 0;
	pulse->state = PULSE_DEAD;
	return !was_dead;
}

bool pulse_is_open(const struct pulse *pulse)
{
	switch (pulse->state) {
	case PULSE_UNKNOWN:
		return true;
	case PULSE_LIVE:
		return pulse->failures > 0;
	case PULSE_DEAD:
		return pulse->successes > 0;
	}
	return true;
}

/* Strict, and transitive: what goes before one that goes before a third goes before the third. */
static bool goes_before(const struct pulse *a, const struct pulse *b)
{
	if (a->state == PULSE_DEAD || b->state == PULSE_DEAD)
		return a->state != PULSE_DEAD && b->state == PULSE_DEAD;
	if (a->latency_us == 0 || b->latency_us == 0)
		return a->latency_us > 0 && b->latency_us == 0;
	return (uint64_t)a->latency_us * 4 <= (uint64_t)b->latency_us * 3 &&
	       (uint64_t)a->latency_us + PULSE_MARGIN_US <= b->latency_us;
}

/* Each goes before the first one that it may go before. Those between may be as fast as it is: they
 * do not hold it back, or the first would stay the first although one is clearly faster. */
bool pulse_rank(const struct pulse *pulses, uint8_t *order, uint8_t count)
{
	bool has_changed = false;

	for (unsigned i = 1; i < count; i++) {
		uint8_t moved = order[i];
		unsigned to = 0;

		while (to < i && !goes_before(&pulses[moved], &pulses[order[to]]))
			to++;
		if (to == i)
			continue;
		memmove(&order[to + 1], &order[to], i - to);
		order[to] = moved;
		has_changed = true;
	}
	return has_changed;
}
