/* Addresses, endpoints and networks as values: text, the kernel's form, comparison. Knows
 * nothing of sockets, and allocates nothing. */

#include "sixward/base/addr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/base/text.h"

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

size_t addr_size(const struct addr *addr)
{
	switch (addr->family) {
	case ADDR_IPV4:
		return 4;
	case ADDR_IPV6:
		return 16;
	case ADDR_NONE:
		break;
	}
	return 0;
}

uint8_t addr_bits(const struct addr *addr)
{
	return (uint8_t)(8 * addr_size(addr));
}

struct addr addr_from_ipv4(const uint8_t octets[4])
{
	struct addr addr = { .family = ADDR_IPV4 };

	memcpy(addr.octets, octets, 4);
	return addr;
}

struct addr addr_from_ipv6(const uint8_t octets[16])
{
	struct addr addr = { .family = ADDR_IPV6 };

	memcpy(addr.octets, octets, 16);
	return addr;
}

/* Of known sizes, so that no function is called for them. */
static bool equal_octets(enum addr_family family, const uint8_t a[16], const uint8_t b[16])
{
	if (family == ADDR_IPV4)
		return memcmp(a, b, 4) == 0;
	return family == ADDR_NONE || memcmp(a, b, 16) == 0;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && a->zone == b->zone &&
	       equal_octets(a->family, a->octets, b->octets);
}

bool addr_is_any(const struct addr *addr)
{
	static const uint8_t zero[16] = { 0 };

	return addr->family != ADDR_NONE && equal_octets(addr->family, addr->octets, zero);
}

bool addr_is_loopback(const struct addr *addr)
{
	static const uint8_t loopback[16] = { [15] = 1 };

	if (addr->family == ADDR_IPV4)
		return addr->octets[0] == 127;
	return addr->family == ADDR_IPV6 && memcmp(addr->octets, loopback, 16) == 0;
}

bool addr_is_multicast(const struct addr *addr)
{
	static const uint8_t broadcast[4] = { 255, 255, 255, 255 };

	if (addr->family == ADDR_IPV4)
		return (addr->octets[0] & 0xf0) == 0xe0 || memcmp(addr->octets, broadcast, 4) == 0;
	return addr->family == ADDR_IPV6 && addr->octets[0] == 0xff;
}

bool addr_is_link_local(const struct addr *addr)
{
	if (addr->family == ADDR_IPV4)
		return addr->octets[0] == 169 && addr->octets[1] == 254;
	return addr->family == ADDR_IPV6 && addr->octets[0] == 0xfe &&
	       (addr->octets[1] & 0xc0) == 0x80;
}

/* The interface's index by name or number; 0 = there is none. */
static uint32_t parse_zone(const char *text)
{
	uint64_t number;
	unsigned index = if_nametoindex(text);

	if (index)
		return index;
	return text_to_number(text, &number) && number <= INT32_MAX ? (uint32_t)number : 0;
}

bool addr_parse(const char *text, struct addr *addr)
{
	struct addr parsed = { .family = ADDR_IPV6 };
	const char *percent = strchr(text, '%');
	char bare[ADDR_TEXT_MAX];
	size_t length = percent ? (size_t)(percent - text) : strlen(text);

	if (length >= sizeof(bare))
		return false;
	memcpy(bare, text, length);
	bare[length] = '\0';
	if (!percent && inet_pton(AF_INET, bare, parsed.octets) == 1) {
		parsed.family = ADDR_IPV4;
		*addr = parsed;
		return true;
	}
	if (inet_pton(AF_INET6, bare, parsed.octets) != 1)
		return false;
	if (percent) {
		parsed.zone = parse_zone(percent + 1);
		if (!parsed.zone || !addr_is_link_local(&parsed))
			return false;
	}
	*addr = parsed;
	return true;
}

/* The longest run of two or more zero groups (RFC 5952 4.2); the first of equals. */
static void find_zeros(const uint16_t groups[8], size_t *start, size_t *length)
{
	*start = 8;
	*length = 1;
	for (size_t i = 0; i < 8; i++) {
		size_t end = i;

		while (end < 8 && groups[end] == 0)
			end++;
		if (end - i > *length) {
			*start = i;
			*length = end - i;
		}
		if (end > i)
			i = end;
	}
}

/* ADR-2.4-a: as RFC 5952 says, with the mixed form for IPv4-mapped addresses only: inet_ntop
 * writes ::1:2 in it too. */
static void format_ipv6(const struct addr *addr, char text[ADDR_TEXT_MAX])
{
	uint16_t groups[8];
	size_t start, length, at = 0;

	if (memcmp(addr->octets, mapped, sizeof(mapped)) == 0) {
		(void)snprintf(text, ADDR_TEXT_MAX, "::ffff:%u.%u.%u.%u", addr->octets[12],
			addr->octets[13], addr->octets[14], addr->octets[15]);
		return;
	}
	for (size_t i = 0; i < 8; i++)
		groups[i] = (uint16_t)(addr->octets[2 * i] << 8 | addr->octets[2 * i + 1]);
	find_zeros(groups, &start, &length);
	for (size_t i = 0; i < 8;) {
		if (i == start) {
			at += (size_t)snprintf(text + at, ADDR_TEXT_MAX - at, "::");
			i += length;
			continue;
		}
		at += (size_t)snprintf(text + at, ADDR_TEXT_MAX - at, "%s%x",
			i && text[at - 1] != ':' ? ":" : "", groups[i]);
		i++;
	}
}

char *addr_format(const struct addr *addr, char text[ADDR_TEXT_MAX])
{
	text[0] = '\0';
	if (addr->family == ADDR_IPV4) {
		(void)snprintf(text, ADDR_TEXT_MAX, "%u.%u.%u.%u", addr->octets[0], addr->octets[1],
			addr->octets[2], addr->octets[3]);
	} else if (addr->family == ADDR_IPV6) {
		format_ipv6(addr, text);
		if (addr->zone) {
			char name[IF_NAMESIZE];
			size_t at = strlen(text);

			if (if_indextoname(addr->zone, name))
				(void)snprintf(text + at, ADDR_TEXT_MAX - at, "%%%s", name);
			else
				(void)snprintf(text + at, ADDR_TEXT_MAX - at, "%%%u", addr->zone);
		}
	}
	return text;
}

static bool parse_port(const char *text, uint16_t *port)
{
	uint64_t number;

	if (!text_to_number(text, &number) || number < 1 || number > UINT16_MAX)
		return false;
	*port = (uint16_t)number;
	return true;
}

bool endpoint_parse(const char *text, uint16_t default_port, struct endpoint *endpoint)
{
	struct endpoint parsed = { .port = default_port };
	char bare[ADDR_TEXT_MAX];
	const char *begin = text;
	const char *end = strrchr(text, ':');
	size_t length;

	if (text[0] == '[') {
		begin = text + 1;
		end = strchr(text, ']');
		if (!end ||
			(end[1] != '\0' && (end[1] != ':' || !parse_port(end + 2, &parsed.port))))
			return false;
	} else if (!end || strchr(text, ':') != end) {
		end = text + strlen(text); /* no colon, or a bare IPv6 address */
	} else if (!parse_port(end + 1, &parsed.port)) {
		return false;
	}
	length = (size_t)(end - begin);
	if (length >= sizeof(bare))
		return false;
	memcpy(bare, begin, length);
	bare[length] = '\0';
	if (!addr_parse(bare, &parsed.addr))
		return false;
	/* Brackets are IPv6's; "::1:53" cannot be told from an address and is one. */
	if (text[0] == '[' && parsed.addr.family != ADDR_IPV6)
		return false;
	*endpoint = parsed;
	return true;
}

char *endpoint_format(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_MAX])
{
	char addr[ADDR_TEXT_MAX];

	(void)snprintf(text, ENDPOINT_TEXT_MAX,
		endpoint->addr.family == ADDR_IPV6 ? "[%s]:%u" : "%s:%u",
		addr_format(&endpoint->addr, addr), endpoint->port);
	return text;
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && addr_equal(&a->addr, &b->addr);
}

static socklen_t put_ipv4(const struct endpoint *endpoint, struct sockaddr_storage *out)
{
	struct sockaddr_in ipv4 = { .sin_family = AF_INET };

	ipv4.sin_port = htons(endpoint->port);
	memcpy(&ipv4.sin_addr, endpoint->addr.octets, 4);
	memcpy(out, &ipv4, sizeof(ipv4));
	return sizeof(ipv4);
}

static socklen_t put_ipv6(const struct endpoint *endpoint, struct sockaddr_storage *out)
{
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6 };

	ipv6.sin6_port = htons(endpoint->port);
	ipv6.sin6_scope_id = endpoint->addr.zone;
	memcpy(&ipv6.sin6_addr, endpoint->addr.octets, 16);
	memcpy(out, &ipv6, sizeof(ipv6));
	return sizeof(ipv6);
}

socklen_t endpoint_to_sockaddr(const struct endpoint *endpoint, struct sockaddr_storage *out)
{
	switch (endpoint->addr.family) {
	case ADDR_IPV4:
		return put_ipv4(endpoint, out);
	case ADDR_IPV6:
		return put_ipv6(endpoint, out);
	case ADDR_NONE:
		break;
	}
	return 0;
}

struct endpoint endpoint_from_sockaddr(const struct sockaddr *sockaddr)
{
	struct endpoint endpoint = { 0 };
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;

	if (sockaddr->sa_family == AF_INET) {
		memcpy(&ipv4, sockaddr, sizeof(ipv4));
		endpoint.addr = addr_from_ipv4((const uint8_t *)&ipv4.sin_addr);
		endpoint.port = ntohs(ipv4.sin_port);
	} else if (sockaddr->sa_family == AF_INET6) {
		memcpy(&ipv6, sockaddr, sizeof(ipv6));
		endpoint.addr = addr_from_ipv6(ipv6.sin6_addr.s6_addr);
		if (memcmp(endpoint.addr.octets, mapped, sizeof(mapped)) == 0)
			endpoint.addr = addr_from_ipv4(ipv6.sin6_addr.s6_addr + 12);
		else if (addr_is_link_local(&endpoint.addr))
			endpoint.addr.zone = ipv6.sin6_scope_id;
		endpoint.port = ntohs(ipv6.sin6_port);
	}
	return endpoint;
}

/* The mask of an octet of which the first `bits` (may be below 0 or above 8) count. */
static uint8_t mask_of(int bits)
{
	if (bits <= 0)
		return 0;
	if (bits >= 8)
		return 0xff;
	return (uint8_t)(0xff << (8 - bits));
}

struct network network_around(const struct addr *addr, uint8_t length)
{
	struct network network = { .addr = *addr, .length = length };

	network.addr.zone = 0;
	for (int i = 0; i < 16; i++)
		network.addr.octets[i] &= mask_of(length - 8 * i);
	return network;
}

enum network_fault network_parse(const char *text, struct network *network)
{
	const char *slash = strchr(text, '/');
	char bare[ADDR_TEXT_MAX];
	struct network masked;
	struct addr addr;
	uint64_t length;
	size_t size = slash ? (size_t)(slash - text) : strlen(text);

	if (size >= sizeof(bare))
		return NETWORK_BAD_TEXT;
	memcpy(bare, text, size);
	bare[size] = '\0';
	if (!addr_parse(bare, &addr) || addr.zone)
		return NETWORK_BAD_TEXT;
	length = addr_bits(&addr);
	if (slash && !text_to_number(slash + 1, &length))
		return NETWORK_BAD_TEXT;
	if (length > addr_bits(&addr))
		return NETWORK_BAD_LENGTH;
	masked = network_around(&addr, (uint8_t)length);
	if (!addr_equal(&masked.addr, &addr))
		return NETWORK_HOST_BITS;
	*network = masked;
	return NETWORK_OK;
}

char *network_format(const struct network *network, char text[NETWORK_TEXT_MAX])
{
	char addr[ADDR_TEXT_MAX];

	(void)snprintf(text, NETWORK_TEXT_MAX, "%s/%u", addr_format(&network->addr, addr),
		network->length);
	return text;
}

static uint64_t get_half(const uint8_t octets[8])
{
	return (uint64_t)bytes_get_u32(octets) << 32 | bytes_get_u32(octets + 4);
}

/* Whether the first bits, 0 to 64, are the same. */
static bool equal_bits(const uint8_t a[8], const uint8_t b[8], unsigned bits)
{
	return bits == 0 || (get_half(a) ^ get_half(b)) >> (64 - bits) == 0;
}

bool network_contains(const struct network *network, const struct addr *addr)
{
	const uint8_t *octets = network->addr.octets;
	unsigned length = network->length;

	if (network->addr.family != addr->family || addr->family == ADDR_NONE)
		return false;
	if (length <= 64)
		return equal_bits(octets, addr->octets, length);
	return equal_bits(octets, addr->octets, 64) &&
	       equal_bits(octets + 8, addr->octets + 8, length - 64);
}
