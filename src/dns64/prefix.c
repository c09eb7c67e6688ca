/* RFC 6052: where an IPv4 address stands in a Pref64::/n, and which addresses a prefix may
 * carry. Octets only; knows no policy, no DNS. */

#include "sixward/dns64/prefix.h"

#include <stddef.h>
#include <string.h>

/* ADR-2.2-a: where the four IPv4 octets stand, for each legal length. Octet 8 (u) is always
 * zero (ADR-2.2-b), so no row uses it. The suffix is what stands behind the last of them. */
static const struct slots {
	uint8_t length;
	uint8_t at[4];
} all_slots[] = {
	{ 32, { 4, 5, 6, 7 } },
	{ 40, { 5, 6, 7, 9 } },
	{ 48, { 6, 7, 9, 10 } },
	{ 56, { 7, 9, 10, 11 } },
	{ 64, { 9, 10, 11, 12 } },
	{ 96, { 12, 13, 14, 15 } },
};

enum { U_OCTET = 8, WELL_KNOWN_LENGTH = 96 };

static const uint8_t well_known[16] = { 0x00, 0x64, 0xff, 0x9b };

/* IPv4 networks that are not globally reachable: what the Well-Known Prefix never carries
 * (ADR-3.1-a). `never`: no prefix does, since nobody can be there (ADR-nsp-a). Where two rows
 * hold an address the first names the reason. */
static const struct block {
	uint32_t first;
	uint8_t length;
	bool never;
	const char *why;
} blocks[] = {
	{ 0x00000000, 8, true, "0.0.0.0/8 is no destination (this network)" },
	{ 0x7f000000, 8, true, "127.0.0.0/8 is no destination (loopback)" },
	{ 0xa9fe0000, 16, true, "169.254.0.0/16 is no destination (link-local)" },
	{ 0xe0000000, 4, true, "224.0.0.0/4 is no destination (multicast)" },
	{ 0xffffffff, 32, true, "255.255.255.255 is no destination (limited broadcast)" },
	{ 0xf0000000, 4, true, "240.0.0.0/4 is no destination (reserved)" },
	{ 0x0a000000, 8, false, "64:ff9b::/96 may not carry 10.0.0.0/8 (private)" },
	{ 0x64400000, 10, false, "64:ff9b::/96 may not carry 100.64.0.0/10 (shared)" },
	{ 0xac100000, 12, false, "64:ff9b::/96 may not carry 172.16.0.0/12 (private)" },
	{ 0xc0000000, 24, false, "64:ff9b::/96 may not carry 192.0.0.0/24 (IETF protocols)" },
	{ 0xc0000200, 24, false, "64:ff9b::/96 may not carry 192.0.2.0/24 (documentation)" },
	{ 0xc0586300, 24, false, "64:ff9b::/96 may not carry 192.88.99.0/24 (6to4 relays)" },
	{ 0xc0a80000, 16, false, "64:ff9b::/96 may not carry 192.168.0.0/16 (private)" },
	{ 0xc6120000, 15, false, "64:ff9b::/96 may not carry 198.18.0.0/15 (benchmarking)" },
	{ 0xc6336400, 24, false, "64:ff9b::/96 may not carry 198.51.100.0/24 (documentation)" },
	{ 0xcb007100, 24, false, "64:ff9b::/96 may not carry 203.0.113.0/24 (documentation)" },
};

enum { BLOCK_COUNT = sizeof(blocks) / sizeof(blocks[0]) };

static const struct slots *slots_find(uint8_t length)
{
	for (size_t i = 0; i < sizeof(all_slots) / sizeof(all_slots[0]); i++) {
		if (all_slots[i].length == length)
			return &all_slots[i];
	}
	return NULL;
}

static uint32_t to_number(const uint8_t ipv4[4])
{
	return (uint32_t)ipv4[0] << 24 | (uint32_t)ipv4[1] << 16 | (uint32_t)ipv4[2] << 8 | ipv4[3];
}

/* Whether two numbers have their first `length` bits, 0 to 32, in common. */
static bool same_bits(uint32_t a, uint32_t b, uint8_t length)
{
	return length == 0 || (a ^ b) >> (32 - length) == 0;
}

/* D64-5.2-c: only octets behind the IPv4 address, and never u, may be set. */
static bool suffix_fits(const struct slots *slots, const struct addr *suffix)
{
	uint8_t first_free = (uint8_t)(slots->at[3] + 1);

	if (suffix->family != ADDR_IPV6)
		return false;
	for (uint8_t i = 0; i < 16; i++) {
		bool is_free = i >= first_free && i != U_OCTET;

		if (!is_free && suffix->octets[i] != 0)
			return false;
	}
	return true;
}

enum prefix_fault prefix_make(
	const struct network *network, const struct addr *suffix, struct prefix *prefix)
{
	struct addr well_known_addr = addr_from_ipv6(well_known);
	const struct slots *slots;
	struct prefix made = { 0 };

	if (network->addr.family != ADDR_IPV6)
		return PREFIX_NOT_IPV6;
	slots = slots_find(network->length);
	if (!slots)
		return PREFIX_BAD_LENGTH;

	/* ADR-2.2-b, ADR-8215-a: nothing shorter around 64:ff9b::/96 is a unit, neither with
	 * the addresses between nor with 64:ff9b:1::/48. */
	if (slots->length != WELL_KNOWN_LENGTH && network_contains(network, &well_known_addr))
		return PREFIX_WELL_KNOWN_LENGTH;
	if (slots->length > 64 && network->addr.octets[U_OCTET] != 0)
		return PREFIX_BAD_U;
	if (suffix && !suffix_fits(slots, suffix))
		return PREFIX_BAD_SUFFIX;

	made.network = network_around(&network->addr, network->length);
	if (suffix)
		memcpy(made.suffix, suffix->octets, sizeof(made.suffix));
	*prefix = made;
	return PREFIX_OK;
}

const char *prefix_fault_text(enum prefix_fault fault)
{
	switch (fault) {
	case PREFIX_OK:
		return "all is well";
	case PREFIX_NOT_IPV6:
		return "not an IPv6 prefix";
	case PREFIX_BAD_LENGTH:
		return "the length must be 32, 40, 48, 56, 64 or 96";
	case PREFIX_BAD_U:
		return "bits 64 to 71 must be zero";
	case PREFIX_BAD_SUFFIX:
		return "the suffix must leave prefix, IPv4 address and bits 64 to 71 zero";
	case PREFIX_WELL_KNOWN_LENGTH:
		return "64:ff9b:: has the length 96 and no other";
	}
	return "";
}

struct prefix prefix_well_known(void)
{
	return (struct prefix){
		.network = { .addr = addr_from_ipv6(well_known), .length = WELL_KNOWN_LENGTH },
	};
}

bool prefix_is_well_known(const struct prefix *prefix)
{
	return prefix->network.length == WELL_KNOWN_LENGTH &&
	       memcmp(prefix->network.addr.octets, well_known, WELL_KNOWN_LENGTH / 8) == 0;
}

/* In ::/8 stand loopback, what maps IPv4, and what nobody routes; but for two translation
 * prefixes (ADR-8215-a). */
bool prefix_may_be_learned(const struct prefix *prefix)
{
	static const uint8_t local_use[6] = { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 };
	const struct addr *addr = &prefix->network.addr;

	if (addr_is_link_local(addr) || addr_is_multicast(addr))
		return false;
	if (addr->octets[0] != 0 || prefix_is_well_known(prefix))
		return true;
	return prefix->network.length >= 8 * sizeof(local_use) &&
	       memcmp(addr->octets, local_use, sizeof(local_use)) == 0;
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->network.length == b->network.length &&
	       addr_equal(&a->network.addr, &b->network.addr) &&
	       memcmp(a->suffix, b->suffix, sizeof(a->suffix)) == 0;
}

/* D64-5.2-a, ADR-2.2-b, ADR-2.2-d: prefix, address and suffix side by side; what nobody sets,
 * u among it, is zero. */
void prefix_embed(const struct prefix *prefix, const uint8_t ipv4[4], uint8_t out[16])
{
	const struct slots *slots = slots_find(prefix->network.length);

	memcpy(out, prefix->suffix, 16);
	memcpy(out, prefix->network.addr.octets, prefix->network.length / 8);
	for (size_t i = 0; slots && i < 4; i++)
		out[slots->at[i]] = ipv4[i];
}

/* ADR-2.3-a. The suffix is not looked at (ADR-2.2-d). */
bool prefix_extract(const struct prefix *prefix, const uint8_t address[16], uint8_t ipv4[4])
{
	const struct slots *slots = slots_find(prefix->network.length);

	if (!slots || memcmp(address, prefix->network.addr.octets, slots->length / 8) != 0)
		return false;
	if (address[U_OCTET] != 0)
		return false;
	for (size_t i = 0; i < 4; i++)
		ipv4[i] = address[slots->at[i]];
	return true;
}

const char *prefix_refuses(const struct prefix *prefix, const uint8_t ipv4[4])
{
	bool is_well_known = prefix_is_well_known(prefix);
	uint32_t number = to_number(ipv4);

	for (size_t i = 0; i < BLOCK_COUNT; i++) {
		/* ADR-nsp-a: private space is fine in a network-specific prefix. */
		if (!blocks[i].never && !is_well_known)
			continue;
		if (same_bits(number, blocks[i].first, blocks[i].length))
			return blocks[i].why;
	}
	return NULL;
}

bool prefix_well_known_refuses_network(const struct network *ipv4)
{
	uint32_t number = to_number(ipv4->addr.octets);

	for (size_t i = 0; i < BLOCK_COUNT; i++) {
		if (ipv4->length >= blocks[i].length &&
			same_bits(number, blocks[i].first, blocks[i].length))
			return true;
	}
	return false;
}
