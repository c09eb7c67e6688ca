#ifndef SIXWARD_WATCH_PULSE_H
#define SIXWARD_WATCH_PULSE_H

#include <stdbool.h>
#include <stdint.h>

/* What is believed of one NAT64 gateway by its checks: a value, told facts, without clock. */

enum pulse_state {
	PULSE_UNKNOWN, /* not judged yet: used as if it were live */
	PULSE_LIVE,
	PULSE_DEAD
};

/* When that may change. */
struct pulse_rules {
	uint32_t fail_after;    /* failures in a row until it is dead */
	uint32_t recover_after; /* successes in a row until a dead one is live again */
};

/* A zeroed one is unknown. */
struct pulse {
	enum pulse_state state;
	uint32_t failures;   /* in a row */
	uint32_t successes;  /* in a row */
	uint32_t latency_us; /* smoothed; 0 = never measured, or not since it died */
};

/* A check has ended. True: the state has changed. An unknown one is live by its first success. */
bool pulse_note_success(struct pulse *pulse, const struct pulse_rules *rules, uint32_t latency_us);
bool pulse_note_failure(struct pulse *pulse, const struct pulse_rules *rules);

/* Whether the next check comes soon (after the timeout of one, not the usual interval): the last
 * one said something else than the state, or nothing is known yet. */
bool pulse_is_open(const struct pulse *pulse);

/* The order for `use: best`, with hysteresis: `order` holds numbers of pulses, the best first, and
 * is put right so that none is clearly faster (by a quarter, and by PULSE_MARGIN_US at least) than
 * one before it: it moves before that one, and those between step back. What was never measured
 * comes behind what was, and a dead one behind all that are not: one that returns has to be clearly
 * faster to be the first again. True: the order has changed. */
enum { PULSE_MARGIN_US = 5000 };
bool pulse_rank(const struct pulse *pulses, uint8_t *order, uint8_t count);

#endif
