#ifndef SIXWARD_BASE_TABLE_H
#define SIXWARD_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/siphash.h"

/* A keyed hash table with intrusive links: the table owns its slots, never its
 * items. Hashes are SipHash under a random key of the table, so that nobody
 * outside can aim at one slot. It grows by doubling; what others can fill must
 * be bounded by the owner. */

struct table_link {
	struct table_link *next;
	uint64_t hash;
};

struct table {
	struct table_link **slots;
	size_t slot_count; /* a power of two */
	size_t count;
	uint8_t key[SIPHASH_KEY_SIZE];
};

#define TABLE_ITEM(link, type, member) ((type *)((uintptr_t)(link)-offsetof(type, member)))

typedef bool table_match(const struct table_link *link, const void *key);

void table_init(struct table *table, size_t expected);

/* With the key of another, so that what is in both is hashed once. */
void table_init_like(struct table *table, const struct table *other, size_t expected);
void table_clear(struct table *table); /* frees the slots; items are the owner's */
uint64_t table_hash(const struct table *table, const void *octets, size_t size);

/* Adds without looking for an equal one. */
void table_insert(struct table *table, struct table_link *link, uint64_t hash);
void table_remove(struct table *table, struct table_link *link);
struct table_link *table_find(
	const struct table *table, uint64_t hash, table_match *match, const void *key);

/* Walks all items: start with NULL; NULL at the end. The item returned last may be
 * removed before the next call only if its successor was asked for first. */
struct table_link *table_next(const struct table *table, const struct table_link *link);

#endif
