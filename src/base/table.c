/* A keyed hash table with intrusive links. Knows nothing of the items: who inserts them hashes
 * them with table_hash and tells equal ones apart. */

#include "sixward/base/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/entropy.h"
#include "sixward/base/mem.h"

enum { SLOTS_MIN = 8 };

static void init(struct table *table, size_t expected)
{
	size_t slots = SLOTS_MIN;

	while (slots < expected)
		slots *= 2;
	*table = (struct table){ .slot_count = slots };
	table->slots = mem_new_array(slots, sizeof(struct table_link *));
}

void table_init(struct table *table, size_t expected)
{
	struct entropy entropy = { 0 };

	init(table, expected);
	entropy_fill(&entropy, table->key, sizeof(table->key));
}

void table_init_like(struct table *table, const struct table *other, size_t expected)
{
	init(table, expected);
	memcpy(table->key, other->key, sizeof(table->key));
}

void table_clear(struct table *table)
{
	free(table->slots);
	*table = (struct table){ 0 };
}

uint64_t table_hash(const struct table *table, const void *octets, size_t size)
{
	return siphash_fast(table->key, octets, size);
}

static struct table_link **slot_of(const struct table *table, uint64_t hash)
{
	return &table->slots[hash & (table->slot_count - 1)];
}

static void grow(struct table *table)
{
	struct table_link **old = table->slots;
	size_t old_count = table->slot_count;

	table->slot_count *= 2;
	table->slots = mem_new_array(table->slot_count, sizeof(struct table_link *));
	for (size_t i = 0; i < old_count; i++) {
		while (old[i]) {
			struct table_link *link = old[i];
			struct table_link **slot = slot_of(table, link->hash);

			old[i] = link->next;
			link->next = *slot;
			*slot = link;
		}
	}
	free(old);
}

void table_insert(struct table *table, struct table_link *link, uint64_t hash)
{
	struct table_link **slot;

	assert(table->slot_count);
	if (table->count >= table->slot_count)
		grow(table);
	slot = slot_of(table, hash);
	link->hash = hash;
	link->next = *slot;
	*slot = link;
	table->count++;
}

void table_remove(struct table *table, struct table_link *link)
{
	struct table_link **at = slot_of(table, link->hash);

	while (*at && *at != link)
		at = &(*at)->next;
	assert(*at == link);
	*at = link->next;
	link->next = NULL;
	table->count--;
}

struct table_link *table_find(
	const struct table *table, uint64_t hash, table_match *match, const void *key)
{
	if (!table->slots)
		return NULL;
	for (struct table_link *link = *slot_of(table, hash); link; link = link->next) {
		if (link->hash == hash && match(link, key))
			return link;
	}
	return NULL;
}

struct table_link *table_next(const struct table *table, const struct table_link *link)
{
	size_t slot = 0;

	if (link) {
		if (link->next)
			return link->next;
		slot = (size_t)(link->hash & (table->slot_count - 1)) + 1;
	}
	for (; slot < table->slot_count; slot++) {
		if (table->slots[slot])
			return table->slots[slot];
	}
	return NULL;
}
