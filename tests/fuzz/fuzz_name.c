/* A name that is read from a message is well-formed, and survives text and folding; any text that
 * parses is well-formed as well. */

#include "fuzz.h"

#include <string.h>

#include "sixward/dns/name.h"

static void check(const struct name *name)
{
	char text[NAME_TEXT_MAX];
	struct name again, folded = *name;

	HOLDS(name_size(name->octets, name->size) == name->size);
	HOLDS(name_parse(name_format(name->octets, text), &again));
	HOLDS(again.size == name->size && memcmp(again.octets, name->octets, name->size) == 0);
	name_fold(&folded);
	HOLDS(name_equal(folded.octets, name->octets));
	HOLDS(name_is_under(name->octets, name_parent(name->octets)));
	HOLDS(name_is_root(name_last(name->octets, 0)));
	HOLDS(name_equal(name_last(name->octets, name_labels(name->octets)), name->octets));
}

static void rewrite(const struct name *name, const struct name *target)
{
	struct name out;

	switch (name_rewrite(name->octets, name_parent(name->octets), target->octets, &out)) {
	case NAME_REWRITTEN:
		check(&out);
		HOLDS(name_is_under(out.octets, target->octets));
		break;
	case NAME_NOT_BELOW:
		HOLDS(name_is_root(name->octets));
		break;
	case NAME_TOO_LONG:
		HOLDS(name->size + target->size > NAME_SIZE_MAX);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct name name, first = { .size = 1 };
	char *text = malloc(size + 1);

	HOLDS(text);
	for (size_t start = 0; start < size && start < 64; start++) {
		size_t at = start;

		if (!name_read(data, size, &at, &name)) {
			HOLDS(at == start);
			continue;
		}
		HOLDS(at > start && at <= size);
		check(&name);
		rewrite(&name, &first);
		first = name;
	}
	memcpy(text, data, size);
	text[size] = '\0';
	if (name_parse(text, &name))
		check(&name);
	free(text);
	return 0;
}
