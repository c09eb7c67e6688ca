#ifndef SIXWARD_UPSTREAM_HEALTH_H
#define SIXWARD_UPSTREAM_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

/* What we believe of a server over one transport: its response times, its losses, and
 * whether it is held as dead. A value; a zeroed one knows nothing. Times are the loop's. */

enum {
	HEALTH_SAMPLES = 64,          /* LIM-02 */
	HEALTH_WAIT_UNKNOWN = 1000,   /* ms: LIM-01 */
	HEALTH_WAIT_MIN = 20,         /* ms: LIM-02 */
	HEALTH_WAIT_MAX = 4000,       /* ms: LIM-02 */
	HEALTH_TRANSMISSIONS = 3,     /* LIM-05 */
	HEALTH_HOLD_FIRST = 5000,     /* ms: LIM-17 */
	HEALTH_HOLD_MAX = 60000,      /* ms: LIM-17 */
	HEALTH_SILENCE_CERTAIN = 2000 /* ms without any reply until silence is more than a slow name
				       */
};

enum health_state {
	HEALTH_GOOD,
	HEALTH_DOUBTED, /* silent since its last reply: not the first choice */
	HEALTH_HELD     /* held as dead (R2308-7.2-a) */
};

struct health {
	enum health_state state;
	bool was_probed; /* since its last reply */
	bool has_replied;
	uint8_t sample_count;
	uint8_t sample_next;
	uint8_t repeat_count;
	uint8_t above_count;    /* samples above the percentile */
	uint8_t equal_count;    /* and those that equal it */
	uint16_t percentile_ms; /* the 95th of the samples */
	uint32_t losses;        /* in a row */
	uint32_t smoothed;      /* response time in sixteenths of a millisecond */
	uint32_t hold_ms;
	uint64_t needless; /* of the last 64 questions, a bit each */
	uint64_t replied_ms;
	uint64_t silent_ms; /* since when, while losses > 0 */
	uint64_t hold_until_ms;
	uint16_t samples_ms[HEALTH_SAMPLES];
};

/* How long to wait after the transmission of that number (1 is the first): LIM-01, LIM-02. */
uint32_t health_wait_ms(const struct health *health, unsigned transmission);

/* Whether its speed is known. */
bool health_is_known(const struct health *health);

/* A doubted or held server whose hold is over: the next question may be sent to it too. */
bool health_wants_probe(const struct health *health, uint64_t now_ms);

/* A reply to any question, `rtt_ms` after the transmission that it answers. True when it was
 * held until now. */
bool health_note_reply(struct health *health, uint64_t rtt_ms, uint64_t now_ms);

/* A question was answered; `needless` says that a repeat had been sent and the answer was to
 * an earlier transmission. */
void health_note_repeat(struct health *health, bool needless);

/* The wait for a transmission of `sent_ms` is over. True when it is held from now on. */
bool health_note_loss(struct health *health, uint64_t sent_ms, uint64_t now_ms);

/* Unreachable, refused, or it loops. True when it is held from now on. */
bool health_note_error(struct health *health, uint64_t now_ms);

/* A question was sent to find out: the next one to do so waits twice as long. */
void health_note_probe(struct health *health, uint64_t now_ms);

#endif
