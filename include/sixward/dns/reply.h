#ifndef SIXWARD_DNS_REPLY_H
#define SIXWARD_DNS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns/chain.h"
#include "sixward/dns/failure.h"
#include "sixward/dns/question.h"
#include "sixward/dns/rrset.h"

/* One immutable, counted answer in a fixed order: alias chain from QNAME, the
 * RRset asked for, then authority (proof), then additional (passengers); each
 * RRset together, followed by its RRSIGs. Facts as received, never a conclusion.
 * References may be taken and dropped from any thread. */

struct reply;

enum reply_kind {
	REPLY_DATA,     /* the chain ends in the RRset asked for */
	REPLY_NODATA,   /* R2308-2.2-a */
	REPLY_NXDOMAIN, /* R2308-2.1-a: of the chain's last name */
	REPLY_CHAIN,    /* an alias chain that ends in nothing: no RRset, no SOA (D64-5.1.5-d) */
	REPLY_RCODE     /* YXDOMAIN (UPS-c): passed on, not cached */
};

struct reply_facts {
	enum reply_kind kind;
	uint16_t rcode;
	bool ad;               /* of a trusted upstream (R4035-4.6-b) */
	bool has_soa;          /* in authority, of an ancestor of the denied name (UPR-10) */
	uint8_t links;         /* CNAMEs in the chain */
	uint32_t negative_ttl; /* min(SOA TTL, MINIMUM) capped; 0 without SOA (R2308-5-a) */
	uint32_t lifetime; /* seconds it may be cached; 0 = only for those who wait now (CCH-c) */
};

struct reply *reply_ref(struct reply *reply);
void reply_unref(struct reply *reply); /* NULL is fine */
const struct reply_facts *reply_facts(const struct reply *reply);
size_t reply_count(const struct reply *reply);
struct record reply_record(const struct reply *reply, size_t index);

/* The last name of the chain: owner of the RRset, or the name that is denied. */
const uint8_t *reply_terminal(const struct reply *reply);
const struct ede_list *reply_edes(const struct reply *reply);

/* Memory that it holds, in octets, for the cache's account. */
size_t reply_memory(const struct reply *reply);

/* How many answer records of `type` it has at the end of its chain. */
size_t reply_data_count(const struct reply *reply, uint16_t type);

/* A reply in the making. Seal derives the facts from the records and the question: kind,
 * terminal, links, negative TTL, lifetime; in a negative reply the SOA's TTL becomes the
 * negative TTL (R2308-5-a). Seal takes the draft over: free is for drafts given up. */
enum { REPLY_DRAFT_OCTETS = 1024 };
struct reply_chunk;

/* Known here only to stand on the stack of whoever is in a hurry: most replies fit into it as it
 * is. */
struct reply_draft {
	const struct question *question;
	uint16_t rcode;
	bool ad;
	bool is_ended; /* nothing follows the chain */
	bool is_on_heap;
	struct record *records;
	size_t count;
	size_t room;
	struct reply_chunk *chunks;
	uint8_t *free_octets; /* of the newest chunk */
	size_t free_size;
	size_t last_size;   /* of the owner added last; 0 = lent */
	struct chain chain; /* records NULL: not in order yet */
	struct ede_list edes;
	struct record first_records[RRSETS_INLINE];
	uint8_t first_octets[REPLY_DRAFT_OCTETS];
};

struct reply_draft *reply_draft_new(const struct question *question, uint16_t rcode);
void reply_draft_free(struct reply_draft *draft);

/* The same in the caller's memory, which may not move, with a question that is lent until the draft
 * is sealed or given up. */
void reply_draft_init(struct reply_draft *draft, const struct question *question, uint16_t rcode);
void reply_draft_clear(struct reply_draft *draft);

/* Copies the record. A record with equal owner, type and RDATA in the same section is
 * kept once (R2181-5-a); TTLs of one RRset become the lowest (R2181-5.2-a). Order within
 * an RRset, and of RRsets within a section, is the order added. */
void reply_draft_add(struct reply_draft *draft, const struct record *record);

/* The same without copies: owner and RDATA are lent until the draft is sealed or given up. */
void reply_draft_lend(struct reply_draft *draft, const struct record *record);

/* A copy that can be lent, for it lives as long as the draft. */
const uint8_t *reply_draft_keep(struct reply_draft *draft, const uint8_t *octets, size_t size);
void reply_draft_add_ede(struct reply_draft *draft, const struct ede *ede);
void reply_draft_set_ad(struct reply_draft *draft);

/* The chain's last name is known to have nothing, though no SOA says so, as of names of our own
 * (LOC-c): NODATA, where a chain alone would be REPLY_CHAIN. */
void reply_draft_set_ended(struct reply_draft *draft);

/* For records from outside, once all are added: see chain_scrub. Not CHAIN_FINE: the draft
 * is of no use any more. The RCODE may become YXDOMAIN. */
enum chain_result reply_draft_scrub(struct reply_draft *draft, uint8_t links_max);
struct reply *reply_draft_seal(struct reply_draft *draft);

/* What was a sealed reply before: records in its order, and its facts as they were derived. All is
 * copied. */
struct reply *reply_restore(const struct reply_facts *facts, struct record *records, size_t count,
	const uint8_t *terminal, const struct ede_list *edes);

/* The chain of `first` (kind REPLY_CHAIN) continued by `rest`, the answer for its terminal:
 * one reply to `question`. NULL when the links together exceed `links_max` or loop. */
struct reply *reply_join(const struct question *question, const struct reply *first,
	const struct reply *rest, uint8_t links_max);

/* The denial alone, for the terminal name of an NXDOMAIN with a chain (R8020-2-a). */
struct reply *reply_denial(const struct question *question, const struct reply *reply);

/* R8482-4-a: the answer reduced to one RRset, a CNAME if there is one, else the smallest,
 * with its RRSIG. A denial stays whole. */
struct reply *reply_smallest(const struct question *question, const struct reply *reply);

#endif
