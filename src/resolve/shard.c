/* A part of the cache: the names in it, the pieces that they share, the account of both, and who
 * has to leave. Nothing of what leaves is freed before the lock is open. Knows what a name holds,
 * but not what facts mean. */

#include "sixward/resolve/shard.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"

enum {
	LOOKS_MAX = 64, /* CCH-g: names passed over in one go before one has to leave */
	SWEEP = 4,      /* names looked at for one that nobody can be served */
	SPARE = 128     /* octets that a name may have too many */
};

/* Memory, as the account goes. */

static size_t slots_octets(const struct table *table)
{
	return table->slot_count * sizeof(struct table_link *);
}

size_t shard_held(const struct shard *shard)
{
	return shard->octets + slots_octets(&shard->names) + slots_octets(&shard->pieces) +
	       shard->failures.table.count * FAILURES_ENTRY_OCTETS;
}

void shard_note_held(struct shard *shard)
{
	count_set(&shard->count_entries, shard->facts);
	count_set(&shard->count_octets, shard_held(shard));
}

static size_t piece_memory(const struct kept_piece *piece)
{
	return mem_held(sizeof(*piece) + piece->size);
}

void shard_init(struct shard *shard, const struct table *hashed_like, size_t failures_max)
{
	pthread_mutex_init(&shard->lock, NULL);
	if (hashed_like)
		table_init_like(&shard->names, hashed_like, 0);
	else
		table_init(&shard->names, 0);
	table_init_like(&shard->pieces, &shard->names, 0);
	failures_init(&shard->failures, failures_max);
	shard_note_held(shard);
}

void shard_clear(struct shard *shard)
{
	struct shard_gone gone = { 0 };

	while (shard->oldest)
		shard_take_out(shard, shard->oldest, &gone);
	shard_free_gone(&gone);
	table_clear(&shard->names);
	table_clear(&shard->pieces);
	failures_clear(&shard->failures);
	pthread_mutex_destroy(&shard->lock);
}

static bool on_name(const struct table_link *link, const void *wanted)
{
	const struct kept *kept = TABLE_ITEM(link, const struct kept, link);
	const struct shard_key *key = wanted;

	return kept->scope == key->scope && kept->rclass == key->rclass && kept->cd == key->cd &&
	       kept->name_size == key->name_size &&
	       !memcmp(kept->octets, key->name, key->name_size);
}

struct kept *shard_find(const struct shard *shard, const struct shard_key *key)
{
	struct table_link *link = table_find(&shard->names, key->hash, on_name, key);

	return link ? TABLE_ITEM(link, struct kept, link) : NULL;
}

/* Letting go. */

void shard_free_gone(struct shard_gone *gone)
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
static void release(struct shard *shard, const struct kept_fact *fact, struct shard_gone *gone)
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

struct kept_item *shard_remove_fact(
	struct shard *shard, struct kept *kept, struct kept_fact *fact, struct shard_gone *gone)
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

void shard_take_out(struct shard *shard, struct kept *kept, struct shard_gone *gone)
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
static void replace(
	struct shard *shard, struct kept *old, struct kept *kept, struct shard_gone *gone)
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
void shard_make_room(struct shard *shard, size_t most, const struct kept *but, uint64_t now_ms,
	struct shard_gone *gone)
{
	while (shard_held(shard) > most) {
		struct kept *kept;

		if (failures_drop_ended(&shard->failures, now_ms))
			continue;
		if (shard->names.count <= (but ? 1 : 0))
			return;
		kept = find_expired(shard, but, now_ms);
		shard_take_out(shard, kept ? kept : find_unvisited(shard, but), gone);
		count_up(&shard->count_evicted);
	}
}

/* The name with room for one more item; NULL: it takes a larger block. */
struct kept *shard_make_place(struct shard *shard, struct shard_place *place, struct kept *kept,
	size_t size, struct shard_gone *gone)
{
	const struct shard_key *key = &place->key;
	size_t used = kept ? kept->used : kept_octets(key->name_size, 0);
	size_t wanted = used + kept_step(size) + (kept ? 0 : place->more);
	struct kept *block = place->block;

	if (kept && wanted <= kept->room && kept->room <= wanted * 2 + SPARE)
		return kept;
	if (!block || block->room < wanted || block->room > wanted * 2 + SPARE) {
		place->wanted = wanted;
		return NULL;
	}
	place->block = NULL;
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

void shard_make_block(struct shard_place *place)
{
	free(place->block);
	place->block = kept_new(place->wanted);
}

/* Whether even alone it were too much. */
bool shard_is_too_large(const struct shard_place *place, size_t size)
{
	return mem_held(offsetof(struct kept, octets) +
			kept_octets(place->key.name_size, kept_step(size))) > place->most;
}

static bool on_piece(const struct table_link *link, const void *wanted)
{
	const struct kept_piece *piece = TABLE_ITEM(link, const struct kept_piece, link);
	const struct packed_piece *octets = wanted;

	return piece->size == octets->size && !memcmp(piece->octets, octets->octets, octets->size);
}

struct kept_piece *shard_find_piece(
	const struct shard *shard, const struct packed_piece *octets, uint64_t hash)
{
	struct table_link *link = table_find(&shard->pieces, hash, on_piece, octets);

	return link ? TABLE_ITEM(link, struct kept_piece, link) : NULL;
}

void shard_add_piece(struct shard *shard, struct kept_piece *piece, uint64_t hash)
{
	shard->octets += piece_memory(piece);
	table_insert(&shard->pieces, &piece->link, hash);
}
