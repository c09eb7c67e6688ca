/* Question to reply or failure, for all workers: shards with short locks, under which nothing
 * is built, freed or parsed. Keeps facts as upstream told them, and what was finished of them;
 * knows no policy, no prefix and no client. */

#include "sixward/resolve/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/base/table.h"
#include "sixward/dns/wire.h"
#include "sixward/resolve/failures.h"
#include "sixward/resolve/kept.h"

enum {
	SHARD_BITS = 6,
	SHARDS = 1 << SHARD_BITS,
	S_MS = 1000,
	SHRINK_OCTETS = 1 << 16, /* given up under the lock at once */
	LOOKS_MAX = 64,          /* CCH-g: names passed over in one go before one has to leave */
	SWEEP = 4,               /* names looked at for one that nobody can be served */
	FAILURES_SHARE = 16,
	FAILURES_LEAST = 16,
	SPARE = 128,          /* octets that a name may have too many */
	OTHER = 28,           /* what the A or the AAAA that comes next takes, most likely */
	FAILURE_STALE_S = 30, /* LIM-27 */
	POPULAR_HITS = 2      /* LIM-37 */
};

/* SIEVE: one queue in the order stored, and a hand that goes from the oldest to the newest and
 * takes out what nobody asked for since it passed. One-time scans leave by the first round. */
struct shard {
	pthread_mutex_t lock;
	struct table names;
	struct table pieces;
	struct kept *newest, *oldest, *hand;
	struct kept *sweep; /* a second hand, that takes what has expired */
	size_t octets;      /* of names, pieces and replies */
	size_t facts;
	uint32_t edition;
	struct failures failures;
	struct count count_asked, count_hits, count_failures, count_cuts, count_evicted;
	struct count count_finished, count_stale;
	struct count count_entries, count_octets;
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

/* What a name is looked up by; it is lower-cased. */
struct key {
	const uint8_t *name;
	uint8_t name_size;
	uint16_t rclass;
	bool cd;
	uint64_t scope;
	uint64_t name_hash;
	uint64_t hash;
};

/* What left under the lock, to be freed after it. */
struct gone {
	struct kept *names; /* by `older` */
	struct table_link *pieces;
	struct reply *replies[KEPT_FACTS_MAX];
	size_t reply_count;
};

/* Memory, as the account goes. */

static size_t slots_octets(const struct table *table)
{
	return table->slot_count * sizeof(struct table_link *);
}

static size_t held(const struct shard *shard)
{
	return shard->octets + slots_octets(&shard->names) + slots_octets(&shard->pieces) +
	       shard->failures.table.count * FAILURES_ENTRY_OCTETS;
}

static void note_held(struct shard *shard)
{
	count_set(&shard->count_entries, shard->facts);
	count_set(&shard->count_octets, held(shard));
}

static size_t piece_memory(const struct kept_piece *piece)
{
	return mem_held(sizeof(*piece) + piece->size);
}

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
	table_init(&cache->shards[0].names, 0);
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];

		pthread_mutex_init(&shard->lock, NULL);
		/* One key for all, so that a name is hashed once. */
		if (i > 0)
			table_init_like(&shard->names, first, 0);
		table_init_like(&shard->pieces, first, 0);
		failures_init(&shard->failures, failures_most(options));
		note_held(shard);
	}
	return cache;
}

/* CCH-a. All types of a name share its place: one lock answers for them and for its denial. */
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
	uint64_t rest = key.rclass | (uint64_t)key.cd << 16;

	key.name_hash = table_hash(&cache->shards[0].names, key.name, key.name_size);
	/* The name's hash is keyed; spreading the rest needs no secret. */
	rest = (rest ^ key.scope) * UINT64_C(0x9e3779b97f4a7c15);
	key.hash = key.name_hash ^ rest ^ rest >> 32;
	return key;
}

static struct shard *shard_of(struct cache *cache, const struct key *key)
{
	return &cache->shards[key->name_hash >> (64 - SHARD_BITS)];
}

static bool on_name(const struct table_link *link, const void *wanted)
{
	const struct kept *kept = TABLE_ITEM(link, const struct kept, link);
	const struct key *key = wanted;

	return kept->scope == key->scope && kept->rclass == key->rclass && kept->cd == key->cd &&
	       kept->name_size == key->name_size &&
	       !memcmp(kept->octets, key->name, key->name_size);
}

static struct kept *find(const struct shard *shard, const struct key *key)
{
	struct table_link *link = table_find(&shard->names, key->hash, on_name, key);

	return link ? TABLE_ITEM(link, struct kept, link) : NULL;
}

/* Letting go. */

static void free_gone(struct gone *gone)
{
	while (gone->names) {
		struct kept *next = gone->names->older;
		struct kept_item *item = kept_next(gone->names, NULL);

		for (; item; item = kept_next(gone->names, item)) {
			if (kept_fact(item))
				reply_unref(kept_reply(kept_fact(item)));
		}
		free(gone->names);
		gone->names = next;
	}
	while (gone->pieces) {
		struct table_link *next = gone->pieces->next;

		free(TABLE_ITEM(gone->pieces, struct kept_piece, link));
		gone->pieces = next;
	}
	while (gone->reply_count)
		reply_unref(gone->replies[--gone->reply_count]);
}

/* The fact leaves, its memory stays. */
static void release(struct shard *shard, const struct kept_fact *fact, struct gone *gone)
{
	const struct reply *reply = kept_reply(fact);

	if (reply)
		shard->octets -= reply_memory(reply);
	for (size_t i = 0; i < fact->item.piece_count; i++) {
		struct kept_piece *piece = kept_piece(fact, i);

		if (--piece->references)
			continue;
		shard->octets -= piece_memory(piece);
		table_remove(&shard->pieces, &piece->link);
		piece->link.next = gone->pieces;
		gone->pieces = &piece->link;
	}
	shard->facts--;
}

static struct kept_item *remove_fact(
	struct shard *shard, struct kept *kept, struct kept_fact *fact, struct gone *gone)
{
	release(shard, fact, gone);
	if (kept_reply(fact))
		gone->replies[gone->reply_count++] = kept_reply(fact);
	return kept_remove(kept, &fact->item);
}

static void link_newest(struct shard *shard, struct kept *kept)
{
	kept->newer = NULL;
	kept->older = shard->newest;
	if (shard->newest)
		shard->newest->newer = kept;
	else
		shard->oldest = kept;
	shard->newest = kept;
	shard->octets += kept_memory(kept);
	table_insert(&shard->names, &kept->link, kept->link.hash);
}

/* Takes a name out; its pieces and its replies stay its own. */
static void unlink_name(struct shard *shard, struct kept *kept)
{
	if (shard->hand == kept)
		shard->hand = kept->newer;
	if (shard->sweep == kept)
		shard->sweep = kept->newer;
	if (kept->newer)
		kept->newer->older = kept->older;
	else
		shard->newest = kept->older;
	if (kept->older)
		kept->older->newer = kept->newer;
	else
		shard->oldest = kept->newer;
	shard->octets -= kept_memory(kept);
	table_remove(&shard->names, &kept->link);
}

static void take_out(struct shard *shard, struct kept *kept, struct gone *gone)
{
	struct kept_item *item = kept_next(kept, NULL);

	for (; item; item = kept_next(kept, item)) {
		if (kept_fact(item))
			release(shard, kept_fact(item), gone);
	}
	unlink_name(shard, kept);
	kept->older = gone->names;
	gone->names = kept;
}

/* `kept` takes the place of `old`, with all that it had. */
static void replace(struct shard *shard, struct kept *old, struct kept *kept, struct gone *gone)
{
	kept_move(kept, old);
	table_remove(&shard->names, &old->link);
	table_insert(&shard->names, &kept->link, old->link.hash);
	if (kept->newer)
		kept->newer->older = kept;
	else
		shard->newest = kept;
	if (kept->older)
		kept->older->newer = kept;
	else
		shard->oldest = kept;
	if (shard->hand == old)
		shard->hand = kept;
	if (shard->sweep == old)
		shard->sweep = kept;
	shard->octets += kept_memory(kept);
	shard->octets -= kept_memory(old);
	old->older = gone->names;
	gone->names = old;
}

/* CCH-g: a name of which nothing can be served any more, but as stale, among the next few. */
static struct kept *find_expired(struct shard *shard, const struct kept *but, uint64_t now_ms)
{
	for (size_t i = 0; i < SWEEP; i++) {
		struct kept *kept = shard->sweep ? shard->sweep : shard->oldest;

		if (!kept)
			return NULL;
		shard->sweep = kept->newer;
		if (kept != but && !kept_is_live(kept, now_ms))
			return kept;
	}
	return NULL;
}

static struct kept *find_unvisited(struct shard *shard, const struct kept *but)
{
	size_t looks = 0;

	for (;;) {
		struct kept *kept = shard->hand ? shard->hand : shard->oldest;

		shard->hand = kept->newer;
		if (kept == but)
			continue;
		if (!kept->is_visited || ++looks > LOOKS_MAX)
			return kept;
		kept->is_visited = false;
	}
}

/* CCH-g: bounded, and never a long wait for whoever holds the lock. */
static void make_room(struct shard *shard, size_t most, const struct kept *but, uint64_t now_ms,
	struct gone *gone)
{
	while (held(shard) > most) {
		struct kept *kept;

		if (failures_drop_ended(&shard->failures, now_ms))
			continue;
		if (shard->names.count <= (but ? 1 : 0))
			return;
		kept = find_expired(shard, but, now_ms);
		take_out(shard, kept ? kept : find_unvisited(shard, but), gone);
		count_up(&shard->count_evicted);
	}
}

void cache_free(struct cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];
		struct gone gone = { 0 };

		while (shard->oldest)
			take_out(shard, shard->oldest, &gone);
		free_gone(&gone);
		table_clear(&shard->names);
		table_clear(&shard->pieces);
		failures_clear(&shard->failures);
		pthread_mutex_destroy(&shard->lock);
	}
	free(cache);
}

/* One step towards the size; false when it is reached. */
static bool shrink(struct shard *shard, size_t most)
{
	struct gone gone = { 0 };
	size_t next;

	pthread_mutex_lock(&shard->lock);
	next = held(shard) > most + SHRINK_OCTETS ? held(shard) - SHRINK_OCTETS : most;
	make_room(shard, next, NULL, 0, &gone);
	note_held(shard);
	pthread_mutex_unlock(&shard->lock);
	free_gone(&gone);
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
		struct key key = key_make(cache, question, name);
		struct shard *shard = shard_of(cache, &key);
		struct kept *kept;
		bool found;

		pthread_mutex_lock(&shard->lock);
		kept = find(shard, &key);
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
	struct key key = key_make(cache, question, question->name.octets);
	struct shard *shard = shard_of(cache, &key);
	struct kept *kept;
	struct taken taken;
	bool found;
	bool has_failed = false;

	clear_hit(hit);
	pthread_mutex_lock(&shard->lock);
	count_up(&shard->count_asked);
	kept = find(shard, &key);
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
	struct key key = key_make(cache, question, question->name.octets);
	struct shard *shard = shard_of(cache, &key);
	struct kept_fact *fact = NULL;
	struct kept *kept;
	struct taken taken;

	clear_hit(hit);
	if (!cache->stale_ms)
		return false;
	pthread_mutex_lock(&shard->lock);
	kept = find(shard, &key);
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
	struct key name = key_make(cache, question, question->name.octets);
	struct shard *shard = shard_of(cache, &name);
	struct kept_item *item = NULL;
	struct finished head;
	struct kept *kept;

	pthread_mutex_lock(&shard->lock);
	kept = find(shard, &name);
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

/* Storing. What needs memory is tried under the lock, told what is missing, and tried again. */

struct addition {
	struct key key;
	size_t most;
	struct kept *block; /* for the name, when it has to grow */
	size_t wanted;      /* octets of that */
	size_t more;        /* octets that a new name gets beside */
};

/* The name with room for one more item; NULL: it takes a larger block. */
static struct kept *make_place(struct shard *shard, struct addition *addition, struct kept *kept,
	size_t size, struct gone *gone)
{
	const struct key *key = &addition->key;
	size_t used = kept ? kept->used : kept_octets(key->name_size, 0);
	size_t wanted = used + kept_step(size) + (kept ? 0 : addition->more);
	struct kept *block = addition->block;

	if (kept && wanted <= kept->room && kept->room <= wanted * 2 + SPARE)
		return kept;
	if (!block || block->room < wanted || block->room > wanted * 2 + SPARE) {
		addition->wanted = wanted;
		return NULL;
	}
	addition->block = NULL;
	if (kept) {
		replace(shard, kept, block, gone);
		return block;
	}
	block->link.hash = key->hash;
	block->scope = key->scope;
	block->rclass = key->rclass;
	block->cd = key->cd;
	block->name_size = key->name_size;
	block->used = (uint16_t)used;
	memcpy(block->octets, key->name, key->name_size);
	link_newest(shard, block);
	return block;
}

static void make_block(struct addition *addition)
{
	free(addition->block);
	addition->block = kept_new(addition->wanted);
}

/* Whether even alone it were too much. */
static bool is_too_large(const struct addition *addition, size_t size)
{
	return mem_held(offsetof(struct kept, octets) +
			kept_octets(addition->key.name_size, kept_step(size))) > addition->most;
}

/* A fact on its way in. */
struct news {
	struct addition addition;
	const struct question *question;
	struct kept_fact fact; /* its head */
	uint16_t instead;      /* the type whose fact it replaces beside its own */
	struct reply *reply;   /* kept as it is; NULL: packed */
	const struct packed *packed;
	struct kept_piece *pieces[PACKED_PIECES_MAX]; /* new ones */
	uint64_t hashes[PACKED_PIECES_MAX];
	bool wants_pieces;
	bool is_kept; /* false: it only drives out what it contradicts */
	uint64_t now_ms;
	uint64_t stale_ms;
};

/* Types that stand beside a CNAME, or are no type of the name's own. */
static bool minds_alias(uint16_t type)
{
	return type != TYPE_RRSIG && type != TYPE_NSEC && type != TYPE_DS && type != TYPE_ANY;
}

/* R8767-7-a, R2308-5-b: whether what is known of a name cannot be true beside what is told now. Of
 * two servers that disagree only about what is not there both are believed, while they may. */
static bool contradicts(const struct news *news, const struct kept_fact *old)
{
	const struct kept_fact *fact = &news->fact;
	bool is_expired = news->now_ms >= kept_end_ms(old);

	if (old->type == KEPT_TYPE_DENIED)
		return fact->type != KEPT_TYPE_DENIED;
	if (fact->type == KEPT_TYPE_DENIED)
		return is_expired;
	if (!minds_alias(fact->type) || !minds_alias(old->type) ||
		fact->item.is_alias == old->item.is_alias)
		return false;
	return is_expired || ((fact->item.is_alias || fact->item.is_data) &&
				     (old->item.is_alias || old->item.is_data));
}

static bool is_replaced(const struct news *news, const struct kept_fact *old)
{
	return old->type == news->fact.type || old->type == news->instead;
}

/* R2181-5-a: a new answer takes the whole place of the old one, nothing merges. */
static void clear_for(
	struct shard *shard, struct kept *kept, const struct news *news, struct gone *gone)
{
	struct kept_item *item = kept_next(kept, NULL);
	struct kept_fact *oldest = NULL;
	size_t facts = 0;

	while (item) {
		struct kept_fact *fact = kept_fact(item);

		if (!fact) {
			item = kept_remove(kept, item);
			continue;
		}
		if (is_replaced(news, fact) || contradicts(news, fact) ||
			news->now_ms >= kept_end_ms(fact) + news->stale_ms) {
			kept->is_visited |= is_replaced(news, fact); /* asked for again */
			item = remove_fact(shard, kept, fact, gone);
			continue;
		}
		facts++;
		if (!oldest || kept_stored_ms(fact) < kept_stored_ms(oldest))
			oldest = fact;
		item = kept_next(kept, item);
	}
	if (facts == KEPT_FACTS_MAX)
		remove_fact(shard, kept, oldest, gone);
	kept->edition = ++shard->edition;
}

static bool on_piece(const struct table_link *link, const void *wanted)
{
	const struct kept_piece *piece = TABLE_ITEM(link, const struct kept_piece, link);
	const struct packed_piece *octets = wanted;

	return piece->size == octets->size && !memcmp(piece->octets, octets->octets, octets->size);
}

/* The pieces that are there, or new ones. NULL in `found`: neither. */
static bool find_pieces(struct shard *shard, struct news *news, struct kept_piece **found)
{
	const struct packed *packed = news->packed;

	news->wants_pieces = false;
	for (size_t i = 0; i < news->fact.item.piece_count; i++) {
		struct table_link *link =
			table_find(&shard->pieces, news->hashes[i], on_piece, &packed->pieces[i]);

		found[i] = link ? TABLE_ITEM(link, struct kept_piece, link) : news->pieces[i];
		news->wants_pieces |= !found[i];
	}
	return !news->wants_pieces;
}

static void make_pieces(struct news *news)
{
	for (size_t i = 0; i < news->fact.item.piece_count; i++) {
		const struct packed_piece *octets = &news->packed->pieces[i];
		struct kept_piece *piece;

		if (news->pieces[i])
			continue;
		piece = mem_new(mem_room(sizeof(*piece) + octets->size));
		piece->size = (uint32_t)octets->size;
		memcpy(piece->octets, octets->octets, octets->size);
		news->pieces[i] = piece;
	}
}

static void use_piece(struct shard *shard, struct news *news, struct kept_fact *fact, size_t index,
	struct kept_piece *piece)
{
	if (piece == news->pieces[index]) {
		news->pieces[index] = NULL;
		shard->octets += piece_memory(piece);
		table_insert(&shard->pieces, &piece->link, news->hashes[index]);
	}
	piece->references++;
	kept_set_piece(fact, index, piece);
}

static void write_fact(
	struct shard *shard, struct news *news, struct kept *kept, struct kept_piece **pieces)
{
	struct kept_fact *fact = kept_append(kept, news->fact.item.size);
	uint8_t *octets;
	size_t size;

	*fact = news->fact;
	shard->facts++;
	if (news->reply) {
		kept_set_reply(fact, reply_ref(news->reply));
		shard->octets += reply_memory(news->reply);
		return;
	}
	for (size_t i = 0; i < fact->item.piece_count; i++)
		use_piece(shard, news, fact, i, pieces[i]);
	octets = kept_packed(fact, &size);
	memcpy(octets, news->packed->octets, size);
}

/* Under the lock. False: memory is missing. */
static bool try_store(struct shard *shard, struct news *news, struct gone *gone)
{
	struct kept *kept = find(shard, &news->addition.key);
	struct kept_piece *pieces[PACKED_PIECES_MAX] = { NULL };

	failures_forget(&shard->failures, news->question);
	if (kept)
		clear_for(shard, kept, news, gone);
	if (!news->is_kept) {
		if (kept && !kept_next(kept, NULL))
			take_out(shard, kept, gone);
		return true;
	}
	news->addition.wanted = 0;
	if (!find_pieces(shard, news, pieces))
		return false;
	kept = make_place(shard, &news->addition, kept, news->fact.item.size, gone);
	if (!kept)
		return false;
	write_fact(shard, news, kept, pieces);
	kept->edition = ++shard->edition;
	make_room(shard, news->addition.most, kept, news->now_ms, gone);
	return true;
}

static void store(struct cache *cache, struct news *news)
{
	struct shard *shard = shard_of(cache, &news->addition.key);
	bool is_done;

	do {
		struct gone gone;

		gone.names = NULL;
		gone.pieces = NULL;
		gone.reply_count = 0;
		pthread_mutex_lock(&shard->lock);
		is_done = try_store(shard, news, &gone);
		note_held(shard);
		pthread_mutex_unlock(&shard->lock);
		free_gone(&gone);
		if (news->wants_pieces)
			make_pieces(news);
		else if (!is_done)
			make_block(&news->addition);
	} while (!is_done);
	free(news->addition.block);
	for (size_t i = 0; i < PACKED_PIECES_MAX; i++)
		free(news->pieces[i]);
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
	news->is_kept = !is_too_large(&news->addition, item->size + memory);
}

/* Replaces the fact of `type`, and that of the question's own. One of no lifetime is not kept, but
 * what it contradicts goes all the same (R8767-4-c, CCH-c, R2308-5-d). */
static void store_as(struct cache *cache, const struct question *question, uint16_t type,
	struct reply *reply, uint64_t now_ms)
{
	const struct reply_facts *facts = reply_facts(reply);
	struct packed packed; /* not zeroed: it is large */
	struct news news = {
		.addition = { .key = key_make(cache, question, question->name.octets),
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
	store(cache, &news);
}

static void forget_failure(struct cache *cache, const struct question *question)
{
	struct key key = key_make(cache, question, question->name.octets);
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
static bool try_keep(struct cache *cache, struct shard *shard, struct addition *addition,
	uint64_t edition, struct finished *finished, uint64_t now_ms, struct gone *gone)
{
	struct kept *kept = find(shard, &addition->key);
	size_t size = finished_memory(finished);
	struct kept_item *item;

	if (!kept || edition_of(kept) != edition)
		return true;
	finished->until_ms = end_of_finished(cache, kept, finished, now_ms);
	if (now_ms >= finished->until_ms)
		return true;
	clear_finished(kept, finished, now_ms);
	kept = make_place(shard, addition, kept, sizeof(*item) + size, gone);
	if (!kept)
		return false;
	item = kept_append(kept, sizeof(*item) + size);
	*item = (struct kept_item){ .size = (uint16_t)(sizeof(*item) + size),
		.kind = KEPT_FINISHED };
	memcpy(item + 1, finished, size);
	make_room(shard, addition->most, kept, now_ms, gone);
	return true;
}

void cache_keep_finished(struct cache *cache, const struct question *question, uint64_t edition,
	struct finished *finished, uint64_t now_ms)
{
	struct addition addition = { .key = key_make(cache, question, question->name.octets),
		.most = cache->shard_octets };
	struct shard *shard = shard_of(cache, &addition.key);
	bool is_done = is_too_large(&addition, finished_memory(finished));

	while (!is_done) {
		struct gone gone = { 0 };

		pthread_mutex_lock(&shard->lock);
		is_done = try_keep(cache, shard, &addition, edition, finished, now_ms, &gone);
		note_held(shard);
		pthread_mutex_unlock(&shard->lock);
		free_gone(&gone);
		if (!is_done)
			make_block(&addition);
	}
	free(addition.block);
	finished_free(finished);
}

void cache_store_failure(struct cache *cache, const struct question *question,
	const struct failure *failure, uint64_t now_ms)
{
	struct key key = key_make(cache, question, question->name.octets);
	struct shard *shard = shard_of(cache, &key);
	struct failures_hold hold = { .first_s = cache->failure_first_s,
		.most_s = cache->failure_most_s };
	struct gone gone = { 0 };
	struct kept *kept;

	pthread_mutex_lock(&shard->lock);
	kept = cache->stale_ms ? find(shard, &key) : NULL;
	/* R8767-5-a: meanwhile there is something to tell. */
	if (kept && find_stale(cache, kept, question->type, now_ms)) {
		hold.first_s = hold.first_s > FAILURE_STALE_S ? hold.first_s : FAILURE_STALE_S;
		hold.most_s = hold.most_s > hold.first_s ? hold.most_s : hold.first_s;
	}
	failures_note(&shard->failures, question, failure, &hold, now_ms);
	make_room(shard, cache->shard_octets, NULL, now_ms, &gone);
	note_held(shard);
	pthread_mutex_unlock(&shard->lock);
	free_gone(&gone);
}

void cache_add_counts(struct cache *cache, struct counts *counts)
{
	for (size_t i = 0; i < SHARDS; i++) {
		const struct shard *shard = &cache->shards[i];

		counts_add(counts, "cache_asked", NULL, "questions looked up in the cache",
			&shard->count_asked);
		counts_add(counts, "cache_hits", NULL, "questions answered from the cache",
			&shard->count_hits);
		/* Hits as well, counted once. */
		counts_add(counts, "cache_asked", NULL, "questions looked up in the cache",
			&shard->count_finished);
		counts_add(counts, "cache_hits", NULL, "questions answered from the cache",
			&shard->count_finished);
		counts_add(counts, "cache_finished", NULL,
			"hits by an answer that was finished before", &shard->count_finished);
		counts_add(counts, "cache_cuts", NULL, "hits by the NXDOMAIN of a name above",
			&shard->count_cuts);
		counts_add(counts, "cache_stale", NULL,
			"expired answers found while upstream failed or was late",
			&shard->count_stale);
		counts_add(counts, "cache_failure_hits", NULL,
			"questions that failed lately and were not asked again",
			&shard->count_failures);
		counts_add(counts, "cache_evicted", NULL, "names that had to make room",
			&shard->count_evicted);
		counts_add(counts, "cache_entries", NULL, "replies kept", &shard->count_entries);
		counts_add(counts, "cache_octets", NULL, "memory that the cache holds",
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
