/* A ring of names behind a lock. Knows what queries are observed, and no query. */

#include "sixward/watch/recent.h"

#include <pthread.h>
#include <stdlib.h>

#include "sixward/base/mem.h"

struct recent {
	pthread_mutex_t lock;
	bool is_on;
	struct recent_name names[RECENT_MAX];
	size_t next; /* where the next one goes */
	size_t count;
};

struct recent *recent_new(void)
{
	struct recent *recent = mem_new(sizeof(*recent));

	pthread_mutex_init(&recent->lock, NULL);
	return recent;
}

void recent_free(struct recent *recent)
{
	if (!recent)
		return;
	pthread_mutex_destroy(&recent->lock);
	free(recent);
}

static void forget(struct recent *recent)
{
	for (size_t i = 0; i < recent->count; i++)
		recent->names[i] = (struct recent_name){ 0 };
	recent->count = 0;
	recent->next = 0;
}

void recent_set(struct recent *recent, bool is_on)
{
	pthread_mutex_lock(&recent->lock);
	recent->is_on = is_on;
	if (!is_on)
		forget(recent);
	pthread_mutex_unlock(&recent->lock);
}

static bool is_of_interest(enum outcome_kind kind)
{
	return kind == KIND_SYNTHESIZED || kind == KIND_FAILED;
}

void recent_note(
	struct recent *recent, const struct query_observation *observation, uint64_t now_ms)
{
	struct recent_name name = { .at_ms = now_ms,
		.name = observation->question->name,
		.type = observation->question->type,
		.outcome = observation->outcome };

	if (!is_of_interest(outcome_kind(observation->outcome)))
		return;
	if (observation->prefix) {
		name.has_prefix = true;
		name.prefix = *observation->prefix;
	}
	pthread_mutex_lock(&recent->lock);
	if (recent->is_on) {
		recent->names[recent->next] = name;
		recent->next = (recent->next + 1) % RECENT_MAX;
		if (recent->count < RECENT_MAX)
			recent->count++;
	}
	pthread_mutex_unlock(&recent->lock);
}

size_t recent_find(struct recent *recent, struct recent_name out[RECENT_MAX])
{
	size_t count;

	pthread_mutex_lock(&recent->lock);
	count = recent->count;
	for (size_t i = 0; i < count; i++)
		out[i] = recent->names[(recent->next + RECENT_MAX - 1 - i) % RECENT_MAX];
	pthread_mutex_unlock(&recent->lock);
	return count;
}
