/* What is asked, as a value that can be a key. Knows nothing of who keeps it. */

#include "sixward/dns/question.h"

#include <string.h>

#include "sixward/base/bytes.h"

/* Room for type, class, CD and scope. */
enum { REST_SIZE = 2 + 2 + 1 + 8 };

struct question question_make(const uint8_t *name, uint16_t type, uint16_t rclass, bool cd)
{
	struct question question = {
		.name = name_copy(name),
		.type = type,
		.rclass = rclass,
		.cd = cd,
	};

	name_fold(&question.name);
	return question;
}

void question_init(struct question *question, const uint8_t *name, size_t size, uint16_t type,
	uint16_t rclass, bool cd)
{
	question->name.size = (uint8_t)size;
	name_copy_folded(name, size, question->name.octets);
	question->type = type;
	question->rclass = rclass;
	question->cd = cd;
	question->scope = 0;
}

bool question_equal(const struct question *a, const struct question *b)
{
	return a->type == b->type && a->rclass == b->rclass && a->cd == b->cd &&
	       a->scope == b->scope && a->name.size == b->name.size &&
	       !memcmp(a->name.octets, b->name.octets, a->name.size);
}

uint64_t question_hash(const struct table *table, const struct question *question)
{
	uint8_t key[REST_SIZE + NAME_SIZE_MAX];

	/* The name comes last: then no two questions have the same octets. */
	bytes_put_u16(key, question->type);
	bytes_put_u16(key + 2, question->rclass);
	key[4] = question->cd;
	bytes_put_u32(key + 5, (uint32_t)(question->scope >> 32));
	bytes_put_u32(key + 9, (uint32_t)question->scope);
	memcpy(key + REST_SIZE, question->name.octets, question->name.size);
	return table_hash(table, key, REST_SIZE + question->name.size);
}
