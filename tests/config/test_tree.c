#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sixward/config/tree.h"

static struct tree plain(const char *text)
{
	return (struct tree){ .is_plain = true, .text = strdup(text), .line = 3, .column = 4 };
}

static struct tree quoted(const char *text)
{
	return (struct tree){ .text = strdup(text), .line = 5, .column = 6 };
}

static struct tree of_kind(enum tree_kind kind, size_t count)
{
	return (struct tree){ .kind = kind,
		.items = calloc(count, sizeof(struct tree)),
		.count = count,
		.line = 1,
		.column = 2 };
}

static void finds_the_value_of_a_key(void **state)
{
	struct tree map = of_kind(TREE_MAP, 6);
	struct tree list = of_kind(TREE_LIST, 0);

	(void)state;
	map.items[0] = of_kind(TREE_LIST, 0); /* a key that is no text */
	map.items[1] = plain("x");
	map.items[2] = plain("a");
	map.items[3] = plain("b");
	map.items[4] = plain("b");
	map.items[5] = plain("c");
	assert_string_equal(tree_find(&map, "a")->text, "b");
	assert_string_equal(tree_find(&map, "b")->text, "c");
	assert_null(tree_find(&map, "c"));
	assert_null(tree_find(&list, "a"));
	assert_null(tree_find(&map.items[3], "b"));
	assert_null(tree_find(NULL, "a"));
	tree_clear(&map);
	tree_clear(&list);
	assert_int_equal(map.count, 0);
}

static void only_plain_words_are_null_false_or_true(void **state)
{
	static const struct {
		const char *text;
		bool is_null, is_false, is_true;
	} rows[] = { { "", true, false, false }, { "~", true, false, false },
		{ "null", true, false, false }, { "Null", false, false, false },
		{ "false", false, true, false }, { "no", false, false, false },
		{ "0", false, false, false }, { "true", false, false, true },
		{ "yes", false, false, false }, { "True", false, false, false } };
	struct tree list = of_kind(TREE_LIST, 0);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tree one = plain(rows[i].text), other = quoted(rows[i].text);

		assert_int_equal(tree_is_null(&one), rows[i].is_null);
		assert_int_equal(tree_is_false(&one), rows[i].is_false);
		assert_int_equal(tree_is_true(&one), rows[i].is_true);
		assert_false(tree_is_null(&other) || tree_is_false(&other) || tree_is_true(&other));
		tree_clear(&one);
		tree_clear(&other);
	}
	assert_false(tree_is_null(&list) || tree_is_false(&list) || tree_is_true(&list));
	tree_clear(&list);
}

static void describes_what_was_found(void **state)
{
	char text[TREE_TEXT_MAX], expected[TREE_TEXT_MAX];
	struct tree nodes[6];
	const char *const texts[] = { "a list", "a mapping", "\"x y\"", "the text \"x y\"",
		"nothing", "the text \"\"" };
	char longest[201];
	struct tree node;

	(void)state;
	nodes[0] = of_kind(TREE_LIST, 0);
	nodes[1] = of_kind(TREE_MAP, 0);
	nodes[2] = plain("x y");
	nodes[3] = quoted("x y");
	nodes[4] = plain("");
	nodes[5] = quoted("");
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(tree_describe(&nodes[i], text), texts[i]);
		tree_clear(&nodes[i]);
	}
	memset(longest, 'x', 200);
	longest[200] = '\0';
	node = quoted(longest);
	(void)tree_describe(&node, text);
	assert_int_equal(strncmp(text, "the text \"xxx", 13), 0);
	strcpy(expected, text + strlen(text) - 5);
	assert_string_equal(expected, "x\"...");
	tree_clear(&node);
}

static void forgets_all_places(void **state)
{
	struct tree list = of_kind(TREE_LIST, 2);

	(void)state;
	list.items[0] = plain("a");
	list.items[1] = of_kind(TREE_LIST, 1);
	list.items[1].items[0] = quoted("b");
	tree_forget_places(&list);
	assert_int_equal(list.line + list.column + list.items[0].line + list.items[0].column +
				 list.items[1].line + list.items[1].items[0].line +
				 list.items[1].items[0].column,
		0);
	tree_clear(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_value_of_a_key),
		cmocka_unit_test(only_plain_words_are_null_false_or_true),
		cmocka_unit_test(describes_what_was_found),
		cmocka_unit_test(forgets_all_places),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
