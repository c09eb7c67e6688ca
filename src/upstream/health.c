/* What we believe of a server over one transport, as rules over a value. Knows no clock, no
 * socket and no other server. */

#include "sixward/upstream/health.h"

static uint32_t bounded(uint64_t ms)
{
	if (ms < HEALTH_WAIT_MIN)
		return HEALTH_WAIT_MIN;
	return ms > HEALTH_WAIT_MAX ? HEALTH_WAIT_MAX : (uint32_t)ms;
}

static unsigned bits(uint64_t set)
{
	unsigned count = 0;

	for (; set; set &= set - 1)
		count++;
	return count;
}

/* LIM-02 as goals.md M7 means it: lost replies are no reason to wait longer, only repeats
 * that turn out to have been needless are. */
static bool repeats_too_soon(const struct health *health)
{
	enum { ENOUGH = 10 };

	return health->repeat_count >= ENOUGH && bits(health->needless) * 10 > health->repeat_count;
}

uint32_t health_wait_ms(const struct health *health, unsigned transmission)
{
	uint64_t wait = HEALTH_WAIT_UNKNOWN;

	if (health->sample_count)
		wait = bounded(((uint64_t)health->percentile_ms * 3 + 1) / 2);
	if (repeats_too_soon(health))
		wait *= 2;
	/* The second wait like the first, for a loss should not cost much; then the back-off
	 * (R1035-4.2.1-a). */
	for (; transmission > 2; transmission--)
		wait *= 2;
	return bounded(wait);
}

bool health_is_known(const struct health *health)
{
	return health->sample_count > 0;
}

bool health_wants_probe(const struct health *health, uint64_t now_ms)
{
	return health->state != HEALTH_GOOD && now_ms >= health->hold_until_ms;
}

/* The percentile's place among the samples, from above. */
static unsigned rank_of(const struct health *health)
{
	return health->sample_count / 20U + 1;
}

/* The value that 95 % of the samples do not exceed. */
static uint16_t percentile(const struct health *health)
{
	uint16_t top[HEALTH_SAMPLES / 20 + 1] = { 0 };
	unsigned rank = rank_of(health);

	for (unsigned i = 0; i < health->sample_count; i++) {
		uint16_t sample = health->samples_ms[i];
		unsigned at = rank - 1;

		if (sample <= top[at])
			continue;
		for (; at && top[at - 1] < sample; at--)
			top[at] = top[at - 1];
		top[at] = sample;
	}
	return top[rank - 1];
}

/* Which side of the percentile a sample is on: it comes, or goes. */
static void note_side(struct health *health, uint16_t sample, int8_t change)
{
	if (sample > health->percentile_ms)
		health->above_count = (uint8_t)(health->above_count + change);
	else if (sample == health->percentile_ms)
		health->equal_count = (uint8_t)(health->equal_count + change);
}

static void find_percentile(struct health *health)
{
	health->percentile_ms = percentile(health);
	health->above_count = 0;
	health->equal_count = 0;
	for (unsigned i = 0; i < health->sample_count; i++)
		note_side(health, health->samples_ms[i], 1);
}

/* Response times are much alike: few of them move the percentile, and only those are looked at
 * all over again. */
static void add_sample(struct health *health, uint16_t sample)
{
	if (health->sample_count == HEALTH_SAMPLES)
		note_side(health, health->samples_ms[health->sample_next], -1);
	else
		health->sample_count++;
	note_side(health, sample, 1);
	health->samples_ms[health->sample_next] = sample;
	health->sample_next = (uint8_t)((health->sample_next + 1) % HEALTH_SAMPLES);
	if (health->above_count >= rank_of(health) ||
		health->above_count + health->equal_count < rank_of(health))
		find_percentile(health);
}

bool health_note_reply(struct health *health, uint64_t rtt_ms, uint64_t now_ms)
{
	bool was_held = health->state == HEALTH_HELD;
	uint16_t sample = rtt_ms > UINT16_MAX ? UINT16_MAX : (uint16_t)rtt_ms;

	if (!health->sample_count)
		health->smoothed = sample * 16U;
	else
		health->smoothed += (sample * 16U) / 8 - health->smoothed / 8;
	add_sample(health, sample);

	health->has_replied = true;
	health->replied_ms = now_ms;
	health->state = HEALTH_GOOD;
	health->was_probed = false;
	health->losses = 0;
	health->hold_ms = 0;
	return was_held;
}

void health_note_repeat(struct health *health, bool needless)
{
	health->needless = health->needless << 1 | (needless ? 1 : 0);
	if (health->repeat_count < HEALTH_SAMPLES)
		health->repeat_count++;
}

/* Many questions wait for a dead server at once: only the first of them to give up, and what
 * is lost after the hold, makes it longer (LIM-17). */
static void hold(struct health *health, uint64_t now_ms)
{
	if (!health->hold_ms)
		health->hold_ms = HEALTH_HOLD_FIRST;
	else if (now_ms < health->hold_until_ms)
		return;
	else if (health->hold_ms < HEALTH_HOLD_MAX / 2)
		health->hold_ms *= 2;
	else
		health->hold_ms = HEALTH_HOLD_MAX;
	health->hold_until_ms = now_ms + health->hold_ms;
}

bool health_note_loss(struct health *health, uint64_t sent_ms, uint64_t now_ms)
{
	bool is_certain;

	/* Another question's reply shows that it is up. */
	if (health->has_replied && health->replied_ms >= sent_ms)
		return false;
	if (!health->losses++)
		health->silent_ms = sent_ms;
	hold(health, now_ms);

	/* R2308-7.2-a: as many as the transmissions of a question, and longer than a name that
	 * takes its time; or silent once more after its hold. */
	is_certain =
		health->was_probed || (health->losses >= HEALTH_TRANSMISSIONS &&
					      now_ms - health->silent_ms >= HEALTH_SILENCE_CERTAIN);
	if (health->state == HEALTH_HELD)
		return false;
	health->state = is_certain ? HEALTH_HELD : HEALTH_DOUBTED;
	return is_certain;
}

bool health_note_error(struct health *health, uint64_t now_ms)
{
	bool is_news = health->state != HEALTH_HELD;

	if (!health->losses++)
		health->silent_ms = now_ms;
	hold(health, now_ms);
	health->state = HEALTH_HELD;
	return is_news;
}

void health_note_probe(struct health *health, uint64_t now_ms)
{
	health->was_probed = true;
	hold(health, now_ms);
}
