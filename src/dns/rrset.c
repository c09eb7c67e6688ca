/* Loose records to RRsets. Knows owner, class, type and what an RRSIG covers; nothing of
 * chains, questions or messages. Many records are sorted by all that they have, for a hostile
 * upstream may send thousands of them in one message; few are told apart as they come. */

#include "sixward/dns/rrset.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/base/mem.h"

bool record_is_dnssec(uint16_t type)
{
	switch (type) {
	case TYPE_DS:
	case TYPE_RRSIG:
	case TYPE_NSEC:
	case TYPE_DNSKEY:
	case TYPE_NSEC3:
	case TYPE_NSEC3PARAM:
		return true;
	default:
		return false;
	}
}

uint16_t record_covers(const struct record *record)
{
	if (record->type == TYPE_RRSIG && record->rdata_size >= 2)
		return bytes_get_u16(record->rdata);
	return record->type;
}

enum { ORDER_IN_SET = 9 }; /* bits of `order`: whether a signature, and the place */

static uint8_t fold(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet + 32) : octet;
}

size_t record_owner_size(const struct record *record)
{
	return record->owner_size ? record->owner_size : name_size(record->owner, NAME_SIZE_MAX);
}

static int compare_folded(const uint8_t *a, const uint8_t *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		int difference = fold(a[i]) - fold(b[i]);

		if (difference != 0)
			return difference;
	}
	return 0;
}

/* FNV-1a. Whoever finds names that collide gains nothing: the sort goes on to the names. */
static uint64_t hash_name(const uint8_t *name, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325U;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ fold(name[i])) * 0x100000001b3U;
	return hash;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Not a canonical order, but one in which equal names (R4343-3-a) are equal. */
static int compare_owners(const struct rrset_member *a, const struct rrset_member *b)
{
	if (a->record->section != b->record->section)
		return compare_numbers(a->record->section, b->record->section);
	if (a->key != b->key)
		return compare_numbers(a->key, b->key);
	if (a->owner_size != b->owner_size)
		return compare_numbers(a->owner_size, b->owner_size);
	if (a->record->owner == b->record->owner ||
		memcmp(a->record->owner, b->record->owner, a->owner_size) == 0)
		return 0;
	return compare_folded(a->record->owner, b->record->owner, a->owner_size);
}

static int compare_sets(const struct rrset_member *a, const struct rrset_member *b)
{
	int difference = compare_owners(a, b);

	if (difference != 0)
		return difference;
	if (a->record->rclass != b->record->rclass)
		return compare_numbers(a->record->rclass, b->record->rclass);
	return compare_numbers(a->type, b->type);
}

static bool is_one_name(uint16_t type)
{
	return type == TYPE_CNAME || type == TYPE_DNAME || type == TYPE_NS || type == TYPE_PTR;
}

static int compare_rdata(const struct record *a, const struct record *b)
{
	if (a->rdata_size != b->rdata_size)
		return compare_numbers(a->rdata_size, b->rdata_size);
	if (a->rdata_size == 0 || a->rdata == b->rdata)
		return 0;
	if (is_one_name(a->type))
		return compare_folded(a->rdata, b->rdata, a->rdata_size);
	return memcmp(a->rdata, b->rdata, a->rdata_size);
}

static int compare_members(const struct rrset_member *a, const struct rrset_member *b)
{
	int difference = compare_sets(a, b);

	if (difference != 0)
		return difference;
	if (a->is_signature != b->is_signature)
		return a->is_signature ? 1 : -1;
	return compare_rdata(a->record, b->record);
}

static int on_compare_members(const void *a, const void *b)
{
	const struct rrset_member *x = a;
	const struct rrset_member *y = b;
	int difference = compare_members(x, y);

	return difference != 0 ? difference : compare_numbers(x->place, y->place);
}

static int on_compare_places(const void *a, const void *b)
{
	const struct rrset_member *x = a;
	const struct rrset_member *y = b;

	if (x->is_signature != y->is_signature)
		return x->is_signature ? 1 : -1;
	return compare_numbers(x->place, y->place);
}

static bool is_few(const struct rrsets *sets)
{
	return sets->record_count <= RRSETS_INLINE;
}

/* Few records come sorted already, most often. RDATA is left alone: make_set compares it. */
static void sort_few(struct rrset_member *members, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct rrset_member member;
		size_t at = i;

		if (members[i - 1].order < members[i].order)
			continue;
		member = members[i];
		for (; at > 0; at--) {
			if (members[at - 1].order < member.order)
				break;
			members[at] = members[at - 1];
		}
		members[at] = member;
	}
}

/* Whether one of the `count` members is the same record, by RDATA. */
static bool is_among(
	const struct rrset_member *members, size_t count, const struct rrset_member *member)
{
	for (size_t i = 0; i < count; i++) {
		if (members[i].is_signature == member->is_signature &&
			compare_rdata(members[i].record, member->record) == 0)
			return true;
	}
	return false;
}

/* `members` begins a set of `count` members, sorted by RDATA unless they are few. */
static struct rrset make_set(struct rrset_member *members, size_t count, bool is_few)
{
	struct rrset set = { .members = members, .ttl = UINT32_MAX, .place = UINT32_MAX };

	for (size_t i = 0; i < count; i++) {
		const struct rrset_member *member = &members[i];

		/* R2181-5.2-a: a duplicate's TTL counts all the same. */
		if (member->record->ttl < set.ttl)
			set.ttl = member->record->ttl;
		size_t first = is_few || set.count == 0 ? 0 : set.count - 1;

		if (is_among(members + first, set.count - first, member))
			continue; /* R2181-5-a */
		if (member->place < set.place)
			set.place = member->place;
		if (!member->is_signature)
			set.data_count++;
		members[set.count++] = *member;
	}
	if (set.count > 1 && !is_few)
		qsort(members, set.count, sizeof(*members), on_compare_places);
	return set;
}

static bool is_same_set(
	const struct rrsets *sets, const struct rrset_member *a, const struct rrset_member *b)
{
	if (is_few(sets))
		return a->order >> ORDER_IN_SET == b->order >> ORDER_IN_SET;
	return compare_sets(a, b) == 0;
}

static void make_sets(struct rrsets *sets)
{
	size_t start = 0;

	while (start < sets->record_count) {
		size_t end = start + 1;
		struct rrset *set = &sets->sets[sets->count++];

		while (end < sets->record_count &&
			is_same_set(sets, &sets->members[start], &sets->members[end]))
			end++;
		*set = make_set(&sets->members[start], end - start, is_few(sets));
		sets->by_place[set->place] = set;
		start = end;
	}
}

static bool is_owner(const struct rrset_member *member, const uint8_t *owner, size_t size)
{
	const uint8_t *own = member->record->owner;

	return own == owner ||
	       (member->owner_size == size &&
		       (memcmp(own, owner, size) == 0 || compare_folded(own, owner, size) == 0));
}

/* The place of the first of few records with that owner. */
static uint64_t find_first(const struct rrset_member *members, const struct rrset_member *member)
{
	for (size_t i = 0; i < member->place; i++) {
		if (is_owner(&members[i], member->record->owner, member->owner_size))
			return members[i].key;
	}
	return member->place;
}

static void make_member(struct rrsets *sets, const struct record *record, size_t place)
{
	struct rrset_member *member = &sets->members[place];
	const struct rrset_member *before = place > 0 ? member - 1 : NULL;

	member->record = record;
	member->place = (uint32_t)place;
	member->type = record_covers(record);
	member->is_signature = record->type == TYPE_RRSIG;
	if (before != NULL && before->record->owner == record->owner) {
		member->owner_size = before->owner_size;
		member->key = before->key;
	} else {
		member->owner_size = (uint8_t)record_owner_size(record);
		member->key = is_few(sets) ? find_first(sets->members, member)
					   : hash_name(record->owner, member->owner_size);
	}
	member->order = (uint64_t)record->section << 48 | member->key << 41 |
			(uint64_t)record->rclass << 25 | (uint64_t)member->type << 9 |
			(uint64_t)member->is_signature << 8 | place;
}

void rrsets_init(struct rrsets *sets, const struct record *records, size_t count)
{
	sets->members = sets->first_members;
	sets->sets = sets->first_sets;
	sets->by_place = sets->first_by_place;
	sets->count = 0;
	sets->record_count = count;
	if (is_few(sets)) {
		for (size_t i = 0; i < count; i++)
			sets->by_place[i] = NULL;
	} else {
		sets->members = mem_new_array(count, sizeof(*sets->members));
		sets->sets = mem_new_array(count, sizeof(*sets->sets));
		sets->by_place = mem_new_array(count, sizeof(struct rrset *));
	}
	for (size_t i = 0; i < count; i++)
		make_member(sets, &records[i], i);
	if (is_few(sets))
		sort_few(sets->members, count);
	else
		qsort(sets->members, count, sizeof(*sets->members), on_compare_members);
	make_sets(sets);
}

void rrsets_clear(struct rrsets *sets)
{
	if (sets->members != sets->first_members) {
		free(sets->members);
		free(sets->sets);
		free((void *)sets->by_place);
	}
	sets->members = sets->first_members;
	sets->sets = sets->first_sets;
	sets->by_place = sets->first_by_place;
	sets->count = 0;
	sets->record_count = 0;
}

/* The first set of that owner and section, or where it would be; of few sets, or their end. */
static size_t find_set(const struct rrsets *sets, const struct rrset_member *wanted)
{
	size_t low = 0;
	size_t high = sets->count;

	if (is_few(sets)) {
		for (; low < high; low++) {
			const struct rrset_member *member = sets->sets[low].members;

			if (member->record->section == wanted->record->section &&
				is_owner(member, wanted->record->owner, wanted->owner_size))
				break;
		}
		return low;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_owners(sets->sets[middle].members, wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct rrset *rrsets_find(
	const struct rrsets *sets, enum wire_section section, const uint8_t *owner, size_t *count)
{
	struct record record = { .section = section, .owner = owner };
	size_t size = name_size(owner, NAME_SIZE_MAX);
	struct rrset_member wanted = { .record = &record, .owner_size = (uint8_t)size };
	size_t start;
	size_t end;

	if (!is_few(sets))
		wanted.key = hash_name(owner, size);
	start = find_set(sets, &wanted);
	for (end = start; end < sets->count; end++) {
		if (is_few(sets) && end == start)
			wanted.key = sets->sets[start].members->key;
		if (compare_owners(sets->sets[end].members, &wanted) != 0)
			break;
	}
	*count = end - start;
	return &sets->sets[start];
}
