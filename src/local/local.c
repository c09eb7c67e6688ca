/* Which names this house answers itself, and who wins where a name is claimed twice. Knows
 * neither files nor the network, and not whether DNS64 applies to what it says. */

#include "sixward/local/local.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/local/special.h"

enum { STRING_MAX = 255 }; /* octets of one string of a TXT (RFC 1035 3.3) */

/* A name from the root on: its labels in reverse order, lower-cased, the root left out. So what
 * lies below a name begins with it, and sorted octet by octet it follows it at once. */
struct key {
	uint8_t size;
	uint8_t octets[];
};

/* Names in special zones that are answered from elsewhere, sorted. */
struct claims {
	struct key **keys;
	size_t count;
	size_t room;
};

struct local {
	struct local_options options;
	struct records *records;
	struct claims claims;
};

/* The key's octets, as a value. */
static struct name key_of(const uint8_t *name)
{
	struct name folded = name_copy(name), key = { .size = (uint8_t)(folded.size - 1) };
	size_t at = key.size;

	name_fold(&folded);
	for (const uint8_t *label = folded.octets; !name_is_root(label);
		label = name_parent(label)) {
		at -= 1U + label[0];
		memcpy(key.octets + at, label, 1U + label[0]);
	}
	return key;
}

static void claim(struct claims *claims, const uint8_t *name)
{
	struct question question = question_make(name, TYPE_SOA, CLASS_IN, false);
	struct name octets;
	struct key *key;

	if (!special_find(&question))
		return;
	if (claims->count == claims->room) {
		claims->room = claims->room ? claims->room * 2 : 16;
		claims->keys =
			mem_resize_array((void *)claims->keys, claims->room, sizeof(struct key *));
	}
	octets = key_of(name);
	key = mem_new(sizeof(*key) + octets.size);
	key->size = octets.size;
	memcpy(key->octets, octets.octets, octets.size);
	claims->keys[claims->count++] = key;
}

static void on_record(void *owner, const uint8_t *name)
{
	claim(owner, name);
}

static void on_name(void *owner, const uint8_t *name, size_t value)
{
	(void)value;
	claim(owner, name);
}

static int compare_keys(const struct key *key, const uint8_t *octets, size_t size)
{
	size_t least = key->size < size ? key->size : size;
	int order = memcmp(key->octets, octets, least);

	return order ? order : (key->size > size) - (key->size < size);
}

static int on_compare(const void *a, const void *b)
{
	const struct key *other = *(struct key *const *)b;

	return compare_keys(*(struct key *const *)a, other->octets, other->size);
}

static void claims_clear(struct claims *claims)
{
	for (size_t i = 0; i < claims->count; i++)
		free(claims->keys[i]);
	free((void *)claims->keys);
	*claims = (struct claims){ 0 };
}

static void collect_claims(struct local *local)
{
	struct claims *claims = &local->claims;

	claims_clear(claims);
	if (local->records)
		records_each(local->records, on_record, claims);
	if (local->options.zones)
		nameset_each(local->options.zones, on_name, claims);
	if (local->options.forward_special)
		nameset_each(local->options.forward_special, on_name, claims);
	if (claims->count)
		qsort((void *)claims->keys, claims->count, sizeof(struct key *), on_compare);
}

/* Whether a claimed name is `name` or below it. */
static bool is_above_claim(const struct claims *claims, const uint8_t *name)
{
	struct name key = key_of(name);
	size_t from = 0, to = claims->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (compare_keys(claims->keys[middle], key.octets, key.size) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from < claims->count && claims->keys[from]->size >= key.size &&
	       memcmp(claims->keys[from]->octets, key.octets, key.size) == 0;
}

struct local *local_new(const struct local_options *options, struct records *records)
{
	struct local *local = mem_new(sizeof(*local));

	local->options = *options;
	local->records = records;
	collect_claims(local);
	return local;
}

void local_free(struct local *local)
{
	if (!local)
		return;
	records_free(local->records);
	claims_clear(&local->claims);
	free(local);
}

void local_set_records(struct local *local, struct records *records)
{
	records_free(local->records);
	local->records = records;
	collect_claims(local);
}

struct reply *local_record(const struct local *local, const struct question *question)
{
	/* LOC-07: the DS of home.arpa is the parent's, "even if the zone has a local server". */
	if (!local->records || special_is_parents(question))
		return NULL;
	return records_find(local->records, question);
}

/* LOC-a, by the rule in the header. Both parts lead into the question's name, so the one that
 * starts earlier is the longer one. */
static bool is_forwarded(
	const struct local *local, const struct question *question, const uint8_t *special)
{
	const struct local_options *options = &local->options;
	const uint8_t *name = question->name.octets;
	const uint8_t *zone;

	if (options->forward_special && nameset_covers(options->forward_special, name))
		return true;
	zone = options->zones ? nameset_find(options->zones, name, NULL) : NULL;
	return zone && zone <= special;
}

struct reply *local_special(
	const struct local *local, const struct question *question, bool is_above)
{
	const uint8_t *special;

	if (question->rclass != CLASS_IN)
		return NULL;
	special = special_find(question);
	if (!special || is_forwarded(local, question, special))
		return NULL;
	return special_answer(
		question, is_above || is_above_claim(&local->claims, question->name.octets));
}

/* `text` as the strings of a TXT. Returns the size. */
static size_t encode_strings(const char *text, uint8_t *out, size_t room)
{
	size_t left = strlen(text), at = 0;

	do {
		size_t size = left < STRING_MAX ? left : STRING_MAX;

		if (room - at <= size)
			break;
		out[at++] = (uint8_t)size;
		memcpy(out + at, text, size);
		at += size;
		text += size;
		left -= size;
	} while (left && at < room);
	return at;
}

struct reply *local_chaos(const struct local *local, const struct question *question)
{
	static const uint8_t id_server[] = "\2id\6server", hostname_bind[] = "\10hostname\4bind";
	const uint8_t *name = question->name.octets;
	uint8_t strings[4 * (1 + STRING_MAX)];
	struct record record = { .section = SECTION_ANSWER,
		.type = TYPE_TXT,
		.rclass = CLASS_CH,
		.owner = name,
		.rdata = strings };
	struct reply_draft *draft;

	/* MAL-25: version.bind and its like are refused: nobody needs to know. */
	if (!local->options.identity || question->rclass != CLASS_CH)
		return NULL;
	if (question->type != TYPE_TXT && question->type != TYPE_ANY)
		return NULL;
	if (!name_equal(name, id_server) && !name_equal(name, hostname_bind))
		return NULL;
	record.rdata_size =
		(uint16_t)encode_strings(local->options.identity, strings, sizeof(strings));
	draft = reply_draft_new(question, RCODE_NOERROR);
	reply_draft_add(draft, &record);
	return reply_draft_seal(draft);
}
