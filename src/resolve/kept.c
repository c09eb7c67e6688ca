/* What is kept for a name, and how it lies in memory. Knows no lock, no other name, and not who
 * asks. */

#include "sixward/resolve/kept.h"

#include <assert.h>
#include <string.h>

#include "sixward/base/mem.h"

enum { STEP = 4, S_MS = 1000, REFRESH_PART = 10, HIGH_SHIFT = 32 };

size_t kept_step(size_t size)
{
	return (size + STEP - 1) / STEP * STEP;
}

size_t kept_octets(size_t name_size, size_t items_size)
{
	return kept_step(name_size) + items_size;
}

struct kept *kept_new(size_t octets)
{
	const size_t head = offsetof(struct kept, octets);
	size_t size = mem_room(head + octets);
	struct kept *kept = mem_new(size);

	assert(octets <= KEPT_OCTETS_MAX);
	kept->room = (uint16_t)(size - head);
	return kept;
}

size_t kept_memory(const struct kept *kept)
{
	return mem_held(offsetof(struct kept, octets) + kept->room);
}

void kept_move(struct kept *kept, struct kept *from)
{
	uint16_t room = kept->room;

	assert(from->used <= room);
	memcpy(kept, from, offsetof(struct kept, octets));
	memcpy(kept->octets, from->octets, from->used);
	kept->room = room;
	from->used = 0;
}

/* The one at `at`, if there is one. */
static struct kept_item *item_at(struct kept *kept, size_t at)
{
	return at < kept->used ? (void *)(kept->octets + at) : NULL;
}

struct kept_item *kept_next(struct kept *kept, const struct kept_item *item)
{
	if (!item)
		return item_at(kept, kept_step(kept->name_size));
	return item_at(
		kept, (size_t)((const uint8_t *)item - kept->octets) + kept_step(item->size));
}

struct kept_fact *kept_fact(struct kept_item *item)
{
	return item->kind == KEPT_FINISHED ? NULL : (void *)item;
}

struct kept_fact *kept_find(struct kept *kept, uint16_t type)
{
	for (struct kept_item *item = kept_next(kept, NULL); item; item = kept_next(kept, item)) {
		struct kept_fact *fact = kept_fact(item);

		if (fact && fact->type == type)
			return fact;
	}
	return NULL;
}

void *kept_append(struct kept *kept, size_t size)
{
	uint8_t *place = kept->octets + kept->used;

	assert(kept->used + kept_step(size) <= kept->room);
	kept->used = (uint16_t)(kept->used + kept_step(size));
	return place;
}

struct kept_item *kept_remove(struct kept *kept, struct kept_item *item)
{
	size_t at = (size_t)((uint8_t *)item - kept->octets);
	size_t step = kept_step(item->size);

	memmove(item, (uint8_t *)item + step, kept->used - at - step);
	kept->used = (uint16_t)(kept->used - step);
	return item_at(kept, at);
}

void kept_set_stored(struct kept_fact *fact, uint64_t now_ms)
{
	fact->stored_high = (uint16_t)(now_ms >> HIGH_SHIFT);
	fact->stored_low = (uint32_t)now_ms;
}

uint64_t kept_stored_ms(const struct kept_fact *fact)
{
	return (uint64_t)fact->stored_high << HIGH_SHIFT | fact->stored_low;
}

uint64_t kept_end_ms(const struct kept_fact *fact)
{
	return kept_stored_ms(fact) + (uint64_t)fact->lifetime_s * S_MS;
}

uint64_t kept_refresh_ms(const struct kept_fact *fact)
{
	uint64_t rest_ms = (uint64_t)fact->lifetime_s * S_MS / REFRESH_PART;

	return kept_end_ms(fact) - (rest_ms > S_MS ? rest_ms : S_MS);
}

bool kept_is_live(struct kept *kept, uint64_t now_ms)
{
	for (struct kept_item *item = kept_next(kept, NULL); item; item = kept_next(kept, item)) {
		const struct kept_fact *fact = kept_fact(item);

		if (fact && now_ms < kept_end_ms(fact))
			return true;
	}
	return false;
}

bool kept_concerns(uint16_t fact, uint16_t asked)
{
	if (fact == KEPT_TYPE_DENIED || fact == asked)
		return true;
	return (fact == TYPE_A && asked == TYPE_AAAA) || (fact == TYPE_AAAA && asked == TYPE_A);
}

enum { POINTER = sizeof(void *) };

static uint8_t *pointers_of(const struct kept_fact *fact)
{
	return (uint8_t *)(uintptr_t)(fact + 1);
}

struct kept_piece *kept_piece(const struct kept_fact *fact, size_t index)
{
	struct kept_piece *piece;

	memcpy(&piece, pointers_of(fact) + index * POINTER, POINTER);
	return piece;
}

void kept_set_piece(struct kept_fact *fact, size_t index, const struct kept_piece *piece)
{
	memcpy(pointers_of(fact) + index * POINTER, &piece, POINTER);
}

uint8_t *kept_packed(struct kept_fact *fact, size_t *size)
{
	size_t before = kept_fact_size(fact->item.piece_count, 0);

	*size = fact->item.size - before;
	return (uint8_t *)fact + before;
}

struct reply *kept_reply(const struct kept_fact *fact)
{
	struct reply *reply = NULL;

	if (fact->item.kind == KEPT_REPLY)
		memcpy(&reply, pointers_of(fact), POINTER);
	return reply;
}

void kept_set_reply(struct kept_fact *fact, const struct reply *reply)
{
	memcpy(pointers_of(fact), &reply, POINTER);
}

size_t kept_fact_size(size_t pointers, size_t octets)
{
	return sizeof(struct kept_fact) + pointers * POINTER + octets;
}
