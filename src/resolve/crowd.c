/* Whose requests fill the house. Knows addresses, nothing of requests. */

#include "sixward/resolve/crowd.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"

enum { EXPECTED = 64, SIZES_LEAST = 16 };

struct crowd_client {
	struct table_link link;
	struct addr addr;
	size_t share;
};

void crowd_init(struct crowd *crowd)
{
	*crowd = (struct crowd){ 0 };
	table_init(&crowd->clients, EXPECTED);
}

void crowd_clear(struct crowd *crowd)
{
	table_clear(&crowd->clients);
	free(crowd->sizes);
	*crowd = (struct crowd){ 0 };
}

static bool on_match(const struct table_link *link, const void *key)
{
	return addr_equal(&TABLE_ITEM(link, const struct crowd_client, link)->addr, key);
}

static uint64_t hash_of(const struct crowd *crowd, const struct addr *addr)
{
	return table_hash(&crowd->clients, addr->octets, addr_size(addr));
}

static struct crowd_client *find(const struct crowd *crowd, const struct addr *addr, uint64_t hash)
{
	struct table_link *link = table_find(&crowd->clients, hash, on_match, addr);

	return link ? TABLE_ITEM(link, struct crowd_client, link) : NULL;
}

static void make_room(struct crowd *crowd, size_t share)
{
	size_t most = crowd->sizes_max ? crowd->sizes_max : SIZES_LEAST;

	if (crowd->sizes && share <= crowd->sizes_max)
		return;
	while (most < share)
		most *= 2;
	crowd->sizes = mem_resize_array(crowd->sizes, most + 1, sizeof(*crowd->sizes));
	memset(crowd->sizes + crowd->largest + 1, 0,
		(most - crowd->largest) * sizeof(*crowd->sizes));
	crowd->sizes_max = most;
}

struct crowd_client *crowd_join(struct crowd *crowd, const struct addr *addr)
{
	uint64_t hash = hash_of(crowd, addr);
	struct crowd_client *client = find(crowd, addr, hash);

	if (!client) {
		client = mem_new(sizeof(*client));
		client->addr = *addr;
		table_insert(&crowd->clients, &client->link, hash);
	}
	make_room(crowd, client->share + 1);
	if (client->share)
		crowd->sizes[client->share]--;
	client->share++;
	crowd->sizes[client->share]++;
	if (client->share > crowd->largest)
		crowd->largest = client->share;
	return client;
}

void crowd_leave(struct crowd *crowd, struct crowd_client *client)
{
	crowd->sizes[client->share]--;
	if (client->share == crowd->largest && !crowd->sizes[client->share])
		crowd->largest--; /* where this client stands now, or nobody at all */
	client->share--;
	if (client->share) {
		crowd->sizes[client->share]++;
		return;
	}
	table_remove(&crowd->clients, &client->link);
	free(client);
}

bool crowd_is_largest(const struct crowd *crowd, const struct addr *addr)
{
	const struct crowd_client *client = find(crowd, addr, hash_of(crowd, addr));

	return client && client->share == crowd->largest;
}
