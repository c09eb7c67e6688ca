/* Answers as facts: immutable, counted, in order. What a reply means to a client, and what
 * time it is, are not known here. A sealed reply is one piece of memory. */

#include "sixward/dns/reply.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/base/mem.h"

/* Offsets lead into the octets behind the entries. */
struct entry {
	uint32_t ttl;
	uint32_t owner_at;
	uint32_t rdata_at;
	uint16_t type;
	uint16_t rdata_size;
	uint16_t rclass;
	uint8_t section;
	uint8_t owner_size;
};

struct reply {
	atomic_uint references;
	uint32_t size; /* of all, octets */
	uint32_t count;
	uint32_t terminal_at;
	uint32_t edes_at; /* 0 = none */
	struct reply_facts facts;
	struct entry entries[];
};

static const struct ede_list no_edes;

static const uint8_t *reply_octets(const struct reply *reply)
{
	return (const uint8_t *)(reply->entries + reply->count);
}

struct reply *reply_ref(struct reply *reply)
{
	atomic_fetch_add_explicit(&reply->references, 1, memory_order_relaxed);
	return reply;
}

void reply_unref(struct reply *reply)
{
	if (reply == NULL)
		return;
	if (atomic_fetch_sub_explicit(&reply->references, 1, memory_order_acq_rel) == 1)
		free(reply);
}

const struct reply_facts *reply_facts(const struct reply *reply)
{
	return &reply->facts;
}

size_t reply_count(const struct reply *reply)
{
	return reply->count;
}

struct record reply_record(const struct reply *reply, size_t index)
{
	const uint8_t *octets = reply_octets(reply);
	const struct entry *entry = &reply->entries[index];

	assert(index < reply->count);
	return (struct record){
		.section = (enum wire_section)entry->section,
		.type = entry->type,
		.rclass = entry->rclass,
		.rdata_size = entry->rdata_size,
		.owner_size = entry->owner_size,
		.ttl = entry->ttl,
		.owner = octets + entry->owner_at,
		.rdata = octets + entry->rdata_at,
	};
}

const uint8_t *reply_terminal(const struct reply *reply)
{
	return reply_octets(reply) + reply->terminal_at;
}

const struct ede_list *reply_edes(const struct reply *reply)
{
	if (reply->edes_at == 0)
		return &no_edes;
	return (const struct ede_list *)(const void *)(reply_octets(reply) + reply->edes_at);
}

size_t reply_memory(const struct reply *reply)
{
	return mem_held(reply->size);
}

size_t reply_data_count(const struct reply *reply, uint16_t type)
{
	const uint8_t *terminal = reply_terminal(reply);
	size_t count = 0;

	for (size_t i = 0; i < reply->count; i++) {
		const struct entry *entry = &reply->entries[i];

		if (entry->section != SECTION_ANSWER)
			break;
		if (entry->type == type &&
			(entry->owner_at == reply->terminal_at ||
				name_equal(reply_octets(reply) + entry->owner_at, terminal)))
			count++;
	}
	return count;
}

/* The draft. */

enum { CHUNK_OCTETS = 16384, PACK_OCTETS = 2048 };

struct reply_chunk {
	struct reply_chunk *next;
	uint8_t octets[];
};

struct heap_draft {
	struct reply_draft draft; /* comes first */
	struct question question;
};

/* What is not used is not touched. */
void reply_draft_init(struct reply_draft *draft, const struct question *question, uint16_t rcode)
{
	draft->question = question;
	draft->rcode = rcode;
	draft->ad = false;
	draft->is_ended = false;
	draft->is_on_heap = false;
	draft->edes.count = 0;
	draft->records = draft->first_records;
	draft->count = 0;
	draft->room = RRSETS_INLINE;
	draft->chunks = NULL;
	draft->free_octets = draft->first_octets;
	draft->free_size = REPLY_DRAFT_OCTETS;
	draft->last_size = 0;
	draft->chain.records = NULL;
	draft->chain.made = NULL;
}

struct reply_draft *reply_draft_new(const struct question *question, uint16_t rcode)
{
	struct heap_draft *heap = mem_raw(sizeof(*heap));

	heap->question = *question;
	reply_draft_init(&heap->draft, &heap->question, rcode);
	heap->draft.is_on_heap = true;
	return &heap->draft;
}

void reply_draft_clear(struct reply_draft *draft)
{
	while (draft->chunks != NULL) {
		struct reply_chunk *next = draft->chunks->next;

		free(draft->chunks);
		draft->chunks = next;
	}
	if (draft->records != draft->first_records)
		free(draft->records);
	draft->records = draft->first_records;
	chain_clear(&draft->chain);
}

void reply_draft_free(struct reply_draft *draft)
{
	if (draft == NULL)
		return;
	reply_draft_clear(draft);
	if (draft->is_on_heap)
		free(draft);
}

const uint8_t *reply_draft_keep(struct reply_draft *draft, const uint8_t *octets, size_t size)
{
	uint8_t *kept;

	if (size > draft->free_size) {
		size_t room = size > CHUNK_OCTETS ? size : CHUNK_OCTETS;
		struct reply_chunk *chunk = mem_raw(sizeof(*chunk) + room);

		chunk->next = draft->chunks;
		draft->chunks = chunk;
		draft->free_octets = chunk->octets;
		draft->free_size = room;
	}
	kept = draft->free_octets;
	if (size > 0)
		memcpy(kept, octets, size);
	draft->free_octets += size;
	draft->free_size -= size;
	return kept;
}

static struct record *new_record(struct reply_draft *draft)
{
	if (draft->count == draft->room) {
		size_t room = draft->room * 2;

		if (draft->records == draft->first_records) {
			draft->records = mem_new_array(room, sizeof(*draft->records));
			memcpy(draft->records, draft->first_records, sizeof(draft->first_records));
		} else {
			draft->records =
				mem_resize_array(draft->records, room, sizeof(*draft->records));
		}
		draft->room = room;
	}
	return &draft->records[draft->count++];
}

void reply_draft_add(struct reply_draft *draft, const struct record *record)
{
	const uint8_t *before = draft->count > 0 ? draft->records[draft->count - 1].owner : NULL;
	size_t owner_size = record_owner_size(record);
	struct record copy = *record;

	assert(owner_size > 0);
	if (draft->last_size == owner_size && memcmp(before, record->owner, owner_size) == 0)
		copy.owner = before;
	else
		copy.owner = reply_draft_keep(draft, record->owner, owner_size);
	copy.owner_size = (uint8_t)owner_size;
	copy.rdata = reply_draft_keep(draft, record->rdata, record->rdata_size);
	reply_draft_lend(draft, &copy);
	draft->last_size = owner_size;
}

void reply_draft_lend(struct reply_draft *draft, const struct record *record)
{
	assert(draft->chain.records == NULL); /* not after scrubbing */
	*new_record(draft) = *record;
	draft->last_size = 0;
}

void reply_draft_add_ede(struct reply_draft *draft, const struct ede *ede)
{
	ede_add(&draft->edes, ede->code, ede->text);
}

void reply_draft_set_ad(struct reply_draft *draft)
{
	draft->ad = true;
}

void reply_draft_set_ended(struct reply_draft *draft)
{
	draft->is_ended = true;
}

enum chain_result reply_draft_scrub(struct reply_draft *draft, uint8_t links_max)
{
	enum chain_result result = chain_scrub(&draft->chain, draft->question, draft->rcode,
		draft->records, draft->count, links_max);

	draft->rcode = draft->chain.rcode;
	return result;
}

/* The SOA of a denial: in authority, of an ancestor of the denied name (UPR-10). */
static bool is_usable_soa(const struct chain *chain, const struct record *record)
{
	const size_t fixed_size = 20;

	return record->section == SECTION_AUTHORITY && record->type == TYPE_SOA &&
	       record->rdata_size >= fixed_size && name_is_under(chain->terminal, record->owner);
}

static void find_soa(const struct chain *chain, struct reply_facts *facts)
{
	for (size_t i = 0; i < chain->count; i++) {
		const struct record *record = &chain->records[i];
		uint32_t minimum;
		uint32_t ttl;

		if (!is_usable_soa(chain, record))
			continue;
		minimum = bytes_get_u32(record->rdata + record->rdata_size - 4);
		ttl = record->ttl < minimum ? record->ttl : minimum;
		if (!facts->has_soa || ttl < facts->negative_ttl)
			facts->negative_ttl = ttl; /* R2308-5-a */
		facts->has_soa = true;
	}
}

/* R2308-6-a: a denial goes on with an SOA that does not outlive it. */
static void level_soa(const struct chain *chain, uint32_t negative_ttl)
{
	for (size_t i = 0; i < chain->count; i++) {
		struct record *record = &chain->records[i];

		if (record->section == SECTION_AUTHORITY && record_covers(record) == TYPE_SOA &&
			record->ttl > negative_ttl)
			record->ttl = negative_ttl;
	}
}

static enum reply_kind decide_kind(const struct chain *chain, bool is_ended)
{
	if (chain->rcode == RCODE_NXDOMAIN)
		return REPLY_NXDOMAIN; /* R2308-2.1-a, D64-5.1.5-f */
	if (chain->rcode != RCODE_NOERROR)
		return REPLY_RCODE;
	if (chain->has_data)
		return REPLY_DATA;
	if (chain->links > 0 && !is_ended)
		return REPLY_CHAIN;
	return REPLY_NODATA;
}

/* CCH-b: until the first answer record runs out; negative: R2308-5-a, R2308-5-d. */
static uint32_t decide_lifetime(const struct chain *chain, const struct reply_facts *facts)
{
	uint32_t lifetime = UINT32_MAX;

	switch (facts->kind) {
	case REPLY_DATA:
		break;
	case REPLY_NODATA:
	case REPLY_NXDOMAIN:
		lifetime = facts->negative_ttl;
		break;
	case REPLY_CHAIN:
	case REPLY_RCODE:
		return 0;
	}
	for (size_t i = 0; i < chain->count; i++) {
		const struct record *record = &chain->records[i];

		if (record->section == SECTION_ANSWER && record->ttl < lifetime)
			lifetime = record->ttl;
	}
	return lifetime;
}

static struct reply_facts derive_facts(const struct chain *chain, bool ad, bool is_ended)
{
	struct reply_facts facts = {
		.rcode = chain->rcode,
		.ad = ad,
		.links = chain->links > UINT8_MAX ? UINT8_MAX : (uint8_t)chain->links,
	};

	if (!chain->has_data || chain->rcode != RCODE_NOERROR)
		find_soa(chain, &facts);
	facts.kind = decide_kind(chain, facts.has_soa || is_ended);
	if (facts.has_soa)
		level_soa(chain, facts.negative_ttl);
	facts.lifetime = decide_lifetime(chain, &facts);
	return facts;
}

/* Names that were placed last, to be shared whole or by their ends. */
enum { PLACES = 8 };

struct packing {
	uint8_t *octets;
	uint32_t size;
	uint32_t places[PLACES];
	uint8_t place_sizes[PLACES];
	uint32_t placed;
	const uint8_t *last_name; /* as it was given */
	uint32_t last_at;
};

static void note_place(struct packing *packing, uint32_t at, size_t size)
{
	packing->places[packing->placed % PLACES] = at;
	packing->place_sizes[packing->placed++ % PLACES] = (uint8_t)size;
}

static uint32_t put_octets(struct packing *packing, const uint8_t *octets, size_t size)
{
	uint32_t at = packing->size;

	if (size > 0)
		memcpy(packing->octets + at, octets, size);
	packing->size += (uint32_t)size;
	return at;
}

/* The same octets at the end of a name placed before: letters keep their case (R4343-4-a). */
static bool find_place(
	const struct packing *packing, const uint8_t *name, size_t size, uint32_t *found)
{
	uint32_t count = packing->placed < PLACES ? packing->placed : PLACES;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t recent = (packing->placed - 1 - i) % PLACES;
		const uint8_t *candidate = packing->octets + packing->places[recent];
		const uint8_t *end = candidate + packing->place_sizes[recent];

		if (packing->place_sizes[recent] < size || memcmp(end - size, name, size) != 0)
			continue;
		while (candidate < end - size)
			candidate += 1U + candidate[0];
		if (candidate == end - size) {
			*found = (uint32_t)(candidate - packing->octets);
			return true;
		}
	}
	return false;
}

static uint32_t put_name(struct packing *packing, const uint8_t *name, size_t size)
{
	if (name == packing->last_name)
		return packing->last_at;
	packing->last_name = name;
	if (!find_place(packing, name, size, &packing->last_at)) {
		packing->last_at = put_octets(packing, name, size);
		note_place(packing, packing->last_at, size);
	}
	return packing->last_at;
}

static struct entry pack_record(struct packing *packing, const struct record *record)
{
	size_t owner_size = record_owner_size(record);
	struct entry entry = {
		.ttl = record->ttl,
		.type = record->type,
		.rdata_size = record->rdata_size,
		.rclass = record->rclass,
		.section = (uint8_t)record->section,
		.owner_size = (uint8_t)owner_size,
	};
	bool is_alias = record->type == TYPE_CNAME && record->section == SECTION_ANSWER;

	entry.owner_at = put_name(packing, record->owner, owner_size);
	entry.rdata_at = put_octets(packing, record->rdata, record->rdata_size);
	if (is_alias)
		note_place(packing, entry.rdata_at,
			record->rdata_size); /* the next owner, most likely */
	return entry;
}

static size_t most_octets(const struct chain *chain)
{
	const uint8_t *owner = NULL;
	size_t size = NAME_SIZE_MAX; /* the terminal */

	for (size_t i = 0; i < chain->count; i++) {
		if (chain->records[i].owner != owner) {
			owner = chain->records[i].owner;
			size += record_owner_size(&chain->records[i]);
		}
		size += chain->records[i].rdata_size;
	}
	return size;
}

/* Into `reply`, which has room for all. */
static void fill(struct reply *reply, const struct chain *chain, const struct reply_facts *facts,
	const struct ede_list *edes)
{
	size_t head = sizeof(struct reply) + chain->count * sizeof(struct entry);
	struct packing packing = { .octets = (uint8_t *)reply + head };

	reply->facts = *facts;
	reply->count = (uint32_t)chain->count;
	for (size_t i = 0; i < chain->count; i++)
		reply->entries[i] = pack_record(&packing, &chain->records[i]);
	reply->terminal_at =
		put_name(&packing, chain->terminal, name_size(chain->terminal, NAME_SIZE_MAX));
	reply->edes_at = 0;
	if (edes->count > 0) {
		struct ede_list whole = { .count = edes->count };

		while ((head + packing.size) % _Alignof(struct ede_list) != 0)
			packing.octets[packing.size++] = 0;
		memcpy(whole.items, edes->items, edes->count * sizeof(*edes->items));
		reply->edes_at = put_octets(&packing, (const uint8_t *)&whole, sizeof(whole));
	}
	reply->size = (uint32_t)(head + packing.size);
}

/* How large it becomes shows when it is done: it is made on the stack, where it fits, and the heap
 * is asked once. Not shrunk in place: the rest of it would be a hole in the heap. */
static struct reply *pack(
	const struct chain *chain, const struct reply_facts *facts, const struct ede_list *edes)
{
	size_t head = sizeof(struct reply) + chain->count * sizeof(struct entry);
	size_t edes_size = edes->count > 0 ? sizeof(*edes) + _Alignof(struct ede_list) : 0;
	size_t most = head + edes_size + most_octets(chain);
	_Alignas(struct reply) uint8_t room[PACK_OCTETS];
	struct reply *reply = most <= sizeof(room) ? (void *)room : mem_raw(most);
	struct reply *kept;

	fill(reply, chain, facts, edes);
	kept = mem_raw(mem_room(reply->size));
	memcpy(kept, reply, reply->size);
	atomic_init(&kept->references, 1);
	if (most > sizeof(room))
		free(reply);
	return kept;
}

struct reply *reply_draft_seal(struct reply_draft *draft)
{
	struct chain *chain = &draft->chain;
	struct reply_facts facts;
	struct reply *reply;

	if (chain->records == NULL)
		chain_arrange(chain, draft->question, draft->rcode, draft->records, draft->count);
	assert(chain->records != NULL);
	facts = derive_facts(chain, draft->ad, draft->is_ended);
	reply = pack(chain, &facts, &draft->edes);
	reply_draft_free(draft);
	return reply;
}

struct reply *reply_restore(const struct reply_facts *facts, struct record *records, size_t count,
	const uint8_t *terminal, const struct ede_list *edes)
{
	struct chain chain; /* what pack reads of it */

	chain.records = records;
	chain.count = count;
	chain.terminal = terminal;
	return pack(&chain, facts, edes);
}

static void add_edes(struct reply_draft *draft, const struct reply *reply)
{
	const struct ede_list *edes = reply_edes(reply);

	for (size_t i = 0; i < edes->count; i++)
		reply_draft_add_ede(draft, &edes->items[i]);
}

static void add_section(
	struct reply_draft *draft, const struct reply *reply, enum wire_section section)
{
	for (size_t i = 0; i < reply->count; i++) {
		struct record record = reply_record(reply, i);

		if (record.section == section)
			reply_draft_add(draft, &record);
	}
}

struct reply *reply_join(const struct question *question, const struct reply *first,
	const struct reply *rest, uint8_t links_max)
{
	struct reply_draft *draft = reply_draft_new(question, rest->facts.rcode);
	size_t links = (size_t)first->facts.links + rest->facts.links;
	struct reply *joined;

	add_section(draft, first, SECTION_ANSWER);
	add_section(draft, rest, SECTION_ANSWER);
	add_section(draft, rest, SECTION_AUTHORITY);
	add_section(draft, rest, SECTION_ADDITIONAL);
	add_edes(draft, first);
	add_edes(draft, rest);
	draft->ad = first->facts.ad && rest->facts.ad;
	draft->is_ended = rest->facts.kind == REPLY_NODATA;

	/* D64-5.1.5-g: a link that was met before closes a loop. */
	if (reply_draft_scrub(draft, links_max) != CHAIN_FINE) {
		reply_draft_free(draft);
		return NULL;
	}
	joined = reply_draft_seal(draft);
	if (joined->facts.links != links) {
		reply_unref(joined);
		return NULL;
	}
	return joined;
}

struct reply *reply_denial(const struct question *question, const struct reply *reply)
{
	struct reply_draft *draft = reply_draft_new(question, reply->facts.rcode);

	add_section(draft, reply, SECTION_AUTHORITY);
	add_edes(draft, reply);
	draft->ad = reply->facts.ad;
	return reply_draft_seal(draft);
}

/* The octets of the RRset that starts at `*index`, which moves behind it; DNSSEC's own types
 * weigh more than any other. */
static size_t weigh_set(const struct reply *reply, size_t *index)
{
	const size_t last_resort = (size_t)1 << 30;
	const size_t record_overhead = 12;
	uint16_t type = reply->entries[*index].type;
	size_t weight = record_is_dnssec(type) ? last_resort : 0;

	while (*index < reply->count && reply->entries[*index].section == SECTION_ANSWER &&
		reply->entries[*index].type == type) {
		weight += reply->entries[*index].rdata_size + record_overhead;
		(*index)++;
	}
	return type == TYPE_CNAME ? 0 : weight;
}

static uint16_t find_smallest(const struct reply *reply)
{
	size_t least = SIZE_MAX;
	uint16_t smallest = 0;
	size_t index = 0;

	while (index < reply->count && reply->entries[index].section == SECTION_ANSWER) {
		uint16_t type = reply->entries[index].type;
		size_t weight = weigh_set(reply, &index);

		if (weight < least) {
			least = weight;
			smallest = type;
		}
	}
	return smallest;
}

struct reply *reply_smallest(const struct question *question, const struct reply *reply)
{
	struct reply_draft *draft = reply_draft_new(question, reply->facts.rcode);
	bool is_data = reply->facts.kind == REPLY_DATA;
	uint16_t type = find_smallest(reply);

	for (size_t i = 0; i < reply->count; i++) {
		struct record record = reply_record(reply, i);
		bool is_chosen = record.section == SECTION_ANSWER && record_covers(&record) == type;

		if (is_chosen || !is_data)
			reply_draft_add(draft, &record);
	}
	draft->is_ended = reply->facts.kind == REPLY_NODATA;
	add_edes(draft, reply);
	draft->ad = reply->facts.ad;
	return reply_draft_seal(draft);
}
