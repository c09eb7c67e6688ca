/* Endpoints in the file: which can be listened on or asked, and which be reached through NAT64.
 * Knows no list that they stand in. */

#include "sixward/config/endpoints.h"

#include <string.h>

#include "sixward/config/config.h"
#include "sixward/dns64/ipv4only.h"
#include "sixward/dns64/prefix.h"

bool endpoints_read(struct reading *reading, const struct tree *node, const char *text,
	struct endpoint *endpoint)
{
	const struct addr *addr = &endpoint->addr;

	if (!endpoint_parse(text, CONFIG_DNS_PORT, endpoint) || addr_is_multicast(addr)) {
		reading_wrong_at(reading, node, "address", ENDPOINTS_ACCEPTED);
		return false;
	}
	if (addr->family == ADDR_IPV6 && addr_is_link_local(addr) && !addr->zone) {
		reading_wrong_at(reading, node, "address",
			"a link-local address with its zone, as fe80::1%eth0");
		return false;
	}
	return true;
}

/* Why nobody connects to the address behind any prefix; NULL = one may. */
static const char *refuse(const struct addr *ipv4)
{
	static const struct prefix some = { 0 }; /* not the WKP: ADR-nsp-a alone */

	for (size_t i = 0; i < 2; i++) {
		if (memcmp(ipv4->octets, ipv4only_addresses[i], sizeof(ipv4only_addresses[i])) == 0)
			return "192.0.0.170 and 192.0.0.171 only stand for prefix discovery, and "
			       "are never connected to (RFC 7050)"; /* R7050-8.2-a */
	}
	return prefix_refuses(&some, ipv4->octets);
}

bool endpoints_check_nat64(
	struct reading *reading, const struct tree *node, const char *text, const struct addr *ipv4)
{
	const char *why = refuse(ipv4);

	if (!why)
		return true;
	reading_fault_at(reading, node, "address",
		"found \"%.64s\": %s; accepted through NAT64: unicast IPv4 addresses", text, why);
	return false;
}
