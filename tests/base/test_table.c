#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sixward/base/table.h"

enum { ITEMS = 1000 };

struct item {
	uint32_t before; /* so that the link is not at the start */
	struct table_link link;
	uint32_t key;
	bool seen;
};

static bool on_match(const struct table_link *link, const void *key)
{
	return TABLE_ITEM(link, struct item, link)->key == *(const uint32_t *)key;
}

static void add(struct table *table, struct item *item, uint32_t key)
{
	item->key = key;
	table_insert(table, &item->link, table_hash(table, &key, sizeof(key)));
}

static struct item *find(const struct table *table, uint32_t key)
{
	struct table_link *link =
		table_find(table, table_hash(table, &key, sizeof(key)), on_match, &key);

	return link ? TABLE_ITEM(link, struct item, link) : NULL;
}

static void finds_all_that_was_added_while_it_grows(void **state)
{
	static struct item items[ITEMS];
	struct table table;

	(void)state;
	table_init(&table, 0);
	for (uint32_t i = 0; i < ITEMS; i++) {
		assert_null(find(&table, i));
		add(&table, &items[i], i);
		assert_int_equal(table.count, i + 1);
		assert_true(table.count <= table.slot_count);
	}
	assert_int_equal(table.slot_count & (table.slot_count - 1), 0);
	for (uint32_t i = 0; i < ITEMS; i++)
		assert_ptr_equal(find(&table, i), &items[i]);
	assert_null(find(&table, ITEMS));
	table_clear(&table);
}

static void finds_no_more_what_was_removed(void **state)
{
	static struct item items[ITEMS];
	struct table table;

	(void)state;
	table_init(&table, ITEMS);
	assert_true(table.slot_count >= ITEMS);
	for (uint32_t i = 0; i < ITEMS; i++)
		add(&table, &items[i], i);
	for (uint32_t i = 0; i < ITEMS; i += 2)
		table_remove(&table, &items[i].link);
	assert_int_equal(table.count, ITEMS / 2);
	for (uint32_t i = 0; i < ITEMS; i++)
		assert_ptr_equal(find(&table, i), i % 2 ? &items[i] : NULL);
	table_clear(&table);
}

/* A hash proves nothing: items of one slot, and of one hash, are told apart by the match. */
static void items_with_one_hash_are_told_apart(void **state)
{
	struct item a = { .key = 1 }, b = { .key = 2 }, c = { .key = 3 };
	uint32_t keys[] = { 1, 2, 3 };
	struct table table;

	(void)state;
	table_init(&table, 8);
	table_insert(&table, &a.link, 42);
	table_insert(&table, &b.link, 42);
	table_insert(&table, &c.link, 42 + ((uint64_t)1 << 40));
	assert_ptr_equal(table_find(&table, 42, on_match, &keys[0]), &a.link);
	assert_ptr_equal(table_find(&table, 42, on_match, &keys[1]), &b.link);
	assert_null(table_find(&table, 42, on_match, &keys[2]));
	table_remove(&table, &b.link);
	assert_ptr_equal(table_find(&table, 42, on_match, &keys[0]), &a.link);
	assert_null(table_find(&table, 42, on_match, &keys[1]));
	table_clear(&table);
}

static void walks_each_item_once(void **state)
{
	static struct item items[ITEMS];
	struct table table;
	struct table_link *link = NULL;
	size_t count = 0;

	(void)state;
	table_init(&table, 10);
	assert_null(table_next(&table, NULL));
	for (uint32_t i = 0; i < ITEMS; i++)
		add(&table, &items[i], i);
	while ((link = table_next(&table, link))) {
		struct item *item = TABLE_ITEM(link, struct item, link);

		assert_false(item->seen);
		item->seen = true;
		count++;
	}
	assert_int_equal(count, ITEMS);
	table_clear(&table);
}

static void all_can_be_removed_on_the_way(void **state)
{
	static struct item items[ITEMS];
	struct table table;
	struct table_link *link, *next;

	(void)state;
	table_init(&table, 0);
	for (uint32_t i = 0; i < ITEMS; i++)
		add(&table, &items[i], i);
	for (link = table_next(&table, NULL); link; link = next) {
		next = table_next(&table, link);
		table_remove(&table, link);
	}
	assert_int_equal(table.count, 0);
	assert_null(table_next(&table, NULL));
	table_clear(&table);
}

static void a_zeroed_table_is_empty(void **state)
{
	struct table table = { 0 };
	uint32_t key = 1;

	(void)state;
	assert_null(table_find(&table, 1, on_match, &key));
	assert_null(table_next(&table, NULL));
	table_clear(&table);
	table_init(&table, 0);
	table_clear(&table);
	assert_null(table_find(&table, 1, on_match, &key));
	table_clear(&table);
}

/* Who knows the code still cannot choose the slot. */
static void two_tables_hash_differently(void **state)
{
	struct table a, b;

	(void)state;
	table_init(&a, 0);
	table_init(&b, 0);
	assert_memory_not_equal(a.key, b.key, sizeof(a.key));
	assert_true(table_hash(&a, "x", 1) == table_hash(&a, "x", 1));
	assert_true(table_hash(&a, "x", 1) != table_hash(&b, "x", 1));
	table_clear(&a);
	table_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_all_that_was_added_while_it_grows),
		cmocka_unit_test(finds_no_more_what_was_removed),
		cmocka_unit_test(items_with_one_hash_are_told_apart),
		cmocka_unit_test(walks_each_item_once),
		cmocka_unit_test(all_can_be_removed_on_the_way),
		cmocka_unit_test(a_zeroed_table_is_empty),
		cmocka_unit_test(two_tables_hash_differently),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
