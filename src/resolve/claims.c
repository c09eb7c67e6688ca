/* Questions on their way, over all workers. Knows neither upstream nor cache; its locks are held
 * for a look into a table, or to post what was learned. */

#include "sixward/resolve/claims.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/base/table.h"

enum { SHARDS = 16, EXPECTED = 64 };

struct claims_shard {
	pthread_mutex_t lock;
	struct table table;
};

struct claims {
	struct claims_shard shards[SHARDS];
};

struct claims *claims_new(void)
{
	struct claims *claims = mem_new(sizeof(*claims));

	for (size_t i = 0; i < SHARDS; i++) {
		pthread_mutex_init(&claims->shards[i].lock, NULL);
		table_init(&claims->shards[i].table, EXPECTED);
		/* One key for all, so that a question is hashed once. */
		memcpy(claims->shards[i].table.key, claims->shards[0].table.key, SIPHASH_KEY_SIZE);
	}
	return claims;
}

void claims_free(struct claims *claims)
{
	if (!claims)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		assert(claims->shards[i].table.count == 0);
		table_clear(&claims->shards[i].table);
		pthread_mutex_destroy(&claims->shards[i].lock);
	}
	free(claims);
}

static bool on_match(const struct table_link *link, const void *key)
{
	return question_equal(TABLE_ITEM(link, const struct claims_claim, link)->question, key);
}

/* The upper bits: the table takes the lower ones. */
static struct claims_shard *shard_of(struct claims *claims, uint64_t hash)
{
	return &claims->shards[hash >> 60];
}

static struct claims_claim *find(
	const struct claims_shard *shard, const struct question *question, uint64_t hash)
{
	struct table_link *link = table_find(&shard->table, hash, on_match, question);

	return link ? TABLE_ITEM(link, struct claims_claim, link) : NULL;
}

uint64_t claims_hash(const struct claims *claims, const struct question *question)
{
	return question_hash(&claims->shards[0].table, question);
}

bool claims_take(struct claims *claims, struct claims_claim *claim, const struct question *question,
	uint64_t hash, struct claims_wait *wait)
{
	struct claims_shard *shard = shard_of(claims, hash);
	struct claims_claim *first;

	pthread_mutex_lock(&shard->lock);
	first = find(shard, question, hash);
	if (!first) {
		claim->question = question;
		claim->waits = NULL;
		table_insert(&shard->table, &claim->link, hash);
	} else {
		wait->shard = shard;
		wait->claim = first;
		wait->previous = NULL;
		wait->next = first->waits;
		if (wait->next)
			wait->next->previous = wait;
		first->waits = wait;
	}
	pthread_mutex_unlock(&shard->lock);
	return !first;
}

void claims_release(struct claims *claims, struct claims_claim *claim, struct reply *reply,
	const struct failure *failure, const struct endpoint *server)
{
	struct claims_shard *shard = shard_of(claims, claim->link.hash);

	pthread_mutex_lock(&shard->lock);
	table_remove(&shard->table, &claim->link);
	while (claim->waits) {
		struct claims_wait *wait = claim->waits;

		claim->waits = wait->next;
		wait->claim = NULL;
		if (reply)
			wait->reply = reply_ref(reply);
		else if (failure)
			wait->failure = *failure;
		if (server)
			wait->server = *server;
		loop_post(wait->loop, wait->call, wait);
	}
	pthread_mutex_unlock(&shard->lock);
}

bool claims_leave(struct claims_wait *wait)
{
	bool waits;

	pthread_mutex_lock(&wait->shard->lock);
	waits = wait->claim != NULL;
	if (waits) {
		if (wait->next)
			wait->next->previous = wait->previous;
		if (wait->previous)
			wait->previous->next = wait->next;
		else
			wait->claim->waits = wait->next;
		wait->claim = NULL;
	}
	pthread_mutex_unlock(&wait->shard->lock);
	return waits;
}
