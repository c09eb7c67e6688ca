/* Loose records to RRsets. Knows owner, class, type and what an RRSIG covers; nothing of
 * chains, questions or messages. Everything is sorted, for a hostile upstream may send
 * thousands of records in one message. */

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

static uint8_t fold(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet + 32) : octet;
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
	if (a->hash != b->hash)
		return compare_numbers(a->hash, b->hash);
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

/* `members` begins a set of `count` members that are sorted by RDATA. */
static struct rrset make_set(struct rrset_member *members, size_t count)
{
	struct rrset set = { .members = members, .ttl = UINT32_MAX, .place = UINT32_MAX };

	for (size_t i = 0; i < count; i++) {
		const struct rrset_member *member = &members[i];

		/* R2181-5.2-a: a duplicate's TTL counts all the same. */
		if (member->record->ttl < set.ttl)
			set.ttl = member->record->ttl;
		if (i > 0 && compare_members(&members[set.count - 1], member) == 0)
			continue; /* R2181-5-a */
		if (member->place < set.place)
			set.place = member->place;
		if (!member->is_signature)
			set.data_count++;
		members[set.count++] = *member;
	}
	if (set.count > 1)
		qsort(members, set.count, sizeof(*members), on_compare_places);
	return set;
}

static void make_sets(struct rrsets *sets)
{
	size_t start = 0;

	while (start < sets->record_count) {
		size_t end = start + 1;
		struct rrset *set = &sets->sets[sets->count++];

		while (end < sets->record_count &&
			compare_sets(&sets->members[start], &sets->members[end]) == 0)
			end++;
		*set = make_set(&sets->members[start], end - start);
		sets->by_place[set->place] = set;
		start = end;
	}
}

static void make_member(struct rrset_member *member, const struct record *record, size_t place,
	const struct rrset_member *before)
{
	*member = (struct rrset_member){
		.record = record,
		.place = (uint32_t)place,
		.type = record_covers(record),
		.is_signature = record->type == TYPE_RRSIG,
	};
	if (before != NULL && before->record->owner == record->owner) {
		member->owner_size = before->owner_size;
		member->hash = before->hash;
		return;
	}
	member->owner_size = (uint8_t)name_size(record->owner, NAME_SIZE_MAX);
	member->hash = hash_name(record->owner, member->owner_size);
}

void rrsets_init(struct rrsets *sets, const struct record *records, size_t count)
{
	sets->members = sets->first_members;
	sets->sets = sets->first_sets;
	sets->by_place = sets->first_by_place;
	sets->count = 0;
	sets->record_count = count;
	if (count > RRSETS_INLINE) {
		sets->members = mem_new_array(count, sizeof(*sets->members));
		sets->sets = mem_new_array(count, sizeof(*sets->sets));
		sets->by_place = mem_new_array(count, sizeof(struct rrset *));
	} else {
		memset(sets->first_by_place, 0, sizeof(sets->first_by_place));
	}
	for (size_t i = 0; i < count; i++)
		make_member(
			&sets->members[i], &records[i], i, i > 0 ? &sets->members[i - 1] : NULL);
	if (count > 1)
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

struct rrset *rrsets_find(
	const struct rrsets *sets, enum wire_section section, const uint8_t *owner, size_t *count)
{
	struct record record = { .section = section, .owner = owner };
	size_t size = name_size(owner, NAME_SIZE_MAX);
	struct rrset_member wanted = {
		.hash = hash_name(owner, size), .record = &record, .owner_size = (uint8_t)size
	};
	size_t low = 0;
	size_t high = sets->count;
	size_t end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_owners(sets->sets[middle].members, &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < sets->count; end++) {
		if (compare_owners(sets->sets[end].members, &wanted) != 0)
			break;
	}
	*count = end - low;
	return &sets->sets[low];
}
