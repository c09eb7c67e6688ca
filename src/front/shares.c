/* A count of connections per client address, behind one lock. */

#include "sixward/front/shares.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "sixward/base/mem.h"
#include "sixward/base/table.h"

struct share {
	struct table_link link;
	struct addr client;
	uint32_t count;
};

struct shares {
	pthread_mutex_t lock;
	uint32_t total_max;
	uint32_t per_client_max;
	uint32_t total;
	struct table table;
};

struct shares *shares_new(uint32_t total_max, uint32_t per_client_max)
{
	struct shares *shares = mem_new(sizeof(*shares));

	pthread_mutex_init(&shares->lock, NULL);
	shares->total_max = total_max;
	shares->per_client_max = per_client_max;
	table_init(&shares->table, 0);
	return shares;
}

void shares_free(struct shares *shares)
{
	if (!shares)
		return;
	assert(shares->total == 0);
	table_clear(&shares->table);
	pthread_mutex_destroy(&shares->lock);
	free(shares);
}

void shares_set_limits(struct shares *shares, uint32_t total_max, uint32_t per_client_max)
{
	pthread_mutex_lock(&shares->lock);
	shares->total_max = total_max;
	shares->per_client_max = per_client_max;
	pthread_mutex_unlock(&shares->lock);
}

static bool on_match(const struct table_link *link, const void *key)
{
	return addr_equal(&TABLE_ITEM(link, const struct share, link)->client, key);
}

static uint64_t hash_of(const struct shares *shares, const struct addr *client)
{
	return table_hash(&shares->table, client->octets, addr_size(client));
}

static struct share *find(const struct shares *shares, const struct addr *client)
{
	struct table_link *link =
		table_find(&shares->table, hash_of(shares, client), on_match, client);

	return link ? TABLE_ITEM(link, struct share, link) : NULL;
}

enum shares_verdict shares_take(struct shares *shares, const struct addr *client)
{
	enum shares_verdict verdict = SHARES_TAKEN;
	struct share *share;

	pthread_mutex_lock(&shares->lock);
	share = find(shares, client);
	if (share && share->count >= shares->per_client_max) {
		verdict = SHARES_CLIENT_USED;
	} else if (shares->total >= shares->total_max) {
		verdict = SHARES_ALL_USED;
	} else {
		if (!share) {
			share = mem_new(sizeof(*share));
			share->client = *client;
			table_insert(&shares->table, &share->link, hash_of(shares, client));
		}
		share->count++;
		shares->total++;
	}
	pthread_mutex_unlock(&shares->lock);
	return verdict;
}

void shares_give(struct shares *shares, const struct addr *client)
{
	struct share *share;

	pthread_mutex_lock(&shares->lock);
	share = find(shares, client);
	assert(share && share->count > 0 && shares->total > 0);
	shares->total--;
	if (--share->count == 0) {
		table_remove(&shares->table, &share->link);
		free(share);
	}
	pthread_mutex_unlock(&shares->lock);
}
