#ifndef SIXWARD_DNS64_PREFIX_H
#define SIXWARD_DNS64_PREFIX_H

#include <stdbool.h>
#include <stdint.h>

#include "sixward/base/addr.h"

/* RFC 6052: an IPv4 address put into a Pref64::/n, and taken out again. */

struct prefix {
	struct network network; /* IPv6; length 32, 40, 48, 56, 64 or 96 */
	uint8_t suffix[16];     /* the bits behind the IPv4 address, in place; zero elsewhere */
};

enum prefix_fault {
	PREFIX_OK,
	PREFIX_NOT_IPV6,
	PREFIX_BAD_LENGTH,       /* ADR-2.2-a */
	PREFIX_BAD_U,            /* bits 64 to 71 not zero (ADR-2.2-b) */
	PREFIX_BAD_SUFFIX,       /* the suffix touches prefix, IPv4 or u bits (D64-5.2-c) */
	PREFIX_WELL_KNOWN_LENGTH /* 64:ff9b:: with another length than 96, a unit with 64:ff9b:1::
				  */
};

/* Fills `prefix` in if all is well. `suffix` NULL means zero. */
enum prefix_fault prefix_make(
	const struct network *network, const struct addr *suffix, struct prefix *prefix);

/* What is wrong, for people. */
const char *prefix_fault_text(enum prefix_fault fault);

/* 64:ff9b::/96. */
struct prefix prefix_well_known(void);
bool prefix_is_well_known(const struct prefix *prefix);
bool prefix_equal(const struct prefix *a, const struct prefix *b);

void prefix_embed(const struct prefix *prefix, const uint8_t ipv4[4], uint8_t out[16]);

/* False: the address is not in the prefix, or its u is not zero. The suffix is ignored
 * (ADR-2.2-d). */
bool prefix_extract(const struct prefix *prefix, const uint8_t address[16], uint8_t ipv4[4]);

/* Whether it can be a NAT64's when it was not an operator who said so: no link-local or multicast
 * one, none in ::/8 other than 64:ff9b::/96 and what lies in 64:ff9b:1::/48. */
bool prefix_may_be_learned(const struct prefix *prefix);

/* Why this prefix may not carry the address (ADR-3.1-a, ADR-nsp-a), for people; NULL = it may. */
const char *prefix_refuses(const struct prefix *prefix, const uint8_t ipv4[4]);

/* Whether the network lies in a block that the WKP may not carry at all. */
bool prefix_well_known_refuses_network(const struct network *ipv4);

#endif
