/* Counters, and the list of their names. A counter is written by the thread that owns it and
 * read by any; what a name means belongs to the room that added it. */

#include "sixward/base/counts.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"

struct entry {
	const char *name;
	const char *label;
	const char *help;
	const struct count **parts; /* one of each worker, say */
	size_t part_count;
};

struct counts {
	struct entry *entries;
	size_t count;
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
	for (size_t i = 0; i < counts->count; i++)
		free(counts->entries[i].parts);
	free(counts->entries);
	free(counts);
}

static bool same_label(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct entry *entry_for(
	struct counts *counts, const char *name, const char *label, const char *help)
{
	struct entry *entry;
	size_t place = counts->count; /* behind the last of its name */

	for (size_t i = 0; i < counts->count; i++) {
		entry = &counts->entries[i];
		if (strcmp(entry->name, name) != 0)
			continue;
		if (same_label(entry->label, label))
			return entry;
		place = i + 1;
	}
	counts->entries = mem_resize_array(counts->entries, counts->count + 1, sizeof(*entry));
	entry = &counts->entries[place];
	memmove(entry + 1, entry, (counts->count++ - place) * sizeof(*entry));
	*entry = (struct entry){ .name = name, .label = label, .help = help };
	return entry;
}

/* What is equal is brought together here, once, and not at each scrape. */
void counts_add(struct counts *counts, const char *name, const char *label, const char *help,
	const struct count *count)
{
	struct entry *entry = entry_for(counts, name, label, help);

	entry->parts =
		mem_resize_array(entry->parts, entry->part_count + 1, sizeof(const struct count *));
	entry->parts[entry->part_count++] = count;
}

static uint64_t sum_of(const struct entry *entry)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < entry->part_count; i++)
		sum += count_read(entry->parts[i]);
	return sum;
}

void counts_each(const struct counts *counts, counts_visit *visit, void *owner)
{
	for (size_t i = 0; i < counts->count; i++) {
		const struct entry *entry = &counts->entries[i];

		visit(owner, entry->name, entry->label, entry->help, sum_of(entry));
	}
}

uint64_t counts_sum(const struct counts *counts, const char *name)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < counts->count; i++) {
		if (strcmp(counts->entries[i].name, name) == 0)
			sum += sum_of(&counts->entries[i]);
	}
	return sum;
}
