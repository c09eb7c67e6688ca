/* Due times in slots of 64 to the power of their level. An entry stands at the highest digit,
 * to the base of 64, in which its time differs from now, and moves down as now comes near. It
 * knows no clock, and nothing of what is due. */

#include "sixward/base/wheel.h"

enum { DIGIT_BITS = 6, DIGIT_MASK = WHEEL_SLOTS - 1, READY = WHEEL_LEVELS * WHEEL_SLOTS };

#define DUE_MAX ((UINT64_C(1) << (DIGIT_BITS * WHEEL_LEVELS)) - 1)

static unsigned lowest_bit(uint64_t set)
{
	return (unsigned)__builtin_ctzll(set);
}

static struct wheel_slot *slot_of(struct wheel *wheel, unsigned place)
{
	if (place == READY)
		return &wheel->ready;
	return &wheel->slots[place / WHEEL_SLOTS][place % WHEEL_SLOTS];
}

static void put(struct wheel *wheel, struct wheel_entry *entry, unsigned place)
{
	struct wheel_slot *slot = slot_of(wheel, place);

	entry->place = (uint16_t)(place + 1);
	entry->next = NULL;
	entry->previous = slot->last;
	if (slot->last)
		slot->last->next = entry;
	else
		slot->first = entry;
	slot->last = entry;
	if (place != READY)
		wheel->filled[place / WHEEL_SLOTS] |= UINT64_C(1) << place % WHEEL_SLOTS;
}

static void pull(struct wheel *wheel, struct wheel_entry *entry)
{
	unsigned place = entry->place - 1U;
	struct wheel_slot *slot = slot_of(wheel, place);

	entry->place = 0;
	if (entry->next)
		entry->next->previous = entry->previous;
	else
		slot->last = entry->previous;
	if (entry->previous)
		entry->previous->next = entry->next;
	else
		slot->first = entry->next;
	if (place != READY && !slot->first)
		wheel->filled[place / WHEEL_SLOTS] &= ~(UINT64_C(1) << place % WHEEL_SLOTS);
}

/* Where it belongs, seen from now. */
static unsigned place_of(const struct wheel *wheel, uint64_t due_ms)
{
	uint64_t differs = due_ms ^ wheel->now_ms;
	unsigned level = differs ? (63U - (unsigned)__builtin_clzll(differs)) / DIGIT_BITS : 0;

	return level * WHEEL_SLOTS + (unsigned)(due_ms >> (level * DIGIT_BITS) & DIGIT_MASK);
}

void wheel_insert(struct wheel *wheel, struct wheel_entry *entry, uint64_t due_ms, uint64_t now_ms)
{
	if (!wheel->count && now_ms > wheel->now_ms)
		wheel->now_ms = now_ms < DUE_MAX ? now_ms : DUE_MAX;
	if (due_ms > DUE_MAX)
		due_ms = DUE_MAX;
	if (due_ms < wheel->now_ms)
		due_ms = wheel->now_ms;
	entry->due_ms = due_ms;
	wheel->count++;
	put(wheel, entry, place_of(wheel, due_ms));
}

void wheel_remove(struct wheel *wheel, struct wheel_entry *entry)
{
	if (!entry->place)
		return;
	pull(wheel, entry);
	wheel->count--;
}

bool wheel_has(const struct wheel_entry *entry)
{
	return entry->place != 0;
}

/* The earliest slot that is filled: that of the lowest level, for what stands higher is later. */
static bool find_first(const struct wheel *wheel, unsigned *place, uint64_t *at_ms)
{
	for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
		unsigned shift = level * DIGIT_BITS;
		uint64_t upper = wheel->now_ms >> shift >> DIGIT_BITS << DIGIT_BITS;
		unsigned slot;

		if (!wheel->filled[level])
			continue;
		slot = lowest_bit(wheel->filled[level]);
		*place = level * WHEEL_SLOTS + slot;
		*at_ms = (upper | slot) << shift;
		return true;
	}
	return false;
}

void wheel_turn(struct wheel *wheel, uint64_t now_ms)
{
	unsigned place = 0;
	uint64_t at_ms = 0;

	while (find_first(wheel, &place, &at_ms) && at_ms <= now_ms) {
		struct wheel_slot *slot = slot_of(wheel, place);

		wheel->now_ms = at_ms;
		while (slot->first) {
			struct wheel_entry *entry = slot->first;

			pull(wheel, entry);
			put(wheel, entry,
				entry->due_ms <= at_ms ? READY : place_of(wheel, entry->due_ms));
		}
	}
	if (now_ms > wheel->now_ms)
		wheel->now_ms = now_ms < DUE_MAX ? now_ms : DUE_MAX;
}

struct wheel_entry *wheel_take(struct wheel *wheel)
{
	struct wheel_entry *entry = wheel->ready.first;

	if (entry)
		wheel_remove(wheel, entry);
	return entry;
}

uint64_t wheel_next_ms(const struct wheel *wheel)
{
	unsigned place = 0;
	uint64_t at_ms = 0;

	if (wheel->ready.first)
		return wheel->now_ms;
	return find_first(wheel, &place, &at_ms) ? at_ms : WHEEL_NEVER;
}
