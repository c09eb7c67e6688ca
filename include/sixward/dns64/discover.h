#ifndef SIXWARD_DNS64_DISCOVER_H
#define SIXWARD_DNS64_DISCOVER_H

#include <stddef.h>
#include <stdint.h>

#include "sixward/dns/reply.h"
#include "sixward/dns64/policy.h"
#include "sixward/dns64/prefix.h"

/* RFC 7050, the pure half: a reply for ipv4only.arpa AAAA to prefixes. */

/* The question that is asked, with scope 0: ipv4only.arpa AAAA, CD=0 (R7050-3-a). */
struct question discover_question(void);

/* The prefixes in the order received, each once (R7050-3-b, R7050-3-c, R7050-3-d); ones that can be
 * no NAT64's are left out (not of RFC 6052 form; link-local, multicast, or below ::/8 other than
 * 64:ff9b::/96 and what lies in 64:ff9b:1::/48). Returns how many, 0 to POLICY_PREFIXES_MAX. */
size_t discover_prefixes(const struct reply *reply, struct prefix out[POLICY_PREFIXES_MAX]);

#endif
