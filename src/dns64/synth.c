/* How an AAAA answer is made of facts: an A reply and the prefixes, or an AAAA reply without
 * what is excluded. Decides nothing that verdict decides; the octets on the wire, their size
 * and the EDE are for others. */

#include "sixward/dns64/synth.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/base/mem.h"
#include "sixward/dns/wire.h"

enum {
	A_SIZE = 4,
	AAAA_SIZE = 16,
	MAPPINGS_INLINE = 16,
	/* More AAAA than any message can hold, at 27 octets each or more: what lies beyond
	 * could not be sent, and UPR-06 rules all the same. Bounds the work that one reply
	 * full of A records, times 16 prefixes, can ask for. */
	AAAA_MOST = WIRE_MESSAGE_MAX / 27 + 1,
	SOA_NUMBERS_SIZE = 20,
	SOA_SIZE_MAX = 2 * NAME_SIZE_MAX + SOA_NUMBERS_SIZE
};

/* An A record and the prefixes that carry it: bit n for the n-th of the policy. */
struct mapping {
	const uint8_t *ipv4;
	uint32_t places;
};

struct mappings {
	struct mapping *items;
	size_t count;
	const uint8_t *owner; /* the A records' own, letter case and all */
	uint8_t owner_size;
	uint32_t ttl;
	struct mapping first_items[MAPPINGS_INLINE];
};

static bool is_a(const struct aged_reply *a, const struct record *record)
{
	return aged_is_data(a, record, TYPE_A) && record->rdata_size == A_SIZE;
}

static bool is_aaaa(const struct aged_reply *aaaa, const struct record *record)
{
	return aged_is_data(aaaa, record, TYPE_AAAA) && record->rdata_size == AAAA_SIZE;
}

bool synth_can(const struct reply *a, const struct policy *policy)
{
	struct aged_reply fresh = { .reply = a };
	const struct prefix *prefixes[POLICY_PREFIXES_MAX];

	for (size_t i = 0; i < reply_count(a); i++) {
		struct record record = reply_record(a, i);

		if (is_a(&fresh, &record) &&
			policy_prefixes_for(policy, record.rdata, prefixes, NULL) > 0)
			return true;
	}
	return false;
}

struct synth_usable synth_usable(const struct reply *aaaa, const struct policy *policy)
{
	struct aged_reply fresh = { .reply = aaaa };
	struct synth_usable found = { 0 };

	for (size_t i = 0; i < reply_count(aaaa); i++) {
		struct record record = reply_record(aaaa, i);

		if (!is_aaaa(&fresh, &record))
			continue;
		if (policy_excludes_aaaa(policy, record.rdata))
			found.excluded++;
		else
			found.usable++;
	}
	return found;
}

/* D64-5.1.7-c, rows 3 and 2: no SOA speaks for excluded AAAA, but their own TTL does. */
static uint32_t ttl_limit_of_data(const struct aged_reply *aaaa, const struct policy *policy)
{
	uint32_t limit = SYNTH_TTL_WITHOUT_SOA;

	for (size_t i = 0; i < reply_count(aaaa->reply); i++) {
		struct record record = aged_record(aaaa, i);

		if (!is_aaaa(aaaa, &record) || !policy_excludes_aaaa(policy, record.rdata))
			continue;
		if (record.ttl < limit)
			limit = record.ttl;
	}
	return limit;
}

uint32_t synth_ttl_limit(const struct aged_reply *aaaa, const struct policy *policy)
{
	const struct reply_facts *facts;

	/* Rows 12, 16, 18 */
	if (!aaaa->reply)
		return SYNTH_TTL_WITHOUT_SOA;
	facts = reply_facts(aaaa->reply);
	switch (facts->kind) {
	case REPLY_DATA:
		return ttl_limit_of_data(aaaa, policy);
	case REPLY_NODATA:
		/* D64-5.1.7-b, A-3: rows 5 and 6 */
		return facts->has_soa ? aged_ttl(aaaa, facts->negative_ttl) : SYNTH_TTL_WITHOUT_SOA;
	case REPLY_NXDOMAIN:
	case REPLY_CHAIN:
	case REPLY_RCODE:
		/* D64-5.1.7-c; NXDOMAIN gets here only where AAAA are ignored (D64-5.1.1-b). */
		return SYNTH_TTL_WITHOUT_SOA;
	}
	return SYNTH_TTL_WITHOUT_SOA;
}

/* The places, among all of the policy, of the prefixes that carry the address (D64-5-a). */
static uint32_t find_places(const struct policy *policy, const uint8_t ipv4[A_SIZE])
{
	const struct prefix *prefixes[POLICY_PREFIXES_MAX];
	size_t count = policy_prefixes_for(policy, ipv4, prefixes, NULL);
	const struct known_prefix *known;
	size_t known_count = policy_known(policy, &known);
	uint32_t places = 0;
	size_t found = 0;

	/* Both lists are in the same order. */
	for (size_t i = 0; i < known_count && found < count; i++) {
		if (prefixes[found] != &known[i].prefix)
			continue;
		places |= (uint32_t)1 << i;
		found++;
	}
	return places;
}

static void mappings_clear(struct mappings *mappings)
{
	if (mappings->items != mappings->first_items)
		free(mappings->items);
}

/* The A records that can be mapped, in their order. Names and addresses are the reply's. */
static void find_mappings(
	const struct aged_reply *a, const struct policy *policy, struct mappings *found)
{
	size_t most = reply_data_count(a->reply, TYPE_A);

	found->items = found->first_items;
	if (most > MAPPINGS_INLINE)
		found->items = mem_new_array(most, sizeof(*found->items));
	found->count = 0;
	found->owner = NULL;
	found->owner_size = 0;
	found->ttl = 0;
	for (size_t i = 0; i < reply_count(a->reply) && found->count < most; i++) {
		struct record record = aged_record(a, i);
		uint32_t places;

		if (!is_a(a, &record))
			continue;
		places = find_places(policy, record.rdata);
		if (places == 0)
			continue;        /* D64-5.1.7-d */
		found->ttl = record.ttl; /* one for all of an RRset (R2181-5.2-a, D64-5.1.7-e) */
		if (found->count == 0) {
			found->owner = record.owner;
			found->owner_size = record.owner_size;
		}
		found->items[found->count++] =
			(struct mapping){ .ipv4 = record.rdata, .places = places };
	}
}

/* How many addresses each prefix gets: with a `most`, each prefix's first, then each one's
 * second, and so on until it is reached (config.md, max-aaaa; LIM-21). */
static void share_out(const struct mappings *mappings, size_t prefix_count, size_t most,
	size_t shares[POLICY_PREFIXES_MAX])
{
	size_t carried[POLICY_PREFIXES_MAX];
	size_t given = 0;
	bool gave = true;

	for (size_t place = 0; place < prefix_count; place++) {
		size_t even = most / prefix_count; /* so many rounds leave nobody short */

		carried[place] = 0;
		for (size_t i = 0; i < mappings->count; i++)
			carried[place] += mappings->items[i].places >> place & 1;
		shares[place] = carried[place] < even ? carried[place] : even;
		given += shares[place];
	}
	while (gave) {
		gave = false;
		for (size_t place = 0; place < prefix_count && given < most; place++) {
			if (shares[place] == carried[place])
				continue;
			shares[place]++;
			given++;
			gave = true;
		}
	}
}

/* D64-5.1.7-a, D64-5.1.7-e: prefixes outermost, in configured order; inside, the A records in
 * theirs. At most so many, and as max-aaaa says. */
static void add_synthesized(const struct mappings *mappings, size_t most,
	const struct policy *policy, struct reply_draft *draft)
{
	const struct policy_options *options = policy_options(policy);
	struct record record = { .section = SECTION_ANSWER,
		.type = TYPE_AAAA,
		.rclass = CLASS_IN,
		.rdata_size = AAAA_SIZE,
		.ttl = mappings->ttl,
		.owner = mappings->owner,
		.owner_size = mappings->owner_size };
	const struct known_prefix *known;
	size_t known_count = policy_known(policy, &known);
	size_t shares[POLICY_PREFIXES_MAX];

	if (options->max_aaaa > 0 && options->max_aaaa < most)
		most = options->max_aaaa;
	share_out(mappings, known_count, most, shares);
	for (size_t place = 0; place < known_count; place++) {
		for (size_t i = 0; i < mappings->count && shares[place] > 0; i++) {
			uint8_t address[AAAA_SIZE];

			if (!(mappings->items[i].places >> place & 1))
				continue;
			shares[place]--;
			prefix_embed(&known[place].prefix, mappings->items[i].ipv4, address);
			record.rdata = reply_draft_keep(draft, address, sizeof(address));
			reply_draft_lend(draft, &record);
		}
	}
}

static void limit_ttl(struct mappings *mappings, uint32_t limit_s)
{
	if (mappings->ttl > limit_s)
		mappings->ttl = limit_s;
}

/* D64-5.1.5-a, D64-5.1.5-c, D64-5.1.6-c: the chain is that of the A reply, and its A records
 * are gone; D64-5.4-b, D64-5.3.2-a: its other sections stay as they are. No AD: the answer is
 * nobody's signed word (D64-5.5-nv00, D64-5.5-nv10). */
struct reply *synth_aaaa(const struct question *question, const struct aged_reply *a,
	uint32_t ttl_limit_s, const struct policy *policy)
{
	struct mappings mappings;
	struct reply_draft draft;

	find_mappings(a, policy, &mappings);
	if (mappings.count == 0) {
		mappings_clear(&mappings);
		return NULL;
	}
	limit_ttl(&mappings, ttl_limit_s);            /* D64-5.1.7-b, D64-5.1.7-c */
	limit_ttl(&mappings, policy_ttl_max(policy)); /* D64-5.2-d, LIM-19 */

	reply_draft_init(&draft, question, RCODE_NOERROR);
	aged_copy_chain(a, TYPE_A, &draft);
	add_synthesized(&mappings, AAAA_MOST, policy, &draft);
	aged_copy_rest(a, &draft);
	aged_copy_edes(a, &draft);
	mappings_clear(&mappings);
	return reply_draft_seal(&draft);
}

/* The usable AAAA of a reply, as they are. Gives the last of them; its owner is NULL where there is
 * none. */
static struct record add_usable(
	const struct aged_reply *aaaa, const struct policy *policy, struct reply_draft *draft)
{
	struct record last = { 0 };

	for (size_t i = 0; i < reply_count(aaaa->reply); i++) {
		struct record record = aged_record(aaaa, i);

		if (!is_aaaa(aaaa, &record) || policy_excludes_aaaa(policy, record.rdata))
			continue;
		reply_draft_lend(draft, &record);
		last = record;
	}
	return last;
}

/* D64-5.1.1-b: real ones first, then synthetic ones. The draft keeps an address once, where it came
 * first, and gives an RRset its least TTL. */
struct reply *synth_append(const struct question *question, const struct aged_reply *aaaa,
	const struct aged_reply *a, const struct policy *policy)
{
	size_t native = synth_usable(aaaa->reply, policy).usable;
	struct mappings mappings;
	struct reply_draft draft;
	struct record last;
	struct reply *reply;

	find_mappings(a, policy, &mappings);
	limit_ttl(&mappings, synth_ttl_limit(aaaa, policy));
	limit_ttl(&mappings, policy_ttl_max(policy));

	reply_draft_init(&draft, question, RCODE_NOERROR);
	aged_copy_chain(aaaa, TYPE_AAAA, &draft);
	last = add_usable(aaaa, policy, &draft);
	mappings.owner = last.owner;
	mappings.owner_size = last.owner_size;
	if (native > 0 && native < AAAA_MOST)
		add_synthesized(&mappings, AAAA_MOST - native, policy, &draft);
	aged_copy_rest(aaaa, &draft);
	aged_copy_edes(aaaa, &draft);
	aged_copy_edes(a, &draft);
	mappings_clear(&mappings);
	reply = reply_draft_seal(&draft);
	if (reply_data_count(reply, TYPE_AAAA) > native)
		return reply;
	reply_unref(reply);
	return NULL;
}

/* D64-5.1.4-d, D64-5.1.4-f: a part of an RRset has no signature and no AD. */
struct reply *synth_filter(
	const struct question *question, const struct aged_reply *aaaa, const struct policy *policy)
{
	struct reply_draft draft;

	reply_draft_init(&draft, question, RCODE_NOERROR);
	aged_copy_chain(aaaa, TYPE_AAAA, &draft);
	(void)add_usable(aaaa, policy, &draft);
	aged_copy_rest(aaaa, &draft);
	aged_copy_edes(aaaa, &draft);
	return reply_draft_seal(&draft);
}

/* D64-5.1.4-c. The proof that there is no A proves nothing about AAAA: the SOA alone stays. */
struct reply *synth_empty(const struct question *question, const struct aged_reply *a)
{
	struct reply_draft draft;

	reply_draft_init(&draft, question, RCODE_NOERROR);
	if (a->reply) {
		aged_copy_chain(a, TYPE_A, &draft);
		aged_copy_soa(a, &draft);
		aged_copy_edes(a, &draft);
	}
	return reply_draft_seal(&draft);
}

/* An SOA whose MINIMUM is at most `ttl_s`, in `room`. RDATA too short for an SOA stays. */
static void cap_minimum(struct record *soa, uint32_t ttl_s, uint8_t room[SOA_SIZE_MAX])
{
	size_t at;

	if (soa->rdata_size < SOA_NUMBERS_SIZE || soa->rdata_size > SOA_SIZE_MAX)
		return;
	at = soa->rdata_size - sizeof(uint32_t);
	if (bytes_get_u32(soa->rdata + at) <= ttl_s)
		return;
	memcpy(room, soa->rdata, soa->rdata_size);
	bytes_put_u32(room + at, ttl_s);
	soa->rdata = room;
}

/* LIM-35. Another MINIMUM is no longer what was signed: the SOA's signature and AD go. */
struct reply *synth_cap_denial(
	const struct question *question, const struct aged_reply *aaaa, uint32_t ttl_s)
{
	struct reply_draft draft;

	reply_draft_init(&draft, question, reply_facts(aaaa->reply)->rcode);
	for (size_t i = 0; i < reply_count(aaaa->reply); i++) {
		struct record record = aged_record(aaaa, i);
		uint8_t room[SOA_SIZE_MAX];

		if (aged_signs(&record, TYPE_SOA) && record.section == SECTION_AUTHORITY)
			continue;
		if (record.ttl > ttl_s)
			record.ttl = ttl_s;
		if (record.type == TYPE_SOA && record.section == SECTION_AUTHORITY)
			cap_minimum(&record, ttl_s, room);
		reply_draft_add(&draft, &record);
	}
	aged_copy_edes(aaaa, &draft);
	return reply_draft_seal(&draft);
}
