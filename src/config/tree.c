/* A YAML document in our own terms. */

#include "sixward/config/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tree_clear(struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++)
		tree_clear(&tree->items[i]);
	free(tree->items);
	free(tree->text);
	*tree = (struct tree){ 0 };
}

void tree_forget_places(struct tree *tree)
{
	tree->line = 0;
	tree->column = 0;
	for (size_t i = 0; i < tree->count; i++)
		tree_forget_places(&tree->items[i]);
}

const struct tree *tree_find(const struct tree *tree, const char *key)
{
	if (!tree || tree->kind != TREE_MAP)
		return NULL;
	for (size_t i = 0; i + 1 < tree->count; i += 2) {
		if (tree->items[i].kind == TREE_SCALAR && strcmp(tree->items[i].text, key) == 0)
			return &tree->items[i + 1];
	}
	return NULL;
}

bool tree_is_null(const struct tree *tree)
{
	if (tree->kind != TREE_SCALAR || !tree->is_plain)
		return false;
	return tree->text[0] == '\0' || strcmp(tree->text, "~") == 0 ||
	       strcmp(tree->text, "null") == 0;
}

static bool is_word(const struct tree *tree, const char *word)
{
	return tree->kind == TREE_SCALAR && tree->is_plain && strcmp(tree->text, word) == 0;
}

bool tree_is_false(const struct tree *tree)
{
	return is_word(tree, "false");
}

bool tree_is_true(const struct tree *tree)
{
	return is_word(tree, "true");
}

char *tree_describe(const struct tree *tree, char text[TREE_TEXT_MAX])
{
	enum { SHOWN_MAX = TREE_TEXT_MAX - 16 };

	const char *quotes = tree->is_plain ? "\"" : "the text \"";

	if (tree->kind != TREE_SCALAR)
		(void)snprintf(text, TREE_TEXT_MAX, "%s",
			tree->kind == TREE_LIST ? "a list" : "a mapping");
	else if (tree->is_plain && tree->text[0] == '\0')
		(void)snprintf(text, TREE_TEXT_MAX, "nothing");
	else
		(void)snprintf(text, TREE_TEXT_MAX, "%s%.*s\"%s", quotes, SHOWN_MAX, tree->text,
			strlen(tree->text) > SHOWN_MAX ? "..." : "");
	return text;
}
