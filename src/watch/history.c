/* The last hour as a ring of samples, and the last seconds as a few looks. Knows outcomes by their
 * kind alone. */

#include "sixward/watch/history.h"

#include <stdlib.h>

#include "sixward/base/mem.h"
#include "sixward/net/timer.h"

enum { LOOKS = HISTORY_RATE_MS / HISTORY_LOOK_MS };

/* What all counters said then. */
struct look {
	uint64_t at_ms;
	uint64_t total;
};

struct history {
	struct loop *loop;
	struct timer *timer;
	const struct outcomes **sources;
	size_t source_count;
	uint64_t counted[KIND_COUNT]; /* at the end of the newest sample */
	uint64_t end_ms;              /* of the newest sample */
	struct history_sample samples[HISTORY_SAMPLES];
	size_t next; /* where the next sample goes */
	size_t count;
	struct look looks[LOOKS]; /* the oldest stands where the next one goes */
	size_t next_look;
};

uint64_t history_total(const struct history *history, enum outcome outcome)
{
	uint64_t total = 0;

	for (size_t i = 0; i < history->source_count; i++)
		total += outcomes_read(history->sources[i], outcome);
	return total;
}

static void read_kinds(const struct history *history, uint64_t kinds[KIND_COUNT])
{
	for (unsigned i = 0; i < KIND_COUNT; i++)
		kinds[i] = 0;
	for (unsigned i = 0; i < OUTCOME_COUNT; i++) {
		enum outcome outcome = (enum outcome)i;

		kinds[outcome_kind(outcome)] += history_total(history, outcome);
	}
}

static struct look look_now(const struct history *history)
{
	struct look look = { .at_ms = loop_now_ms(history->loop) };
	uint64_t kinds[KIND_COUNT];

	read_kinds(history, kinds);
	for (unsigned i = 0; i < KIND_COUNT; i++)
		look.total += kinds[i];
	return look;
}

static void add_sample(struct history *history)
{
	struct history_sample *sample = &history->samples[history->next];
	uint64_t kinds[KIND_COUNT];

	read_kinds(history, kinds);
	for (unsigned i = 0; i < KIND_COUNT; i++) {
		sample->counts[i] = kinds[i] - history->counted[i];
		history->counted[i] = kinds[i];
	}
	history->end_ms += HISTORY_SAMPLE_MS;
	history->next = (history->next + 1) % HISTORY_SAMPLES;
	if (history->count < HISTORY_SAMPLES)
		history->count++;
}

/* A loop that stood still makes up for it: what came meanwhile is in the first of the samples that
 * are due. */
static void on_look(void *owner)
{
	struct history *history = owner;

	timer_start(history->timer, HISTORY_LOOK_MS);
	history->looks[history->next_look] = look_now(history);
	history->next_look = (history->next_look + 1) % LOOKS;
	while (loop_now_ms(history->loop) - history->end_ms >= HISTORY_SAMPLE_MS)
		add_sample(history);
}

struct history *history_new(struct loop *loop)
{
	struct history *history = mem_new(sizeof(*history));

	history->loop = loop;
	history->end_ms = loop_now_ms(loop);
	for (size_t i = 0; i < LOOKS; i++)
		history->looks[i].at_ms = history->end_ms;
	history->timer = timer_new(loop, on_look, history);
	timer_start(history->timer, HISTORY_LOOK_MS);
	return history;
}

void history_free(struct history *history)
{
	if (!history)
		return;
	timer_free(history->timer);
	free(history->sources);
	free(history);
}

void history_add(struct history *history, const struct outcomes *outcomes)
{
	uint64_t total = look_now(history).total;

	history->sources = mem_resize_array(
		history->sources, history->source_count + 1, sizeof(const struct outcomes *));
	history->sources[history->source_count++] = outcomes;
	read_kinds(history, history->counted);
	total = look_now(history).total - total;
	for (size_t i = 0; i < LOOKS; i++)
		history->looks[i].total += total;
}

uint64_t history_rate(const struct history *history)
{
	const struct look *oldest = &history->looks[history->next_look];
	struct look now = look_now(history);
	uint64_t passed_ms = now.at_ms - oldest->at_ms;

	if (!passed_ms)
		return 0;
	return (now.total - oldest->total) * 1000 * 1000 / passed_ms;
}

size_t history_find(
	const struct history *history, struct history_sample out[HISTORY_SAMPLES], uint64_t *end_ms)
{
	size_t oldest = history->count < HISTORY_SAMPLES ? 0 : history->next;

	for (size_t i = 0; i < history->count; i++)
		out[i] = history->samples[(oldest + i) % HISTORY_SAMPLES];
	*end_ms = history->end_ms;
	return history->count;
}
