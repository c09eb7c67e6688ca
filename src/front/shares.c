/* A count of connections per client address, behind one lock, and who of the workers has the
 * idlest. Knows no connection itself. */

#include "sixward/front/shares.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "sixward/base/mem.h"
#include "sixward/base/table.h"

/* So many may be over the total, until those that were told have made room. */
enum { WANTED_MAX = 16 };

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
	struct count count_total; /* for others to read */
	uint32_t wanted;          /* told to make room, and not done yet */
	struct shares_member *members;
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

static void add(struct shares *shares, struct share *share, const struct addr *client)
{
	if (!share) {
		share = mem_new(sizeof(*share));
		share->client = *client;
		table_insert(&shares->table, &share->link, hash_of(shares, client));
	}
	share->count++;
	count_set(&shares->count_total, ++shares->total);
}

enum shares_verdict shares_take(struct shares *shares, const struct addr *client)
{
	enum shares_verdict verdict = SHARES_TAKEN;
	struct share *share;

	pthread_mutex_lock(&shares->lock);
	share = find(shares, client);
	if (share && share->count >= shares->per_client_max)
		verdict = SHARES_CLIENT_USED;
	else if (shares->total >= shares->total_max)
		verdict = SHARES_ALL_USED;
	else
		add(shares, share, client);
	pthread_mutex_unlock(&shares->lock);
	return verdict;
}

static struct shares_member *find_idlest(const struct shares *shares)
{
	uint64_t least = SHARES_NONE_IDLE;
	struct shares_member *idlest = NULL;

	for (struct shares_member *member = shares->members; member; member = member->next) {
		uint64_t since =
			atomic_load_explicit(&member->quiet_since_ms, memory_order_relaxed);

		if (since < least) {
			least = since;
			idlest = member;
		}
	}
	return idlest;
}

bool shares_take_over(struct shares *shares, const struct addr *client)
{
	struct shares_member *idlest;

	pthread_mutex_lock(&shares->lock);
	idlest = shares->wanted < WANTED_MAX ? find_idlest(shares) : NULL;
	if (idlest) {
		add(shares, find(shares, client), client);
		shares->wanted++;
		idlest->wanted(idlest->owner);
	}
	pthread_mutex_unlock(&shares->lock);
	return idlest != NULL;
}

void shares_note_closed(struct shares *shares)
{
	pthread_mutex_lock(&shares->lock);
	assert(shares->wanted > 0);
	shares->wanted--;
	pthread_mutex_unlock(&shares->lock);
}

void shares_join(struct shares *shares, struct shares_member *member)
{
	shares_publish(member, SHARES_NONE_IDLE);
	pthread_mutex_lock(&shares->lock);
	member->next = shares->members;
	shares->members = member;
	pthread_mutex_unlock(&shares->lock);
}

void shares_leave(struct shares *shares, struct shares_member *member)
{
	struct shares_member **at = &shares->members;

	pthread_mutex_lock(&shares->lock);
	while (*at != member)
		at = &(*at)->next;
	*at = member->next;
	pthread_mutex_unlock(&shares->lock);
}

void shares_publish(struct shares_member *member, uint64_t quiet_since_ms)
{
	atomic_store_explicit(&member->quiet_since_ms, quiet_since_ms, memory_order_relaxed);
}

void shares_give(struct shares *shares, const struct addr *client)
{
	struct share *share;

	pthread_mutex_lock(&shares->lock);
	share = find(shares, client);
	assert(share && share->count > 0 && shares->total > 0);
	count_set(&shares->count_total, --shares->total);
	if (--share->count == 0) {
		table_remove(&shares->table, &share->link);
		free(share);
	}
	pthread_mutex_unlock(&shares->lock);
}

void shares_add_counts(const struct shares *shares, struct counts *counts)
{
	counts_add(counts, "tcp_connections", NULL, "connections of clients now",
		&shares->count_total);
}
