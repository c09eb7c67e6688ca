/* Which servers kept silent towards some worker. Knows neither workers nor what they make of it;
 * its lock is held for a look at a short list. */

#include "sixward/upstream/rumours.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"

struct rumour {
	struct endpoint endpoint;
	uint64_t sent_ms;
};

struct rumours {
	_Atomic uint32_t edition;
	pthread_mutex_t lock; /* over what follows */
	size_t count;
	struct rumour items[RUMOURS_MAX]; /* the oldest first */
};

struct rumours *rumours_new(void)
{
	struct rumours *rumours = mem_new(sizeof(*rumours));

	pthread_mutex_init(&rumours->lock, NULL);
	return rumours;
}

void rumours_free(struct rumours *rumours)
{
	if (!rumours)
		return;
	pthread_mutex_destroy(&rumours->lock);
	free(rumours);
}

static size_t place_of(const struct rumours *rumours, const struct endpoint *endpoint)
{
	size_t at = 0;

	while (at < rumours->count && !endpoint_equal(&rumours->items[at].endpoint, endpoint))
		at++;
	return at;
}

static void drop(struct rumours *rumours, size_t at)
{
	rumours->count--;
	memmove(&rumours->items[at], &rumours->items[at + 1],
		(rumours->count - at) * sizeof(rumours->items[0]));
}

void rumours_tell(struct rumours *rumours, const struct endpoint *endpoint, uint64_t sent_ms)
{
	size_t at;

	pthread_mutex_lock(&rumours->lock);
	at = place_of(rumours, endpoint);
	if (at < rumours->count)
		drop(rumours, at);
	else if (rumours->count == RUMOURS_MAX)
		drop(rumours, 0);
	rumours->items[rumours->count++] =
		(struct rumour){ .endpoint = *endpoint, .sent_ms = sent_ms };
	pthread_mutex_unlock(&rumours->lock);
	atomic_fetch_add(&rumours->edition, 1);
}

void rumours_forget(struct rumours *rumours, const struct endpoint *endpoint)
{
	size_t at;

	pthread_mutex_lock(&rumours->lock);
	at = place_of(rumours, endpoint);
	if (at < rumours->count)
		drop(rumours, at);
	pthread_mutex_unlock(&rumours->lock);
}

uint32_t rumours_edition(const struct rumours *rumours)
{
	return atomic_load_explicit(&rumours->edition, memory_order_acquire);
}

bool rumours_find(struct rumours *rumours, const struct endpoint *endpoint, uint64_t *sent_ms)
{
	size_t at;
	bool found;

	pthread_mutex_lock(&rumours->lock);
	at = place_of(rumours, endpoint);
	found = at < rumours->count;
	if (found)
		*sent_ms = rumours->items[at].sent_ms;
	pthread_mutex_unlock(&rumours->lock);
	return found;
}
