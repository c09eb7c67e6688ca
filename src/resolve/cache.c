/* Question to reply or failure, for all workers: shards with short locks, under which nothing
 * is built, freed or parsed. Keeps facts as upstream told them, and what was finished of them;
 * knows no policy, no prefix and no client. */

#include "sixward/resolve/cache.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/resolve/news.h"
#include "sixward/resolve/shard.h"

enum {
	SHARD_BITS = 6,
	SHARDS = 1 << SHARD_BITS,
	S_MS = 1000,
	SHRINK_OCTETS = 1 << 16, /* given up under the lock at once */
	FAILURES_SHARE = 16,
	FAILURES_LEAST = 16,
	OTHER = 28,           /* what the A or the AAAA that comes next takes, most likely */
	FAILURE_STALE_S = 30, /* LIM-27 */
	POPULAR_HITS = 2      /* LIM-37 */
};

struct cache {
	_Atomic size_t shard_octets; /* each shard's part of the size */
	_Atomic bool nxdomain_cut;
	_Atomic bool prefetch;
	_Atomic uint32_t failure_first_s;
	_Atomic uint32_t failure_most_s;
	_Atomic uint64_t stale_ms;
	struct shard shards[SHARDS];
};

static size_t failures_most(const struct cache_options *options)
{
	size_t most = options->size / SHARDS / FAILURES_SHARE / FAILURES_ENTRY_OCTETS;

	return most > FAILURES_LEAST ? most : FAILURES_LEAST; /* R9520-3.2-d; also at size 0 */
}

static void take_options(struct cache *cache, const struct cache_options *options)
{
	cache->shard_octets = options->size / SHARDS;
	cache->nxdomain_cut = options->nxdomain_cut;
	cache->prefetch = options->prefetch;
	cache->failure_first_s = options->failure_first_s;
	cache->failure_most_s = options->failure_most_s;
	cache->stale_ms = (uint64_t)options->stale_s * S_MS;
}

struct cache *cache_new(const struct cache_options *options)
{
	struct cache *cache = mem_new(sizeof(*cache));
	const struct table *first = &cache->shards[0].names;

	take_options(cache, options);
	/* One key for all, so that a name is hashed once. */
	for (size_t i = 0; i < SHARDS; i++)
		shard_init(&cache->shards[i], i > 0 ? first : NULL, failures_most(options));
	return cache;
}

/* CCH-a. All types of a name share its place: one lock answers for them and for its denial. */
static struct shard_key key_make(
	const struct cache *cache, const struct question *question, const uint8_t *name)
{
	struct shard_key key = {
		.name = name,
		.name_size = (uint8_t)(question->name.size - (name - question->name.octets)),
		.rclass = question->rclass,
		.cd = question->cd, /* R6840-5.9-b, D64-5.5-c */
		.scope = question->scope,
	};
	uint64_t rest = key.rclass | (uint64_t)key.cd << 16;

	key.name_hash = table_hash(&cache->shards[0].names, key.name, key.name_size);
	/* The name's hash is keyed; spreading the rest needs no secret. */
	rest = (rest ^ key.scope) * UINT64_C(0x9e3779b97f4a7c15);
	key.hash = key.name_hash ^ rest ^ rest >> 32;
	return key;
}

static struct shard *shard_of(struct cache *cache, const struct shard_key *key)
{
	return &cache->shards[key->name_hash >> (64 - SHARD_BITS)];
}

void cache_free(struct cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < SHARDS; i++)
		shard_clear(&cache->shards[i]);
	free(cache);
}

/* One step towards the size; false when it is reached. */
static bool shrink(struct shard *shard, size_t most)
{
	struct shard_gone gone = { 0 };
	size_t next;

	pthread_mutex_lock(&shard->lock);
	next = shard_held(shard) > most + SHRINK_OCTETS ? shard_held(shard) - SHRINK_OCTETS : most;
	shard_make_room(shard, next, NULL, 0, &gone);
	shard_note_held(shard);
	pthread_mutex_unlock(&shard->lock);
	shard_free_gone(&gone);
	return next > most;
}

void cache_set_options(struct cache *cache, const struct cache_options *options)
{
	take_options(cache, options);
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];

		pthread_mutex_lock(&shard->lock);
		failures_set_most(&shard->failures, failures_most(options));
		pthread_mutex_unlock(&shard->lock);
		while (shrink(shard, cache->shard_octets))
			;
	}
}

/* Finding. */

/* A fact as it is copied under the lock, and opened after it. */
struct taken {
	struct reply *reply; /* NULL: packed */
	struct packed packed;
};

/* Under the lock. */
static void take_octets(struct kept_fact *fact, struct taken *taken)
{
	struct packed *packed = &taken->packed;
	const uint8_t *octets;

	taken->reply = kept_reply(fact);
	if (taken->reply) {
		(void)reply_ref(taken->reply);
		return;
	}
	octets = kept_packed(fact, &packed->size);
	memcpy(packed->octets, octets, packed->size);
	packed->piece_count = fact->item.piece_count;
	for (size_t i = 0; i < packed->piece_count; i++) {
		const struct kept_piece *piece = kept_piece(fact, i);
		uint8_t *room = packed->piece_octets + i * PACKED_PIECE_MAX;

		memcpy(room, piece->octets, piece->size);
		packed->pieces[i] = (struct packed_piece){ .octets = room, .size = piece->size };
	}
}

static struct reply *open_taken(const struct taken *taken, const uint8_t *name)
{
	return taken->reply ? taken->reply : packed_open(&taken->packed, name);
}

static uint64_t age_ms(const struct kept_fact *fact, uint64_t now_ms)
{
	/* Workers' clocks may differ by a turn of their loops. */
	uint64_t stored_ms = kept_stored_ms(fact);

	return now_ms > stored_ms ? now_ms - stored_ms : 0;
}

static void note_hits(struct kept_item *item, unsigned hits)
{
	hits += item->hits;
	item->hits = hits < KEPT_HITS_MAX ? hits & KEPT_HITS_MAX : KEPT_HITS_MAX;
}

/* Those of the answers that were finished of it are its own. */
static unsigned hits_of(struct kept *kept, const struct kept_fact *fact)
{
	struct kept_item *item = kept_next(kept, NULL);
	unsigned hits = fact->item.hits;

	for (; item; item = kept_next(kept, item)) {
		struct finished head;

		if (kept_fact(item) || !item->hits)
			continue;
		memcpy(&head, item + 1, offsetof(struct finished, octets));
		if (kept_concerns(fact->type, head.type))
			hits += item->hits;
	}
	return hits;
}

/* LIM-37 */
static bool tell_refresh(
	const struct cache *cache, struct kept *kept, struct kept_fact *fact, uint64_t now_ms)
{
	if (fact->item.is_told || !cache->prefetch || now_ms < kept_refresh_ms(fact) ||
		hits_of(kept, fact) < POPULAR_HITS)
		return false;
	fact->item.is_told = true;
	return true;
}

static uint64_t edition_of(const struct kept *kept)
{
	return UINT64_C(1) << 32 | kept->edition;
}

/* Under the lock. */
static bool take_hit(const struct cache *cache, struct kept *kept, uint16_t type, uint64_t now_ms,
	struct cache_hit *hit, struct taken *taken)
{
	struct kept_fact *fact = kept_find(kept, type);

	if (!fact || now_ms >= kept_end_ms(fact))
		return false;
	hit->kind = CACHE_REPLY;
	hit->age_s = (uint32_t)((age_ms(fact, now_ms) + S_MS - 1) / S_MS); /* CCH-b */
	hit->is_popular = fact->item.hits > 0;
	hit->edition = edition_of(kept);
	note_hits(&fact->item, 1);
	hit->wants_refresh = tell_refresh(cache, kept, fact, now_ms);
	kept->is_visited = true;
	take_octets(fact, taken);
	return true;
}

/* R8020-2-a: an NXDOMAIN of any name above; the scope keeps it from reaching across a zone
 * that is asked of others. */
static bool find_cut(struct cache *cache, const struct question *question, uint64_t now_ms,
	struct cache_hit *hit)
{
	const uint8_t *name = question->name.octets;
	struct taken taken;

	if (!cache->nxdomain_cut)
		return false; /* R8020-7-a */
	if (name_is_root(name))
		return false;
	/* The root exists, whatever upstream says. */
	while (name = name_parent(name), !name_is_root(name)) {
		struct shard_key key = key_make(cache, question, name);
		struct shard *shard = shard_of(cache, &key);
		struct kept *kept;
		bool found;

		pthread_mutex_lock(&shard->lock);
		kept = shard_find(shard, &key);
		found = kept && take_hit(cache, kept, KEPT_TYPE_DENIED, now_ms, hit, &taken);
		if (found) {
			count_up(&shard->count_hits);
			count_up(&shard->count_cuts);
		}
		pthread_mutex_unlock(&shard->lock);
		if (found) {
			hit->reply = open_taken(&taken, name);
			hit->is_cut = true;
			hit->wants_refresh = false; /* that would be another question */
			return true;
		}
	}
	return false;
}

static void clear_hit(struct cache_hit *hit)
{
	hit->kind = CACHE_MISS;
	hit->reply = NULL;
	hit->age_s = 0;
	hit->is_cut = false;
	hit->wants_refresh = false;
	hit->is_popular = false;
	hit->edition = 0;
}

void cache_find(struct cache *cache, const struct question *question, uint64_t now_ms,
	struct cache_hit *hit)
{
	struct shard_key key = key_make(cache, question, question->name.octets);
	struct shard *shard = shard_of(cache, &key);
	struct kept *kept;
	struct taken taken;
	bool found;
	bool has_failed = false;

	clear_hit(hit);
	pthread_mutex_lock(&shard->lock);
	count_up(&shard->count_asked);
	kept = shard_find(shard, &key);
	found = kept && (take_hit(cache, kept, question->type, now_ms, hit, &taken) ||
				take_hit(cache, kept, KEPT_TYPE_DENIED, now_ms, hit,
					&taken)); /* R2308-5-b */
	if (found) {
		count_up(&shard->count_hits);
	} else {
		has_failed = failures_find(&shard->failures, question, now_ms, &hit->failure);
		if (has_failed)
			count_up(&shard->count_failures);
	}
	pthread_mutex_unlock(&shard->lock);

	if (found)
		hit->reply = open_taken(&taken, key.name);
	else if (!find_cut(cache, question, now_ms, hit) && has_failed)
		hit->kind = CACHE_FAILURE; /* R9520-3.2-b */
}

/* What the name's facts say, be they expired. An NXDOMAIN does not count once another type was
 * told since. */
static struct kept_fact *find_stale(
	const struct cache *cache, struct kept *kept, uint16_t type, uint64_t now_ms)
{
	struct kept_fact *fact = kept_find(kept, type);
	struct kept_fact *denied = kept_find(kept, KEPT_TYPE_DENIED);
	uint64_t stale_ms = cache->stale_ms;

	if (denied && (!fact || kept_stored_ms(denied) > kept_stored_ms(fact)))
		fact = denied;
	if (!fact || now_ms >= kept_end_ms(fact) + stale_ms)
		return NULL;
	return fact;
}

bool cache_find_stale(struct cache *cache, const struct question *question, uint64_t now_ms,
	struct cache_hit *hit)
{
	struct shard_key key = key_make(cache, question, question->name.octets);
	struct shard *shard = shard_of(cache, &key);
	struct kept_fact *fact = NULL;
	struct kept *kept;
	struct taken taken;

	clear_hit(hit);
	if (!cache->stale_ms)
		return false;
	pthread_mutex_lock(&shard->lock);
	kept = shard_find(shard, &key);
	if (kept)
		fact = find_stale(cache, kept, question->type, now_ms);
	if (fact) {
		hit->kind = CACHE_REPLY;
		hit->age_s = (uint32_t)((age_ms(fact, now_ms) + S_MS - 1) / S_MS);
		kept->is_visited = true;
		take_octets(fact, &taken);
		count_up(&shard->count_stale);
	}
	pthread_mutex_unlock(&shard->lock);
	if (fact)
		hit->reply = open_taken(&taken, key.name);
	return fact != NULL;
}

/* Finished answers lie behind the item's head, where they need not be aligned. */
static struct kept_item *find_finished(
	struct kept *kept, const struct finished_key *key, struct finished *head)
{
	struct kept_item *item = kept_next(kept, NULL);

	for (; item; item = kept_next(kept, item)) {
		if (item->kind != KEPT_FINISHED)
			continue;
		memcpy(head, item + 1, offsetof(struct finished, octets));
		if (finished_is_for(head, key))
			return item;
	}
	return NULL;
}

bool cache_find_finished(struct cache *cache, const struct question *question,
	const struct finished_key *key, uint64_t now_ms, union finished_copy *copy)
{
	struct shard_key name = key_make(cache, question, question->name.octets);
	struct shard *shard = shard_of(cache, &name);
	struct kept_item *item = NULL;
	struct finished head;
	struct kept *kept;

	pthread_mutex_lock(&shard->lock);
	kept = shard_find(shard, &name);
	if (kept)
		item = find_finished(kept, key, &head);
	if (item && now_ms < head.until_ms) {
		memcpy(copy->room, item + 1, item->size - sizeof(*item));
		kept->is_visited = true;
		note_hits(item, 1);
		count_up(&shard->count_finished);
		pthread_mutex_unlock(&shard->lock);
		return true;
	}
	pthread_mutex_unlock(&shard->lock);
	return false;
}

/* Packed, or as it is when it is large. */
static void choose_form(struct cache *cache, struct news *news, struct packed *packed,
	struct reply *reply, const uint8_t *name)
{
	struct kept_item *item = &news->fact.item;
	size_t memory = 0;

	item->kind = KEPT_PACKED;
	if (packed_make(packed, name, reply)) {
		news->packed = packed;
		item->piece_count = (uint8_t)packed->piece_count;
		item->size = (uint16_t)kept_fact_size(packed->piece_count, packed->size);
		for (size_t i = 0; i < packed->piece_count; i++)
			news->hashes[i] = table_hash(&cache->shards[0].pieces,
				packed->pieces[i].octets, packed->pieces[i].size);
	} else {
		news->reply = reply;
		item->kind = KEPT_REPLY;
		item->size = (uint16_t)kept_fact_size(1, 0);
		memory = reply_memory(reply);
	}
	news->is_kept = !shard_is_too_large(&news->place, item->size + memory);
}

/* Replaces the fact of `type`, and that of the question's own. One of no lifetime is not kept, but
 * what it contradicts goes all the same (R8767-4-c, CCH-c, R2308-5-d). */
static void store_as(struct cache *cache, const struct question *question, uint16_t type,
	struct reply *reply, uint64_t now_ms)
{
	const struct reply_facts *facts = reply_facts(reply);
	struct packed packed; /* not zeroed: it is large */
	struct news news = {
		.place = { .key = key_make(cache, question, question->name.octets),
			.most = cache->shard_octets,
			.more = type == TYPE_A || type == TYPE_AAAA ? OTHER : 0 },
		.question = question,
		.fact = { .type = type, .lifetime_s = facts->lifetime },
		.instead = question->type,
		.now_ms = now_ms,
		.stale_ms = cache->stale_ms,
	};

	news.fact.item.is_data = facts->kind == REPLY_DATA;
	news.fact.item.is_alias =
		facts->links > 0 || (type == TYPE_CNAME && facts->kind == REPLY_DATA);
	kept_set_stored(&news.fact, now_ms);
	if (facts->lifetime)
		choose_form(cache, &news, &packed, reply, question->name.octets);
	news_store(&news, shard_of(cache, &news.place.key));
}

static void forget_failure(struct cache *cache, const struct question *question)
{
	struct shard_key key = key_make(cache, question, question->name.octets);
	struct shard *shard = shard_of(cache, &key);

	pthread_mutex_lock(&shard->lock);
	failures_forget(&shard->failures, question);
	pthread_mutex_unlock(&shard->lock);
}

static void store_denial(
	struct cache *cache, const struct question *question, struct reply *reply, uint64_t now_ms)
{
	struct question denied = question_make(
		reply_terminal(reply), question->type, question->rclass, question->cd);

	denied.scope = question->scope;
	if (question_equal(&denied, question)) {
		store_as(cache, &denied, KEPT_TYPE_DENIED, reply, now_ms);
		return;
	}
	/* R2308-2.1-a, R8020-2-a: with a chain it is the last name that does not exist. */
	store_as(cache, question, question->type, reply, now_ms);
	if (!reply_facts(reply)->lifetime)
		return;
	reply = reply_denial(&denied, reply);
	store_as(cache, &denied, KEPT_TYPE_DENIED, reply, now_ms);
	reply_unref(reply);
}

void cache_store(
	struct cache *cache, const struct question *question, struct reply *reply, uint64_t now_ms)
{
	switch (reply_facts(reply)->kind) {
	case REPLY_NXDOMAIN:
		store_denial(cache, question, reply, now_ms);
		return;
	case REPLY_DATA:
	case REPLY_NODATA:
		store_as(cache, question, question->type, reply, now_ms);
		return;
	case REPLY_CHAIN:
	case REPLY_RCODE: /* R8767-4-c: leaves what is there */
		forget_failure(cache, question);
		return;
	}
}

/* Until when an answer that was made of the name's facts is one that would be made of them: while
 * all live, and none wants to be refreshed. */
static uint64_t end_of_finished(const struct cache *cache, struct kept *kept,
	const struct finished *finished, uint64_t now_ms)
{
	struct kept_item *item = kept_next(kept, NULL);
	uint64_t until_ms = finished->until_ms;

	for (; item; item = kept_next(kept, item)) {
		const struct kept_fact *fact = kept_fact(item);
		uint64_t end_ms;

		if (!fact || !kept_concerns(fact->type, finished->type) ||
			now_ms >= kept_end_ms(fact))
			continue;
		end_ms = cache->prefetch && !fact->item.is_told ? kept_refresh_ms(fact)
								: kept_end_ms(fact);
		if (end_ms < until_ms)
			until_ms = end_ms;
	}
	return until_ms;
}

/* What leaves was hit all the same. */
static struct kept_item *remove_finished(
	struct kept *kept, struct kept_item *item, const struct finished *finished)
{
	struct kept_item *each = kept_next(kept, NULL);

	for (; each; each = kept_next(kept, each)) {
		if (kept_fact(each) && kept_concerns(kept_fact(each)->type, finished->type))
			note_hits(each, item->hits);
	}
	return kept_remove(kept, item);
}

/* Takes out those that are over, the one for the same key, and the oldest of too many. */
static void clear_finished(struct kept *kept, const struct finished *finished, uint64_t now_ms)
{
	const struct finished_key key = { .stamp = finished->stamp,
		.type = finished->type,
		.dnssec_ok = finished->dnssec_ok,
		.wants_ad = finished->wants_ad };
	struct kept_item *item = kept_next(kept, NULL);
	struct kept_item *oldest = NULL;
	struct finished oldest_head;
	size_t count = 0;

	while (item) {
		struct finished head;

		if (item->kind != KEPT_FINISHED) {
			item = kept_next(kept, item);
			continue;
		}
		memcpy(&head, item + 1, offsetof(struct finished, octets));
		if (now_ms >= head.until_ms || finished_is_for(&head, &key)) {
			item = remove_finished(kept, item, &head);
			continue;
		}
		count++;
		if (!oldest || head.made_ms < oldest_head.made_ms) {
			oldest_head = head;
			oldest = item;
		}
		item = kept_next(kept, item);
	}
	if (count >= KEPT_FINISHED_MAX)
		remove_finished(kept, oldest, &oldest_head);
}

/* Under the lock. False: memory is missing. */
static bool try_keep(struct cache *cache, struct shard *shard, struct shard_place *place,
	uint64_t edition, struct finished *finished, uint64_t now_ms, struct shard_gone *gone)
{
	struct kept *kept = shard_find(shard, &place->key);
	size_t size = finished_memory(finished);
	struct kept_item *item;

	if (!kept || edition_of(kept) != edition)
		return true;
	finished->until_ms = end_of_finished(cache, kept, finished, now_ms);
	if (now_ms >= finished->until_ms)
		return true;
	clear_finished(kept, finished, now_ms);
	kept = shard_make_place(shard, place, kept, sizeof(*item) + size, gone);
	if (!kept)
		return false;
	item = kept_append(kept, sizeof(*item) + size);
	*item = (struct kept_item){ .size = (uint16_t)(sizeof(*item) + size),
		.kind = KEPT_FINISHED };
	memcpy(item + 1, finished, size);
	shard_make_room(shard, place->most, kept, now_ms, gone);
	return true;
}

void cache_keep_finished(struct cache *cache, const struct question *question, uint64_t edition,
	struct finished *finished, uint64_t now_ms)
{
	struct shard_place place = { .key = key_make(cache, question, question->name.octets),
		.most = cache->shard_octets };
	struct shard *shard = shard_of(cache, &place.key);
	bool is_done = shard_is_too_large(&place, finished_memory(finished));

	while (!is_done) {
		struct shard_gone gone = { 0 };

		pthread_mutex_lock(&shard->lock);
		is_done = try_keep(cache, shard, &place, edition, finished, now_ms, &gone);
		shard_note_held(shard);
		pthread_mutex_unlock(&shard->lock);
		shard_free_gone(&gone);
		if (!is_done)
			shard_make_block(&place);
	}
	free(place.block);
	finished_free(finished);
}

void cache_store_failure(struct cache *cache, const struct question *question,
	const struct failure *failure, uint64_t now_ms)
{
	struct shard_key key = key_make(cache, question, question->name.octets);
	struct shard *shard = shard_of(cache, &key);
	struct failures_hold hold = { .first_s = cache->failure_first_s,
		.most_s = cache->failure_most_s };
	struct shard_gone gone = { 0 };
	struct kept *kept;

	pthread_mutex_lock(&shard->lock);
	kept = cache->stale_ms ? shard_find(shard, &key) : NULL;
	/* R8767-5-a: meanwhile there is something to tell. */
	if (kept && find_stale(cache, kept, question->type, now_ms)) {
		hold.first_s = hold.first_s > FAILURE_STALE_S ? hold.first_s : FAILURE_STALE_S;
		hold.most_s = hold.most_s > hold.first_s ? hold.most_s : hold.first_s;
	}
	failures_note(&shard->failures, question, failure, &hold, now_ms);
	shard_make_room(shard, cache->shard_octets, NULL, now_ms, &gone);
	shard_note_held(shard);
	pthread_mutex_unlock(&shard->lock);
	shard_free_gone(&gone);
}

void cache_add_counts(struct cache *cache, struct counts *counts)
{
	for (size_t i = 0; i < SHARDS; i++) {
		const struct shard *shard = &cache->shards[i];

		counts_add(counts, "cache_asked_total", NULL, "questions looked up in the cache",
			&shard->count_asked);
		counts_add(counts, "cache_hits_total", NULL, "questions answered from the cache",
			&shard->count_hits);
		/* Hits as well, counted once. */
		counts_add(counts, "cache_asked_total", NULL, "questions looked up in the cache",
			&shard->count_finished);
		counts_add(counts, "cache_hits_total", NULL, "questions answered from the cache",
			&shard->count_finished);
		counts_add(counts, "cache_finished_total", NULL,
			"hits by an answer that was finished before", &shard->count_finished);
		counts_add(counts, "cache_cuts_total", NULL, "hits by the NXDOMAIN of a name above",
			&shard->count_cuts);
		counts_add(counts, "cache_stale_total", NULL,
			"expired answers found while upstream failed or was late",
			&shard->count_stale);
		counts_add(counts, "cache_failure_hits_total", NULL,
			"questions that failed lately and were not asked again",
			&shard->count_failures);
		counts_add(counts, "cache_evicted_total", NULL, "names that had to make room",
			&shard->count_evicted);
		counts_add(counts, "cache_entries", NULL, "replies kept", &shard->count_entries);
		counts_add(counts, "cache_bytes", NULL, "memory that the cache holds",
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
