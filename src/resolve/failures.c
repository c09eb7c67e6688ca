/* What failed lately, and for how long it is not asked again. Knows no lock, no reply and no
 * upstream. */

#include "sixward/resolve/failures.h"

#include <stdlib.h>

#include "sixward/base/mem.h"

enum { S_MS = 1000, EXPECTED = 8 };

struct failures_entry {
	struct table_link link;
	struct failures_entry *newer, *older;
	struct question question;
	struct failure failure;
	uint64_t until_ms;
	uint32_t hold_s;
};

_Static_assert(sizeof(struct failures_entry) + 16 <= FAILURES_ENTRY_OCTETS, "what one holds");

void failures_init(struct failures *failures, size_t entries_max)
{
	*failures = (struct failures){ .entries_max = entries_max };
	table_init(&failures->table, EXPECTED);
}

static void unlink_entry(struct failures *failures, struct failures_entry *entry)
{
	if (entry->newer)
		entry->newer->older = entry->older;
	else
		failures->newest = entry->older;
	if (entry->older)
		entry->older->newer = entry->newer;
	else
		failures->oldest = entry->newer;
}

static void link_newest(struct failures *failures, struct failures_entry *entry)
{
	entry->newer = NULL;
	entry->older = failures->newest;
	if (failures->newest)
		failures->newest->newer = entry;
	else
		failures->oldest = entry;
	failures->newest = entry;
}

static void drop(struct failures *failures, struct failures_entry *entry)
{
	table_remove(&failures->table, &entry->link);
	unlink_entry(failures, entry);
	free(entry);
}

void failures_clear(struct failures *failures)
{
	while (failures->oldest)
		drop(failures, failures->oldest);
	table_clear(&failures->table);
	*failures = (struct failures){ 0 };
}

void failures_set_most(struct failures *failures, size_t entries_max)
{
	failures->entries_max = entries_max;
	while (failures->table.count > entries_max)
		drop(failures, failures->oldest);
}

bool failures_drop_ended(struct failures *failures, uint64_t now_ms)
{
	if (!failures->oldest || now_ms < failures->oldest->until_ms)
		return false;
	drop(failures, failures->oldest);
	return true;
}

static bool on_match(const struct table_link *link, const void *key)
{
	return question_equal(&TABLE_ITEM(link, const struct failures_entry, link)->question, key);
}

static struct failures_entry *find(
	const struct failures *failures, const struct question *question, uint64_t hash)
{
	struct table_link *link = table_find(&failures->table, hash, on_match, question);

	return link ? TABLE_ITEM(link, struct failures_entry, link) : NULL;
}

bool failures_find(const struct failures *failures, const struct question *question,
	uint64_t now_ms, struct failure *failure)
{
	const struct failures_entry *entry;

	if (!failures->table.count)
		return false;
	entry = find(failures, question, question_hash(&failures->table, question));
	if (!entry || now_ms >= entry->until_ms)
		return false;
	*failure = entry->failure;
	return true;
}

/* How long a question that fails again is held. After twice its longest hold without a
 * question, nobody knows any more how it fared: it starts anew. */
static uint32_t hold_again(
	const struct failures_entry *entry, const struct failures_hold *hold, uint64_t now_ms)
{
	uint64_t doubled = (uint64_t)entry->hold_s * 2;

	if (now_ms - entry->until_ms > (uint64_t)hold->most_s * 2 * S_MS)
		return hold->first_s;
	if (doubled < hold->first_s)
		return hold->first_s; /* it has grown since */
	return doubled < hold->most_s ? (uint32_t)doubled : hold->most_s;
}

void failures_note(struct failures *failures, const struct question *question,
	const struct failure *failure, const struct failures_hold *hold, uint64_t now_ms)
{
	uint64_t hash = question_hash(&failures->table, question);
	struct failures_entry *entry = find(failures, question, hash);

	if (!failures->entries_max)
		return;
	if (entry && now_ms < entry->until_ms) {
		entry->failure = *failure;
		return;
	}
	if (entry) {
		unlink_entry(failures, entry);
		entry->hold_s = hold_again(entry, hold, now_ms);
	} else {
		if (failures->table.count >= failures->entries_max)
			drop(failures, failures->oldest);
		entry = mem_new(sizeof(*entry));
		entry->question = *question;
		entry->hold_s = hold->first_s;
		table_insert(&failures->table, &entry->link, hash);
	}
	entry->failure = *failure;
	entry->until_ms = now_ms + (uint64_t)entry->hold_s * S_MS;
	link_newest(failures, entry);
}

void failures_forget(struct failures *failures, const struct question *question)
{
	struct failures_entry *entry;

	if (!failures->table.count)
		return;
	entry = find(failures, question, question_hash(&failures->table, question));
	if (entry)
		drop(failures, entry);
}
