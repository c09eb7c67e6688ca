/* A fact on its way into a shard: what it replaces, what it drives out, and what it shares with
 * others. Knows no lock but the shard's, and no question but its own. */

#include "sixward/resolve/news.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"

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
	struct shard *shard, struct kept *kept, const struct news *news, struct shard_gone *gone)
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
			item = shard_remove_fact(shard, kept, fact, gone);
			continue;
		}
		facts++;
		if (!oldest || kept_stored_ms(fact) < kept_stored_ms(oldest))
			oldest = fact;
		item = kept_next(kept, item);
	}
	if (facts == KEPT_FACTS_MAX)
		shard_remove_fact(shard, kept, oldest, gone);
	kept->edition = ++shard->edition;
}

/* The pieces that are there, or new ones. NULL in `found`: neither. */
static bool find_pieces(struct shard *shard, struct news *news, struct kept_piece **found)
{
	const struct packed *packed = news->packed;

	news->wants_pieces = false;
	for (size_t i = 0; i < news->fact.item.piece_count; i++) {
		found[i] = shard_find_piece(shard, &packed->pieces[i], news->hashes[i]);
		if (!found[i])
			found[i] = news->pieces[i];
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
	assert(piece); /* by find_pieces */
	if (piece == news->pieces[index]) {
		news->pieces[index] = NULL;
		shard_add_piece(shard, piece, news->hashes[index]);
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
static bool try_store(struct shard *shard, struct news *news, struct shard_gone *gone)
{
	struct kept *kept = shard_find(shard, &news->place.key);
	struct kept_piece *pieces[PACKED_PIECES_MAX] = { NULL };

	failures_forget(&shard->failures, news->question);
	if (kept)
		clear_for(shard, kept, news, gone);
	if (!news->is_kept) {
		if (kept && !kept_next(kept, NULL))
			shard_take_out(shard, kept, gone);
		return true;
	}
	news->place.wanted = 0;
	if (!find_pieces(shard, news, pieces))
		return false;
	kept = shard_make_place(shard, &news->place, kept, news->fact.item.size, gone);
	if (!kept)
		return false;
	write_fact(shard, news, kept, pieces);
	kept->edition = ++shard->edition;
	shard_make_room(shard, news->place.most, kept, news->now_ms, gone);
	return true;
}

void news_store(struct news *news, struct shard *shard)
{
	bool is_done;

	do {
		struct shard_gone gone;

		gone.names = NULL;
		gone.pieces = NULL;
		gone.reply_count = 0;
		pthread_mutex_lock(&shard->lock);
		is_done = try_store(shard, news, &gone);
		shard_note_held(shard);
		pthread_mutex_unlock(&shard->lock);
		shard_free_gone(&gone);
		if (news->wants_pieces)
			make_pieces(news);
		else if (!is_done)
			shard_make_block(&news->place);
	} while (!is_done);
	free(news->place.block);
	for (size_t i = 0; i < PACKED_PIECES_MAX; i++)
		free(news->pieces[i]);
}
