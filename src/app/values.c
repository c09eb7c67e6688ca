/* Values of a tree that was made of JSON, each of the kind that is wanted or not known. */

#include "sixward/app/values.h"

#include <math.h>
#include <stdlib.h>

const char *values_text(const struct tree *map, const char *key)
{
	const struct tree *value = tree_find(map, key);

	return value && value->kind == TREE_SCALAR && !tree_is_null(value) ? value->text : NULL;
}

const char *values_show(const struct tree *map, const char *key)
{
	const char *text = values_text(map, key);

	return text ? text : "-";
}

double values_number_of(const struct tree *value)
{
	char *end;
	double number;

	if (!value || value->kind != TREE_SCALAR || !value->is_plain || !value->text[0])
		return NAN;
	number = strtod(value->text, &end);
	return *end || !(number >= 0 && number < 1e18) ? NAN : number;
}

double values_number(const struct tree *map, const char *key)
{
	return values_number_of(tree_find(map, key));
}

bool values_is_true(const struct tree *map, const char *key)
{
	const struct tree *value = tree_find(map, key);

	return value && tree_is_true(value);
}

size_t values_count(const struct tree *list)
{
	return list && list->kind == TREE_LIST ? list->count : 0;
}
