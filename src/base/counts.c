/* Counters, and the list of their names. */

#include "sixward/base/counts.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"

struct counted {
	const char *name;
	const char *label;
	const char *help;
	const struct count *count;
};

struct counts {
	struct counted *items;
	size_t count;
	size_t room;
};

void count_up(struct count *count)
{
	count_up_by(count, 1);
}

void count_up_by(struct count *count, uint64_t amount)
{
	/* One thread writes: no locked instruction is needed. */
	count_set(count, count_read(count) + amount);
}

void count_set(struct count *count, uint64_t value)
{
	atomic_store_explicit(&count->value, value, memory_order_relaxed);
}

uint64_t count_read(const struct count *count)
{
	return atomic_load_explicit(&count->value, memory_order_relaxed);
}

struct counts *counts_new(void)
{
	return mem_new(sizeof(struct counts));
}

void counts_free(struct counts *counts)
{
	if (!counts)
		return;
	free(counts->items);
	free(counts);
}

void counts_add(struct counts *counts, const char *name, const char *label, const char *help,
	const struct count *count)
{
	if (counts->count == counts->room) {
		counts->room = counts->room ? 2 * counts->room : 64;
		counts->items =
			mem_resize_array(counts->items, counts->room, sizeof(*counts->items));
	}
	counts->items[counts->count++] = (struct counted){ name, label, help, count };
}

static bool is_same(const struct counted *a, const struct counted *b)
{
	if (strcmp(a->name, b->name) != 0 || !a->label != !b->label)
		return false;
	return !a->label || strcmp(a->label, b->label) == 0;
}

static bool was_visited(const struct counts *counts, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (is_same(&counts->items[i], &counts->items[index]))
			return true;
	}
	return false;
}

void counts_each(const struct counts *counts, counts_visit *visit, void *owner)
{
	for (size_t i = 0; i < counts->count; i++) {
		const struct counted *item = &counts->items[i];
		uint64_t sum = 0;

		if (was_visited(counts, i))
			continue;
		for (size_t k = i; k < counts->count; k++) {
			if (is_same(item, &counts->items[k]))
				sum += count_read(counts->items[k].count);
		}
		visit(owner, item->name, item->label, item->help, sum);
	}
}
