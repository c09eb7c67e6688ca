/* Marks of names, in sets found by their hash. What a mark stands for is not known here, nor how
 * old it is. */

#include "sixward/resolve/hints.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "sixward/base/entropy.h"
#include "sixward/base/mem.h"
#include "sixward/base/siphash.h"

struct set {
	_Atomic uint32_t marks[HINTS_IN_SET]; /* 0 = free */
};

struct hints {
	uint8_t key[SIPHASH_KEY_SIZE]; /* nobody outside can crowd a set */
	struct set sets[HINTS_SETS];
};

struct hints *hints_new(void)
{
	struct hints *hints = mem_new(sizeof(*hints));
	struct entropy entropy = { 0 };

	entropy_fill(&entropy, hints->key, sizeof(hints->key));
	return hints;
}

void hints_free(struct hints *hints)
{
	free(hints);
}

static uint64_t hash_of(const struct hints *hints, const struct name *name)
{
	return siphash_fast(hints->key, name->octets, name->size);
}

static size_t set_of(uint64_t hash)
{
	return hash % HINTS_SETS;
}

static uint32_t mark_of(uint64_t hash)
{
	uint32_t mark = (uint32_t)(hash >> 32);

	return mark ? mark : 1;
}

/* The place of the mark, or HINTS_IN_SET. */
static size_t place_of(const struct set *set, uint32_t mark)
{
	size_t place = 0;

	while (place < HINTS_IN_SET &&
		atomic_load_explicit(&set->marks[place], memory_order_relaxed) != mark)
		place++;
	return place;
}

bool hints_find(const struct hints *hints, const struct name *name)
{
	uint64_t hash = hash_of(hints, name);

	return place_of(&hints->sets[set_of(hash)], mark_of(hash)) < HINTS_IN_SET;
}

void hints_note(struct hints *hints, const struct name *name)
{
	uint64_t hash = hash_of(hints, name);
	struct set *set = &hints->sets[set_of(hash)];
	size_t place;

	if (place_of(set, mark_of(hash)) < HINTS_IN_SET)
		return;
	place = place_of(set, 0);
	if (place == HINTS_IN_SET)
		place = hash / HINTS_SETS % HINTS_IN_SET; /* any will do */
	atomic_store_explicit(&set->marks[place], mark_of(hash), memory_order_relaxed);
}

void hints_forget(struct hints *hints, const struct name *name)
{
	uint64_t hash = hash_of(hints, name);
	struct set *set = &hints->sets[set_of(hash)];
	size_t place = place_of(set, mark_of(hash));

	if (place < HINTS_IN_SET)
		atomic_store_explicit(&set->marks[place], 0, memory_order_relaxed);
}
