/* Reverse look-ups below our prefixes: what a name under ip6.arpa is to us, and the answer,
 * made here or of the PTR look-up of the IPv4 name. Knows no other reverse zones. */

#include "sixward/dns64/reverse.h"

#include <stdio.h>
#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/dns64/apex.h"
#include "sixward/dns64/ipv4only.h"

enum {
	NIBBLES = 32,
	U_NIBBLE = 16,      /* and the one behind it: bits 64 to 71 */
	ARPA_LABELS = 2,    /* ip6.arpa */
	ZONE_TTL_S = 10800, /* R6303-3-b, LIM-28 */
	IPV4ONLY_TTL_S = 3600
};

static const uint8_t ip6_arpa[] = "\3ip6\4arpa";
static const uint8_t in_addr_arpa[] = "\7in-addr\4arpa";
static const uint8_t ipv4only_arpa[] = "\10ipv4only\4arpa";

/* The labels of a name below ip6.arpa, from the root on: the most significant nibble first. */
struct nibbles {
	uint8_t values[NIBBLES];
	size_t count;  /* those that are single hex digits, until the first that is not */
	bool has_more; /* another label in front of them */
};

/* R3596-2.5-a: one hex digit of either case. */
static bool read_nibble(const uint8_t *label, uint8_t *value)
{
	if (label[0] != 1)
		return false;
	if (label[1] >= '0' && label[1] <= '9')
		*value = (uint8_t)(label[1] - '0');
	else if (label[1] >= 'a' && label[1] <= 'f')
		*value = (uint8_t)(label[1] - 'a' + 10);
	else if (label[1] >= 'A' && label[1] <= 'F')
		*value = (uint8_t)(label[1] - 'A' + 10);
	else
		return false;
	return true;
}

static struct nibbles read_nibbles(const uint8_t *name)
{
	struct nibbles nibbles = { 0 };
	size_t labels = name_labels(name) - ARPA_LABELS;

	while (nibbles.count < labels && nibbles.count < NIBBLES) {
		const uint8_t *label = name_last(name, ARPA_LABELS + nibbles.count + 1);

		if (!read_nibble(label, &nibbles.values[nibbles.count]))
			break;
		nibbles.count++;
	}
	nibbles.has_more = nibbles.count < labels;
	return nibbles;
}

static size_t zone_depth(const struct prefix *prefix)
{
	return prefix->network.length / 4U;
}

/* Whether the first `depth` nibbles are the prefix's. */
static bool match(const struct nibbles *nibbles, const struct prefix *prefix, size_t depth)
{
	const uint8_t *octets = prefix->network.addr.octets;

	for (size_t i = 0; i < depth; i++) {
		uint8_t octet = octets[i / 2];

		if (nibbles->values[i] != (i % 2 == 0 ? octet >> 4 : octet & 0xf))
			return false;
	}
	return true;
}

static bool is_in_zone(const struct nibbles *nibbles, const struct prefix *prefix)
{
	return nibbles->count >= zone_depth(prefix) && match(nibbles, prefix, zone_depth(prefix));
}

static bool is_above_zone(const struct nibbles *nibbles, const struct prefix *prefix)
{
	return !nibbles->has_more && nibbles->count < zone_depth(prefix) &&
	       match(nibbles, prefix, nibbles->count);
}

/* D64-5.3.1-a: the longest of all prefixes of ours, drained ones included, and of the WKP. */
static bool find_prefix(
	const struct policy *policy, const struct nibbles *nibbles, struct prefix *best)
{
	struct prefix well_known = prefix_well_known();
	const struct known_prefix *known;
	size_t known_count = policy_known(policy, &known);
	bool found = is_in_zone(nibbles, &well_known);

	if (found)
		*best = well_known;
	for (size_t i = 0; i < known_count; i++) {
		const struct prefix *one = &known[i].prefix;

		if (found && best->network.length >= one->network.length)
			continue;
		if (!is_in_zone(nibbles, one))
			continue;
		*best = *one;
		found = true;
	}
	return found;
}

static struct name ipv4_name(const uint8_t ipv4[4])
{
	struct name name = { 0 };
	struct writer writer = writer_over(name.octets, sizeof(name.octets));

	for (size_t i = 4; i-- > 0;) {
		char label[4];
		int size = snprintf(label, sizeof(label), "%u", (unsigned)ipv4[i]);

		writer_u8(&writer, (uint8_t)size);
		writer_put(&writer, label, (size_t)size);
	}
	writer_put(&writer, in_addr_arpa, sizeof(in_addr_arpa));
	name.size = (uint8_t)writer.at;
	return name;
}

static bool is_ipv4only(const uint8_t ipv4[4])
{
	return memcmp(ipv4, ipv4only_addresses[0], 4) == 0 ||
	       memcmp(ipv4, ipv4only_addresses[1], 4) == 0;
}

/* D64-5.3.1-g: what a name in the zone of the prefix is. The IPv4 address in `ipv4` is good for
 * REVERSE_ASK and REVERSE_IPV4ONLY. */
static enum reverse_kind judge(
	const struct nibbles *nibbles, const struct prefix *prefix, uint16_t type, uint8_t ipv4[4])
{
	uint8_t address[NIBBLES / 2];

	/* Below a u that is not zero there is nothing (ADR-2.2-b), in mid-air neither. Nibbles
	 * not read are zero. */
	if (nibbles->values[U_NIBBLE] != 0 || nibbles->values[U_NIBBLE + 1] != 0)
		return REVERSE_NXDOMAIN;
	if (nibbles->has_more)
		return REVERSE_NXDOMAIN;
	if (nibbles->count < NIBBLES || type != TYPE_PTR)
		return REVERSE_NODATA;

	for (size_t i = 0; i < sizeof(address); i++)
		address[i] = (uint8_t)(nibbles->values[2 * i] << 4 | nibbles->values[2 * i + 1]);
	if (!prefix_extract(prefix, address, ipv4))
		return REVERSE_NXDOMAIN;
	return is_ipv4only(ipv4) ? REVERSE_IPV4ONLY : REVERSE_ASK; /* R8880-7.2.1-a */
}

struct reverse reverse_find(const struct policy *policy, const struct question *question)
{
	const struct policy_options *options = policy_options(policy);
	const uint8_t *name = question->name.octets;
	struct reverse reverse = { .kind = REVERSE_NONE };
	struct nibbles nibbles;
	struct prefix prefix;
	uint8_t ipv4[4] = { 0 };

	if (!options->enabled || !options->ptr || question->rclass != CLASS_IN)
		return reverse;
	if (!name_is_under(name, ip6_arpa))
		return reverse;
	nibbles = read_nibbles(name);
	if (!find_prefix(policy, &nibbles, &prefix))
		return reverse; /* D64-5.3.1-f */

	reverse.kind = judge(&nibbles, &prefix, question->type, ipv4);
	reverse.zone = name_copy(name_last(name, ARPA_LABELS + zone_depth(&prefix)));
	if (reverse.kind == REVERSE_ASK)
		reverse.ipv4_name = ipv4_name(ipv4);
	return reverse;
}

bool reverse_is_above(const struct policy *policy, const uint8_t *name)
{
	const struct policy_options *options = policy_options(policy);
	const struct known_prefix *known;
	struct prefix well_known;
	struct nibbles nibbles;
	size_t known_count;

	if (!options->enabled || !options->ptr || !name_is_under(name, ip6_arpa))
		return false;
	nibbles = read_nibbles(name);
	well_known = prefix_well_known();
	if (is_above_zone(&nibbles, &well_known))
		return true;
	known_count = policy_known(policy, &known);
	for (size_t i = 0; i < known_count; i++) {
		if (is_above_zone(&nibbles, &known[i].prefix))
			return true;
	}
	return false;
}

static void add_answer(const struct question *question, uint16_t type, uint32_t ttl,
	const uint8_t *rdata, size_t size, struct reply_draft *draft)
{
	reply_draft_add(draft, &(struct record){ .section = SECTION_ANSWER,
				       .type = type,
				       .rclass = CLASS_IN,
				       .rdata_size = (uint16_t)size,
				       .ttl = ttl,
				       .owner = question->name.octets,
				       .rdata = rdata });
}

struct reply *reverse_local(const struct question *question, const struct reverse *reverse)
{
	struct apex apex = { reverse->zone.octets, ZONE_TTL_S, ZONE_TTL_S };
	bool is_nxdomain = reverse->kind == REVERSE_NXDOMAIN;
	bool is_apex = name_equal(question->name.octets, reverse->zone.octets);
	struct reply_draft *draft =
		reply_draft_new(question, is_nxdomain ? RCODE_NXDOMAIN : RCODE_NOERROR);

	/* R6303-3-a: a zone of our own, with what belongs to its top. */
	if (reverse->kind == REVERSE_IPV4ONLY)
		add_answer(question, TYPE_PTR, IPV4ONLY_TTL_S, ipv4only_arpa, sizeof(ipv4only_arpa),
			draft);
	else if (is_apex && question->type == TYPE_SOA)
		apex_add_soa(&apex, SECTION_ANSWER, draft);
	else if (is_apex && question->type == TYPE_NS)
		apex_add_ns(&apex, draft);
	else
		apex_add_soa(&apex, SECTION_AUTHORITY, draft);
	return reply_draft_seal(draft);
}

/* The least TTL of the PTR records and, for an alias, of the links that lead to them, but no
 * more than LIM-28: the name's meaning is ours, and may change with the prefixes. */
static uint32_t find_ttl(const struct aged_reply *ptr)
{
	uint32_t ttl = REVERSE_TTL_MAX;

	for (size_t i = 0; i < reply_count(ptr->reply); i++) {
		struct record record = aged_record(ptr, i);

		if (record.section == SECTION_ANSWER && record.ttl < ttl)
			ttl = record.ttl;
	}
	return ttl;
}

/* D64-5.3.1-b, way 2. */
static void add_found(const struct question *question, const struct reverse *reverse,
	const struct aged_reply *ptr, struct reply_draft *draft)
{
	bool is_alias = reply_facts(ptr->reply)->links > 0;
	uint32_t ttl = find_ttl(ptr);

	/* D64-5.3.1-c, D64-5.3.1-i */
	if (!is_alias)
		add_answer(question, TYPE_CNAME, ttl, reverse->ipv4_name.octets,
			reverse->ipv4_name.size, draft);
	for (size_t i = 0; i < reply_count(ptr->reply); i++) {
		struct record record = aged_record(ptr, i);
		bool is_ptr = aged_is_data(ptr, &record, TYPE_PTR);

		/* D64-5.3.1-d, A-11: a CNAME to a CNAME is avoided (RFC 2317 delegations). */
		if (is_alias && is_ptr)
			add_answer(question, TYPE_PTR, ttl, record.rdata, record.rdata_size, draft);
		if (is_alias || record.section != SECTION_ANSWER)
			continue;
		if (is_ptr || aged_signs(&record, TYPE_PTR))
			reply_draft_add(draft, &record);
	}
}

/* D64-5.3.1-d: the zone's SOA, for as long as the denial it stands for. One that came without
 * an SOA may not be kept by anyone (R2308-5-d), this one neither. */
static void add_denied(
	const struct reverse *reverse, const struct aged_reply *ptr, struct reply_draft *draft)
{
	struct apex apex = { reverse->zone.octets, ZONE_TTL_S, ZONE_TTL_S };
	uint32_t left = aged_ttl(ptr, reply_facts(ptr->reply)->negative_ttl);

	if (left < apex.ttl_s)
		apex.ttl_s = left;
	apex_add_soa(&apex, SECTION_AUTHORITY, draft);
}

struct reply *reverse_answer(const struct question *question, const struct reverse *reverse,
	const struct aged_reply *ptr)
{
	struct reply_draft *draft;
	enum reply_kind kind;

	if (!ptr->reply || reply_facts(ptr->reply)->kind == REPLY_RCODE)
		return NULL;
	kind = reply_facts(ptr->reply)->kind;
	draft = reply_draft_new(question, kind == REPLY_NXDOMAIN ? RCODE_NXDOMAIN : RCODE_NOERROR);
	if (kind == REPLY_DATA)
		add_found(question, reverse, ptr, draft);
	else
		add_denied(reverse, ptr, draft);
	aged_copy_edes(ptr, draft);
	return reply_draft_seal(draft);
}
