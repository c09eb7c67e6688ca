#ifndef SIXWARD_DNS_RRSET_H
#define SIXWARD_DNS_RRSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns/name.h"
#include "sixward/dns/wire.h"

/* Records as values, and loose records to RRsets. */

/* One resource record. Pointers lead into a reply, or to the octets of whoever made it.
 * Names in RDATA are uncompressed (R3597-4-a). */
struct record {
	enum wire_section section;
	uint16_t type;
	uint16_t rclass;
	uint16_t rdata_size;
	uint8_t owner_size;   /* 0 = not known yet: record_owner_size */
	uint32_t ttl;         /* seconds, as received after the caps */
	const uint8_t *owner; /* a name */
	const uint8_t *rdata;
};

/* Whether the section 17.3 rule SEC-4035-3.2.1-b takes this type out of answers for DO=0. */
bool record_is_dnssec(uint16_t type);

/* The type of the RRset that it belongs to: what it covers, for an RRSIG. */
uint16_t record_covers(const struct record *record);

size_t record_owner_size(const struct record *record);

struct rrset_member {
	uint64_t order; /* of few: section, owner, class, type, whether a signature, place */
	uint64_t key; /* equal for equal owners: the place of the first, or a hash if there are many
		       */
	const struct record *record;
	uint32_t place; /* among the records given */
	uint16_t type;
	uint8_t owner_size;
	bool is_signature;
};

/* One RRset and its RRSIGs; duplicates are gone (R2181-5-a). */
struct rrset {
	const struct rrset_member *members; /* data in the order given, then RRSIGs */
	uint32_t count;
	uint32_t data_count;
	uint32_t ttl;   /* the lowest of all members (R2181-5.2-a) */
	uint32_t place; /* of the member given first */
	bool is_taken;  /* for whoever puts the sets in order */
};

/* All RRsets of a list of records, which is borrowed. Few are compared with each other; of many it
 * takes n log n steps, whatever the records are. A set is a section's own: nothing merges across
 * sections. */
enum { RRSETS_INLINE = 16 };

struct rrsets {
	struct rrset *sets; /* those of one owner side by side */
	size_t count;
	struct rrset **by_place; /* record_count long; NULL where no set begins */
	size_t record_count;
	struct rrset_member *members;
	struct rrset_member first_members[RRSETS_INLINE];
	struct rrset first_sets[RRSETS_INLINE];
	struct rrset *first_by_place[RRSETS_INLINE];
};

/* May not be moved afterwards. */
void rrsets_init(struct rrsets *sets, const struct record *records, size_t count);
void rrsets_clear(struct rrsets *sets);

/* The sets of `owner` in that section: the first, and how many. */
struct rrset *rrsets_find(
	const struct rrsets *sets, enum wire_section section, const uint8_t *owner, size_t *count);

#endif
