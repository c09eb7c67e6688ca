#ifndef SIXWARD_DNS64_IPV4ONLY_H
#define SIXWARD_DNS64_IPV4ONLY_H

#include "sixward/dns/reply.h"
#include "sixward/dns64/policy.h"

/* ipv4only.arpa served to those who look for the prefix (RFC 7050, RFC 8880). */

/* The two well-known IPv4 addresses. */
extern const uint8_t ipv4only_addresses[2][4];

/* The answer, for ipv4only.arpa and all below it; NULL for other names, for DS at the name
 * itself (R8880-7.1-e), another class, DNS64 off, or no prefix in force (R8880-7.1-i). */
struct reply *ipv4only_answer(const struct question *question, const struct policy *policy);

#endif
