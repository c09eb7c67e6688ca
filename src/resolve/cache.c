/* Question to reply or failure, for all workers: shards with short locks, under which nothing
 * is built, freed or parsed. Keeps facts as upstream told them; knows no policy, no prefix and
 * no client. */

#include "sixward/resolve/cache.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/base/table.h"
#include "sixward/dns/wire.h"
#include "sixward/resolve/failures.h"

enum {
	SHARD_BITS = 4,
	SHARDS = 1 << SHARD_BITS,
	EXPECTED = 64,
	OVERHEAD = 64, /* of the allocator, and of slots in the table */
	S_MS = 1000,
	SHRINK_OCTETS = 1 << 16, /* given up under the lock at once */
	LOOKS_MAX = 64,          /* CCH-g: entries passed over in one go before one has to leave */
	FAILURES_SHARE = 16,
	FAILURES_LEAST = 64,
	FAILURE_OCTETS = 640,
	/* R2308-5-b: the NXDOMAIN of a name stands under a type that nobody can ask for
	 * (MAL-21), and so answers all. */
	TYPE_DENIED = TYPE_OPT
};

struct entry {
	struct table_link link;
	struct entry *newer, *older; /* in the order stored */
	struct reply *reply;
	uint64_t scope;
	uint64_t stored_ms;
	uint64_t lifetime_ms;
	uint32_t octets;
	uint16_t type;
	uint16_t rclass;
	bool cd;
	bool is_visited; /* since the hand passed */
	uint8_t name_size;
	uint8_t name[];
};

/* SIEVE: one queue in the order stored, and a hand that goes from the oldest to the newest and
 * takes out what nobody asked for since it passed. One-time scans leave by the first round. */
struct shard {
	pthread_mutex_t lock;
	struct table table;
	struct entry *newest, *oldest, *hand;
	size_t octets;
	struct failures failures;
	struct count count_asked, count_hits, count_failures, count_cuts, count_evicted;
	struct count count_entries, count_octets;
};

struct cache {
	_Atomic size_t shard_octets; /* each shard's part of the size */
	_Atomic bool nxdomain_cut;
	_Atomic uint32_t failure_first_s;
	_Atomic uint32_t failure_most_s;
	struct shard shards[SHARDS];
};

/* What an entry is looked up by; the name is lower-cased. */
struct key {
	const uint8_t *name;
	uint8_t name_size;
	uint16_t type;
	uint16_t rclass;
	bool cd;
	uint64_t scope;
	uint64_t name_hash;
	uint64_t hash;
};

static size_t failures_most(const struct cache_options *options)
{
	size_t most = options->size / SHARDS / FAILURES_SHARE / FAILURE_OCTETS;

	return most > FAILURES_LEAST ? most : FAILURES_LEAST; /* R9520-3.2-d; also at size 0 */
}

static void take_options(struct cache *cache, const struct cache_options *options)
{
	cache->shard_octets = options->size / SHARDS;
	cache->nxdomain_cut = options->nxdomain_cut;
	cache->failure_first_s = options->failure_first_s;
	cache->failure_most_s = options->failure_most_s;
}

struct cache *cache_new(const struct cache_options *options)
{
	struct cache *cache = mem_new(sizeof(*cache));

	take_options(cache, options);
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];

		pthread_mutex_init(&shard->lock, NULL);
		table_init(&shard->table, EXPECTED);
		/* One key for all, so that a name is hashed once. */
		if (i > 0)
			memcpy(shard->table.key, cache->shards[0].table.key, SIPHASH_KEY_SIZE);
		failures_init(&shard->failures, failures_most(options));
	}
	return cache;
}

/* CCH-a. All types of a name share its shard: one lock answers for them and for its denial. */
static struct key key_make(
	const struct cache *cache, const struct question *question, const uint8_t *name)
{
	struct key key = {
		.name = name,
		.name_size = (uint8_t)(question->name.size - (name - question->name.octets)),
		.rclass = question->rclass,
		.cd = question->cd, /* R6840-5.9-b, D64-5.5-c */
		.scope = question->scope,
	};

	key.name_hash = table_hash(&cache->shards[0].table, key.name, key.name_size);
	return key;
}

static void key_set_type(struct key *key, uint16_t type)
{
	uint64_t rest = type | (uint64_t)key->rclass << 16 | (uint64_t)key->cd << 32;

	key->type = type;
	/* The name's hash is keyed; spreading the rest needs no secret. */
	rest = (rest ^ key->scope) * UINT64_C(0x9e3779b97f4a7c15);
	key->hash = key->name_hash ^ rest ^ rest >> 32;
}

static struct shard *shard_of(struct cache *cache, const struct key *key)
{
	return &cache->shards[key->name_hash >> (64 - SHARD_BITS)];
}

static bool on_match(const struct table_link *link, const void *wanted)
{
	const struct entry *entry = TABLE_ITEM(link, const struct entry, link);
	const struct key *key = wanted;

	return entry->type == key->type && entry->rclass == key->rclass && entry->cd == key->cd &&
	       entry->scope == key->scope && entry->name_size == key->name_size &&
	       !memcmp(entry->name, key->name, key->name_size);
}

static struct entry *find(const struct shard *shard, const struct key *key)
{
	struct table_link *link = table_find(&shard->table, key->hash, on_match, key);

	return link ? TABLE_ITEM(link, struct entry, link) : NULL;
}

static bool is_live(const struct entry *entry, uint64_t now_ms)
{
	/* Workers' clocks may differ by a turn of their loops. */
	return now_ms < entry->stored_ms || now_ms - entry->stored_ms < entry->lifetime_ms;
}

static void note_held(struct shard *shard)
{
	count_set(&shard->count_entries, shard->table.count);
	count_set(&shard->count_octets, shard->octets);
}

static void link_newest(struct shard *shard, struct entry *entry)
{
	entry->newer = NULL;
	entry->older = shard->newest;
	if (shard->newest)
		shard->newest->newer = entry;
	else
		shard->oldest = entry;
	shard->newest = entry;
	shard->octets += entry->octets;
	table_insert(&shard->table, &entry->link, entry->link.hash);
}

/* Takes an entry out, and puts it in front of `gone`: freed when the lock is open again. */
static void take_out(struct shard *shard, struct entry *entry, struct entry **gone)
{
	if (shard->hand == entry)
		shard->hand = entry->newer;
	if (entry->newer)
		entry->newer->older = entry->older;
	else
		shard->newest = entry->older;
	if (entry->older)
		entry->older->newer = entry->newer;
	else
		shard->oldest = entry->newer;
	shard->octets -= entry->octets;
	table_remove(&shard->table, &entry->link);
	entry->older = *gone;
	*gone = entry;
}

static void free_gone(struct entry *gone)
{
	while (gone) {
		struct entry *next = gone->older;

		reply_unref(gone->reply);
		free(gone);
		gone = next;
	}
}

/* CCH-g: bounded, and never a long wait for whoever holds the lock. */
static void make_room(struct shard *shard, size_t most, uint64_t now_ms, struct entry **gone)
{
	size_t looks = 0;

	while (shard->octets > most) {
		struct entry *entry = shard->hand ? shard->hand : shard->oldest;

		shard->hand = entry->newer;
		if (entry->is_visited && is_live(entry, now_ms) && looks++ < LOOKS_MAX) {
			entry->is_visited = false;
			continue;
		}
		take_out(shard, entry, gone);
		count_up(&shard->count_evicted);
	}
}

void cache_free(struct cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];
		struct entry *gone = NULL;

		while (shard->oldest)
			take_out(shard, shard->oldest, &gone);
		free_gone(gone);
		table_clear(&shard->table);
		failures_clear(&shard->failures);
		pthread_mutex_destroy(&shard->lock);
	}
	free(cache);
}

/* One step towards the size; false when it is reached. */
static bool shrink(struct shard *shard, size_t most)
{
	struct entry *gone = NULL;
	size_t next;

	pthread_mutex_lock(&shard->lock);
	next = shard->octets > most + SHRINK_OCTETS ? shard->octets - SHRINK_OCTETS : most;
	make_room(shard, next, 0, &gone);
	note_held(shard);
	pthread_mutex_unlock(&shard->lock);
	free_gone(gone);
	return next > most;
}

void cache_set_options(struct cache *cache, const struct cache_options *options)
{
	take_options(cache, options);
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];

		while (shrink(shard, cache->shard_octets))
			;
		pthread_mutex_lock(&shard->lock);
		failures_set_most(&shard->failures, failures_most(options));
		pthread_mutex_unlock(&shard->lock);
	}
}

/* Under the lock. */
static bool take_hit(
	struct shard *shard, const struct key *key, uint64_t now_ms, struct cache_hit *hit)
{
	struct entry *entry = find(shard, key);
	uint64_t age_ms;

	if (!entry || !is_live(entry, now_ms))
		return false;
	age_ms = now_ms > entry->stored_ms ? now_ms - entry->stored_ms : 0;
	entry->is_visited = true;
	hit->kind = CACHE_REPLY;
	hit->reply = reply_ref(entry->reply);
	hit->age_s = (uint32_t)((age_ms + S_MS - 1) / S_MS); /* CCH-b */
	count_up(&shard->count_hits);
	return true;
}

/* R8020-2-a: an NXDOMAIN of any name above; the scope keeps it from reaching across a zone
 * that is asked of others. */
static bool find_cut(struct cache *cache, const struct question *question, uint64_t now_ms,
	struct cache_hit *hit)
{
	const uint8_t *name = question->name.octets;

	if (!cache->nxdomain_cut)
		return false; /* R8020-7-a */
	if (name_is_root(name))
		return false;
	/* The root exists, whatever upstream says. */
	while (name = name_parent(name), !name_is_root(name)) {
		struct shard *shard;
		struct key key;
		bool found;

		key = key_make(cache, question, name);
		key_set_type(&key, TYPE_DENIED);
		shard = shard_of(cache, &key);
		pthread_mutex_lock(&shard->lock);
		found = take_hit(shard, &key, now_ms, hit);
		if (found)
			count_up(&shard->count_cuts);
		pthread_mutex_unlock(&shard->lock);
		if (found) {
			hit->is_cut = true;
			return true;
		}
	}
	return false;
}

void cache_find(struct cache *cache, const struct question *question, uint64_t now_ms,
	struct cache_hit *hit)
{
	struct key key = key_make(cache, question, question->name.octets);
	struct shard *shard = shard_of(cache, &key);
	bool found;
	bool has_failed = false;

	hit->kind = CACHE_MISS;
	hit->reply = NULL;
	hit->age_s = 0;
	hit->is_cut = false;
	hit->wants_refresh = false;
	hit->is_popular = false;
	hit->edition = 0;

	pthread_mutex_lock(&shard->lock);
	count_up(&shard->count_asked);
	key_set_type(&key, question->type);
	found = take_hit(shard, &key, now_ms, hit);
	if (!found) {
		key_set_type(&key, TYPE_DENIED); /* R2308-5-b */
		found = take_hit(shard, &key, now_ms, hit);
	}
	if (!found) {
		has_failed = failures_find(&shard->failures, question, now_ms, &hit->failure);
		if (has_failed)
			count_up(&shard->count_failures);
	}
	pthread_mutex_unlock(&shard->lock);

	if (found || find_cut(cache, question, now_ms, hit))
		return;
	if (has_failed)
		hit->kind = CACHE_FAILURE; /* R9520-3.2-b */
}

bool cache_find_stale(struct cache *cache, const struct question *question, uint64_t now_ms,
	struct cache_hit *hit)
{
	(void)cache;
	(void)question;
	(void)now_ms;
	(void)hit;
	return false;
}

bool cache_find_finished(struct cache *cache, const struct question *question,
	const struct finished_key *key, uint64_t now_ms, union finished_copy *copy)
{
	(void)cache;
	(void)question;
	(void)key;
	(void)now_ms;
	(void)copy;
	return false;
}

void cache_keep_finished(struct cache *cache, const struct question *question, uint64_t edition,
	struct finished *finished, uint64_t now_ms)
{
	(void)cache;
	(void)question;
	(void)edition;
	(void)now_ms;
	free(finished);
}

static struct entry *entry_new(const struct key *key, struct reply *reply, uint64_t now_ms)
{
	struct entry *entry = mem_new(sizeof(*entry) + key->name_size);

	entry->link.hash = key->hash;
	entry->reply = reply_ref(reply);
	entry->scope = key->scope;
	entry->stored_ms = now_ms;
	entry->lifetime_ms = (uint64_t)reply_facts(reply)->lifetime * S_MS;
	entry->octets =
		(uint32_t)(sizeof(*entry) + key->name_size + OVERHEAD + reply_memory(reply));
	entry->type = key->type;
	entry->rclass = key->rclass;
	entry->cd = key->cd;
	entry->name_size = key->name_size;
	memcpy(entry->name, key->name, key->name_size);
	return entry;
}

/* R2181-5-a: a new answer takes the whole place of the old one, nothing merges. */
static void store_as(struct cache *cache, const struct question *question, uint16_t type,
	struct reply *reply, uint64_t now_ms)
{
	struct key key = key_make(cache, question, question->name.octets);
	struct shard *shard = shard_of(cache, &key);
	size_t most = cache->shard_octets;
	struct entry *entry;
	struct entry *old;
	struct entry *gone = NULL;

	key_set_type(&key, type);
	entry = entry_new(&key, reply, now_ms);
	if (entry->octets > most) {
		free_gone(entry);
		return;
	}
	pthread_mutex_lock(&shard->lock);
	old = find(shard, &key);
	if (old) {
		entry->is_visited = old->is_visited;
		take_out(shard, old, &gone);
	}
	make_room(shard, most - entry->octets, now_ms, &gone);
	link_newest(shard, entry);
	note_held(shard);
	pthread_mutex_unlock(&shard->lock);
	free_gone(gone);
}

static void forget_failure(struct cache *cache, const struct question *question)
{
	struct key key = key_make(cache, question, question->name.octets);
	struct shard *shard = shard_of(cache, &key);

	pthread_mutex_lock(&shard->lock);
	failures_forget(&shard->failures, question);
	pthread_mutex_unlock(&shard->lock);
}

void cache_store(
	struct cache *cache, const struct question *question, struct reply *reply, uint64_t now_ms)
{
	const struct reply_facts *facts = reply_facts(reply);
	struct question denied;

	forget_failure(cache, question);
	if (!facts->lifetime || !cache->shard_octets)
		return; /* CCH-c, R2308-5-d */
	if (facts->kind != REPLY_NXDOMAIN) {
		store_as(cache, question, question->type, reply, now_ms);
		return;
	}
	denied = question_make(
		reply_terminal(reply), question->type, question->rclass, question->cd);
	denied.scope = question->scope;
	if (question_equal(&denied, question)) {
		store_as(cache, &denied, TYPE_DENIED, reply, now_ms);
		return;
	}
	/* R2308-2.1-a, R8020-2-a: with a chain it is the last name that does not exist. */
	store_as(cache, question, question->type, reply, now_ms);
	reply = reply_denial(&denied, reply);
	if (reply_facts(reply)->lifetime)
		store_as(cache, &denied, TYPE_DENIED, reply, now_ms);
	reply_unref(reply);
}

void cache_store_failure(struct cache *cache, const struct question *question,
	const struct failure *failure, uint64_t now_ms)
{
	struct key key = key_make(cache, question, question->name.octets);
	struct shard *shard = shard_of(cache, &key);
	struct failures_hold hold = { .first_s = cache->failure_first_s,
		.most_s = cache->failure_most_s };

	pthread_mutex_lock(&shard->lock);
	failures_note(&shard->failures, question, failure, &hold, now_ms);
	pthread_mutex_unlock(&shard->lock);
}

void cache_add_counts(struct cache *cache, struct counts *counts)
{
	for (size_t i = 0; i < SHARDS; i++) {
		const struct shard *shard = &cache->shards[i];

		counts_add(counts, "cache_asked", NULL, "questions looked up in the cache",
			&shard->count_asked);
		counts_add(counts, "cache_hits", NULL, "questions answered from the cache",
			&shard->count_hits);
		counts_add(counts, "cache_cuts", NULL, "hits by the NXDOMAIN of a name above",
			&shard->count_cuts);
		counts_add(counts, "cache_failure_hits", NULL,
			"questions that failed lately and were not asked again",
			&shard->count_failures);
		counts_add(counts, "cache_evicted", NULL, "replies that had to make room",
			&shard->count_evicted);
		counts_add(counts, "cache_entries", NULL, "replies kept", &shard->count_entries);
		counts_add(counts, "cache_octets", NULL, "memory that they hold",
			&shard->count_octets);
	}
}

size_t cache_entries(struct cache *cache)
{
	size_t entries = 0;

	for (size_t i = 0; i < SHARDS; i++)
		entries += count_read(&cache->shards[i].count_entries);
	return entries;
}

size_t cache_octets(struct cache *cache)
{
	size_t octets = 0;

	for (size_t i = 0; i < SHARDS; i++)
		octets += count_read(&cache->shards[i].count_octets);
	return octets;
}
