/* ipv4only.arpa: how hosts find out our prefixes (RFC 7050, RFC 8880). Served from the policy
 * alone, before cache and upstream. */

#include "sixward/dns64/ipv4only.h"

#include "sixward/dns64/apex.h"

enum { TTL_S = 3600 /* LIM-28 */, MINIMUM_S = 60 };

static const uint8_t zone[] = "\10ipv4only\4arpa";

const uint8_t ipv4only_addresses[2][4] = { { 192, 0, 0, 170 }, { 192, 0, 0, 171 } };

static void add(
	uint16_t type, const uint8_t *rdata, uint16_t size, uint32_t ttl, struct reply_draft *draft)
{
	reply_draft_add(draft, &(struct record){ .section = SECTION_ANSWER,
				       .type = type,
				       .rclass = CLASS_IN,
				       .rdata_size = size,
				       .ttl = ttl,
				       .owner = zone,
				       .rdata = rdata });
}

/* R8880-7.1-b */
static void add_a(struct reply_draft *draft)
{
	add(TYPE_A, ipv4only_addresses[0], 4, TTL_S, draft);
	add(TYPE_A, ipv4only_addresses[1], 4, TTL_S, draft);
}

/* R8880-7.1-c, R8880-7.1-g, ADR-3.1-c: every prefix in force, whatever addresses it may carry
 * otherwise, and however few AAAA an answer may hold. */
static void add_aaaa(const struct policy *policy, const struct prefix *const *prefixes,
	size_t count, struct reply_draft *draft)
{
	uint32_t most = policy_ttl_max(policy); /* D64-5.2-d */

	for (size_t i = 0; i < count; i++) {
		for (size_t n = 0; n < 2; n++) {
			uint8_t address[16];

			prefix_embed(prefixes[i], ipv4only_addresses[n], address);
			add(TYPE_AAAA, address, sizeof(address), most < TTL_S ? most : TTL_S,
				draft);
		}
	}
}

struct reply *ipv4only_answer(const struct question *question, const struct policy *policy)
{
	static const struct apex apex = { zone, TTL_S, MINIMUM_S };
	const struct prefix *prefixes[POLICY_PREFIXES_MAX];
	bool is_apex = name_equal(question->name.octets, zone);
	struct reply_draft *draft;
	size_t count;

	if (question->rclass != CLASS_IN || !name_is_under(question->name.octets, zone))
		return NULL;
	if (is_apex && question->type == TYPE_DS)
		return NULL; /* R8880-7.1-e */
	count = policy_in_force(policy, prefixes);
	if (count == 0)
		return NULL; /* R8880-7.1-i */

	/* R8880-7.1-f */
	draft = reply_draft_new(question, is_apex ? RCODE_NOERROR : RCODE_NXDOMAIN);
	if (is_apex && (question->type == TYPE_A || question->type == TYPE_ANY))
		add_a(draft);
	if (is_apex && (question->type == TYPE_AAAA || question->type == TYPE_ANY))
		add_aaaa(policy, prefixes, count, draft);
	if (!is_apex || (question->type != TYPE_A && question->type != TYPE_AAAA &&
				question->type != TYPE_ANY))
		apex_add_soa(&apex, SECTION_AUTHORITY, draft); /* R8880-7.1-d */
	return reply_draft_seal(draft);
}
