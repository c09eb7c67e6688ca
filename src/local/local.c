/* Which names this house answers itself, and who wins where a name is claimed twice. Knows
 * neither files nor the network, and not whether DNS64 applies to what it says. */

#include "sixward/local/local.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/local/special.h"

enum { STRING_MAX = 255 }; /* octets of one string of a TXT (RFC 1035 3.3) */

/* Names in special zones that are answered from elsewhere, in canonical order (RFC 4034 6.1):
 * what lies below a name follows it. */
struct claims {
	const uint8_t **names; /* borrowed from the records and the options */
	size_t count;
	size_t room;
};

struct local {
	struct local_options options;
	struct records *records;
	struct claims claims;
};

static void claim(void *owner, const uint8_t *name)
{
	struct claims *claims = owner;
	struct question question = question_make(name, TYPE_SOA, CLASS_IN, false);

	if (!special_find(&question))
		return;
	if (claims->count == claims->room) {
		claims->room = claims->room ? claims->room * 2 : 16;
		claims->names =
			mem_resize_array(claims->names, claims->room, sizeof(*claims->names));
	}
	claims->names[claims->count++] = name;
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

/* Where the labels of the name start; returns how many, the root not counted. */
static size_t find_labels(const uint8_t *name, uint8_t at[NAME_SIZE_MAX / 2])
{
	size_t count = 0;

	for (const uint8_t *label = name; !name_is_root(label); label = name_parent(label))
		at[count++] = (uint8_t)(label - name);
	return count;
}

static int compare_octets(uint8_t a, uint8_t b)
{
	a = a >= 'A' && a <= 'Z' ? (uint8_t)(a + ('a' - 'A')) : a;
	b = b >= 'A' && b <= 'Z' ? (uint8_t)(b + ('a' - 'A')) : b;
	return a - b;
}

static int compare_labels(const uint8_t *a, const uint8_t *b)
{
	uint8_t least = a[0] < b[0] ? a[0] : b[0];

	for (size_t i = 1; i <= least; i++) {
		int order = compare_octets(a[i], b[i]);

		if (order)
			return order;
	}
	return a[0] - b[0];
}

/* Label by label, from the root on. */
static int compare_names(const uint8_t *a, const uint8_t *b)
{
	uint8_t at_a[NAME_SIZE_MAX / 2], at_b[NAME_SIZE_MAX / 2];
	size_t left_a = find_labels(a, at_a);
	size_t left_b = find_labels(b, at_b);

	while (left_a && left_b) {
		int order = compare_labels(a + at_a[--left_a], b + at_b[--left_b]);

		if (order)
			return order;
	}
	return (left_a > 0) - (left_b > 0);
}

static int on_compare(const void *a, const void *b)
{
	return compare_names(*(const uint8_t *const *)a, *(const uint8_t *const *)b);
}

static void collect_claims(struct local *local)
{
	struct claims *claims = &local->claims;

	claims->count = 0;
	if (local->records)
		records_each(local->records, on_record, claims);
	if (local->options.zones)
		nameset_each(local->options.zones, on_name, claims);
	if (local->options.forward_special)
		nameset_each(local->options.forward_special, on_name, claims);
	if (claims->count)
		qsort(claims->names, claims->count, sizeof(*claims->names), on_compare);
}

/* Whether a claimed name is `name` or below it. */
static bool is_above_claim(const struct claims *claims, const uint8_t *name)
{
	size_t from = 0, to = claims->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (compare_names(claims->names[middle], name) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from < claims->count && name_is_under(claims->names[from], name);
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
	free(local->claims.names);
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

struct reply *local_special(const struct local *local, const struct question *question)
{
	const uint8_t *special;

	if (question->rclass != CLASS_IN)
		return NULL;
	special = special_find(question);
	if (!special || is_forwarded(local, question, special))
		return NULL;
	return special_answer(question, is_above_claim(&local->claims, question->name.octets));
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
