/* Lists of names that cover what is below them. Knows nothing of what the numbers mean. */

#include "sixward/dns/nameset.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"

struct item {
	struct table_link link;
	size_t value;
	uint8_t name[]; /* as it was added */
};

static bool on_match(const struct table_link *link, const void *key)
{
	return name_equal(TABLE_ITEM(link, struct item, link)->name, key);
}

static struct item *find_item(const struct nameset *set, const uint8_t *folded, uint64_t hash)
{
	struct table_link *link = table_find(&set->table, hash, on_match, folded);

	return link ? TABLE_ITEM(link, struct item, link) : NULL;
}

void nameset_clear(struct nameset *set)
{
	struct table_link *link = set->count ? table_next(&set->table, NULL) : NULL;

	while (link) {
		struct table_link *next = table_next(&set->table, link);

		free(TABLE_ITEM(link, struct item, link));
		link = next;
	}
	table_clear(&set->table);
	*set = (struct nameset){ 0 };
}

bool nameset_add(struct nameset *set, const uint8_t *name, size_t value)
{
	struct name folded = name_copy(name);
	size_t labels = name_labels(name);
	struct item *item;
	uint64_t hash;

	name_fold(&folded);
	if (!set->count)
		table_init(&set->table, 0);
	hash = table_hash(&set->table, folded.octets, folded.size);
	if (find_item(set, folded.octets, hash))
		return false;
	item = mem_new(sizeof(*item) + folded.size);
	item->value = value;
	memcpy(item->name, name, folded.size);
	table_insert(&set->table, &item->link, hash);
	set->count++;
	if (labels > set->labels_most)
		set->labels_most = labels;
	return true;
}

const uint8_t *nameset_find(const struct nameset *set, const uint8_t *name, size_t *value)
{
	struct name folded;
	size_t labels;
	const uint8_t *end;

	if (!set->count)
		return NULL;
	folded = name_copy(name);
	name_fold(&folded);
	labels = name_labels(name);
	/* A name with many labels costs no more look-ups than the longest in the list has. */
	if (labels > set->labels_most)
		labels = set->labels_most;
	for (end = name_last(folded.octets, labels);; end = name_parent(end)) {
		size_t at = (size_t)(end - folded.octets);
		uint64_t hash = table_hash(&set->table, end, folded.size - at);
		const struct item *item = find_item(set, end, hash);

		if (item) {
			if (value)
				*value = item->value;
			return name + at;
		}
		if (name_is_root(end))
			return NULL;
	}
}

bool nameset_covers(const struct nameset *set, const uint8_t *name)
{
	return nameset_find(set, name, NULL) != NULL;
}

void nameset_each(const struct nameset *set, nameset_visit *visit, void *owner)
{
	struct table_link *link = set->count ? table_next(&set->table, NULL) : NULL;

	for (; link; link = table_next(&set->table, link)) {
		const struct item *item = TABLE_ITEM(link, struct item, link);

		visit(owner, item->name, item->value);
	}
}
