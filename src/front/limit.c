/* Token buckets per client network, behind one lock that is not taken while there is no limit.
 * Knows addresses and time, nothing of messages: what becomes of a query without a token is the
 * gate's business. */

#include "sixward/front/limit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/base/table.h"

enum { NETWORK_IPV4 = 24, NETWORK_IPV6 = 56, TOKEN = 1000 }; /* a token in thousandths */

struct bucket {
	struct table_link link;
	struct bucket *newer, *older; /* by last use */
	struct network network;
	uint64_t filled_ms;
	uint64_t thousandths;
	uint32_t refused;
};

struct limit {
	_Atomic uint32_t rate; /* written behind the lock */
	pthread_mutex_t lock;  /* over all below */
	uint32_t buckets_max;
	uint32_t used;
	struct bucket *buckets;
	struct bucket *newest, *oldest;
	struct table table;
};

static void forget_all(struct limit *limit)
{
	if (limit->buckets)
		table_clear(&limit->table);
	free(limit->buckets);
	limit->buckets = NULL;
	limit->newest = limit->oldest = NULL;
	limit->used = 0;
}

struct limit *limit_new(uint32_t rate, uint32_t buckets_max)
{
	struct limit *limit = mem_new(sizeof(*limit));

	pthread_mutex_init(&limit->lock, NULL);
	limit->buckets_max = buckets_max ? buckets_max : 1;
	limit_set_rate(limit, rate);
	return limit;
}

void limit_free(struct limit *limit)
{
	if (!limit)
		return;
	forget_all(limit);
	pthread_mutex_destroy(&limit->lock);
	free(limit);
}

void limit_set_rate(struct limit *limit, uint32_t rate)
{
	pthread_mutex_lock(&limit->lock);
	if (rate != limit->rate) {
		forget_all(limit);
		if (rate) {
			limit->buckets = mem_new_array(limit->buckets_max, sizeof(*limit->buckets));
			table_init(&limit->table, limit->buckets_max);
		}
		limit->rate = rate;
	}
	pthread_mutex_unlock(&limit->lock);
}

static struct network network_of(const struct addr *client)
{
	return network_around(client, client->family == ADDR_IPV4 ? NETWORK_IPV4 : NETWORK_IPV6);
}

static bool on_match(const struct table_link *link, const void *key)
{
	const struct bucket *bucket = TABLE_ITEM(link, const struct bucket, link);
	const struct network *network = key;

	return addr_equal(&bucket->network.addr, &network->addr);
}

static uint64_t hash_of(const struct limit *limit, const struct network *network)
{
	return table_hash(&limit->table, network->addr.octets, addr_size(&network->addr));
}

static struct bucket *find(const struct limit *limit, const struct network *network)
{
	struct table_link *link =
		table_find(&limit->table, hash_of(limit, network), on_match, network);

	return link ? TABLE_ITEM(link, struct bucket, link) : NULL;
}

static void unlink_use(struct limit *limit, struct bucket *bucket)
{
	if (bucket->newer)
		bucket->newer->older = bucket->older;
	else
		limit->newest = bucket->older;
	if (bucket->older)
		bucket->older->newer = bucket->newer;
	else
		limit->oldest = bucket->newer;
}

static void link_newest(struct limit *limit, struct bucket *bucket)
{
	bucket->newer = NULL;
	bucket->older = limit->newest;
	if (limit->newest)
		limit->newest->newer = bucket;
	else
		limit->oldest = bucket;
	limit->newest = bucket;
}

/* A full bucket for a new network; the longest idle is taken over when all are in use. */
static struct bucket *take_over(struct limit *limit, const struct network *network, uint64_t now_ms)
{
	struct bucket *bucket;

	if (limit->used < limit->buckets_max) {
		bucket = &limit->buckets[limit->used++];
	} else {
		bucket = limit->oldest;
		unlink_use(limit, bucket);
		table_remove(&limit->table, &bucket->link);
		memset(bucket, 0, sizeof(*bucket));
	}
	bucket->network = *network;
	bucket->filled_ms = now_ms;
	bucket->thousandths = (uint64_t)limit->rate * TOKEN;
	table_insert(&limit->table, &bucket->link, hash_of(limit, network));
	link_newest(limit, bucket);
	return bucket;
}

/* Workers' clocks stand still for a turn each, so one may be behind another. */
static void fill(const struct limit *limit, struct bucket *bucket, uint64_t now_ms)
{
	uint64_t full = (uint64_t)limit->rate * TOKEN;
	uint64_t passed_ms;

	if (now_ms <= bucket->filled_ms)
		return;
	passed_ms = now_ms - bucket->filled_ms;
	/* A rate per second is as many thousandths per millisecond. */
	if (passed_ms >= 1000 || bucket->thousandths + passed_ms * limit->rate > full)
		bucket->thousandths = full;
	else
		bucket->thousandths += passed_ms * limit->rate;
	bucket->filled_ms = now_ms;
}

/* The network's bucket, filled up to now, as the one used last. */
static struct bucket *use(struct limit *limit, const struct network *network, uint64_t now_ms)
{
	struct bucket *bucket = find(limit, network);

	if (!bucket)
		return take_over(limit, network, now_ms);
	unlink_use(limit, bucket);
	link_newest(limit, bucket);
	fill(limit, bucket, now_ms);
	return bucket;
}

static uint32_t take_token(struct limit *limit, const struct addr *client, uint64_t now_ms)
{
	struct network network = network_of(client);
	uint32_t refused = 0;

	pthread_mutex_lock(&limit->lock);
	if (limit->rate) {
		struct bucket *bucket = use(limit, &network, now_ms);

		if (bucket->thousandths >= TOKEN) {
			bucket->thousandths -= TOKEN;
			bucket->refused = 0;
		} else {
			refused = ++bucket->refused;
		}
	}
	pthread_mutex_unlock(&limit->lock);
	return refused;
}

uint32_t limit_take(struct limit *limit, const struct addr *client, uint64_t now_ms)
{
	return limit->rate ? take_token(limit, client, now_ms) : 0;
}
