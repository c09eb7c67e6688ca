#ifndef SIXWARD_CONFIG_TREE_H
#define SIXWARD_CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>

/* A YAML document in our own terms, each node with its place. A zeroed node is an empty scalar. */

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAP };

struct tree {
	enum tree_kind kind;
	unsigned line; /* from 1; 0 = a default, not in the file */
	unsigned column;
	bool is_plain;      /* a scalar without quotes */
	char *text;         /* a scalar's */
	struct tree *items; /* a list's; of a map key, value, key, value, … */
	size_t count;       /* of items; twice the pairs of a map */
};

void tree_clear(struct tree *tree);

/* Sets all places to 0: for defaults. */
void tree_forget_places(struct tree *tree);

/* The value of a key of a map; NULL if there is none, or if `tree` is NULL or no map. */
const struct tree *tree_find(const struct tree *tree, const char *key);

/* null, ~ or nothing. */
bool tree_is_null(const struct tree *tree);

/* The plain words. */
bool tree_is_false(const struct tree *tree);
bool tree_is_true(const struct tree *tree);

/* "a list", "a mapping", "nothing", the scalar's text in quotes (cut), or "the text" and that if
 * the file has quotes too; into `text`; returns it. */
enum { TREE_TEXT_MAX = 80 };
char *tree_describe(const struct tree *tree, char text[TREE_TEXT_MAX]);

#endif
